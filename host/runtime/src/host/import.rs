//! Bringing files into a data folder: history without decisions, and what is known of items.

use std::collections::HashMap;
use std::sync::Arc;

use greenroom_memory::{AppendError, AssignError, CatalogError, Event, FactsError, Outcome, id_order};
use greenroom_model::{Digest, EventKind};
use thiserror::Error;

use super::{Host, now_ms};
use crate::events::{EventFile, ItemFile, Order};
use crate::memory::keep_facts;

/// Events that are written at once.
const BATCH: usize = 50_000;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Events of the file.
    pub events: usize,
    /// Those of them that were here already.
    pub repeated: usize,
    /// Items of the catalog now.
    pub items: u32,
    /// Subjects now.
    pub subjects: u32,
    /// For a person.
    pub notes: Vec<String>,
}

/// Why an import failed.
#[derive(Debug, Clone, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum ImportError {
    #[error("ids could not be numbered: {0}")]
    Assign(#[from] AssignError),
    #[error("the facts could not be kept: {0}")]
    Facts(#[from] FactsError),
    #[error("the events could not be kept: {0}")]
    Append(#[from] AppendError),
    #[error("delisted items could not be marked: {0}")]
    Catalog(#[from] CatalogError),
}

impl Host {
    /// Brings in events as organic history, and facts of items. What is here already is left as it is: the same file
    /// again changes nothing.
    ///
    /// # Errors
    /// See [`ImportError`]; events of batches before the failing one stay.
    pub fn import(&self, events: Option<&EventFile>, items: Option<&ItemFile>) -> Result<Imported, ImportError> {
        let store = &self.inner.store;
        let mut imported = Imported::default();
        let of_events = events.map(|file| file.events.items.as_slice()).unwrap_or_default();
        let of_items = items.map(|file| file.ids.as_slice()).unwrap_or_default();
        let mut ids: Vec<&str> = of_events.iter().chain(of_items).map(|id| &**id).collect();
        ids.sort_by(|a, b| id_order(a, b));
        ids.dedup();
        store.items().assign_waiting(&ids).wait()?;
        if let Some(file) = items {
            imported.notes.extend(keep_facts(store, file)?);
            let (gone, back): (Vec<_>, Vec<_>) =
                file.ids.iter().zip(&file.delisted).partition(|(_, delisted)| **delisted);
            let rows = |marked: Vec<(&Arc<str>, &bool)>| -> Vec<u32> {
                marked.into_iter().filter_map(|(id, _)| store.items().row(id)).collect()
            };
            store.items().delist(&rows(gone)).wait()?;
            store.items().relist(&rows(back)).wait()?;
        }
        if let Some(file) = events {
            self.import_events(file, &mut imported)?;
        }
        imported.items = store.items().len();
        imported.subjects = store.subjects().len();
        Ok(imported)
    }

    fn import_events(&self, file: &EventFile, imported: &mut Imported) -> Result<(), ImportError> {
        let store = &self.inner.store;
        let events = &file.events;
        let mut users: Vec<&str> = events.users.iter().map(|id| &**id).collect();
        users.sort_by(|a, b| id_order(a, b));
        store.subjects().assign_waiting(&users).wait()?;
        let numbers: Vec<Option<u32>> = events.users.iter().map(|id| store.subjects().row(id)).collect();
        let rows: Vec<Option<u32>> = events.items.iter().map(|id| store.items().row(id)).collect();
        let received = now_ms();
        let mut seen: HashMap<Digest, u32> = HashMap::new();
        let mut batch = Vec::with_capacity(BATCH);
        let columns = &events.columns;
        for at in 0..columns.len() {
            let (user, item) = (columns.users.get(at).copied(), columns.items.get(at).copied());
            let number = user.and_then(|user| numbers.get(user as usize).copied().flatten());
            let row = item.and_then(|item| rows.get(item as usize).copied().flatten());
            let (Some(subject), Some(row)) = (number, row) else { continue };
            let time = match events.order {
                Order::Times => columns.time(at).unwrap_or(0),
                Order::Rows => i64::try_from(at).unwrap_or(i64::MAX),
                Order::Unknown => 0,
            };
            let (kind, value) = match columns.rating(at) {
                Some(rating) => (EventKind::Rating, rating),
                None => (EventKind::Other, 1.0),
            };
            let identity = Digest::of_parts([
                subject.to_le_bytes().as_slice(),
                &row.to_le_bytes(),
                &time.to_le_bytes(),
                &value.to_le_bytes(),
            ]);
            // A file may say the same thing twice and mean it.
            let times = seen.entry(identity).or_insert(0);
            let id = format!("{}-{times}", identity.hex().get(..32).unwrap_or_default());
            *times += 1;
            batch.push(Event {
                id,
                request_id: None,
                subject: Some(subject),
                row,
                kind,
                value,
                event_time_ms: time,
                receive_time_ms: received,
                retracts: false,
            });
            if batch.len() == BATCH {
                self.append(std::mem::take(&mut batch), imported)?;
            }
        }
        self.append(batch, imported)
    }

    fn append(&self, batch: Vec<Event>, imported: &mut Imported) -> Result<(), ImportError> {
        imported.events += batch.len();
        let outcomes = self.inner.store.log().append_events_waiting(batch).wait()?;
        imported.repeated += outcomes.iter().filter(|outcome| **outcome == Outcome::Repeated).count();
        Ok(())
    }
}
