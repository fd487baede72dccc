//! The order of the answer: fresh items raised, like ones apart, not too many of a kind.

use crate::settings::Settings;

/// A candidate in the order that came in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    pub(crate) score: f32,
    /// One bit a genre; 0 where unknown.
    pub(crate) genres: i64,
    /// Years since it came out; NaN where unknown.
    pub(crate) age: f32,
}

/// The places of `limit` items, best first. What a cap keeps back comes after everything else, so the answer is never
/// shorter for it.
pub(crate) fn order(items: &[Item], limit: usize, settings: &Settings) -> Vec<usize> {
    let scores = raised(items, settings);
    let limit = limit.min(items.len());
    let mut left: Vec<Left> =
        scores.iter().enumerate().map(|(place, &score)| Left { place, score, likeness: 0.0 }).collect();
    // Best first, ties as they came.
    left.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut counts = [0_usize; 64];
    let (mut picked, mut kept_back) = (Vec::with_capacity(limit), Vec::new());
    while picked.len() < limit && !left.is_empty() {
        let value = |one: &Left| (1.0 - settings.diversity) * one.score - settings.diversity * one.likeness;
        let mut best = 0;
        let mut best_value = f32::NEG_INFINITY;
        for (at, one) in left.iter().enumerate() {
            // What follows scores less, and likeness only takes away.
            if (1.0 - settings.diversity) * one.score <= best_value {
                break;
            }
            let value = value(one);
            if value > best_value {
                (best, best_value) = (at, value);
            }
        }
        let one = left.remove(best);
        let Some(item) = items.get(one.place) else { continue };
        if settings.genre_max > 0
            && genres(item.genres).any(|g| counts.get(g).is_some_and(|&n| n >= settings.genre_max))
        {
            kept_back.push(one.place);
            continue;
        }
        genres(item.genres).for_each(|g| counts.get_mut(g).into_iter().for_each(|n| *n += 1));
        picked.push(one.place);
        if settings.diversity > 0.0 {
            for other in &mut left {
                let like = items.get(other.place).map_or(0.0, |o| likeness(o.genres, item.genres));
                other.likeness = other.likeness.max(like);
            }
        }
    }
    let short = limit - picked.len();
    picked.extend(kept_back.into_iter().take(short));
    picked
}

struct Left {
    place: usize,
    score: f32,
    // To the likest of those picked.
    likeness: f32,
}

// Scores in standard deviations from the mean, so that weights mean the same whatever the scale of the ranker.
fn raised(items: &[Item], settings: &Settings) -> Vec<f32> {
    let n = items.len().max(1) as f64;
    let mean = items.iter().map(|item| f64::from(item.score)).sum::<f64>() / n;
    let spread = (items.iter().map(|item| (f64::from(item.score) - mean).powi(2)).sum::<f64>() / n).sqrt();
    let per = if spread > 1e-12 { 1.0 / spread } else { 0.0 };
    let one = |item: &Item| {
        #[expect(clippy::cast_possible_truncation, reason = "scores are f32")]
        let score = ((f64::from(item.score) - mean) * per) as f32;
        let fresh = if settings.freshness > 0.0 && item.age.is_finite() {
            0.5_f32.powf(item.age.max(0.0) / settings.freshness_half_life)
        } else {
            0.0
        };
        score + settings.freshness * fresh
    };
    items.iter().map(one).collect()
}

/// The share of genres that two items have in common (Jaccard).
#[expect(clippy::cast_precision_loss, reason = "at most 64")]
fn likeness(a: i64, b: i64) -> f32 {
    let either = (a | b).count_ones();
    if either == 0 { 0.0 } else { (a & b).count_ones() as f32 / either as f32 }
}

fn genres(bits: i64) -> impl Iterator<Item = usize> {
    (0..64).filter(move |genre| bits >> genre & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(all: &[(f32, i64, f32)]) -> Vec<Item> {
        all.iter().map(|&(score, genres, age)| Item { score, genres, age }).collect()
    }

    fn plain() -> Settings {
        Settings { diversity: 0.0, ..Settings::default() }
    }

    const ALL: [(f32, i64, f32); 4] = [(4.0, 0b01, 9.0), (3.9, 0b01, 9.0), (3.8, 0b10, 0.0), (1.0, 0, f32::NAN)];

    #[test]
    fn without_wishes_the_best_scores_come_first() {
        assert_eq!(order(&items(&ALL), 3, &plain()), [0, 1, 2]);
    }

    #[test]
    fn diversity_puts_something_else_between_likes() {
        assert_eq!(order(&items(&ALL), 4, &Settings { diversity: 0.3, ..plain() }), [0, 2, 1, 3]);
    }

    #[test]
    fn freshness_raises_what_is_new() {
        assert_eq!(order(&items(&ALL), 4, &Settings { freshness: 1.0, ..plain() })[0], 2);
    }

    #[test]
    fn a_cap_holds_while_anything_else_is_there_and_never_shortens_the_answer() {
        let capped = Settings { genre_max: 1, ..plain() };
        assert_eq!(order(&items(&ALL), 3, &capped), [0, 2, 3]);
        assert_eq!(order(&items(&ALL), 4, &capped), [0, 2, 3, 1]);
    }

    #[test]
    fn equal_scores_stay_as_they_came() {
        let same = items(&[(1.0, 0, 0.0); 5]);
        assert_eq!(order(&same, 5, &Settings { diversity: 0.5, ..plain() }), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn stopping_early_changes_nothing() {
        let many: Vec<(f32, i64, f32)> =
            (0..60_i64).map(|i| (((i * 37) % 60) as f32 / 7.0, 1 << (i % 5) | 1 << (i % 3), 0.0)).collect();
        let many = items(&many);
        let settings = Settings { diversity: 0.4, ..plain() };
        let scores = raised(&many, &settings);
        let mut picked: Vec<usize> = Vec::new();
        while picked.len() < 20 {
            let value = |i: usize| {
                let like = picked.iter().map(|&p| likeness(many[i].genres, many[p].genres)).fold(0.0, f32::max);
                0.6 * scores[i] - 0.4 * like
            };
            let mut left: Vec<usize> = (0..many.len()).filter(|i| !picked.contains(i)).collect();
            left.sort_by(|&a, &b| value(b).total_cmp(&value(a)).then(scores[b].total_cmp(&scores[a])));
            picked.push(left[0]);
        }
        assert_eq!(order(&many, 20, &settings), picked);
    }
}
