//! External ids become dense numbers, once and for all, so that they index arrays in agents and in the host.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::Arc;

use greenroom_model::{ID_BYTES_MAX, NONE};
use parking_lot::RwLock;

use crate::engine::{Engine, NUMBERS, Pending, Table, Transaction, Unavailable, WhenFull};

/// An id that can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("id {place} {reason}")]
pub struct IdMistake {
    /// Its place in the list, from 0.
    pub place: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Why ids were not assigned; then none was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AssignError {
    /// Some ids can't be taken.
    #[error("{}", several(.0))]
    Invalid(Vec<IdMistake>),
    /// There are no numbers left.
    #[error("all {NONE} numbers are assigned")]
    Full,
    /// The store could not be written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The first mistakes of many, for a person.
pub(crate) fn several<T: ToString>(mistakes: &[T]) -> String {
    const SHOWN: usize = 10;
    let mut text = mistakes.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if mistakes.len() > SHOWN {
        text.push_str(&format!("; and {} more", mistakes.len() - SHOWN));
    }
    text
}

/// What is wrong with an external id, of an item, a subject, a request or an event, if anything.
#[must_use]
pub fn id_fault(id: &str) -> Option<&'static str> {
    if id.is_empty() {
        Some("is empty; an id has 1 to 256 bytes")
    } else if id.len() > ID_BYTES_MAX {
        Some("is longer than 256 bytes")
    } else if id.chars().any(char::is_control) {
        Some("has control characters; remove them")
    } else {
        None
    }
}

/// What the id of somebody who was forgotten begins with, and no id that anybody gives: a control character.
const FORGOTTEN: char = '\u{1}';

/// Whether that is all that is left of an id.
#[must_use]
pub fn is_forgotten(id: &str) -> bool {
    id.starts_with(FORGOTTEN)
}

#[derive(Default)]
struct Index {
    numbers: HashMap<Arc<str>, u32>,
    ids: Vec<Arc<str>>,
}

/// What has ids.
pub(crate) struct Kind {
    /// The number of each id.
    pub(crate) table: Table<&'static str, u32>,
    /// How many there are, among [`NUMBERS`].
    pub(crate) count: &'static str,
}

/// External ids and their numbers: dense from 0, assigned once, never reused. All are held in memory.
pub struct Numbering {
    engine: Arc<Engine>,
    kind: &'static Kind,
    index: Arc<RwLock<Index>>,
}

impl Numbering {
    /// Reads all ids; the error is what is damaged.
    pub(crate) fn load(engine: Arc<Engine>, kind: &'static Kind) -> Result<Result<Self, String>, Unavailable> {
        let found = engine.read(|snapshot| {
            let mut found = Vec::new();
            for entry in snapshot.rows(&kind.table, Bound::Unbounded)? {
                let (id, number) = entry?;
                found.push((number.value(), Arc::<str>::from(id.value())));
            }
            Ok(found)
        })?;
        let mut found = found;
        found.sort_unstable_by_key(|(number, _)| *number);
        let mut index = Index::default();
        for (place, (number, id)) in found.into_iter().enumerate() {
            if usize::try_from(number) != Ok(place) {
                return Ok(Err(format!("number {place} of {} is missing", kind.table.name())));
            }
            index.numbers.insert(Arc::clone(&id), number);
            index.ids.push(id);
        }
        Ok(Ok(Self { engine, kind, index: Arc::new(RwLock::new(index)) }))
    }

    /// The numbers of ids, in their order. New ids get the next numbers in the order given, durable once answered; sort
    /// a batch by [`id_order`] first where its order has no meaning. An id is 1 to 256 bytes without control characters.
    /// Refused while the queue of writes is full.
    pub fn assign(&self, ids: &[&str]) -> Pending<Vec<u32>, AssignError> {
        self.assigned(ids, WhenFull::Refuse)
    }

    /// As [`assign`](Self::assign), for imports: blocks while the queue of writes is full.
    pub fn assign_waiting(&self, ids: &[&str]) -> Pending<Vec<u32>, AssignError> {
        self.assigned(ids, WhenFull::Wait)
    }

