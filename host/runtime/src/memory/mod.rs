//! The memory layer as guests reach it: the sandbox's trait over the store.

mod contents;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use greenroom_graph::Namespace;
use greenroom_memory::{
    Blobs, Change, Declared, FactsError, FeedError, Indexes, KeyValue, Namespaces, Overlay, ReadError, Store,
    VectorError, Vectors, Write, WriteError, log_key,
};
use greenroom_model::{Column, NamespaceKind};
use greenroom_sandbox::{
    Contents, Entry, KeyedEntry, Later, Memory, MemoryChange, MemoryChanged, MemoryChanges, MemoryError, MemoryWritten,
    Page,
};

/// The namespaces that a plan declares, with their quotas, and the facts of the catalog.
pub struct Layer {
    store: Store,
    declared: Arc<BTreeMap<String, Declared>>,
    kv: Arc<dyn KeyValue>,
    /// These two at all times as they are now.
    blobs: Blobs,
    vectors: Result<Vectors, VectorError>,
    /// Whether what is written goes to the store, whose changes are told then.
    serves: bool,
}

impl Layer {
    /// The layer of a plan over a store: for serving.
    #[must_use]
    pub fn new(store: &Store, namespaces: &[Namespace]) -> Self {
        Self::over(store, store.memory(), store.indexes(), namespaces, true)
    }

    /// As [`new`](Self::new), but what is written stays in memory, is seen through this layer alone and is gone with it:
    /// for training and evaluation, which change nothing that serves.
    #[must_use]
    pub fn scratch(store: &Store, namespaces: &[Namespace]) -> Self {
        let over = Arc::new(Overlay::over(store.memory()));
        Self::over(store, over, &Indexes::default(), namespaces, false)
    }

    fn over(store: &Store, kv: Arc<dyn KeyValue>, indexes: &Indexes, namespaces: &[Namespace], serves: bool) -> Self {
        let declared = declared(namespaces);
        let kv = Namespaces::new(kv, declared.clone());
        let (blobs, vectors) = (kv.blobs(), kv.vectors(indexes));
        Self { store: store.clone(), declared: Arc::new(declared), kv: Arc::new(kv), blobs, vectors, serves }
    }

    /// A trial's writes are seen by nobody else, and so are its changes.
    fn tells(&self) -> Result<(), MemoryError> {
        let what = "changes are told to agents that serve, not in training and evaluation";
        if self.serves { Ok(()) } else { Err(MemoryError::Unavailable(what.to_owned())) }
    }

    fn send(
        &self,
        namespace: &str,
        key: String,
        change: Change,
    ) -> greenroom_memory::Pending<greenroom_memory::Written, WriteError> {
        self.kv.write(namespace, Write::new(key, change))
    }
}

/// What a plan says of its namespaces, as the memory layer takes it.
#[must_use]
pub fn declared(namespaces: &[Namespace]) -> BTreeMap<String, Declared> {
    let declared = namespaces.iter().map(|space| {
        let retention_ms = space.retention_s.map(|s| s.saturating_mul(1_000));
        let (kind, bytes_max, schema) = (space.kind, Some(space.bytes_max), space.schema);
        (space.name.clone(), Declared { kind, bytes_max, retention_ms, schema, space: space.space })
    });
    declared.collect()
}

fn reading(error: ReadError) -> MemoryError {
    match error {
        ReadError::TooLarge { .. } => MemoryError::TooLarge(error.to_string()),
        ReadError::NotFound { .. } => MemoryError::NotFound(error.to_string()),
        ReadError::Unavailable(_) => MemoryError::Unavailable(error.to_string()),
    }
}

fn writing(error: WriteError) -> MemoryError {
    match error {
        WriteError::Conflict { found } => MemoryError::Conflict(found),
        WriteError::TooLarge { .. } | WriteError::Overflow { .. } => MemoryError::TooLarge(error.to_string()),
        WriteError::Quota { .. } => MemoryError::Quota(error.to_string()),
        WriteError::NotFound { .. } | WriteError::Kind { .. } => MemoryError::NotFound(error.to_string()),
        WriteError::Unavailable(_) => MemoryError::Unavailable(error.to_string()),
    }
}

fn following(error: FeedError) -> MemoryError {
    match error {
        FeedError::Lost { .. } | FeedError::Foreign { .. } => MemoryError::Invalid(error.to_string()),
        FeedError::Unavailable(_) => MemoryError::Unavailable(error.to_string()),
    }
}

fn entry(entry: greenroom_memory::Entry) -> Entry {
    Entry { value: entry.value, revision: entry.revision }
}

impl Memory for Layer {
    fn exists(&self, namespace: &str) -> bool {
        self.kind(namespace) == Some(NamespaceKind::Kv)
    }

    fn kind(&self, namespace: &str) -> Option<NamespaceKind> {
        self.declared.get(namespace).map(|declared| declared.kind)
    }

    fn of_request(&self, by: Instant) -> Option<Arc<dyn Memory>> {
        let kv = self.kv.pinned().or_else(|| self.kv.until(by))?;
        Some(Arc::new(Self {
            store: self.store.clone(),
            declared: Arc::clone(&self.declared),
            kv,
            blobs: self.blobs.clone(),
            vectors: self.vectors.clone(),
            serves: self.serves,
        }))
    }

