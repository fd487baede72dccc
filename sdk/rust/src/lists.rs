//! Lists of numbers laid end to end: who liked what as a sparse matrix of ones.

use crate::{NONE, Positive};

/// Lists of `u32`, laid end to end.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Lists {
    starts: Vec<u32>,
    values: Vec<u32>,
}

impl Lists {
    /// No lists.
    #[must_use]
    pub fn new() -> Self {
        Self { starts: vec![0], values: Vec::new() }
    }

    /// One list a known subject, of the places in `rows` (ascending) of what it liked, oldest first. Rows that are not
    /// in `rows` are left out, and so are subjects with nothing left. `positives` is ordered by subject.
    #[must_use]
    pub fn of_subjects(positives: &[Positive], rows: &[u32]) -> Self {
        let mut lists = Self::new();
        for of_one in positives.chunk_by(|a, b| a.subject == b.subject) {
            if of_one.first().is_none_or(|p| p.subject == NONE) {
                continue;
            }
            let before = lists.values.len();
            let places = of_one.iter().filter_map(|p| rows.binary_search(&p.row).ok());
            lists.values.extend(places.map(place));
            if lists.values.len() > before {
                lists.starts.push(place(lists.values.len()));
            }
        }
        lists
    }

    /// Appends a list.
    pub fn push(&mut self, list: impl IntoIterator<Item = u32>) {
        self.values.extend(list);
        self.starts.push(place(self.values.len()));
    }

    /// How many lists there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All values, end to end.
    #[must_use]
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// A list; empty when there is no such.
    #[must_use]
    pub fn get(&self, list: usize) -> &[u32] {
        match self.starts.get(list..list + 2) {
            Some(&[from, to]) => self.values.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The lists in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|pair| match pair {
            &[from, to] => self.values.get(from as usize..to as usize).unwrap_or_default(),
            _ => &[],
        })
    }

    /// One list for each value below `n`: which lists hold it, ascending.
    #[must_use]
    pub fn transposed(&self, n: usize) -> Self {
        let mut starts = vec![0_u32; n + 1];
        for &value in &self.values {
            if let Some(count) = starts.get_mut(value as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut values = vec![0; sum as usize];
        for (list, members) in self.iter().enumerate() {
            for &value in members {
                if let Some(at) = next.get_mut(value as usize)
                    && let Some(slot) = values.get_mut(*at as usize)
                {
                    *slot = place(list);
                    *at += 1;
                }
            }
        }
        Self { starts, values }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "4 billion events do not fit the memory of a guest")]
fn place(n: usize) -> u32 {
    n as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_twice_gives_the_lists_in_ascending_order() {
        let mut lists = Lists::new();
        lists.push([2, 0]);
        lists.push([]);
        lists.push([0, 1]);
        let columns = lists.transposed(3);
        assert_eq!(columns.iter().collect::<Vec<_>>(), [&[0, 2][..], &[2], &[0]]);
        assert_eq!(columns.transposed(3).iter().collect::<Vec<_>>(), [&[0, 2][..], &[], &[0, 1]]);
    }

    #[test]
    fn subjects_without_known_rows_and_strangers_are_left_out() {
        let p = |subject, row| Positive { subject, time: 0, row };
        let lists = Lists::of_subjects(&[p(0, 5), p(0, 9), p(1, 7), p(4, 9), p(NONE, 5)], &[5, 9]);
        assert_eq!(lists.iter().collect::<Vec<_>>(), [&[0, 1][..], &[1]]);
        assert_eq!(lists.get(1), [1]);
        assert!(lists.get(2).is_empty());
    }
}
