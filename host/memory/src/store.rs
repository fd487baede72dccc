//! Opening a store: one file in a data folder, or nothing but memory.

#[cfg(test)]
mod power_cut;

use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{Database, DatabaseError, ReadableDatabase as _, ReadableTable, ReadableTableMetadata};

use crate::backup::{BackedUp, BackupError, backup};
use crate::catalog::{Catalog, DELISTED};
use crate::clock::Clock;
use crate::embedded::{self, Embedded};
use crate::engine::{AnyTable, Engine, Folder, NUMBERS, Segments, Table, Unavailable, begin, segment_number};
use crate::expiry::EXPIRIES;
use crate::facts::{self, Facts, FactsError, FactsTable, FactsUpdate, Note};
use crate::feed::CHANGES;
use crate::ids::{Kind, Numbering};
use crate::kv::{KeyValue, Space};
use crate::log::{self, ForgottenSubject, Log};
use crate::vector::Indexes;

/// The layout of the file that this code reads and writes. 1 had no log of writes and no counts of ids.
const SCHEMA: u64 = 2;

/// Its name among [`NUMBERS`].
const SCHEMA_NAME: &str = "schema";

/// What makes records of the log of writes this store's own, among [`NUMBERS`].
pub(crate) const SALT: &str = "wal_salt";

/// Which store it is, among [`NUMBERS`].
pub(crate) const IDENTITY: &str = "identity";

/// The file in the data folder.
pub const FILE: &str = "greenroom.redb";

/// Items' ids.
pub(crate) const ITEMS: Kind = Kind { table: Table::new(3, "items"), count: "items" };

/// Subjects' ids.
pub(crate) const SUBJECTS: Kind = Kind { table: Table::new(4, "subjects"), count: "subjects" };

/// All tables, at their numbers.
pub(crate) const TABLES: &[&dyn AnyTable] = &[
    &NUMBERS,
    &embedded::ENTRIES,
    &embedded::SPACES,
    &ITEMS.table,
    &SUBJECTS.table,
    &DELISTED,
    &facts::FIELDS,
    &facts::CHUNKS,
    &log::DECISIONS,
    &log::EVENTS,
    &log::IDS,
    &log::TEXTS,
    &CHANGES,
    &EXPIRIES,
];

/// How a store works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// An event that happened more than so many milliseconds after its decision is not credited.
    pub join_window_ms: i64,
    /// Bytes of memory for pages of the file.
    pub cache_bytes: usize,
    /// Bytes of memory for keys and values that were read lately.
    pub entries_bytes: usize,
    /// Writes that may wait, at least 1; one more is refused, or waits where it says so.
    pub queue_max: usize,
    /// What expiry is held against.
    pub clock: Clock,
}

impl Default for Settings {
    /// 24 hours, 256 MiB and 64 MiB, and as many writes as four commits take.
    fn default() -> Self {
        let join_window_ms = 24 * 60 * 60 * 1000;
        Self {
            join_window_ms,
            cache_bytes: 256 << 20,
            entries_bytes: 64 << 20,
            queue_max: 4096,
            clock: Clock::default(),
        }
    }
}

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Somebody else has it open.
    #[error("{} is in use by another process: end it, or use another data folder", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It was written by another version.
    #[error(
        "{} has layout {found}, and this version reads layout {expected}: use the version that wrote it, or another \
         data folder",
        path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// The layout that it has; 0 when it says none.
        found: u64,
        /// The layout that this version reads.
        expected: u64,
    },
    /// The data folder can't be made or the writer's thread can't be started.
    #[error("can't prepare {}", path.display())]
    System {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file can't be opened or read.
    #[error("can't open {}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<redb::Error>,
    },
    /// The file can't be read.
    #[error("can't load {}", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Unavailable,
    },
    /// The file contradicts itself.
    #[error("{} is damaged: {what}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// The shared memory layer of one deployment. A clone shares it; the file is closed with the last of them, and of what
/// [`kv`](Self::kv) gave, after all that is queued is written.
#[derive(Clone)]
pub struct Store {
    parts: Arc<Parts>,
    shared: Option<Arc<dyn KeyValue>>,
}

struct Parts {
    engine: Arc<Engine>,
    /// The folder of its file; none in memory.
    dir: Option<PathBuf>,
    kv: Arc<dyn KeyValue>,
    items: Catalog,
    subjects: Numbering,
    facts: FactsTable,
    log: Log,
    indexes: Indexes,
}

