//! Products of many points with one matrix, a tile of the result at a time.
//!
//! A metered guest pays for every load as for every product. A tile of 4 x 8 sums stays in registers and uses what is
//! loaded four and eight times, where a product of one point with a matrix uses each number of the matrix once.

use crate::solve::Points;

/// Columns of a tile. Points whose width is a multiple of it need no rest.
pub(crate) const WIDE: usize = 8;
/// Rows of a tile.
const HIGH: usize = 4;
/// Points that are summed up in f32 before the sum goes into f64.
const CHUNK: usize = 256;

type Wide = [f32; WIDE];
type High = [f32; HIGH];

/// The sums over k of a(k, i)·b(k, j).
fn tile(a: &[High], b: &[Wide]) -> [Wide; HIGH] {
    let mut sums = [[0.0_f32; WIDE]; HIGH];
    for (a, b) in a.iter().zip(b) {
        for (sums, a) in sums.iter_mut().zip(a) {
            for (sum, b) in sums.iter_mut().zip(b) {
                *sum += a * b;
            }
        }
    }
    sums
}

/// A square matrix of which only a run of rows of each [`WIDE`] columns is not zero.
#[derive(Debug, Default)]
pub(crate) struct Panels(Vec<Panel>);

#[derive(Debug)]
struct Panel {
    // The first row that is kept.
    from: usize,
    rows: Vec<Wide>,
}

impl Panels {
    /// Of the lower triangle of `width` x `width` numbers, row after row.
    pub(crate) fn lower(matrix: &[f32], width: usize) -> Self {
        let columns = (0..width).step_by(WIDE);
        Self(
            columns
                .map(|j| Panel {
                    from: j,
                    rows: matrix
                        .chunks_exact(width)
                        .skip(j)
                        .filter_map(|row| row.get(j..)?.first_chunk().copied())
                        .collect(),
                })
                .collect(),
        )
    }

    /// Of the transpose of such a triangle.
    pub(crate) fn upper(matrix: &[f32], width: usize) -> Self {
        let columns = matrix.chunks_exact(width * WIDE).enumerate();
        Self(
            columns
                .map(|(panel, of)| Panel {
                    from: 0,
                    rows: (0..(panel + 1) * WIDE)
                        .map(|k| {
                            let mut column = of.iter().skip(k).step_by(width);
                            std::array::from_fn(|_| column.next().copied().unwrap_or_default())
                        })
                        .collect(),
                })
                .collect(),
        )
    }

    /// Multiplies each point with the matrix from the right.
    pub(crate) fn apply(&self, points: &mut Points) {
        let width = points.width();
        let mut taken: Vec<High> = vec![[0.0; HIGH]; width];
        for four in points.values_mut().chunks_mut(HIGH * width) {
            // Of the last ones there may be fewer than four; what then stands in the place of others is not read.
            for (i, point) in four.chunks_exact(width).enumerate() {
                for (taken, x) in taken.iter_mut().zip(point) {
                    if let Some(place) = taken.get_mut(i) {
                        *place = *x;
                    }
                }
            }
            for (p, panel) in self.0.iter().enumerate() {
                let sums = tile(taken.get(panel.from..).unwrap_or_default(), &panel.rows);
                for (point, sums) in four.chunks_exact_mut(width).zip(sums) {
                    if let Some(to) = point.as_chunks_mut().0.get_mut(p) {
                        *to = sums;
                    }
                }
            }
        }
    }
}

/// The sum of the outer products of the points with themselves, row after row; of the upper half only some is there. Summed
/// up in f64, since a factorisation divides by what is left when nearly all is taken away.
pub(crate) fn gram(points: &Points) -> Vec<f64> {
    let width = points.width();
    let mut gram = vec![0.0; width * width];
    let mut wide: Vec<Vec<Wide>> = vec![Vec::with_capacity(CHUNK); width / WIDE];
    let mut high: Vec<Vec<High>> = vec![Vec::with_capacity(CHUNK); width / HIGH];
    for chunk in points.values().chunks(CHUNK * width.max(1)) {
        wide.iter_mut().for_each(Vec::clear);
        high.iter_mut().for_each(Vec::clear);
        for point in chunk.chunks_exact(width) {
            wide.iter_mut().zip(point.as_chunks().0).for_each(|(to, x)| to.push(*x));
            high.iter_mut().zip(point.as_chunks().0).for_each(|(to, x)| to.push(*x));
        }
        // The lower half, and what of the upper one is in a tile with it.
        for (i, (rows, high)) in gram.chunks_exact_mut(HIGH * width).zip(&high).enumerate() {
            for (j, wide) in wide.iter().take(i * HIGH / WIDE + 1).enumerate() {
                for (row, sums) in rows.chunks_exact_mut(width).zip(tile(high, wide)) {
                    let to = row.iter_mut().skip(j * WIDE);
                    to.zip(sums).for_each(|(to, sum)| *to += f64::from(sum));
                }
            }
        }
    }
    gram
}

#[cfg(test)]
mod tests {
    use super::*;

    // Small whole numbers: sums of their products are exact in whatever order.
    fn points(count: usize, width: usize) -> Points {
        Points::of(width, (0..count * width).map(|i| (i * 7919 % 13) as f32 - 6.0).collect())
    }

    #[test]
    fn a_triangle_and_its_transpose_multiply_every_point() {
        for (count, width) in [(1, 8), (4, 8), (7, 24), (9, 32)] {
            let mut matrix = points(width, width).values().to_vec();
            (0..width).for_each(|i| matrix[i * width + i + 1..(i + 1) * width].fill(0.0));
            let (mut lower, mut upper) = (points(count, width), points(count, width));
            Panels::lower(&matrix, width).apply(&mut lower);
            Panels::upper(&matrix, width).apply(&mut upper);
            for (n, x) in points(count, width).iter().enumerate() {
                for j in 0..width {
                    let down: f32 = (0..width).map(|k| x[k] * matrix[k * width + j]).sum();
                    let across: f32 = (0..width).map(|k| x[k] * matrix[j * width + k]).sum();
                    assert_eq!((lower.values()[n * width + j], upper.values()[n * width + j]), (down, across));
                }
            }
        }
    }

    #[test]
    fn the_lower_half_of_the_gram_matrix_is_summed_over_all_points() {
        for (count, width) in [(0, 8), (3, 16), (CHUNK + 5, 24)] {
            let (points, mut sums) = (points(count, width), vec![0.0; width * width]);
            for x in points.iter() {
                (0..width * width).for_each(|at| sums[at] += f64::from(x[at / width] * x[at % width]));
            }
            let gram = gram(&points);
            for i in 0..width {
                assert_eq!(gram[i * width..][..=i], sums[i * width..][..=i], "row {i} of {width}, {count} points");
            }
        }
    }
}
