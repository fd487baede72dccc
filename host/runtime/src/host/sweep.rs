//! What is not needed any more is given back: plans of long ago, and what only they were made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLockWriteGuard, TryLockError};
use std::time::{Duration, Instant};

use greenroom_memory::{Declared, Namespaces};
use greenroom_model::{Digest, NamespaceKind};
use thiserror::Error;

use super::{Host, leftovers, now_ms};
use crate::active::ActivePlan;
use crate::memory::declared;
use crate::plans::HistoryError;
use crate::states::States;

/// Where in a data folder an evolution keeps what it tries; it runs beside what serves.
pub const EVOLUTION: &str = "evolution";

/// What nothing refers to is swept when it is as old: something may be about to refer to it.
const GRACE: Duration = Duration::from_secs(3_600);

/// An upload that goes on for longer is given up: a day.
const UPLOAD_MAX_MS: u64 = 86_400_000;

/// How long a sweep waits for changes that are being admitted.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of compiled components and images. Each learned state has an image of its own, as large as the model.
const COMPILED_BYTES_MAX: u64 = 8 << 30;

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Records of plans, the latest.
    pub plans_max: usize,
    /// How long decisions stay in the log; what was told about them stays.
    pub decisions: Duration,
    /// How long compiled components and images stay that nobody loaded.
    pub compiled: Duration,
}

impl Default for Retention {
    /// 200 plans, 90 days of decisions, 30 days of compiled components.
    fn default() -> Self {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Self { plans_max: 200, decisions: days(90), compiled: days(30) }
    }
}

/// What was swept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Records of plans, and what they were made of.
    pub plans: usize,
    /// Components of the data folder.
    pub components: usize,
    /// Learned states.
    pub states: usize,
    /// Compiled components, images and verdicts in the cache.
    pub compiled: usize,
    /// Decisions of the log.
    pub decisions: u64,
    /// Contents whose upload nobody goes on with.
    pub uploads: u64,
    /// Bytes of files that are gone.
    pub bytes: u64,
}

/// Why it could not be swept; what went before stays swept.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct SweepError(String);

impl From<HistoryError> for SweepError {
    fn from(error: HistoryError) -> Self {
        Self(error.to_string())
    }
}

