//! Sums over columns, many values at a turn: a metered guest pays for every turn of a loop, in fuel and in time.

/// Values at a turn, in four vectors of four.
const LANES: usize = 16;
/// Places at a turn, where each is an address of its own.
const PLACES: usize = 8;

/// The dot product of two columns, as far as the shorter one goes. The order of the sums is fixed, so it is the same
/// everywhere.
#[inline]
#[must_use]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let n = a.len().min(b.len());
    let (a, b) = (a.get(..n).unwrap_or_default(), b.get(..n).unwrap_or_default());
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    for half in [8, 4, 2, 1] {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high.iter()).for_each(|(low, high)| *low += high);
    }
    sums[0] + rest
}

/// The dot products of `x` with each of `rows`, which lie end to end and are as long as `x`. Four rows at a turn, so that
/// what is loaded of `x` is used four times. Nothing for an empty `x`.
pub fn dots(rows: &[f32], x: &[f32]) -> impl Iterator<Item = f32> {
    let width = x.len().max(1);
    let fours = rows.chunks_exact(4 * width);
    let rest = fours.remainder().chunks_exact(width).map(move |row| dot(row, x));
    fours.flat_map(move |four| four_dots(four, x)).chain(rest)
}

fn four_dots(four: &[f32], x: &[f32]) -> [f32; 4] {
    const WIDE: usize = 8;
    let mut rows = four.chunks_exact(x.len());
    let mut next = || rows.next().unwrap_or_default().as_chunks::<WIDE>();
    let ((a, rest_a), (b, rest_b), (c, rest_c), (d, rest_d)) = (next(), next(), next(), next());
    let (x, rest_x) = x.as_chunks::<WIDE>();
    let mut sums = [[0.0_f32; WIDE]; 4];
    for ((((x, a), b), c), d) in x.iter().zip(a).zip(b).zip(c).zip(d) {
        for (sums, row) in sums.iter_mut().zip([a, b, c, d]) {
            for ((sum, row), x) in sums.iter_mut().zip(row).zip(x) {
                *sum += row * x;
            }
        }
    }
    let mut rests = [rest_a, rest_b, rest_c, rest_d].into_iter();
    sums.map(|mut sums| {
        for half in [4, 2, 1] {
            let (low, high) = sums.split_at_mut(half);
            low.iter_mut().zip(high.iter()).for_each(|(low, high)| *low += high);
        }
        let rest: f32 = rests.next().unwrap_or_default().iter().zip(rest_x).map(|(row, x)| row * x).sum();
        sums[0] + rest
    })
}

/// Adds `factor` times a column to another, as far as the shorter one goes.
#[inline]
pub fn add(to: &mut [f32], what: &[f32], factor: f32) {
    let n = to.len().min(what.len());
    let (to, what) = (to.get_mut(..n).unwrap_or_default(), what.get(..n).unwrap_or_default());
    let ((to, rest_to), (what, rest)) = (to.as_chunks_mut::<LANES>(), what.as_chunks::<LANES>());
    for (to, what) in to.iter_mut().zip(what) {
        for (to, what) in to.iter_mut().zip(what) {
            *to += factor * what;
        }
    }
    for (to, what) in rest_to.iter_mut().zip(rest) {
        *to += factor * what;
    }
}

/// Adds `factor` times each value to the place that stands beside it. Places beyond the end are left out.
#[inline]
pub fn scatter(to: &mut [f32], places: &[u32], values: &[f32], factor: f32) {
    let n = places.len().min(values.len());
    let (places, values) = (places.get(..n).unwrap_or_default(), values.get(..n).unwrap_or_default());
    let ((places, rest_places), (values, rest)) = (places.as_chunks::<PLACES>(), values.as_chunks::<PLACES>());
    for (places, values) in places.iter().zip(values) {
        for (place, value) in places.iter().zip(values) {
            if let Some(to) = to.get_mut(*place as usize) {
                *to += factor * value;
            }
        }
    }
    for (place, value) in rest_places.iter().zip(rest) {
        if let Some(to) = to.get_mut(*place as usize) {
            *to += factor * value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(n: usize) -> Vec<f32> {
        (0..n).map(|i| i as f32).collect()
    }

    #[test]
    fn every_length_is_summed_to_its_end() {
        for n in 0..70 {
            let squares: f32 = (0..n).map(|i| (i * i) as f32).sum();
            assert_eq!(dot(&column(n), &column(n)), squares, "{n}");
            let mut to = column(n);
            add(&mut to, &column(n), 2.0);
            assert!(to.iter().enumerate().all(|(i, x)| *x == 3.0 * i as f32), "{n}");
        }
    }

    #[test]
    fn many_rows_are_summed_as_one_is() {
        for (width, count) in [(0, 0), (1, 3), (7, 4), (8, 9), (64, 11), (67, 5)] {
            let x = column(width);
            let rows: Vec<f32> = (0..width * count).map(|i| (i % 13) as f32).collect();
            let one_by_one: Vec<f32> = rows.chunks_exact(width.max(1)).map(|row| dot(row, &x)).collect();
            assert_eq!(dots(&rows, &x).collect::<Vec<_>>(), one_by_one, "{width} x {count}");
        }
    }

    #[test]
    fn the_shorter_column_ends_a_sum() {
        assert_eq!(dot(&column(40), &[1.0, 1.0, 1.0]), 3.0);
        let mut to = vec![1.0; 3];
        add(&mut to, &column(40), 1.0);
        assert_eq!(to, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn values_go_to_their_places_and_nowhere_else() {
        let mut to = vec![0.0; 30];
        let places: Vec<u32> = (0..29).rev().chain([28, 30, u32::MAX]).collect();
        scatter(&mut to, &places, &column(32), 0.5);
        assert_eq!((to[0], to[27], to[28], to[29]), (14.0, 0.5, 14.5, 0.0));
    }
}
