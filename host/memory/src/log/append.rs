//! The transaction of a batch of events: exactly once by id, joined with decisions, chained into the digest.

use std::collections::BTreeSet;
use std::ops::Bound;

use greenroom_model::{Digest, EventKind, Status};
use serde::{Deserialize, Serialize};

use super::TEXTS;
use super::decision::{DECISIONS, Head};
use super::event::{Counts, Event, Join, Outcome, StoredEvent};
use super::history::{Histories, News, Past};
use crate::check::Checked;
use crate::engine::{Held, NUMBERS, Snapshot, Table, Transaction};

/// Cursor to an event: a byte of status, then the row as MessagePack, which never changes.
pub(crate) const EVENTS: Table<u64, &[u8]> = Table::new(9, "events");

/// Event id to the cursor where it was first heard of, and what is known of it.
pub(crate) const IDS: Table<&str, (u64, u8)> = Table::new(10, "event_ids");

/// The cursor of the last event, among [`NUMBERS`].
pub(super) const LAST: &str = "events_last";

/// The digest of all events, among [`TEXTS`].
pub(super) const DIGEST: &str = "events_digest";

// What is known of an event id.
const LIVE: u8 = 0;
const RETRACTED: u8 = 1;
/// Only its retraction has been heard of.
const TOMBSTONE: u8 = 2;

/// A row of the log, in a fixed order: id, request, subject, row, kind, value, event time, receive time, retracts, join,
/// position, the cursor that it takes back.
#[derive(Serialize, Deserialize)]
struct Row<'a>(&'a str, Option<&'a str>, Option<u32>, u32, u8, f32, i64, i64, bool, u8, Option<u32>, Option<u64>);

fn join_code(join: Join) -> (u8, Option<u32>) {
    match join {
        Join::Organic => (0, None),
        Join::Joined { position } => (1, Some(position)),
        Join::NotShown => (2, None),
        Join::UnknownRequest => (3, None),
        Join::Late => (4, None),
    }
}

fn damaged(what: impl ToString) -> redb::Error {
    redb::Error::Corrupted(format!("an event: {}", what.to_string()))
}

pub(super) fn encode(stored: &StoredEvent, into: &mut Vec<u8>) -> Result<(), redb::Error> {
    let event = &stored.event;
    let (join, position) = join_code(stored.join);
    let row = Row(
        &event.id,
        event.request_id.as_deref(),
        event.subject,
        event.row,
        event.kind as u8,
        event.value,
        event.event_time_ms,
        event.receive_time_ms,
        event.retracts,
        join,
        position,
        stored.takes_back,
    );
    into.clear();
    into.push(stored.status as u8);
    rmp_serde::encode::write(into, &row).map_err(damaged)
}

pub(super) fn decode(cursor: u64, bytes: &[u8]) -> Result<StoredEvent, redb::Error> {
    let (status, row) = bytes.split_first().ok_or_else(|| damaged("it is empty"))?;
    let Row(id, request, subject, row, kind, value, event_time_ms, receive_time_ms, retracts, join, position, back) =
        rmp_serde::from_slice(row).map_err(damaged)?;
    let join = match (join, position) {
        (0, _) => Join::Organic,
        (1, Some(position)) => Join::Joined { position },
        (2, _) => Join::NotShown,
        (3, _) => Join::UnknownRequest,
        (4, _) => Join::Late,
        _ => return Err(damaged("its join has no meaning")),
    };
    let event = Event {
        id: id.to_owned(),
        request_id: request.map(str::to_owned),
        subject,
        row,
        kind: EventKind::from_code(kind),
        value,
        event_time_ms,
        receive_time_ms,
        retracts,
    };
    let status = if *status == Status::Retracted as u8 { Status::Retracted } else { Status::Provisional };
    Ok(StoredEvent { cursor, event, status, join, takes_back: back })
}

/// What a batch came to.
pub(super) struct Appended {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) news: News,
}

/// A batch in the making.
struct Batch<'t, 'v> {
    transaction: &'t mut Transaction<'v>,
    join_window_ms: i64,
    forgotten: &'t BTreeSet<u32>,
    last: u64,
    digest: Digest,
    news: News,
    scratch: Vec<u8>,
}

