//! What the ranker knows of the rows of one request, as numbers.

use greenroom_sdk::Candidates;

use crate::facts::{Facts, Taste};
use crate::past::{Fading, Tape};
use crate::settings::Settings;

/// Features that are there whatever the sources, in their order. Each source adds "NAME.score" and "NAME.offered".
pub(crate) const FIXED: [&str; 7] = ["fused", "sequence", "genres", "recent genres", "popularity", "unreleased", "age"];

/// What is learned of items apart from weights.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) tape: Tape,
    /// What everybody likes.
    pub(crate) taste: Taste,
}

/// The rows of one request.
pub(crate) struct Request<'a> {
    pub(crate) rows: &'a [u32],
    pub(crate) fused: &'a [f32],
    /// In the order of the sources that features were asked for: scores, and ranks that are -1 where not offered.
    pub(crate) sources: Vec<(&'a [f32], &'a [f32])>,
    /// What the subject liked, oldest first, with times.
    pub(crate) history: &'a [(u32, i64)],
    pub(crate) now: i64,
}

// Weights of events further back are below a 180th of that of the latest.
const HALF_LIVES: f64 = 7.5;
const MS_A_YEAR: f64 = 365.25 * 86_400_000.0;

/// The features of a request, row by row.
pub(crate) fn features(
    of: &Request<'_>,
    world: &mut World,
    facts: &mut Facts,
    settings: &Settings,
    fading: &Fading,
) -> Vec<f32> {
    let n = of.rows.len();
    let asked: Vec<u32> =
        of.rows.iter().copied().chain(latest(of.history, settings.genre_half_life).map(|(row, _)| row)).collect();
    let known = facts.of(&asked);
    let (genres, liked_genres) = known.genres.split_at_checked(n).unwrap_or_default();
    let years = known.years.get(..n).unwrap_or_default();
    let taste = |half_life: f64| {
        let liked = liked_genres.iter().copied().zip(latest(of.history, half_life).map(|(_, weight)| weight));
        Taste::of(liked).beyond(&world.taste)
    };
    let (taste, recent_taste) =
        (taste(settings.genre_half_life), taste(settings.recent_genre_half_life.min(settings.genre_half_life)));
    let history: Vec<(u32, f32)> = latest(of.history, settings.sequence_half_life).collect();
    let sequence = spread(&world.tape.affinities(&history, of.rows, fading));
    let fused = spread(of.fused);
    let ages = ages(years, of.now);
    let mut all = Vec::with_capacity(n * (FIXED.len() + 2 * of.sources.len()));
    for (place, &row) in of.rows.iter().enumerate() {
        let at = |column: &[f32]| column.get(place).copied().unwrap_or(0.0);
        let genres = genres.get(place).copied().unwrap_or(0);
        let (unreleased, age) = ages.get(place).copied().unwrap_or_default();
        all.extend([
            at(&fused),
            at(&sequence),
            taste.likes(genres),
            recent_taste.likes(genres),
            world.tape.popularity(row),
            unreleased,
            age,
        ]);
        for (scores, ranks) in &of.sources {
            let offered = ranks.get(place).is_some_and(|rank| *rank >= 0.0);
            all.extend([at(scores), if offered { 1.0 } else { 0.0 }]);
        }
    }
    all
}

// The latest rows of a history, the very latest first, and what each weighs.
fn latest(history: &[(u32, i64)], half_life: f64) -> impl Iterator<Item = (u32, f32)> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
    let n = (half_life * HALF_LIVES).ceil() as usize;
    let fading = 0.5_f64.powf(1.0 / half_life);
    let mut weight = 1.0;
    history.iter().rev().take(n).map(move |&(row, _)| {
        let of_this = weight;
        weight *= fading;
        #[expect(clippy::cast_possible_truncation, reason = "a weight in [0, 1]")]
        (row, of_this as f32)
    })
}

// Standard deviations from the mean; 0 for all when they are the same.
fn spread(values: &[f32]) -> Vec<f32> {
    let n = values.len().max(1) as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let spread = (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt();
    let per = if spread > 1e-12 { 1.0 / spread } else { 0.0 };
    #[expect(clippy::cast_possible_truncation, reason = "features are f32")]
    values.iter().map(|&v| ((f64::from(v) - mean) * per) as f32).collect()
}

// Whether an item came out after `now`, and the logarithm of years since. An item of unknown year is as old as others.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "years")]
fn ages(years: &[f32], now: i64) -> Vec<(f32, f32)> {
    let this_year = (1970.0 + now as f64 / MS_A_YEAR) as f32;
    let age = |year: f32| (this_year - year).clamp(0.0, 1000.0).ln_1p();
    let known = || years.iter().copied().filter(|year| year.is_finite());
    let mean = known().map(age).sum::<f32>() / known().count().max(1) as f32;
    let of = |&year: &f32| match year.is_finite() {
        true => (if year > this_year { 1.0 } else { 0.0 }, age(year)),
        false => (0.0, mean),
    };
    years.iter().map(of).collect()
}

/// The columns that fusion puts beside rows: the names of sources, in order.
pub(crate) fn sources_of<'a>(columns: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = columns.filter_map(|name| name.strip_suffix(".score")).map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// A source's scores and ranks among candidates; empty where it has none.
pub(crate) fn columns_of<'a>(all: &'a Candidates, source: &str) -> (&'a [f32], &'a [f32]) {
    let column = |what: &str| all.f32s(&format!("{source}.{what}")).unwrap_or_default();
    (column("score"), column("rank"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_event_weighs_one_and_a_half_life_back_a_half() {
        let history: Vec<(u32, i64)> = (0..100).map(|i| (i, 0)).collect();
        let all: Vec<(u32, f32)> = latest(&history, 2.0).collect();
        assert_eq!((all[0], all.len()), ((99, 1.0), 15));
        assert!((all[2].1 - 0.5).abs() < 1e-6);
    }

    #[test]
    fn equal_values_do_not_stand_out() {
        assert_eq!(spread(&[3.0, 3.0]), [0.0, 0.0]);
        assert_eq!(spread(&[1.0, 3.0]), [-1.0, 1.0]);
        assert!(spread(&[]).is_empty());
    }

    #[test]
    fn an_item_of_unknown_year_is_neither_new_nor_old() {
        let now = (30.5 * MS_A_YEAR) as i64;
        let all = ages(&[2001.0, 1990.5, f32::NAN], now);
        assert_eq!(all[0], (1.0, 0.0));
        assert_eq!(all[2].0, 0.0);
        assert!(all[2].1 > all[0].1 && all[2].1 < all[1].1);
    }
}
