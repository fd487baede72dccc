//! A core for each of the threads that serve, while something is done beside them.
//!
//! Linux evens out how many threads a core has, not what they weigh. Two threads that serve on one core, and one that gives
//! way to all others on the next, is as even as three can be. Requests that come faster than one core answers them let neither
//! of the two sleep, so that none is moved, and half of the machine does what could wait. (`imbalance >>= 1` of the difference in
//! `calculate_imbalance`, kernel/sched/fair.c, 6.18.)
//!
//! So whoever does something beside them has a thread look every now and then, which moves one of two that share a core and
//! have not slept from one look to the next, and lets it go at once. Those that sleep find their way by themselves, and do better
//! when nobody meddles: one that had to stay on a core could not step aside for threads that read and answer.

use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[cfg(target_os = "linux")]
use rustix::thread::{CpuSet, Pid, gettid, sched_getaffinity, sched_setaffinity};

/// From one look to the next. Two threads share a core for twice as long at most; a look takes some 20 us.
#[cfg(target_os = "linux")]
const LOOK: Duration = Duration::from_millis(1);

/// Threads that can be kept apart.
#[derive(Default)]
pub(crate) struct Cores {
    #[cfg(target_os = "linux")]
    state: Mutex<State>,
    #[cfg(target_os = "linux")]
    over: Condvar,
}

#[cfg(target_os = "linux")]
#[derive(Default)]
struct State {
    /// How many want them apart.
    wanted: usize,
    /// Whether there is a thread that looks.
    looked_after: bool,
    threads: Vec<Pid>,
}

/// As long as one of these is there, none of the threads waits long for another one while there is a core without any.
pub(crate) struct Apart(#[cfg_attr(not(target_os = "linux"), expect(dead_code))] Arc<Cores>);

impl Cores {
    /// This thread is one of them.
    pub(crate) fn join(&self) {
        #[cfg(target_os = "linux")]
        self.state().threads.push(gettid());
    }

    /// This thread is none of them any more.
    pub(crate) fn leave(&self) {
        #[cfg(target_os = "linux")]
        {
            let id = gettid();
            self.state().threads.retain(|thread| *thread != id);
        }
    }

    pub(crate) fn apart(self: &Arc<Self>) -> Apart {
        #[cfg(target_os = "linux")]
        {
            let mut state = self.state();
            state.wanted += 1;
            if !state.looked_after && state.threads.len() > 1 {
                let cores = Arc::clone(self);
                let spawned = std::thread::Builder::new().name("greenroom-cores".into()).spawn(move || cores.look());
                state.looked_after = spawned.is_ok();
            }
        }
        Apart(Arc::clone(self))
    }

    #[cfg(target_os = "linux")]
    fn look(&self) {
        let (mut state, mut shared) = (self.state(), Vec::new());
        while state.wanted > 0 {
            state = self.over.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
            if state.wanted > 0 {
                shared = spread(&state.threads, &shared);
            }
        }
        state.looked_after = false;
    }

    #[cfg(target_os = "linux")]
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        #[cfg(target_os = "linux")]
        {
            let mut state = self.0.state();
            state.wanted -= 1;
            if state.wanted == 0 {
                self.0.over.notify_all();
            }
        }
    }
}

/// Finds the threads that have work and share a core with another such one, with how often each has slept. Those that did
/// `before` too, and have not slept since, are moved to cores that none of them uses.
#[cfg(target_os = "linux")]
fn spread(threads: &[Pid], before: &[(Pid, u64)]) -> Vec<(Pid, u64)> {
    let mut used = CpuSet::new();
    let mut shared = Vec::new();
    for thread in threads {
        match core_if_busy(*thread) {
            Some(core) if used.is_set(core) => shared.extend(slept(*thread).map(|times| (*thread, times))),
            Some(core) => used.set(core),
            None => {}
        }
    }
    for (thread, _) in shared.iter().filter(|found| before.contains(found)) {
        match leave_for_another(*thread, &used) {
            Ok(Some(core)) => used.set(core),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a thread stays where it is"),
        }
    }
    shared
}