impl Store {
    /// Opens the store of a data folder, or creates it, with the usual [`Settings`].
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Self::open_with(dir, &Settings::default())
    }

    /// Opens the store of a data folder, or creates it.
    ///
    /// # Errors
    /// [`OpenError`] says what is in the way.
    pub fn open_with(dir: &Path, settings: &Settings) -> Result<Self, OpenError> {
        let path = dir.join(FILE);
        Self::built(Self::engine_with(dir, settings)?, path, settings)
    }

    /// The open file alone.
    pub(crate) fn engine_of(dir: &Path) -> Result<Arc<Engine>, OpenError> {
        Self::engine_with(dir, &Settings::default())
    }

    fn engine_with(dir: &Path, settings: &Settings) -> Result<Arc<Engine>, OpenError> {
        let path = dir.join(FILE);
        let system = |source| OpenError::System { path: dir.to_owned(), source };
        std::fs::create_dir_all(dir).map_err(system)?;
        let database = Database::builder()
            .set_cache_size(settings.cache_bytes)
            .create(&path)
            .map_err(|error| failed_to_open(&path, error))?;
        // A new file is there after a power cut only if its folder says so.
        std::fs::File::open(dir).and_then(|folder| folder.sync_all()).map_err(system)?;
        Self::engine_over(database, &path, settings, Some(Box::new(Folder::new(dir))))
    }

    /// A store in memory, gone when dropped, with the usual [`Settings`].
    ///
    /// # Errors
    /// When the writer's thread can't be started.
    pub fn in_memory() -> Result<Self, OpenError> {
        Self::in_memory_with(&Settings::default())
    }

    /// A store in memory, gone when dropped.
    ///
    /// # Errors
    /// When the writer's thread can't be started.
    pub fn in_memory_with(settings: &Settings) -> Result<Self, OpenError> {
        let path = PathBuf::from("memory");
        let database = Database::builder()
            .set_cache_size(settings.cache_bytes)
            .create_with_backend(InMemoryBackend::new())
            .map_err(|error| OpenError::Storage { path: path.clone(), source: Box::new(error.into()) })?;
        let engine = Self::engine_over(database, &path, settings, None)?;
        Self::built(engine, path, settings)
    }

    fn engine_over(
        database: Database,
        path: &Path,
        settings: &Settings,
        log: Option<Box<dyn Segments>>,
    ) -> Result<Arc<Engine>, OpenError> {
        let storage = |source| OpenError::Storage { path: path.to_owned(), source: Box::new(source) };
        let salt = match prepare(&database, log.is_some()).map_err(storage)? {
            Ok(salt) => salt,
            Err(found) => return Err(OpenError::Schema { path: path.to_owned(), found, expected: SCHEMA }),
        };
        let engine = Engine::open(database, TABLES, log.map(|log| (log, salt)), settings.queue_max);
        let damaged = |what| OpenError::Damaged { path: path.to_owned(), what };
        Ok(Arc::new(engine.map_err(storage)?.map_err(damaged)?))
    }

    fn built(engine: Arc<Engine>, path: PathBuf, settings: &Settings) -> Result<Self, OpenError> {
        let damaged = |what| OpenError::Damaged { path: path.clone(), what };
        let load = |source| OpenError::Load { path: path.clone(), source };
        let items = Numbering::load(Arc::clone(&engine), &ITEMS).map_err(load)?.map_err(damaged)?;
        let subjects = Numbering::load(Arc::clone(&engine), &SUBJECTS).map_err(load)?.map_err(damaged)?;
        let parts = Arc::new(Parts {
            engine: Arc::clone(&engine),
            dir: path.is_file().then(|| path.parent().map(Path::to_owned)).flatten(),
            kv: Arc::new(
                Embedded::new(Arc::clone(&engine), settings.entries_bytes as u64, settings.clock.clone())
                    .map_err(load)?,
            ),
            items: Catalog::load(items).map_err(load)?,
            facts: FactsTable::load(Arc::clone(&engine)).map_err(load)?,
            log: Log::load(engine, settings.join_window_ms, &subjects).map_err(load)?,
            subjects,
            indexes: Indexes::default(),
        });
        Ok(Self { parts, shared: None })
    }

    /// The same, but what graphs declare of the memory layer is elsewhere, where other hosts share it.
    #[must_use]
    pub fn sharing(self, shared: Arc<dyn KeyValue>) -> Self {
        Self { shared: Some(shared), ..self }
    }

    /// What graphs declare: every namespace exists, none has a quota. See [`Namespaces`](crate::Namespaces).
    #[must_use]
    pub fn memory(&self) -> Arc<dyn KeyValue> {
        self.shared.clone().unwrap_or_else(|| self.kv())
    }

    /// The indexes of what graphs declare, for [`Vectors`](crate::Vectors).
    #[must_use]
    pub fn indexes(&self) -> &Indexes {
        &self.parts.indexes
    }

    /// Whether that is elsewhere.
    #[must_use]
    pub fn shares(&self) -> bool {
        self.shared.is_some()
    }

    /// Keys and values of this store itself: every namespace exists, none has a quota. See [`Namespaces`](crate::Namespaces).
    #[must_use]
    pub fn kv(&self) -> Arc<dyn KeyValue> {
        Arc::clone(&self.parts.kv)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.parts.engine
    }

    /// Copies the store, as it is now, into a new file, while it is read and written.
    ///
    /// # Errors
    /// [`BackupError`]; then there is no file.
    pub fn backup(&self, to: &Path) -> Result<BackedUp, BackupError> {
        backup(&self.parts.engine, to)
    }

    /// All namespaces that ever held something, the host's own among them, with what they hold.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn namespaces(&self) -> Result<Vec<(String, Space)>, Unavailable> {
        self.parts.engine.read(|snapshot| {
            let spaces = snapshot.rows(&embedded::SPACES, Bound::Unbounded)?;
            spaces
                .map(|space| {
                    let (name, held) = space?;
                    let (entries, bytes) = held.value();
                    Ok((name.value().to_owned(), Space { entries, bytes }))
                })
                .collect()
        })
    }

    /// Bytes of the file, and of the log of writes that is not in it yet; none for a store in memory.
    #[must_use]
    pub fn file_bytes(&self) -> Option<(u64, u64)> {
        let dir = self.parts.dir.as_deref()?;
        let file = std::fs::metadata(dir.join(FILE)).ok()?.len();
        let files = std::fs::read_dir(dir).ok()?.flatten();
        let segments = files.filter(|file| file.file_name().to_str().and_then(segment_number).is_some());
        Some((file, segments.filter_map(|file| Some(file.metadata().ok()?.len())).sum()))
    }

    /// Items: their ids, rows, and which are delisted.
    #[must_use]
    pub fn items(&self) -> &Catalog {
        &self.parts.items
    }

    /// Subjects: their ids and numbers.
    #[must_use]
    pub fn subjects(&self) -> &Numbering {
        &self.parts.subjects
    }

    /// What is known of items now. It does not change: ask again for later facts.
    #[must_use]
    pub fn facts(&self) -> Arc<Facts> {
        self.parts.facts.now()
    }

    /// Sets facts of items. Blocks until that is durable; one update runs at a time.
    ///
    /// # Errors
    /// [`FactsError::Invalid`] lists all that is wrong with the update.
    pub fn set_facts(&self, update: FactsUpdate) -> Result<Vec<Note>, FactsError> {
        self.parts.facts.set(update, self.parts.items.len())
    }

    /// Forgets a subject: its events and decisions, and its id. What namespaces hold of it is [`forget_keys`](crate::forget_keys)'s, and
    /// what was learned from it is its learners'.
    ///
    /// # Errors
    /// When the store can't be read or written; then it may be done in part, and can be done again.
    pub fn forget(&self, subject: &str) -> Result<ForgottenSubject, Unavailable> {
        self.parts.log.forget(&self.parts.subjects, subject)
    }

    /// Decisions and feedback.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.parts.log
    }
}

