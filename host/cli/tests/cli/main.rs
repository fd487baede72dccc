//! The command as people and scripts meet it: what it prints, how it ends, and what it leaves behind.

mod components;
mod events;
mod graphs;
mod scene;
mod serving;
mod settings;
mod states;
mod work;