    fn write(&self, namespace: &str, key: String, change: MemoryChange, ttl_ms: Option<u64>) -> Later<MemoryWritten> {
        let appends = matches!(change, MemoryChange::Append(_));
        let change = match change {
            MemoryChange::Put(value) => Change::Put { value },
            MemoryChange::Swap(expected, value) => Change::Swap { expected, value },
            MemoryChange::Add(by) => Change::Add { by },
            MemoryChange::Append(value) => Change::Append { value },
            MemoryChange::Delete => Change::Delete,
        };
        let pending = self.kv.write(namespace, Write { ttl_ms, ..Write::new(key.clone(), change) });
        Box::pin(async move {
            let written = pending.await.map_err(writing)?;
            let key = if appends { log_key(&key, written.number, written.revision) } else { key };
            Ok(MemoryWritten { key, revision: written.revision, existed: written.existed })
        })
    }

    fn contents(&self) -> &dyn Contents {
        self
    }

    fn changes(&self, namespace: &str, after: Option<&str>, limit: u32) -> Result<MemoryChanges, MemoryError> {
        self.tells()?;
        let invalid = |error: greenroom_memory::NoCursor| MemoryError::Invalid(error.to_string());
        let after = after.map(str::parse).transpose().map_err(invalid)?;
        let found = self.kv.changes(after, limit as usize, &|name| name == namespace).map_err(following)?;
        let of_blobs = self.kind(namespace) == Some(NamespaceKind::Blob);
        let changes = found.changes.into_iter().filter_map(|change| {
            let key = if of_blobs { Blobs::of_key(&change.key)?.to_string() } else { change.key };
            Some(MemoryChanged { key, revision: change.revision, removed: change.removed })
        });
        Ok(MemoryChanges { changes: changes.collect(), cursor: found.cursor.to_string(), more: found.more })
    }

    fn cursor(&self) -> Result<String, MemoryError> {
        self.tells()?;
        let cursor = self.kv.cursor().map_err(following)?;
        Ok(cursor.to_string())
    }

    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        self.kv.get(namespace, key).map(|found| found.map(entry)).map_err(reading)
    }

    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found = self.kv.get_many(namespace, &keys).map_err(reading)?;
        Ok(found.into_iter().map(|found| found.map(entry)).collect())
    }

    fn put(&self, namespace: &str, key: String, value: Vec<u8>) -> Later<u64> {
        let pending = self.send(namespace, key, Change::Put { value });
        Box::pin(async { pending.await.map(|written| written.revision).map_err(writing) })
    }

    fn compare_and_swap(&self, namespace: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64> {
        let pending = self.send(namespace, key, Change::Swap { expected, value });
        Box::pin(async { pending.await.map(|written| written.revision).map_err(writing) })
    }

    fn delete(&self, namespace: &str, key: String) -> Later<bool> {
        let pending = self.send(namespace, key, Change::Delete);
        Box::pin(async { pending.await.map(|written| written.existed).map_err(writing) })
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, MemoryError> {
        let page = self.kv.scan(namespace, prefix, after, limit as usize).map_err(reading)?;
        let keyed = |e: greenroom_memory::KeyedEntry| KeyedEntry { key: e.key, value: e.value, revision: e.revision };
        Ok(Page { entries: page.entries.into_iter().map(keyed).collect(), next: page.next })
    }

    fn row_count(&self) -> u32 {
        self.store.items().len()
    }

    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        self.store.facts().gather(rows, &fields).map_err(|e| MemoryError::NotFound(e.to_string()))
    }

    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        let labels = self.store.facts().labels(field).map_err(|e| MemoryError::NotFound(e.to_string()))?;
        Ok(labels.to_vec())
    }
}

/// Writes what an items file says of the items that the catalog has. What it says of others is not kept: they have no
/// row. Returns notes for a person.
///
/// # Errors
/// When the file's values cannot be kept, or the store cannot be written.
pub fn keep_facts(store: &Store, file: &crate::events::ItemFile) -> Result<Vec<String>, FactsError> {
    use crate::events::FactValues;
    use greenroom_memory::{FactsUpdate, FieldUpdate, FieldValues};

    let known: Vec<(usize, u32)> =
        file.ids.iter().enumerate().filter_map(|(place, id)| Some((place, store.items().row(id)?))).collect();
    #[expect(clippy::cast_possible_truncation, reason = "facts are f32 by contract")]
    let fields = file.facts.iter().map(|fact| {
        let values = match &fact.values {
            FactValues::Numbers(all) => FieldValues::Numbers(
                known.iter().map(|(at, _)| all.get(*at).copied().flatten().map_or(f32::NAN, |x| x as f32)).collect(),
            ),
            FactValues::Labels { names, labels } => {
                let of = |at: &usize| -> Vec<String> {
                    let numbers = labels.get(*at).map(Vec::as_slice).unwrap_or_default();
                    numbers.iter().filter_map(|n| names.get(*n as usize)).map(|name| name.to_string()).collect()
                };
                FieldValues::Labels(known.iter().map(|(at, _)| of(at)).collect())
            }
            FactValues::Texts(all) => FieldValues::Texts(
                known
                    .iter()
                    .map(|(at, _)| all.get(*at).and_then(Option::as_ref).map(ToString::to_string).unwrap_or_default())
                    .collect(),
            ),
        };
        FieldUpdate { name: fact.name.clone(), values }
    });
    let update = FactsUpdate { rows: known.iter().map(|(_, row)| *row).collect(), fields: fields.collect() };
    let notes = store.set_facts(update)?;
    Ok(notes.into_iter().map(|note| format!("items, `{}`: {}", note.field, note.message)).collect())
}
