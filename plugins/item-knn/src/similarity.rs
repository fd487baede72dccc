//! Similar items.

#![expect(clippy::indexing_slicing, reason = "places come from the lists that the vectors were made for")]

use greenroom_sdk::{Lists, Neighbours};

/// How alike two items are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Metric {
    /// The cosine of their columns of subjects.
    #[default]
    Cosine,
    /// The dot product of their columns after BM25, where items are documents and subjects are terms.
    Bm25 {
        /// The saturation K1.
        k1: f64,
        /// The length normalisation B.
        b: f64,
    },
}

impl Metric {
    // A cell is the product of a weight of its item and one of its subject, since all events weigh 1.
    fn item_weight(self, liked: f64, average: f64) -> f64 {
        match self {
            Self::Cosine => 1.0 / liked.max(1.0).sqrt(),
            Self::Bm25 { k1, b } => (k1 + 1.0) / (k1 * (1.0 - b + b * liked / average.max(1.0)) + 1.0),
        }
    }

    fn subject_weight(self, likes: f64, items: f64) -> f64 {
        match self {
            Self::Cosine => 1.0,
            Self::Bm25 { .. } => items.ln() - likes.ln_1p(),
        }
    }
}

/// Of each of `items` items the nearest, given what each subject liked: `kept` with the item itself, which is nearest to
/// itself, counts as `implicit` counts it, and is not stored.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts and similarities")]
pub(crate) fn nearest(subjects: &Lists, items: usize, metric: Metric, kept: usize) -> Neighbours {
    let fans = subjects.transposed(items);
    let average = subjects.values().len() as f64 / items.max(1) as f64;
    let item_weights: Vec<f64> = fans.iter().map(|f| metric.item_weight(f.len() as f64, average)).collect();
    let subject_weights: Vec<f64> =
        subjects.iter().map(|s| metric.subject_weight(s.len() as f64, items as f64).powi(2)).collect();

    let most = kept.saturating_sub(1);
    let mut found = Neighbours::default();
    let mut sums = vec![0.0_f64; items];
    let mut touched: Vec<u32> = Vec::new();
    let mut near: Vec<(f32, u32)> = Vec::new();
    for item in 0..items {
        for &subject in fans.get(item) {
            let weight = subject_weights[subject as usize];
            for &other in subjects.get(subject as usize) {
                let sum = &mut sums[other as usize];
                if *sum == 0.0 {
                    touched.push(other);
                }
                *sum += weight;
            }
        }
        near.clear();
        for other in touched.drain(..) {
            let sum = std::mem::take(&mut sums[other as usize]);
            let similarity = (sum * item_weights[item] * item_weights[other as usize]) as f32;
            if other as usize != item && similarity > 0.0 {
                near.push((similarity, other));
            }
        }
        found.push(&mut near, most);
    }
    found
}
