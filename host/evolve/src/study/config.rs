//! What a study is about. All of it is written down when the study begins, and none but its budget changes later.

use std::collections::BTreeSet;
use std::fmt;

use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use crate::prune::Pruner;
use crate::{Space, Told};

/// Bytes of a study's name.
const NAME_BYTES_MAX: usize = 64;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More is.
    Maximise,
    /// Less is.
    Minimise,
}

/// What a study is after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// As in reports: `ndcg@10`.
    pub name: String,
    /// Which way is better.
    pub direction: Direction,
}

/// Where the values of a constraint end.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// At most so much.
    Max(f64),
    /// At least so much.
    Min(f64),
}

impl Bound {
    /// How far a value is beyond the bound, as a share of the bound (of 1 for a bound of 0), so that constraints in
    /// different units can be summed; 0 or below when it holds.
    #[must_use]
    pub fn violation(self, value: f64) -> f64 {
        let (beyond, bound) = match self {
            Self::Max(bound) => (value - bound, bound),
            Self::Min(bound) => (bound - value, bound),
        };
        beyond / if bound == 0.0 { 1.0 } else { bound.abs() }
    }

    fn end(self) -> f64 {
        let (Self::Max(end) | Self::Min(end)) = self;
        end
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Max(most) => write!(f, "at most {most}"),
            Self::Min(least) => write!(f, "at least {least}"),
        }
    }
}

/// What a trial has to keep to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    /// What is bounded: `fuel`.
    pub name: String,
    /// Where it ends.
    pub bound: Bound,
}

/// When a study ends. What its trials cost is summed by number, so that fuel ends it at the same trial whatever the
/// parallelism; trials that are already asked for are finished, and go beyond it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Trials.
    pub trials: u64,
    /// Fuel of all evaluations.
    pub fuel: Option<u64>,
    /// Microseconds of all evaluations, of those beside each other too.
    pub time_us: Option<u64>,
}

/// Trials that look best are evaluated anew before others are modelled on them: what is best of many is partly luck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elites {
    /// How many of the best.
    pub top: usize,
    /// Before each trial whose number is a multiple of this. Trials wait for each other there.
    pub every: u64,
}

/// What a study is run on. Values of studies on different data can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// The digest of the events.
    pub events: Digest,
    /// The protocol with its options: `p2 salt=7`.
    pub protocol: String,
    /// The digest of the catalogue: the agents that may be used.
    pub catalogue: Digest,
    /// The digest of the graph that the study begins with.
    pub graph: Digest,
}

impl Data {
    /// Whether values on one can be compared with values on the other: same events, same protocol. Graphs and agents may
    /// differ, they are what is compared.
    #[must_use]
    pub fn comparable(&self, other: &Self) -> bool {
        self.events == other.events && self.protocol == other.protocol
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { events, protocol, catalogue, graph } = self;
        let (events, catalogue, graph) = (events.short(), catalogue.short(), graph.short());
        write!(f, "events {events}, protocol {protocol}, catalogue {catalogue}, graph {graph}")
    }
}

/// A study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Where all its randomness comes from.
    pub seed: u64,
    /// What can be tried.
    pub space: Space,
    /// What it is after, 1 or more.
    pub objectives: Vec<Objective>,
    /// What trials have to keep to.
    pub constraints: Vec<Constraint>,
    /// The name of its sampler.
    pub sampler: String,
    /// Trial `n` may know what became of the trials numbered below `n + 1 - lag`, and of those between what is tried alone.
    /// So the trials are the same whatever the parallelism, and no more than `lag` run at once.
    pub lag: u64,
    /// When it ends.
    pub budget: Budget,
    /// Growing shares of the subjects that a trial is evaluated on, one a rung, the last 1.
    pub rungs: Vec<f64>,
    /// Which trials are given up before the last rung.
    pub pruner: Pruner,
    /// Which trials are evaluated anew.
    pub elites: Option<Elites>,
    /// What the sampler knows before the first trial, from the knowledge base.
    pub warm: Vec<Told>,
    /// What it is run on.
    pub data: Data,
}

impl Config {
    /// What its values are of, in order: `maximise ndcg@10; fuel at most 900`. Values of studies with the same aims on the
    /// same data can be compared.
    #[must_use]
    pub fn aims(&self) -> String {
        let objectives = self.objectives.iter().map(|Objective { name, direction }| match direction {
            Direction::Maximise => format!("maximise {name}"),
            Direction::Minimise => format!("minimise {name}"),
        });
        let constraints = self.constraints.iter().map(|Constraint { name, bound }| match bound {
            Bound::Max(bound) => format!("{name} at most {bound}"),
            Bound::Min(bound) => format!("{name} at least {bound}"),
        });
        objectives.chain(constraints).collect::<Vec<_>>().join("; ")
    }

    /// All that is wrong with it, each with what is expected; empty when it can be run.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                mistakes.push(what);
            }
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        expect(
            (1..=NAME_BYTES_MAX).contains(&self.name.len()) && self.name.chars().all(plain),
            format!("name {:?}: expected 1 to {NAME_BYTES_MAX} letters, digits, `-`, `_` or `.`", self.name),
        );
        expect(self.space != Space::default(), "space: it has no dimension, so there is nothing to try".to_owned());
        expect(!self.objectives.is_empty(), "objectives: expected 1 or more, there is none".to_owned());
        for (what, names) in [
            ("objective", self.objectives.iter().map(|objective| &objective.name).collect::<Vec<_>>()),
            ("constraint", self.constraints.iter().map(|constraint| &constraint.name).collect()),
        ] {
            let mut seen = BTreeSet::new();
            for name in names {
                expect(seen.insert(name), format!("{what} `{name}`: it is there twice"));
            }
        }
        for Constraint { name, bound } in &self.constraints {
            expect(
                bound.end().is_finite(),
                format!("constraint `{name}`: its bound is {}, expected a number", bound.end()),
            );
        }
        expect(self.lag > 0, "lag: it is 0, expected 1 or more".to_owned());
        let Budget { trials, fuel, time_us } = self.budget;
        for (what, amount) in [("trials", Some(trials)), ("fuel", fuel), ("time_us", time_us)] {
            expect(amount != Some(0), format!("budget: {what} is 0, too small for one trial"));
        }
        let grow = self.rungs.windows(2).all(|pair| pair.first() < pair.last());
        let shares = self.rungs.iter().all(|share| *share > 0.0);
        expect(
            grow && shares && self.rungs.last() == Some(&1.0),
            format!("rungs: they are {:?}, expected growing shares above 0 of which the last is 1", self.rungs),
        );
        mistakes.extend(self.pruner.mistake(self.rungs.len()));
        if let Some(Elites { top, every }) = self.elites {
            let told = format!("elites: the best {top} before every {every}th trial; expected 1 or more of both");
            mistakes.extend((top == 0 || every == 0).then_some(told));
        }
        mistakes
    }
}
