//! WebAssembly text: nothing to install, the assembler is linked in.

use std::path::Path;

use super::{Compiled, Site};
use crate::BuildError;

pub(super) fn compile(site: &Site<'_>) -> Result<(Compiled, String), BuildError> {
    (site.say)("assembling");
    let source = &site.project.source;
    let path = site.project.folder.join(source);
    let text = std::fs::read_to_string(&path).map_err(BuildError::file(&path, "read"))?;
    let module = assemble(source, &text).map_err(|said| BuildError::Compile { language: "wat", said })?;
    Ok((Compiled::Module(module, Vec::new()), String::new()))
}

fn assemble(source: &Path, text: &str) -> Result<Vec<u8>, String> {
    let mut parser = wat::Parser::new();
    // So that a fault names functions and lines.
    parser.generate_dwarf(wat::GenerateDwarf::Full);
    parser.parse_str(Some(source), text).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let said = assemble(Path::new("agent.wat"), "(module\n  (func (reslt i32)))").unwrap_err();
        assert!(said.contains("agent.wat:2:"), "{said}");
    }
}
