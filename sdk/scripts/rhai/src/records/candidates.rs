//! Candidates: rows, scores, sources and named columns, all of one length.

use std::rc::Rc;

use greenroom_sdk as sdk;
use rhai::{Array, Dynamic, Engine, FnPtr, ImmutableString, NativeCallContext};

use super::{Record, register};
use crate::columns::{Column, any, f32_of, marked, places, script_of};
use crate::fault::{Told, ask, wrong};

/// Cheap to clone, as all that scripts have.
#[derive(Debug, Clone)]
pub(crate) struct Candidates {
    rows: Column,
    scores: Column,
    sources: Column,
    columns: Rc<Vec<(ImmutableString, Column)>>,
}

impl From<sdk::Candidates> for Candidates {
    fn from(all: sdk::Candidates) -> Self {
        Self {
            rows: all.rows.into(),
            scores: all.scores.into(),
            sources: all.sources.into(),
            columns: Rc::new(
                all.columns.into_iter().map(|column| (column.name.into(), column.values.into())).collect(),
            ),
        }
    }
}

impl Record for Candidates {
    const TYPE: &'static str = "Candidates";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("len", |all| script_of(all.rows.len())),
        ("rows", |all| Dynamic::from(all.rows.clone())),
        ("scores", |all| Dynamic::from(all.scores.clone())),
        ("sources", |all| Dynamic::from(all.sources.clone())),
        ("names", |all| all.columns.iter().map(|(name, _)| name.clone().into()).collect::<Array>().into()),
        ("kind", |_| "candidates".into()),
    ];
}

impl Candidates {
    /// Of rows and scores, which become columns of the contract's types.
    fn new(rows: Dynamic, scores: Dynamic) -> Told<Self> {
        let rows = Column::from(any(rows)?.into_u32s()?);
        let scores = Column::from(any(scores)?.into_f32s());
        rows.beside(&scores)?;
        Ok(Self { rows, scores, sources: Vec::<u64>::new().into(), columns: Rc::default() })
    }

    fn column(&self, name: &str) -> Dynamic {
        let found = self.columns.iter().find(|(other, _)| other == name);
        found.map_or(Dynamic::UNIT, |(_, column)| Dynamic::from(column.clone()))
    }

    fn with(&self, name: &str, column: Dynamic) -> Told<Self> {
        let column = any(column)?;
        self.rows.beside(&column)?;
        let mut columns = self.columns.as_ref().clone();
        match columns.iter_mut().find(|(other, _)| other == name) {
            Some((_, there)) => *there = column,
            None => columns.push((name.into(), column)),
        }
        Ok(Self { columns: Rc::new(columns), ..self.clone() })
    }

    fn with_scores(&self, scores: Dynamic) -> Told<Self> {
        let scores = Column::from(any(scores)?.into_f32s());
        self.rows.beside(&scores)?;
        Ok(Self { scores, ..self.clone() })
    }

    fn with_sources(&self, sources: Dynamic) -> Told<Self> {
        let sources = any(sources)?;
        self.rows.beside(&sources)?;
        Ok(Self { sources: sources.into_u64s()?.into(), ..self.clone() })
    }

    fn pick(&self, places: &[usize]) -> Told<Self> {
        let columns = self.columns.iter().map(|(name, column)| Ok((name.clone(), column.pick(places)?)));
        Ok(Self {
            rows: self.rows.pick(places)?,
            scores: self.scores.pick(places)?,
            sources: if self.sources.len() == 0 { self.sources.clone() } else { self.sources.pick(places)? },
            columns: Rc::new(columns.collect::<Told<_>>()?),
        })
    }

    fn first(&self, n: i64) -> Told<Self> {
        let n = usize::try_from(n).unwrap_or_default();
        if n >= self.rows.len() { Ok(self.clone()) } else { self.pick(&(0..n).collect::<Vec<_>>()) }
    }

    /// By descending score, ties by ascending row, as the SDK has it; with sources and columns.
    fn best(&self, limit: i64) -> Told<Self> {
        let rows = self.rows.clone().into_u32s()?;
        let mut places: Vec<(f32, u32, usize)> = self
            .scores
            .clone()
            .into_f32s()
            .into_iter()
            .zip(rows)
            .enumerate()
            .map(|(at, (score, row))| (score, row, at))
            .collect();
        places.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        places.truncate(usize::try_from(limit).unwrap_or_default());
        self.pick(&places.into_iter().map(|(_, _, at)| at).collect::<Vec<_>>())
    }

