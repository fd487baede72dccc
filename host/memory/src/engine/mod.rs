//! The open store, which all its parts share: what is read, and the thread that writes.
//!
//! A batch of writes is durable once it stands in the log of writes ([`wal`]). From there it is seen in a table in memory
//! ([`memtable`]), and when that is large, all of it goes into the file with one commit, while the next one fills. So a
//! write costs one sync of a few pages, and the file's pages are written once for many writes.

mod memtable;
mod table;
mod transaction;
mod view;
mod wal;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use redb::{Database, Durability, WriteTransaction};

use memtable::{Memtable, Row};
pub(crate) use table::{AnyTable, Recent, Table};
pub(crate) use transaction::Transaction;
use view::File;
pub(crate) use view::{Held, Rows, Snapshot, View};
use wal::Segment;
use wal::Wal;
pub(crate) use wal::{Folder, Segments, segment_number};
pub(crate) use writer::{Job, Queued, WhenFull, Writer};
pub use writer::{Pending, Unavailable};

/// Numbers of the whole store, by name.
pub(crate) const NUMBERS: Table<&str, u64> = Table::of_sums(0, "numbers");

/// The last batch that is in the file, among [`NUMBERS`].
pub(crate) const SETTLED: &str = "settled";

/// About how much memory rows take that are not in the file, before they go there; as much again may be on its way.
const MEMTABLE_BYTES: usize = 32 << 20;

/// Bytes of a segment of the log after which its rows go into the file.
const SEGMENT_BYTES: u64 = 64 << 20;

/// What is read and how it is written.
pub(crate) struct Engine {
    // Ends first, so that the file is closed when the engine is gone.
    writer: Writer,
    shared: Arc<Shared>,
}

impl Engine {
    /// Over a file that has all tables. `tables` stand at their numbers. The error says what is damaged.
    pub(crate) fn open(
        database: Database,
        tables: &'static [&'static dyn AnyTable],
        log: Option<(Box<dyn Segments>, u64)>,
        queue_max: usize,
    ) -> Result<Result<Self, String>, redb::Error> {
        let file = Arc::new(File::now(&database, tables.len())?);
        let active = Arc::<Memtable>::default();
        let settled = View::new(Arc::clone(&file), 0, vec![Arc::clone(&active)]).at(0).number(&NUMBERS, SETTLED)?;
        let quick_repair = log.is_some();
        let (wal, found) = match log.map(|(segments, salt)| Wal::open(segments, salt, settled)).transpose()? {
            Some(Ok((wal, found))) => (Some(wal), Some(found)),
            Some(Err(damage)) => return Ok(Err(damage)),
            None => (None, None),
        };
        let (mut last, mut kept) = (settled, Vec::new());
        for record in found.iter().flat_map(|found| &found.records) {
            for (table, key, value) in &record.rows {
                let Some(known) = tables.get(usize::from(*table)) else {
                    return Ok(Err(format!("its log of writes has table {table}: it is a later version's")));
                };
                let row = Row { table: *table, compare: known.compare(), key: Arc::clone(key), value: value.clone() };
                active.put(&row, record.batch);
            }
            last = record.batch;
            active.ended(last);
        }
        kept.extend(found.map(|found| found.segments).unwrap_or_default());
        let view = View::new(file, settled, vec![active]);
        let shared = Arc::new(Shared {
            database,
            tables,
            quick_repair,
            view: ArcSwap::from_pointee(view),
            changing: Mutex::new(()),
            last: AtomicU64::new(last),
        });
        let mut core = Core { shared: Arc::clone(&shared), wal, settling: None, failed: None, stopped: false };
        if !kept.is_empty() {
            core.settle_with(kept);
        }
        let writer = Writer::start(core, queue_max).map_err(redb::Error::Io)?;
        Ok(Ok(Self { writer, shared }))
    }

    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// What can be read now, and the batch that ended last.
    pub(crate) fn now(&self) -> (Arc<View>, u64) {
        // The batch first: the view then has at least all rows up to it.
        let last = self.shared.last.load(Ordering::Acquire);
        let view = self.shared.view.load_full();
        let last = last.max(view.settled());
        (view, last)
    }

    /// Reads as after the batch that ended last.
    pub(crate) fn read<T>(&self, what: impl FnOnce(&Snapshot<'_>) -> Result<T, redb::Error>) -> Result<T, Unavailable> {
        // The batch first: the view then has at least all rows up to it.
        let last = self.shared.last.load(Ordering::Acquire);
        what(&self.shared.view.load().at(last)).map_err(Unavailable::reading)
    }
}

/// What the writer's thread, the one that settles, and readers share.
struct Shared {
    database: Database,
    tables: &'static [&'static dyn AnyTable],
    quick_repair: bool,
    view: ArcSwap<View>,
    /// Held while the view is changed.
    changing: Mutex<()>,
    /// The last batch that has ended.
    last: AtomicU64,
}

impl Shared {
    /// Lets a new memtable begin; returns the one before it.
    fn rotate(&self) -> Result<Arc<Memtable>, redb::Error> {
        let _changing = self.changing.lock();
        let view = self.view.load();
        let [before] = view.memtables() else {
            return Err(redb::Error::Corrupted("rows are on their way into the file twice".to_owned()));
        };
        let memtables = vec![Arc::default(), Arc::clone(before)];
        self.view.store(Arc::new(View::new(view.file(), view.settled(), memtables)));
        Ok(Arc::clone(before))
    }

