//! What the memory layer answered during a call, so that the call can be run again without it.
//!
//! All that a call depends on is its instance, its arguments and what the host answers, and of that only the memory layer
//! is not a function of the rest: permission and quotas follow from grants and budget, clock and randomness from the
//! request. Each answer is kept as bytes behind the question, in the order in which they were given.

mod contents;

use std::collections::{HashMap, VecDeque};

use greenroom_model::{Column, NamespaceKind, Values};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::capabilities::{Later, Memory, MemoryChange, MemoryChanges, MemoryError, MemoryWritten};
use crate::contents::Contents;
use crate::{Entry, Page};
pub(crate) use contents::AskedContents;

/// The most bytes that are kept of a call: a few readings of all facts of a small catalog.
const BYTES_MAX: usize = 1 << 20;

/// Questions with their answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tape {
    /// Pairs, each a length of four bytes and as many bytes.
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    calls: u64,
    /// Whether there was more than is kept.
    cut: bool,
}

/// What is asked of memory.
pub(crate) enum Question<'a> {
    Exists(&'a str),
    Get(&'a str, &'a str),
    GetMany(&'a str, &'a [String]),
    Put(&'a str, &'a str, &'a [u8]),
    Swap(&'a str, &'a str, Option<u64>, &'a [u8]),
    Delete(&'a str, &'a str),
    Scan(&'a str, &'a str, Option<&'a str>, u32),
    RowCount,
    Gather(&'a [u32], &'a [String]),
    Labels(&'a str),
    Kind(&'a str),
    Write(&'a str, &'a str, &'a MemoryChange, Option<u64>),
    Changes(&'a str, Option<&'a str>, u32),
    Cursor,
    Contents(&'a AskedContents<'a>),
}

impl Question<'_> {
    /// In bytes of its own: a serialiser would cost a read of a key more than the read does.
    fn write(&self, to: &mut Vec<u8>) {
        match *self {
            Self::Exists(namespace) => parts(to, 0, &[namespace.as_bytes()]),
            Self::Get(namespace, key) => parts(to, 1, &[namespace.as_bytes(), key.as_bytes()]),
            Self::GetMany(namespace, keys) => {
                parts(to, 2, &[namespace.as_bytes()]);
                keys.iter().for_each(|key| part(to, key.as_bytes()));
            }
            Self::Put(namespace, key, value) => parts(to, 3, &[namespace.as_bytes(), key.as_bytes(), value]),
            Self::Swap(namespace, key, expected, value) => {
                parts(to, 4, &[namespace.as_bytes(), key.as_bytes(), value]);
                maybe(to, expected);
            }
            Self::Delete(namespace, key) => parts(to, 5, &[namespace.as_bytes(), key.as_bytes()]),
            Self::Scan(namespace, prefix, after, limit) => {
                parts(to, 6, &[namespace.as_bytes(), prefix.as_bytes(), after.unwrap_or_default().as_bytes()]);
                to.push(u8::from(after.is_some()));
                to.extend_from_slice(&limit.to_le_bytes());
            }
            Self::RowCount => to.push(7),
            Self::Gather(rows, fields) => {
                parts(to, 8, &[&plain(rows, u32::to_le_bytes)]);
                fields.iter().for_each(|field| part(to, field.as_bytes()));
            }
            Self::Labels(field) => parts(to, 9, &[field.as_bytes()]),
            Self::Kind(namespace) => parts(to, 10, &[namespace.as_bytes()]),
            Self::Write(namespace, key, change, ttl_ms) => {
                parts(to, 11, &[namespace.as_bytes(), key.as_bytes()]);
                maybe(to, ttl_ms);
                match change {
                    MemoryChange::Put(value) => parts(to, 0, &[value]),
                    MemoryChange::Swap(expected, value) => {
                        parts(to, 1, &[value]);
                        maybe(to, *expected);
                    }
                    MemoryChange::Add(by) => parts(to, 2, &[&by.to_le_bytes()]),
                    MemoryChange::Append(value) => parts(to, 3, &[value]),
                    MemoryChange::Delete => to.push(4),
                }
            }
            Self::Changes(namespace, after, limit) => {
                parts(to, 12, &[namespace.as_bytes(), after.unwrap_or_default().as_bytes()]);
                to.push(u8::from(after.is_some()));
                to.extend_from_slice(&limit.to_le_bytes());
            }
            Self::Cursor => to.push(13),
            Self::Contents(asked) => parts(to, 14, &[&rmp_serde::to_vec(asked).unwrap_or_default()]),
        }
    }
}

fn parts(to: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    to.push(tag);
    parts.iter().for_each(|bytes| part(to, bytes));
}

fn maybe(to: &mut Vec<u8>, number: Option<u64>) {
    to.push(u8::from(number.is_some()));
    to.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
}

fn part(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    to.extend_from_slice(bytes);
}

/// Values one after the other. In chunks of a known size, which the compiler makes one copy of.
fn plain<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let mut all = vec![0; values.len() * N];
    for (place, value) in all.as_chunks_mut().0.iter_mut().zip(values) {
        *place = bytes(*value);
    }
    all
}

impl Tape {
    /// How many answers there are.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls == 0
    }

    /// Whether more was answered than is kept.
    #[must_use]
    pub fn cut(&self) -> bool {
        self.cut
    }

    /// All that tells it apart from others.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// This one, and then the other.
    #[must_use]
    pub fn then(mut self, next: &Self) -> Self {
        self.bytes.extend_from_slice(&next.bytes);
        self.calls += next.calls;
        self.cut |= next.cut;
        self
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.calls = 0;
        self.cut = false;
    }

    /// Keeps an answer; after the first for which there is no room, none.
    pub(crate) fn keep<A: Serialize>(&mut self, question: &Question<'_>, answer: &A) {
        self.keep_as(question, |to| rmp_serde::encode::write(to, answer).is_ok());
    }

    /// The same for the answer to [`Question::Get`], which has bytes of its own too.
    pub(crate) fn keep_found(&mut self, question: &Question<'_>, found: &Found) {
        self.keep_as(question, |to| match found {
            Ok(None) => {
                to.push(0);
                true
            }
            Ok(Some(entry)) => {
                to.push(1);
                to.extend_from_slice(&entry.revision.to_le_bytes());
                to.extend_from_slice(&entry.value);
                true
            }
            Err(error) => {
                to.push(2);
                rmp_serde::encode::write(to, error).is_ok()
            }
        });
    }

    fn keep_as(&mut self, question: &Question<'_>, answer: impl FnOnce(&mut Vec<u8>) -> bool) {
        self.calls += 1;
        if self.cut {
            return;
        }
        let before = self.bytes.len();
        let asked = |to: &mut Vec<u8>| {
            question.write(to);
            true
        };
        let kept = push(&mut self.bytes, asked) && push(&mut self.bytes, answer);
        if !kept || self.bytes.len() > BYTES_MAX {
            self.bytes.truncate(before);
            self.bytes.shrink_to(BYTES_MAX);
            self.cut = true;
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut left = self.bytes.as_slice();
        std::iter::from_fn(move || Some((take(&mut left)?, take(&mut left)?)))
    }
}

/// What is written, behind its length.
fn push(bytes: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
    let at = bytes.len();
    bytes.extend_from_slice(&[0; 4]);
    if !write(bytes) {
        return false;
    }
    let length = u32::try_from(bytes.len() - at - 4).unwrap_or(u32::MAX).to_le_bytes();
    bytes.get_mut(at..at + 4).is_some_and(|place| {
        place.copy_from_slice(&length);
        true
    })
}

/// An answer to [`Question::Get`].
type Found = Result<Option<Entry>, MemoryError>;

fn found(bytes: &[u8]) -> Option<Found> {
    let (tag, rest) = bytes.split_first()?;
    match tag {
        0 => Some(Ok(None)),
        1 => {
            let (revision, value) = rest.split_first_chunk()?;
            Some(Ok(Some(Entry { value: value.to_vec(), revision: u64::from_le_bytes(*revision) })))
        }
        _ => rmp_serde::from_slice(rest).ok().map(Err),
    }
}

fn take<'b>(left: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = left.split_first_chunk()?;
    let (taken, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *left = rest;
    Some(taken)
}

/// Columns as bytes: thousands of numbers one by one take longer to write down than to gather.
#[derive(Serialize, Deserialize)]
struct Plain {
    name: String,
    kind: u8,
    #[serde(with = "serde_bytes")]
    values: Vec<u8>,
}

/// An answer of columns as it is kept.
#[derive(Serialize, Deserialize)]
pub(crate) struct Gathered(Result<Vec<Plain>, MemoryError>);

impl Gathered {
    pub(crate) fn of(answer: &Result<Vec<Column>, MemoryError>) -> Self {
        let kept = |column: &Column| {
            let (kind, values) = match &column.values {
                Values::F32s(all) => (0, plain(all, f32::to_le_bytes)),
                Values::S64s(all) => (1, plain(all, i64::to_le_bytes)),
                Values::U32s(all) => (2, plain(all, u32::to_le_bytes)),
            };
            Plain { name: column.name.clone(), kind, values }
        };
        Self(answer.as_ref().map(|columns| columns.iter().map(kept).collect()).map_err(Clone::clone))
    }

    fn columns(self) -> Result<Vec<Column>, MemoryError> {
        let column = |Plain { name, kind, values }: Plain| {
            let values = match kind {
                0 => Values::F32s(values.as_chunks().0.iter().map(|x| f32::from_le_bytes(*x)).collect()),
                1 => Values::S64s(values.as_chunks().0.iter().map(|x| i64::from_le_bytes(*x)).collect()),
                _ => Values::U32s(values.as_chunks().0.iter().map(|x| u32::from_le_bytes(*x)).collect()),
            };
            Column { name, values }
        };
        Ok(self.0?.into_iter().map(column).collect())
    }
}

/// A memory layer that answers as another one did.
///
/// A question that was asked several times is answered as it was, in turn, and by the last answer from then on. One that
/// was never asked is answered `unavailable`.
#[derive(Debug, Default)]
pub struct Replayed(pub(crate) std::sync::Arc<Answers>);

/// Those of a tape.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    answers: parking_lot::Mutex<HashMap<Vec<u8>, VecDeque<Vec<u8>>>>,
    unheard: std::sync::atomic::AtomicU64,
}

impl Replayed {
    /// What a tape has.
    #[must_use]
    pub fn of(tape: &Tape) -> Self {
        let mut answers: HashMap<Vec<u8>, VecDeque<Vec<u8>>> = HashMap::new();
        for (question, answer) in tape.pairs() {
            answers.entry(question.to_vec()).or_default().push_back(answer.to_vec());
        }
        Self(std::sync::Arc::new(Answers { answers: answers.into(), unheard: 0.into() }))
    }

    /// How many questions were asked that are not on the tape.
    #[must_use]
    pub fn unheard(&self) -> u64 {
        self.0.unheard.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl Answers {
    fn answer<A: DeserializeOwned>(&self, question: &Question<'_>) -> Option<A> {
        self.answered(question, |bytes| rmp_serde::from_slice(bytes).ok())
    }

    fn answered<A>(&self, question: &Question<'_>, read: impl FnOnce(&[u8]) -> Option<A>) -> Option<A> {
        let mut asked = Vec::new();
        question.write(&mut asked);
        let mut answers = self.answers.lock();
        let found = answers.get_mut(&asked).and_then(|answers| match answers.len() {
            0 | 1 => answers.front().cloned(),
            _ => answers.pop_front(),
        });
        let answer = found.and_then(|bytes| read(&bytes));
        if answer.is_none() {
            self.unheard.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        answer
    }

    /// A question that was answered in a way that does not fit what is asked now.
    pub(crate) fn unlike<A>(&self) -> Result<A, MemoryError> {
        self.unheard.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        unheard()
    }

    pub(crate) fn fallible<A: DeserializeOwned>(&self, question: &Question<'_>) -> Result<A, MemoryError> {
        self.answer::<Result<A, MemoryError>>(question).unwrap_or_else(unheard)
    }

    pub(crate) fn later<A: DeserializeOwned + Send + 'static>(&self, question: &Question<'_>) -> Later<A> {
        Box::pin(std::future::ready(self.fallible(question)))
    }
}

fn unheard<A>() -> Result<A, MemoryError> {
    Err(MemoryError::Unavailable("this was not asked when the recording was made".to_owned()))
}

impl Memory for Replayed {
    fn exists(&self, namespace: &str) -> bool {
        self.0.answer(&Question::Exists(namespace)).unwrap_or(false)
    }

    fn kind(&self, namespace: &str) -> Option<NamespaceKind> {
        self.0.answer(&Question::Kind(namespace)).unwrap_or_default()
    }

    fn write(&self, namespace: &str, key: String, change: MemoryChange, ttl_ms: Option<u64>) -> Later<MemoryWritten> {
        self.0.later(&Question::Write(namespace, &key, &change, ttl_ms))
    }

    fn contents(&self) -> &dyn Contents {
        self
    }

    fn changes(&self, namespace: &str, after: Option<&str>, limit: u32) -> Result<MemoryChanges, MemoryError> {
        self.0.fallible(&Question::Changes(namespace, after, limit))
    }

    fn cursor(&self) -> Result<String, MemoryError> {
        self.0.fallible(&Question::Cursor)
    }

    fn get(&self, namespace: &str, key: &str) -> Result<Option<Entry>, MemoryError> {
        self.0.answered(&Question::Get(namespace, key), found).unwrap_or_else(unheard)
    }

    fn get_many(&self, namespace: &str, keys: &[String]) -> Result<Vec<Option<Entry>>, MemoryError> {
        self.0.fallible(&Question::GetMany(namespace, keys))
    }

    fn put(&self, namespace: &str, key: String, value: Vec<u8>) -> Later<u64> {
        self.0.later(&Question::Put(namespace, &key, &value))
    }

    fn compare_and_swap(&self, namespace: &str, key: String, expected: Option<u64>, value: Vec<u8>) -> Later<u64> {
        self.0.later(&Question::Swap(namespace, &key, expected, &value))
    }

    fn delete(&self, namespace: &str, key: String) -> Later<bool> {
        self.0.later(&Question::Delete(namespace, &key))
    }

    fn scan(&self, namespace: &str, prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, MemoryError> {
        self.0.fallible(&Question::Scan(namespace, prefix, after, limit))
    }

    fn row_count(&self) -> u32 {
        self.0.answer(&Question::RowCount).unwrap_or(0)
    }

    fn gather(&self, rows: &[u32], fields: &[String]) -> Result<Vec<Column>, MemoryError> {
        match self.0.answer::<Gathered>(&Question::Gather(rows, fields)) {
            Some(gathered) => gathered.columns(),
            None => self.0.fallible(&Question::Gather(rows, fields)),
        }
    }

    fn labels(&self, field: &str) -> Result<Vec<String>, MemoryError> {
        self.0.fallible(&Question::Labels(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(byte: u8) -> Result<Option<Entry>, MemoryError> {
        Ok(Some(Entry { value: vec![byte], revision: 1 }))
    }

    #[test]
    fn answers_come_again_in_turn_and_the_last_one_stays() {
        let mut tape = Tape::default();
        tape.keep_found(&Question::Get("space", "key"), &entry(1));
        tape.keep(&Question::RowCount, &7_u32);
        tape.keep_found(&Question::Get("space", "key"), &entry(2));
        let columns = Ok(vec![
            Column { name: "a".into(), values: Values::F32s(vec![1.5, f32::NAN]) },
            Column { name: "b".into(), values: Values::S64s(vec![-1, 2]) },
            Column { name: "c".into(), values: Values::U32s(vec![3, 4]) },
        ]);
        let fields = ["a", "b", "c"].map(String::from);
        tape.keep(&Question::Gather(&[5, 6], &fields), &Gathered::of(&columns));
        let memory = Replayed::of(&tape);
        assert_eq!(memory.get("space", "key"), entry(1));
        assert_eq!(memory.get("space", "key"), entry(2));
        assert_eq!(memory.get("space", "key"), entry(2));
        assert_eq!(memory.row_count(), 7);
        assert_eq!(format!("{:?}", memory.gather(&[5, 6], &fields)), format!("{columns:?}"));
        assert_eq!(memory.unheard(), 0);
        assert!(matches!(memory.get("space", "other"), Err(MemoryError::Unavailable(_))));
        assert_eq!(memory.unheard(), 1);
    }

    #[test]
    fn what_is_too_much_is_cut_and_said() {
        let mut tape = Tape::default();
        let large: Result<Option<Entry>, MemoryError> = Ok(Some(Entry { value: vec![0; 700 << 10], revision: 1 }));
        tape.keep_found(&Question::Get("space", "first"), &large);
        assert!(!tape.cut());
        tape.keep_found(&Question::Get("space", "second"), &large);
        tape.keep(&Question::RowCount, &7_u32);
        assert_eq!((tape.cut(), tape.calls()), (true, 3));
        let memory = Replayed::of(&tape);
        assert_eq!(memory.get("space", "first"), large);
        assert_eq!(memory.row_count(), 0);
    }

    #[test]
    fn a_tape_that_was_damaged_gives_fewer_answers_and_no_panic() {
        let mut tape = Tape::default();
        tape.keep_found(&Question::Get("space", "key"), &entry(1));
        for end in 0..tape.bytes.len() {
            let damaged = Tape { bytes: tape.bytes[..end].to_vec(), ..tape.clone() };
            assert!(Replayed::of(&damaged).get("space", "key").is_err());
        }
    }
}
