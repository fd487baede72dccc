//! Whether what several threads saw of one key could have happened one thing after another (Herlihy and Wing 1990), found by the
//! search of Wing and Gong (1993) with the memory of Lowe (2017).

use std::collections::{BTreeMap, HashSet};

/// What was done to a key. Every value is written once, so that it tells which write a read has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Did {
    /// Read a revision and its value, or nothing.
    Read(Option<(u64, u64)>),
    /// Put a value.
    Put(u64),
    /// Put a value where a revision was expected, or nothing.
    Swap(Option<u64>, u64),
    /// Removed it.
    Delete,
}

/// What a write was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Done.
    Written {
        /// The revision from then on; none where nothing was removed.
        revision: Option<u64>,
        /// Whether the key was there.
        existed: bool,
    },
    /// Another revision was there.
    Conflict(Option<u64>),
    /// Nobody knows.
    Unknown,
}

/// One thing that was done, with the moments between which it happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done {
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) did: Did,
    /// Nothing for reads.
    pub(crate) answer: Option<Answer>,
}

impl Done {
    /// It may not have happened, or much later.
    fn is_open(&self) -> bool {
        self.answer == Some(Answer::Unknown)
    }

    fn ended(&self) -> u64 {
        if self.is_open() { u64::MAX } else { self.ended }
    }
}

/// The key at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct State {
    value: Option<u64>,
    /// The last revision that is known.
    revision: u64,
}

/// Which value has which revision, as far as anybody has seen.
struct Revisions {
    of_value: BTreeMap<u64, u64>,
    value_at: BTreeMap<u64, u64>,
}

impl Revisions {
    /// None when a value had two of them, or the reverse.
    fn seen(history: &[Done]) -> Option<Self> {
        let mut revisions = Self { of_value: BTreeMap::new(), value_at: BTreeMap::new() };
        for done in history {
            let (revision, value) = match (done.did, done.answer) {
                (Did::Read(Some(seen)), _) => seen,
                (Did::Put(value) | Did::Swap(_, value), Some(Answer::Written { revision: Some(revision), .. })) => {
                    (revision, value)
                }
                _ => continue,
            };
            if *revisions.of_value.entry(value).or_insert(revision) != revision
                || *revisions.value_at.entry(revision).or_insert(value) != value
            {
                return None;
            }
        }
        Some(revisions)
    }

    /// Whether a key with this value can be said to be at this revision.
    fn is_at(&self, value: Option<u64>, revision: Option<u64>) -> bool {
        match (value, revision) {
            (None, None) => true,
            (Some(value), Some(revision)) => match self.of_value.get(&value) {
                Some(known) => *known == revision,
                // A write of which nobody knew, that nobody read.
                None => !self.value_at.contains_key(&revision),
            },
            _ => false,
        }
    }

    /// The key after this, if it could happen now.
    fn step(&self, state: State, done: &Done) -> Option<State> {
        let to = |value: Option<u64>, revision: Option<u64>| {
            let revision = revision.or_else(|| self.of_value.get(&value?).copied());
            match revision {
                Some(revision) if revision <= state.revision => None,
                Some(revision) => Some(State { value, revision }),
                None => Some(State { value, ..state }),
            }
        };
        match (done.did, done.answer) {
            (Did::Read(seen), _) => (state.value == seen.map(|(_, value)| value)).then_some(state),
            (Did::Swap(expected, _), Some(Answer::Conflict(found))) => {
                (self.is_at(state.value, found) && !self.is_at(state.value, expected)).then_some(state)
            }
            (_, Some(Answer::Conflict(_)) | None) => None,
            (did, Some(answer)) => {
                if let Did::Swap(expected, _) = did
                    && !self.is_at(state.value, expected)
                {
                    return None;
                }
                let value = match did {
                    Did::Put(value) | Did::Swap(_, value) => Some(value),
                    _ => None,
                };
                match answer {
                    Answer::Written { existed, .. } if existed != state.value.is_some() => None,
                    Answer::Written { revision: None, .. } => Some(state),
                    Answer::Written { revision, .. } => to(value, revision),
                    _ => to(value, None),
                }
            }
        }
    }
}

/// Whether there is an order in which all of it could have happened, each between its moments, from a key that is not there.
pub(crate) fn is_linearizable(history: &[Done]) -> bool {
    let Some(revisions) = Revisions::seen(history) else { return false };
    let mut history = history.to_vec();
    history.sort_by_key(|done| done.began);
    let is_in = |set: &[u64], place: usize| set[place / 64] >> (place % 64) & 1 == 1;
    let mut next = vec![(vec![0_u64; history.len().div_ceil(64)], State::default())];
    let mut tried = HashSet::new();
    while let Some((set, state)) = next.pop() {
        let open = || history.iter().enumerate().filter(|(place, _)| !is_in(&set, *place));
        // Whatever begins after something has ended comes after it.
        let Some(first_end) = open().filter(|(_, done)| !done.is_open()).map(|(_, done)| done.ended()).min() else {
            return true;
        };
        for (place, done) in open().take_while(|(_, done)| done.began < first_end) {
            if let Some(after) = revisions.step(state, done) {
                let mut with = set.clone();
                with[place / 64] |= 1 << (place % 64);
                if tried.insert((with.clone(), after)) {
                    next.push((with, after));
                }
            }
        }
    }
    false
}
