//! An agent on its own, outside of any graph: does it keep the contract, and does it answer as another one does.
//!
//! Everything that it sees is generated from a seed, its memory is a small world that lies in this process, and every call has a
//! budget. So it is judged by what it does, in whichever language it was written.

mod bench;
pub mod cases;
mod conformance;
mod equal;
mod seen;
mod session;
mod told;
mod world;

pub use bench::{Cost, bench};
pub use conformance::conformance;
pub use equal::equal;
pub use seen::{Shape, observation, of_size};
pub use session::{Session, defaults};
pub use told::feedback;
pub use world::{ROWS, World};

/// How a check went.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// Well.
    Passed,
    /// Not well, and why.
    Failed(String),
    /// It does not apply, and why.
    Skipped(String),
}

/// Something that was checked.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// What holds when it passed.
    pub name: &'static str,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Check {
    fn of(name: &'static str, done: Result<(), String>) -> Self {
        Self { name, outcome: done.map_or_else(Outcome::Failed, |()| Outcome::Passed) }
    }

    fn skipped(name: &'static str, why: &str) -> Self {
        Self { name, outcome: Outcome::Skipped(why.to_owned()) }
    }
}
