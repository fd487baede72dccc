//! What a person can be shown, and what an id may be.

use std::fmt::Display;

/// The longest line that a person reads.
const LINE_MAX: usize = 8_192;

/// One line that does nothing to a terminal.
#[track_caller]
pub(crate) fn readable(line: &impl Display) {
    let line = line.to_string();
    assert!(!line.is_empty(), "nothing is said");
    assert!(!line.chars().any(char::is_control), "control characters in {line:?}");
    assert!(line.len() <= LINE_MAX, "a line of {} bytes", line.len());
}

/// An external id.
#[track_caller]
pub(crate) fn id(id: &str) {
    assert!((1..=256).contains(&id.len()), "an id of {} bytes", id.len());
    assert!(!id.chars().any(char::is_control), "control characters in {id:?}");
}
