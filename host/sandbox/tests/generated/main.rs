//! Components and payloads that nobody wrote: generated, mutated, damaged.
//!
//! They are run here, inside ordinary tests, since the engine would have to be compiled anew for a fuzzer. Whatever the
//! bytes are, loading them ends in one readable refusal or in a component whose calls end in a value or a typed fault; the
//! pool is whole afterwards and the next request to an honest agent is served. [`rounds`] says how long, and how a
//! round is run again.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

mod damaged;
mod payloads;
mod rounds;
mod smith;
mod world;
