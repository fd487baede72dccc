//! What operators do with the memory layer, through a server or on a data folder that none has open: the same verbs, asked and
//! answered as JSON.

mod contents;
mod forget;

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use greenroom_graph::Namespace;
use greenroom_memory::{
    BackupError, Change, Cursor, Declared, Entry, FeedError, KeyValue, KeyedEntry, Namespaces, ReadError, Store, Write,
    WriteError, Written, log_key,
};
use greenroom_model::NamespaceKind;
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
            WriteError::Kind { .. } | WriteError::Overflow { .. } => "invalid",
            WriteError::Unavailable(_) => "unavailable",
        };
        Self::new(code, error)
    }
}

impl From<FeedError> for MemoryRefused {
    fn from(error: FeedError) -> Self {
        let code = match error {
            FeedError::Lost { .. } => "lost",
            FeedError::Foreign { .. } => "conflict",
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

/// A key, and of a blob which part of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Get {
    namespace: String,
    key: String,
    #[serde(default)]
    offset: u64,
    /// 1 MiB at the most, which is also what is told when it is not said.
    length: Option<usize>,
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
    /// Milliseconds after which it is gone.
    ttl_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    namespace: String,
    key: String,
    by: i64,
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
    namespace: Option<String>,
    after: Option<Cursor>,
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

/// A value, as text where it is UTF-8, and as the number that it is in a namespace of counters.
#[derive(Debug, Serialize)]
struct Found {
    key: String,
    revision: u64,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Found {
    fn new(key: String, entry: Entry, kind: NamespaceKind) -> Self {
        let number = entry.number().filter(|_| kind == NamespaceKind::Counter);
        let Entry { value, revision, expires_ms } = entry;
        let bytes = value.len();
        let (text, base64) = match String::from_utf8(value) {
            _ if number.is_some() => (None, None),
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
        };
        Self { key, revision, bytes, expires_ms, number, text, base64 }
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
    /// Absent as `bytes_max` is.
    kind: Option<&'static str>,
    keys: u64,
    bytes: u64,
    /// Absent where the graph that is active declares no such namespace.
    bytes_max: Option<u64>,
}

impl Space {
    fn new(name: String, keys: u64, bytes: u64, declared: Option<Declared>) -> Self {
        let bytes_max = declared.and_then(|declared| declared.bytes_max);
        Self { name, kind: declared.map(|declared| declared.kind.name()), keys, bytes, bytes_max }
    }
}

#[derive(Debug, Serialize)]
struct Told {
    revision: u64,
    /// Where its changes are now; absent where they are not told.
    cursor: Option<Cursor>,
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
struct Feed {
    changes: Vec<Changed>,
    /// To be asked with the next time.
    cursor: Cursor,
    /// Whether there is more already.
    more: bool,
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
    namespaces: &'s [Namespace],
    declared: BTreeMap<String, Declared>,
    /// Where recordings of faults are, if there are any.
    recordings: Option<PathBuf>,
}

impl<'s> Keeper<'s> {
    /// With the namespaces that a graph declares.
    #[must_use]
    pub fn new(store: &'s Store, namespaces: &'s [Namespace], recordings: Option<PathBuf>) -> Self {
        Self { store, namespaces, declared: greenroom_runtime::declared(namespaces), recordings }
    }

    /// Does what a verb says: `ls`, `get`, `put`, `add`, `append`, `delete`, `scan`, `nearest`, `changes`, `forget`, `backup`,
    /// `check`.
    ///
    /// # Errors
    /// [`MemoryRefused`] says why not; `invalid` where it can't be understood.
    pub fn call(&self, verb: &str, asked: Value) -> Result<Value, MemoryRefused> {
        match verb {
            "ls" => read::<Nothing>(asked).and_then(|_| told(self.ls()?)),
            "get" => read(asked).and_then(|asked| self.get(asked)),
            "put" => read(asked).and_then(|asked| self.put(asked)),
            "add" => read(asked).and_then(|asked| told(self.add(asked)?)),
            "append" => read(asked).and_then(|asked| told(self.append(asked)?)),
            "delete" => read(asked).and_then(|asked| told(self.delete(&asked)?)),
            "scan" => read(asked).and_then(|asked| self.scan(&asked)),
            "nearest" => read(asked).and_then(|asked| self.nearest(asked)),
            "forget" => read(asked).and_then(|asked| told(self.forget(&asked)?)),
            "changes" => read(asked).and_then(|asked| told(self.changes(&asked)?)),
            "backup" => read(asked).and_then(|asked| told(self.backup(&asked)?)),
            "check" => read::<Nothing>(asked).and_then(|_| told(self.check()?)),
            _ => Err(MemoryRefused::new("not_found", format!("there is no verb {verb:?}"))),
        }
    }

    fn ls(&self) -> Result<Told, MemoryRefused> {
        let memory = self.store.memory();
        let mut spaces: BTreeMap<String, Space> = BTreeMap::new();
        for (name, declared) in &self.declared {
            let held = memory.usage(name)?;
            spaces.insert(name.clone(), Space::new(name.clone(), held.entries, held.bytes, Some(*declared)));
        }
        // What was declared once. What the host keeps itself is not a namespace of anybody.
        if !self.store.shares() {
            for (name, held) in self.store.namespaces().map_err(ReadError::from)? {
                if !name.starts_with('@') && !spaces.contains_key(&name) {
                    spaces.insert(name.clone(), Space::new(name, held.entries, held.bytes, None));
                }
            }
        }
        let (file_bytes, log_bytes) = self.store.file_bytes().unzip();
        let cursor = memory.cursor().ok();
        let revision = memory.revision()?;
        Ok(Told { revision, cursor, file_bytes, log_bytes, namespaces: spaces.into_values().collect() })
    }

    fn get(&self, Get { namespace, key, offset, length }: Get) -> Result<Value, MemoryRefused> {
        let kind = self.known(&namespace)?;
        match kind {
            NamespaceKind::Blob => return self.blob(&namespace, &key, offset, length.unwrap_or(usize::MAX)),
            NamespaceKind::Vector => return self.vector(&namespace, &key),
            NamespaceKind::Kv | NamespaceKind::Counter | NamespaceKind::Log => {}
        }
        let none = || MemoryRefused::new("not_found", format!("namespace {namespace:?} has no key {key:?}"));
        let entry = self.store.memory().get(&namespace, &key)?.ok_or_else(none)?;
        told(Found::new(key, entry, kind))
    }

    fn put(&self, asked: Put) -> Result<Value, MemoryRefused> {
        let value = value(asked.text, asked.base64)?;
        match self.known(&asked.namespace)? {
            NamespaceKind::Vector if asked.expected.is_none() => {
                return self.put_vector(&asked.namespace, asked.key, &value, asked.ttl_ms);
            }
            NamespaceKind::Blob => {
                let what = "a blob has no key of your own: `greenroom memory upload` says its digest";
                return Err(MemoryRefused::new("invalid", what));
            }
            _ => {}
        }
        let change = match asked.expected {
            None => Change::Put { value },
            Some(0) => Change::Swap { expected: None, value },
            Some(revision) => Change::Swap { expected: Some(revision), value },
        };
        let write = Write { ttl_ms: asked.ttl_ms, ..Write::new(asked.key, change) };
        let written = self.write(&asked.namespace, write)?;
        told(serde_json::json!({ "revision": written.revision }))
    }

    fn add(&self, Add { namespace, key, by }: Add) -> Result<Value, MemoryRefused> {
        let written = self.write(&namespace, Write::new(key, Change::Add { by }))?;
        told(serde_json::json!({ "revision": written.revision, "number": written.number }))
    }

    fn append(&self, asked: Put) -> Result<Value, MemoryRefused> {
        if asked.expected.is_some() {
            return Err(MemoryRefused::new("invalid", "a record of a log is new: `expected` is not for it"));
        }
        let value = value(asked.text, asked.base64)?;
        let write = Write { ttl_ms: asked.ttl_ms, ..Write::new(asked.key.clone(), Change::Append { value }) };
        let written = self.write(&asked.namespace, write)?;
        let key = log_key(&asked.key, written.number, written.revision);
        told(serde_json::json!({ "revision": written.revision, "key": key }))
    }

    fn delete(&self, OfKey { namespace, key }: &OfKey) -> Result<BTreeMap<&'static str, bool>, MemoryRefused> {
        let existed = match self.known(namespace)? {
            NamespaceKind::Blob => self.delete_blob(namespace, key)?,
            NamespaceKind::Vector => self.delete_vector(namespace, key)?,
            _ => self.write(namespace, Write::new(key, Change::Delete))?.existed,
        };
        Ok([("existed", existed)].into())
    }

    /// As an agent would: within the quota, to namespaces that are declared.
    fn write(&self, namespace: &str, write: Write) -> Result<Written, MemoryRefused> {
        let kv = Namespaces::new(self.store.memory(), self.declared.clone());
        Ok(kv.write(namespace, write).wait()?)
    }

    fn scan(&self, asked: &Scan) -> Result<Value, MemoryRefused> {
        let kind = self.known(&asked.namespace)?;
        let limit = asked.limit.unwrap_or(LIMIT);
        let after = asked.after.as_deref();
        match kind {
            NamespaceKind::Blob if asked.prefix.is_empty() => return self.blobs(&asked.namespace, after, limit),
            NamespaceKind::Blob => {
                return Err(MemoryRefused::new("invalid", "blobs have digests: `prefix` is not for them"));
            }
            NamespaceKind::Vector => return self.entries(&asked.namespace, &asked.prefix, after, limit),
            NamespaceKind::Kv | NamespaceKind::Counter | NamespaceKind::Log => {}
        }
        let page = self.store.memory().scan(&asked.namespace, &asked.prefix, asked.after.as_deref(), limit)?;
        let found = page.entries.into_iter().map(|entry| {
            let KeyedEntry { key, value, revision, expires_ms } = entry;
            Found::new(key, Entry { value, revision, expires_ms }, kind)
        });
        told(Page { entries: found.collect(), next: page.next })
    }

    fn changes(&self, asked: &Changes) -> Result<Feed, MemoryRefused> {
        let wanted = |name: &str| match &asked.namespace {
            Some(namespace) => name == namespace && !name.starts_with('@'),
            None => !name.starts_with('@'),
        };
        let found = self.store.memory().changes(asked.after, asked.limit.unwrap_or(LIMIT), &wanted)?;
        let changed = found.changes.into_iter().map(|change| {
            let greenroom_memory::Changed { revision, namespace, key, removed } = change;
            Changed { revision, namespace, key, removed }
        });
        Ok(Feed { changes: changed.collect(), cursor: found.cursor, more: found.more })
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
    fn known(&self, namespace: &str) -> Result<NamespaceKind, MemoryRefused> {
        if let Some(declared) = self.declared.get(namespace) {
            return Ok(declared.kind);
        }
        if !namespace.starts_with('@') && self.store.memory().usage(namespace)?.entries > 0 {
            return Ok(NamespaceKind::Kv);
        }
        let names: Vec<&str> = self.declared.keys().map(String::as_str).collect();
        let known =
            if names.is_empty() { "it declares none".to_owned() } else { format!("it has {}", names.join(", ")) };
        Err(MemoryRefused::new("not_found", format!("the graph declares no namespace {namespace:?}: {known}")))
    }
}

fn value(text: Option<String>, base64: Option<String>) -> Result<Vec<u8>, MemoryRefused> {
    match (text, base64) {
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(base64)) => {
            STANDARD.decode(base64).map_err(|error| MemoryRefused::new("invalid", format!("`base64` is none: {error}")))
        }
        _ => Err(MemoryRefused::new("invalid", "say the value as `text` or as `base64`")),
    }
}

fn read<T: serde::de::DeserializeOwned>(asked: Value) -> Result<T, MemoryRefused> {
    serde_json::from_value(asked).map_err(|error| MemoryRefused::new("invalid", error))
}

fn told(answer: impl Serialize) -> Result<Value, MemoryRefused> {
    serde_json::to_value(answer).map_err(|error| MemoryRefused::new("unavailable", error))
}
