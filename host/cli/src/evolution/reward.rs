//! The outer reward: what the graph file says that the system is for.

use std::time::Instant;

use greenroom_evolve::Failure as Class;
use greenroom_evolve::study::{Bound, Constraint, Cost, Direction, Evaluator, Measured, Objective, Task, Unmeasured};
use greenroom_graph::Plan;
use greenroom_model::{Fault, FaultKind, FaultSource};
use greenroom_runtime::evaluation::Metric;
use greenroom_runtime::{Arena, EvaluateError, PrepareError, Score, TrainError};

use super::candidate::{Maker, Scope};
use super::past::{Hopeless, no_plan};
use crate::exit::Failure;

/// A metric of a whole graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Outer {
    Of(Metric),
    Coverage,
    Novelty,
    Gini,
    TailRecall,
    Fuel,
    StateBytes,
}

/// Names, and whether more is better.
const NAMES: [(&str, Outer, bool); 11] = [
    ("ndcg@10", Outer::Of(Metric::Ndcg), true),
    ("recall@20", Outer::Of(Metric::Recall), true),
    ("mrr", Outer::Of(Metric::Mrr), true),
    ("hit@10", Outer::Of(Metric::Hit), true),
    ("coverage@10", Outer::Coverage, true),
    ("coverage", Outer::Coverage, true),
    ("novelty", Outer::Novelty, true),
    ("gini", Outer::Gini, false),
    ("tail-recall@20", Outer::TailRecall, true),
    ("fuel", Outer::Fuel, false),
    ("state-bytes", Outer::StateBytes, false),
];

impl Outer {
    fn named(name: &str) -> Option<(Self, bool)> {
        NAMES.iter().find(|(known, ..)| *known == name).map(|(_, outer, more)| (*outer, *more))
    }

    fn of(self, score: &Score) -> f64 {
        use greenroom_runtime::evaluation::Segment;
        match self {
            Self::Of(metric) => score.judged.estimate(metric, None).value,
            Self::TailRecall => score.judged.estimate(Metric::Recall, Some(Segment::Tail)).value,
            Self::Coverage => score.judged.coverage,
            Self::Novelty => score.judged.novelty.unwrap_or(f64::NAN),
            Self::Gini => score.judged.gini.unwrap_or(f64::NAN),
            Self::Fuel => score.fuel_per_request,
            Self::StateBytes => score.state_bytes as f64,
        }
    }
}

/// What a graph file is after, as a study has it.
#[derive(Debug, Clone)]
pub(crate) struct Reward {
    objective: (Objective, Outer),
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
        let maximise = &plan.objective.maximise;
        let objective = named(maximise);
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
        let known: Vec<&str> = NAMES.iter().map(|(name, ..)| *name).collect();
        let (Some((outer, more)), true) = (objective, unknown.is_empty()) else {
            return Err(Failure::failed(format!(
                "the objective of graph `{}` has metrics that a replay does not give: {}; expected {}",
                plan.name,
                unknown.join(", "),
                known.join(", ")
            )));
        };
        let direction = if more { Direction::Maximise } else { Direction::Minimise };
        Ok(Self { objective: (Objective { name: maximise.clone(), direction }, outer), constraints })
    }

    pub(crate) fn objectives(&self) -> Vec<Objective> {
        vec![self.objective.0.clone()]
    }

    pub(crate) fn constraints(&self) -> Vec<Constraint> {
        self.constraints.iter().map(|(constraint, _)| constraint.clone()).collect()
    }

    pub(crate) fn name(&self) -> &str {
        &self.objective.0.name
    }

    /// The objective, as it is named.
    pub(crate) fn value(&self, score: &Score) -> f64 {
        self.objective.1.of(score)
    }

    /// One value a subject, larger is better; the metric that stands for the objective where that is of no subject.
    pub(crate) fn by_subject(&self, score: &Score) -> Vec<(u32, f64)> {
        let metric = match self.objective.1 {
            Outer::Of(metric) => metric,
            Outer::TailRecall => Metric::Recall,
            Outer::Coverage | Outer::Novelty | Outer::Gini | Outer::Fuel | Outer::StateBytes => Metric::Ndcg,
        };
        score.judged.users.iter().copied().zip(score.judged.values(metric, None)).collect()
    }

    pub(crate) fn measured(&self, score: &Score) -> Measured {
        Measured {
            values: vec![self.value(score)],
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

/// Evaluates the points of a scope in an arena.
pub(crate) struct Replay<'a> {
    pub(crate) maker: &'a Maker,
    pub(crate) scope: &'a Scope,
    pub(crate) arena: &'a Arena,
    pub(crate) reward: &'a Reward,
    /// Plans that are known to fail.
    pub(super) hopeless: &'a Hopeless,
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
        let mut measured = self.reward.measured(&score);
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