    /// Those of others after these, without columns and sources.
    fn and(&self, others: &Self) -> Told<Self> {
        let (mut rows, mut scores) = (self.rows.clone().into_u32s()?, self.scores.clone().into_f32s());
        rows.extend(others.rows.clone().into_u32s()?);
        scores.extend(others.scores.clone().into_f32s());
        Ok(sdk::Candidates::new(rows, scores).into())
    }

    /// As the contract has them. Scores that are not finite are refused here, where it can be said which.
    pub(crate) fn into_contract(self) -> Told<sdk::Candidates> {
        let scores = self.scores.into_f32s();
        if let Some(place) = scores.iter().position(|score| !score.is_finite()) {
            let score = scores.get(place).copied().unwrap_or_default();
            return Err(wrong(format!(
                "the score at place {place} is {score}: scores are finite (see `fill_nan` and `clamp`)"
            )));
        }
        let columns = Rc::unwrap_or_clone(self.columns).into_iter();
        Ok(sdk::Candidates {
            rows: self.rows.into_u32s()?,
            scores,
            sources: self.sources.into_u64s()?,
            columns: columns.map(|(name, column)| sdk::Column { name: name.into(), values: column.into() }).collect(),
        })
    }
}

/// The best of rows by their scores, without columns.
fn best(rows: Dynamic, scores: Dynamic, limit: i64) -> Told<Candidates> {
    let (rows, scores) = (any(rows)?, any(scores)?);
    rows.beside(&scores)?;
    let pairs = scores.into_f32s().into_iter().zip(rows.into_u32s()?).collect();
    let limit = u32::try_from(limit.max(0)).unwrap_or(u32::MAX);
    Ok(sdk::Candidates::best(pairs, limit).into())
}

fn only(context: NativeCallContext, all: Candidates, keeps: FnPtr) -> Told<Candidates> {
    let mut kept = Vec::new();
    for (place, row) in all.rows.iter().enumerate() {
        if ask::<bool>(&context, &keeps, (row.value(),))? {
            kept.push(place);
        }
    }
    all.pick(&kept)
}

/// How good a row is where it stands, from 1 downwards: what an order says when scores are not comparable.
#[expect(clippy::cast_precision_loss, reason = "lists are short")]
fn standing(all: &Candidates) -> Column {
    let len = all.rows.len();
    (0..len).map(|place| 1.0 - f32_of(place as f64 / len as f64)).collect::<Vec<f32>>().into()
}

pub(super) fn add_to(engine: &mut Engine) {
    register::<Candidates>(engine);
    engine.register_fn("candidates", Candidates::new);
    engine.register_fn("candidates", || Candidates::from(sdk::Candidates::default()));
    engine.register_fn("best", best);
    engine.register_fn("best", |all: Candidates, limit: i64| all.best(limit));
    engine.register_fn("best", |all: Candidates, scores: Dynamic, limit: i64| all.with_scores(scores)?.best(limit));
    engine.register_fn("standing", |all: Candidates| standing(&all));
    engine.register_fn("column", |all: Candidates, name: &str| all.column(name));
    engine.register_fn("with_column", |all: Candidates, name: &str, column: Dynamic| all.with(name, column));
    engine.register_fn("with_scores", |all: Candidates, scores: Dynamic| all.with_scores(scores));
    engine.register_fn("with_sources", |all: Candidates, sources: Dynamic| all.with_sources(sources));
    engine.register_fn("pick", |all: Candidates, at: Dynamic| all.pick(&places(any(at)?)?));
    engine.register_fn("first", |all: Candidates, n: i64| all.first(n));
    engine.register_fn("only", only);
    engine.register_fn("only", |all: Candidates, mask: Column| all.pick(&marked(&mask, all.rows.len())?));
    engine.register_fn("and", |all: Candidates, others: Candidates| all.and(&others));
    engine.register_fn("len", |all: Candidates| script_of(all.rows.len()));
    engine.register_fn("is_empty", |all: Candidates| all.rows.len() == 0);
}