    /// Writes a memtable's rows into the file, and lets the file stand for them.
    fn settle(&self, memtable: &Arc<Memtable>) -> Result<(), redb::Error> {
        let settled = memtable.last();
        let transaction = begin(&self.database, self.quick_repair)?;
        for table in self.tables {
            memtable.all(table.number(), table.compare(), |rows| table.write(&transaction, rows))?;
        }
        transaction.open_table(NUMBERS.definition())?.insert(SETTLED, settled)?;
        transaction.commit()?;
        let _changing = self.changing.lock();
        let memtables =
            self.view.load().memtables().iter().filter(|other| !Arc::ptr_eq(other, memtable)).cloned().collect();
        let file = File::now(&self.database, self.tables.len())?;
        self.view.store(Arc::new(View::new(Arc::new(file), settled, memtables)));
        Ok(())
    }
}

/// What the writer's thread works on.
pub(crate) struct Core {
    shared: Arc<Shared>,
    wal: Option<Wal>,
    settling: Option<JoinHandle<Result<Vec<Segment>, redb::Error>>>,
    /// What a failure said, for those that follow from it and say no more than that there was one.
    failed: Option<Arc<redb::Error>>,
    /// Whether nothing more is taken.
    stopped: bool,
}

impl Core {
    /// Does jobs in one batch, durable when this returns.
    pub(crate) fn commit(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), Arc<redb::Error>> {
        if let (true, Some(failed)) = (self.stopped, &self.failed) {
            return Err(Arc::clone(failed));
        }
        let view = self.shared.view.load_full();
        let batch = self.shared.last.load(Ordering::Relaxed) + 1;
        let mut transaction = Transaction::new(&view, batch);
        let done = jobs.iter_mut().try_for_each(|job| job.apply(&mut transaction));
        let done = done.and_then(|()| {
            let rows = transaction.end();
            match &mut self.wal {
                Some(wal) if !rows.is_empty() => wal.append(batch, rows)?,
                _ => {}
            }
            Ok(!rows.is_empty())
        });
        let written = match done {
            Ok(written) => written,
            Err(error) => {
                transaction.abort();
                let follows = matches!(error, redb::Error::PreviousIo);
                if follows {
                    self.wait();
                }
                let error = Arc::new(error);
                if self.wal.as_ref().is_some_and(Wal::is_broken) {
                    self.stop(Arc::clone(&error));
                }
                let first = Arc::clone(self.failed.get_or_insert_with(|| Arc::clone(&error)));
                return Err(if follows { first } else { error });
            }
        };
        if written {
            view.active().ended(batch);
            self.shared.last.store(batch, Ordering::Release);
        }
        Ok(())
    }

    /// To be called between batches: has rows go into the file when there are many.
    pub(crate) fn tend(&mut self) {
        if self.settling.as_ref().is_some_and(JoinHandle::is_finished) {
            self.wait();
        }
        let full = self.shared.view.load().active().bytes() >= MEMTABLE_BYTES
            || self.wal.as_ref().is_some_and(|wal| wal.written() >= SEGMENT_BYTES);
        if full {
            self.settle();
        }
    }

    /// Whether there are rows that are not in the file nor on their way.
    pub(crate) fn has_rows(&self) -> bool {
        !self.stopped && !self.shared.view.load().active().is_empty()
    }

    /// Writes all there is into the file.
    pub(crate) fn end(mut self) {
        self.wait();
        if self.wal.is_some() && self.has_rows() {
            self.settle();
            self.wait();
        }
        if let Some(wal) = self.wal.filter(|_| !self.stopped) {
            wal.end();
        }
    }

    /// Has all rows go into the file, and waits for those that are on their way.
    pub(crate) fn settle(&mut self) {
        self.wait();
        if !self.stopped {
            let segments = self.wal.as_mut().map(Wal::rotate).unwrap_or_default();
            self.settle_with(segments);
        }
    }

    /// Has the rows there are go into the file; `segments` hold them too.
    fn settle_with(&mut self, segments: Vec<Segment>) {
        let shared = Arc::clone(&self.shared);
        let started = self.shared.rotate().and_then(|memtable| {
            let thread = std::thread::Builder::new().name("greenroom-settler".to_owned());
            Ok(thread.spawn(move || shared.settle(&memtable).map(|()| segments))?)
        });
        match started {
            Ok(thread) => self.settling = Some(thread),
            Err(error) => self.fail(error),
        }
    }

    /// Waits until no rows are on their way into the file.
    fn wait(&mut self) {
        let Some(thread) = self.settling.take() else { return };
        match thread.join() {
            Ok(Ok(segments)) => {
                if let Some(wal) = &mut self.wal {
                    wal.reuse(segments);
                }
            }
            Ok(Err(error)) => self.fail(error),
            Err(_) => self.fail(redb::Error::Corrupted("the thread that writes into the file panicked".to_owned())),
        }
    }

    fn fail(&mut self, error: redb::Error) {
        tracing::error!(%error, "rows could not be written into the file; the log of writes has them: reopen the store");
        self.stop(Arc::new(error));
    }

    fn stop(&mut self, error: Arc<redb::Error>) {
        self.failed = Some(error);
        self.stopped = true;
    }
}

/// A transaction whose commit is on the disk when it returns. `quick_repair` makes reopening after a kill fast and a commit
/// somewhat slower.
pub(crate) fn begin(database: &Database, quick_repair: bool) -> Result<WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    transaction.set_quick_repair(quick_repair);
    Ok(transaction)
}
