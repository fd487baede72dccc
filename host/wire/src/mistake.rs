//! What is wrong with a body.
//!
//! A body of a megabyte has room for a million mistakes, and each is told in more bytes than it is made with: so there is
//! an end to them.

use std::fmt;

use serde::Serialize;

/// Something that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Where, such as `events[2].item`; empty for the body as a whole.
    pub field: String,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// So many mistakes of a body are told; what is wrong after them is not looked for.
pub const MISTAKES_MAX: usize = 100;

/// The mistakes of a body.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(crate) fn push(&mut self, field: String, message: String) {
        if !self.full() {
            self.0.push(Mistake { field, message });
        }
    }

    /// Whether no more are wanted.
    pub(crate) fn full(&self) -> bool {
        self.0.len() >= MISTAKES_MAX
    }

    /// What was read, when nothing was wrong with it.
    pub(crate) fn or<T>(self, read: T) -> Result<T, Vec<Mistake>> {
        if self.0.is_empty() { Ok(read) } else { Err(self.0) }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() { f.write_str(&self.message) } else { write!(f, "`{}`: {}", self.field, self.message) }
    }
}
