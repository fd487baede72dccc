//! The Rust SDK of Greenroom: write an agent, get a component.
//!
//! An agent is a type that implements [`Policy`], and [`Lifecycle`] and [`Learner`] when it has parameters and learns.
//! [`export_module!`] or [`export_agent!`] makes a component of it. The same type runs natively, which is how it is
//! tested: see [`native`].
//!
//! ```
//! use greenroom_sdk::{Candidates, Decision, Fault, Observation, Policy};
//!
//! #[derive(Default)]
//! struct Backwards;
//!
//! impl Policy for Backwards {
//!     fn decide(&mut self, seen: Observation) -> Result<Decision, Fault> {
//!         let mut all = Candidates::default();
//!         for input in seen.inputs {
//!             all.extend(input.candidates()?);
//!         }
//!         all.rows.reverse();
//!         Ok(all.first(seen.limit).into())
//!     }
//! }
//! # #[cfg(target_family = "wasm")]
//! greenroom_sdk::export_module!(Backwards);
//! ```

mod asked;
mod bindings;
mod candidates;
mod columns;
mod describe;
mod export;
mod fault;
mod host;
mod interactions;
mod lists;
mod listwise;
mod message;
#[cfg(not(target_family = "wasm"))]
pub mod native;
mod neighbours;
mod packed;
mod parameters;
mod params;
mod positives;
mod rows;
mod shortlist;
#[cfg(feature = "serde")]
mod state;
mod vector;

#[doc(hidden)]
pub use bindings::rt;
pub use bindings::types::{
    Branch, Candidates, Column, ColumnKind, ColumnSpec, Decision, Descriptor, Domain, Fault, FaultKind, Feedback,
    FitReport, History, Input, Layer, Learning, Observation, Parameter, Payload, PayloadKind, PolicyKind, PolicyRecord,
    Port, RewardLevel, Role, Route, Settings, State, Subject, Values,
};
pub use columns::{StateReader, StateWriter};
pub use describe::{boolean, choice, describe, float, integer, items, numbers};
#[doc(hidden)]
pub use export::{__check_schema, __init};
pub use export::{Learner, Lifecycle, Policy};
pub use host::{log, memory, metric};
pub use interactions::Interactions;
pub use lists::Lists;
pub use listwise::{Listwise, Weights};
pub use neighbours::Neighbours;
#[doc(hidden)]
pub use parameters::__is_one_of;
pub use parameters::{Choice, FromParam, Parameters};
pub use params::{ParamValue, Params};
pub use positives::{Positive, by_popularity, is_positive};
pub use rows::Marks;
pub use shortlist::Shortlist;
#[cfg(feature = "serde")]
pub use state::{decode, encode};
pub use vector::{add, dot, dots, scatter};

/// Stands for "none" in the `u32` columns of [`Feedback`].
pub const NONE: u32 = u32::MAX;
