//! Whether a store is what it says: its pages, its sums, and what its parts say of each other.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;

use redb::Database;

use crate::change::Standing;
use crate::embedded::{ENTRIES, REVISION, SPACES, standing};
use crate::engine::{NUMBERS, Snapshot, Unavailable};
use crate::expiry::EXPIRIES;
use crate::feed::CHANGES;
use crate::ids::Kind;
use crate::log::verify;
use crate::store::{FILE, ITEMS, OpenError, SUBJECTS, Store, failed_to_open};

/// Faults that are told; more are counted.
const TOLD: usize = 50;

/// What was looked at, and what is wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Keys of all namespaces.
    pub keys: u64,
    /// Items and subjects.
    pub ids: u64,
    /// Events.
    pub events: u64,
    /// Decisions.
    pub decisions: u64,
    /// What is wrong, at most 50 of it.
    pub faults: Vec<String>,
    /// How many faults there are.
    pub fault_count: u64,
}

impl Checked {
    pub(crate) fn fault(&mut self, what: String) {
        self.fault_count += 1;
        if self.faults.len() < TOLD {
            self.faults.push(what);
        }
    }
}

/// Looks at all pages of a data folder's file, then at what they say ([`Store::check`]). Nobody may have it open.
///
/// # Errors
/// When the store can't be opened or read: [`OpenError::Damaged`] where its pages or its log of writes are not whole.
pub fn check(dir: &Path) -> Result<Checked, OpenError> {
    let path = dir.join(FILE);
    if path.exists() {
        let mut database = Database::open(&path).map_err(|error| failed_to_open(&path, error))?;
        let whole = database.check_integrity().map_err(|error| failed_to_open(&path, error))?;
        if !whole {
            let what = "its pages did not have the sums that they should; what could be repaired was".to_owned();
            return Err(OpenError::Damaged { path, what });
        }
    }
    let store = Store::open(dir)?;
    store.check().map_err(|source| OpenError::Load { path, source })
}

/// Looks at all rows as they are now.
pub(crate) fn rows(snapshot: &Snapshot<'_>) -> Result<Checked, redb::Error> {
    let mut checked = Checked::default();
    let revision = snapshot.number(&NUMBERS, REVISION)?;
    let mut spaces: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut expiring = 0_i64;
    for entry in snapshot.rows(&ENTRIES, Bound::Unbounded)? {
        let (at, found) = entry?;
        let ((space, key), Standing { revision: written, value, expires_ms }) = (at.value(), standing(found.value()));
        let held = match spaces.get_mut(space) {
            Some(held) => held,
            None => spaces.entry(space.to_owned()).or_default(),
        };
        held.0 += 1;
        held.1 += (key.len() + value.len()) as u64;
        checked.keys += 1;
        if let Some(at) = expires_ms {
            expiring += 1;
            if snapshot.get(&EXPIRIES, (at, space, key))?.is_none() {
                checked.fault(format!("key {key:?} of {space:?} expires, and is not among what does"));
            }
        }
        if written > revision {
            checked
                .fault(format!("key {key:?} of {space:?} has revision {written}, and the store's last is {revision}"));
        }
    }
    for entry in snapshot.rows(&EXPIRIES, Bound::Unbounded)? {
        entry?;
        expiring -= 1;
    }
    if expiring < 0 {
        checked.fault(format!("{} keys are said to expire that do not", -expiring));
    }
    for space in snapshot.rows(&SPACES, Bound::Unbounded)? {
        let (name, sums) = space?;
        let (name, sums) = (name.value(), sums.value());
        let held = spaces.remove(name).unwrap_or_default();
        if held != sums {
            checked.fault(format!(
                "namespace {name:?} is said to hold {} keys of {} bytes, and holds {} of {}",
                sums.0, sums.1, held.0, held.1
            ));
        }
    }
    for (name, (keys, _)) in spaces {
        checked.fault(format!("namespace {name:?} holds {keys} keys and has no sums"));
    }
    for change in snapshot.rows(CHANGES.table(), Bound::Excluded(revision))? {
        let (at, _) = change?;
        checked.fault(format!("a change has revision {}, and the store's last is {revision}", at.value()));
    }
    ids(snapshot, &ITEMS, &mut checked)?;
    ids(snapshot, &SUBJECTS, &mut checked)?;
    verify(snapshot, &mut checked)?;
    Ok(checked)
}

/// Numbers are dense from 0.
fn ids(snapshot: &Snapshot<'_>, kind: &Kind, checked: &mut Checked) -> Result<(), redb::Error> {
    let mut numbers = Vec::new();
    for entry in snapshot.rows(&kind.table, Bound::Unbounded)? {
        numbers.push(entry?.1.value());
    }
    numbers.sort_unstable();
    let count = snapshot.number(&NUMBERS, kind.count)?;
    if count != numbers.len() as u64 {
        checked.fault(format!("{} {} are said to be there, and {} are", count, kind.count, numbers.len()));
    }
    if let Some(place) = (0..).zip(&numbers).find(|(place, number)| place != *number) {
        checked.fault(format!("number {} of {} is missing or there twice", place.0, kind.count));
    }
    checked.ids += numbers.len() as u64;
    Ok(())
}

impl Store {
    /// Looks at all rows as they are now, while the store is used: whether sums are those of what is there, numbers of ids are
    /// dense, no event is missing and their digest is theirs, decisions can be read.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn check(&self) -> Result<Checked, Unavailable> {
        self.engine().read(rows)
    }
}
