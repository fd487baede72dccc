//! One subject's, or one item's, least squares by conjugate gradient.

#![expect(clippy::indexing_slicing, reason = "places come from the lists that the points were made for")]

use greenroom_sdk::{add, dot, dots};

/// Points of one dimension each, end to end.
#[derive(Debug, Default, Clone)]
pub(crate) struct Points {
    width: usize,
    values: Vec<f32>,
}

impl Points {
    pub(crate) fn of(width: usize, values: Vec<f32>) -> Self {
        Self { width, values }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.values
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The same points with zeros behind them, up to the next multiple of `lanes`.
    pub(crate) fn widened(&self, lanes: usize) -> Self {
        let width = self.width.next_multiple_of(lanes);
        let mut values = vec![0.0; self.values.len() / self.width.max(1) * width];
        for (to, from) in values.chunks_exact_mut(width.max(1)).zip(self.iter()) {
            to[..self.width].copy_from_slice(from);
        }
        Self { width, values }
    }

    /// The same points, as far as `width`.
    pub(crate) fn narrowed(&self, width: usize) -> Self {
        Self { width, values: self.iter().flat_map(|point| &point[..width]).copied().collect() }
    }

    pub(crate) fn get(&self, place: u32) -> &[f32] {
        let from = place as usize * self.width;
        &self.values[from..from + self.width]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.width.max(1))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.values.chunks_exact_mut(self.width.max(1))
    }

    /// The sum of the outer products of the points with themselves, with `ridge` added to the diagonal.
    pub(crate) fn gram(&self, ridge: f32) -> Vec<f32> {
        let mut gram = vec![0.0; self.width * self.width];
        for point in self.iter() {
            for (row, &x) in gram.chunks_exact_mut(self.width).zip(point) {
                add(row, point, x);
            }
        }
        gram.iter_mut().step_by(self.width + 1).for_each(|x| *x += ridge);
        gram
    }
}

/// Buffers of [`Scratch::solve`].
#[derive(Debug, Default, Clone)]
pub(crate) struct Scratch {
    residual: Vec<f32>,
    direction: Vec<f32>,
    image: Vec<f32>,
}

impl Scratch {
    /// Improves `x` towards the solution of (G + Σ w(c-1)·yyᵀ) x = Σ wc·y over `likes`, the places in `points`
    /// of y with weights w in [0, 1]; c is the confidence. With w = 1 this is the step of the paper; with w = 0 the like is
    /// not there. Ends after `steps`, or when the residual is gone.
    pub(crate) fn solve(
        &mut self,
        x: &mut [f32],
        points: &Points,
        gram: &[f32],
        likes: &[(u32, f32)],
        confidence: f32,
        steps: usize,
    ) {
        let Self { residual, direction, image } = self;
        let times = |x: &[f32], image: &mut Vec<f32>| {
            image.clear();
            image.extend(dots(gram, x));
            for &(place, weight) in likes {
                let y = points.get(place);
                add(image, y, weight * (confidence - 1.0) * dot(y, x));
            }
        };
        residual.clear();
        residual.resize(x.len(), 0.0);
        for &(place, weight) in likes {
            add(residual, points.get(place), weight * confidence);
        }
        let enough = 1e-12 * dot(residual, residual);
        if x.iter().any(|&x| x != 0.0) {
            times(x, image);
            add(residual, image, -1.0);
        }
        direction.clone_from(residual);
        let mut square = dot(residual, residual);
        for _ in 0..steps {
            if square <= enough {
                break;
            }
            times(direction, image);
            let length = square / dot(direction, image);
            add(x, direction, length);
            add(residual, image, -length);
            let next = dot(residual, residual);
            let turn = next / square;
            for (d, r) in direction.iter_mut().zip(residual.iter()) {
                *d = r + turn * *d;
            }
            square = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_to_the_end_satisfies_the_equations() {
        let width = 11;
        let values: Vec<f32> = (0..width * 40).map(|i| ((i * 7919 % 101) as f32 - 50.0) / 100.0).collect();
        let points = Points::of(width, values);
        let gram = points.gram(0.1);
        let likes = [(3, 1.0), (17, 0.5), (30, 0.0)];
        let mut x = vec![0.0; width];
        Scratch::default().solve(&mut x, &points, &gram, &likes, 5.0, 100);
        for i in 0..width {
            let mut left = dot(&gram[i * width..][..width], &x);
            let mut right = 0.0;
            for (place, weight) in likes {
                let y = points.get(place);
                left += 4.0 * weight * dot(y, &x) * y[i];
                right += 5.0 * weight * y[i];
            }
            assert!((left - right).abs() < 1e-4, "equation {i}: {left} is not {right}");
        }
    }
}
