//! How much an agent may use a second, over all requests.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use greenroom_graph::Rate as Limit;
use greenroom_model::{Fault, FaultKind};

/// A bucket that fills with fuel and holds a second's worth. A call needs that there is some, and takes what it uses once
/// it has: what that is nobody knows before.
pub(crate) struct Rate {
    limit: Limit,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    fuel: f64,
    at: Instant,
}

impl Rate {
    pub(crate) fn new(limit: Limit) -> Self {
        let full = Bucket { fuel: amount(limit.fuel_per_s), at: Instant::now() };
        Self { limit, bucket: Mutex::new(full) }
    }

    /// Lets a call of `agent` begin, at once or when there is fuel again.
    ///
    /// # Errors
    /// `Exhausted` when there is none and the graph file says to reject, or when it would not be there within `left`.
    pub(crate) async fn admit(&self, agent: &str, left: Duration) -> Result<(), Fault> {
        let wait = self.wait(Instant::now());
        if wait.is_zero() {
            return Ok(());
        }
        if !self.limit.throttle || wait > left {
            let message = format!(
                "`{agent}` used its {} units of fuel a second; there is some again in {} ms",
                self.limit.fuel_per_s,
                wait.as_millis() + 1
            );
            return Err(Fault::host(FaultKind::Exhausted, message));
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Takes what a call has used.
    pub(crate) fn spend(&self, fuel: u64) {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.fuel -= amount(fuel);
    }

    fn wait(&self, now: Instant) -> Duration {
        let per_s = amount(self.limit.fuel_per_s);
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * per_s;
        bucket.fuel = (bucket.fuel + gained).min(per_s);
        bucket.at = now;
        if bucket.fuel > 0.0 { Duration::ZERO } else { Duration::from_secs_f64((1.0 - bucket.fuel) / per_s.max(1.0)) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn amount(fuel: u64) -> f64 {
    fuel as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_waited_for() {
        let rate = Rate::new(Limit { fuel_per_s: 1_000, throttle: true });
        let now = Instant::now();
        assert_eq!(rate.wait(now), Duration::ZERO);
        rate.spend(3_000);
        let wait = rate.wait(now + Duration::from_secs(1));
        assert!((1.0..1.01).contains(&wait.as_secs_f64()), "{wait:?}");
        assert_eq!(rate.wait(now + Duration::from_secs(3)), Duration::ZERO);
        // Not more than a second's worth is saved up.
        rate.wait(now + Duration::from_secs(100));
        rate.spend(1_001);
        assert!(rate.wait(now + Duration::from_secs(100)) > Duration::ZERO);
    }

    #[tokio::test]
    async fn whoever_does_not_wait_is_told_when_to_come_again() {
        let rate = Rate::new(Limit { fuel_per_s: 1_000, throttle: false });
        assert!(rate.admit("a", Duration::from_secs(9)).await.is_ok());
        rate.spend(2_000);
        let fault = rate.admit("a", Duration::from_secs(9)).await.unwrap_err();
        assert!(fault.retryable && fault.message.starts_with("`a` used its 1000 units of fuel a second"), "{fault}");
        let throttled = Rate::new(Limit { fuel_per_s: 1_000, throttle: true });
        throttled.spend(1_001);
        assert!(throttled.admit("a", Duration::from_millis(0)).await.is_err(), "longer than it has");
        assert!(throttled.admit("a", Duration::from_secs(9)).await.is_ok());
    }
}
