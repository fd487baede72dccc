//! How often somebody may call: a bucket that fills by itself, and from which each call takes.

use std::time::Instant;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// At once, after a pause.
    pub burst: u32,
    /// In the long run.
    pub per_s: u32,
}

/// What is left of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    pub(super) fn full(rate: Rate, now: Instant) -> Self {
        Self { left: f64::from(rate.burst), at: now }
    }

    /// Takes one; else how many seconds it takes until there is one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of some seconds")]
    pub(super) fn take(&mut self, rate: Rate, now: Instant) -> Result<(), u32> {
        let per_s = f64::from(rate.per_s.max(1));
        let filled = now.saturating_duration_since(self.at).as_secs_f64() * per_s;
        self.left = (self.left + filled).min(f64::from(rate.burst));
        self.at = now;
        if self.left < 1.0 {
            return Err(((1.0 - self.left) / per_s).ceil().max(1.0) as u32);
        }
        self.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_what_flows_in() {
        let (rate, begin) = (Rate { burst: 3, per_s: 2 }, Instant::now());
        let mut bucket = Bucket::full(rate, begin);
        let mut taken = |ms| bucket.take(rate, begin + Duration::from_millis(ms));
        assert_eq!([taken(0), taken(0), taken(0), taken(0)], [Ok(()), Ok(()), Ok(()), Err(1)]);
        assert_eq!([taken(500), taken(500)], [Ok(()), Err(1)]);
        assert_eq!([taken(60_000), taken(60_000), taken(60_000), taken(60_000)], [Ok(()), Ok(()), Ok(()), Err(1)]);
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_nothing() {
        let (rate, now) = (Rate { burst: 1, per_s: 1 }, Instant::now() + Duration::from_secs(10));
        let mut bucket = Bucket::full(rate, now);
        assert_eq!(bucket.take(rate, now), Ok(()));
        assert_eq!(bucket.take(rate, now - Duration::from_secs(5)), Err(1));
    }
}
