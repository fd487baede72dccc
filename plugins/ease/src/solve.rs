//! The closed form.

#![expect(clippy::indexing_slicing, reason = "places come from the lists that the matrix was made for")]

use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};
use greenroom_sdk::{Fault, Lists};

/// The weights of `items` items, row after row: what each item in the history says of all others.
pub(crate) fn weights(subjects: &Lists, items: usize, lambda: f64) -> Result<Vec<f32>, Fault> {
    if items == 0 {
        return Ok(Vec::new());
    }
    let factor = gram(subjects, items, lambda)
        .llt(Side::Lower)
        .map_err(|e| Fault::internal(format!("the Gram matrix of {items} items has no Cholesky factor ({e:?})")))?;
    let inverse = factor.inverse();
    drop(factor);
    let scale: Vec<f64> = (0..items).map(|j| -1.0 / inverse[(j, j)]).collect();
    let mut weights = vec![0.0_f32; items * items];
    for (i, row) in weights.chunks_exact_mut(items).enumerate() {
        // The inverse is symmetric, and its columns are what lies together.
        let column = inverse.col(i).iter().zip(&scale);
        #[expect(clippy::cast_possible_truncation, reason = "f32 is precise enough to rank by")]
        row.iter_mut().zip(column).for_each(|(weight, (&p, &s))| *weight = (p * s) as f32);
        row[i] = 0.0;
    }
    Ok(weights)
}

// The lower half of XᵀX + λI.
fn gram(subjects: &Lists, items: usize, lambda: f64) -> Mat<f64> {
    let mut gram = Mat::<f64>::zeros(items, items);
    let mut liked: Vec<u32> = Vec::new();
    for list in subjects.iter() {
        liked.clear();
        liked.extend_from_slice(list);
        liked.sort_unstable();
        for (from, &j) in liked.iter().enumerate() {
            let column = gram.col_as_slice_mut(j as usize);
            for &i in &liked[from..] {
                column[i as usize] += 1.0;
            }
        }
    }
    for i in 0..items {
        gram[(i, i)] += lambda;
    }
    gram
}
