//! The HTTP API: the edge where JSON is spoken, and nothing else of the host knows it.
//!
//! [`Server::bind`] takes an address before anything slow is done, so that a port in use is told at once;
//! [`Server::run`] serves a host on it until it is told to stop. `docs/http-api.md` describes what is spoken.
//! [`AdminListener`] is the same for operators, see `docs/operations.md`.

mod admin;
mod body;
mod connections;
mod error;
mod gate;
mod memory;
mod problem;
mod routes;
mod server;
mod settings;
mod strangers;
#[cfg(test)]
mod tests;
mod wire;

pub use admin::{
    ADMIN_FILE, AUDIT_FILE, Admin, AdminListener, AdminSettings, Announced, DENIED_FILE, Level, OPERATOR_FILE, Rate,
    TOKENS_FILE, Token, Tokens, TokensError, announced,
};
pub use error::ServeError;
pub use memory::{Keeper, MemoryRefused};
pub use server::{Server, serve};
pub use settings::Settings;
pub use wire::decide::Decided;
pub use wire::plans::{Compared, Deployed, Plans, Swept};
