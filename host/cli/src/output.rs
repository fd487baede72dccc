//! The standard output. Whoever closes it early, as `head` does, has seen enough.

use std::io::{ErrorKind, Write as _};

use serde::Serialize;

use crate::exit::Failure;

pub(crate) fn text(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.map_err(|e| Failure::failed(format!("the output could not be written: {e}"))),
    }
}

pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let document = serde_json::to_string_pretty(value).map_err(|e| Failure::failed(format!("no JSON: {e}")))?;
    text(&(document + "\n"))
}
