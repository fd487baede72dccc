//! How often an agent learns. What it learned and was taken back costs it its cadence: the same log may well teach it the
//! same once more, and each such plan fails requests until it is gone.

use std::time::{Duration, Instant};

use greenroom_graph::Agent;
use greenroom_model::{Digest, Version};

/// A model is stale after so many of its cadences.
pub(super) const STALE: u32 = 2;
/// An agent learns at least once in so many of its cadences, however often that was taken back.
const SLOWED_MAX: u32 = 32;

/// Of an agent that learns on a cadence.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// When its state was last known to have all events.
    pub(super) fresh: Instant,
    /// When it is due.
    pub(super) due: Instant,
    pub(super) every: Duration,
    pub(super) alarmed: bool,
    pub(super) error: Option<String>,
    /// What it learned, when that could not be activated for a reason that passes.
    pub(super) unserved: Option<Digest>,
    back: Option<Back>,
}

/// That what an agent learned was taken back.
#[derive(Debug, Clone, Copy)]
struct Back {
    /// How many of its cadences it learns apart since then.
    times: u32,
    /// What it has now.
    version: Version,
}

impl Pace {
    /// Of an agent whose state is known to have had all events at `fresh`.
    pub(super) fn new(every: Duration, fresh: Instant, now: Instant) -> Self {
        let due = (fresh + every).max(now);
        Self { fresh, due, every, alarmed: false, error: None, unserved: None, back: None }
    }

    /// Whether its model is too old.
    pub(super) fn stale(&self) -> bool {
        self.fresh.elapsed() > self.every * STALE
    }

    /// How many of its cadences it learns apart.
    pub(super) fn slowed(&self) -> u32 {
        self.back.map_or(1, |back| back.times)
    }

    /// It learned at `began`; when it is to learn next.
    pub(super) fn learned(&mut self, began: Instant) {
        self.due = began + self.every * self.slowed();
    }

    /// What it learned was taken back, and it has `version` again: from now on it learns half as often.
    pub(super) fn taken_back(&mut self, version: Version, now: Instant) {
        let times = (self.slowed() * 2).min(SLOWED_MAX);
        self.back = Some(Back { times, version });
        self.due = now + self.every * times;
    }

    /// It has this version. Another code, or other parameters, begin anew.
    pub(super) fn has(&mut self, version: &Version) {
        self.back = self.back.filter(|back| same_agent(&back.version, version));
    }

    /// It came through probation with this version: with another state than the one that it went back to, it learns as
    /// often as ever.
    pub(super) fn passed(&mut self, version: &Version) {
        self.back = self.back.filter(|back| back.version.state == version.state);
    }
}

/// Whether they differ in what was learned alone.
pub(super) fn same_agent(one: &Version, other: &Version) -> bool {
    one.component == other.component && one.params == other.params
}

/// The cadence of an agent that has one.
pub(super) fn cadence(agent: &Agent) -> Option<Duration> {
    agent.learn_every_s.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(params: u8, state: u8) -> Version {
        Version { component: Digest::of(b"c"), params: Digest::of(&[params]), state: Some(Digest::of(&[state])) }
    }

    fn slowed(times: u32) -> Pace {
        let now = Instant::now();
        let mut pace = Pace::new(Duration::from_secs(60), now, now);
        for _ in 0..times {
            pace.taken_back(version(0, 0), now);
        }
        pace
    }

    #[test]
    fn what_was_taken_back_doubles_the_cadence_up_to_an_end() {
        let apart: Vec<u32> = (0..8).map(|times| slowed(times).slowed()).collect();
        assert_eq!(apart, [1, 2, 4, 8, 16, 32, 32, 32]);
        let mut pace = slowed(2);
        let now = Instant::now();
        pace.learned(now);
        assert_eq!(pace.due, now + Duration::from_secs(240));
    }

    #[test]
    fn it_learns_as_often_as_ever_once_another_state_passed_or_it_is_another_version() {
        let mut pace = slowed(2);
        pace.has(&version(0, 1));
        pace.passed(&version(0, 0));
        assert_eq!(pace.slowed(), 4, "what it went back to passed long ago");
        pace.passed(&version(0, 1));
        assert_eq!(pace.slowed(), 1);
        let mut pace = slowed(2);
        pace.has(&version(1, 0));
        assert_eq!(pace.slowed(), 1);
    }
}
