//! Where graphs are tried one after the other: what agents learned and what nodes answered is kept, so that a graph that
//! differs from another one in a weight costs that weight's node and those after it.

use std::collections::BTreeMap;
use std::sync::Arc;

use greenroom_model::{Digest, Fault, FaultKind, FaultSource};

use super::ground::{Answered, Asking, Ground};
use super::inner::{Inner, InnerMetric};
use super::{Bench, EvaluateError};
use crate::evaluation::{Exam, Judged, Quantiles, Question, Ranked, Thresholds};
use crate::events::ItemFile;
use crate::execute::Outputs;
use crate::load::Loaded;

/// The splits of an exam, ready.
pub struct Arena {
    bench: Bench,
    grounds: Vec<Ground>,
    outputs: Arc<Outputs>,
    /// All subjects, in an order that is the same for whoever looks at the first of them.
    order: Vec<u32>,
    items: usize,
}

/// How a graph did.
#[derive(Debug, Clone)]
pub struct Score {
    /// By subject, over all blocks.
    pub judged: Judged,
    /// By node: of those whose agent names a metric that can be had.
    pub inner: BTreeMap<String, InnerReward>,
    /// Units of fuel of a request.
    pub fuel_per_request: f64,
    /// Wall time of a request in microseconds. Nodes that were not asked again took none.
    pub time_us: Option<Quantiles>,
    /// Units of fuel that learning takes in the first block, whether or not it was spared.
    pub fit_fuel: u64,
    /// Bytes of what was learned in the first block.
    pub state_bytes: u64,
    /// Requests.
    pub questions: u64,
    /// Requests that were answered degraded, or not at all.
    pub degraded: u64,
    /// Those of them in which an agent broke: it trapped, answered against the rules, or used up what it may use.
    pub broken: u64,
    /// Those of them in which an agent was not done in time, which depends on the machine too.
    pub late: u64,
    /// The first fault that there was.
    pub fault: Option<Fault>,
    /// Whether a list was drawn: then another seed may give another one.
    pub drawn: bool,
}

/// How a node's own decisions did.
#[derive(Debug, Clone, PartialEq)]
pub struct InnerReward {
    /// As its agent names it.
    pub metric: String,
    /// Larger is better, but for log loss.
    pub value: f64,
}

/// Which way an inner metric is better: true when more is. None for one that is not known.
#[must_use]
pub fn more_is_better(metric: &str) -> Option<bool> {
    InnerMetric::named(metric).map(|metric| metric != InnerMetric::LogLoss)
}

impl Arena {
    /// Prepares an exam. Outputs of nodes are kept in so many bytes of memory.
    ///
    /// # Errors
    /// When its subjects, items or facts cannot be kept.
    pub fn new(
        bench: Bench,
        exam: &Exam,
        items: Option<&ItemFile>,
        thresholds: &Thresholds,
        bytes_max: usize,
    ) -> Result<Self, EvaluateError> {
        let grounds: Vec<Ground> = exam
            .blocks
            .iter()
            .map(|block| Ground::new(&block.split, items, thresholds).map(|(ground, _)| ground))
            .collect::<Result<_, _>>()?;
        let users = grounds.first().map(|ground| ground.split.users.clone()).unwrap_or_default();
        let mut order: Vec<u32> = (0..u32::try_from(users.len()).unwrap_or(u32::MAX)).collect();
        order.sort_by_key(|user| {
            users.get(*user as usize).map(|id| Digest::of(format!("early:{id}").as_bytes()).head())
        });
        let items = grounds.first().map_or(0, |ground| ground.split.items.len());
        Ok(Self { bench, grounds, outputs: Arc::new(Outputs::new(bytes_max)), order, items })
    }

