//! Writes. Each one is stored only if the key is still at the message that it was judged by, so that what it answers is what it did,
//! and storing it again does nothing.

use async_nats::HeaderMap;
use async_nats::jetstream::message::StreamMessage;
use bytes::Bytes;
use greenroom_model::NamespaceKind;
use tokio::time::Instant;

use super::link::{Outgoing, Pause, Published};
use super::mirror::{Meta, Reserved, State};
use super::{Core, REMOVAL_STAYS, header, read, subject};
use crate::Unavailable;
use crate::change::{After, Before, Known, judge};
use crate::kv::{Change, PLACE_BYTES, Write, WriteError, Written};

/// A write that leaves no more room than this below its quota, or an eighth of that, is judged by sums that have all that other
/// hosts wrote before: they could not write more in the moments by which the mirror is behind.
const NEAR_BYTES: u64 = 16 << 20;

/// Where a write goes.
struct Target {
    subject: String,
    /// What its removal says.
    removes: String,
}

/// What stands at a key.
#[derive(Clone, Copy)]
struct Stands {
    /// Of its message, a removal among them; 0 for none.
    sequence: u64,
    known: Option<Known>,
    /// Whether the server said so, and not the mirror.
    is_certain: bool,
}

impl Stands {
    fn of(message: Option<&StreamMessage>) -> Self {
        let sequence = message.map_or(0, |message| message.sequence);
        Self { sequence, known: message.and_then(read::known), is_certain: true }
    }
}

/// What a write comes to, as far as is known.
enum Judged<'m> {
    /// The sums have to be newer.
    CatchUp,
    /// Nothing changes, or it is refused.
    Settled(Stands, Result<Written, WriteError>),
    Stores(Stands, Storing<'m>),
}

/// What is to be stored.
struct Storing<'m> {
    written: Written,
    value: Option<Bytes>,
    expires_ms: Option<i64>,
    reserved: Reserved<'m>,
}

impl Core {
    /// See [`KeyValue::write`](crate::KeyValue::write).
    pub(super) async fn write(&self, namespace: &str, write: &Write, until: Instant) -> Result<Written, WriteError> {
        match &write.change {
            Change::Append { .. } => self.append(namespace, write, until).await,
            _ => self.change(namespace, write, until).await,
        }
    }