/// How often a thread has given up its core by itself.
#[cfg(target_os = "linux")]
fn slept(thread: Pid) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/self/task/{thread}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line?.trim().parse().ok()
}

/// The core that a thread is on, when it runs or waits to.
#[cfg(target_os = "linux")]
fn core_if_busy(thread: Pid) -> Option<usize> {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    // (Fields 3 and 39 of proc_pid_stat(5); the second is a name in parentheses, which may hold anything.)
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let core = fields.nth(35)?.parse().ok()?;
    (state == "R" && core < CpuSet::MAX_CPU).then_some(core)
}

/// Moves a thread to the first core that it may use and that is not used, and leaves it all that it had.
#[cfg(target_os = "linux")]
fn leave_for_another(thread: Pid, used: &CpuSet) -> rustix::io::Result<Option<usize>> {
    let allowed = sched_getaffinity(Some(thread))?;
    let Some(core) = (0..CpuSet::MAX_CPU).find(|core| allowed.is_set(*core) && !used.is_set(*core)) else {
        return Ok(None);
    };
    let mut one = CpuSet::new();
    one.set(core);
    sched_setaffinity(Some(thread), &one)?;
    sched_setaffinity(Some(thread), &allowed)?;
    Ok(Some(core))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread::{available_parallelism, scope};
    use std::time::Instant;

    use super::*;

    /// Threads that never sleep, put on one core, are apart again, and may run wherever they could.
    #[test]
    fn busy_threads_on_one_core_are_spread() {
        if available_parallelism().unwrap().get() < 2 {
            return;
        }
        let cores = Arc::new(Cores::default());
        let end = AtomicBool::new(false);
        scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    cores.join();
                    while !end.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                    cores.leave();
                });
            }
            let threads = loop {
                let threads = cores.state().threads.clone();
                if threads.len() == 2 {
                    break threads;
                }
                std::thread::yield_now();
            };
            let allowed = |thread: &Pid| sched_getaffinity(Some(*thread)).unwrap();
            let before: Vec<CpuSet> = threads.iter().map(allowed).collect();
            let first = (0..CpuSet::MAX_CPU).find(|core| before[0].is_set(*core)).unwrap();
            let mut one = CpuSet::new();
            one.set(first);
            for (thread, before) in threads.iter().zip(&before) {
                sched_setaffinity(Some(*thread), &one).unwrap();
                let waited = Instant::now();
                while core_if_busy(*thread) != Some(first) && waited.elapsed() < Duration::from_secs(10) {
                    std::thread::yield_now();
                }
                sched_setaffinity(Some(*thread), before).unwrap();
            }
            // (The kernel may move one of them by itself meanwhile: what matters is that they do not stay together.)
            let apart = cores.apart();
            let together = || core_if_busy(threads[0]) == core_if_busy(threads[1]);
            let waited = Instant::now();
            while together() && waited.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(LOOK);
            }
            let took = waited.elapsed();
            drop(apart);
            while cores.state().looked_after {
                std::thread::yield_now();
            }
            let after: Vec<CpuSet> = threads.iter().map(allowed).collect();
            end.store(true, Ordering::Relaxed);
            assert!(took < Duration::from_secs(10));
            assert_eq!(after, before);
        });
        assert!(cores.state().threads.is_empty());
    }

    #[test]
    fn one_thread_of_two_on_a_core_moves_and_keeps_what_it_may_use() {
        let allowed = sched_getaffinity(None).unwrap();
        let Some(first) = (0..CpuSet::MAX_CPU).find(|core| allowed.is_set(*core)) else { return };
        let mut used = CpuSet::new();
        used.set(first);
        std::thread::spawn(move || {
            let moved = leave_for_another(gettid(), &used).unwrap();
            assert_eq!(moved.is_some(), allowed.count() > 1);
            assert_ne!(moved, Some(first));
            assert_eq!(sched_getaffinity(None).unwrap(), allowed);
            assert_eq!(leave_for_another(gettid(), &allowed), Ok(None), "no core is left");
        })
        .join()
        .unwrap();
    }
}
