//! The HTTP API: the edge where JSON is spoken, and nothing else of the host knows it.
//!
//! [`Server::bind`] takes an address before anything slow is done, so that a port in use is told at once;
//! [`Server::run`] serves a host on it until it is told to stop. `docs/http-api.md` describes what is spoken.

mod body;
mod connections;
mod error;
mod gate;
mod problem;
mod routes;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

pub use error::ServeError;
pub use server::{Server, serve};
pub use settings::Settings;
pub use wire::decide::Decided;
