//! The outer reward: what the graph file says that the system is for.

use std::collections::BTreeMap;
use std::time::Instant;

use greenroom_evolve::Failure as Class;
use greenroom_evolve::study::{Bound, Constraint, Cost, Direction, Evaluator, Measured, Objective, Task, Unmeasured};
use greenroom_graph::Plan;
use greenroom_model::{Fault, FaultKind, FaultSource};
use greenroom_runtime::evaluation::{Estimate, Metric, Segment};
use greenroom_runtime::{Arena, EvaluateError, PrepareError, Score, TrainError};

use super::candidate::{Maker, Scope};
use super::past::{Hopeless, no_plan};
use super::turn::InnerAim;
use crate::exit::Failure;

/// Values of subjects.
type BySubject = Vec<(u32, f64)>;

/// A metric of a whole graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outer {
    /// Of the lists of all subjects, or of a segment's.
    Of(Metric, Option<Segment>),
    Coverage,
    Novelty,
    Gini,
    Fuel,
    StateBytes,
}

/// Names, and whether more is better.
const NAMES: [(&str, Outer, bool); 11] = [
    ("ndcg@10", Outer::Of(Metric::Ndcg, None), true),
    ("recall@20", Outer::Of(Metric::Recall, None), true),
    ("mrr", Outer::Of(Metric::Mrr, None), true),
    ("hit@10", Outer::Of(Metric::Hit, None), true),
    ("coverage@10", Outer::Coverage, true),
    ("coverage", Outer::Coverage, true),
    ("novelty", Outer::Novelty, true),
    ("gini", Outer::Gini, false),
    ("tail-recall@20", Outer::Of(Metric::Recall, Some(Segment::Tail)), true),
    ("fuel", Outer::Fuel, false),
    ("state-bytes", Outer::StateBytes, false),
];

impl Outer {
    /// `ndcg@10`, or `ndcg@10[cold]`: of what is of single subjects, a segment alone.
    fn named(name: &str) -> Option<(Self, bool)> {
        let (whole, segment) = match name.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) {
            Some((whole, segment)) => (whole, Some(Segment::ALL.into_iter().find(|known| known.name() == segment)?)),
            None => (name, None),
        };
        let (_, outer, more) = NAMES.into_iter().find(|(known, ..)| *known == whole)?;
        match (outer, segment) {
            (outer, None) => Some((outer, more)),
            (Self::Of(metric, None), segment) => Some((Self::Of(metric, segment), more)),
            _ => None,
        }
    }

    /// What can be named.
    fn expected() -> String {
        let names: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
        let lists = NAMES.iter().filter(|(_, outer, _)| matches!(outer, Self::Of(_, None))).map(|(name, ..)| *name);
        let (lists, segments): (Vec<&str>, _) = (lists.collect(), Segment::ALL.map(Segment::name));
        let (names, lists, segments) = (names.join(", "), lists.join(", "), segments.join(", "));
        format!("{names}; {lists} also of a segment, as in \"ndcg@10[cold]\": {segments}")
    }

    /// NaN where nobody is in the segment: that is no value, and not a poor one.
    fn of(self, score: &Score) -> f64 {
        match self {
            Self::Of(metric, None) => score.judged.estimate(metric, None).value,
            Self::Of(metric, segment) => match score.judged.values(metric, segment) {
                values if values.is_empty() => f64::NAN,
                values => Estimate::of(&values).value,
            },
            Self::Coverage => score.judged.coverage,
            Self::Novelty => score.judged.novelty.unwrap_or(f64::NAN),
            Self::Gini => score.judged.gini.unwrap_or(f64::NAN),
            Self::Fuel => score.fuel_per_request,
            Self::StateBytes => score.state_bytes as f64,
        }
    }

    /// One value a subject, larger is better; none of what is of no subject.
    fn by_subject(self, score: &Score) -> Option<BySubject> {
        match self {
            Self::Of(metric, segment) => Some(score.judged.by_user(metric, segment)),
            Self::Novelty => Some(score.judged.novelty_by_user()),
            Self::Coverage | Self::Gini | Self::Fuel | Self::StateBytes => None,
        }
    }
}

/// What stands for an objective that is of no subject where it has to be shown that something is better.
const STAND_IN: (&str, Outer) = ("ndcg@10", Outer::Of(Metric::Ndcg, None));

