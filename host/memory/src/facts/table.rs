//! Facts in the store's file: each field in chunks of rows, so that an update writes the chunks that it touches and
//! not the whole field.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use super::update::{applied, mistakes};
use super::{Facts, FactsError, FactsUpdate, Field, Note};
use crate::engine::{Engine, Snapshot, Table, Unavailable, WhenFull};

/// Field to (kind, names of labels as MessagePack).
pub(crate) const FIELDS: Table<&str, (u8, &[u8])> = Table::new(6, "facts_fields");

/// (field, chunk) to the values of the chunk's rows: numbers and masks little-endian, texts as MessagePack.
pub(crate) const CHUNKS: Table<(&str, u32), &[u8]> = Table::new(7, "facts_chunks");

/// Rows of a chunk: 4 KiB of numbers, one page of the file.
const CHUNK_ROWS: usize = 1024;

const NUMBERS: u8 = 0;
const LABELS: u8 = 1;
const TEXTS: u8 = 2;

/// The facts, and how they are set.
pub(crate) struct FactsTable {
    engine: Arc<Engine>,
    now: Arc<RwLock<Arc<Facts>>>,
    /// Held while an update is made and written, since each begins with the one before.
    updating: Mutex<()>,
}

impl FactsTable {
    pub(crate) fn load(engine: Arc<Engine>) -> Result<Self, Unavailable> {
        let facts = engine.read(read)?;
        Ok(Self { engine, now: Arc::new(RwLock::new(Arc::new(facts))), updating: Mutex::new(()) })
    }

    pub(crate) fn now(&self) -> Arc<Facts> {
        Arc::clone(&self.now.read())
    }

    pub(crate) fn set(&self, update: FactsUpdate, catalog_len: u32) -> Result<Vec<Note>, FactsError> {
        let _turn = self.updating.lock();
        let facts = self.now();
        let mistakes = mistakes(&facts, &update, catalog_len);
        if !mistakes.is_empty() {
            return Err(FactsError::Invalid(mistakes));
        }
        let touched: BTreeSet<usize> = update.rows.iter().map(|row| *row as usize / CHUNK_ROWS).collect();
        let names: Vec<String> = update.fields.iter().map(|field| field.name.clone()).collect();
        let (next, notes) = applied(&facts, update);
        let next = Arc::new(next);
        let (written, now) = (Arc::clone(&next), Arc::clone(&self.now));
        let bytes = touched.len() * names.len() * CHUNK_ROWS * size_of::<i64>();
        self.engine
            .writer()
            .submit::<(), FactsError, _>(
                WhenFull::Wait,
                bytes,
                move |transaction| {
                    for (name, field) in names.iter().filter_map(|name| Some((name, written.fields.get(name)?))) {
                        let (kind, labels) = described(field)?;
                        transaction.insert(&FIELDS, name, (kind, labels.as_slice()));
                        for chunk in &touched {
                            if let Ok(number) = u32::try_from(*chunk) {
                                let bytes = encoded(field, *chunk)?;
                                transaction.insert(&CHUNKS, (name.as_str(), number), bytes.as_slice());
                            }
                        }
                    }
                    Ok(Ok(((), next)))
                },
                move |next| *now.write() = next,
            )
            .wait()?;
        Ok(notes)
    }
}

fn damaged(what: impl ToString) -> redb::Error {
    redb::Error::Corrupted(format!("facts: {}", what.to_string()))
}

fn described(field: &Field) -> Result<(u8, Vec<u8>), redb::Error> {
    Ok(match field {
        Field::Numbers(_) => (NUMBERS, Vec::new()),
        Field::Labels { names, .. } => (LABELS, rmp_serde::to_vec(names).map_err(damaged)?),
        Field::Texts(_) => (TEXTS, Vec::new()),
    })
}

fn encoded(field: &Field, chunk: usize) -> Result<Vec<u8>, redb::Error> {
    let start = chunk * CHUNK_ROWS;
    let slice = |len: usize| start.min(len)..(start + CHUNK_ROWS).min(len);
    Ok(match field {
        Field::Numbers(column) => {
            column.get(slice(column.len())).unwrap_or_default().iter().flat_map(|value| value.to_le_bytes()).collect()
        }
        Field::Labels { masks, .. } => {
            masks.get(slice(masks.len())).unwrap_or_default().iter().flat_map(|mask| mask.to_le_bytes()).collect()
        }
        Field::Texts(column) => {
            rmp_serde::to_vec(column.get(slice(column.len())).unwrap_or_default()).map_err(damaged)?
        }
    })
}

fn read(snapshot: &Snapshot<'_>) -> Result<Facts, redb::Error> {
    let mut fields = BTreeMap::new();
    for entry in snapshot.rows(&FIELDS, Bound::Unbounded)? {
        let (name, description) = entry?;
        let (name, (kind, labels)) = (name.value().to_owned(), description.value());
        let mut field = match kind {
            NUMBERS => Field::Numbers(Vec::new()),
            LABELS => {
                let names: Vec<String> = rmp_serde::from_slice(labels).map_err(damaged)?;
                Field::Labels { names: names.into(), masks: Vec::new() }
            }
            TEXTS => Field::Texts(Vec::new()),
            other => return Err(damaged(format!("field {name:?} has kind {other}"))),
        };
        for chunk in snapshot.rows(&CHUNKS, Bound::Included((name.as_str(), 0)))? {
            let (at, bytes) = chunk?;
            let (of, number) = at.value();
            if of != name {
                break;
            }
            fill(&mut field, number as usize * CHUNK_ROWS, bytes.value())?;
        }
        fields.insert(name, Arc::new(field));
    }
    Ok(Facts { fields })
}

fn fill(field: &mut Field, start: usize, bytes: &[u8]) -> Result<(), redb::Error> {
    match field {
        Field::Numbers(column) => {
            let (values, rest) = bytes.as_chunks::<4>();
            column.resize(start, f32::NAN);
            column.extend(values.iter().map(|value| f32::from_le_bytes(*value)));
            if !rest.is_empty() {
                return Err(damaged("a chunk of numbers is cut short"));
            }
        }
        Field::Labels { masks, .. } => {
            let (values, rest) = bytes.as_chunks::<8>();
            masks.resize(start, 0);
            masks.extend(values.iter().map(|value| i64::from_le_bytes(*value)));
            if !rest.is_empty() {
                return Err(damaged("a chunk of masks is cut short"));
            }
        }
        Field::Texts(column) => {
            let values: Vec<Option<Arc<str>>> = rmp_serde::from_slice(bytes).map_err(damaged)?;
            column.resize(start, None);
            column.extend(values);
        }
    }
    Ok(())
}
