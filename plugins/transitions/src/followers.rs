//! What follows on what.

#![expect(clippy::indexing_slicing, reason = "places come from the lists that the vectors were made for")]

use greenroom_sdk::{Lists, NONE, Neighbours, Positive};

/// After how many times `reach` nothing follows any more: a sixteenth is left there.
const REACHES: f64 = 4.0;

/// What counts as following, and for how much.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Following {
    /// Likes of the subject between two after which they count half.
    pub(crate) reach: f64,
    /// What one counts that came before, where one that came after counts 1.
    pub(crate) backwards: f64,
    /// How many likes of an item speak against what follows on it by chance.
    pub(crate) shrink: f64,
    /// The power of a follower's number of likes that it is divided by.
    pub(crate) discount: f64,
    /// How many followers of each item are kept.
    pub(crate) kept: usize,
}

impl Following {
    /// What two likes count that are 1, 2, ... apart.
    fn by_distance(&self) -> Vec<f64> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few hundred at most")]
        let window = (self.reach * REACHES).ceil() as u32;
        (0..window.max(1)).map(|between| 0.5_f64.powf(f64::from(between) / self.reach)).collect()
    }

    /// What a like counts for another one of its subject, by when they were. Likes of one time have no order: each half
    /// follows on the other.
    fn direction(&self, from: i64, to: i64) -> f64 {
        match from.cmp(&to) {
            std::cmp::Ordering::Less => 1.0,
            std::cmp::Ordering::Equal => f64::midpoint(1.0, self.backwards),
            std::cmp::Ordering::Greater => self.backwards,
        }
    }
}

/// A like on the way of a subject.
#[derive(Debug, Clone, Copy)]
struct Step {
    subject: u32,
    time: i64,
    item: u32,
}

/// Of each item of `rows` (ascending) what follows on it, given who liked what, ordered by subject, time and row; and how
/// many likes that was learned from. Strangers' likes follow on nothing.
///
/// The weight of j after i is the sum of all pairs of i and j, by distance and direction, divided by how often i was liked
/// and `shrink`, and by how often j was liked to the power of `discount`.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "counts, places and weights")]
pub(crate) fn followers(positives: &[Positive], rows: &[u32], following: Following) -> (Neighbours, usize) {
    let mut steps = Vec::with_capacity(positives.len());
    let mut items = Lists::new();
    for p in positives.iter().filter(|p| p.subject != NONE) {
        let Ok(item) = rows.binary_search(&p.row) else { continue };
        steps.push(Step { subject: p.subject, time: p.time, item: item as u32 });
        items.push([item as u32]);
    }
    let visits = items.transposed(rows.len());
    let weights = following.by_distance();
    let likes: Vec<f64> = visits.iter().map(|of_item| of_item.len() as f64).collect();
    let discounts: Vec<f64> = likes.iter().map(|n| n.max(1.0).powf(-following.discount)).collect();

    let mut found = Neighbours::default();
    let mut sums = vec![0.0_f64; rows.len()];
    let mut touched: Vec<u32> = Vec::new();
    let mut near: Vec<(f32, u32)> = Vec::new();
    for (item, of_item) in visits.iter().enumerate() {
        for &visit in of_item {
            let here = steps[visit as usize];
            let of_subject = |step: &&Step| step.subject == here.subject;
            let before = steps[..visit as usize].iter().rev().take_while(of_subject).zip(&weights);
            let after = steps[visit as usize + 1..].iter().take_while(of_subject).zip(&weights);
            for (other, weight) in before.chain(after) {
                let weight = weight * following.direction(here.time, other.time);
                let sum = &mut sums[other.item as usize];
                if *sum == 0.0 && weight > 0.0 {
                    touched.push(other.item);
                }
                *sum += weight;
            }
        }
        near.clear();
        for other in touched.drain(..) {
            let sum = std::mem::take(&mut sums[other as usize]);
            let weight = sum * discounts[other as usize] / (likes[item] + following.shrink);
            near.push((weight as f32, other));
        }
        found.push(&mut near, following.kept);
    }
    (found, steps.len())
}
