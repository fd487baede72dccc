//! The trials of a study as points of a plot.

use crate::study::{Bound, Config, Direction, Record, Trial};
use crate::{Outcome, Score};

/// What became of a trial, for whoever looks at a plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It keeps to all constraints.
    Complete,
    /// It is beyond some bound.
    Beyond,
    /// It was given up.
    Pruned,
    /// It has failed.
    Failed,
}

/// A trial that is over.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub(super) trial: &'a Trial,
    pub(super) fate: Fate,
    /// What is known of it by now; none of one that was pruned or has failed.
    pub(super) score: Option<Score>,
    /// The first objective in its own direction, the mean over all evaluations; of one that was pruned what it had when
    /// it was given up.
    pub(super) value: Option<f64>,
    pub(super) outcome: Outcome,
}

/// The trials of a study that are over, by number.
pub(super) fn entries(study: &Record) -> Vec<Entry<'_>> {
    let entry = |trial| entry(&study.config, trial);
    study.trials.iter().filter_map(entry).collect()
}

fn entry<'a>(config: &Config, trial: &'a Trial) -> Option<Entry<'a>> {
    let outcome = trial.told(u64::MAX)?.outcome;
    let score = Score::of(&outcome);
    let (fate, values) = match &outcome {
        Outcome::Complete { values, .. } => {
            let keeps = score.as_ref().is_some_and(|score| score.excess() <= 0.0);
            (if keeps { Fate::Complete } else { Fate::Beyond }, values.first())
        }
        Outcome::Pruned { values, .. } => (Fate::Pruned, values.first()),
        Outcome::Failed { .. } => (Fate::Failed, None),
    };
    let value = values.map(|value| own(config, 0, *value)).filter(|value| value.is_finite());
    Some(Entry { trial, fate, score, value, outcome })
}

/// A stored value of an objective in the objective's own direction.
pub(super) fn own(config: &Config, objective: usize, stored: f64) -> f64 {
    match direction(config, objective) {
        Direction::Maximise => stored,
        Direction::Minimise => -stored,
    }
}

fn direction(config: &Config, objective: usize) -> Direction {
    config.objectives.get(objective).map_or(Direction::Maximise, |objective| objective.direction)
}

/// Whether one value of the first objective is better than another.
pub(super) fn better(config: &Config, value: f64, than: f64) -> bool {
    own(config, 0, value) > own(config, 0, than)
}

/// Values of the first objective without those that are so poor that they would press all others into a line: beyond one
/// and a half of the middle half's width from it (Tukey 1977), on the worse side.
pub(super) fn in_view(config: &Config, values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().map(|value| own(config, 0, *value)).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let quartile = |k: usize| sorted.get((sorted.len() * k / 4).min(sorted.len().saturating_sub(1))).copied();
    let fence = quartile(1).zip(quartile(3)).map_or(f64::NEG_INFINITY, |(low, high)| low - 1.5 * (high - low));
    let seen = sorted.into_iter().filter(|value| *value >= fence);
    seen.map(|value| own(config, 0, value)).collect()
}

/// The best value of the first objective among those that keep to the constraints, and whose it is.
pub(super) fn best<'e, 'a>(config: &Config, entries: &'e [Entry<'a>]) -> Option<(&'e Entry<'a>, f64)> {
    let keep = entries.iter().filter(|entry| entry.fate == Fate::Complete);
    let valued = keep.filter_map(|entry| Some((entry, entry.value?)));
    valued.reduce(|best, entry| if better(config, entry.1, best.1) { entry } else { best })
}

/// The name of the first objective.
pub(super) fn objective(config: &Config) -> &str {
    config.objectives.first().map_or("value", |objective| objective.name.as_str())
}

/// What a trial costs those who ask, as far as the study knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Price {
    /// An objective is fuel.
    Objective(usize),
    /// A constraint bounds fuel.
    Constraint(usize, Bound),
    /// Neither: the fuel of the whole evaluation.
    Evaluation,
}

impl Price {
    pub(super) fn of(config: &Config) -> Self {
        let fuel = |name: &str| name.to_ascii_lowercase().contains("fuel");
        let objective = config.objectives.iter().skip(1).position(|objective| fuel(&objective.name));
        let constraint = config.constraints.iter().position(|constraint| fuel(&constraint.name));
        let bound = constraint.and_then(|at| Some((at, config.constraints.get(at)?.bound)));
        match (objective, bound) {
            (Some(at), _) => Self::Objective(at + 1),
            (None, Some((at, bound))) => Self::Constraint(at, bound),
            (None, None) => Self::Evaluation,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Objective(_) | Self::Constraint(..) => "fuel a request",
            Self::Evaluation => "fuel of the evaluation",
        }
    }

    /// Of a trial that is complete.
    pub(super) fn at(self, config: &Config, entry: &Entry<'_>) -> Option<f64> {
        let score = entry.score.as_ref()?;
        match self {
            Self::Objective(at) => Some(own(config, at, *score.values.get(at)?)),
            Self::Constraint(at, bound) => {
                // Violations are shares of the bound: see `Bound::violation`.
                let beyond = score.violations.get(at)?;
                let scaled = |end: f64| beyond * if end == 0.0 { 1.0 } else { end.abs() };
                Some(match bound {
                    Bound::Max(end) => end + scaled(end),
                    Bound::Min(end) => end - scaled(end),
                })
            }
            Self::Evaluation => Some(entry.trial.over()?.cost.fuel as f64),
        }
    }
}

/// What the mark of a trial says when one points at it.
pub(super) fn told(entry: &Entry<'_>) -> String {
    let what = match (&entry.outcome, entry.value) {
        (Outcome::Failed { failure, why }, _) => format!("failed ({}): {why}", super::failures::class(*failure)),
        (Outcome::Pruned { rung, .. }, value) => {
            format!("given up at rung {} with {}", rung + 1, value.map_or_else(String::new, super::text::number))
        }
        (_, Some(value)) => super::text::number(value),
        (_, None) => String::new(),
    };
    let beyond = if entry.fate == Fate::Beyond { ", beyond a bound" } else { "" };
    let point: Vec<String> = entry.trial.point.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    super::text::shortened(&format!("trial {}: {what}{beyond}; {}", entry.trial.number, point.join(", ")), 300)
}
