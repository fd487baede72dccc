//! A copy of the whole store as it was at one moment, made while it is written; and back.

use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError, ReadableDatabase as _};

use crate::engine::{Engine, NUMBERS, SETTLED, begin, segment_number};
use crate::store::{FILE, IDENTITY, OpenError, SALT, Store, TABLES, known_layout, unique};

/// What a backup, or what one was restored from, holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes of its file.
    pub bytes: u64,
}

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is something already.
    #[error("{} is there already: {todo}", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
        /// What to do.
        todo: &'static str,
    },
    /// The backup is none, or damaged.
    #[error("{} {what}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The store in its place can't be replaced.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file can't be read or written.
    #[error("{}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The store can't be read, or the copy not be written.
    #[error("the copy could not be made")]
    Storage(#[source] Box<redb::Error>),
}

impl From<redb::Error> for BackupError {
    fn from(error: redb::Error) -> Self {
        Self::Storage(Box::new(error))
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::System { path: path.clone(), source }
}

/// A file in the making; removed unless it is kept.
struct Making(PathBuf);

impl Making {
    /// Beside the file that it is to become.
    fn beside(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.making", std::process::id()));
        Self(path.with_file_name(name))
    }

    /// Lets it take its place, durably.
    fn keep(self, path: &Path) -> std::io::Result<()> {
        std::fs::File::open(&self.0)?.sync_all()?;
        std::fs::rename(&self.0, path)?;
        sync_folder(path)
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        // It is not there when it was kept.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn sync_folder(of: &Path) -> std::io::Result<()> {
    let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

/// Copies all tables, as they are now, into a new file.
pub(crate) fn backup(engine: &Engine, to: &Path) -> Result<BackedUp, BackupError> {
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned(), todo: "name another file, or remove it first" });
    }
    let making = Making::beside(to);
    let (rows, _) = copy(engine, &making.0)?;
    let bytes = std::fs::metadata(&making.0).map_err(at(&making.0))?.len();
    making.keep(to).map_err(at(to))?;
    Ok(BackedUp { rows, bytes })
}

/// Copies all tables: how many rows they have, and the last batch in them.
fn copy(engine: &Engine, to: &Path) -> Result<(u64, u64), BackupError> {
    let _ = std::fs::remove_file(to);
    let database = Database::create(to).map_err(redb::Error::from)?;
    let (view, last) = engine.now();
    let snapshot = view.at(last);
    let mut rows = 0;
    for table in TABLES {
        rows += table.copy(&snapshot, &database)?;
    }
    let transaction = begin(&database, true)?;
    {
        // The copy has no log of writes, and begins one of its own.
        let mut numbers = transaction.open_table(NUMBERS.definition()).map_err(redb::Error::from)?;
        numbers.insert(SALT, unique()?).map_err(redb::Error::from)?;
        numbers.insert(SETTLED, last).map_err(redb::Error::from)?;
    }
    transaction.commit().map_err(redb::Error::from)?;
    Ok((rows, last))
}

/// Puts a backup in the place of a data folder's store. What was there is kept as `greenroom.redb.replaced` when `replace` says that
/// it may go, and else is in the way.
///
/// # Errors
/// [`BackupError`]; then what was there is there still.
pub fn restore(from: &Path, dir: &Path, replace: bool) -> Result<BackedUp, BackupError> {
    let unfit = |what: String| BackupError::Unfit { path: from.to_owned(), what };
    let bytes = std::fs::metadata(from).map_err(at(from))?.len();
    std::fs::create_dir_all(dir).map_err(at(dir))?;
    let path = dir.join(FILE);
    // Nobody may open what is there until it is replaced.
    let mut held = None;
    if path.exists() {
        if !replace {
            let todo = "restore into another data folder, or say --replace, which keeps it as greenroom.redb.replaced";
            return Err(BackupError::Exists { path, todo });
        }
        held = hold(&path)?;
    }
    let making = Making::beside(&path);
    std::fs::copy(from, &making.0).map_err(at(&making.0))?;
    let rows = {
        let mut database =
            Database::open(&making.0).map_err(|error| unfit(format!("is no backup of a store: {error}")))?;
        let whole = database.check_integrity().map_err(|error| unfit(format!("is damaged: {error}")))?;
        if !whole {
            return Err(unfit("is damaged: its pages do not have the sums that they should".to_owned()));
        }
        known_layout(&database).map_err(unfit)?;
        become_another(&database)?;
        rows_of(&database)?
    };
    if path.exists() {
        let replaced = dir.join(format!("{FILE}.replaced"));
        std::fs::rename(&path, &replaced).map_err(at(&replaced))?;
        for segment in segments(dir).map_err(at(dir))? {
            let mut kept = segment.clone().into_os_string();
            kept.push(".replaced");
            std::fs::rename(&segment, &kept).map_err(at(&segment))?;
        }
    }
    making.keep(&path).map_err(at(&path))?;
    drop(held);
    Ok(BackedUp { rows, bytes })
}

/// Writes a data folder's store into a new file without gaps, which takes its place. Bytes before and after.
///
/// # Errors
/// [`BackupError`]; then the store is as it was.
pub fn compact(dir: &Path) -> Result<(u64, u64), BackupError> {
    let path = dir.join(FILE);
    let making = Making::beside(&path);
    let (_, last) = copy(&*Store::engine_of(dir)?, &making.0)?;
    // It was closed, so that all of its log is in the file. Nobody may have written since.
    let held = hold(&path)?;
    let settled = held.as_ref().map(settled).transpose()?;
    if settled != Some(last) || !segments(dir).map_err(at(dir))?.is_empty() {
        return Err(OpenError::InUse { path }.into());
    }
    let length = |path: &Path| std::fs::metadata(path).map(|file| file.len()).map_err(at(path));
    let sizes = (length(&path)?, length(&making.0)?);
    making.keep(&path).map_err(at(&path))?;
    drop(held);
    Ok(sizes)
}

fn segments(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(segment_number).is_some() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Opens a file so that nobody else does; none when it can't be opened by anybody.
fn hold(path: &Path) -> Result<Option<Database>, BackupError> {
    match Database::open(path) {
        Ok(database) => Ok(Some(database)),
        Err(DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch) => {
            Err(OpenError::InUse { path: path.to_owned() }.into())
        }
        Err(_) => Ok(None),
    }
}

fn settled(database: &Database) -> Result<u64, BackupError> {
    let read = || -> Result<u64, redb::Error> {
        let numbers = database.begin_read()?.open_table(NUMBERS.definition())?;
        Ok(numbers.get(SETTLED)?.map_or(0, |batch| batch.value()))
    };
    Ok(read()?)
}

/// Other writes come after those of the backup than came in the store that it is of.
fn become_another(database: &Database) -> Result<(), BackupError> {
    let change = || -> Result<(), redb::Error> {
        let transaction = begin(database, true)?;
        transaction.open_table(NUMBERS.definition())?.insert(IDENTITY, unique()?)?;
        Ok(transaction.commit()?)
    };
    Ok(change()?)
}

fn rows_of(database: &Database) -> Result<u64, BackupError> {
    let transaction = begin(database, true)?;
    let mut rows = 0;
    for table in TABLES {
        rows += table.len(&transaction)?;
    }
    transaction.abort().map_err(redb::Error::from)?;
    Ok(rows)
}
