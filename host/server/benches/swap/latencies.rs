//! Latencies of any number of requests in little and constant memory.

/// Places for a doubling: two in one place differ by half a percent.
const PLACES: f64 = 128.0;

/// Counts by latency.
#[derive(Clone)]
pub(crate) struct Latencies {
    counts: Vec<u32>,
    count: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; 32 * PLACES as usize], count: 0 }
    }
}

impl Latencies {
    pub(crate) fn add(&mut self, us: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list")]
        let at = (us.max(1.0).log2() * PLACES) as usize;
        let last = self.counts.len() - 1;
        self.counts[at.min(last)] += 1;
        self.count += 1;
    }

    pub(crate) fn add_all(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(all, more)| *all += more);
        self.count += other.count;
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Microseconds below which `share` of all are.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut left = (self.count as f64 * share).max(1.0);
        for (at, count) in self.counts.iter().enumerate() {
            left -= f64::from(*count);
            if left <= 0.0 {
                return ((at as f64 + 0.5) / PLACES).exp2();
            }
        }
        0.0
    }
}
