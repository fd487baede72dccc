//! The root of a Gram matrix, and its inverse.

#![expect(clippy::indexing_slicing, reason = "a row of a triangle is as long as its number says")]

// What is left of a diagonal when it is nothing but rounding: the sums under it were rounded to f32.
const ROUNDING: f64 = 1e-7;

/// The lower triangle L with L·Lᵀ = G, and L⁻¹, row after row, zeros above the diagonal.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) lower: Vec<f32>,
    pub(crate) inverse: Vec<f32>,
}

impl Root {
    /// Of the lower half of `gram`, `width` rows of as many numbers. Where the matrix is singular but for rounding, the root
    /// is that of one whose diagonal is a little larger, so that there always is one.
    pub(crate) fn of(gram: Vec<f64>, width: usize) -> Self {
        let lower = factor(gram, width);
        let inverse = invert(&lower, width);
        Self { lower: narrow(&lower), inverse: narrow(&inverse) }
    }
}

fn factor(mut gram: Vec<f64>, width: usize) -> Vec<f64> {
    for i in 0..width {
        let (above, below) = gram.split_at_mut(i * width);
        let row = &mut below[..width];
        for (j, other) in above.chunks_exact(width).enumerate() {
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let rounding = (ROUNDING * row[i]).max(f64::MIN_POSITIVE);
        row[i] = (row[i] - dot(&row[..i], &row[..i])).max(rounding).sqrt();
        row[i + 1..].fill(0.0);
    }
    gram
}

fn invert(lower: &[f64], width: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; width * width];
    for (i, of) in lower.chunks_exact(width).enumerate() {
        let (above, below) = inverse.split_at_mut(i * width);
        let row = &mut below[..=i];
        for (k, other) in above.chunks_exact(width).enumerate() {
            row.iter_mut().zip(&other[..=k]).for_each(|(to, x)| *to -= of[k] * x);
        }
        row[i] = 1.0;
        row.iter_mut().for_each(|x| *x /= of[i]);
    }
    inverse
}

// Eight at a turn, in a fixed order: see `greenroom_sdk::dot`, which is for f32.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

#[expect(clippy::cast_possible_truncation, reason = "points are f32")]
fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|x| *x as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_times_itself_is_the_matrix_and_times_its_inverse_is_one() {
        let width = 19;
        let near = |i: usize, j: usize| 1.0 / (1.0 + i.abs_diff(j) as f64) + if i == j { 0.5 } else { 0.0 };
        let root = Root::of((0..width * width).map(|at| near(at / width, at % width)).collect(), width);
        for at in 0..width * width {
            let (i, j) = (at / width, at % width);
            let square: f32 = (0..width).map(|k| root.lower[i * width + k] * root.lower[j * width + k]).sum();
            let one: f32 = (0..width).map(|k| root.lower[i * width + k] * root.inverse[k * width + j]).sum();
            assert!((f64::from(square) - near(i, j)).abs() < 1e-5, "{i}, {j}: {square}");
            assert!((one - if i == j { 1.0 } else { 0.0 }).abs() < 1e-5, "{i}, {j}: {one}");
        }
    }

    #[test]
    fn a_singular_matrix_has_a_finite_root() {
        for gram in [vec![1.0; 64], vec![0.0; 64]] {
            let root = Root::of(gram, 8);
            assert!(root.lower.iter().all(|x| x.is_finite()), "{:?}", root.lower);
        }
    }
}