pub(super) fn append(
    transaction: &mut Transaction<'_>,
    events: &[Event],
    join_window_ms: i64,
    forgotten: &BTreeSet<u32>,
) -> Result<Appended, redb::Error> {
    let last = transaction.number(&NUMBERS, LAST)?;
    let digest = parsed(transaction.get(&TEXTS, DIGEST)?)?;
    let mut batch =
        Batch { transaction, join_window_ms, forgotten, last, digest, news: News::default(), scratch: Vec::new() };
    let mut outcomes = Vec::with_capacity(events.len());
    let mut counts = Counts::default();
    for event in events {
        let outcome = if event.retracts { batch.retract(event)? } else { batch.record(event)? };
        counts.add(outcome);
        outcomes.push(outcome);
    }
    let Batch { last, digest, news, .. } = batch;
    transaction.insert(&NUMBERS, LAST, last);
    transaction.insert(&TEXTS, DIGEST, digest.to_string().as_str());
    for (name, count) in counts.by_name() {
        if *count > 0 {
            let before = transaction.number(&NUMBERS, name)?;
            transaction.insert(&NUMBERS, name, before + *count);
        }
    }
    Ok(Appended { outcomes, news })
}

impl Batch<'_, '_> {
    fn record(&mut self, event: &Event) -> Result<Outcome, redb::Error> {
        let tombstone = match self.known(&event.id)? {
            None => false,
            Some((_, TOMBSTONE)) => true,
            Some(_) => return Ok(Outcome::Repeated),
        };
        let (join, subject) = self.join(event)?;
        let status = if tombstone { Status::Retracted } else { Status::Provisional };
        let event = Event { subject, ..event.clone() };
        let stored = StoredEvent { cursor: self.last + 1, event, status, join, takes_back: None };
        self.push(&stored)?;
        if tombstone {
            self.heard(&stored.event.id, (stored.cursor, RETRACTED));
            return Ok(Outcome::Retracted);
        }
        self.heard(&stored.event.id, (stored.cursor, LIVE));
        self.news.add(&stored);
        Ok(join.outcome())
    }

    fn retract(&mut self, retraction: &Event) -> Result<Outcome, redb::Error> {
        let cursor = self.last + 1;
        match self.known(&retraction.id)? {
            None => {
                let (join, subject) = self.join(retraction)?;
                let event = Event { subject, ..retraction.clone() };
                self.push(&StoredEvent { cursor, event, status: Status::Retracted, join, takes_back: None })?;
                self.heard(&retraction.id, (cursor, TOMBSTONE));
                Ok(Outcome::RetractsUnknown)
            }
            Some((at, LIVE)) => {
                let taken_back = self.mark_retracted(at)?;
                let event = Event {
                    event_time_ms: retraction.event_time_ms,
                    receive_time_ms: retraction.receive_time_ms,
                    retracts: true,
                    ..taken_back.event
                };
                if let Some(subject) = event.subject {
                    self.news.remove(subject, at);
                }
                let (status, join) = (Status::Retracted, taken_back.join);
                self.push(&StoredEvent { cursor, event, status, join, takes_back: Some(at) })?;
                self.heard(&retraction.id, (at, RETRACTED));
                Ok(Outcome::Retracted)
            }
            Some(_) => Ok(Outcome::Repeated),
        }
    }

    fn known(&self, id: &str) -> Result<Option<(u64, u8)>, redb::Error> {
        Ok(self.transaction.get(&IDS, id)?.map(|known| known.value()))
    }

    fn heard(&mut self, id: &str, known: (u64, u8)) {
        self.transaction.insert(&IDS, id, known);
    }

    /// How the event is tied to a decision, and whose it is.
    fn join(&self, event: &Event) -> Result<(Join, Option<u32>), redb::Error> {
        let (join, subject) = self.tied(event)?;
        Ok((join, subject.filter(|subject| !self.forgotten.contains(subject))))
    }

    fn tied(&self, event: &Event) -> Result<(Join, Option<u32>), redb::Error> {
        let Some(request_id) = event.request_id.as_deref() else {
            return Ok((Join::Organic, event.subject));
        };
        let Some(bytes) = self.transaction.get(&DECISIONS, request_id)? else {
            return Ok((Join::UnknownRequest, event.subject));
        };
        let decision = Head::read(bytes.value())?;
        let join = if event.event_time_ms > decision.time_ms.saturating_add(self.join_window_ms) {
            Join::Late
        } else {
            decision.position(event.row).map_or(Join::NotShown, |position| Join::Joined { position })
        };
        Ok((join, event.subject.or(decision.subject)))
    }

    fn push(&mut self, stored: &StoredEvent) -> Result<(), redb::Error> {
        encode(stored, &mut self.scratch)?;
        self.transaction.insert(&EVENTS, stored.cursor, self.scratch.as_slice());
        self.digest = chained(&self.digest, &self.scratch);
        self.last = stored.cursor;
        Ok(())
    }

