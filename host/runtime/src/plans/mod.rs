//! What is known of plans when nothing runs: what each is made of, and what became of it.

mod components;
mod error;
mod history;

use std::collections::BTreeMap;

use greenroom_model::{Digest, Evidence, Generation, Version};
use serde::{Deserialize, Serialize};

pub(crate) use components::Components;
pub use error::HistoryError;
pub(crate) use history::{History, Unfolding};

/// All that it takes to have a plan again: the graph's text, and digests of what lies in the data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What messages call the graph file.
    pub file_name: String,
    /// The graph file.
    pub text: String,
    /// By path, as the graph file has it: of the component's bytes.
    pub components: BTreeMap<String, Digest>,
    /// By agent: of its learned state.
    pub states: BTreeMap<String, Digest>,
}

impl Content {
    /// Its content address.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut parts = vec![self.file_name.as_bytes(), self.text.as_bytes()];
        for (name, digest) in self.components.iter().chain(&self.states) {
            parts.extend([name.as_bytes(), digest.bytes().as_slice()]);
        }
        Digest::of_parts(parts)
    }
}

/// How a component passed the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// As the graph file names it.
    pub component: String,
    /// Of its bytes.
    pub digest: Digest,
    /// Whether the verdict was known from before.
    pub kept: bool,
    /// Microseconds that it took to load it, compilation included, when it was admitted.
    pub load_us: u64,
    /// Checks that it passed.
    pub checks: usize,
}

/// What became of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRecord {
    /// Its place in the order of activations.
    pub generation: Generation,
    /// The plan's digest: of wiring and versions.
    pub plan: Digest,
    /// What was active before.
    pub parent: Option<Generation>,
    /// The generation whose plan is served again.
    pub again: Option<Generation>,
    /// Who wanted it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// Of its [`Content`].
    pub content: Digest,
    /// By agent.
    pub versions: BTreeMap<String, Version>,
    /// Its components, and how each passed the gate.
    pub gate: Vec<Gate>,
    /// Milliseconds since 1970.
    pub proposed_ms: i64,
    /// Milliseconds since 1970.
    pub activated_ms: i64,
    /// Milliseconds since 1970; none while it serves, and when the host was killed meanwhile.
    pub retired_ms: Option<i64>,
    /// How it did, as far as it was written down: at least every ten seconds.
    pub tally: Tally,
    /// Why it was taken back, if it was.
    pub rolled_back: Option<String>,
    /// Whether it differs from its parent in learned states only.
    #[serde(default)]
    pub learned: bool,
    /// What speaks for it, if it was proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Box<Evidence>>,
}

/// How a plan did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Requests that ended on it.
    pub requests: u64,
    /// Those of them in which a node's fallback was taken.
    pub degraded: u64,
    /// Those that had no answer.
    pub failed: u64,
    /// Those in which an agent faulted.
    pub faults: u64,
}

/// A change that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRecord {
    /// Milliseconds since 1970.
    pub time_ms: i64,
    /// Who wanted it.
    pub author: String,
    /// What for.
    pub reason: String,
    /// Why not.
    pub why: String,
    /// What was active, and stayed so.
    pub active: Option<Generation>,
}

/// Where a learned state came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LearnedRecord {
    /// The state.
    pub state: Digest,
    /// The last event of the log that it knows; none when it is not known.
    pub cursor: Option<u64>,
    /// Milliseconds since 1970: when it was learned.
    pub time_ms: i64,
    /// Whether another version learned it, and handed it over.
    pub handed: bool,
    /// What it knows beside the cursor; none when that is not known.
    #[serde(default)]
    pub basis: Option<Basis>,
}

/// What a learned state is based on: an agent that learns onward goes on from it, when what is new comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Of the facts that agents may gather.
    pub facts: Digest,
    /// Events that it learned.
    pub events: u64,
    /// Milliseconds since 1970: when the latest of them happened.
    pub until_ms: i64,
}
