//! A core for each of the threads that serve, while something is done beside them.
//!
//! Linux evens out how many threads a core has, not what they weigh. Two threads that serve on one core, and one that gives
//! way to all others on the next, is as even as three can be. Requests that come faster than one core answers them let neither
//! of the two sleep, so that none is moved, and half of the machine does what could wait. (`imbalance >>= 1` of the difference in
//! `calculate_imbalance`, kernel/sched/fair.c, 6.18.)

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, Pid, gettid, sched_getaffinity, sched_setaffinity};

/// Threads that can be kept apart.
#[derive(Clone, Default)]
pub(crate) struct Cores(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// How many want them apart.
    wanted: usize,
    #[cfg(target_os = "linux")]
    threads: Vec<Thread>,
}

#[cfg(target_os = "linux")]
struct Thread {
    id: Pid,
    /// Where it could run before, while it is kept to one core.
    before: Option<CpuSet>,
}

/// As long as one of these is there, each of the threads has a core that it does not share with the others of them, or with
/// as few as can be.
pub(crate) struct Apart(Cores);

impl Cores {
    /// This thread is one of them.
    pub(crate) fn join(&self) {
        #[cfg(target_os = "linux")]
        {
            let mut state = self.state();
            state.threads.push(Thread { id: gettid(), before: None });
            if state.wanted > 0 {
                state.part();
            }
        }
    }

    /// This thread is none of them any more.
    pub(crate) fn leave(&self) {
        #[cfg(target_os = "linux")]
        {
            let id = gettid();
            self.state().threads.retain(|thread| thread.id != id);
        }
    }

    pub(crate) fn apart(&self) -> Apart {
        let mut state = self.state();
        state.wanted += 1;
        #[cfg(target_os = "linux")]
        if state.wanted == 1 {
            state.part();
        }
        Apart(self.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
impl State {
    fn part(&mut self) {
        // A thread begins where the one that started it may run, which may be kept to a core by now.
        let usual = self.threads.iter().find_map(|thread| thread.before);
        for (number, thread) in self.threads.iter_mut().enumerate().filter(|(_, thread)| thread.before.is_none()) {
            let parted = usual.map_or_else(|| sched_getaffinity(Some(thread.id)), Ok).and_then(|before| {
                let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| before.is_set(*core)).collect();
                let mut one = CpuSet::new();
                if let Some(core) = cores.get(number % cores.len().max(1)) {
                    one.set(*core);
                }
                sched_setaffinity(Some(thread.id), &one).map(|()| before)
            });
            match parted {
                Ok(before) => thread.before = Some(before),
                Err(error) => tracing::debug!(%error, "a thread is not kept to a core"),
            }
        }
    }

    fn together(&mut self) {
        for thread in &mut self.threads {
            let Some(before) = thread.before.take() else { continue };
            if let Err(error) = sched_setaffinity(Some(thread.id), &before) {
                tracing::debug!(%error, "a thread stays on a core");
            }
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.wanted -= 1;
        #[cfg(target_os = "linux")]
        if state.wanted == 0 {
            state.together();
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Barrier;
    use std::thread::{available_parallelism, scope};

    use super::*;

    fn allowed(cores: &Cores) -> Vec<Vec<usize>> {
        let of = |thread: &Thread| {
            let set = sched_getaffinity(Some(thread.id)).unwrap();
            (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
        };
        cores.state().threads.iter().map(of).collect()
    }

    #[test]
    fn threads_are_apart_while_it_is_wanted() {
        let cores = Cores::default();
        let count = available_parallelism().unwrap().get();
        let (all, mut one) = (sched_getaffinity(None).unwrap(), CpuSet::new());
        one.set((0..CpuSet::MAX_CPU).find(|core| all.is_set(*core)).unwrap());
        let (begun, late, end) = (Barrier::new(count + 1), Barrier::new(2), Barrier::new(count + 2));
        scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| {
                    cores.join();
                    begun.wait();
                    end.wait();
                    cores.leave();
                });
            }
            begun.wait();
            let before = allowed(&cores);
            let first = cores.apart();
            let second = cores.apart();
            drop(first);
            scope.spawn(|| {
                // As it is when one that is kept to a core starts it.
                sched_setaffinity(None, &one).unwrap();
                cores.join();
                late.wait();
                end.wait();
                cores.leave();
            });
            late.wait();
            let apart = allowed(&cores);
            assert!(apart.iter().all(|cores| cores.len() == 1), "{apart:?}");
            let different: BTreeSet<&Vec<usize>> = apart.iter().collect();
            assert_eq!(different.len(), count, "each core has one, but for the one that came late: {apart:?}");
            drop(second);
            let after = allowed(&cores);
            assert_eq!(after.get(..count), Some(&before[..]));
            assert_eq!(after.last().map(Vec::len), before.first().map(Vec::len));
            end.wait();
        });
        assert!(cores.state().threads.is_empty());
    }
}
