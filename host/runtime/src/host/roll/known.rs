//! What is known of plans: those that serve, those that did, and those that were refused.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use greenroom_model::Generation;

use super::super::Host;
use super::Live;
use crate::plans::{HistoryError, PlanRecord, RefusedRecord};

impl Host {
    /// Every plan that was active, the oldest first, as far as they are kept; those that serve with what they did so far.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn plan_records(&self) -> Result<Vec<PlanRecord>, HistoryError> {
        let mut records = self.inner.history.records()?;
        for live in self.inner.plans().values() {
            let now = live.now();
            match records.binary_search_by_key(&now.generation, |record| record.generation) {
                Ok(at) => {
                    if let Some(record) = records.get_mut(at) {
                        *record = now;
                    }
                }
                // It is on its way to the store.
                Err(at) => records.insert(at, now),
            }
        }
        Ok(records)
    }

    /// One of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn plan_record(&self, generation: Generation) -> Result<Option<PlanRecord>, HistoryError> {
        let live = self.inner.plans().get(&generation).map(Live::now);
        live.map_or_else(|| self.inner.history.record(generation), |record| Ok(Some(record)))
    }

    /// What `rollback` goes back to when nobody says what: the plan that the active one, or the one that it repeats, took the
    /// place of; none that was faulty.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn previous(&self, generation: Generation) -> Result<Option<Generation>, HistoryError> {
        let mut at = generation;
        loop {
            let Some(record) = self.plan_record(at)? else { return Ok(None) };
            // What is served again is where it was. Its number is a smaller one, and so is a parent's.
            let next = record.again.or(record.parent).filter(|next| next.0 < at.0);
            let Some(next) = next else { return Ok(None) };
            let repeats = record.again.is_some();
            at = next;
            let faulty = self.plan_record(at)?.is_some_and(|record| record.rolled_back.is_some());
            if !repeats && !faulty {
                return Ok(Some(at));
            }
        }
    }

    /// The latest changes that were not taken, the oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn refusals(&self) -> Result<Vec<RefusedRecord>, HistoryError> {
        self.inner.history.refusals()
    }

    /// Requests that are running now, on whatever plan.
    #[must_use]
    pub fn busy(&self) -> usize {
        self.inner.running.load(Ordering::Relaxed)
    }

    /// Generations that can be gone back to without making anything ready.
    #[must_use]
    pub fn warm_generations(&self) -> Vec<Generation> {
        let rollout = self.inner.rollout.lock().unwrap_or_else(PoisonError::into_inner);
        rollout.kept().into_iter().collect()
    }
}
