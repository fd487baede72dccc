//! Keys and values on servers of NATS, in a stream of JetStream, so that several hosts share one memory layer.
//!
//! A bucket is a stream `GREENROOM_<bucket>` that keeps one message for each key. The revision of an entry is its message's sequence
//! and the store's revision the stream's last one. A write is stored if the key is still at the message by which it was judged. It is
//! sent until it is answered or `wait_ms` is over, with a number by which the server knows it, or by which it is found where the
//! server says that the key is no longer as expected. Where another write came between, nobody knows, and that is what is answered.

mod about;
mod bucket;
mod connect;
mod error;
mod follow;
mod header;
mod lanes;
mod link;
mod mirror;
mod read;
mod recent;
mod subject;
mod write;

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use async_nats::ServerAddr;
use futures_channel::oneshot;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

pub use self::error::JetStreamError;
use self::lanes::Lanes;
use self::link::Link;
use self::mirror::Mirror;
use crate::change::check_write;
use crate::embedded::{check_read, check_scan};
use crate::feed::{Changes, Cursor, FeedError};
use crate::kv::{Entry, KeyValue, NAMESPACE_BYTES_MAX, Page, ReadError, Space, Write, WriteError, Written};
use crate::{Clock, Pending, Unavailable};

/// Bytes that a message takes beside its value: headers, and the subject in the answer of a read.
const VALUE_OVERHEAD_BYTES: usize = 4096;

/// How long a removal stays on the server. A host that was away for longer than half of it reads all keys again.
const REMOVAL_STAYS: Duration = Duration::from_secs(60 * 60);

/// What a read waits beyond its own time before it takes the runtime for stuck.
const GRACE: Duration = Duration::from_secs(2);

/// Threads that talk to the server.
const THREADS: usize = 2;

/// The most that [`JetStreamSettings::wait_ms`] may be: the server knows repeated writes for 120 s.
const WAIT_MS_MAX: u64 = 60_000;

/// The most that [`JetStreamSettings::queue_max`] may be.
const QUEUE_MAX: usize = 65_536;

/// Where a shared memory layer is and how it is used.
#[derive(Debug, Clone)]
pub struct JetStreamSettings {
    /// Servers of one cluster, `nats://host:port` or `tls://host:port`, with `user:password@` or `token@` before the host where the
    /// server asks for it.
    pub servers: Vec<String>,
    /// Which memory layer: 1 to 64 letters, digits, `-` and `_`. It is made where it does not exist.
    pub bucket: String,
    /// A `.creds` file.
    pub credentials: Option<PathBuf>,
    /// Certificates in PEM of the authority that the servers' are checked against; none for the system's.
    pub tls_ca: Option<PathBuf>,
    /// Servers that hold each key, 1 to 5; 1 where there is no cluster.
    pub replicas: usize,
    /// Milliseconds that one read or write may take in all, 100 to 60,000.
    pub wait_ms: u64,
    /// Writes under way at once, 1 to 65,536; one more is refused. Namespaces of the host itself, which begin with `@`, have as
    /// many of their own.
    pub queue_max: usize,
    /// Bytes of the stream, with some 300 for each key and for each one that was removed within the last hour, above which the
    /// server takes no more; none for as many as it has room for.
    pub bytes_max: Option<u64>,
    /// What expiry is held against.
    pub clock: Clock,
}

impl Default for JetStreamSettings {
    /// The server on this machine, one replica, 5 seconds, 4,096 writes.
    fn default() -> Self {
        Self {
            servers: vec!["nats://127.0.0.1:4222".to_owned()],
            bucket: "greenroom".to_owned(),
            credentials: None,
            tls_ca: None,
            replicas: 1,
            wait_ms: 5_000,
            queue_max: 4096,
            bytes_max: None,
            clock: Clock::default(),
        }
    }
}

