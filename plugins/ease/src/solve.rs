//! The closed form, by items or by subjects.
//!
//! With X the likes of m subjects for n items, (XᵀX + λI)⁻¹ = (I - Xᵀ(XXᵀ + λI)⁻¹X) / λ (Woodbury). The left side inverts a
//! matrix of n x n, the right side one of m x m, and X is sparse: the smaller one is inverted. Both are exact.

#![expect(clippy::indexing_slicing, reason = "places come from the lists that the matrix was made for")]

use faer::linalg::solvers::DenseSolveCore;
use faer::{Mat, Side};
use greenroom_sdk::{Fault, Lists};

/// The weights of `items` items, row after row: what each item in the history says of all others.
pub(crate) fn weights(subjects: &Lists, items: usize, lambda: f64) -> Result<Vec<f32>, Fault> {
    if items == 0 {
        return Ok(Vec::new());
    }
    match subjects.len() < items {
        true => by_subjects(subjects, items, lambda),
        false => by_items(subjects, items, lambda),
    }
}

fn by_items(subjects: &Lists, items: usize, lambda: f64) -> Result<Vec<f32>, Fault> {
    let inverse = inverse(gram(subjects, items, lambda))?;
    let scale: Vec<f64> = (0..items).map(|j| -1.0 / inverse[(j, j)]).collect();
    let mut weights = vec![0.0_f32; items * items];
    for (i, row) in weights.chunks_exact_mut(items).enumerate() {
        // The inverse is symmetric, and its columns are what lies together.
        scaled(row, inverse.col(i).iter(), &scale);
        row[i] = 0.0;
    }
    Ok(weights)
}

// With Q = Xᵀ(XXᵀ + λI)⁻¹X the weight from i to j is Q(i,j) / (1 - Q(j,j)).
fn by_subjects(subjects: &Lists, items: usize, lambda: f64) -> Result<Vec<f32>, Fault> {
    let fans = subjects.transposed(items);
    let inverse = inverse(gram(&fans, subjects.len(), lambda))?;
    // A row a subject: the inverse times X.
    let mut through = vec![0.0; subjects.len() * items];
    let mut sums = vec![0.0; subjects.len()];
    for (i, fans) in fans.iter().enumerate() {
        sum_of(&mut sums, fans, |fan| inverse.col_as_slice(fan));
        through.iter_mut().skip(i).step_by(items).zip(&sums).for_each(|(to, sum)| *to = *sum);
    }
    drop(inverse);
    let own = fans.iter().enumerate().map(|(j, fans)| fans.iter().map(|&fan| through[fan as usize * items + j]).sum());
    let scale: Vec<f64> = own.map(|own: f64| 1.0 / (1.0 - own)).collect();
    let mut weights = vec![0.0_f32; items * items];
    let mut sums = vec![0.0; items];
    for (i, (row, fans)) in weights.chunks_exact_mut(items).zip(fans.iter()).enumerate() {
        sum_of(&mut sums, fans, |fan| &through[fan * items..][..items]);
        scaled(row, sums.iter(), &scale);
        row[i] = 0.0;
    }
    Ok(weights)
}

#[expect(clippy::cast_possible_truncation, reason = "f32 is precise enough to rank by")]
fn scaled<'a>(row: &mut [f32], values: impl Iterator<Item = &'a f64>, scale: &[f64]) {
    row.iter_mut().zip(values.zip(scale)).for_each(|(weight, (&p, &s))| *weight = (p * s) as f32);
}

// The sum of some rows, four at a turn: what is summed up is then read and written once for four.
fn sum_of<'a>(sums: &mut [f64], places: &[u32], row: impl Fn(usize) -> &'a [f64]) {
    sums.fill(0.0);
    let (fours, rest) = places.as_chunks::<4>();
    for four in fours {
        let [a, b, c, d] = four.map(|place| row(place as usize));
        for ((((sum, a), b), c), d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *sum += (a + b) + (c + d);
        }
    }
    for &place in rest {
        sums.iter_mut().zip(row(place as usize)).for_each(|(sum, x)| *sum += x);
    }
}

fn inverse(gram: Mat<f64>) -> Result<Mat<f64>, Fault> {
    let size = gram.nrows();
    let factor = gram
        .llt(Side::Lower)
        .map_err(|e| Fault::internal(format!("the Gram matrix of {size} rows has no Cholesky factor ({e:?})")))?;
    drop(gram);
    Ok(factor.inverse())
}

// The lower half of XᵀX + λI, where a list is a row of X.
fn gram(lists: &Lists, size: usize, lambda: f64) -> Mat<f64> {
    let mut gram = Mat::<f64>::zeros(size, size);
    let mut members: Vec<u32> = Vec::new();
    for list in lists.iter() {
        members.clear();
        members.extend_from_slice(list);
        members.sort_unstable();
        for (from, &j) in members.iter().enumerate() {
            let column = gram.col_as_slice_mut(j as usize);
            for &i in &members[from..] {
                column[i as usize] += 1.0;
            }
        }
    }
    for i in 0..size {
        gram[(i, i)] += lambda;
    }
    gram
}

#[cfg(test)]
mod tests {
    use super::*;

    // Each subject likes about one item in `every`, the first ones more often than others.
    fn likes(subjects: u32, items: u32, every: u32) -> Lists {
        let mut lists = Lists::new();
        for s in 0..subjects {
            lists.push((0..items).filter(|i| (s * 7919 + i * 104_729 + s * i * 31) % (every + i / 8) == 0));
        }
        lists
    }

    #[test]
    fn inverting_by_subjects_and_by_items_gives_the_same_weights() {
        for (subjects, items, lambda) in [(5, 40, 1.0), (40, 60, 200.0), (60, 60, 10.0), (90, 30, 1.0)] {
            let lists = likes(subjects, items, 3);
            let ours = by_subjects(&lists, items as usize, lambda).unwrap();
            let theirs = by_items(&lists, items as usize, lambda).unwrap();
            let off = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 1e-6, "{subjects} x {items}: {off}");
            assert!(theirs.iter().any(|weight| weight.abs() > 1e-3), "{subjects} x {items}: no weights to compare");
        }
    }
}
