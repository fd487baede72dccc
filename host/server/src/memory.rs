//! What operators do with the memory layer, through a server or on a data folder that none has open: the same verbs, asked and
//! answered as JSON.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenroom_graph::Namespace;
use greenroom_memory::{BackupError, Change, Entry, FeedError, KeyValue, Quotas, ReadError, Store, Write, WriteError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Entries of a page, when it is not said.
const LIMIT: usize = 100;

/// Why something was not done; then nothing has changed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct MemoryRefused {
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl MemoryRefused {
    fn new(code: &'static str, message: impl ToString) -> Self {
        Self { code, message: message.to_string() }
    }
}

impl From<ReadError> for MemoryRefused {
    fn from(error: ReadError) -> Self {
        WriteError::from(error).into()
    }
}

impl From<WriteError> for MemoryRefused {
    fn from(error: WriteError) -> Self {
        let code = match error {
            WriteError::Conflict { .. } => "conflict",
            WriteError::TooLarge { .. } => "too_large",
            WriteError::Quota { .. } => "quota",
            WriteError::NotFound { .. } => "not_found",
            WriteError::Unavailable(_) => "unavailable",
        };
        Self::new(code, error)
    }
}

impl From<FeedError> for MemoryRefused {
    fn from(error: FeedError) -> Self {
        let code = match error {
            FeedError::Lost { .. } => "lost",
            FeedError::Beyond { .. } => "invalid",
            FeedError::Unavailable(_) => "unavailable",
        };
        Self::new(code, error)
    }
}

impl From<BackupError> for MemoryRefused {
    fn from(error: BackupError) -> Self {
        let code = match &error {
            BackupError::Exists { .. } => "exists",
            _ => "unavailable",
        };
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self::new(code, format!("{error}{cause}"))
    }
}

/// What is asked with each verb. Fields that are not known are refused.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfKey {
    namespace: String,
    key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    namespace: String,
    key: String,
    text: Option<String>,
    base64: Option<String>,
    /// The revision that is to be there; 0 for none.
    expected: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scan {
    namespace: String,
    #[serde(default)]
    prefix: String,
    after: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Changes {
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Backup {
    file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A value, as text where it is UTF-8.
#[derive(Debug, Serialize)]
struct Found {
    key: String,
    revision: u64,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Found {
    fn new(key: String, Entry { value, revision }: Entry) -> Self {
        let bytes = value.len();
        let (text, base64) = match String::from_utf8(value) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
        };
        Self { key, revision, bytes, text, base64 }
    }
}

#[derive(Debug, Serialize)]
struct Page {
    entries: Vec<Found>,
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct Space {
    name: String,
    keys: u64,
    bytes: u64,
    /// Absent where the graph that is active declares no such namespace.
    bytes_max: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Told {
    revision: u64,
    /// Bytes of the store's file; absent for one in memory.
    file_bytes: Option<u64>,
    /// Bytes of its log of writes.
    log_bytes: Option<u64>,
    namespaces: Vec<Space>,
}

#[derive(Debug, Serialize)]
struct Changed {
    revision: u64,
    namespace: String,
    key: String,
    removed: bool,
}

#[derive(Debug, Serialize)]
struct Checked {
    keys: u64,
    ids: u64,
    events: u64,
    decisions: u64,
    fault_count: u64,
    faults: Vec<String>,
}

/// The namespaces of a store, as operators see them.
pub struct Keeper<'s> {
    store: &'s Store,
    declared: BTreeMap<String, u64>,
}

impl<'s> Keeper<'s> {
    /// With the namespaces that a graph declares.
    #[must_use]
    pub fn new(store: &'s Store, namespaces: &[Namespace]) -> Self {
        let declared = namespaces.iter().map(|space| (space.name.clone(), space.bytes_max)).collect();
        Self { store, declared }
    }

    /// Does what a verb says: `ls`, `get`, `put`, `delete`, `scan`, `changes`, `backup`, `check`.
    ///
    /// # Errors
    /// [`MemoryRefused`] says why not; `invalid` where it can't be understood.
    pub fn call(&self, verb: &str, asked: Value) -> Result<Value, MemoryRefused> {
        match verb {
            "ls" => read::<Nothing>(asked).and_then(|_| told(self.ls()?)),
            "get" => read(asked).and_then(|asked| told(self.get(asked)?)),
            "put" => read(asked).and_then(|asked| told(self.put(asked)?)),
            "delete" => read(asked).and_then(|asked| told(self.delete(&asked)?)),
            "scan" => read(asked).and_then(|asked| told(self.scan(&asked)?)),
            "changes" => read(asked).and_then(|asked| told(self.changes(&asked)?)),
            "backup" => read(asked).and_then(|asked| told(self.backup(&asked)?)),
            "check" => read::<Nothing>(asked).and_then(|_| told(self.check()?)),
            _ => Err(MemoryRefused::new("not_found", format!("there is no verb {verb:?}"))),
        }
    }

    fn ls(&self) -> Result<Told, MemoryRefused> {
        let mut spaces: BTreeMap<String, Space> = BTreeMap::new();
        for (name, space) in self.store.namespaces().map_err(ReadError::from)? {
            let bytes_max = self.declared.get(&name).copied();
            // What the host keeps itself is not a namespace of anybody.
            if !name.starts_with('@') {
                let (keys, bytes) = (space.entries, space.bytes);
                spaces.insert(name.clone(), Space { name, keys, bytes, bytes_max });
            }
        }
        for (name, bytes_max) in &self.declared {
            let empty = || Space { name: name.clone(), keys: 0, bytes: 0, bytes_max: Some(*bytes_max) };
            spaces.entry(name.clone()).or_insert_with(empty);
        }
        let (file_bytes, log_bytes) = self.store.file_bytes().unzip();
        let revision = self.store.kv().revision()?;
        Ok(Told { revision, file_bytes, log_bytes, namespaces: spaces.into_values().collect() })
    }

    fn get(&self, OfKey { namespace, key }: OfKey) -> Result<Found, MemoryRefused> {
        self.known(&namespace)?;
        let none = || MemoryRefused::new("not_found", format!("namespace {namespace:?} has no key {key:?}"));
        let entry = self.store.kv().get(&namespace, &key)?.ok_or_else(none)?;
        Ok(Found::new(key, entry))
    }

    fn put(&self, asked: Put) -> Result<BTreeMap<&'static str, u64>, MemoryRefused> {
        let value = match (asked.text, asked.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(base64)) => STANDARD
                .decode(base64)
                .map_err(|error| MemoryRefused::new("invalid", format!("`base64` is none: {error}")))?,
            _ => return Err(MemoryRefused::new("invalid", "say the value as `text` or as `base64`")),
        };
        let change = match asked.expected {
            None => Change::Put { value },
            Some(0) => Change::Swap { expected: None, value },
            Some(revision) => Change::Swap { expected: Some(revision), value },
        };
        let written = self.write(&asked.namespace, asked.key, change)?;
        Ok([("revision", written.revision)].into())
    }

    fn delete(&self, OfKey { namespace, key }: &OfKey) -> Result<BTreeMap<&'static str, bool>, MemoryRefused> {
        let written = self.write(namespace, key.clone(), Change::Delete)?;
        Ok([("existed", written.existed)].into())
    }

    /// As an agent would: within the quota, to namespaces that are declared.
    fn write(&self, namespace: &str, key: String, change: Change) -> Result<greenroom_memory::Written, MemoryRefused> {
        let quotas = self.declared.iter().map(|(name, bytes_max)| (name.clone(), Some(*bytes_max))).collect();
        let kv = Quotas::new(self.store.kv(), quotas);
        Ok(kv.write(namespace, Write { key, change, bytes_max: None }).wait()?)
    }

    fn scan(&self, asked: &Scan) -> Result<Page, MemoryRefused> {
        self.known(&asked.namespace)?;
        let limit = asked.limit.unwrap_or(LIMIT);
        let page = self.store.kv().scan(&asked.namespace, &asked.prefix, asked.after.as_deref(), limit)?;
        let found = page.entries.into_iter().map(|entry| {
            let (value, revision) = (entry.value, entry.revision);
            Found::new(entry.key, Entry { value, revision })
        });
        Ok(Page { entries: found.collect(), next: page.next })
    }

    fn changes(&self, asked: &Changes) -> Result<Vec<Changed>, MemoryRefused> {
        let changes = self.store.changes(asked.after, asked.limit.unwrap_or(LIMIT))?;
        let changed = changes.into_iter().map(|change| {
            let greenroom_memory::Changed { revision, namespace, key, removed } = change;
            Changed { revision, namespace, key, removed }
        });
        Ok(changed.collect())
    }

    fn backup(&self, Backup { file }: &Backup) -> Result<BTreeMap<&'static str, u64>, MemoryRefused> {
        if !file.is_absolute() {
            return Err(MemoryRefused::new("invalid", "`file` is to be an absolute path on the host's machine"));
        }
        let made = self.store.backup(file)?;
        Ok([("rows", made.rows), ("bytes", made.bytes)].into())
    }

    fn check(&self) -> Result<Checked, MemoryRefused> {
        let checked = self.store.check().map_err(ReadError::from)?;
        let greenroom_memory::Checked { keys, ids, events, decisions, faults, fault_count } = checked;
        Ok(Checked { keys, ids, events, decisions, fault_count, faults })
    }

    /// What can be read: what is declared, and what is there and was declared once.
    fn known(&self, namespace: &str) -> Result<(), MemoryRefused> {
        let there = || -> Result<bool, ReadError> { Ok(self.store.kv().usage(namespace)?.entries > 0) };
        if !namespace.starts_with('@') && (self.declared.contains_key(namespace) || there()?) {
            return Ok(());
        }
        let names: Vec<&str> = self.declared.keys().map(String::as_str).collect();
        let known =
            if names.is_empty() { "it declares none".to_owned() } else { format!("it has {}", names.join(", ")) };
        Err(MemoryRefused::new("not_found", format!("the graph declares no namespace {namespace:?}: {known}")))
    }
}

fn read<T: serde::de::DeserializeOwned>(asked: Value) -> Result<T, MemoryRefused> {
    serde_json::from_value(asked).map_err(|error| MemoryRefused::new("invalid", error))
}

fn told(answer: impl Serialize) -> Result<Value, MemoryRefused> {
    serde_json::to_value(answer).map_err(|error| MemoryRefused::new("unavailable", error))
}
