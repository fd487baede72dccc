//! A core module to a component.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::interfaces::Interfaces;
use crate::module;

/// Makes a component of a core module: embeds the contract's type, unless bindings did, and encodes. `adapters` stand for
/// modules that it imports and that are no interface, by their names.
///
/// # Errors
/// What is missing or of the wrong type, in words.
pub fn encode(module: &[u8], adapters: &[(&str, &[u8])]) -> Result<Vec<u8>, String> {
    let mut module = module.to_vec();
    if !module::has_type(&module) {
        let exports = module::exports(&module)?;
        let interfaces = Interfaces::of_exports(exports.iter().map(String::as_str));
        if interfaces.0.is_empty() {
            return Err("it exports nothing of the contract".to_owned());
        }
        let (resolve, world) = interfaces.resolve()?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(|e| format!("{e:#}"))?;
    }
    let mut encoder = ComponentEncoder::default();
    let mut encoder = encoder.validate(true).module(&module).map_err(|e| format!("{e:#}"))?;
    for (name, adapter) in adapters {
        encoder = encoder.adapter(name, adapter).map_err(|e| format!("{e:#}"))?;
    }
    encoder.encode().map_err(|e| format!("{e:#}"))
}
