//! The groups that figures are broken down by.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Split;

/// A group of subjects, by how much is known of them, or of items, by how popular they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Segment {
    /// Subjects without train rows.
    New,
    /// Subjects with few.
    Cold,
    /// Subjects with some.
    Light,
    /// Subjects with many.
    Heavy,
    /// Items: the most popular ones that make up half of the train rows.
    Head,
    /// Items: all others.
    Tail,
}

impl Segment {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::New, Self::Cold, Self::Light, Self::Heavy, Self::Head, Self::Tail];

    /// As in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Cold => "cold",
            Self::Light => "light",
            Self::Heavy => "heavy",
            Self::Head => "head",
            Self::Tail => "tail",
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the segments of subjects end, in train rows of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// The most that a cold subject has.
    pub cold_max: usize,
    /// The most that a light subject has.
    pub light_max: usize,
}

impl Thresholds {
    /// The segment of a subject with so many train rows.
    #[must_use]
    pub fn segment(&self, rows: usize) -> Segment {
        match rows {
            0 => Segment::New,
            rows if rows <= self.cold_max => Segment::Cold,
            rows if rows <= self.light_max => Segment::Light,
            _ => Segment::Heavy,
        }
    }
}

/// How often each number up to `count` occurs.
pub(super) fn counts(count: usize, numbers: &[u32]) -> Vec<usize> {
    let mut counts = vec![0; count];
    for number in numbers {
        if let Some(count) = counts.get_mut(*number as usize) {
            *count += 1;
        }
    }
    counts
}

/// Whether each item is in the head: the smallest set of the most popular items that has half of the train rows. Of items
/// as popular, the smaller id comes first.
pub(super) fn head(split: &Split, item_counts: &[usize]) -> Vec<bool> {
    let mut order: Vec<(usize, usize)> = item_counts.iter().copied().enumerate().collect();
    order.sort_by_key(|(item, count)| (std::cmp::Reverse(*count), *item));
    let mut head = vec![false; item_counts.len()];
    let mut covered = 0;
    for (item, count) in order {
        if covered * 2 >= split.train.len() {
            break;
        }
        covered += count;
        if let Some(head) = head.get_mut(item) {
            *head = true;
        }
    }
    head
}
