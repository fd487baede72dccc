//! The best of many scores, under what an observation excludes and allows.
//!
//! An agent that scores everything it knows would otherwise sort thousands of pairs to answer with two hundred. The buffer
//! is kept between calls, so that a decision allocates its answer and nothing else.

use crate::{Candidates, Observation};

/// Scores that are looked at in a turn.
const TURN: usize = 16;

/// Picks the best rows of dense scores.
#[derive(Debug, Default, Clone)]
pub struct Shortlist {
    // Score and row in one number that orders as they do: by ascending score, ties by descending row.
    keys: Vec<u64>,
}

impl Shortlist {
    /// The best `seen.limit` of `rows` (ascending), whose scores stand beside them: by descending score, ties by
    /// ascending row. Only finite scores above `floor` count. Overwrites scores of excluded rows.
    pub fn pick(&mut self, rows: &[u32], scores: &mut [f32], floor: f32, seen: &Observation) -> Candidates {
        self.keys.clear();
        let limit = (seen.limit as usize).min(rows.len());
        if limit == 0 {
            return Candidates::default();
        }
        for excluded in &seen.excluded {
            if let Ok(place) = rows.binary_search(excluded)
                && let Some(score) = scores.get_mut(place)
            {
                *score = f32::NEG_INFINITY;
            }
        }
        let mut bar = floor;
        match &seen.allowed {
            None => {
                // Once the bar is high, most turns find nothing above it and end there.
                let ((all_rows, rest_rows), (all, rest)) = (rows.as_chunks::<TURN>(), scores.as_chunks::<TURN>());
                for (rows, scores) in all_rows.iter().zip(all) {
                    if scores.iter().fold(false, |any, score| any | (*score > bar)) {
                        for (&row, &score) in rows.iter().zip(scores) {
                            self.offer(row, score, limit, &mut bar);
                        }
                    }
                }
                for (&row, &score) in rest_rows.iter().zip(rest) {
                    self.offer(row, score, limit, &mut bar);
                }
            }
            Some(allowed) => {
                for &row in allowed {
                    if let Ok(place) = rows.binary_search(&row)
                        && let Some(&score) = scores.get(place)
                    {
                        self.offer(row, score, limit, &mut bar);
                    }
                }
            }
        }
        self.keep(limit);
        self.keys.sort_unstable_by(|a, b| b.cmp(a));
        Candidates::new(
            self.keys.iter().map(|&k| row_of(k)).collect(),
            self.keys.iter().map(|&k| score_of(k)).collect(),
        )
    }

    // Rows come in ascending order, so one that only equals the worst of a full list loses the tie.
    #[inline]
    fn offer(&mut self, row: u32, score: f32, limit: usize, bar: &mut f32) {
        if score > *bar && score < f32::INFINITY {
            self.keys.push(key(score, row));
            if self.keys.len() >= 2 * limit + 64 {
                self.keep(limit);
                *bar = self.keys.iter().min().map_or(*bar, |&worst| score_of(worst));
            }
        }
    }

    fn keep(&mut self, limit: usize) {
        if self.keys.len() > limit {
            self.keys.select_nth_unstable_by(limit - 1, |a, b| b.cmp(a));
            self.keys.truncate(limit);
        }
    }
}

const SIGN: u32 = 1 << 31;

fn key(score: f32, row: u32) -> u64 {
    // Adding 0 makes one zero of the two.
    let bits = (score + 0.0).to_bits();
    let ordered = if bits & SIGN == 0 { bits | SIGN } else { !bits };
    u64::from(ordered) << 32 | u64::from(!row)
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is the row")]
fn row_of(key: u64) -> u32 {
    !(key as u32)
}

fn score_of(key: u64) -> f32 {
    let ordered = (key >> 32) as u32;
    f32::from_bits(if ordered & SIGN == 0 { !ordered } else { ordered & !SIGN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::native;

    fn pick(scores: &[f32], floor: f32, change: impl Fn(&mut Observation)) -> Vec<(u32, f32)> {
        let rows: Vec<u32> = (0..scores.len() as u32).map(|i| i * 2).collect();
        let mut seen = native::observe(3, &[]);
        change(&mut seen);
        let best = Shortlist::default().pick(&rows, &mut scores.to_vec(), floor, &seen);
        best.rows.into_iter().zip(best.scores).collect()
    }

    #[test]
    fn the_best_come_first_and_ties_go_to_the_smaller_row() {
        let best = pick(&[-1.0, 2.0, 0.5, 2.0, -3.0], f32::NEG_INFINITY, |_| {});
        assert_eq!(best, [(2, 2.0), (6, 2.0), (4, 0.5)]);
    }

    #[test]
    fn excluded_rows_are_left_out_and_only_allowed_ones_are_in() {
        let scores = [5.0, 4.0, 3.0, 2.0, 1.0];
        assert_eq!(pick(&scores, 0.0, |s| s.excluded = vec![0, 1, 4]), [(2, 4.0), (6, 2.0), (8, 1.0)]);
        assert_eq!(pick(&scores, 0.0, |s| s.allowed = Some(vec![3, 6, 8])), [(6, 2.0), (8, 1.0)]);
    }

    #[test]
    fn what_is_not_finite_or_not_above_the_floor_is_left_out() {
        let scores = [f32::NAN, f32::INFINITY, 0.0, 0.1, f32::NEG_INFINITY];
        assert_eq!(pick(&scores, 0.0, |_| {}), [(6, 0.1)]);
        assert_eq!(pick(&scores, f32::NEG_INFINITY, |_| {}), [(6, 0.1), (4, 0.0)]);
    }

    #[test]
    fn a_long_list_is_cut_as_a_sort_would_cut_it() {
        let scores: Vec<f32> = (0..5000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 20) as f32 - 2000.0).collect();
        let mut sorted: Vec<(u32, f32)> = scores.iter().enumerate().map(|(i, &s)| (i as u32 * 2, s)).collect();
        sorted.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        sorted.truncate(100);
        assert_eq!(pick(&scores, f32::NEG_INFINITY, |s| s.limit = 100), sorted);
    }
}