impl JetStreamSettings {
    /// All that is wrong, or the servers.
    fn checked(&self) -> Result<Vec<ServerAddr>, JetStreamError> {
        let mut faults = Vec::new();
        let mut addresses = Vec::new();
        for (place, server) in self.servers.iter().enumerate() {
            // What was written may hold a password.
            let fault = |why: &str| format!("servers[{place}] {why}, expected nats://host:port or tls://host:port");
            if !(server.starts_with("nats://") || server.starts_with("tls://")) {
                faults.push(fault("has another scheme"));
                continue;
            }
            match server.parse::<ServerAddr>() {
                Ok(address) if !address.host().is_empty() => addresses.push(address),
                Ok(_) => faults.push(fault("names no host")),
                Err(error) => faults.push(fault(&format!("is no address ({error})"))),
            }
        }
        if self.servers.is_empty() {
            faults.push("servers is empty, expected at least one nats://host:port".to_owned());
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.bucket.is_empty() || self.bucket.len() > 64 || !self.bucket.chars().all(is_name) {
            faults.push(format!("bucket is {:?}, expected 1 to 64 letters, digits, - and _", self.bucket));
        }
        let mut within = |what: &str, found: u64, min: u64, max: u64| {
            if !(min..=max).contains(&found) {
                faults.push(format!("{what} is {found}, expected {min} to {max}"));
            }
        };
        within("replicas", self.replicas as u64, 1, 5);
        within("wait_ms", self.wait_ms, 100, WAIT_MS_MAX);
        within("queue_max", self.queue_max as u64, 1, QUEUE_MAX as u64);
        within("bytes_max", self.bytes_max.unwrap_or(1), 1, i64::MAX.cast_unsigned());
        if faults.is_empty() { Ok(addresses) } else { Err(JetStreamError::Settings { faults }) }
    }
}

/// A memory layer that several hosts share. Dropping the last handle on it waits for the writes that are under way, for as long as a write may take.
///
/// What is promised less than by the store's own file:
/// - A read at a moment ([`KeyValue::pinned`]) is not offered.
/// - Several keys of one read are as they were at one moment, unless one of them is written again during each of 64 tries, or for
///   half of `wait_ms`; then each is as it was at some moment of the read. A page of a scan always is as at one moment.
/// - Writes of one key, and records of one prefix, are stored in the order in which a host asked for them. Writes of different keys
///   that were asked for without waiting may be stored in any order.
/// - A quota is exact among the writers of one host. Several hosts can exceed it together by what is under way on the others.
/// - Records of a log have the times of the server. They are in the order in which they came as long as its clock does not go back.
///   They can be read and deleted, not written again.
/// - Expiry is held against each host's clock: clocks of hosts that differ see a key expire at times that differ.
/// - What has expired is not told as a change: nothing is written for it. A host that begins tells changes from the first message on
///   that is younger than half an hour, or all of a stream that is; an earlier cursor is [`FeedError::Lost`].
/// - A stream is another store once it was made anew or restored. Where the server's disk was put back instead, it is so once a host
///   that was there before has seen it go back.
/// - With several replicas, a leader that was cut off and does not know it yet may answer reads with what was there before.
///
/// A host holds the names of all keys in memory, with a few numbers for each, and the last 262,144 changes.
pub struct JetStream {
    open: Arc<Open>,
    /// When reads are given up, if before their own time.
    by: Option<Instant>,
}

/// What handles share.
struct Open {
    core: Arc<Core>,
    runtime: Option<Runtime>,
    wait: Duration,
    queue_max: usize,
    queue: Arc<Semaphore>,
    ahead: Arc<Semaphore>,
}

/// What readers, writers and the feed share.
struct Core {
    link: Link,
    mirror: Mirror,
    lanes: Arc<Lanes>,
    root: String,
    clock: Clock,
    /// Told when the stream turned out to be another one.
    resets: watch::Sender<()>,
    /// What the numbers of this host's writes begin with; no two hosts have the same.
    id: String,
    ids: AtomicU64,
}

impl Core {
    fn next_id(&self) -> String {
        format!("{}-{:x}", self.id, self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

/// For pauses, not for secrets.
fn random_u32() -> u32 {
    (RandomState::new().build_hasher().finish() >> 32) as u32
}

impl JetStream {
    /// Connects, and opens the bucket or makes it. Blocks for at most twice [`JetStreamSettings::wait_ms`].
    ///
    /// # Errors
    /// [`JetStreamError`] says what is in the way.
    pub fn connect(settings: &JetStreamSettings) -> Result<Self, JetStreamError> {
        let addresses = settings.checked()?;
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(std::io::Error::from)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("greenroom-jetstream")
            .enable_all()
            .build()?;
        let wait = Duration::from_millis(settings.wait_ms);
        let asked = settings.clone();
        let found = answer(runtime.handle(), wait * 2 + GRACE, async move { connect::link(&asked, addresses).await });
        let silent = || JetStreamError::System(std::io::ErrorKind::TimedOut.into());
        let link = match found.ok_or_else(silent).flatten() {
            Ok(link) => link,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let core = Arc::new(Core {
            link,
            mirror: Mirror::new(),
            lanes: Arc::default(),
            root: bucket::root(&settings.bucket),
            clock: settings.clock.clone(),
            resets: watch::Sender::new(()),
            id: format!("{:032x}", u128::from_le_bytes(id)),
            ids: AtomicU64::new(0),
        });
        runtime.spawn(follow::follow(Arc::clone(&core)));
        let (queue, ahead) =
            (Arc::new(Semaphore::new(settings.queue_max)), Arc::new(Semaphore::new(settings.queue_max)));
        let open = Open { core, runtime: Some(runtime), wait, queue_max: settings.queue_max, queue, ahead };
        Ok(Self { open: Arc::new(open), by: None })
    }

    /// Runs a read on the own threads: the caller's may belong to another runtime.
    fn read<T: Send + 'static, F>(&self, read: impl FnOnce(Arc<Core>, Instant) -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, Unavailable>> + Send + 'static,
    {
        let stopped = || Unavailable::of("the shared memory layer was closed; connect again");
        let open = &self.open;
        let runtime = open.runtime.as_ref().ok_or_else(stopped)?;
        let now = Instant::now();
        let until = self.by.map_or(now + open.wait, |by| by.min(now + open.wait));
        let grace = if self.by.is_some() { Duration::ZERO } else { GRACE };
        let found =
            answer(runtime.handle(), until.saturating_duration_since(now) + grace, read(Arc::clone(&open.core), until));
        found.unwrap_or_else(|| Err(Unavailable::of("the shared memory layer did not answer in time; try again")))
    }
}

/// Runs a job there and waits for its answer here.
fn answer<T: Send + 'static>(
    runtime: &Handle,
    wait: Duration,
    job: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (tell, told) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Who no longer waits does not want to know.
        let _ = tell.send(job.await);
    });
    told.recv_timeout(wait).ok()
}

impl KeyValue for JetStream {
    fn get_many(&self, namespace: &str, keys: &[&str]) -> Result<Vec<Option<Entry>>, ReadError> {
        check_read(namespace, keys)?;
        let (namespace, keys) = (namespace.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        Ok(self.read(|core, until| async move { core.get_many(&namespace, &keys, until).await })?)
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: usize) -> Result<Page, ReadError> {
        check_scan(namespace, prefix, after, limit)?;
        let (namespace, prefix, after) = (namespace.to_owned(), prefix.to_owned(), after.map(str::to_owned));
        Ok(self
            .read(|core, until| async move { core.scan(&namespace, &prefix, after.as_deref(), limit, until).await })?)
    }

    fn usage(&self, namespace: &str) -> Result<Space, ReadError> {
        crate::change::within("bytes of a namespace's name", namespace.len(), NAMESPACE_BYTES_MAX)?;
        let namespace = namespace.to_owned();
        Ok(self.read(|core, until| async move { core.usage(&namespace, until).await })?)
    }

    fn revision(&self) -> Result<u64, ReadError> {
        Ok(self.read(|core, until| async move { Ok(core.link.about(until).await?.last) })?)
    }

    fn cursor(&self) -> Result<Cursor, FeedError> {
        Ok(self.read(|core, until| async move { core.cursor(until).await })?)
    }

    fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Changes, FeedError> {
        let found = self.read(move |core, until| async move { core.changes(after, limit, until).await })??;
        Ok(found.wanted(wanted))
    }

    fn now_ms(&self) -> i64 {
        self.open.core.clock.now_ms()
    }

    fn until(&self, by: std::time::Instant) -> Option<Arc<dyn KeyValue>> {
        Some(Arc::new(Self { open: Arc::clone(&self.open), by: Some(by.into()) }))
    }

    fn write(&self, namespace: &str, write: Write) -> Pending<Written, WriteError> {
        if let Err(excess) = check_write(namespace, &write) {
            return Pending::ready(Err(excess.into()));
        }
        let open = &self.open;
        let refused = |why: Unavailable| Pending::ready(Err(why.into()));
        let Some(runtime) = &open.runtime else {
            return refused(Unavailable::of("the shared memory layer was closed; connect again"));
        };
        // No graph can declare a name with an `@`: it is the host's own.
        let queue = if namespace.starts_with('@') { &open.ahead } else { &open.queue };
        let Ok(permit) = Arc::clone(queue).try_acquire_owned() else {
            return refused(Unavailable::full(open.queue_max));
        };
        let until = Instant::now() + open.wait;
        let (tell, told) = oneshot::channel();
        let namespace = namespace.to_owned();
        let mut turn = open.core.lanes.enter((namespace.clone(), write.key.clone()));
        let core = Arc::clone(&open.core);
        runtime.spawn(async move {
            let done = match timeout_at(until, turn.come()).await {
                Ok(()) => core.write(&namespace, &write, until).await,
                Err(_) => {
                    Err(Unavailable::of("writes of this key before it took too long; nothing was written").into())
                }
            };
            drop((turn, permit, core));
            // Who dropped the receiver does not want to know.
            let _ = tell.send(done);
        });
        Pending::promised(told)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        // An answer may drop the last handle on a thread of our own, which can't wait for itself.
        if Handle::try_current().is_ok_and(|current| current.id() == runtime.handle().id()) {
            runtime.shutdown_background();
            return;
        }
        let (queue, ahead) = (Arc::clone(&self.queue), Arc::clone(&self.ahead));
        let all = u32::try_from(self.queue_max).unwrap_or(u32::MAX);
        let done = answer(runtime.handle(), self.wait + GRACE, async move {
            let _ = queue.acquire_many(all).await;
            let _ = ahead.acquire_many(all).await;
        });
        if done.is_none() {
            tracing::error!("writes to the shared memory layer were still under way when it was closed");
        }
        runtime.shutdown_background();
    }
}
