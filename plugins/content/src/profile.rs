//! A subject in the terms of item facts.

use crate::facts::{Facts, Item};

/// What each part of a score weighs beside genres, which weigh 1.
#[derive(Debug, Default, Clone)]
pub(crate) struct Weights {
    pub(crate) year: f32,
    pub(crate) year_scale: f32,
    pub(crate) popularity: f32,
}

const GENRES: usize = 64;
const FIRST_YEAR: u32 = 1000;
const YEARS: usize = 2001;

/// How well each set of genres and each year fits the subject.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    // Per genre, the logarithm of how many items there are for one that has it.
    rarity: Vec<f32>,
    // Per set of genres, the length of its vector of rarities.
    lengths: Vec<f32>,
    newest: u32,
    of_set: Vec<f32>,
    of_year: Vec<f32>,
}

impl Profile {
    /// Of nobody yet, over these facts.
    pub(crate) fn over(facts: &Facts) -> Self {
        let rarity = rarity(facts);
        let length = |&bits: &i64| genres(bits).filter_map(|g| rarity.get(g)).map(|x| x * x).sum::<f32>().sqrt();
        let lengths = facts.sets().iter().map(length).collect();
        let newest = facts.items().filter_map(|item| item.year).max().unwrap_or(0);
        Self { rarity, lengths, newest, ..Self::default() }
    }

    /// Prepares for a subject with this history of rows with their weights. Without one, what is new fits best.
    pub(crate) fn become_that_of(&mut self, history: &[(u32, f32)], facts: &Facts, weights: &Weights) {
        let mut liked = [0.0_f32; GENRES];
        let mut years: Vec<(u32, f32)> = Vec::new();
        for &(row, weight) in history {
            let Some(item) = facts.item(row) else { continue };
            years.extend(item.year.map(|year| (year, weight)));
            let (Some(&bits), Some(&length)) = (facts.sets().get(item.set), self.lengths.get(item.set)) else {
                continue;
            };
            for genre in genres(bits) {
                if let (Some(sum), Some(rarity)) = (liked.get_mut(genre), self.rarity.get(genre)) {
                    *sum += weight * rarity / length;
                }
            }
        }
        let length = liked.iter().map(|x| x * x).sum::<f32>().sqrt();
        // What a set's vector is multiplied with, both of length 1 in the end.
        let ahead: Vec<f32> =
            liked.iter().zip(&self.rarity).map(|(x, r)| x * r / length.max(f32::MIN_POSITIVE)).collect();
        let cosine = |(&bits, length): (&i64, &f32)| {
            let product: f32 = genres(bits).filter_map(|genre| ahead.get(genre)).sum();
            if *length > 0.0 { product / length } else { 0.0 }
        };
        self.of_set.clear();
        self.of_set.extend(facts.sets().iter().zip(&self.lengths).map(cosine));
        if years.is_empty() && length == 0.0 {
            years.push((self.newest, 1.0));
        }
        self.spread(&years, weights.year_scale);
    }

    // Each liked year makes those around it likely, less so as they get further away: two sweeps of a decaying sum.
    fn spread(&mut self, years: &[(u32, f32)], scale: f32) {
        self.of_year.clear();
        self.of_year.resize(YEARS, 0.0);
        let total: f32 = years.iter().map(|y| y.1).sum();
        if total <= 0.0 {
            return;
        }
        let mut liked = vec![0.0_f32; YEARS];
        for &(year, weight) in years {
            if let Some(slot) = liked.get_mut(place(year)) {
                *slot += weight / total;
            }
        }
        let decay = (-1.0 / scale.max(1e-3)).exp();
        let mut before = 0.0;
        for (score, here) in self.of_year.iter_mut().zip(&liked) {
            before = before * decay + here;
            *score = before;
        }
        let mut after = 0.0;
        for (score, here) in self.of_year.iter_mut().zip(&liked).rev() {
            *score += after;
            after = (after + here) * decay;
        }
        if let Some(unknown) = self.of_year.first_mut() {
            *unknown = 0.0;
        }
    }

    /// How well each item fits; `priors` is what it has before.
    pub(crate) fn scores(&self, facts: &Facts, priors: &[f32], weights: &Weights, scores: &mut Vec<f32>) {
        const TURN: usize = 8;
        let (sets, years) = facts.columns();
        let score = |set: u32, year: u32, prior: f32| {
            let genres = self.of_set.get(set as usize).copied().unwrap_or(0.0);
            let year = self.of_year.get(place(year)).copied().unwrap_or(0.0);
            genres + weights.year * year + weights.popularity * prior
        };
        scores.clear();
        let ((sets, rest_sets), (years, rest_years)) = (sets.as_chunks::<TURN>(), years.as_chunks::<TURN>());
        let (priors, rest) = priors.as_chunks::<TURN>();
        for ((sets, years), priors) in sets.iter().zip(years).zip(priors) {
            let mut of_these = [0.0; TURN];
            for (((to, set), year), prior) in of_these.iter_mut().zip(sets).zip(years).zip(priors) {
                *to = score(*set, *year, *prior);
            }
            scores.extend_from_slice(&of_these);
        }
        scores
            .extend(rest_sets.iter().zip(rest_years).zip(rest).map(|((set, year), prior)| score(*set, *year, *prior)));
    }

    /// The popularity of each item that anything is known of; NaN, which no score survives, for the others.
    pub(crate) fn priors(&self, facts: &Facts, popularity: &[f32]) -> Vec<f32> {
        let known = |item: &Item| item.year.is_some() || self.lengths.get(item.set).is_some_and(|&length| length > 0.0);
        facts.items().zip(popularity).map(|(item, &share)| if known(&item) { share } else { f32::NAN }).collect()
    }
}

// Years stand after a place for the unknown one, which nothing is ever added to.
fn place(year: u32) -> usize {
    (year + 1).saturating_sub(FIRST_YEAR) as usize
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "counts and weights")]
fn rarity(facts: &Facts) -> Vec<f32> {
    let mut items = [0_u32; GENRES];
    for item in facts.items() {
        for genre in genres(facts.sets().get(item.set).copied().unwrap_or(0)) {
            if let Some(count) = items.get_mut(genre) {
                *count += 1;
            }
        }
    }
    // A genre of all items still counts a little: it is better to have it in common than not.
    let of = |&items: &u32| ((1.0 + facts.len() as f64) / (1.0 + f64::from(items))).ln().max(1e-3) as f32;
    items.iter().map(of).collect()
}

// The places of the bits that are set.
fn genres(bits: i64) -> impl Iterator<Item = usize> {
    let mut left = bits.cast_unsigned();
    std::iter::from_fn(move || {
        let lowest = left.trailing_zeros();
        left &= left.wrapping_sub(1);
        (lowest < u64::BITS).then_some(lowest as usize)
    })
}
