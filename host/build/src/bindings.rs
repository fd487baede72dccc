//! Bindings for C to what a component imports and exports that is not of the contract.

use wit_bindgen_c::Opts;
use wit_bindgen_core::Files;

use crate::BuildError;
use crate::layout::put;
use crate::wit::Wit;

/// Writes a header and what is linked, all named after the world, into a folder.
///
/// An agent's are without functions that free: what a library returns lies where all lies that the call was given, and is
/// taken back with it.
pub(crate) fn lay_out(wit: &Wit, world: &str, free: bool, folder: &std::path::Path) -> Result<(), BuildError> {
    let (mut resolve, world) = wit.resolve(world).map_err(BuildError::Component)?;
    let options = Opts { no_helpers: !free, ..Opts::default() };
    let mut files = Files::default();
    let failed = |error| BuildError::Component(format!("there are no bindings for C: {error:#}"));
    options.build().generate(&mut resolve, world, &mut files).map_err(failed)?;
    for (name, contents) in files.iter() {
        put(&folder.join(name), contents)?;
    }
    Ok(())
}
