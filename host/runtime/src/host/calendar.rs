//! What a sweep takes for now: the wall clock, as far as it is believed.
//!
//! What is swept by its age is gone. A clock that is set months ahead, by hand or by a machine that lost the time, makes
//! everything old at once, and whatever is written meanwhile bears out its word. So a jump is not believed before the clock has
//! stood by it for a day, which is time to see it and to set it right.

use std::time::{Duration, Instant};

/// A clock that is ahead by more than so has jumped; and for so long it has to stay where it is.
const DAY: Duration = Duration::from_secs(86_400);

/// A moment, by both clocks.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// Milliseconds since 1970.
    wall_ms: i64,
    at: Instant,
}

impl Moment {
    /// What the wall clock says at `at`, if nobody sets it.
    fn then(&self, at: Instant) -> i64 {
        self.wall_ms.saturating_add(millis(at.saturating_duration_since(self.at)))
    }
}

/// What was believed last, and what is not believed yet.
#[derive(Debug)]
pub(super) struct Calendar {
    believed: Option<Moment>,
    doubted: Option<Moment>,
}

impl Calendar {
    /// `before_ms` is what an earlier process believed last; without any, the first word is believed.
    pub(super) fn new(before_ms: Option<i64>, at: Instant) -> Self {
        Self { believed: before_ms.map(|wall_ms| Moment { wall_ms, at }), doubted: None }
    }

    /// The wall clock, or none while it is not believed.
    pub(super) fn now(&mut self, wall_ms: i64, at: Instant) -> Option<i64> {
        let day = millis(DAY);
        let ahead = |of: &Moment| wall_ms.saturating_sub(of.then(at));
        let jumped = self.believed.as_ref().is_some_and(|before| ahead(before) > day);
        // One that jumps again is doubted anew.
        let doubted = self.doubted.filter(|doubted| ahead(doubted).abs() <= day);
        let stood = doubted.is_some_and(|doubted| at.saturating_duration_since(doubted.at) >= DAY);
        let now = Moment { wall_ms, at };
        if jumped && !stood {
            self.doubted = doubted.or(Some(now));
            return None;
        }
        (self.believed, self.doubted) = (Some(now), None);
        Some(wall_ms)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// Of a calendar that is asked at these hours of an uptime, where the wall clock is so many hours ahead: the hours at which it
    /// believes.
    fn believed(before: Option<i64>, asked: &[(u64, i64)]) -> Vec<u64> {
        let begin = Instant::now();
        let mut calendar = Calendar::new(before.map(|hours| hours * HOUR_MS), begin);
        let believes = |&(hour, ahead): &(u64, i64)| {
            let wall_ms = (i64::try_from(hour).unwrap() + ahead) * HOUR_MS;
            let now = calendar.now(wall_ms, begin + Duration::from_secs(hour * 3_600));
            assert!(now.is_none_or(|now| now == wall_ms));
            now.map(|_| hour)
        };
        asked.iter().filter_map(believes).collect()
    }

    fn hours(ahead: i64) -> Vec<(u64, i64)> {
        (1..=30).map(|hour| (hour, ahead)).collect()
    }

    #[test]
    fn a_clock_that_goes_is_believed_and_so_is_the_first_word() {
        assert_eq!(believed(None, &hours(0)), (1..=30).collect::<Vec<_>>());
        assert_eq!(believed(None, &hours(2_160)), (1..=30).collect::<Vec<_>>());
        assert_eq!(believed(None, &[(1, 0), (2, 24), (1_000, 48)]), [1, 2, 1_000], "a day at a time");
    }

    #[test]
    fn a_jump_is_believed_once_it_has_lasted_for_a_day() {
        let mut asked = vec![(0, 0)];
        asked.extend(hours(2_160));
        assert_eq!(believed(None, &asked), [0, 25, 26, 27, 28, 29, 30]);
        // Who asks every second gets no more for it.
        assert_eq!(believed(Some(0), &[(0, 25), (0, 25), (0, 25), (23, 25), (24, 25)]), [24]);
    }

    #[test]
    fn a_clock_that_is_set_right_is_believed_at_once_and_one_that_jumps_again_is_not() {
        assert_eq!(believed(Some(0), &[(1, 2_160), (2, 0), (3, 2_160), (26, 2_160), (27, 2_160)]), [2, 27]);
        assert_eq!(believed(Some(0), &[(1, 2_160), (25, 4_320), (48, 4_320), (49, 4_320)]), [49]);
        assert_eq!(believed(Some(0), &[(1, -2_160), (2, -2_160)]), [1, 2], "back is no danger");
    }

    #[test]
    fn a_host_that_was_down_for_days_believes_the_clock_after_a_day() {
        assert_eq!(believed(Some(-100), &[(0, 0), (23, 0), (24, 0)]), [24]);
        assert_eq!(believed(Some(-24), &[(0, 0)]), [0]);
    }
}
