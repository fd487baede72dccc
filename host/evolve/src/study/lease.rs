//! Who runs a study: one at a time.
//!
//! A record says who, since which epoch, and when they last said that they are still there. Whoever comes later is refused
//! as long as that record is fresh, and takes the study over once it is not, under the next epoch. The record is swapped,
//! never just written, so that of two who take over one does, and so that whoever was taken for dead and is not finds out
//! at its next beat; until then every record that it would write has changed since it read it, since the new holder marks
//! running trials with its epoch before it does anything else.
//!
//! Where the store can be open in one process alone (the embedded one: its file is locked) nobody has to wait after a kill:
//! a lease of another process is that of a dead one. [`Holder::alone`] says so.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::StudyError;
use crate::records::{RecordError, Records};

/// How long a lease is good for without a beat, in milliseconds: many times the slowest write that was seen.
const LEASE_MS: i64 = 30_000;

/// Milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Who wants to run a study.
#[derive(Clone)]
pub struct Holder {
    /// Which process, one in time and space.
    pub process: String,
    /// Whether no other process can have the store open.
    pub alone: bool,
    /// How long a lease is good for without a beat, in milliseconds.
    pub lease_ms: i64,
    /// Where the time comes from. Clocks of processes that share a store may differ by less than `lease_ms`.
    pub clock: Clock,
}

impl Holder {
    /// This process, with a lease of 30 seconds; `alone` as in [`alone`](Self::alone).
    #[must_use]
    pub fn this_process(alone: bool) -> Self {
        static PROCESS: OnceLock<String> = OnceLock::new();
        // The number of a process is used again; what a hash begins with is not.
        let name = || format!("{}-{:016x}", std::process::id(), RandomState::new().hash_one(0_u8));
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64);
        Self { process: PROCESS.get_or_init(name).clone(), alone, lease_ms: LEASE_MS, clock: Arc::new(now) }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.clock)()
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held {
    process: String,
    epoch: u64,
    beat_ms: i64,
    lease_ms: i64,
    released: bool,
}

/// The right to run a study. It is given back when dropped.
pub struct Lease {
    records: Records,
    key: String,
    holder: Holder,
    held: Held,
    revision: u64,
}

impl Lease {
    pub(crate) fn take(records: &Records, study: &str, holder: &Holder) -> Result<Self, StudyError> {
        let key = format!("{study}/lease");
        let now = holder.now_ms();
        let found = records.get::<Held>(&key)?;
        if let Some((held, _)) = &found {
            let dead = holder.alone && held.process != holder.process;
            let silent_ms = now.saturating_sub(held.beat_ms).saturating_abs();
            if !held.released && !dead && silent_ms < held.lease_ms {
                return Err(StudyError::InUse {
                    study: study.to_owned(),
                    process: held.process.clone(),
                    silent_ms,
                    lease_ms: held.lease_ms,
                });
            }
        }
        let epoch = found.as_ref().map_or(1, |(held, _)| held.epoch + 1);
        let Holder { process, lease_ms, .. } = holder.clone();
        let held = Held { process, epoch, beat_ms: now, lease_ms, released: false };
        let revision = records.swap(&key, found.map(|(_, revision)| revision), &held).map_err(|error| match error {
            RecordError::Conflict { .. } => StudyError::InUse {
                study: study.to_owned(),
                process: "one that came at the same moment".to_owned(),
                silent_ms: 0,
                lease_ms,
            },
            error => error.into(),
        })?;
        Ok(Self { records: records.clone(), key, holder: holder.clone(), held, revision })
    }

    /// Says that whoever has it is still there.
    ///
    /// # Errors
    /// [`StudyError::Lost`] when somebody else took it over.
    pub fn beat(&mut self) -> Result<(), StudyError> {
        self.write(|held, now| held.beat_ms = now)
    }

    /// A number that grows with each holder.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.held.epoch
    }

    /// How often to beat, in milliseconds: a third of the lease, so that one late beat costs nothing.
    pub(crate) fn beat_every_ms(&self) -> u64 {
        (self.held.lease_ms / 3).max(1).cast_unsigned()
    }

    fn write(&mut self, change: impl FnOnce(&mut Held, i64)) -> Result<(), StudyError> {
        change(&mut self.held, self.holder.now_ms());
        let revision = self.records.swap(&self.key, Some(self.revision), &self.held).map_err(|error| match error {
            RecordError::Conflict { .. } => StudyError::Lost { epoch: self.held.epoch },
            error => error.into(),
        })?;
        self.revision = revision;
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Whoever comes next waits for it to go stale when this fails.
        drop(self.write(|held, _| held.released = true));
    }
}
