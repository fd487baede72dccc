//! What passes the checks obeys the rules, and what is mended passes.

use std::collections::HashSet;

use arbitrary::{Arbitrary, Result, Unstructured};
use greenroom_model::check::{self, BRANCHES_MAX, COLUMNS_MAX, NAME_MAX};
use greenroom_model::{Candidates, Column, Payload, PolicyKind, PolicyRecord, Values};

use crate::words::readable;

/// What a node returned, and what it was asked for.
#[derive(Debug, Clone)]
pub struct Case {
    payload: Payload,
    policy: Option<PolicyRecord>,
    limit: u32,
    rows: u32,
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (limit, rows) = (u.int_in_range(0..=40)?, u.int_in_range(0..=60)?);
        let policy = if u.ratio(1, 3)? { Some(policy(u)?) } else { None };
        let payload = match u.int_in_range(0..=11)? {
            0 => Payload::Settings { scope: name(u)?, patch: u.arbitrary()? },
            1 => Payload::Document(u.arbitrary()?),
            2 => Payload::Route(branches(u)?),
            _ => Payload::Candidates(candidates(u, rows)?),
        };
        Ok(Self { payload, policy, limit, rows })
    }
}

/// Mostly as many as there should be.
fn length(u: &mut Unstructured<'_>, of: usize) -> Result<usize> {
    Ok(match u.int_in_range(0..=23_u8)? {
        0 => of + 1,
        1 => of.saturating_sub(1),
        2 => 0,
        _ => of,
    })
}

fn many<'a, T>(
    u: &mut Unstructured<'a>,
    count: usize,
    each: impl Fn(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    (0..count).map(|_| each(u)).collect()
}

/// Mostly a plain number.
fn real(u: &mut Unstructured<'_>) -> Result<f32> {
    const ODD: [f32; 8] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, -0.0, 1.5, -1.0];
    Ok(match u.arbitrary::<u8>()? {
        odd @ 0..8 => ODD[usize::from(odd)],
        8 => f32::from_bits(u.arbitrary()?),
        plain => f32::from(plain) / 255.0,
    })
}

fn name(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(match u.int_in_range(0..=15_u8)? {
        0 => "x".repeat(NAME_MAX + usize::from(u.arbitrary::<bool>()?)),
        1 => "\u{1b}[2J\u{202e}".to_owned(),
        2 => String::new(),
        _ => u.arbitrary::<char>()?.to_string(),
    })
}

fn column(u: &mut Unstructured<'_>, rows: usize) -> Result<Column> {
    let (name, count) = (name(u)?, length(u, rows)?);
    let values = match u.int_in_range(0..=2)? {
        0 => Values::F32s(many(u, count, real)?),
        1 => Values::S64s(many(u, count, |u| u.arbitrary())?),
        _ => Values::U32s(many(u, count, |u| u.arbitrary())?),
    };
    Ok(Column { name, values })
}

fn candidates(u: &mut Unstructured<'_>, known: u32) -> Result<Candidates> {
    let n = u.int_in_range(0..=44)?;
    // Mostly rows that are known, and in an order without repetitions.
    let (first, step) = (u.int_in_range(0..=known)?, u.int_in_range(0..=3)?);
    let mut rows: Vec<u32> = (0..n as u32).map(|i| (first + i * step) % known.max(1)).collect();
    for _ in 0..u.int_in_range(0..=3)? {
        let row = if u.ratio(1, 4)? { u.arbitrary()? } else { u.int_in_range(0..=known)? };
        if let Some(place) = u.choose_index(rows.len().max(1)).ok().and_then(|at| rows.get_mut(at)) {
            *place = row;
        }
    }
    let scores = length(u, n)?;
    let sources = if u.arbitrary()? { length(u, n)? } else { 0 };
    let columns = if u.ratio(1, 40)? { COLUMNS_MAX + u.int_in_range(0..=1)? } else { u.int_in_range(0..=2)? };
    Ok(Candidates {
        rows,
        scores: many(u, scores, real)?,
        sources: many(u, sources, |u| u.arbitrary())?,
        columns: many(u, columns, |u| column(u, n))?,
    })
}

