//! Lower triangular matrices, and the systems they solve.
//!
//! Own code since the matrices are small, and since the libraries there are choose their instructions by what the machine has:
//! the same trials must give the same suggestion, to the last bit, everywhere.

/// A lower triangular matrix, row by row.
#[derive(Debug, Clone, Default)]
pub(super) struct Triangle {
    rows: Vec<Vec<f64>>,
}

impl Triangle {
    /// The factor `L` of a symmetric positive definite matrix `L Lᵀ`, given by its lower rows, diagonals included (Cholesky).
    /// None when it is not positive definite.
    pub(super) fn factor(matrix: &[Vec<f64>]) -> Option<Self> {
        let mut factor = Self::default();
        for row in matrix {
            factor.append(row)?;
        }
        Some(factor)
    }

    /// Grows the factor by one row of the matrix. None, and nothing changed, when it is not positive definite then.
    pub(super) fn append(&mut self, row: &[f64]) -> Option<()> {
        let mut solved = self.solve(row);
        let rest = row.get(self.rows.len())? - dot(&solved, &solved);
        if !(rest > 0.0 && rest.is_finite()) {
            return None;
        }
        solved.push(libm::sqrt(rest));
        self.rows.push(solved);
        Some(())
    }

    /// `x` of `L x = right`, of which as much is read as there are rows.
    pub(super) fn solve(&self, right: &[f64]) -> Vec<f64> {
        let mut x = Vec::with_capacity(self.rows.len() + 1);
        for (row, right) in self.rows.iter().zip(right) {
            let diagonal = row.last().copied().unwrap_or(1.0);
            x.push((right - dot(row, &x)) / diagonal);
        }
        x
    }

    /// `x` of `Lᵀ x = right`.
    pub(super) fn solve_transposed(&self, right: &[f64]) -> Vec<f64> {
        let mut x = right.to_vec();
        for (at, row) in self.rows.iter().enumerate().rev() {
            let (Some((diagonal, left)), Some(value)) = (row.split_last(), x.get_mut(at)) else { continue };
            *value /= diagonal;
            let value = *value;
            x.iter_mut().zip(left).for_each(|(x, l)| *x -= l * value);
        }
        x
    }

    /// `L x`.
    pub(super) fn times(&self, x: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| dot(row, x)).collect()
    }

    /// The lower rows of the inverse of `L Lᵀ`, diagonals included.
    pub(super) fn inverse(&self) -> Vec<Vec<f64>> {
        let n = self.rows.len();
        // Columns of the inverse of `L`, each from its diagonal on.
        let columns: Vec<Vec<f64>> = (0..n)
            .map(|column| {
                let mut x: Vec<f64> = Vec::with_capacity(n - column);
                for (at, row) in self.rows.iter().enumerate().skip(column) {
                    let right = if at == column { 1.0 } else { 0.0 };
                    let diagonal = row.last().copied().unwrap_or(1.0);
                    x.push((right - dot(row.split_at(column).1, &x)) / diagonal);
                }
                x
            })
            .collect();
        let entry = |a: &Vec<f64>, row: usize, b: &Vec<f64>, column: usize| dot(a, b.split_at(row - column).1);
        (columns.iter().enumerate())
            .map(|(row, a)| columns.iter().take(row + 1).enumerate().map(|(c, b)| entry(a, row, b, c)).collect())
            .collect()
    }

    /// The logarithm of the determinant of `L Lᵀ`.
    pub(super) fn log_determinant(&self) -> f64 {
        2.0 * self.rows.iter().filter_map(|row| row.last()).map(|x| libm::log(*x)).sum::<f64>()
    }
}

/// The sum of products, as far as both go. Four sums side by side, always in the same order, so that it is fast and the same
/// everywhere.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (a.split_at(length).0, b.split_at(length).0);
    let (a, a_rest) = a.as_chunks::<4>();
    let (b, b_rest) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for ([a0, a1, a2, a3], [b0, b1, b2, b3]) in a.iter().zip(b) {
        let [s0, s1, s2, s3] = &mut sums;
        *s0 += a0 * b0;
        *s1 += a1 * b1;
        *s2 += a2 * b2;
        *s3 += a3 * b3;
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    let [s0, s1, s2, s3] = sums;
    (s0 + s2) + (s1 + s3) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_solves_its_matrix() {
        let matrix =
            [vec![4.0], vec![2.0, 5.0], vec![-1.0, 1.0, 3.0], vec![0.5, 0.0, 0.25, 2.0], vec![0.0, 0.1, 0.2, 0.3, 1.0]];
        let factor = Triangle::factor(&matrix).unwrap();
        let right = [1.0, -2.0, 3.0, 0.5, -0.25];
        let x = factor.solve_transposed(&factor.solve(&right));
        for (i, right) in right.iter().enumerate() {
            let entry = |a: usize, b: usize| matrix[a.max(b)][a.min(b)];
            let left: f64 = (0..5).map(|j| entry(i, j) * x[j]).sum();
            assert!((left - right).abs() < 1e-12, "row {i} gives {left}, expected {right}");
        }
        let back = factor.times(&factor.solve(&right));
        assert!(back.iter().zip(&right).all(|(a, b)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn what_is_not_positive_definite_has_no_factor() {
        assert!(Triangle::factor(&[vec![1.0], vec![2.0, 1.0]]).is_none());
        assert!(Triangle::factor(&[vec![f64::NAN]]).is_none());
    }
}
