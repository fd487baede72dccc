//! What an author says that an agent does: observations, and what is expected of the answers.

mod file;
mod run;

pub use file::{Case, Expected, File, Items, read};
pub use run::{Answer, Ran, Wrong, run};
