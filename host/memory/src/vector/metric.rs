//! How far apart vectors are, and where they lie so that one distance serves all metrics.

use greenroom_model::{VectorMetric, VectorSpace};

use super::VectorError;

/// The Euclidean length of a vector, so that distances are finite.
pub const LENGTH_MAX: f64 = 1e18;

/// Numbers that are worked on at once; the compiler makes vector instructions of it.
const LANES: usize = 16;

/// The square of the Euclidean distance.
pub(crate) fn squared(one: &[f32], other: &[f32]) -> f32 {
    sum(one, other, |a, b| (a - b) * (a - b))
}

pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    sum(one, other, |a, b| a * b)
}

#[inline(always)]
fn sum(one: &[f32], other: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    let ((ones, one), (others, other)) = (one.as_chunks::<LANES>(), other.as_chunks::<LANES>());
    let mut sums = [0.0_f32; LANES];
    for (ones, others) in ones.iter().zip(others) {
        for (sum, (a, b)) in sums.iter_mut().zip(ones.iter().zip(others)) {
            *sum += of(*a, *b);
        }
    }
    let rest: f32 = one.iter().zip(other).map(|(a, b)| of(*a, *b)).sum();
    sums.iter().sum::<f32>() + rest
}

/// Where its vectors lie.
pub(crate) trait Geometry {
    /// The length of a vector that may be put or asked for.
    fn check(&self, vector: &[f32]) -> Result<f64, VectorError>;
    /// Numbers of a place.
    fn stride(&self) -> usize;
    /// Where a vector lies: the nearest by the metric are the nearest there by [`squared`]. For the dot product it is lifted to the
    /// sphere whose radius is `reach` (Bachrach and others, 2014), for the cosine it is brought to length 1.
    fn place(&self, vector: &[f32], length: f64, reach: f64) -> Vec<f32>;
    /// Where the one lies to which the nearest are wanted.
    fn query(&self, vector: &[f32], length: f64) -> Vec<f32>;
    /// How far a place is from a query's.
    fn distance(&self, query: &[f32], place: &[f32]) -> f32;
}

impl Geometry for VectorSpace {
    fn check(&self, vector: &[f32]) -> Result<f64, VectorError> {
        let (found, expected) = (vector.len(), self.dimension);
        if found != expected {
            return Err(VectorError::Dimension { found, expected });
        }
        if let Some((place, found)) = vector.iter().enumerate().find(|(_, number)| !number.is_finite()) {
            return Err(VectorError::NotFinite { place, found: *found });
        }
        let length = vector.iter().map(|number| f64::from(*number).powi(2)).sum::<f64>().sqrt();
        if length > LENGTH_MAX {
            return Err(VectorError::TooLong { found: length });
        }
        if length == 0.0 && self.metric == VectorMetric::Cosine {
            return Err(VectorError::Zero);
        }
        Ok(length)
    }

    fn stride(&self) -> usize {
        self.dimension + usize::from(self.metric == VectorMetric::Dot)
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounded to what is compared")]
    fn place(&self, vector: &[f32], length: f64, reach: f64) -> Vec<f32> {
        match self.metric {
            VectorMetric::Cosine => vector.iter().map(|number| (f64::from(*number) / length) as f32).collect(),
            VectorMetric::Dot => vector.iter().copied().chain([lift(length, reach)]).collect(),
            VectorMetric::Euclidean => vector.to_vec(),
        }
    }

    fn query(&self, vector: &[f32], length: f64) -> Vec<f32> {
        // On no sphere: what it is lifted by changes all distances alike.
        self.place(vector, length, length)
    }

    fn distance(&self, query: &[f32], place: &[f32]) -> f32 {
        let dot = |numbers| {
            let first = |place: &'_ [f32]| place.get(..numbers).map(<[f32]>::len).unwrap_or_default();
            let (one, other) = (query.split_at(first(query)).0, place.split_at(first(place)).0);
            dot(one, other)
        };
        // Not -0.
        0.0 + match self.metric {
            VectorMetric::Cosine => (1.0 - dot(self.dimension)).clamp(0.0, 2.0),
            VectorMetric::Dot => -dot(self.dimension),
            VectorMetric::Euclidean => squared(query, place),
        }
    }
}

/// What brings a vector of a length to the sphere.
#[expect(clippy::cast_possible_truncation, reason = "rounded to what is compared")]
pub(crate) fn lift(length: f64, reach: f64) -> f32 {
    (reach * reach - length * length).max(0.0).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_by_the_metric_is_the_nearest_by_place() {
        let vectors = [[1.0_f32, 2.0, 3.0], [-1.0, 0.5, 0.25], [4.0, -4.0, 1.0], [0.1, 0.1, 0.1]];
        let query = [0.5_f32, 1.0, -1.0];
        let length = |vector: &[f32]| dot(vector, vector).sqrt().into();
        for metric in [VectorMetric::Cosine, VectorMetric::Dot, VectorMetric::Euclidean] {
            let space = VectorSpace { dimension: 3, metric };
            let places = vectors.map(|vector| space.place(&vector, length(&vector), 10.0));
            let asked = space.query(&query, length(&query));
            let order = |far: &dyn Fn(&[f32]) -> f32| {
                let mut order = [0, 1, 2, 3];
                order.sort_by(|a, b| far(&places[*a]).total_cmp(&far(&places[*b])));
                order
            };
            assert_eq!(order(&|place| squared(&asked, place)), order(&|place| space.distance(&asked, place)));
        }
    }

    #[test]
    fn all_numbers_count() {
        for dimension in 1..70_u8 {
            let ones = vec![1.0; usize::from(dimension)];
            assert_eq!(dot(&ones, &ones), f32::from(dimension));
            assert_eq!(squared(&ones, &vec![3.0; usize::from(dimension)]), 4.0 * f32::from(dimension));
        }
    }
}
