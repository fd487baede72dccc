//! What the sources offer, made comparable.
//!
//! Sources score on scales of their own. A standardised score says how a row stands among what its source offered to the
//! same request, and a row that a source did not offer stands where the last one that it offered does.

use greenroom_sdk::{Candidates, Fault, Observation};

// No row stands out more than this, however skewed a source's scores are.
const FAR: f32 = 5.0;
// Ranks fade to a half over so many places.
const RANK_FADING: f32 = 10.0;

/// How scores of different sources are made comparable.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Standard deviations from the mean of what the source offered.
    #[default]
    Spread,
    /// From 0, the worst offered, to 1, the best.
    Range,
    /// The rank alone: 1 for the first, fading.
    Rank,
}

impl Scale {
    pub(crate) const NAMES: &[&str] = &["spread", "range", "rank"];

    pub(crate) fn named(name: &str) -> Self {
        match name {
            "range" => Self::Range,
            "rank" => Self::Rank,
            _ => Self::Spread,
        }
    }

    /// Standardised scores of one source's offer, whose ranks stand beside, and where a row stands that it left out.
    pub(crate) fn standardise(self, scores: &[f32], ranks: &[f32]) -> (Vec<f32>, f32) {
        if scores.is_empty() {
            return (Vec::new(), 0.0);
        }
        let values: Vec<f32> = match self {
            Self::Rank => ranks.iter().map(|rank| RANK_FADING / (RANK_FADING + rank.max(0.0))).collect(),
            Self::Range => {
                let low = scores.iter().copied().fold(f32::INFINITY, f32::min);
                let high = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let width = if high - low > 0.0 { high - low } else { 1.0 };
                scores.iter().map(|s| (s - low) / width).collect()
            }
            Self::Spread => {
                let n = scores.len() as f64;
                let mean = scores.iter().map(|&s| f64::from(s)).sum::<f64>() / n;
                let spread = (scores.iter().map(|&s| (f64::from(s) - mean).powi(2)).sum::<f64>() / n).sqrt();
                let per = if spread > 1e-12 { 1.0 / spread } else { 0.0 };
                scores.iter().map(|&s| narrow((f64::from(s) - mean) * per).clamp(-FAR, FAR)).collect()
            }
        };
        let absent = match self {
            Self::Spread => values.iter().copied().fold(f32::INFINITY, f32::min),
            Self::Range | Self::Rank => 0.0,
        };
        (values, absent)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "scores are f32")]
pub(crate) fn narrow(x: f64) -> f32 {
    x as f32
}

/// All rows that any source offered, with what each says of them.
#[derive(Debug, Default)]
pub(crate) struct Offers {
    /// Ascending.
    pub(crate) rows: Vec<u32>,
    /// The union of the masks of the sources; empty when no source has any.
    pub(crate) sources: Vec<u64>,
    /// By ascending name of the port.
    pub(crate) ports: Vec<Offer>,
}

/// What one source says of all rows.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) port: String,
    /// Standardised.
    pub(crate) scores: Vec<f32>,
    /// From 0, and -1 where the source did not offer the row.
    pub(crate) ranks: Vec<f32>,
}

impl Offers {
    /// Merges what arrived, without rows that may not be in the answer.
    pub(crate) fn of(seen: &Observation, scale: Scale) -> Result<Self, Fault> {
        let mut inputs: Vec<(&str, &Candidates)> = Vec::with_capacity(seen.inputs.len());
        for input in &seen.inputs {
            inputs.push((&input.port, input.candidates()?));
        }
        inputs.sort_unstable_by_key(|input| input.0);
        if let Some(twice) = inputs.windows(2).find_map(|pair| match pair {
            [a, b] if a.0 == b.0 => Some(a.0),
            _ => None,
        }) {
            return Err(Fault::invalid_observation(format!(
                "two sources at port \"{twice}\": give each source a port of its own"
            )));
        }
        let mut rows: Vec<u32> = inputs.iter().flat_map(|(_, all)| all.rows.iter().copied()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|&row| seen.admits(row));
        let mut sources = vec![0; rows.len()];
        let mut ports = Vec::with_capacity(inputs.len());
        for (port, all) in inputs {
            let places = (0_u16..).map(f32::from);
            let order: Vec<f32> = places.take(all.len()).collect();
            let (standardised, absent) = scale.standardise(&all.scores, &order);
            let mut offer =
                Offer { port: port.to_owned(), scores: vec![absent; rows.len()], ranks: vec![-1.0; rows.len()] };
            for (place, (row, (score, rank))) in all.rows.iter().zip(standardised.iter().zip(&order)).enumerate() {
                let Ok(at) = rows.binary_search(row) else { continue };
                if let (Some(s), Some(r), Some(mask)) =
                    (offer.scores.get_mut(at), offer.ranks.get_mut(at), sources.get_mut(at))
                {
                    (*s, *r) = (*score, *rank);
                    *mask |= all.sources.get(place).copied().unwrap_or(0);
                }
            }
            ports.push(offer);
        }
        if sources.iter().all(|&mask| mask == 0) {
            sources.clear();
        }
        Ok(Self { rows, sources, ports })
    }
}
