//! Reads. They ask the stream's leader, which has what was acknowledged.

use std::collections::HashMap;
use std::time::Duration;

use async_nats::datetime::DateTime;
use async_nats::jetstream::message::StreamMessage;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::mirror::{Plan, State};
use super::recent::{Found, Start};
use super::subject::{self, Place, place};
use super::{Core, header};
use crate::Unavailable;
use crate::change::Known;
use crate::feed::{Cursor, FeedError};
use crate::kv::{Entry, KeyedEntry, PLACE_BYTES, Page, Space, log_key, log_time_ms, number};

/// Messages of one read that are asked for at once.
const AT_ONCE: usize = 64;

/// How often several keys are read again because one of them was written meanwhile.
const TRIES: usize = 64;

/// How long the feed may take before the server is asked whether there is anything more.
const FEED: Duration = Duration::from_millis(25);

pub(super) fn milliseconds(time: DateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)
}

/// The entry of a message; none for a removal.
pub(super) fn entry(message: &StreamMessage) -> Option<Entry> {
    if message.headers.get(header::REMOVES).is_some() {
        return None;
    }
    let expires_ms = header::expires_ms(&message.headers);
    Some(Entry { value: message.payload.to_vec(), revision: message.sequence, expires_ms })
}

/// What judging needs to know of a message; none for a removal.
pub(super) fn known(message: &StreamMessage) -> Option<Known> {
    if message.headers.get(header::REMOVES).is_some() {
        return None;
    }
    let (revision, expires_ms) = (message.sequence, header::expires_ms(&message.headers));
    Some(Known { revision, bytes: message.payload.len(), number: number(&message.payload), expires_ms })
}

/// The sequence that a key tells, if it has the form of a record's.
fn told_sequence(key: &str) -> Option<u64> {
    log_time_ms(key)?;
    let place = key.get(key.len().checked_sub(PLACE_BYTES)?..)?;
    u64::from_str_radix(place.get(12..)?.strip_prefix('-')?, 16).ok()
}

impl Core {
    /// The record that has this key.
    pub(super) async fn record(
        &self,
        namespace: &str,
        key: &str,
        until: Instant,
    ) -> Result<Option<StreamMessage>, Unavailable> {
        let Some(sequence) = told_sequence(key) else { return Ok(None) };
        let found = self.link.at(sequence, until).await?;
        Ok(found.filter(|message| {
            entry_is_record(&self.root, message).is_some_and(|(space, prefix)| {
                space == namespace && log_key(&prefix, milliseconds(message.time), sequence) == key
            })
        }))
    }

    /// The message of a key, removals among them.
    async fn message(&self, namespace: &str, key: &str, until: Instant) -> Result<Option<StreamMessage>, Unavailable> {
        match self.record(namespace, key, until).await? {
            Some(record) => Ok(Some(record)),
            None => self.link.last(&subject::of_key(&self.root, namespace, key), until).await,
        }
    }

    /// See [`KeyValue::get_many`](crate::KeyValue::get_many). The keys are as they were at one moment unless one of them was written
    /// during each of many tries.
    pub(super) async fn get_many(
        &self,
        namespace: &str,
        keys: &[String],
        until: Instant,
    ) -> Result<Vec<Option<Entry>>, Unavailable> {
        let give_up = Instant::now() + until.saturating_duration_since(Instant::now()) / 2;
        let mut tries = 0;
        let found = loop {
            // What was written later than this was not there at the moment that is read.
            let last = match keys.len() {
                0 | 1 => u64::MAX,
                _ => self.link.about(until).await?.last,
            };
            let messages: Vec<_> = keys.iter().map(|key| self.message(namespace, key, until)).collect();
            let found: Vec<Option<StreamMessage>> = stream::iter(messages).buffered(AT_ONCE).try_collect().await?;
            tries += 1;
            let is_one_moment = found.iter().flatten().all(|message| message.sequence <= last);
            if is_one_moment || tries >= TRIES || Instant::now() >= give_up {
                break found;
            }
        };
        let now_ms = self.clock.now_ms();
        let there =
            |message: &StreamMessage| entry(message).filter(|entry| entry.expires_ms.is_none_or(|at| at > now_ms));
        Ok(found.iter().map(|message| message.as_ref().and_then(there)).collect())
    }

