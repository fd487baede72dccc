//! The order of ids: as numbers where they are numbers, so that item 9 comes before item 10.

use std::cmp::Ordering;
use std::sync::Arc;

/// Compares ids bytewise, or, when `numeric`, as decimal numbers of any length (then bytewise: `7` and `07` are two ids).
#[must_use]
pub fn compare_ids(a: &str, b: &str, numeric: bool) -> Ordering {
    if !numeric {
        return a.cmp(b);
    }
    let digits = |id: &'_ str| id.trim_start_matches('0').len();
    digits(a)
        .cmp(&digits(b))
        .then_with(|| a.trim_start_matches('0').cmp(b.trim_start_matches('0')))
        .then_with(|| a.cmp(b))
}

/// Sorts ids, as numbers when all of them are made of digits alone. Also gives each old number its new one; ids that occur
/// twice become one.
#[must_use]
pub fn sorted(ids: &[Arc<str>]) -> (Vec<Arc<str>>, Vec<u32>) {
    let numeric = ids.iter().all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()));
    let mut order: Vec<(usize, &Arc<str>)> = ids.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| compare_ids(a, b, numeric));
    let mut names: Vec<Arc<str>> = Vec::with_capacity(ids.len());
    let mut numbers = vec![0; ids.len()];
    for (old, id) in order {
        if names.last() != Some(id) {
            names.push(Arc::clone(id));
        }
        if let Some(number) = numbers.get_mut(old) {
            *number = u32::try_from(names.len() - 1).unwrap_or(u32::MAX);
        }
    }
    (names, numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ids: &[&str], expected: &[&str], numbers: &[u32]) {
        let ids: Vec<Arc<str>> = ids.iter().map(|id| Arc::from(*id)).collect();
        let (names, new) = sorted(&ids);
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), expected);
        assert_eq!(new, numbers);
    }

    #[test]
    fn numbers_sort_as_numbers_and_anything_else_bytewise() {
        check(&["10", "9", "100"], &["9", "10", "100"], &[1, 0, 2]);
        check(&["10", "9", "b"], &["10", "9", "b"], &[0, 1, 2]);
        check(&["07", "7", "0"], &["0", "07", "7"], &[1, 2, 0]);
        check(&["99999999999999999999999", "3"], &["3", "99999999999999999999999"], &[1, 0]);
    }

    #[test]
    fn equal_ids_become_one() {
        check(&["a", "b", "a"], &["a", "b"], &[0, 1, 0]);
    }
}