/// What a graph file is after, as a study has it.
#[derive(Debug, Clone)]
pub(crate) struct Reward {
    /// One or more; the first decides what is proven.
    objectives: Vec<(Objective, Outer)>,
    constraints: Vec<(Constraint, Outer)>,
}

impl Reward {
    /// What the plan says. All metrics that are not known here are told at once.
    pub(crate) fn of(plan: &Plan) -> Result<Self, Failure> {
        let mut unknown = Vec::new();
        let mut named = |name: &str| {
            let found = Outer::named(name);
            if found.is_none() {
                unknown.push(format!("{name:?}"));
            }
            found
        };
        let mut objectives = Vec::new();
        for name in &plan.objective.maximise {
            let Some((outer, more)) = named(name) else { continue };
            let direction = if more { Direction::Maximise } else { Direction::Minimise };
            objectives.push((Objective { name: name.clone(), direction }, outer));
        }
        let mut constraints = Vec::new();
        for bound in &plan.objective.subject_to {
            let Some((outer, _)) = named(&bound.metric) else { continue };
            let ends = [("at least", bound.min.map(Bound::Min)), ("at most", bound.max.map(Bound::Max))];
            let both = bound.min.is_some() && bound.max.is_some();
            for (which, bound_of) in ends {
                let Some(bound_of) = bound_of else { continue };
                let name = if both { format!("{} {which}", bound.metric) } else { bound.metric.clone() };
                constraints.push((Constraint { name, bound: bound_of }, outer));
            }
        }
        if !unknown.is_empty() {
            return Err(Failure::failed(format!(
                "the objective of graph `{}` has metrics that a replay does not give: {}; expected {}",
                plan.name,
                unknown.join(", "),
                Outer::expected()
            )));
        }
        Ok(Self { objectives, constraints })
    }

    pub(crate) fn objectives(&self) -> Vec<Objective> {
        self.objectives.iter().map(|(objective, _)| objective.clone()).collect()
    }

    pub(crate) fn constraints(&self) -> Vec<Constraint> {
        self.constraints.iter().map(|(constraint, _)| constraint.clone()).collect()
    }

    /// The name of the first objective.
    pub(crate) fn name(&self) -> &str {
        self.objectives.first().map_or("", |(objective, _)| objective.name.as_str())
    }

    /// The metric by which it is shown that something is better: the first objective, or what stands for it.
    pub(crate) fn decisive(&self) -> &str {
        self.decided_by().0
    }

    fn decided_by(&self) -> (&str, Outer) {
        match self.objectives.first() {
            Some((objective, outer @ (Outer::Of(..) | Outer::Novelty))) => (&objective.name, *outer),
            _ => STAND_IN,
        }
    }

    /// What decides, one value a subject; larger is better.
    pub(crate) fn by_subject(&self, score: &Score) -> BySubject {
        self.decided_by().1.by_subject(score).unwrap_or_default()
    }

    /// Objectives that do not decide, with one value a subject (larger is better), or with what the whole graph has where it is
    /// of no subject.
    pub(crate) fn beside(&self, score: &Score) -> Vec<(String, Result<BySubject, f64>)> {
        let (decisive, _) = self.decided_by();
        let others = self.objectives.iter().filter(|(objective, _)| objective.name != decisive);
        others
            .map(|(objective, outer)| (objective.name.clone(), outer.by_subject(score).ok_or_else(|| outer.of(score))))
            .collect()
    }

    pub(crate) fn measured(&self, score: &Score) -> Measured {
        Measured {
            values: self.objectives.iter().map(|(_, outer)| outer.of(score)).collect(),
            constrained: self.constraints.iter().map(|(_, outer)| outer.of(score)).collect(),
            cost: cost(score),
            inner: score.inner.iter().map(|(node, inner)| (format!("{node} {}", inner.metric), inner.value)).collect(),
        }
    }
}

/// What an evaluation takes, spared or not, but for its time.
fn cost(score: &Score) -> Cost {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "fuel is no fraction and not negative")]
    let answering = (score.fuel_per_request * score.questions as f64) as u64;
    Cost { fuel: score.fit_fuel.saturating_add(answering), time_us: 0, bytes: score.state_bytes }
}

/// Before the names of outer rewards among what was measured beside, where a study goes by an inner one.
pub(super) const OUTER: &str = "outer ";

