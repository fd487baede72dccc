//! Events and items as files: what a person has in hand before there is a running system.
//!
//! Files come from everywhere, so their shape is detected rather than demanded, and nothing in them is guessed away:
//! a row that does not say what it should fails the read, and the mistakes are told together with where they are.

mod columns;
mod error;
mod facts;
mod items;
mod layout;
mod log;
mod source;
#[cfg(test)]
mod tests;

pub use columns::{Columns, Events, Ids, Order};
pub use error::{Mistake, Mistakes, Place, ReadError};
pub use facts::{Fact, FactValues, ItemFile};
pub use items::{read_items, read_items_from};
pub use layout::Layout;
pub use log::{EventFile, ReadOptions, read, read_from};
