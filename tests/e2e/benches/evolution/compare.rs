//! What one arm has more than another, over all folds.

use std::collections::BTreeMap;

use greenroom_experiment::{Bootstrap, Interval};

use crate::judged::Judged;
use crate::search::Found;

/// What an arm has in all folds together.
#[derive(Default)]
pub(crate) struct Pooled {
    /// NDCG@10 and Recall@20, by subject. Each is in one fold.
    pub(crate) by_subject: BTreeMap<String, [f64; 2]>,
    /// Of a request, the sum over subjects; units of fuel.
    fuel: f64,
    pub(crate) degraded: u64,
    /// Units of fuel of all searches.
    pub(crate) search_fuel: u64,
    pub(crate) trials: u64,
    /// Searches that left the graph as it is.
    pub(crate) stayed: u64,
}

impl Pooled {
    /// The mean of a metric, and its standard error.
    pub(crate) fn mean(&self, metric: usize) -> (f64, f64) {
        let count = self.by_subject.len().max(1) as f64;
        let values = || self.by_subject.values().map(|values| values[metric]);
        let mean = values().sum::<f64>() / count;
        (mean, (values().map(|x| (x - mean).powi(2)).sum::<f64>() / count / count).sqrt())
    }

    pub(crate) fn fuel_per_request(&self) -> f64 {
        self.fuel / self.by_subject.len().max(1) as f64
    }
}

/// Adds what an arm has in a fold.
pub(crate) fn pool(pooled: &mut Pooled, judged: Judged, found: &Found) {
    let Judged { subjects, ndcg, recall, fuel_per_request, degraded } = judged;
    pooled.fuel += fuel_per_request * subjects.len() as f64;
    pooled.degraded += degraded;
    pooled.search_fuel += found.fuel;
    pooled.trials += found.trials;
    pooled.stayed += u64::from(found.stays);
    for (subject, values) in subjects.into_iter().zip(ndcg.into_iter().zip(recall)) {
        let before = pooled.by_subject.insert(subject, values.into());
        assert!(before.is_none(), "a subject is in one fold");
    }
}

/// Means of NDCG@10 and Recall@20 that one arm has more, with 95 % intervals: subjects are resampled, the same for both.
pub(crate) fn difference(one: &Pooled, other: &Pooled) -> [Interval; 2] {
    assert!(one.by_subject.keys().eq(other.by_subject.keys()), "both were judged on the same subjects");
    [0, 1].map(|metric| {
        let pairs = one.by_subject.values().zip(other.by_subject.values());
        let more: Vec<f64> = pairs.map(|(one, other)| one[metric] - other[metric]).collect();
        Bootstrap::default().interval(&more).unwrap()
    })
}
