//! What crosses a node is checked: no NaN, no unknown or repeated row, nothing oversized.
//!
//! Rows are dense, so "seen before" is one array of stamps, one a row, kept by the thread: a thousand rows cost about
//! a microsecond, where a hash set costs thirty.

use std::cell::RefCell;
use std::fmt;

use crate::text::shown;
use crate::{Candidates, Column, Decision, Payload, PolicyRecord, Values};

/// The most rows that any node may return.
pub const ROWS_MAX: usize = 1 << 20;

/// The most named columns that candidates may carry.
pub const COLUMNS_MAX: usize = 64;
/// The most branches that a route may have.
pub const BRANCHES_MAX: usize = 1_024;
/// The longest name of a column or a branch, in bytes.
pub const NAME_MAX: usize = 256;

/// How a decision broke the rules.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "said by Display")]
pub enum Violation {
    TooMany { found: usize, limit: u32 },
    Lengths { column: String, found: usize, expected: usize },
    NotFinite { column: String, place: usize },
    Unknown { row: u32, place: usize, rows: u32 },
    Repeated { row: u32, place: usize },
    Columns { found: usize },
    Branches { found: usize },
    Name { found: usize },
    Probability { what: String, value: f32 },
    NoBranch,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { found, limit } => write!(f, "{found} rows were returned, at most {limit} were asked for"),
            Self::Lengths { column, found, expected } => {
                write!(f, "`{column}` has {found} values for {expected} rows")
            }
            Self::NotFinite { column, place } => write!(f, "`{column}` is not finite at place {place}"),
            Self::Unknown { row, place, rows } => {
                write!(f, "row {row} at place {place} is not in the catalog, which has {rows}")
            }
            Self::Repeated { row, place } => write!(f, "row {row} at place {place} was there before"),
            Self::Columns { found } => write!(f, "{found} columns, at most {COLUMNS_MAX} are taken"),
            Self::Branches { found } => write!(f, "{found} branches, at most {BRANCHES_MAX} are taken"),
            Self::Name { found } => write!(f, "a name of {found} bytes, at most {NAME_MAX} are taken"),
            Self::Probability { what, value } => write!(f, "{what} is {value}, which is no probability"),
            Self::NoBranch => write!(f, "a route without any branch"),
        }
    }
}

/// Bytes of a decision, as it came from the guest.
#[must_use]
pub fn bytes(decision: &Decision) -> u64 {
    let column = |column: &Column| {
        let each = match &column.values {
            Values::S64s(_) => 8,
            Values::F32s(_) | Values::U32s(_) => 4,
        };
        column.name.len() + each * column.values.len()
    };
    let payload = match &decision.payload {
        Payload::Candidates(all) => {
            4 * (all.rows.len() + all.scores.len())
                + 8 * all.sources.len()
                + all.columns.iter().map(column).sum::<usize>()
        }
        Payload::Route(branches) => branches.iter().map(|(name, _)| name.len() + 4).sum(),
        Payload::Settings { scope, patch } => scope.len() + patch.len(),
        Payload::Document(document) => document.len(),
    };
    (payload + decision.policy.as_ref().map_or(0, |policy| 4 * policy.propensities.len())) as u64
}

#[derive(Default)]
struct Stamps {
    seen: Vec<u32>,
    now: u32,
}

impl Stamps {
    fn repeated(&mut self, rows: &[u32], count: u32) -> Result<(), Violation> {
        self.now = self.now.wrapping_add(1);
        if self.now == 0 {
            self.seen.fill(0);
            self.now = 1;
        }
        if self.seen.len() < count as usize {
            self.seen.resize(count as usize, 0);
        }
        let now = self.now;
        for (place, &row) in rows.iter().enumerate() {
            match self.seen.get_mut(row as usize) {
                Some(stamp) if row < count && *stamp != now => *stamp = now,
                Some(_) if row < count => return Err(Violation::Repeated { row, place }),
                _ => return Err(Violation::Unknown { row, place, rows: count }),
            }
        }
        Ok(())
    }
}

thread_local! {
    static STAMPS: RefCell<Stamps> = RefCell::default();
}

