//! What is known of a subject goes: its events, the decisions that were made for it, its id.
//!
//! Cursors stay dense and the digest is that of what is left, so that the place of an event stays, and says nothing. A place at the
//! end says that something was taken back: who learned goes back and learns anew.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use greenroom_model::{Digest, EventKind, Status};

use super::append::{self, EVENTS, IDS};
use super::decision;
use super::event::{Event, Join, StoredEvent};
use super::{FORGET_PAGE, Log, TEXTS};
use crate::engine::{NUMBERS, Pending, Transaction, Unavailable, WhenFull};
use crate::ids::{Numbering, is_forgotten};

/// What was known of a subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ForgottenSubject {
    /// Whether it had a number.
    pub known: bool,
    /// Events, retractions among them.
    pub events: u64,
    /// Decisions.
    pub decisions: u64,
}

/// What stands where an event was.
fn nothing(cursor: u64) -> StoredEvent {
    let event = Event {
        id: String::new(),
        request_id: None,
        subject: None,
        row: 0,
        kind: EventKind::from_code(0),
        value: 0.0,
        event_time_ms: 0,
        receive_time_ms: 0,
        retracts: true,
    };
    StoredEvent { cursor, event, status: Status::Retracted, join: Join::Organic, takes_back: None }
}

/// Events up to a cursor without those of a subject.
struct Left {
    digest: Digest,
    until: u64,
    /// Their cursors, with the ids by which they are known.
    gone: Vec<(u64, String)>,
}

impl Left {
    /// Goes on with an event.
    fn take(&mut self, subject: u32, cursor: u64, bytes: &[u8], place: &[u8]) -> Result<(), redb::Error> {
        let stored = append::decode(cursor, bytes)?;
        let its = stored.event.subject == Some(subject);
        if its {
            self.gone.push((cursor, stored.event.id));
        }
        self.digest = append::chained(&self.digest, if its { place } else { bytes });
        self.until = cursor;
        Ok(())
    }
}

impl Log {
    /// Forgets a subject: its events and the decisions for it, and its id, which stands for somebody new from then on. What of it is
    /// still on its way is taken as an anonymous one's, and a decision for it is not kept. All of it is durable once this answers.
    ///
    /// # Errors
    /// When the store can't be read or written; then it may be done in part, and can be done again.
    pub(crate) fn forget(&self, subjects: &Numbering, id: &str) -> Result<ForgottenSubject, Unavailable> {
        // Two at once would each leave the other's events in its digest.
        let _alone = self.forgetting.lock();
        let number = subjects.row(id);
        let mut events = 0;
        if let Some(number) = number {
            events = self.forget_events(subjects, id, number)?;
            self.histories.forget(number);
        }
        // Those of before it had a number too, and of one that was not forgotten to the end.
        let forgotten = self.forgotten.read().clone();
        let decisions = self.forget_where(&|head| match head.subject {
            Some(number) => forgotten.contains(&number),
            None => head.names(id),
        })?;
        Ok(ForgottenSubject { known: number.is_some() || decisions > 0, events, decisions })
    }

    fn forget_events(&self, subjects: &Numbering, id: &str, number: u32) -> Result<u64, Unavailable> {
        let mut place = Vec::new();
        let encoded = append::encode(&nothing(0), &mut place);
        encoded.map_err(Unavailable::reading)?;
        // Most of the work beside the writer, and the rest in its turn.
        let mut left = self.engine.read(|snapshot| {
            let mut left = Left { digest: append::parsed(None)?, until: 0, gone: Vec::new() };
            for entry in snapshot.rows(&EVENTS, Bound::Unbounded)? {
                let (cursor, bytes) = entry?;
                left.take(number, cursor.value(), bytes.value(), &place)?;
            }
            Ok(left)
        })?;
        let (renamed, published) = subjects.forgotten(id, number);
        let forgotten = Arc::clone(&self.forgotten);
        let work = move |transaction: &mut Transaction<'_>| {
            let last = transaction.number(&NUMBERS, append::LAST)?;
            for cursor in left.until + 1..=last {
                let bytes = transaction.get(&EVENTS, cursor)?.map(|bytes| bytes.value().to_vec()).unwrap_or_default();
                left.take(number, cursor, &bytes, &place)?;
            }
            let cursors: BTreeSet<u64> = left.gone.iter().map(|(cursor, _)| *cursor).collect();
            for (cursor, id) in &left.gone {
                transaction.insert(&EVENTS, *cursor, place.as_slice());
                // It may be known as the event of somebody else, which this one took back.
                let known = transaction.get(&IDS, id.as_str())?.map(|known| known.value().0);
                if known.is_some_and(|known| cursors.contains(&known)) {
                    transaction.remove(&IDS, id.as_str());
                }
            }
            if !left.gone.is_empty() {
                transaction.insert(&EVENTS, last + 1, place.as_slice());
                transaction.insert(&NUMBERS, append::LAST, last + 1);
                let digest = append::chained(&left.digest, &place);
                transaction.insert(&TEXTS, append::DIGEST, digest.to_string().as_str());
            }
            renamed(transaction);
            forgotten.write().insert(number);
            Ok(Ok((left.gone.len() as u64, ())))
        };
        let done: Pending<u64, Unavailable> =
            self.engine.writer().submit(WhenFull::Wait, 0, work, move |()| published());
        done.wait()
    }

    /// Forgets decisions, some thousands at a time.
    pub(super) fn forget_where(&self, its: &dyn Fn(&decision::Head<'_>) -> bool) -> Result<u64, Unavailable> {
        let (mut forgotten, mut after) = (0, None::<String>);
        loop {
            let (found, last) =
                self.engine.read(|snapshot| decision::found(snapshot, its, after.as_deref(), FORGET_PAGE))?;
            if !found.is_empty() {
                let work = move |transaction: &mut Transaction<'_>| {
                    let mut gone = 0;
                    for id in &found {
                        if transaction.get(&decision::DECISIONS, id)?.is_some() {
                            transaction.remove(&decision::DECISIONS, id);
                            gone += 1;
                        }
                    }
                    Ok(Ok((gone, ())))
                };
                let done: Pending<u64, Unavailable> = self.engine.writer().submit(WhenFull::Wait, 0, work, |()| ());
                forgotten += done.wait()?;
            }
            match last {
                Some(last) => after = Some(last),
                None => return Ok(forgotten),
            }
        }
    }
}

/// The numbers of subjects that were forgotten.
pub(super) fn numbers(subjects: &Numbering) -> BTreeSet<u32> {
    (0..subjects.len()).filter(|number| subjects.id(*number).is_some_and(|id| is_forgotten(&id))).collect()
}