/// A number that is not 0 and that nobody else has.
pub(crate) fn unique() -> Result<u64, redb::Error> {
    getrandom::u64().map(|number| number.max(1)).map_err(|error| redb::Error::Io(std::io::Error::other(error)))
}

/// Makes the tables of a new file, and brings one of layout 1 to this one. Returns the salt of its log of writes, or else the
/// layout that it has; 0 when it says none.
fn prepare(database: &Database, quick_repair: bool) -> Result<Result<u64, u64>, redb::Error> {
    let transaction = begin(database, quick_repair)?;
    let new = transaction.list_tables()?.next().is_none();
    let salt = {
        let mut numbers = transaction.open_table(NUMBERS.definition())?;
        let number = |name| Ok::<_, redb::Error>(numbers.get(name)?.map_or(0, |number| number.value()));
        let (found, salt, identity) = (number(SCHEMA_NAME)?, number(SALT)?, number(IDENTITY)?);
        match found {
            SCHEMA if identity > 0 && transaction.list_tables()?.count() >= TABLES.len() => return Ok(Ok(salt)),
            0 if new => {}
            1 | SCHEMA => {}
            _ => return Ok(Err(found)),
        }
        // Records may wait in a log of writes with the salt that there is.
        let salt = match salt {
            0 => unique()?,
            salt => salt,
        };
        if identity == 0 {
            numbers.insert(IDENTITY, unique()?)?;
        }
        numbers.insert(SCHEMA_NAME, SCHEMA)?;
        numbers.insert(SALT, salt)?;
        for kind in [ITEMS, SUBJECTS] {
            numbers.insert(kind.count, transaction.open_table(kind.table.definition())?.len()?)?;
        }
        salt
    };
    for table in TABLES {
        table.make(&transaction)?;
    }
    transaction.commit()?;
    Ok(Ok(salt))
}

/// What is wrong with the layout of a file that is to be restored.
pub(crate) fn known_layout(database: &Database) -> Result<(), String> {
    let found = || -> Result<u64, redb::Error> {
        let transaction = database.begin_read()?;
        let numbers = transaction.open_table(NUMBERS.definition())?;
        Ok(numbers.get(SCHEMA_NAME)?.map_or(0, |schema| schema.value()))
    };
    match found() {
        Ok(SCHEMA | 1) => Ok(()),
        Ok(found) => {
            Err(format!("has layout {found}, and this version reads layout {SCHEMA}: use the version that wrote it"))
        }
        Err(_) => Err("is no backup of a store".to_owned()),
    }
}

/// Why a file could not be opened.
pub(crate) fn failed_to_open(path: &Path, error: DatabaseError) -> OpenError {
    let path = path.to_owned();
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => OpenError::InUse { path },
        DatabaseError::Storage(redb::StorageError::Corrupted(what)) => OpenError::Damaged { path, what },
        other => OpenError::Storage { path, source: Box::new(other.into()) },
    }
}
