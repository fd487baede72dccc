//! What an evaluation found, as it is written for programs; [`Report::render`] writes it for people.

use std::collections::BTreeMap;

use greenroom_model::Digest;
use serde::{Deserialize, Serialize};

use super::{Bootstrap, Comparison, Estimate, Judged, Metric, Segment, compare};

/// What an evaluation found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How test rows were kept back: `p1`, `p2`, `p3` or `pair`.
    pub protocol: String,
    /// On what.
    pub data: Data,
    /// How each arm did: graphs, each followed by its agents.
    pub arms: Vec<Arm>,
    /// Each graph against the best of its agents in that metric, then the first graph against each other one.
    pub comparisons: Vec<Comparison>,
    /// The share of samples that the intervals of comparisons hold.
    pub confidence: f64,
    /// What else a person should know.
    pub notes: Vec<String>,
}

/// What an evaluation was made on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// Subjects.
    pub users: usize,
    /// Subjects that are judged.
    pub judged: usize,
    /// Items, all candidates.
    pub items: usize,
    /// Rows that were learnt from; of several blocks, the most.
    pub train: usize,
    /// Rows that were kept back, in all blocks.
    pub test: usize,
    /// How many splits were judged together.
    #[serde(default = "one")]
    pub blocks: usize,
    /// Content addresses of the files by what they are: `events`, `train`, `test`, `items`.
    pub digests: BTreeMap<String, Digest>,
}

fn one() -> usize {
    1
}

/// What an arm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArmKind {
    /// A whole graph.
    Graph,
    /// One agent of a graph, alone.
    Agent,
}

/// How an arm did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// The graph that an agent belongs to; of a graph, its own name.
    pub graph: String,
    /// See [`Metric::Ndcg`].
    #[serde(rename = "ndcg@10")]
    pub ndcg: Estimate,
    /// See [`Metric::Recall`].
    #[serde(rename = "recall@20")]
    pub recall: Estimate,
    /// See [`Metric::Mrr`].
    pub mrr: Estimate,
    /// See [`Metric::Hit`].
    #[serde(rename = "hit@10")]
    pub hit: Estimate,
    /// See [`Judged::coverage`].
    #[serde(rename = "coverage@10")]
    pub coverage: f64,
    /// See [`Judged::novelty`].
    pub novelty: Option<f64>,
    /// See [`Judged::gini`].
    pub gini: Option<f64>,
    /// The same by segment; segments without subjects are left out.
    pub segments: BTreeMap<Segment, SegmentScores>,
    /// What it took.
    #[serde(flatten)]
    pub cost: Cost,
}

/// How an arm did in a segment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentScores {
    /// How many subjects it has; of segments of items, subjects with a positive there.
    pub users: usize,
    /// See [`Metric::Ndcg`].
    #[serde(rename = "ndcg@10")]
    pub ndcg: Estimate,
    /// See [`Metric::Recall`].
    #[serde(rename = "recall@20")]
    pub recall: Estimate,
}

/// What an arm took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// The mean fuel of a request.
    pub fuel_per_request: Option<f64>,
    /// The wall time of a request in microseconds.
    pub time_us: Option<Quantiles>,
    /// Requests that were answered degraded, or not at all.
    pub degraded: u64,
}

/// The middle and the slow end of many times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half of them are no longer.
    pub p50: f64,
    /// Of a hundred, 99 are no longer.
    pub p99: f64,
}

impl Quantiles {
    /// Of times in any order, in microseconds; `None` of none.
    #[must_use]
    pub fn of(times_us: &[f64]) -> Option<Self> {
        let mut ascending = times_us.to_vec();
        ascending.sort_unstable_by(f64::total_cmp);
        let at = |share| greenroom_experiment::quantile(&ascending, share);
        (!ascending.is_empty()).then(|| Self { p50: at(0.5), p99: at(0.99) })
    }
}

/// An arm that was judged.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ArmKind,
    /// The graph that an agent belongs to; of a graph, its own name.
    pub graph: String,
    /// How it did.
    pub judged: Judged,
    /// What it took.
    pub cost: Cost,
}

impl Entry {
    fn arm(&self) -> Arm {
        let estimate = |metric, segment| self.judged.estimate(metric, segment);
        let segments = Segment::ALL.into_iter().map(|segment| {
            let users = self.judged.values(Metric::Ndcg, Some(segment)).len();
            let ndcg = estimate(Metric::Ndcg, Some(segment));
            let recall = estimate(Metric::Recall, Some(segment));
            (segment, SegmentScores { users, ndcg, recall })
        });
        Arm {
            name: self.name.clone(),
            kind: self.kind,
            graph: self.graph.clone(),
            ndcg: estimate(Metric::Ndcg, None),
            recall: estimate(Metric::Recall, None),
            mrr: estimate(Metric::Mrr, None),
            hit: estimate(Metric::Hit, None),
            coverage: self.judged.coverage,
            novelty: self.judged.novelty,
            gini: self.judged.gini,
            segments: segments.filter(|(_, scores)| scores.users > 0).collect(),
            cost: self.cost,
        }
    }
}

impl Report {
    /// The metrics that arms are compared by.
    pub const COMPARED: [Metric; 2] = [Metric::Ndcg, Metric::Recall];

    /// Puts together what was judged by one judge, in the order in which the arms shall stand. Names of graphs must differ.
    #[must_use]
    pub fn new(protocol: &str, data: Data, entries: &[Entry], notes: Vec<String>, bootstrap: &Bootstrap) -> Self {
        let graphs: Vec<&Entry> = entries.iter().filter(|entry| entry.kind == ArmKind::Graph).collect();
        let mut comparisons = Vec::new();
        let mut against = |a: &Entry, b: &Entry, metric| {
            comparisons.extend(compare((&a.name, &a.judged), (&b.name, &b.judged), metric, bootstrap));
        };
        for graph in &graphs {
            for metric in Self::COMPARED {
                if let Some(best) = best_agent(entries, &graph.graph, metric) {
                    against(graph, best, metric);
                }
            }
        }
        if let Some((first, others)) = graphs.split_first() {
            for other in others {
                Self::COMPARED.into_iter().for_each(|metric| against(first, other, metric));
            }
        }
        let arms = entries.iter().map(Entry::arm).collect();
        Self { protocol: protocol.to_owned(), data, arms, comparisons, confidence: bootstrap.confidence, notes }
    }
}

/// The agent of a graph with the highest mean; of equals, the first.
fn best_agent<'a>(entries: &'a [Entry], graph: &str, metric: Metric) -> Option<&'a Entry> {
    let mean = |entry: &Entry| entry.judged.estimate(metric, None).value;
    let agents = entries.iter().filter(|entry| entry.kind == ArmKind::Agent && entry.graph == graph);
    agents.fold(None, |best: Option<&Entry>, entry| match best {
        Some(best) if mean(best) >= mean(entry) => Some(best),
        _ => Some(entry),
    })
}