    fn assigned(&self, ids: &[&str], full: WhenFull) -> Pending<Vec<u32>, AssignError> {
        let mistakes: Vec<IdMistake> = ids
            .iter()
            .enumerate()
            .filter_map(|(place, id)| id_fault(id).map(|reason| IdMistake { place, reason }))
            .collect();
        if !mistakes.is_empty() {
            return Pending::ready(Err(AssignError::Invalid(mistakes)));
        }
        let known: Option<Vec<u32>> = {
            let index = self.index.read();
            ids.iter().map(|id| index.numbers.get(*id).copied()).collect()
        };
        if let Some(known) = known {
            return Pending::ready(Ok(known));
        }
        let kind = self.kind;
        let index = Arc::clone(&self.index);
        let ids: Vec<Arc<str>> = ids.iter().map(|id| Arc::from(*id)).collect();
        let bytes = ids.iter().map(|id| id.len() + 16).sum();
        self.engine.writer().submit(
            full,
            bytes,
            move |transaction| assign(transaction, kind, &ids),
            move |new| {
                let mut index = index.write();
                for id in new {
                    // At most NONE ids are ever assigned.
                    let number = u32::try_from(index.ids.len()).unwrap_or(NONE);
                    index.numbers.insert(Arc::clone(&id), number);
                    index.ids.push(id);
                }
            },
        )
    }

    /// The number of an id.
    #[must_use]
    pub fn row(&self, id: &str) -> Option<u32> {
        self.index.read().numbers.get(id).copied()
    }

    /// The id of a number.
    #[must_use]
    pub fn id(&self, row: u32) -> Option<Arc<str>> {
        self.index.read().ids.get(usize::try_from(row).ok()?).cloned()
    }

    /// How many there are: numbers are 0 to this, less one.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.index.read().ids.len()).unwrap_or(NONE)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes an id from its number, which is nobody's from then on: what is to be done in a transaction, and once that is there.
    pub(crate) fn forgotten(
        &self,
        id: &str,
        number: u32,
    ) -> (impl FnOnce(&mut Transaction<'_>) + Send + use<>, impl FnOnce() + Send + use<>) {
        let (kind, index) = (self.kind, Arc::clone(&self.index));
        let (id, left): (Arc<str>, Arc<str>) = (id.into(), format!("{FORGOTTEN}{number}").into());
        let (of, its) = (Arc::clone(&id), Arc::clone(&left));
        let renamed = move |transaction: &mut Transaction<'_>| {
            transaction.remove(&kind.table, &of);
            transaction.insert(&kind.table, &its, number);
        };
        let published = move || {
            let mut index = index.write();
            index.numbers.remove(&id);
            index.numbers.insert(Arc::clone(&left), number);
            if let Some(place) = usize::try_from(number).ok().and_then(|place| index.ids.get_mut(place)) {
                *place = left;
            }
        };
        (renamed, published)
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }
}

/// Numbers in the order of `ids`, and the new ids in the order of their numbers.
type Assigned = (Vec<u32>, Vec<Arc<str>>);

fn assign(
    transaction: &mut Transaction<'_>,
    kind: &Kind,
    ids: &[Arc<str>],
) -> Result<Result<Assigned, AssignError>, redb::Error> {
    let count = transaction.number(&NUMBERS, kind.count)?;
    let mut next = u32::try_from(count).unwrap_or(NONE);
    let mut numbers = Vec::with_capacity(ids.len());
    let mut new = Vec::new();
    let mut inserts = HashMap::new();
    for id in ids {
        let known = match inserts.get(id) {
            Some(number) => Some(*number),
            None => transaction.get(&kind.table, id)?.map(|number| number.value()),
        };
        let number = match known {
            Some(number) => number,
            None if next == NONE => return Ok(Err(AssignError::Full)),
            None => {
                inserts.insert(Arc::clone(id), next);
                new.push(Arc::clone(id));
                next += 1;
                next - 1
            }
        };
        numbers.push(number);
    }
    for (id, number) in inserts {
        transaction.insert(&kind.table, &id, number);
    }
    transaction.insert(&NUMBERS, kind.count, next.into());
    Ok(Ok((numbers, new)))
}

/// The order in which a batch of new ids is numbered: decimal integers by their value and before all else, others
/// bytewise. Integers of one value stand bytewise, so that the order is total.
#[must_use]
pub fn id_order(a: &str, b: &str) -> Ordering {
    let magnitude = |id: &str| {
        let decimal = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        decimal.then(|| id.trim_start_matches('0').to_owned())
    };
    match (magnitude(a), magnitude(b)) {
        (Some(x), Some(y)) => x.len().cmp(&y.len()).then_with(|| x.cmp(&y)).then_with(|| a.cmp(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stand_by_value_and_before_words() {
        let mut ids = vec!["b", "10", "9", "a", "010", "99999999999999999999999", "-1", "0"];
        ids.sort_by(|a, b| id_order(a, b));
        assert_eq!(ids, ["0", "9", "010", "10", "99999999999999999999999", "-1", "a", "b"]);
    }
}
