//! Graph file to plan: `text -> Authored -> resolve with what the components say -> Plan`.
//!
//! Everything that can be known before a component runs is checked here, so that a plan that exists is a plan that
//! can be executed: names resolve, payloads fit ports, parameters are in range, grants suffice. All mistakes of a
//! file are reported in one run. There is no I/O: the caller brings the text, and what it found in the components.

mod authored;
mod compat;
mod diagnostic;
mod diff;
mod digest;
mod part;
mod plan;
mod quantity;
mod reader;
mod render;
mod resolve;
mod rules;
mod structure;
mod suggest;
mod wiring;

pub use authored::{Authored, ComponentRef, StateRef};
pub use compat::{Finding, Impact, compare_components, compare_plans};
pub use diagnostic::{Diagnostic, Diagnostics, Mistake, Severity, Span};
pub use diff::{Change, Element, diff};
pub use plan::{
    Agent, Bound, ComponentFacts, Edge, Guard, Instances, Namespace, Node, Objective, OnFault, Plan, Rate,
    RequestBudget, Round, Segments, Untrained,
};
pub use resolve::resolve;
pub use structure::{Added, Place, Structure, add, with_params};
