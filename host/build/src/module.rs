//! What a core module imports and exports, and leaving custom sections out of it.

use wasm_encoder::reencode::Reencode;
use wasmparser::{CustomSectionReader, Parser, Payload};

/// The names that a core module exports. Nothing for what is no core module.
pub(crate) fn exports(module: &[u8]) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload.map_err(|e| e.to_string())? {
            for export in section {
                names.push(export.map_err(|e| e.to_string())?.name.to_owned());
            }
        }
    }
    Ok(names)
}

/// Whether a type is embedded already, as bindings generators do.
pub(crate) fn has_type(module: &[u8]) -> bool {
    Parser::new(0).parse_all(module).any(|payload| {
        matches!(payload, Ok(Payload::CustomSection(section)) if section.name().starts_with("component-type"))
    })
}

/// What it imports: modules with names.
pub(crate) fn imports(module: &[u8]) -> Result<Vec<(String, String)>, String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ImportSection(section) = payload.map_err(|e| e.to_string())? {
            for import in section.into_imports() {
                let import = import.map_err(|e| e.to_string())?;
                names.push((import.module.to_owned(), import.name.to_owned()));
            }
        }
    }
    Ok(names)
}

/// The module without its custom sections, but for those whose names begin so.
pub(crate) fn strip(module: &[u8], keep: &[&str]) -> Result<Vec<u8>, String> {
    struct Stripped<'n>(&'n [&'n str]);

    impl Reencode for Stripped<'_> {
        type Error = std::convert::Infallible;

        fn parse_custom_section(
            &mut self,
            module: &mut wasm_encoder::Module,
            section: CustomSectionReader<'_>,
        ) -> Result<(), wasm_encoder::reencode::Error<Self::Error>> {
            if self.0.iter().any(|kept| section.name().starts_with(kept)) {
                return wasm_encoder::reencode::utils::parse_custom_section(self, module, section);
            }
            Ok(())
        }
    }

    let mut out = wasm_encoder::Module::new();
    Stripped(keep).parse_core_module(&mut out, Parser::new(0), module).map_err(|e| e.to_string())?;
    Ok(out.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_sections_go_and_names_stay() {
        let text = r#"(module (import "m" "f" (func)) (@custom "x" "y") (func $named (export "g")))"#;
        let module = wat::parse_str(text).unwrap();
        assert_eq!(exports(&module).unwrap(), ["g"]);
        assert_eq!(imports(&module).unwrap(), [("m".to_owned(), "f".to_owned())]);
        let stripped = strip(&module, &["name"]).unwrap();
        assert!(stripped.len() < module.len());
        assert!(stripped.windows(5).any(|bytes| bytes == b"named"));
        assert!(strip(b"no module", &[]).is_err());
    }
}
