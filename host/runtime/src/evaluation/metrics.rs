//! How good lists are, subject by subject and as a whole.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::question::questions;
use super::segments::{counts, head};
use super::{Question, Segment, Split, Thresholds};

/// Ranks that NDCG, hit, coverage, novelty and Gini look at.
const SHOWN: usize = 10;

/// Ranks that recall and MRR look at: lists should be this long.
const LISTED: usize = 20;

/// What is measured of a subject's list. Gains are binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Metric {
    /// DCG over the best possible DCG of 10 ranks, with the discount `1 / log2(rank + 1)`.
    #[serde(rename = "ndcg@10")]
    Ndcg,
    /// The share of the positives that are among the first 20.
    #[serde(rename = "recall@20")]
    Recall,
    /// One over the rank of the first positive among the first 20, or 0.
    #[serde(rename = "mrr")]
    Mrr,
    /// Whether a positive is among the first 10.
    #[serde(rename = "hit@10")]
    Hit,
}

impl Metric {
    /// As in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndcg => "ndcg@10",
            Self::Recall => "recall@20",
            Self::Mrr => "mrr",
            Self::Hit => "hit@10",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The metrics of one list.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[expect(missing_docs, reason = "see Metric")]
pub struct Scores {
    pub ndcg: f64,
    pub recall: f64,
    pub mrr: f64,
    pub hit: f64,
}

impl Scores {
    /// The value of a metric.
    #[must_use]
    pub fn of(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Ndcg => self.ndcg,
            Metric::Recall => self.recall,
            Metric::Mrr => self.mrr,
            Metric::Hit => self.hit,
        }
    }
}

/// Scores a list, best first, against a subject's positives (ascending, each once). An item that a list repeats counts at
/// its first rank alone. Without positives all is 0.
#[must_use]
pub fn score(items: &[u32], positives: &[u32]) -> Scores {
    let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
    let listed = items.get(..LISTED).unwrap_or(items);
    let mut scores = Scores::default();
    let (mut gain, mut hits) = (0.0, 0_u32);
    for (rank, item) in listed.iter().enumerate() {
        let repeated = listed.iter().take(rank).any(|earlier| earlier == item);
        if repeated || positives.binary_search(item).is_err() {
            continue;
        }
        if hits == 0 {
            scores.mrr = 1.0 / (rank + 1) as f64;
        }
        hits += 1;
        if rank < SHOWN {
            gain += discount(rank);
            scores.hit = 1.0;
        }
    }
    if !positives.is_empty() {
        let ideal: f64 = (0..positives.len().min(SHOWN)).map(discount).sum();
        scores.ndcg = gain / ideal;
        scores.recall = f64::from(hits) / positives.len() as f64;
    }
    scores
}

/// A mean over subjects with its standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean.
    pub value: f64,
    /// The standard deviation of the population over the root of its size.
    pub se: f64,
}

impl Estimate {
    /// Of values; 0 of none.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let count = values.len() as f64;
        let value = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|x| (x - value).powi(2)).sum::<f64>() / count;
        Self { value, se: (variance / count).sqrt() }
    }
}

/// The list that was answered to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranked {
    /// The subject, as in the split.
    pub user: u32,
    /// As in [`Question::earlier`].
    pub earlier: usize,
    /// Items, as in the split, best first; 20 of them, where there are as many.
    pub items: Vec<u32>,
}

/// What lists are judged against.
#[derive(Debug, Clone)]
pub struct Judge {
    questions: Vec<Question>,
    users: Arc<[u32]>,
    segments: Arc<[Segment]>,
    head: Vec<bool>,
    self_information: Vec<f64>,
}

impl Judge {
    /// Judges against the test part of a split.
    #[must_use]
    pub fn new(split: &Split, thresholds: &Thresholds) -> Self {
        let questions = questions(split);
        let item_counts = counts(split.items.len(), &split.train.items);
        let total = split.train.len().max(1) as f64;
        Self {
            users: questions.iter().map(|question| question.user).collect(),
            segments: questions.iter().map(|question| thresholds.segment(question.known)).collect(),
            head: head(split, &item_counts),
            // An item that nobody had in train counts as if one had: it is as rare as can be, not infinitely so.
            self_information: item_counts.iter().map(|count| -((*count).max(1) as f64 / total).log2()).collect(),
            questions,
        }
    }

    /// Whom each question is about.
    #[must_use]
    pub fn users(&self) -> &[u32] {
        &self.users
    }