/// Checks candidates: at most `limit`, rows below `count` and none twice, columns of one length, finite scores.
///
/// # Errors
/// The first violation.
pub fn candidates(candidates: &Candidates, limit: u32, count: u32) -> Result<(), Violation> {
    let n = candidates.rows.len();
    if n > limit as usize || n > ROWS_MAX {
        return Err(Violation::TooMany { found: n, limit });
    }
    let length = |column: &str, found: usize| {
        if found == n { Ok(()) } else { Err(Violation::Lengths { column: shown(column), found, expected: n }) }
    };
    length("scores", candidates.scores.len())?;
    if !candidates.sources.is_empty() {
        length("sources", candidates.sources.len())?;
    }
    if candidates.columns.len() > COLUMNS_MAX {
        return Err(Violation::Columns { found: candidates.columns.len() });
    }
    for column in &candidates.columns {
        named(&column.name)?;
        length(&column.name, column.values.len())?;
        if let Values::F32s(values) = &column.values {
            finite(&column.name, values)?;
        }
    }
    finite("scores", &candidates.scores)?;
    STAMPS.with_borrow_mut(|stamps| stamps.repeated(&candidates.rows, count))
}

fn finite(column: &str, values: &[f32]) -> Result<(), Violation> {
    // An exponent of all ones is infinite or NaN; folding the whole column first lets it run in vectors.
    let odd = |x: &f32| x.to_bits() & 0x7f80_0000 == 0x7f80_0000;
    if values.iter().fold(false, |any, x| any | odd(x)) {
        let place = values.iter().position(odd).unwrap_or(0);
        return Err(Violation::NotFinite { column: shown(column), place });
    }
    Ok(())
}

fn named(name: &str) -> Result<(), Violation> {
    if name.len() > NAME_MAX { Err(Violation::Name { found: name.len() }) } else { Ok(()) }
}

/// Drops the rows of candidates that break a rule, and those beyond `limit`: with a score or a value that is not finite,
/// unknown, or there before. Returns how many. Columns of unequal length say nothing of rows and stay as they are.
pub fn mend(candidates: &mut Candidates, limit: u32, count: u32) -> usize {
    let n = candidates.rows.len();
    let even = candidates.scores.len() == n
        && (candidates.sources.is_empty() || candidates.sources.len() == n)
        && candidates.columns.iter().all(|column| column.values.len() == n);
    if !even {
        return 0;
    }
    let mut fine: Vec<bool> = candidates.scores.iter().map(|score| score.is_finite()).collect();
    for column in &candidates.columns {
        if let Values::F32s(values) = &column.values {
            fine.iter_mut().zip(values).for_each(|(fine, value)| *fine &= value.is_finite());
        }
    }
    let mut seen = std::collections::HashSet::new();
    let mut left = limit as usize;
    for (fine, &row) in fine.iter_mut().zip(&candidates.rows) {
        *fine = *fine && row < count && left > 0 && seen.insert(row);
        left -= usize::from(*fine);
    }
    keep(&mut candidates.rows, &fine);
    keep(&mut candidates.scores, &fine);
    keep(&mut candidates.sources, &fine);
    for column in &mut candidates.columns {
        match &mut column.values {
            Values::F32s(values) => keep(values, &fine),
            Values::S64s(values) => keep(values, &fine),
            Values::U32s(values) => keep(values, &fine),
        }
    }
    n - candidates.rows.len()
}

fn keep<T>(values: &mut Vec<T>, fine: &[bool]) {
    let mut fine = fine.iter();
    values.retain(|_| fine.next() == Some(&true));
}

