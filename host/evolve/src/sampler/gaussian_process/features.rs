//! What the model sees of a point.

use crate::Space;

/// How many values a whole number has at the most for its values to be told apart as if they had no order, too. Small
/// whole numbers are often codes.
const CODES: u128 = 8;

/// Coordinates by which points are near to each other: those that count by their distance come first, then those that
/// are the same or not.
#[derive(Debug)]
pub(super) struct Features {
    pub(super) distant: Vec<usize>,
    pub(super) exact: Vec<usize>,
}

impl Features {
    pub(super) fn of(space: &Space) -> Self {
        let (mut distant, mut exact) = (Vec::new(), Vec::new());
        for (place, dimension) in space.dimensions().iter().enumerate() {
            let count = dimension.domain.count();
            if count == Some(1) {
                continue;
            }
            if dimension.domain.ordered() && count != Some(2) {
                distant.push(place);
            }
            if !dimension.domain.ordered() || count.is_some_and(|count| count <= CODES) {
                exact.push(place);
            }
        }
        Self { distant, exact }
    }

    /// The places of the dimensions, those that count by distance first.
    pub(super) fn places(&self) -> impl Iterator<Item = usize> {
        self.distant.iter().chain(&self.exact).copied()
    }

    pub(super) fn count(&self) -> usize {
        self.distant.len() + self.exact.len()
    }

    /// What does not matter at a point is in the middle, and unlike any value.
    pub(super) fn at(&self, units: &[Option<f64>]) -> Vec<f64> {
        let unit = |place: &usize| units.get(*place).copied().flatten();
        let distant = self.distant.iter().map(|place| unit(place).unwrap_or(0.5));
        distant.chain(self.exact.iter().map(|place| unit(place).unwrap_or(-1.0))).collect()
    }
}
