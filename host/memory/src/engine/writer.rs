//! One thread commits. Writers queue; the thread takes what has gathered, applies it in one transaction, makes that
//! durable with one sync, and only then answers, so that the price of a sync is shared by all who wait for it.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use futures_channel::oneshot;

use super::{Core, Transaction};

/// Writes of one commit: enough to share its price, few enough to keep whoever goes ahead from waiting long.
const BATCH_JOBS_MAX: usize = 1024;

/// Bytes of one commit after which no further write joins it. Dirty pages live in memory.
const BATCH_BYTES_MAX: usize = 16 << 20;

/// What was written goes into the file when nothing more came for so long.
const IDLE: Duration = Duration::from_secs(1);

/// The store can't be read or written now.
///
/// When its queue is full, nothing was written, and the same write may be taken a moment later. Anything else may work
/// again once the store is reopened. After a failed commit nobody knows whether the write was kept: read it back, or repeat it where that is harmless.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct Unavailable {
    what: Cow<'static, str>,
    #[source]
    source: Option<Arc<redb::Error>>,
    full: bool,
}

impl Unavailable {
    fn stopped() -> Self {
        Self { what: "the store's writer has stopped; reopen the store".into(), source: None, full: false }
    }

    pub(crate) fn full(queue_max: usize) -> Self {
        let what = format!("the queue of {queue_max} writes is full; try again later").into();
        Self { what, source: None, full: true }
    }

    /// For another reason, in words that say what to do.
    pub(crate) fn of(what: impl Into<Cow<'static, str>>) -> Self {
        Self { what: what.into(), source: None, full: false }
    }

    /// Whether nothing was written because others wait: the same write may be taken a moment later.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.full
    }

    pub(crate) fn reading(source: redb::Error) -> Self {
        Self { what: "the store could not be read".into(), source: Some(Arc::new(source)), full: false }
    }

    fn writing(source: Arc<redb::Error>) -> Self {
        Self { what: "the store could not be written; reopen it".into(), source: Some(source), full: false }
    }
}

/// A write on its way: [`wait`](Self::wait) blocks until it is durable, `.await` does not block. Dropping it does not
/// cancel the write.
#[must_use = "a write is durable only once its answer is here"]
pub struct Pending<T, E>(State<T, E>);

enum State<T, E> {
    Answered(Option<Result<T, E>>),
    Queued(oneshot::Receiver<Result<T, E>>),
}

impl<T, E> Unpin for Pending<T, E> {}

impl<T, E: From<Unavailable>> Pending<T, E> {
    /// What is known without a write.
    pub fn ready(answer: Result<T, E>) -> Self {
        Self(State::Answered(Some(answer)))
    }

    /// What will be sent here.
    pub(crate) fn promised(answer: oneshot::Receiver<Result<T, E>>) -> Self {
        Self(State::Queued(answer))
    }

