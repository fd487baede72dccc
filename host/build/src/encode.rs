//! A core module to a component.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::imports::Imported;
use crate::interfaces::Interfaces;
use crate::module;
use crate::wit::Wit;

/// Makes a component of a core module: embeds the contract's type, unless bindings did, and encodes. `adapters` stand for
/// modules that it imports and that are no interface, by their names.
///
/// # Errors
/// What is missing or of the wrong type, in words.
pub fn encode(module: &[u8], adapters: &[(&str, &[u8])]) -> Result<Vec<u8>, String> {
    encode_agent(module, adapters, &Imported::default())
}

/// The same for an agent that imports something of libraries.
pub(crate) fn encode_agent(module: &[u8], adapters: &[(&str, &[u8])], imported: &Imported) -> Result<Vec<u8>, String> {
    if module::has_type(module) {
        return encoded(module, adapters);
    }
    let exports = module::exports(module)?;
    let interfaces = Interfaces::of_exports(exports.iter().map(String::as_str));
    if interfaces.0.is_empty() {
        return Err("it exports nothing of the contract".to_owned());
    }
    encode_for(module, adapters, &Wit::of_agent(&interfaces, imported).with_kinds())
}

/// The same for a component of this world.
pub(crate) fn encode_for(module: &[u8], adapters: &[(&str, &[u8])], wit: &Wit) -> Result<Vec<u8>, String> {
    if module::has_type(module) {
        return encoded(module, adapters);
    }
    let mut module = module.to_vec();
    let (resolve, world) = wit.resolve(wit.world)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).map_err(|e| format!("{e:#}"))?;
    encoded(&module, adapters)
}

fn encoded(module: &[u8], adapters: &[(&str, &[u8])]) -> Result<Vec<u8>, String> {
    let mut encoder = ComponentEncoder::default();
    let mut encoder = encoder.validate(true).module(module).map_err(|e| format!("{e:#}"))?;
    for (name, adapter) in adapters {
        encoder = encoder.adapter(name, adapter).map_err(|e| format!("{e:#}"))?;
    }
    encoder.encode().map_err(|e| format!("{e:#}"))
}
