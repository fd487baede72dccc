//! What was decided and what came of it. Decisions and events go through one queue, so that an event finds the
//! decision it is about even when both are still on their way to the disk.

mod append;
mod decision;
mod event;
mod forget;
mod history;

use std::collections::BTreeSet;
use std::sync::Arc;

use greenroom_model::{Digest, History};
use parking_lot::{Mutex, RwLock};

use crate::engine::{Engine, Job, NUMBERS, Pending, Queued, Table, Transaction, Unavailable, WhenFull};

use crate::ids::Numbering;
use append::{Appended, append};
pub(crate) use append::{EVENTS, IDS, verify};
pub(crate) use decision::DECISIONS;
pub use decision::{DecidedFor, DecisionError, DecisionRecord};
pub use event::{AppendError, Counts, Event, EventMistake, Join, Outcome, StoredEvent};
pub use forget::ForgottenSubject;
use history::Histories;

/// Texts of the log, by name: its digest.
pub(crate) const TEXTS: Table<&str, &str> = Table::of_sums(11, "log_texts");

/// A decision on its way to the queue.
pub struct EncodedDecision(Queued);

/// Decisions that are looked at in one read, and forgotten in one write.
const FORGET_PAGE: usize = 2_000;

/// Decisions and feedback.
pub struct Log {
    engine: Arc<Engine>,
    join_window_ms: i64,
    histories: Arc<Histories>,
    /// Numbers of subjects that were: whatever comes of them is an anonymous one's.
    forgotten: Arc<RwLock<BTreeSet<u32>>>,
    forgetting: Mutex<()>,
    /// The first failure since the last flush.
    failed: Arc<Mutex<Option<Unavailable>>>,
}

impl Log {
    /// Reads every subject's history.
    pub(crate) fn load(engine: Arc<Engine>, join_window_ms: i64, subjects: &Numbering) -> Result<Self, Unavailable> {
        let histories = Arc::new(engine.read(append::histories)?);
        let forgotten = Arc::new(RwLock::new(forget::numbers(subjects)));
        Ok(Self { engine, join_window_ms, histories, forgotten, forgetting: Mutex::default(), failed: Arc::default() })
    }

    /// Queues a decision and returns; it is refused while the queue is full. A failure after that is logged, and shows
    /// in the next [`flush`](Self::flush). The first decision of a request id stays; another is counted as repeated.
    ///
    /// # Errors
    /// [`DecisionError::Invalid`] for an id that cannot be, or columns of unequal length.
    pub fn append_decision(&self, record: DecisionRecord) -> Result<(), DecisionError> {
        self.append_decision_holding(record, ())
    }

    /// As [`append_decision`](Self::append_decision); `held` is dropped once the decision can be read, or was not kept.
    ///
    /// # Errors
    /// As [`append_decision`](Self::append_decision).
    pub fn append_decision_holding(
        &self,
        record: DecisionRecord,
        held: impl Send + 'static,
    ) -> Result<(), DecisionError> {
        let decision = self.encoded(record, held)?;
        self.offer(decision).map_err(|(error, _)| error.into())
    }

    /// A decision that can be queued: for who tries more than once. `held` is as in
    /// [`append_decision_holding`](Self::append_decision_holding).
    ///
    /// # Errors
    /// [`DecisionError::Invalid`], as for [`append_decision`](Self::append_decision).
    pub fn encoded(&self, record: DecisionRecord, held: impl Send + 'static) -> Result<EncodedDecision, DecisionError> {
        let bytes = decision::encode(&record)?;
        let request_id = record.request_id;
        let size = request_id.len() + bytes.len();
        let (failed, forgotten) = (Arc::clone(&self.failed), Arc::clone(&self.forgotten));
        let job = DecisionJob { request_id, bytes, failed, forgotten, _held: held };
        Ok(EncodedDecision(Queued { bytes: size, job: Box::new(job) }))
    }

    /// Queues a decision and returns.
    ///
    /// # Errors
    /// While the queue is full, with the decision, to be tried again; and when the writer has stopped.
    pub fn offer(&self, decision: EncodedDecision) -> Result<(), (Unavailable, Option<EncodedDecision>)> {
        let offered = self.engine.writer().offer(decision.0);
        offered.map_err(|(error, job)| (error, job.map(EncodedDecision)))
    }

    /// How many writes of the store wait in its queue, decisions and events among them.
    #[must_use]
    pub fn writes_queued(&self) -> usize {
        self.engine.writer().waiting()
    }

    /// Answers when all that was queued before is durable, or says what failed since the last flush. Refused while the
    /// queue of writes is full.
    pub fn flush(&self) -> Pending<(), Unavailable> {
        self.flushed(WhenFull::Refuse)
    }

    /// As [`flush`](Self::flush), for the end: blocks while the queue of writes is full.
    pub fn flush_waiting(&self) -> Pending<(), Unavailable> {
        self.flushed(WhenFull::Wait)
    }