    /// Judges a write by what is known, and counts what it adds.
    fn judged<'m>(
        &'m self,
        namespace: &'m str,
        write: &Write,
        stands: Option<Stands>,
        is_caught_up: bool,
    ) -> Judged<'m> {
        self.mirror.look(|state: &mut State| {
            let now_ms = self.clock.now_ms();
            state.expire(now_ms);
            let stands = stands.unwrap_or_else(|| {
                let guess = state.guess(namespace, &write.key);
                let sequence = guess.map_or(0, |meta| meta.sequence);
                Stands { sequence, known: guess.map(Meta::known), is_certain: false }
            });
            let space = state.space_with_own(namespace);
            // The mirror's sums are without what has expired, though the server may still have it.
            let key = stands.known.filter(|known| known.is_there(now_ms));
            match judge(namespace, write, &Before { key, revision: 0, space, now_ms, appended_ms: 0 }) {
                Ok((written, Some(after))) => {
                    let is_near = write.bytes_max.is_some_and(|max| {
                        after.space.bytes.saturating_add(NEAR_BYTES.max(max / 8)) > max || !state.is_loaded()
                    });
                    if is_near && !is_caught_up {
                        return Judged::CatchUp;
                    }
                    let After { value, expires_ms, space: after, .. } = after;
                    let grows = after.bytes.cast_signed() - space.bytes.cast_signed();
                    let reserved = self.mirror.reserve(state, namespace, grows);
                    let value = value.map(|value| Bytes::from(value.into_owned()));
                    Judged::Stores(stands, Storing { written, value, expires_ms, reserved })
                }
                Ok((written, None)) => Judged::Settled(stands, Ok(written)),
                Err(WriteError::Quota { .. }) if !is_caught_up => Judged::CatchUp,
                Err(refusal) => Judged::Settled(stands, Err(refusal)),
            }
        })
    }

    async fn change(&self, namespace: &str, write: &Write, until: Instant) -> Result<Written, WriteError> {
        let (target, mut stands) = self.target(namespace, write, until).await?;
        if let Change::Add { .. } = write.change {
            stands = Some(self.stands(&target, until).await?);
        }
        let (mut is_caught_up, mut pause, mut round) = (false, Pause::new(), 0_u32);
        loop {
            let (standing, storing) = match self.judged(namespace, write, stands, is_caught_up) {
                Judged::CatchUp => {
                    self.caught_up(until, |_| ()).await?;
                    is_caught_up = true;
                    continue;
                }
                Judged::Settled(Stands { is_certain: false, .. }, _) => {
                    stands = Some(self.stands(&target, until).await?);
                    continue;
                }
                Judged::Settled(_, Err(refusal)) => return Err(refusal),
                Judged::Settled(_, Ok(written)) => {
                    let revision = self.link.about(until).await?.last;
                    return Ok(Written { revision, ..written });
                }
                Judged::Stores(standing, storing) => (standing, storing),
            };
            let Storing { written, value, expires_ms, reserved } = storing;
            let id = format!("{}.{round}", self.next_id());
            let removes = value.is_none().then_some(target.removes.as_str());
            let bytes = value.as_ref().map(Bytes::len);
            let headers = self.headers(&id, standing.sequence, write, expires_ms, removes);
            let message = Outgoing { subject: target.subject.clone(), headers, payload: value.unwrap_or_default() };
            let sequence = match self.link.publish(&message, until).await {
                Published::Stored(sequence) => sequence,
                Published::Mismatch { unanswered } => {
                    let found = self.link.last(&target.subject, until).await?;
                    match found {
                        Some(found) if header::is(&found.headers, &id) => found.sequence,
                        _ if unanswered => return Err(nobody_knows("the key was written again since").into()),
                        found => {
                            stands = Some(Stands::of(found.as_ref()));
                            drop(reserved);
                            self.others_first(&mut round, &mut pause, until).await?;
                            continue;
                        }
                    }
                }
                failed => return Err(unavailable(failed).into()),
            };
            let meta = bytes.map(|bytes| Meta { sequence, bytes, expires_ms });
            reserved.acknowledged(sequence, &write.key, meta);
            return Ok(Written { revision: sequence, ..written });
        }
    }

    /// Another writer was faster.
    async fn others_first(&self, round: &mut u32, pause: &mut Pause, until: Instant) -> Result<(), Unavailable> {
        *round += 1;
        // The first time the mirror was behind, mostly.
        if *round > 1 {
            pause.take(until).await;
        }
        if Instant::now() < until {
            return Ok(());
        }
        Err(Unavailable::of("others write this key all the time; nothing was written, try again later"))
    }

    async fn append(&self, namespace: &str, write: &Write, until: Instant) -> Result<Written, WriteError> {
        let mut is_caught_up = false;
        let nothing = Stands { sequence: 0, known: None, is_certain: true };
        let Storing { written, value, expires_ms, reserved } = loop {
            match self.judged(namespace, write, Some(nothing), is_caught_up) {
                Judged::CatchUp => {
                    self.caught_up(until, |_| ()).await?;
                    is_caught_up = true;
                }
                Judged::Settled(_, settled) => return settled,
                Judged::Stores(_, storing) => break storing,
            }
        };
        let id = self.next_id();
        let subject = subject::of_record(&self.root, namespace, &write.key, &id);
        let headers = self.headers(&id, 0, write, expires_ms, None);
        let message = Outgoing { subject, headers, payload: value.unwrap_or_default() };
        let sequence = match self.link.publish(&message, until).await {
            Published::Stored(sequence) => sequence,
            Published::Mismatch { .. } => match self.link.last(&message.subject, until).await? {
                Some(found) if header::is(&found.headers, &id) => found.sequence,
                _ => return Err(nobody_knows("the record is not where it was put").into()),
            },
            failed => return Err(unavailable(failed).into()),
        };
        // Nobody asks for a record of which nobody knows the key yet.
        reserved.acknowledged(sequence, "", None);
        let stored = self.link.at(sequence, until).await?;
        let stored = stored.ok_or_else(|| nobody_knows("the record is gone again"))?;
        Ok(Written { revision: sequence, number: read::milliseconds(stored.time), ..written })
    }

    /// Where a write goes, and what stands there if that was read. Records of logs are written once.
    async fn target(
        &self,
        namespace: &str,
        write: &Write,
        until: Instant,
    ) -> Result<(Target, Option<Stands>), WriteError> {
        if let Some(record) = self.record(namespace, &write.key, until).await? {
            if write.change != Change::Delete {
                let (namespace, asked) = (namespace.to_owned(), write.change.name());
                return Err(WriteError::Kind { namespace, holds: NamespaceKind::Log, asked });
            }
            let place = write.key.len().checked_sub(PLACE_BYTES).and_then(|at| write.key.get(at..));
            let removes = place.unwrap_or_default().to_owned();
            let stands = Stands::of(Some(&record));
            return Ok((Target { subject: record.subject.to_string(), removes }, Some(stands)));
        }
        let subject = subject::of_key(&self.root, namespace, &write.key);
        Ok((Target { subject, removes: header::A_KEY.to_owned() }, None))
    }

    async fn stands(&self, target: &Target, until: Instant) -> Result<Stands, Unavailable> {
        Ok(Stands::of(self.link.last(&target.subject, until).await?.as_ref()))
    }

    fn headers(
        &self,
        id: &str,
        expected: u64,
        write: &Write,
        expires_ms: Option<i64>,
        removes: Option<&str>,
    ) -> HeaderMap {
        let mut headers = header::of_write(&self.link.name, id, expected);
        if let (Some(ttl_ms), Some(expires_ms)) = (write.ttl_ms, expires_ms) {
            header::expire(&mut headers, ttl_ms, expires_ms);
        }
        match removes {
            Some(what) => header::remove(&mut headers, what, REMOVAL_STAYS),
            None => header::pad(&mut headers, write.change.bytes()),
        }
        headers
    }
}

fn nobody_knows(why: &str) -> Unavailable {
    Unavailable::of(format!(
        "nobody knows whether it was written: {why}; read it back, or repeat it where that is harmless"
    ))
}

/// Why nothing was stored, or nobody knows.
fn unavailable(published: Published) -> Unavailable {
    match published {
        Published::Full(why) => Unavailable::of(format!(
            "the shared memory layer is full: {why}; nothing was written: delete some, or raise bytes_max or the server's limits"
        )),
        Published::Refused(why) => Unavailable::of(format!("the server refused it: {why}; nothing was written")),
        Published::Late { why, unanswered: false } => Unavailable::of(format!(
            "the server could not be reached in time: {why}; nothing was written, try again later"
        )),
        Published::Late { why, unanswered: true } => nobody_knows(&why),
        Published::Stored(_) | Published::Mismatch { .. } => nobody_knows("the server's answers contradict each other"),
    }
}
