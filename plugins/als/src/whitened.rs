//! One subject's, or one item's, least squares where the Gram matrix is one.
//!
//! With G = L·Lᵀ, ỹ = L⁻¹y and z = Lᵀx the equations (G + Σ (c-1)·yyᵀ) x = Σ c·y become (I + Σ (c-1)·ỹỹᵀ) z = Σ c·ỹ. A
//! step of conjugate gradient on them passes over the likes alone, where one on the
//! first kind multiplies with G as well. It is the first kind's step with G as preconditioner, and gains more: no eigenvalue is
//! below 1 or above c.

#![expect(clippy::indexing_slicing, reason = "lanes are counted out, and places come from the lists of the points")]

use crate::solve::Points;

type Lanes = [f32; 8];

/// Buffers of [`Solver::improve`].
#[derive(Debug, Default)]
pub(crate) struct Solver {
    residual: Vec<f32>,
    direction: Vec<f32>,
    image: Vec<f32>,
}

impl Solver {
    /// Improves `z` towards the solution by so many `steps`, fewer when nothing is left to gain. `points` are whitened, and
    /// their width is a multiple of 8.
    pub(crate) fn improve(&mut self, z: &mut [f32], points: &Points, likes: &[u32], confidence: f32, steps: usize) {
        let Self { residual, direction, image } = self;
        let more = confidence - 1.0;
        residual.clear();
        residual.extend(z.iter().map(|z| -z));
        pass(residual, points, likes, z, |along| confidence - more * along);
        direction.clone_from(residual);
        let mut square = dot(residual, residual);
        for _ in 0..steps {
            // The matrix is at least one, so that what is wrong with `z` is no longer than the residual.
            if square <= 1e-12 * dot(z, z) {
                break;
            }
            image.clone_from(direction);
            pass(image, points, likes, direction, |along| more * along);
            let length = square / dot(direction, image);
            let mut next = [0.0; 8];
            let (z, residual) = (z.as_chunks_mut::<8>().0, residual.as_chunks_mut::<8>().0);
            let (image, along) = (image.as_chunks::<8>().0, direction.as_chunks::<8>().0);
            for (((z, d), r), i) in z.iter_mut().zip(along).zip(residual.iter_mut()).zip(image) {
                for k in 0..8 {
                    z[k] += length * d[k];
                    r[k] -= length * i[k];
                    next[k] += r[k] * r[k];
                }
            }
            let next = total(next);
            let turn = next / square;
            for (d, r) in direction.as_chunks_mut::<8>().0.iter_mut().zip(residual.iter()) {
                d.iter_mut().zip(r).for_each(|(d, r)| *d = r + turn * *d);
            }
            square = next;
        }
    }
}

// Adds to `to` each liked point times what `factor` makes of its product with `x`: four points at a turn, which share
// what is loaded of `x` and `to`.
#[inline(always)]
fn pass(to: &mut [f32], points: &Points, likes: &[u32], x: &[f32], factor: impl Fn(f32) -> f32) {
    let of = |place: u32| points.get(place).as_chunks::<8>().0;
    let (x, to) = (x.as_chunks::<8>().0, to.as_chunks_mut::<8>().0);
    let (fours, rest) = likes.as_chunks::<4>();
    for &[a, b, c, d] in fours {
        let (a, b, c, d) = (of(a), of(b), of(c), of(d));
        let mut sums = [[0.0; 8]; 4];
        for ((((x, a), b), c), d) in x.iter().zip(a).zip(b).zip(c).zip(d) {
            for k in 0..8 {
                sums[0][k] += a[k] * x[k];
                sums[1][k] += b[k] * x[k];
                sums[2][k] += c[k] * x[k];
                sums[3][k] += d[k] * x[k];
            }
        }
        let by = sums.map(|sums| factor(total(sums)));
        for ((((to, a), b), c), d) in to.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            for k in 0..8 {
                to[k] += by[0] * a[k] + by[1] * b[k] + by[2] * c[k] + by[3] * d[k];
            }
        }
    }
    for &one in rest {
        let y = of(one);
        let mut sums = [0.0; 8];
        for (x, y) in x.iter().zip(y) {
            for k in 0..8 {
                sums[k] += y[k] * x[k];
            }
        }
        let by = factor(total(sums));
        for (to, y) in to.iter_mut().zip(y) {
            for k in 0..8 {
                to[k] += by * y[k];
            }
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    greenroom_sdk::dot(a, b)
}

#[inline(always)]
fn total(sums: Lanes) -> f32 {
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_to_the_end_satisfies_the_equations() {
        let width = 16;
        let values: Vec<f32> = (0..width * 40).map(|i| ((i * 7919 % 101) as f32 - 50.0) / 400.0).collect();
        let points = Points::of(width, values);
        for likes in [&[3, 17, 30, 9, 11, 38, 2][..], &[5], &[1, 2, 3, 4]] {
            for begin in [0.0, 0.3] {
                let mut z = vec![begin; width];
                Solver::default().improve(&mut z, &points, likes, 5.0, 100);
                for i in 0..width {
                    let (mut left, mut right) = (z[i], 0.0);
                    for &place in likes {
                        let y = points.get(place);
                        left += 4.0 * dot(y, &z) * y[i];
                        right += 5.0 * y[i];
                    }
                    assert!((left - right).abs() < 1e-4, "equation {i} of {likes:?}: {left} is not {right}");
                }
            }
        }
    }
}
