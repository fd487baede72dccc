//! Showing now and then what would not have been shown, with known probabilities, so that one can learn from it.
//!
//! Each of the last places of the answer, as many as there are rows in reserve, shows with probability epsilon a row of
//! the reserve instead, drawn evenly and never twice. The marginal probabilities are exact: a greedy row stands where it
//! stands with 1 - epsilon, and by symmetry each of m rows in reserve stands at each such place with epsilon / m.

use greenroom_sdk::{PolicyKind, PolicyRecord};

/// An answer, and how it was drawn.
#[derive(Debug, PartialEq)]
pub(crate) struct Draw {
    pub(crate) places: Vec<usize>,
    pub(crate) record: PolicyRecord,
}

/// Draws an answer of the length of `greedy`. `reserve` is what else could be shown.
#[expect(clippy::cast_precision_loss, reason = "a few hundred rows")]
pub(crate) fn draw(greedy: &[usize], reserve: &[usize], epsilon: f64, seed: u64) -> Draw {
    let mut random = Random(seed);
    let mut pool = reserve.to_vec();
    let safe = greedy.len().saturating_sub(reserve.len());
    let each = epsilon / reserve.len().max(1) as f64;
    let (mut places, mut propensities) = (Vec::with_capacity(greedy.len()), Vec::with_capacity(greedy.len()));
    let (mut log_probability, mut explored) = (0.0, false);
    for (position, &place) in greedy.iter().enumerate() {
        let (shown, propensity) = if position < safe {
            (place, 1.0)
        } else if random.unit() >= epsilon {
            log_probability += (-epsilon).ln_1p();
            (place, 1.0 - epsilon)
        } else {
            let left = pool.len();
            log_probability += (epsilon / left as f64).ln();
            explored = true;
            (pool.swap_remove(random.below(left)), each)
        };
        places.push(shown);
        #[expect(clippy::cast_possible_truncation, reason = "a probability")]
        propensities.push(propensity as f32);
    }
    let kind = PolicyKind::EpsilonGreedy;
    Draw { places, record: PolicyRecord { kind, propensities, log_probability, explored, sampler_seed: seed } }
}

// SplitMix64 (Steele, Lea and Flood 2014): good enough to draw places with, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    // In [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    // The bias of a product with 64 random bits is far below what anyone could measure.
    #[expect(clippy::cast_possible_truncation, reason = "below n")]
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREEDY: [usize; 3] = [0, 1, 2];
    const RESERVE: [usize; 4] = [3, 4, 5, 6];

    #[test]
    fn rows_stand_where_they_stand_as_often_as_is_said() {
        const DRAWS: u64 = 60_000;
        let mut counts = [[0_u32; 7]; 3];
        for seed in 0..DRAWS {
            for (position, &place) in draw(&GREEDY, &RESERVE, 0.2, seed).places.iter().enumerate() {
                counts[position][place] += 1;
            }
        }
        for (position, counts) in counts.iter().enumerate() {
            for (place, &count) in counts.iter().enumerate() {
                let said = if place == position {
                    0.8
                } else if place > 2 {
                    0.05
                } else {
                    0.0
                };
                let share = f64::from(count) / DRAWS as f64;
                assert!((share - said).abs() < 0.006, "{place} at {position}: {share}, not {said}");
            }
        }
    }

    #[test]
    fn what_is_said_of_a_draw_is_what_was_drawn() {
        for seed in 0..200 {
            let Draw { places, record } = draw(&GREEDY, &RESERVE, 0.3, seed);
            let mut left = 4.0;
            let mut log = 0.0;
            for (position, (&place, &p)) in places.iter().zip(&record.propensities).enumerate() {
                if place == position {
                    log += 0.7_f64.ln();
                    assert!((p - 0.7).abs() < 1e-6);
                } else {
                    log += (0.3_f64 / left).ln();
                    left -= 1.0;
                    assert!((p - 0.075).abs() < 1e-6);
                }
            }
            assert!((record.log_probability - log).abs() < 1e-12);
            assert_eq!(record.explored, places != GREEDY);
            let mut once = places.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), places.len());
        }
    }

    #[test]
    fn a_small_reserve_leaves_the_first_places_alone() {
        for seed in 0..50 {
            let Draw { places, record } = draw(&GREEDY, &[9], 1.0, seed);
            assert_eq!(places, [0, 1, 9]);
            assert_eq!(record.propensities, [1.0, 1.0, 1.0]);
        }
        assert_eq!(draw(&GREEDY, &[], 1.0, 7).places, GREEDY);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        assert_eq!(draw(&GREEDY, &RESERVE, 0.5, 42), draw(&GREEDY, &RESERVE, 0.5, 42));
        assert!((0..50).any(|seed| draw(&GREEDY, &RESERVE, 0.5, seed).record.explored));
    }
}
