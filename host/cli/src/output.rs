//! The standard output. Whoever closes it early, as `head` does, has seen enough.

use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use crate::exit::Failure;

pub(crate) fn text(text: &str) -> Result<(), Failure> {
    bytes(text.as_bytes())
}

pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    written(bytes).map(|_| ())
}

/// As [`text`], for more that follows: whether somebody still reads.
pub(crate) fn still(text: &str) -> Result<bool, Failure> {
    written(text.as_bytes())
}

fn written(bytes: &[u8]) -> Result<bool, Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::failed(format!("the output could not be written: {error}"))),
    }
}

pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let document = serde_json::to_string_pretty(value).map_err(|e| Failure::failed(format!("no JSON: {e}")))?;
    text(&(document + "\n"))
}