impl Reward {
    /// The same as a study has it that goes by an inner reward: the outer ones stand beside.
    fn by_inner(&self, score: &Score, aim: &InnerAim) -> Measured {
        let Measured { values, constrained, cost, mut inner } = self.measured(score);
        let value = inner.get(&aim.objective.name).copied().unwrap_or(f64::NAN);
        let names = self.objectives.iter().map(|(objective, _)| format!("{OUTER}{}", objective.name));
        inner.extend(names.zip(values).filter(|(_, value)| value.is_finite()));
        Measured { values: vec![value], constrained, cost, inner }
    }

    /// Takes the outer rewards out of what was measured beside: one an objective, larger is better. None when one is missing.
    pub(super) fn outer(&self, beside: &mut BTreeMap<String, f64>) -> Option<Vec<f64>> {
        let taken = self.objectives.iter().map(|(objective, _)| {
            let value = beside.remove(&format!("{OUTER}{}", objective.name))?;
            Some(if objective.direction == Direction::Maximise { value } else { -value })
        });
        taken.collect()
    }

    /// Whether a metric is of a segment, which a part of the subjects may be without.
    pub(super) fn segmented(&self) -> bool {
        let of_objectives = self.objectives.iter().map(|(_, outer)| outer);
        let mut all = of_objectives.chain(self.constraints.iter().map(|(_, outer)| outer));
        all.any(|outer| matches!(outer, Outer::Of(_, Some(_))))
    }
}

/// Evaluates the points of a scope in an arena.
pub(crate) struct Replay<'a> {
    pub(crate) maker: &'a Maker,
    pub(crate) scope: &'a Scope,
    pub(crate) arena: &'a Arena,
    pub(crate) reward: &'a Reward,
    /// Plans that are known to fail.
    pub(super) hopeless: &'a Hopeless,
    /// What the study goes by, where it is an inner reward.
    pub(super) by: Option<&'a InnerAim>,
}

impl Evaluator for Replay<'_> {
    fn evaluate(&self, task: &Task<'_>) -> Result<Measured, Unmeasured> {
        let began = Instant::now();
        let failed = |failure, why| Unmeasured::Failed { failure, why, cost: Cost::default() };
        let invalid = |why| failed(Class::Invalid, why);
        let text = self.scope.text(task.point).map_err(invalid)?;
        let loaded = self.maker.load(&text);
        let plan = loaded.as_ref().map_or_else(|_| no_plan(&text), |loaded| loaded.digest());
        if let Some((record, class, why)) = self.hopeless.get(&plan) {
            return Err(failed(*class, format!("failed before, record {}: {why}", record.short())));
        }
        let loaded = loaded.map_err(invalid)?;
        // The same seeds of requests for all: what differs is the graph.
        let score = self.arena.score(&loaded, task.share, 0).map_err(|error| {
            let (class, why) = classed(&error);
            failed(class, why)
        })?;
        // A graph that answers by its fallbacks says nothing of what it is made of.
        if score.degraded * 2 > score.questions {
            let (degraded, questions) = (score.degraded, score.questions);
            let mut why = format!("{degraded} of {questions} requests were answered degraded, or not at all");
            if let Some(fault) = &score.fault {
                why.push_str(&format!("; the first fault: {fault}"));
            }
            let failure = score.fault.as_ref().map_or(Class::Fault, class);
            return Err(Unmeasured::Failed { failure, why, cost: cost(&score) });
        }
        let mut measured = match self.by {
            Some(aim) => self.reward.by_inner(&score, aim),
            None => self.reward.measured(&score),
        };
        measured.cost.time_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Ok(measured)
    }
}

/// The class of an evaluation's failure.
pub(super) fn classed(error: &EvaluateError) -> (Class, String) {
    let fault = match error {
        EvaluateError::Train(TrainError::Agent { fault, .. })
        | EvaluateError::Train(TrainError::Prepare(PrepareError::Agent { fault, .. }))
        | EvaluateError::Prepare(PrepareError::Agent { fault, .. })
        | EvaluateError::NothingAnswered { fault, .. } => Some(fault),
        EvaluateError::Train(TrainError::Round { .. }) => return (Class::Budget, error.to_string()),
        _ => None,
    };
    (fault.map_or(Class::Host, class), error.to_string())
}

fn class(fault: &Fault) -> Class {
    match (fault.source, fault.kind) {
        (_, FaultKind::InvalidParameters) => Class::Invalid,
        (_, FaultKind::Deadline) => Class::Deadline,
        (_, FaultKind::Fuel | FaultKind::Memory | FaultKind::HostCalls) => Class::Budget,
        (FaultSource::Host, _) => Class::Host,
        _ => Class::Fault,
    }
}
