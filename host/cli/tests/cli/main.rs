//! The command as people and scripts meet it: what it prints, how it ends, and what it leaves behind.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod admitting;
mod applying;
mod comparing;
mod compiling;
mod components;
mod contents;
mod events;
mod evolving;
mod forgetting;
mod full;
mod given;
mod graphs;
mod knowledge;
mod known;
mod memory;
#[cfg(unix)]
#[path = "../../../memory/tests/nats/mod.rs"]
mod nats;
mod operating;
mod outside;
mod readme;
mod registry;
mod replaying;
mod rewards;
mod saboteurs;
mod scene;
mod serving;
mod settings;
mod states;
mod stopping;
mod subjects;
mod tokens;
mod work;