    /// Looks at the mirror when it is exact and holds at least what the stream holds now.
    pub(super) async fn caught_up<T>(&self, until: Instant, look: impl Fn(&mut State) -> T) -> Result<T, Unavailable> {
        let followed = self.mirror.look(|state| (state.store(), state.seen()));
        let Start { store, last, .. } = self.link.about(until).await?;
        if last < followed.1 || followed.0.is_some_and(|followed| followed != store) {
            // The stream was made anew, or has lost what it had.
            let is_first = self.mirror.change(|state| {
                let is_first = state.store() == followed.0;
                if is_first {
                    state.reset();
                }
                is_first
            });
            if is_first {
                self.resets.send_replace(());
            }
        }
        let mut moved = self.mirror.moved();
        let mut patience = Instant::now() + FEED;
        loop {
            moved.borrow_and_update();
            let found = self.mirror.look(|state| {
                state.expire(self.clock.now_ms());
                state.is_at(last).then(|| look(state))
            });
            if let Some(found) = found {
                return Ok(found);
            }
            if Instant::now() >= until {
                return Err(Unavailable::of(
                    "the shared memory layer could not be read: the keys of the server did not come in time; try again later",
                ));
            }
            if timeout_at(patience.min(until), moved.changed()).await.is_err() {
                // What was last may be gone: then the feed never comes to it.
                let from = self.mirror.look(|state| state.seen()) + 1;
                if self.link.from(from, until).await?.is_none() {
                    self.mirror.change(|state| {
                        if state.seen() + 1 == from {
                            state.complete(last);
                        }
                    });
                }
                patience = Instant::now() + FEED * 4;
            }
        }
    }

    /// See [`KeyValue::scan`](crate::KeyValue::scan).
    pub(super) async fn scan(
        &self,
        namespace: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
        until: Instant,
    ) -> Result<Page, Unavailable> {
        let mut values: HashMap<u64, Option<Vec<u8>>> = HashMap::new();
        loop {
            let (keys, more): Plan = self.caught_up(until, |state| state.page(namespace, prefix, after, limit)).await?;
            // What was planned again and is still missing is not hidden by a newer one.
            for (key, meta) in &keys {
                if values.get(&meta.sequence).is_some_and(Option::is_none) {
                    self.mirror.change(|state| state.forget(namespace, key, meta.sequence));
                }
            }
            let missing = keys.iter().map(|(_, meta)| meta.sequence).filter(|sequence| !values.contains_key(sequence));
            let fetch = |sequence| async move {
                let message = self.link.at(sequence, until).await?;
                Ok::<_, Unavailable>((sequence, message.map(|message| message.payload.to_vec())))
            };
            let fetched: Vec<_> =
                stream::iter(missing.collect::<Vec<_>>()).map(fetch).buffer_unordered(AT_ONCE).try_collect().await?;
            values.extend(fetched);
            if keys.iter().all(|(_, meta)| values.get(&meta.sequence).is_some_and(Option::is_some)) {
                let next = keys.last().filter(|_| more).map(|(key, _)| key.clone());
                let entries = keys.into_iter().filter_map(|(key, meta)| {
                    let value = values.remove(&meta.sequence)??;
                    Some(KeyedEntry { key, value, revision: meta.sequence, expires_ms: meta.expires_ms })
                });
                return Ok(Page { entries: entries.collect(), next });
            }
            if Instant::now() >= until {
                return Err(Unavailable::of(
                    "the shared memory layer could not be read: its keys change faster than they can be read; try again later",
                ));
            }
        }
    }

    /// See [`KeyValue::usage`](crate::KeyValue::usage).
    pub(super) async fn usage(&self, namespace: &str, until: Instant) -> Result<Space, Unavailable> {
        self.caught_up(until, |state| state.space(namespace)).await
    }

    /// See [`KeyValue::cursor`](crate::KeyValue::cursor).
    pub(super) async fn cursor(&self, until: Instant) -> Result<Cursor, Unavailable> {
        let Start { store, last: revision, .. } = self.link.about(until).await?;
        Ok(Cursor { revision, store })
    }

    /// See [`KeyValue::changes`](crate::KeyValue::changes): of all namespaces.
    pub(super) async fn changes(
        &self,
        after: Option<Cursor>,
        limit: usize,
        until: Instant,
    ) -> Result<Result<Found, FeedError>, Unavailable> {
        self.caught_up(until, |state| state.changes(after, limit)).await
    }
}

/// The namespace and the prefix, if it is a record and no removal of one.
fn entry_is_record(root: &str, message: &StreamMessage) -> Option<(String, String)> {
    if message.headers.get(header::REMOVES).is_some() {
        return None;
    }
    match place(root, &message.subject)? {
        Place::Record { namespace, prefix } => Some((namespace, prefix)),
        Place::Key { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_tells_where_it_is_and_other_keys_do_not() {
        assert_eq!(told_sequence(&log_key("ada/", 1_795_000_000_000, 77)), Some(77));
        for key in [
            "",
            "ada",
            "0123456789ab-0123456789abcde",
            "0123456789abx0123456789abcdef",
            "é123456789ab-0123456789abcdef",
        ] {
            assert_eq!(told_sequence(key), None, "{key}");
        }
    }
}
