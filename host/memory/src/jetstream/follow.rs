//! Feeds the mirror with the stream's changes, headers alone. The consumer on the server is gone with a connection or a restart;
//! then another one goes on where the last one was, or from the start where the removals of keys may be gone too.
//! Where the stream has less than it had, or something else, what was told before is no longer so: it is marked as another one.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, push};
use async_nats::{HeaderMap, Message, StatusCode, jetstream};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, timeout};

use super::link::Pause;
use super::mirror::{Meta, Now, State};
use super::read::milliseconds;
use super::recent::Start;
use super::subject::{Place, place};
use super::{Core, REMOVAL_STAYS, header};
use crate::Unavailable;
use crate::kv::log_key;

/// How often the server says that it is there while nothing changes.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// The consumer is taken for lost after so long without a word.
const LOST: Duration = Duration::from_millis(1_600);

/// How long one request of ours may take before all begins anew.
const PATIENCE: Duration = Duration::from_secs(5);

/// Follows for ever.
pub(super) async fn follow(core: Arc<Core>) {
    let mut pause = Pause::new();
    let mut at = None;
    loop {
        let began = Instant::now();
        let why = follow_once(&core, &mut at).await;
        tracing::debug!(why, "the feed of the shared memory layer ended; it begins again");
        if began.elapsed() > LOST {
            pause = Pause::new();
        }
        pause.take(Instant::now() + PATIENCE).await;
    }
}

/// A message that the feed has brought: its sequence, and when it was written in milliseconds since 1970.
type Brought = (u64, i64);

/// Which stream was followed, up to where, and when last.
struct At {
    store: u64,
    seen: u64,
    last: Option<Brought>,
    when: Instant,
    /// When all of it was asked for.
    began: Instant,
}

impl At {
    fn went_back(&self, start: &Start) -> bool {
        self.store == start.store && start.last < self.seen
    }

    /// Whether something else stands there now.
    async fn is_contradicted(&self, core: &Core, start: &Start) -> Result<bool, Unavailable> {
        let Some((sequence, time_ms)) = self.last.filter(|_| self.store == start.store) else { return Ok(false) };
        let found = core.link.at(sequence, Instant::now() + PATIENCE).await?;
        Ok(found.is_some_and(|found| milliseconds(found.time) != time_ms))
    }
}

/// What the stream is. One that is not as it was is another one from then on.
async fn start(core: &Core, at: Option<&At>) -> Result<Start, Unavailable> {
    let about = || core.link.about(Instant::now() + PATIENCE);
    let mut start = about().await?;
    let Some(at) = at else { return Ok(start) };
    if at.went_back(&start) {
        // A leader that was cut off and does not know it yet says so too.
        sleep(LOST).await;
        start = about().await?;
    }
    if !at.went_back(&start) && !at.is_contradicted(core, &start).await? {
        return Ok(start);
    }
    tracing::warn!(
        was = at.seen,
        is = start.last,
        "the stream of the shared memory layer went back: its disk was put back, or has lost writes"
    );
    core.mirror.change(State::reset);
    if let Err(error) = core.link.mark(core.next_id(), Instant::now() + PATIENCE).await {
        tracing::warn!(%error, "it could not be marked: who follows its changes may miss some, and is to read all keys anew");
    }
    about().await
}