    /// Has a graph learn and answer, for the first `share` of the subjects, `(0, 1]`: the first ones of a smaller share are
    /// among those of a larger one. Another seed gives requests other ones, the same for all graphs. Blocks; may be called from several threads.
    ///
    /// # Errors
    /// When agents cannot learn or be prepared. Requests that fail are counted.
    pub fn score(&self, loaded: &Loaded, share: f64, seed: u64) -> Result<Score, EvaluateError> {
        let wanted = self.first(share);
        let mut parts = Vec::new();
        let mut inner: BTreeMap<usize, Inner> = BTreeMap::new();
        let (mut fuel, mut times, mut degraded) = (0.0, Vec::new(), 0);
        let (mut broken, mut late, mut fault) = (0, 0, None);
        let (mut fit_fuel, mut state_bytes, mut drawn) = (0, 0, false);
        for (number, ground) in self.grounds.iter().enumerate() {
            let judge = ground.judge.of(|user| wanted.get(user as usize).copied().unwrap_or_default());
            let (states, trained) = ground.train(&self.bench, loaded, Some(&self.outputs))?;
            if number == 0 {
                fit_fuel = trained.iter().map(|trained| trained.fuel).sum();
                state_bytes = trained.iter().map(|trained| trained.state_bytes as u64).sum();
            }
            let plan = ground.prepare(loaded, &states)?;
            let name = &loaded.plan.name;
            let asking = Asking { judge: &judge, outputs: Some(&self.outputs), seed, called: name };
            let answers = ground.answers(&self.bench, plan, &asking)?;
            drawn |= answers.iter().any(|answer| answer.drawn);
            for (question, answer) in judge.questions().iter().zip(&answers) {
                rewarded(loaded, question, answer, &ground.genres, &mut inner);
            }
            fuel += answers.iter().map(|answer| answer.fuel as f64).sum::<f64>();
            times.extend(answers.iter().map(|answer| answer.us));
            degraded += answers.iter().filter(|answer| answer.degraded).count() as u64;
            let with = |is: fn(&Fault) -> bool| answers.iter().filter(|a| a.faults.iter().any(is)).count() as u64;
            broken += with(breaks);
            late += with(|fault| fault.kind == FaultKind::Deadline);
            fault = fault.or_else(|| answers.iter().find_map(|answer| answer.faults.first().cloned()));
            let lists: Vec<Ranked> = answers.into_iter().map(|answer| answer.list).collect();
            parts.push(judge.judge(&lists));
        }
        let named = |(node, inner): (usize, Inner)| {
            let node = loaded.plan.nodes.get(node)?;
            let metric = loaded.plan.agent_of(node)?.descriptor.as_ref()?.inner_metric.clone();
            Some((node.name.clone(), InnerReward { metric, value: inner.value(self.items)? }))
        };
        Ok(Score {
            judged: Judged::pooled(&parts),
            inner: inner.into_iter().filter_map(named).collect(),
            fuel_per_request: fuel / times.len().max(1) as f64,
            time_us: Quantiles::of(&times),
            fit_fuel,
            state_bytes,
            questions: times.len() as u64,
            degraded,
            broken,
            late,
            fault,
            drawn,
        })
    }

    /// Has a graph learn, or finds what it has learned before: in a bounded folder that is as if it had been used now.
    ///
    /// # Errors
    /// When agents cannot learn.
    pub fn learn(&self, loaded: &Loaded) -> Result<(), EvaluateError> {
        for ground in &self.grounds {
            ground.train(&self.bench, loaded, Some(&self.outputs))?;
        }
        Ok(())
    }

    /// By subject: whether it is among the first `share` of them.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
    fn first(&self, share: f64) -> Vec<bool> {
        let count = (self.order.len() as f64 * share.clamp(0.0, 1.0)).ceil() as usize;
        let mut wanted = vec![false; self.order.len()];
        for user in self.order.iter().take(count) {
            if let Some(wanted) = wanted.get_mut(*user as usize) {
                *wanted = true;
            }
        }
        wanted
    }
}

/// Whether a fault is the agent's own doing, on any machine. One that says that it lacks something has not failed.
fn breaks(fault: &Fault) -> bool {
    fault.source == FaultSource::Guest && !matches!(fault.kind, FaultKind::Unavailable | FaultKind::Deadline)
}

/// Adds what the nodes of a request decided to their rewards.
fn rewarded(
    loaded: &Loaded,
    question: &Question,
    answer: &Answered,
    genres: &[u64],
    inner: &mut BTreeMap<usize, Inner>,
) {
    for (index, decided) in &answer.decided {
        let Some(node) = loaded.plan.nodes.get(*index) else { continue };
        let descriptor = loaded.plan.agent_of(node).and_then(|agent| agent.descriptor.as_ref());
        let metric = descriptor.and_then(|descriptor| InnerMetric::named(&descriptor.inner_metric));
        let (Some(metric), Some(list)) = (metric, decided.candidates()) else { continue };
        inner.entry(*index).or_insert_with(|| Inner::new(metric)).add(list, &question.positives, genres);
    }
}
