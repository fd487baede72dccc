//! Agents that are text, as commands make components of them.

use std::path::Path;

use greenroom_model::{Budget, text};
use greenroom_runtime::Guests;
use greenroom_sandbox::{Sandbox, ScriptError};

use crate::exit::Failure;
use crate::failures;

/// Whether a file is a script, rather than WebAssembly or something that was meant to be.
pub(crate) fn is_script(path: &Path, bytes: &[u8]) -> bool {
    !bytes.starts_with(b"\0asm") && path.extension().is_some_and(|extension| extension != "wasm")
}

/// The component that a file is, or that is made of the script in it.
pub(crate) fn read(sandbox: &Sandbox, guests: &Guests, path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(path).map_err(|e| failures::unreadable(path, &e))?;
    if is_script(path, &bytes) { component(sandbox, guests, path, bytes) } else { Ok(bytes) }
}

/// The component of a script in the interpreter that there is for it.
pub(crate) fn component(sandbox: &Sandbox, guests: &Guests, path: &Path, source: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let source = String::from_utf8(source)
        .map_err(|e| Failure::bad_file(format!("{} is no text: {e}", text::shown(&path.to_string_lossy()))))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let sandbox = sandbox.clone();
    let made = guests.block_on(async move {
        let interpreter = sandbox.interpreter(&name)?;
        sandbox.script(&interpreter, &name, &source, &Budget::PREPARE).await
    });
    let made = made.map_err(Failure::failed)?.map(|component| component.bytes().to_vec());
    made.map_err(|error| match error {
        ScriptError::NoInterpreter { .. } => {
            Failure::failed(format!("{error}; `make components languages` builds them, --interpreters-dir names them"))
        }
        error => Failure::bad_file(error),
    })
}
