//! Rounds of a test, each made from a seed, for as long as the environment says.
//!
//! `GREENROOM_FUZZ_SECONDS` is how long a test goes on, 5 when it is not set. Seeds are new every time; the seed of a
//! round that fails is printed, and `GREENROOM_FUZZ_SEED` runs that round alone. A round that ends the process leaves its
//! seed in a file.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Rounds after which a test may expect to have seen everything that is likely.
const MANY: u64 = 200;

/// Says how to run a round again, should it panic.
struct Seed<'t> {
    test: &'t str,
    seed: u64,
}

impl Drop for Seed<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("run this round again with GREENROOM_FUZZ_SEED={} and the test {}", self.seed, self.test);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name} is {value:?}, expected a number")))
}

/// Runs rounds. Whether there were so many that what never happened in them is not to be expected.
pub(crate) async fn rounds(test: &str, mut round: impl AsyncFnMut(&mut StdRng)) -> bool {
    let chosen = number("GREENROOM_FUZZ_SEED");
    let time = Duration::from_secs(number("GREENROOM_FUZZ_SECONDS").unwrap_or(5));
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.seed"));
    let first = chosen.unwrap_or_else(|| RandomState::new().hash_one(test));
    let (began, mut count) = (Instant::now(), 0);
    loop {
        let seed = first.wrapping_add(count);
        let told = Seed { test, seed };
        std::fs::write(&last, seed.to_string()).unwrap();
        round(&mut StdRng::seed_from_u64(seed)).await;
        drop(told);
        count += 1;
        if chosen.is_some() || began.elapsed() >= time {
            eprintln!("{test}: {count} rounds, from seed {first}");
            return count >= MANY;
        }
    }
}