/// Follows one consumer and tells why it ended.
async fn follow_once(core: &Core, at: &mut Option<At>) -> String {
    let link = &core.link;
    let mut breaks = link.breaks.clone();
    breaks.borrow_and_update();
    let mut resets = core.resets.subscribe();
    if !link.connected(Instant::now() + PATIENCE).await {
        return "there is no connection".to_owned();
    }
    let start = match start(core, at.as_ref()).await {
        Ok(start) => start,
        Err(error) => return error.to_string(),
    };
    let (began, mut last) = core.mirror.change(|state| {
        let is_same = state.store() == Some(start.store) && start.last >= state.seen();
        let of_before = at.as_ref().filter(|at| {
            // Removals that it has not come to yet must not be gone when it does.
            let since = if state.is_whole() { at.when } else { at.began };
            is_same && since.elapsed() < REMOVAL_STAYS / 2
        });
        of_before.map(|at| (at.began, at.last)).unwrap_or_else(|| {
            state.begin(&start);
            (Instant::now(), None)
        })
    });
    let inbox = link.client.new_inbox();
    let mut messages = match link.client.subscribe(inbox.clone()).await {
        Ok(messages) => messages,
        Err(error) => return error.to_string(),
    };
    let (from, generation) = core.mirror.look(|state| (state.seen() + 1, state.generation()));
    let config = push::Config {
        deliver_subject: inbox,
        description: Some("Greenroom's mirror of keys".to_owned()),
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: from },
        ack_policy: AckPolicy::None,
        headers_only: true,
        flow_control: true,
        idle_heartbeat: HEARTBEAT,
        memory_storage: true,
        num_replicas: 1,
        ..push::Config::default()
    };
    let pending = match timeout(PATIENCE, link.stream.create_consumer(config)).await {
        Ok(Ok(consumer)) => Consumer::<push::Config>::cached_info(&consumer).num_pending,
        Ok(Err(error)) => return error.to_string(),
        Err(_) => return "no consumer was made in time".to_owned(),
    };
    if pending == 0 {
        core.mirror.change(|state| {
            if state.generation() == generation {
                state.complete(from - 1);
            }
        });
    }
    let mut delivered = 0;
    loop {
        let before = at.as_ref().filter(|at| at.store == start.store).map_or(0, |at| at.seen);
        let seen = core.mirror.look(|state| state.seen()).max(before);
        *at = Some(At { store: start.store, seen, last, when: Instant::now(), began });
        let next = tokio::select! {
            next = timeout(LOST, messages.next()) => next,
            _ = breaks.changed() => return "the connection broke".to_owned(),
            _ = resets.changed() => return "the stream is another one".to_owned(),
        };
        let message = match next {
            Ok(Some(message)) => message,
            Ok(None) => return "the subscription ended".to_owned(),
            Err(_) => return "no heartbeat came".to_owned(),
        };
        match take(core, message, &mut delivered, generation).await {
            Ok(brought) => last = brought.or(last),
            Err(why) => return why,
        }
    }
}

/// Takes one message of the consumer.
async fn take(core: &Core, message: Message, delivered: &mut u64, generation: u64) -> Result<Option<Brought>, String> {
    if message.status == Some(StatusCode::IDLE_HEARTBEAT) {
        let stalled = message.headers.as_ref().and_then(|headers| headers.get("Nats-Consumer-Stalled"));
        let answer_to = message.reply.as_ref().map(ToString::to_string).or(stalled.map(|to| to.as_str().to_owned()));
        if let Some(to) = answer_to {
            core.link.client.publish(to, Bytes::new()).await.map_err(|error| error.to_string())?;
        }
        let last = message.headers.as_ref().and_then(|headers| number(headers, "Nats-Last-Consumer"));
        return match last {
            Some(last) if last > *delivered => Err("changes were lost on their way".to_owned()),
            _ => Ok(None),
        };
    }
    if let Some(status) = message.status {
        return Err(format!("the server ended it with {status}"));
    }
    let message = jetstream::Message { message, context: core.link.context.clone() };
    let info = message.info().map_err(|error| error.to_string())?;
    if info.consumer_sequence != *delivered + 1 {
        return Err("changes were lost on their way".to_owned());
    }
    *delivered += 1;
    let time_ms = milliseconds(info.published);
    let empty = HeaderMap::new();
    let headers = message.headers.as_ref().unwrap_or(&empty);
    let change = change(core, &message.subject, info.stream_sequence, time_ms, headers);
    core.mirror.change(|state| {
        if state.generation() == generation {
            state.fed(info.stream_sequence, info.pending, change);
        }
    });
    Ok(Some((info.stream_sequence, time_ms)))
}

/// Which key a message is about, and what it is from then on.
fn change(core: &Core, subject: &str, sequence: u64, time_ms: i64, headers: &HeaderMap) -> Option<Now> {
    let removal = headers.get(header::REMOVES).map(|place| place.as_str().to_owned());
    let (namespace, key) = match (place(&core.root, subject)?, &removal) {
        (Place::Key { namespace, key }, _) => (namespace, key),
        (Place::Record { namespace, prefix }, None) => (namespace, log_key(&prefix, time_ms, sequence)),
        (Place::Record { namespace, prefix }, Some(place)) => (namespace, prefix + place),
    };
    if removal.is_some() {
        return Some(Now { namespace, key, meta: None, time_ms });
    }
    let bytes = number(headers, "Nats-Msg-Size").and_then(|bytes| usize::try_from(bytes).ok())?;
    let meta = Some(Meta { sequence, bytes, expires_ms: header::expires_ms(headers) });
    Some(Now { namespace, key, meta, time_ms })
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.as_str().parse().ok()
}
