//! A circuit breaker: an agent that keeps faulting is not asked for a while, and then asked once to see whether it is well
//! again.
//!
//! ```text
//! closed --faults in a row--> open --its time is over--> half-open --the probe is well--> closed
//!                              ^______________________________| the probe faults: twice the time
//! ```

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Faults in a row that open it.
const FAULTS: u32 = 5;
/// How long it is open at first, and at most.
const OPEN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Whether an agent is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// It is.
    Closed,
    /// It is not.
    Open,
    /// One request is on its way to it.
    HalfOpen,
}

impl Circuit {
    /// In a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl fmt::Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { faults: u32 },
    Open { until: Instant, wait: Duration },
    HalfOpen { wait: Duration },
}

/// The breaker of an agent.
#[derive(Debug)]
pub(crate) struct Breaker(Mutex<State>);

impl Default for Breaker {
    fn default() -> Self {
        Self(Mutex::new(State::Closed { faults: 0 }))
    }
}

/// Leave to ask. Dropped without a word about how it went, it leaves things as they were before.
#[must_use]
pub(crate) struct Leave<'b> {
    breaker: &'b Breaker,
    /// The wait that a fault of this one doubles, when it is the probe.
    probe: Option<Duration>,
    told: bool,
}

impl Breaker {
    /// Leave to ask now, or how long to wait for it.
    pub(crate) fn leave(&self, now: Instant) -> Result<Leave<'_>, Duration> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed { .. } => None,
            State::Open { until, .. } if now < until => return Err(until - now),
            State::HalfOpen { wait } => return Err(wait),
            State::Open { wait, .. } => {
                *state = State::HalfOpen { wait };
                Some(wait)
            }
        };
        Ok(Leave { breaker: self, probe, told: false })
    }

    /// What it is.
    pub(crate) fn circuit(&self) -> Circuit {
        match *self.state() {
            State::Closed { .. } => Circuit::Closed,
            State::Open { .. } => Circuit::Open,
            State::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leave<'_> {
    /// It answered. Whether that closed the breaker.
    pub(crate) fn well(mut self) -> bool {
        self.told = true;
        let mut state = self.breaker.state();
        let (closes, counts) = (self.probe.is_some(), matches!(*state, State::Closed { faults: 1.. }));
        if closes || counts {
            *state = State::Closed { faults: 0 };
        }
        closes
    }

    /// It faulted. For how long the breaker is open now, if that opened it.
    pub(crate) fn faulted(mut self, now: Instant) -> Option<Duration> {
        self.told = true;
        let mut state = self.breaker.state();
        let wait = match (self.probe, &mut *state) {
            (Some(wait), _) => (wait * 2).min(OPEN.1),
            (None, State::Closed { faults }) => {
                *faults += 1;
                if *faults < FAULTS {
                    return None;
                }
                OPEN.0
            }
            // One that was on its way when it opened.
            (None, _) => return None,
        };
        *state = State::Open { until: now + wait, wait };
        Some(wait)
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        if let (false, Some(wait)) = (self.told, self.probe) {
            // The probe did not come to an end: the next request is one.
            *self.breaker.state() = State::Open { until: Instant::now(), wait };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(now: Instant) -> Breaker {
        let breaker = Breaker::default();
        for _ in 1..FAULTS {
            assert_eq!(breaker.leave(now).unwrap().faulted(now), None);
        }
        assert_eq!(breaker.leave(now).unwrap().faulted(now), Some(OPEN.0));
        breaker
    }

    #[test]
    fn faults_in_a_row_open_it_and_others_do_not() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..10 {
            for _ in 1..FAULTS {
                assert_eq!(breaker.leave(now).unwrap().faulted(now), None);
            }
            assert!(!breaker.leave(now).unwrap().well());
        }
        assert_eq!(breaker.circuit(), Circuit::Closed);
        let breaker = opened(now);
        assert_eq!((breaker.circuit(), breaker.leave(now).err()), (Circuit::Open, Some(OPEN.0)));
    }

    #[test]
    fn a_probe_closes_it_or_doubles_the_wait() {
        let mut now = Instant::now();
        let breaker = opened(now);
        let mut wait = OPEN.0;
        for _ in 0..10 {
            now += wait;
            let probe = breaker.leave(now).unwrap();
            assert!(breaker.leave(now).is_err(), "one at a time");
            wait = probe.faulted(now).unwrap();
        }
        assert_eq!(wait, OPEN.1, "it is tried again for ever, once a minute");
        now += wait;
        assert!(breaker.leave(now).unwrap().well());
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn a_probe_that_is_given_up_says_nothing() {
        let now = Instant::now();
        let breaker = opened(now);
        drop(breaker.leave(now + OPEN.0).unwrap());
        assert_eq!(breaker.circuit(), Circuit::Open);
        assert!(breaker.leave(Instant::now()).unwrap().well());
    }

    #[test]
    fn those_on_their_way_when_it_opens_change_nothing() {
        let now = Instant::now();
        let breaker = Breaker::default();
        let late: Vec<_> = (0..FAULTS + 3).map(|_| breaker.leave(now).unwrap()).collect();
        let opened: Vec<_> = late.into_iter().filter_map(|leave| leave.faulted(now)).collect();
        assert_eq!(opened, [OPEN.0]);
    }
}