    /// Blocks this thread until the write is durable or was refused.
    ///
    /// # Errors
    /// Whatever the write was refused for; [`Unavailable`] when it could not be made durable.
    pub fn wait(mut self) -> Result<T, E> {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            match Pin::new(&mut self).poll(&mut context) {
                Poll::Ready(answer) => return answer,
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

impl<T, E: From<Unavailable>> Future for Pending<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Answered(answer) => Poll::Ready(answer.take().unwrap_or_else(|| Err(Unavailable::stopped().into()))),
            State::Queued(answer) => {
                Pin::new(answer).poll(context).map(|sent| sent.unwrap_or_else(|_| Err(Unavailable::stopped().into())))
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Something to do in the next transaction.
pub(crate) trait Job: Send {
    /// Does it. An error aborts the whole transaction, so it is for failures of the store alone.
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), redb::Error>;

    /// Told after the commit, in the order of the queue.
    fn finish(self: Box<Self>, committed: Result<(), Unavailable>);
}

/// A job that answers. `work` may refuse with `E` as long as it has written nothing; `publish` runs after the commit
/// and before the answer.
struct Task<T, E, X, W, P> {
    work: Option<W>,
    done: Option<Result<(T, X), E>>,
    publish: P,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, X, W, P> Job for Task<T, E, X, W, P>
where
    T: Send,
    E: From<Unavailable> + Send,
    X: Send,
    W: FnOnce(&mut Transaction<'_>) -> Result<Result<(T, X), E>, redb::Error> + Send,
    P: FnOnce(X) + Send,
{
    fn apply(&mut self, transaction: &mut Transaction<'_>) -> Result<(), redb::Error> {
        if let Some(work) = self.work.take() {
            self.done = Some(work(transaction)?);
        }
        Ok(())
    }

    fn finish(self: Box<Self>, committed: Result<(), Unavailable>) {
        let answer = match (committed, self.done) {
            (Ok(()), Some(Ok((value, news)))) => {
                (self.publish)(news);
                Ok(value)
            }
            (_, Some(Err(refusal))) => Err(refusal),
            (Err(failure), _) => Err(failure.into()),
            (Ok(()), None) => Err(Unavailable::stopped().into()),
        };
        // Whoever dropped the receiver does not want to know.
        let _ = self.answer.send(answer);
    }
}

pub(crate) struct Queued {
    pub(crate) bytes: usize,
    pub(crate) job: Box<dyn Job>,
}

/// What becomes of a write that finds the queue full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhenFull {
    /// It is refused at once: for threads that others wait for, such as those of guests and of HTTP.
    Refuse,
    /// Its thread blocks until there is room: for imports.
    Wait,
    /// It has a queue of its own, and is committed before all that waits in the other: for the few writes of the host
    /// itself, for which changes of plans wait. Refused when that one is full.
    Ahead,
}

/// The queues and their thread.
pub(crate) struct Writer {
    /// None is no write: it has the thread look at the other queue.
    queue: Option<SyncSender<Option<Queued>>>,
    ahead: SyncSender<Queued>,
    queue_max: usize,
    /// How many writes wait in the queues or at their ends.
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(core: Core, queue_max: usize) -> std::io::Result<Self> {
        // A queue of none takes a write only while the thread stands idle.
        let queue_max = queue_max.max(1);
        let (queue, jobs) = sync_channel(queue_max);
        let (ahead, first) = sync_channel(queue_max);
        let waiting = Arc::<AtomicUsize>::default();
        let left = Arc::clone(&waiting);
        let thread = std::thread::Builder::new()
            .name("greenroom-writer".to_owned())
            .spawn(move || run(core, &Jobs { ahead: first, queue: jobs, waiting: left }))?;
        Ok(Self { queue: Some(queue), ahead, queue_max, waiting, thread: Some(thread) })
    }

    /// How many writes wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Queues a job.
    pub(crate) fn queue(&self, full: WhenFull, bytes: usize, job: Box<dyn Job>) -> Result<(), Unavailable> {
        let job = Queued { bytes, job };
        match full {
            WhenFull::Refuse => self.offer(job).map_err(|(error, _)| error),
            WhenFull::Wait => {
                let queue = self.queue.as_ref().ok_or_else(Unavailable::stopped)?;
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let queued = queue.send(Some(job)).map_err(|_| Unavailable::stopped());
                queued.inspect_err(|_| {
                    self.waiting.fetch_sub(1, Ordering::Relaxed);
                })
            }
            WhenFull::Ahead => {
                let queue = self.queue.as_ref().ok_or_else(Unavailable::stopped)?;
                self.tried(job, |job| self.ahead.try_send(job)).map_err(|(error, _)| error)?;
                // A full queue has the thread come round by itself.
                let _ = queue.try_send(None);
                Ok(())
            }
        }
    }

    /// Queues a job, or gives it back while the queue is full.
    pub(crate) fn offer(&self, job: Queued) -> Result<(), (Unavailable, Option<Queued>)> {
        let Some(queue) = &self.queue else { return Err((Unavailable::stopped(), None)) };
        self.tried(Some(job), |job| queue.try_send(job)).map_err(|(error, job)| (error, job.flatten()))
    }

    fn tried<J>(
        &self,
        job: J,
        send: impl FnOnce(J) -> Result<(), TrySendError<J>>,
    ) -> Result<(), (Unavailable, Option<J>)> {
        // Before it can be taken out.
        self.waiting.fetch_add(1, Ordering::Relaxed);
        send(job).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(job) => (Unavailable::full(self.queue_max), Some(job)),
                TrySendError::Disconnected(_) => (Unavailable::stopped(), None),
            }
        })
    }

    /// Queues work of about so many bytes and promises its answer.
    pub(crate) fn submit<T, E, X>(
        &self,
        full: WhenFull,
        bytes: usize,
        work: impl FnOnce(&mut Transaction<'_>) -> Result<Result<(T, X), E>, redb::Error> + Send + 'static,
        publish: impl FnOnce(X) + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        X: Send + 'static,
    {
        let (answer, receiver) = oneshot::channel();
        match self.queue(full, bytes, Box::new(Task { work: Some(work), done: None, publish, answer })) {
            Ok(()) => Pending::promised(receiver),
            Err(refused) => Pending::ready(Err(refused.into())),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The thread finishes what is queued, then ends.
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // An answer may drop the last handle of the store on the writer's own thread.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("the store's writer panicked; what was not acknowledged is lost");
            }
        }
    }
}

/// The other ends of the queues.
struct Jobs {
    ahead: Receiver<Queued>,
    queue: Receiver<Option<Queued>>,
    waiting: Arc<AtomicUsize>,
}

impl Jobs {
    /// What is committed together: `first`, and what follows it.
    fn batch(&self, first: Option<Queued>, mut next: impl FnMut() -> Option<Queued>) -> Vec<Box<dyn Job>> {
        let (mut batch, mut bytes, mut job) = (Vec::new(), 0_usize, first);
        while let Some(Queued { bytes: more, job: taken }) = job {
            bytes = bytes.saturating_add(more);
            batch.push(taken);
            job = if batch.len() < BATCH_JOBS_MAX && bytes < BATCH_BYTES_MAX { next() } else { None };
        }
        self.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
        batch
    }
}

fn run(mut core: Core, jobs: &Jobs) {
    loop {
        let first = if core.has_rows() {
            jobs.queue.recv_timeout(IDLE)
        } else {
            jobs.queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        let first = match first {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                core.settle();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        commit_ahead(&mut core, jobs);
        let batch = jobs.batch(first, || std::iter::from_fn(|| jobs.queue.try_recv().ok()).flatten().next());
        commit_all(&mut core, batch);
        // The batch may have taken the message that was to have the thread look here.
        commit_ahead(&mut core, jobs);
    }
    core.end();
}

/// What may go ahead waits for no more than the commit in which it finds the thread.
fn commit_ahead(core: &mut Core, jobs: &Jobs) {
    loop {
        let own = jobs.batch(jobs.ahead.try_recv().ok(), || jobs.ahead.try_recv().ok());
        if own.is_empty() {
            break;
        }
        commit_all(core, own);
    }
}

fn commit_all(core: &mut Core, mut batch: Vec<Box<dyn Job>>) {
    if batch.is_empty() {
        return;
    }
    let committed = core.commit(&mut batch).map_err(Unavailable::writing);
    if let Err(failure) = &committed {
        tracing::error!(error = %failure, cause = ?failure.source, jobs = batch.len(), "a commit failed");
    }
    for job in batch {
        job.finish(committed.clone());
    }
    core.tend();
}

#[cfg(test)]
mod tests {
    use std::io;

    use redb::Database;
    use redb::backends::InMemoryBackend;

    use super::super::{AnyTable as _, Engine, NUMBERS, begin};
    use super::*;

    fn engine() -> Engine {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let transaction = begin(&database, false).unwrap();
        NUMBERS.make(&transaction).unwrap();
        transaction.commit().unwrap();
        Engine::open(database, &[&NUMBERS], None, 16).unwrap().unwrap()
    }

    #[test]
    fn an_answer_comes_after_its_news_is_published() {
        let engine = engine();
        let writer = engine.writer();
        let published = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let news = Arc::clone(&published);
        let pending: Pending<u32, Unavailable> =
            writer.submit(WhenFull::Refuse, 0, |_| Ok(Ok((7, "news"))), move |what| news.lock().push(what));
        assert_eq!(pending.wait().unwrap(), 7);
        assert_eq!(*published.lock(), ["news"]);
    }

    #[test]
    fn one_failure_of_the_store_fails_the_commit_it_was_in_and_says_so() {
        let engine = engine();
        let writer = engine.writer();
        let failing: Pending<(), Unavailable> = writer.submit(
            WhenFull::Refuse,
            0,
            |_| Err::<Result<((), ()), _>, _>(redb::Error::Corrupted("torn page".to_owned())),
            |()| (),
        );
        let failure = failing.wait().unwrap_err();
        let source = std::error::Error::source(&failure).unwrap();
        assert!(source.to_string().contains("torn page"), "{source}");
    }

    #[test]
    fn what_the_first_failure_said_is_told_of_those_that_follow_from_it() {
        let engine = engine();
        let writer = engine.writer();
        let failing = |error: redb::Error| -> Unavailable {
            let failing: Pending<(), Unavailable> =
                writer.submit(WhenFull::Refuse, 0, |_| Err::<Result<((), ()), _>, _>(error), |()| ());
            failing.wait().unwrap_err()
        };
        for error in [redb::Error::Io(io::ErrorKind::StorageFull.into()), redb::Error::PreviousIo] {
            assert!(failing(error).disk().is_some_and(crate::no_room));
        }
    }

    #[test]
    fn a_full_queue_refuses_who_may_not_wait_and_keeps_the_others() {
        let engine = engine();
        let writer = engine.writer();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (stalls, stalled) = std::sync::mpsc::channel();
        let number = |full, number: u32| -> Pending<u32, Unavailable> {
            writer.submit(full, 0, move |_| Ok(Ok((number, ()))), |()| ())
        };
        let stall: Pending<(), Unavailable> = writer.submit(
            WhenFull::Refuse,
            0,
            |_| Ok(Ok(((), ()))),
            move |()| {
                stalls.send(()).unwrap();
                let _ = wait.recv();
            },
        );
        stalled.recv().unwrap();
        let queued: Vec<_> = (0..16).map(|i| number(WhenFull::Refuse, i)).collect();
        let refused = number(WhenFull::Refuse, 16).wait().unwrap_err();
        assert_eq!(writer.waiting(), 16);
        assert_eq!(refused.to_string(), "the queue of 16 writes is full; try again later");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| number(WhenFull::Wait, 17).wait());
            drop(go);
            assert_eq!(waiting.join().unwrap().unwrap(), 17);
        });
        stall.wait().unwrap();
        assert_eq!(queued.into_iter().map(|p| p.wait().unwrap()).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
    }

    #[test]
    fn what_goes_ahead_is_committed_before_what_was_queued_and_wakes_the_thread() {
        let engine = engine();
        let writer = engine.writer();
        let order = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let note = |full, what: u32| -> Pending<(), Unavailable> {
            let order = Arc::clone(&order);
            writer.submit(full, 0, |_| Ok(Ok(((), ()))), move |()| order.lock().push(what))
        };
        // Nothing else has the thread look.
        note(WhenFull::Ahead, 0).wait().unwrap();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let (stalls, stalled) = std::sync::mpsc::channel();
        let stall: Pending<(), Unavailable> = writer.submit(
            WhenFull::Refuse,
            0,
            |_| Ok(Ok(((), ()))),
            move |()| {
                stalls.send(()).unwrap();
                let _ = wait.recv();
            },
        );
        stalled.recv().unwrap();
        // A full queue is no obstacle to what has its own, which has a bound too.
        let queued: Vec<_> = (1..17).map(|what| note(WhenFull::Refuse, what)).collect();
        let ahead: Vec<_> = (17..33).map(|what| note(WhenFull::Ahead, what)).collect();
        assert!(note(WhenFull::Ahead, 33).wait().unwrap_err().is_full());
        go.send(()).unwrap();
        stall.wait().unwrap();
        for pending in queued.into_iter().chain(ahead) {
            pending.wait().unwrap();
        }
        assert_eq!(*order.lock(), [0].into_iter().chain(17..33).chain(1..17).collect::<Vec<_>>());
        assert_eq!(writer.waiting(), 0);
    }

    #[test]
    fn what_goes_ahead_while_the_thread_takes_a_batch_does_not_wait_for_the_next_one() {
        let (told, done) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let engine = engine();
            let writer = engine.writer();
            let write = |full| -> Pending<(), Unavailable> { writer.submit(full, 0, |_| Ok(Ok(((), ()))), |()| ()) };
            for pause in (0..1_000).cycle().take(20_000) {
                let queued = write(WhenFull::Refuse);
                (0..pause).for_each(|_| std::hint::spin_loop());
                write(WhenFull::Ahead).wait().unwrap();
                queued.wait().unwrap();
            }
            told.send(()).unwrap();
        });
        done.recv_timeout(std::time::Duration::from_secs(120)).unwrap();
    }

    #[test]
    fn what_is_queued_when_the_store_closes_is_still_done() {
        let engine = engine();
        let writer = engine.writer();
        let pending: Vec<Pending<u32, Unavailable>> =
            (0..10).map(|i| writer.submit(WhenFull::Refuse, 0, move |_| Ok(Ok((i, ()))), |()| ())).collect();
        drop(engine);
        let answers: Vec<u32> = pending.into_iter().map(|p| p.wait().unwrap()).collect();
        assert_eq!(answers, (0..10).collect::<Vec<_>>());
    }
}