    /// What is asked: by subject; those that know what came before each, in the order of time.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// The same judge of the questions about some subjects alone.
    #[must_use]
    pub fn of(&self, wanted: impl Fn(u32) -> bool) -> Self {
        let kept = || self.questions.iter().map(|question| wanted(question.user));
        let segments = self.segments.iter().zip(kept()).filter(|(_, kept)| *kept).map(|(segment, _)| *segment);
        let questions: Vec<Question> =
            self.questions.iter().filter(|question| wanted(question.user)).cloned().collect();
        Self {
            users: questions.iter().map(|question| question.user).collect(),
            segments: segments.collect(),
            questions,
            head: self.head.clone(),
            self_information: self.self_information.clone(),
        }
    }

    /// Judges lists, in any order. A question without a list scores 0; lists that nobody asked for don't count.
    #[must_use]
    pub fn judge(&self, lists: &[Ranked]) -> Judged {
        let lists: HashMap<(u32, usize), &[u32]> =
            lists.iter().map(|list| ((list.user, list.earlier), list.items.as_slice())).collect();
        let in_head = |item: &u32| self.head.get(*item as usize).copied().unwrap_or_default();
        let (users, segments) = (Arc::clone(&self.users), Arc::clone(&self.segments));
        let mut judged = Judged { users, segments, ..Judged::default() };
        let mut exposures = vec![0_u64; self.head.len()];
        for Question { user, earlier, positives, .. } in &self.questions {
            let items = lists.get(&(*user, *earlier)).copied().unwrap_or_default();
            judged.scores.push(score(items, positives));
            let (head, tail): (Vec<u32>, Vec<u32>) = positives.iter().partition(|item| in_head(item));
            judged.head.push((!head.is_empty()).then(|| score(items, &head)));
            judged.tail.push((!tail.is_empty()).then(|| score(items, &tail)));
            let shown = items.get(..SHOWN).unwrap_or(items);
            for item in shown {
                if let Some(exposure) = exposures.get_mut(*item as usize) {
                    *exposure += 1;
                }
            }
            let rarity = |item: &u32| self.self_information.get(*item as usize).copied().unwrap_or_default();
            let novelty = || shown.iter().map(rarity).sum::<f64>() / shown.len() as f64;
            judged.novelties.push((!shown.is_empty()).then(novelty));
        }
        judged.coverage = exposures.iter().filter(|count| **count > 0).count() as f64 / exposures.len().max(1) as f64;
        let novelties: Vec<f64> = judged.novelties.iter().flatten().copied().collect();
        judged.novelty = (!novelties.is_empty()).then(|| Estimate::of(&novelties).value);
        judged.gini = gini(exposures);
        judged
    }
}

/// How one arm did. Two of the same judge can be compared pair by pair.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judged {
    /// Whom each question was about; of a pool, the subjects, ascending.
    pub users: Arc<[u32]>,
    /// One a question, in the order of [`Judge::questions`]; of a pool, one a subject.
    pub scores: Vec<Scores>,
    /// The same against the positives in the head alone, where there are any.
    pub head: Vec<Option<Scores>>,
    /// The same against the positives in the tail.
    pub tail: Vec<Option<Scores>>,
    /// The mean self-information of each first ten, in bits, where anything was shown.
    pub novelties: Vec<Option<f64>>,
    /// The segment of whom each is about.
    pub segments: Arc<[Segment]>,
    /// Distinct items among all first tens, as a share of the candidates.
    pub coverage: f64,
    /// The mean self-information of what is shown in the first tens, in bits: minus the logarithm of an item's share of the
    /// train rows. `None` when nothing was shown.
    pub novelty: Option<f64>,
    /// The Gini coefficient of how often each candidate is in a first ten: 0 when all are as often, towards 1 when few take
    /// all. `None` when nothing was shown.
    pub gini: Option<f64>,
}

