//! A round of learning: all that an agent is told at a time, and `fit`. What each call may use says little about what a
//! thousand of them do, so a round has a budget of its own.

use std::fmt;
use std::time::{Duration, Instant};

use greenroom_graph::Round as Bounds;
use greenroom_model::{Budget, Fault, FaultKind};

/// A round that goes on.
pub(super) struct Round {
    bounds: Bounds,
    began: Instant,
    fuel: u64,
    done: usize,
    calls: usize,
}

/// What a round had used up when it was ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overspent {
    /// Calls that came to their end.
    pub done: usize,
    /// Calls that it takes.
    pub calls: usize,
    /// Units of fuel.
    pub fuel: u64,
    /// Wall time.
    pub wall: Duration,
    /// What it was allowed.
    pub bounds: Bounds,
}

impl fmt::Display for Overspent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, calls, fuel, wall, bounds } = self;
        write!(f, "{done} of {calls} calls were done with {fuel}")?;
        if let Some(most) = bounds.fuel {
            write!(f, " of {most}")?;
        }
        write!(f, " units of fuel in {:.1}", wall.as_secs_f64())?;
        if let Some(most) = bounds.wall_s {
            write!(f, " of {most}")?;
        }
        f.write_str(" s")
    }
}

impl Round {
    /// Begins one of so many calls.
    pub(super) fn new(bounds: Bounds, calls: usize) -> Self {
        Self { bounds, began: Instant::now(), fuel: 0, done: 0, calls }
    }

    /// What the next call may use: its own budget, or what is left of the round.
    pub(super) fn next(&self, call: &Budget) -> Result<Budget, Overspent> {
        let fuel = self.bounds.fuel.map_or(u64::MAX, |most| most.saturating_sub(self.fuel));
        let left = self.left();
        if fuel == 0 || left.is_zero() {
            return Err(self.overspent());
        }
        let left_ms = u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX);
        Ok(Budget { fuel: call.fuel.min(fuel), deadline_ms: call.deadline_ms.min(left_ms), ..*call })
    }

    /// A call used so much, and failed or not. When what it lacked is what the round had left, the round is over.
    pub(super) fn ended<T>(
        &mut self,
        own: &Budget,
        had: &Budget,
        fuel: u64,
        outcome: Result<T, Fault>,
    ) -> Result<T, Ended> {
        self.fuel = self.fuel.saturating_add(fuel);
        match outcome {
            Ok(value) => {
                self.done += 1;
                Ok(value)
            }
            Err(fault) => {
                let by_round = match fault.kind {
                    FaultKind::Fuel => had.fuel < own.fuel,
                    FaultKind::Deadline => had.deadline_ms < own.deadline_ms,
                    _ => false,
                };
                Err(if by_round { Ended::Round(self.overspent()) } else { Ended::Fault(fault) })
            }
        }
    }

    fn left(&self) -> Duration {
        let most = self.bounds.wall_s.map_or(Duration::MAX, Duration::from_secs);
        most.saturating_sub(self.began.elapsed())
    }

    fn overspent(&self) -> Overspent {
        let Self { bounds, fuel, done, calls, .. } = *self;
        Overspent { done, calls, fuel, wall: self.began.elapsed(), bounds }
    }
}

/// Why a round ended before its end.
pub(super) enum Ended {
    Fault(Fault),
    Round(Overspent),
}

impl From<Overspent> for Ended {
    fn from(overspent: Overspent) -> Self {
        Self::Round(overspent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Budget = Budget { fuel: 100, deadline_ms: 50, ..Budget::LEARN };

    fn fuel(most: u64) -> Round {
        Round::new(Bounds { fuel: Some(most), wall_s: None }, 4)
    }

    #[test]
    fn a_call_gets_what_is_left_of_the_round_and_no_more_than_its_own() {
        let mut round = fuel(250);
        for (had, left) in [(100, 150), (100, 50), (50, 0)] {
            let budget = round.next(&OWN).unwrap();
            assert_eq!((budget.fuel, budget.deadline_ms), (had, 50));
            assert!(round.ended(&OWN, &budget, budget.fuel, Ok(())).is_ok());
            assert_eq!(round.bounds.fuel.unwrap() - round.fuel, left);
        }
        let told = round.next(&OWN).unwrap_err().to_string();
        assert!(told.starts_with("3 of 4 calls were done with 250 of 250 units of fuel in "), "{told}");
        assert_eq!(Round::new(Bounds::NONE, 1).next(&OWN).unwrap(), OWN);
    }

    #[test]
    fn a_fault_is_of_the_round_when_the_round_made_the_budget_smaller() {
        let fault = |kind| Err::<(), _>(Fault::guest(kind, "it ended"));
        let mut round = fuel(150);
        let budget = round.next(&OWN).unwrap();
        assert!(matches!(round.ended(&OWN, &budget, 100, fault(FaultKind::Fuel)), Err(Ended::Fault(_))));
        let budget = round.next(&OWN).unwrap();
        assert!(matches!(round.ended(&OWN, &budget, 10, fault(FaultKind::Trap)), Err(Ended::Fault(_))));
        let budget = round.next(&OWN).unwrap();
        assert!(matches!(round.ended(&OWN, &budget, 40, fault(FaultKind::Fuel)), Err(Ended::Round(_))));
    }

    #[test]
    fn a_round_whose_time_is_over_makes_no_further_call() {
        let round = Round::new(Bounds { fuel: None, wall_s: Some(0) }, 1);
        assert!(round.next(&OWN).is_err());
    }
}
