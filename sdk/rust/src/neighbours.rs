//! Of each item those that go with it best, as agents keep them that go from item to item.

use crate::{Fault, StateReader, StateWriter};

/// Of each item some others, the best first, each with a weight. Items are places in a list that the agent has.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Neighbours {
    starts: Vec<u32>,
    items: Vec<u32>,
    weights: Vec<f32>,
}

impl Neighbours {
    /// The neighbours of an item and their weights, which are as many; none of an item that there is not.
    #[must_use]
    pub fn of(&self, item: usize) -> (&[u32], &[f32]) {
        let range = match self.starts.get(item..item + 2) {
            Some(&[from, to]) => from as usize..to as usize,
            _ => 0..0,
        };
        (self.items.get(range.clone()).unwrap_or_default(), self.weights.get(range).unwrap_or_default())
    }

    /// Appends the `most` best of those that are `near` the next item, each a weight and an item: by descending weight, ties by
    /// ascending item.
    pub fn push(&mut self, near: &mut Vec<(f32, u32)>, most: usize) {
        let order = |a: &(f32, u32), b: &(f32, u32)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        if near.len() > most {
            near.select_nth_unstable_by(most, order);
            near.truncate(most);
        }
        near.sort_unstable_by(order);
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.items.extend(near.iter().map(|x| x.1));
        self.weights.extend(near.iter().map(|x| x.0));
        #[expect(clippy::cast_possible_truncation, reason = "4 billion neighbours do not fit the memory of a guest")]
        self.starts.push(self.items.len() as u32);
    }

    /// Writes all of them.
    pub fn write(&self, writer: &mut StateWriter) {
        writer.u32s(&self.starts);
        writer.u32s(&self.items);
        writer.f32s(&self.weights);
    }

    /// Reads what was written. [`Self::are_of`] says whether it makes sense.
    ///
    /// # Errors
    /// `InvalidState` when the bytes are not that.
    pub fn read(reader: &mut StateReader<'_>) -> Result<Self, Fault> {
        Ok(Self { starts: reader.u32s()?, items: reader.u32s()?, weights: reader.f32s()? })
    }

    /// Whether these are the neighbours of so many items.
    #[must_use]
    pub fn are_of(&self, items: usize) -> bool {
        let ends = (self.starts.first().copied().unwrap_or(0), self.starts.last().copied().unwrap_or(0) as usize);
        let starts = self.starts.len() == items + 1 || (items == 0 && self.starts.is_empty());
        starts && self.starts.is_sorted() && ends == (0, self.items.len()) && self.items.len() == self.weights.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Neighbours {
        let mut two = Neighbours::default();
        two.push(&mut vec![(0.5, 7), (2.0, 9), (0.5, 3), (0.25, 1)], 3);
        two.push(&mut vec![(1.0, 4)], 3);
        two
    }

    #[test]
    fn the_best_are_kept_and_ties_go_to_the_smaller_item() {
        assert_eq!(two().of(0), (&[9, 3, 7][..], &[2.0, 0.5, 0.5][..]));
        assert_eq!(two().of(1), (&[4][..], &[1.0][..]));
        assert_eq!(two().of(2), (&[][..], &[][..]));
    }

    #[test]
    fn what_was_read_are_the_neighbours_of_as_many_items() {
        let mut writer = StateWriter::default();
        two().write(&mut writer);
        let state = writer.finish("neighbours");
        let mut reader = StateReader::new(&state);
        let back = Neighbours::read(&mut reader).unwrap();
        assert_eq!(back, two());
        assert!(back.are_of(2) && !back.are_of(1) && !back.are_of(3));
        assert!(Neighbours::default().are_of(0));
    }

    #[test]
    fn lists_that_end_elsewhere_than_the_items_are_of_nothing() {
        for starts in [vec![0, 3, 5], vec![0, 4, 3], vec![1, 3, 4]] {
            assert!(!Neighbours { starts, ..two() }.are_of(2));
        }
    }
}