impl Host {
    /// Waits a while for those who look for what a plan is made of, without holding up any of them: one may learn for minutes.
    fn alone(&self) -> Result<RwLockWriteGuard<'_, ()>, SweepError> {
        let by = Instant::now() + PATIENCE;
        loop {
            match self.inner.sweeping.try_write() {
                Ok(alone) => return Ok(alone),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if Instant::now() < by => std::thread::sleep(Duration::from_millis(10)),
                Err(TryLockError::WouldBlock) => {
                    return Err(SweepError("a change is being admitted, and nothing is swept meanwhile".to_owned()));
                }
            }
        }
    }

    /// Sweeps what is beyond the retention and nothing refers to. What serves, what is warm and what the kept records are
    /// made of stays. While the clock is not believed, since it jumped ahead, nothing is swept for its age.
    ///
    /// # Errors
    /// When a folder or the store cannot be read or written.
    pub fn sweep(&self) -> Result<Swept, SweepError> {
        let now = self.today()?;
        let mut swept = Swept::default();
        // Nothing is admitted, and nothing activated, between the look at what is needed and the end of what is not.
        let alone = self.alone()?;
        let used = self.sweep_plans(now, &mut swept)?;
        if now.is_some() {
            self.sweep_made_of(&used, &mut swept).map_err(io)?;
        }
        drop(alone);
        if let Some(now) = now {
            self.sweep_beside(now, &mut swept)?;
        }
        if swept != Swept::default() {
            tracing::info!(
                plans = swept.plans,
                components = swept.components,
                states = swept.states,
                compiled = swept.compiled,
                decisions = swept.decisions,
                uploads = swept.uploads,
                bytes = swept.bytes,
                "swept"
            );
        }
        Ok(swept)
    }

    /// The wall clock, if it is believed.
    fn today(&self) -> Result<Option<i64>, SweepError> {
        let wall_ms = now_ms();
        let mut calendar = self.inner.calendar.lock().unwrap_or_else(PoisonError::into_inner);
        let now = calendar.now(wall_ms, Instant::now());
        match now {
            Some(now) => self.inner.history.sweeps(now)?,
            None => tracing::warn!(
                "the clock is more than a day ahead of the last sweep: nothing is swept for its age before it has been so \
                 for a day; if it is wrong, set it right"
            ),
        }
        Ok(now)
    }

    /// Records of plans and what they refer to; the components and states that are still referred to.
    fn sweep_plans(&self, now: Option<i64>, swept: &mut Swept) -> Result<BTreeSet<Digest>, SweepError> {
        let inner = &self.inner;
        let recording = inner.revision.lock().unwrap_or_else(PoisonError::into_inner);
        let records = inner.history.records()?;
        // One lock after the other: whoever activates takes them in another order.
        let active = self.generation();
        let live: BTreeSet<_> = inner.plans().keys().copied().chain(active).collect();
        // Those that only learned are many, and must not push out the others.
        let (learned, other): (Vec<_>, Vec<_>) = records.iter().partition(|record| record.learned);
        let (mut kept, mut old) = (Vec::new(), Vec::new());
        for mut of_kind in [learned, other] {
            let surplus = of_kind.len().saturating_sub(inner.retention.plans_max.max(1));
            kept.extend(of_kind.split_off(surplus));
            old.extend(of_kind);
        }
        let (still, gone): (Vec<_>, Vec<_>) = old.into_iter().partition(|record| live.contains(&record.generation));
        for record in gone {
            inner.history.forget(record.generation)?;
            swept.plans += 1;
        }
        let mut contents: BTreeSet<Digest> = kept.into_iter().chain(still).map(|record| record.content).collect();
        // The record of what was activated a moment ago may still be on its way.
        contents.extend(inner.plans().values().map(|live| live.record.content));
        contents.extend(inner.history.active()?.and_then(|(active, _)| active.content).map(|content| content.digest()));
        // Before anything is looked at that a new plan may refer to from now on.
        let mut used: BTreeSet<Digest> = BTreeSet::new();
        for digest in &contents {
            if let Some(content) = inner.history.content(digest)? {
                used.extend(content.components.values().chain(content.states.values()));
            }
        }
        inner.history.forget_contents(&contents)?;
        if let Some(now) = now {
            inner.history.forget_learned(before(now, inner.retention.compiled), &used)?;
        }
        used.extend(inner.history.all_learned()?.into_iter().map(|learned| learned.state));
        drop(recording);
        for live in inner.plans().values() {
            used.extend(live.loaded.paths.values());
            used.extend(live.record.versions.values().filter_map(|version| version.state));
        }
        Ok(used)
    }

    /// Components and states.
    fn sweep_made_of(&self, used: &BTreeSet<Digest>, swept: &mut Swept) -> std::io::Result<()> {
        let inner = &self.inner;
        let (components, bytes) = inner.components.sweep(used, GRACE)?;
        swept.components += components;
        swept.bytes += bytes;
        for (digest, bytes, age) in inner.states.all()? {
            if age > GRACE && !used.contains(&digest) && inner.states.remove(&digest, GRACE)? {
                swept.states += 1;
                swept.bytes += bytes;
            }
        }
        inner.states.forget_trainings(GRACE)
    }

    /// What hosts that were killed have left of contents that they uploaded.
    fn sweep_uploads(&self) -> u64 {
        let inner = &self.inner;
        let plans: Vec<Arc<ActivePlan>> = inner.plans().values().map(|live| Arc::clone(&live.plan)).collect();
        let namespaces = plans.iter().flat_map(|plan| declared(&plan.plan.namespaces));
        let blobs: BTreeMap<String, Declared> = namespaces.filter(|(_, it)| it.kind == NamespaceKind::Blob).collect();
        let (names, mut uploads) = (blobs.keys().cloned().collect::<Vec<_>>(), 0);
        let blobs = Namespaces::new(inner.store.memory(), blobs).blobs();
        for name in names {
            match blobs.sweep(&name, UPLOAD_MAX_MS) {
                Ok(swept) => uploads += swept.uploads,
                Err(error) => tracing::warn!(namespace = name, %error, "uploads that nobody goes on with stay"),
            }
        }
        uploads
    }

    /// What no plan refers to.
    fn sweep_beside(&self, now: i64, swept: &mut Swept) -> Result<(), SweepError> {
        let inner = &self.inner;
        for folder in ["", "components", "states", "states/trainings"] {
            swept.bytes += leftovers::sweep(&inner.data_dir.join(folder)).map_err(io)?;
        }
        let (files, bytes) = inner.sandbox.sweep_cache(inner.retention.compiled, COMPILED_BYTES_MAX).map_err(io)?;
        swept.compiled = files;
        swept.bytes += bytes;
        let tried = sweep_evolution(&inner.data_dir, inner.retention.compiled).map_err(io)?;
        swept.states += tried.states;
        swept.bytes += tried.bytes;
        let forgotten = inner.store.log().forget_decisions(before(now, inner.retention.decisions));
        swept.decisions = forgotten.map_err(|error| SweepError(error.to_string()))?;
        swept.uploads = self.sweep_uploads();
        Ok(())
    }
}

/// Sweeps what an evolution in a data folder has kept of what agents learned, and nobody used for so long. It learns anew what
/// is gone, so it may run meanwhile.
///
/// # Errors
/// When a folder cannot be read or written. One that is not there is swept.
pub fn sweep_evolution(data_dir: &Path, unused: Duration) -> std::io::Result<Swept> {
    let (folder, mut swept) = (data_dir.join(EVOLUTION), Swept::default());
    for part in ["", "states", "states/trainings"] {
        swept.bytes += leftovers::sweep(&folder.join(part))?;
    }
    if folder.join("states").is_dir() {
        let (states, bytes) = States::open(&folder.join("states"))?.sweep(unused)?;
        swept.states = states;
        swept.bytes += bytes;
    }
    Ok(swept)
}

fn io(error: std::io::Error) -> SweepError {
    SweepError(error.to_string())
}

/// So long before a moment.
fn before(now_ms: i64, time: Duration) -> i64 {
    now_ms.saturating_sub(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}