    fn flushed(&self, full: WhenFull) -> Pending<(), Unavailable> {
        let failed = Arc::clone(&self.failed);
        self.engine.writer().submit(full, 0, move |_| Ok(failed.lock().take().map_or(Ok(((), ())), Err)), |()| ())
    }

    /// Appends events in one transaction, durable once answered: one [`Outcome`] an event, in their order. An event id
    /// is taken once; what is repeated changes nothing. An event without a subject gets its decision's. Refused while the
    /// queue of writes is full.
    ///
    /// [`AppendError::Invalid`] lists all mistakes; then no event was taken.
    pub fn append_events(&self, events: Vec<Event>) -> Pending<Vec<Outcome>, AppendError> {
        self.appended(events, WhenFull::Refuse)
    }

    /// As [`append_events`](Self::append_events), for imports: blocks while the queue of writes is full.
    pub fn append_events_waiting(&self, events: Vec<Event>) -> Pending<Vec<Outcome>, AppendError> {
        self.appended(events, WhenFull::Wait)
    }

    fn appended(&self, events: Vec<Event>, full: WhenFull) -> Pending<Vec<Outcome>, AppendError> {
        let mistakes = event::mistakes(&events);
        if !mistakes.is_empty() {
            return Pending::ready(Err(AppendError::Invalid(mistakes)));
        }
        if events.is_empty() {
            return Pending::ready(Ok(Vec::new()));
        }
        let bytes = events.iter().map(|event| 128 + event.id.len()).sum();
        let window = self.join_window_ms;
        let (histories, forgotten) = (Arc::clone(&self.histories), Arc::clone(&self.forgotten));
        self.engine.writer().submit(
            full,
            bytes,
            move |transaction| {
                let Appended { outcomes, news } = append(transaction, &events, window, &forgotten.read())?;
                Ok(Ok((outcomes, news)))
            },
            move |news| histories.publish(news),
        )
    }

    /// Events in the order of their cursors, which begin at 1 and grow by one: after the cursor `after`, at most `limit`.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn events(&self, after: Option<u64>, limit: usize) -> Result<Vec<StoredEvent>, Unavailable> {
        self.engine.read(|snapshot| append::read(snapshot, after.unwrap_or(0), limit))
    }

    /// The cursor of the last event; none when there is no event.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn last_cursor(&self) -> Result<Option<u64>, Unavailable> {
        self.engine.read(append::last)
    }

    /// Forgets the decisions that were made before a moment, some thousands at a time; how many they were. What was told
    /// about them stays, as it was joined. Feedback that comes later is about an unknown request.
    ///
    /// # Errors
    /// When the store can't be read or written; what was forgotten until then stays so.
    pub fn forget_decisions(&self, before_ms: i64) -> Result<u64, Unavailable> {
        self.forget_where(&|head| head.time_ms < before_ms)
    }

    /// What was decided for a request.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn decision(&self, request_id: &str) -> Result<Option<DecisionRecord>, Unavailable> {
        self.engine.read(|snapshot| {
            snapshot.get(&DECISIONS, request_id)?.map(|bytes| decision::decode(bytes.value())).transpose()
        })
    }

    /// The latest `max` events of a subject, oldest first, by event time and then cursor: all kinds, none that were
    /// retracted, none that happened after `until_ms`. When that is all there is, it is shared and not copied.
    #[must_use]
    pub fn history(&self, subject: u32, until_ms: Option<i64>, max: usize) -> Arc<History> {
        self.histories.of(subject, until_ms, max)
    }

    /// How many decisions there are and what became of the events.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn counts(&self) -> Result<Counts, Unavailable> {
        self.engine.read(|snapshot| {
            let mut counts = Counts::default();
            for (name, count) in counts.by_name() {
                *count = snapshot.number(&NUMBERS, name)?;
            }
            Ok(counts)
        })
    }

    /// Over all events, retractions among them, in the order of their cursors: the same digest, the same data.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn data_digest(&self) -> Result<Digest, Unavailable> {
        self.engine.read(append::digest)
    }
}

struct DecisionJob<H> {
    request_id: String,
    bytes: Vec<u8>,
    failed: Arc<Mutex<Option<Unavailable>>>,
    forgotten: Arc<RwLock<BTreeSet<u32>>>,
    _held: H,
}

impl<H: Send> Job for DecisionJob<H> {
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), redb::Error> {
        let subject = decision::Head::read(&self.bytes)?.subject;
        if subject.is_some_and(|subject| self.forgotten.read().contains(&subject)) {
            return Ok(());
        }
        let repeated = transaction.get(&DECISIONS, &self.request_id)?.is_some();
        if !repeated {
            transaction.insert(&DECISIONS, &self.request_id, &self.bytes);
        }
        let counted = if repeated { event::DECISIONS_REPEATED } else { event::DECISIONS };
        let count = transaction.number(&NUMBERS, counted)?;
        transaction.insert(&NUMBERS, counted, count + 1);
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), Unavailable>) {
        if let Err(failure) = committed {
            tracing::error!(request_id = %self.request_id, error = %failure, "a decision was not recorded");
            self.failed.lock().get_or_insert(failure);
        }
    }
}