fn branches(u: &mut Unstructured<'_>) -> Result<Vec<(String, f32)>> {
    if u.ratio(1, 30)? {
        return Ok(vec![(name(u)?, real(u)?); BRANCHES_MAX + u.int_in_range(0..=1)?]);
    }
    let count = u.int_in_range(0..=3)?;
    many(u, count, |u| Ok((name(u)?, real(u)?)))
}

fn policy(u: &mut Unstructured<'_>) -> Result<PolicyRecord> {
    let count = u.int_in_range(0..=44)?;
    Ok(PolicyRecord {
        kind: PolicyKind::Other,
        propensities: many(u, count, real)?,
        log_probability: f64::from(real(u)?),
        explored: u.arbitrary()?,
        sampler_seed: u.arbitrary()?,
    })
}

/// Checks what was returned, and mends it.
pub fn judge(case: Case) {
    let Case { payload, policy, limit, rows } = case;
    let verdict = check::payload(&payload, policy.as_ref(), limit, rows);
    let again = check::payload(&payload, policy.as_ref(), limit, rows);
    // By their words, since NaN differs from itself.
    assert_eq!(format!("{again:?}"), format!("{verdict:?}"), "what was checked before shows");
    if let Err(violation) = &verdict {
        readable(violation);
    }
    assert_eq!(verdict.is_ok(), obeys(&payload, policy.as_ref(), limit, rows), "{verdict:?}");
    if let Payload::Candidates(candidates) = payload {
        mends(candidates, limit, rows);
    }
}

fn mends(before: Candidates, limit: u32, rows: u32) {
    let passed = check::candidates(&before, limit, rows).is_ok();
    let mut after = before.clone();
    let dropped = check::mend(&mut after, limit, rows);
    assert_eq!(before.rows.len() - after.rows.len(), dropped);
    let named = before.columns.len() <= COLUMNS_MAX && before.columns.iter().all(|c| c.name.len() <= NAME_MAX);
    if even(&before) && named {
        assert_eq!(check::candidates(&after, limit, rows), Ok(()), "mended, and still wrong");
    }
    // By their words, as above.
    let same = format!("{before:?}") == format!("{after:?}");
    assert_eq!(same, dropped == 0, "{before:?} became {after:?}");
    assert!(!passed || same, "nothing was wrong with {before:?}");
    assert!(even(&before) || same, "there is no saying which rows {before:?} has");
    let mut left = before.rows.iter();
    assert!(after.rows.iter().all(|row| left.any(|other| other == row)), "rows in another order");
    assert_eq!(check::mend(&mut after, limit, rows), 0, "mended twice");
}

fn even(c: &Candidates) -> bool {
    let n = c.rows.len();
    let columns = c.columns.iter().all(|column| column.values.len() == n);
    c.scores.len() == n && (c.sources.is_empty() || c.sources.len() == n) && columns
}

fn probability(p: f32) -> bool {
    p >= 0.0 && p <= 1.0
}

fn obeys(payload: &Payload, policy: Option<&PolicyRecord>, limit: u32, rows: u32) -> bool {
    match payload {
        Payload::Candidates(c) => obey(c, limit, rows) && policy.is_none_or(|policy| drawn(policy, c.rows.len())),
        Payload::Route(branches) => {
            (1..=BRANCHES_MAX).contains(&branches.len())
                && branches.iter().all(|(name, p)| name.len() <= NAME_MAX && probability(*p))
        }
        Payload::Settings { .. } | Payload::Document(_) => true,
    }
}

fn obey(c: &Candidates, limit: u32, rows: u32) -> bool {
    let finite = |column: &Column| match &column.values {
        Values::F32s(values) => values.iter().all(|value| value.is_finite()),
        Values::S64s(_) | Values::U32s(_) => true,
    };
    even(c)
        && c.rows.len() <= limit as usize
        && c.rows.iter().all(|row| *row < rows)
        && c.rows.iter().collect::<HashSet<_>>().len() == c.rows.len()
        && c.scores.iter().all(|score| score.is_finite())
        && c.columns.len() <= COLUMNS_MAX
        && c.columns.iter().all(|column| column.name.len() <= NAME_MAX && finite(column))
}

fn drawn(policy: &PolicyRecord, n: usize) -> bool {
    (policy.propensities.is_empty() || policy.propensities.len() == n)
        && policy.propensities.iter().all(|p| probability(*p))
        && policy.log_probability.is_finite()
}