    fn mark_retracted(&mut self, cursor: u64) -> Result<StoredEvent, redb::Error> {
        let mut bytes = match self.transaction.get(&EVENTS, cursor)? {
            Some(bytes) => bytes.value().to_vec(),
            None => return Err(damaged(format!("cursor {cursor} is missing"))),
        };
        let stored = decode(cursor, &bytes)?;
        if let Some(status) = bytes.first_mut() {
            *status = Status::Retracted as u8;
        }
        self.transaction.insert(&EVENTS, cursor, bytes.as_slice());
        Ok(stored)
    }
}

/// The digest after an event. The status is left out: it follows from the events after it.
pub(super) fn chained(digest: &Digest, event: &[u8]) -> Digest {
    Digest::of_parts([digest.bytes().as_slice(), event.get(1..).unwrap_or_default()])
}

/// The digest of all events.
pub(super) fn digest(snapshot: &Snapshot<'_>) -> Result<Digest, redb::Error> {
    parsed(snapshot.get(&TEXTS, DIGEST)?)
}

pub(super) fn parsed(text: Option<Held<&'static str>>) -> Result<Digest, redb::Error> {
    match text {
        Some(text) => text.value().parse().map_err(damaged),
        None => Ok(Digest::of(b"greenroom events 1")),
    }
}

/// Events after a cursor.
pub(super) fn read(snapshot: &Snapshot<'_>, after: u64, limit: usize) -> Result<Vec<StoredEvent>, redb::Error> {
    snapshot
        .rows(&EVENTS, Bound::Excluded(after))?
        .take(limit)
        .map(|entry| {
            let (cursor, bytes) = entry?;
            decode(cursor.value(), bytes.value())
        })
        .collect()
}

/// The cursor of the last event; none when there is no event.
pub(super) fn last(snapshot: &Snapshot<'_>) -> Result<Option<u64>, redb::Error> {
    Ok(Some(snapshot.number(&NUMBERS, LAST)?).filter(|last| *last > 0))
}

/// Every subject's history.
pub(super) fn histories(snapshot: &Snapshot<'_>) -> Result<Histories, redb::Error> {
    let mut news = News::default();
    for entry in snapshot.rows(&EVENTS, Bound::Unbounded)? {
        let (cursor, bytes) = entry?;
        let bytes = bytes.value();
        if bytes.first() == Some(&(Status::Retracted as u8)) {
            continue;
        }
        let Row(_, _, subject, row, kind, value, time_ms, ..) =
            rmp_serde::from_slice(bytes.get(1..).unwrap_or_default()).map_err(damaged)?;
        if let Some(subject) = subject {
            news.push(subject, Past { cursor: cursor.value(), row, time_ms, kind, value });
        }
    }
    let histories = Histories::default();
    histories.publish(news);
    Ok(histories)
}

/// Whether no event is missing, their digest is theirs, and decisions can be read.
pub(crate) fn verify(snapshot: &Snapshot<'_>, checked: &mut Checked) -> Result<(), redb::Error> {
    let (mut last, mut chain) = (0, parsed(None)?);
    for entry in snapshot.rows(&EVENTS, Bound::Unbounded)? {
        let (cursor, bytes) = entry?;
        let (cursor, bytes) = (cursor.value(), bytes.value());
        if cursor != last + 1 {
            checked.fault(format!("events {} to {} are missing", last + 1, cursor - 1));
        }
        (last, chain) = (cursor, chained(&chain, bytes));
        match decode(cursor, bytes) {
            Ok(StoredEvent { event, takes_back, .. }) => {
                let known = snapshot.get(&IDS, event.id.as_str())?.map(|known| known.value().0);
                if known != Some(takes_back.unwrap_or(cursor)) && !event.retracts {
                    checked.fault(format!("event {cursor} is not the one that is known by its id, {:?}", event.id));
                }
            }
            Err(error) => checked.fault(format!("event {cursor}: {error}")),
        }
        checked.events += 1;
    }
    let told = snapshot.number(&NUMBERS, LAST)?;
    if told != last {
        checked.fault(format!("the last event is said to be {told}, and is {last}"));
    }
    if self::digest(snapshot)? != chain {
        checked.fault("the events are not those that their digest is of".to_owned());
    }
    for entry in snapshot.rows(&DECISIONS, Bound::Unbounded)? {
        let (id, bytes) = entry?;
        if let Err(error) = super::decision::decode(bytes.value()) {
            checked.fault(format!("decision {:?}: {error}", id.value()));
        }
        checked.decisions += 1;
    }
    Ok(())
}