impl Judged {
    /// What an arm did on several splits over the same subjects, one value a subject: the mean over its questions, on all of
    /// the splits. Its segment is that of its first question. What is of no subject is the mean over the splits.
    #[must_use]
    pub fn pooled(parts: &[Self]) -> Self {
        #[derive(Default)]
        struct Of {
            segment: Option<Segment>,
            all: Sum,
            head: Sum,
            tail: Sum,
            novelties: Vec<f64>,
        }
        let mut by_user: BTreeMap<u32, Of> = BTreeMap::new();
        for part in parts {
            let lines = part.users.iter().zip(&part.scores).zip(part.head.iter().zip(&part.tail));
            for (((user, scores), (head, tail)), segment) in lines.zip(part.segments.iter()) {
                let of = by_user.entry(*user).or_default();
                of.segment.get_or_insert(*segment);
                of.all.add(Some(scores));
                of.head.add(head.as_ref());
                of.tail.add(tail.as_ref());
            }
            for (user, novelty) in part.users.iter().zip(&part.novelties) {
                by_user.entry(*user).or_default().novelties.extend(*novelty);
            }
        }
        let mean = |of: &dyn Fn(&Self) -> Option<f64>| {
            let values: Vec<f64> = parts.iter().filter_map(of).collect();
            (!values.is_empty()).then(|| Estimate::of(&values).value)
        };
        Self {
            users: by_user.keys().copied().collect(),
            scores: by_user.values().map(|of| of.all.mean().unwrap_or_default()).collect(),
            head: by_user.values().map(|of| of.head.mean()).collect(),
            tail: by_user.values().map(|of| of.tail.mean()).collect(),
            novelties: (by_user.values())
                .map(|of| (!of.novelties.is_empty()).then(|| Estimate::of(&of.novelties).value))
                .collect(),
            segments: by_user.values().map(|of| of.segment.unwrap_or(Segment::New)).collect(),
            coverage: mean(&|part| Some(part.coverage)).unwrap_or_default(),
            novelty: mean(&|part| part.novelty),
            gini: mean(&|part| part.gini),
        }
    }

    /// The values of a metric, one a subject of the segment, or of all subjects.
    #[must_use]
    pub fn values(&self, metric: Metric, segment: Option<Segment>) -> Vec<f64> {
        self.by_user(metric, segment).into_iter().map(|(_, value)| value).collect()
    }

    /// The same, each with whom it is of. Of a segment of items, who has no positive there has none.
    #[must_use]
    pub fn by_user(&self, metric: Metric, segment: Option<Segment>) -> Vec<(u32, f64)> {
        let users = || self.users.iter().copied();
        let some = |all: &[Option<Scores>]| -> Vec<(u32, f64)> {
            users().zip(all).filter_map(|(user, scores)| Some((user, scores.as_ref()?.of(metric)))).collect()
        };
        let all = users().zip(self.scores.iter().map(|scores| scores.of(metric)));
        match segment {
            None => all.collect(),
            Some(Segment::Head) => some(&self.head),
            Some(Segment::Tail) => some(&self.tail),
            Some(segment) => {
                let of_segment = all.zip(self.segments.iter()).filter(|(_, s)| **s == segment);
                of_segment.map(|(value, _)| value).collect()
            }
        }
    }

    /// How novel what is shown is, in bits, by whom it was shown to; none for whom nothing was.
    #[must_use]
    pub fn novelty_by_user(&self) -> Vec<(u32, f64)> {
        let all = self.users.iter().copied().zip(&self.novelties);
        all.filter_map(|(user, novelty)| Some((user, (*novelty)?))).collect()
    }

    /// The mean of a metric over the subjects of a segment, or over all.
    #[must_use]
    pub fn estimate(&self, metric: Metric, segment: Option<Segment>) -> Estimate {
        Estimate::of(&self.values(metric, segment))
    }
}

/// Scores added up.
#[derive(Default)]
struct Sum {
    count: f64,
    scores: Scores,
}

impl Sum {
    fn add(&mut self, more: Option<&Scores>) {
        let Some(more) = more else { return };
        self.count += 1.0;
        self.scores.ndcg += more.ndcg;
        self.scores.recall += more.recall;
        self.scores.mrr += more.mrr;
        self.scores.hit += more.hit;
    }

    fn mean(&self) -> Option<Scores> {
        let Scores { ndcg, recall, mrr, hit } = self.scores;
        let by = self.count;
        (by > 0.0).then(|| Scores { ndcg: ndcg / by, recall: recall / by, mrr: mrr / by, hit: hit / by })
    }
}

fn gini(mut exposures: Vec<u64>) -> Option<f64> {
    exposures.sort_unstable();
    let count = exposures.len() as f64;
    let total = exposures.iter().sum::<u64>() as f64;
    let weighted: f64 =
        exposures.iter().zip(1_u32..).map(|(x, rank)| (2.0 * f64::from(rank) - count - 1.0) * *x as f64).sum();
    (total > 0.0).then(|| weighted / (count * total))
}
