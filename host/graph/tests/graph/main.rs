//! What the graph crate promises: good files become plans, bad ones become messages.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod anything;
mod bad;
mod compat;
mod components;
mod good;
mod plans;
mod structure;
mod trust;
