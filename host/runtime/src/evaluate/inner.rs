//! Inner rewards: how a node's own decisions did by the metric that its agent names.

use std::collections::HashSet;

use greenroom_model::Candidates;

/// A metric of a list of candidates, as descriptors name it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum InnerMetric {
    /// The share of the positives that are among the first so many; of all when there is no cut.
    Recall(usize),
    /// DCG over the best possible DCG, of so many ranks.
    Ndcg(usize),
    /// The mean of minus the logarithm of the probability given to what happened to each candidate; less is better. It reads
    /// the column `probability`.
    LogLoss,
    /// How unlike the first so many are: 1 minus the mean likeness of their pairs, by the genres that they share of all that
    /// either has (Jaccard), as the re-ranker sees it.
    Diversity(usize),
    /// Distinct items among all first so many, as a share of the items.
    Coverage(usize),
}

/// What a metric looks at when its name has no cut.
const CUT: usize = 10;
/// The column that ranking and calibrating agents give probabilities in.
const PROBABILITY: &str = "probability";
/// No probability is taken to be closer to 0 or 1.
const CERTAIN: f64 = 1e-6;

impl InnerMetric {
    /// None for a metric that is not known here.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (name, cut) = match name.split_once('@') {
            Some((name, cut)) => (name, Some(cut.parse().ok().filter(|cut| *cut > 0)?)),
            None => (name, None),
        };
        Some(match name {
            "recall" => Self::Recall(cut.unwrap_or(usize::MAX)),
            "ndcg" => Self::Ndcg(cut.unwrap_or(CUT)),
            "logloss" | "log-loss" => Self::LogLoss,
            "coverage" => Self::Coverage(cut.unwrap_or(CUT)),
            "diversity" => Self::Diversity(cut.unwrap_or(CUT)),
            _ => return None,
        })
    }
}

/// The lists of one node, added up.
pub(super) struct Inner {
    metric: InnerMetric,
    sum: f64,
    count: f64,
    shown: HashSet<u32>,
}

impl Inner {
    pub(super) fn new(metric: InnerMetric) -> Self {
        Self { metric, sum: 0.0, count: 0.0, shown: HashSet::new() }
    }

    /// `positives` is ascending; `genres` has a bit a genre, by row, and nothing where nothing is known of items.
    pub(super) fn add(&mut self, list: &Candidates, positives: &[u32], genres: &[u64]) {
        let hit = |row: &u32| positives.binary_search(row).is_ok();
        let value = match self.metric {
            InnerMetric::Recall(cut) => {
                let found = list.rows.iter().take(cut).filter(|row| hit(row)).count();
                found as f64 / positives.len().max(1) as f64
            }
            InnerMetric::Ndcg(cut) => {
                let discount = |rank: usize| 1.0 / ((rank + 2) as f64).log2();
                let gain: f64 = list
                    .rows
                    .iter()
                    .take(cut)
                    .enumerate()
                    .filter(|(_, row)| hit(row))
                    .map(|(at, _)| discount(at))
                    .sum();
                let ideal: f64 = (0..positives.len().min(cut)).map(discount).sum();
                if ideal > 0.0 { gain / ideal } else { 0.0 }
            }
            InnerMetric::LogLoss => {
                let Some(probabilities) = list.f32s(PROBABILITY) else { return };
                let loss = |(row, p): (&u32, &f32)| {
                    let p = f64::from(*p).clamp(CERTAIN, 1.0 - CERTAIN);
                    if hit(row) { -p.ln() } else { -(1.0 - p).ln() }
                };
                let losses: f64 = list.rows.iter().zip(probabilities).map(loss).sum();
                if list.rows.is_empty() {
                    return;
                }
                losses / list.rows.len() as f64
            }
            InnerMetric::Diversity(cut) => {
                let shown: Vec<u64> =
                    list.rows.iter().take(cut).filter_map(|row| genres.get(*row as usize)).copied().collect();
                let Some(likeness) = likeness(&shown) else { return };
                1.0 - likeness
            }
            InnerMetric::Coverage(cut) => {
                self.shown.extend(list.rows.iter().take(cut));
                0.0
            }
        };
        self.sum += value;
        self.count += 1.0;
    }

    /// None when there was nothing to go by.
    pub(super) fn value(&self, items: usize) -> Option<f64> {
        match self.metric {
            _ if self.count == 0.0 => None,
            InnerMetric::Coverage(_) => Some(self.shown.len() as f64 / items.max(1) as f64),
            _ => Some(self.sum / self.count),
        }
    }
}

/// The mean over pairs of the share of genres that both have of those that either has; of two without any it is 0, since nothing
/// tells that they are alike. None of fewer than two, or when nothing is known of any.
fn likeness(genres: &[u64]) -> Option<f64> {
    if genres.len() < 2 || genres.iter().all(|genres| *genres == 0) {
        return None;
    }
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (at, one) in genres.iter().enumerate() {
        for other in genres.iter().take(at) {
            let either = (one | other).count_ones();
            sum += if either == 0 { 0.0 } else { f64::from((one & other).count_ones()) / f64::from(either) };
            pairs += 1.0;
        }
    }
    Some(sum / pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn diversity(name: &str, rows: &[u32], genres: &[u64]) -> Option<f64> {
        let mut inner = Inner::new(InnerMetric::named(name).unwrap());
        let scores = vec![1.0; rows.len()];
        inner.add(&Candidates { rows: rows.to_vec(), scores, ..Candidates::default() }, &[], genres);
        inner.value(10)
    }

    #[test]
    fn a_list_is_as_diverse_as_its_pairs_are_unlike() {
        let genres = [0b001, 0b001, 0b010, 0b011, 0];
        assert_eq!(diversity("diversity@10", &[0, 1], &genres), Some(0.0));
        assert_eq!(diversity("diversity@10", &[0, 2], &genres), Some(1.0));
        assert_eq!(diversity("diversity@10", &[0, 3], &genres), Some(0.5));
        // Of three pairs one is alike.
        assert_eq!(diversity("diversity", &[0, 1, 2], &genres), Some(1.0 - 1.0 / 3.0));
        // What is beyond the cut does not count, and an item without genres is unlike any.
        assert_eq!(diversity("diversity@2", &[0, 1, 2], &genres), Some(0.0));
        assert_eq!(diversity("diversity", &[0, 4], &genres), Some(1.0));
    }

    #[test]
    fn where_nothing_is_known_of_items_there_is_no_diversity() {
        assert_eq!(diversity("diversity@10", &[0, 1], &[]), None);
        assert_eq!(diversity("diversity@10", &[0, 1], &[0, 0]), None);
        assert_eq!(diversity("diversity@10", &[1], &[1, 1]), None);
        assert_eq!(InnerMetric::named("diversity@0"), None);
    }
}