/// Checks whatever a node returned, and how it says that it was drawn.
///
/// # Errors
/// The first violation.
pub fn payload(payload: &Payload, policy: Option<&PolicyRecord>, limit: u32, count: u32) -> Result<(), Violation> {
    let probability = |what: &str, value: f32| {
        let fine = (0.0..=1.0).contains(&value);
        if fine { Ok(()) } else { Err(Violation::Probability { what: what.to_owned(), value }) }
    };
    match payload {
        Payload::Candidates(found) => {
            candidates(found, limit, count)?;
            if let Some(policy) = policy {
                let (found, expected) = (policy.propensities.len(), found.rows.len());
                if found != 0 && found != expected {
                    return Err(Violation::Lengths { column: "propensities".to_owned(), found, expected });
                }
                policy.propensities.iter().try_for_each(|&p| probability("a propensity", p))?;
                if !policy.log_probability.is_finite() {
                    return Err(Violation::NotFinite { column: "log-probability".to_owned(), place: 0 });
                }
            }
            Ok(())
        }
        Payload::Route(branches) if branches.is_empty() => Err(Violation::NoBranch),
        Payload::Route(branches) if branches.len() > BRANCHES_MAX => Err(Violation::Branches { found: branches.len() }),
        Payload::Route(branches) => branches.iter().try_for_each(|(name, p)| {
            named(name)?;
            probability(&format!("the probability of branch `{}`", shown(name)), *p)
        }),
        Payload::Settings { .. } | Payload::Document(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rows: &[u32], scores: &[f32]) -> Candidates {
        Candidates { rows: rows.to_vec(), scores: scores.to_vec(), ..Candidates::default() }
    }

    #[test]
    fn honest_candidates_pass() {
        assert_eq!(candidates(&of(&[2, 0, 1], &[3.0, 2.0, -1.0]), 3, 3), Ok(()));
        assert_eq!(candidates(&of(&[2, 0, 1], &[3.0, 2.0, -1.0]), 3, 3), Ok(()), "and stamps do not leak");
        assert_eq!(candidates(&of(&[], &[]), 0, 0), Ok(()));
    }

    #[test]
    fn each_broken_rule_is_named() {
        let text = |c: &Candidates, limit, count| candidates(c, limit, count).unwrap_err().to_string();
        assert_eq!(text(&of(&[0, 0], &[1.0, 1.0]), 9, 9), "row 0 at place 1 was there before");
        assert_eq!(text(&of(&[9], &[1.0]), 9, 9), "row 9 at place 0 is not in the catalog, which has 9");
        assert_eq!(text(&of(&[1], &[f32::NAN]), 9, 9), "`scores` is not finite at place 0");
        assert_eq!(text(&of(&[1], &[f32::INFINITY]), 9, 9), "`scores` is not finite at place 0");
        assert_eq!(text(&of(&[1, 2], &[1.0]), 9, 9), "`scores` has 1 values for 2 rows");
        assert_eq!(text(&of(&[1, 2], &[1.0, 2.0]), 1, 9), "2 rows were returned, at most 1 were asked for");
    }

    #[test]
    fn rows_that_break_a_rule_are_dropped_with_all_that_stands_beside_them() {
        let mut all = of(&[3, 9, 3, 1, 0, 2], &[5.0, 4.0, 3.0, f32::NAN, 2.0, 1.0]);
        all.sources = vec![1, 2, 3, 4, 5, 6];
        all.columns = vec![Column { name: "a".into(), values: Values::U32s(vec![10, 11, 12, 13, 14, 15]) }];
        assert_eq!(mend(&mut all, 2, 9), 4);
        assert_eq!((&all.rows[..], &all.scores[..], &all.sources[..]), (&[3, 0][..], &[5.0, 2.0][..], &[1, 5][..]));
        assert_eq!(all.columns[0].values, Values::U32s(vec![10, 14]));
        assert_eq!(candidates(&all, 2, 9), Ok(()));
        let mut uneven = of(&[1, 1], &[1.0]);
        assert_eq!((mend(&mut uneven, 9, 9), uneven.rows.len()), (0, 2));
    }

    #[test]
    fn a_route_needs_branches_with_probabilities() {
        let route = |p| Payload::Route(vec![("heavy".to_owned(), p)]);
        assert_eq!(payload(&route(1.0), None, 0, 0), Ok(()));
        assert!(payload(&route(1.5), None, 0, 0).is_err());
        assert!(payload(&route(f32::NAN), None, 0, 0).is_err());
        assert_eq!(payload(&Payload::Route(vec![]), None, 0, 0), Err(Violation::NoBranch));
    }
}
