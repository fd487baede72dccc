//! Reading a key without making a copy of it: the generated bindings hand over owned strings.

use std::sync::Arc;

use greenroom_model::Verb;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, WasmStr};

use crate::bindings::greenroom::agent::memory;
use crate::context::Context;
use crate::imports::{OpenNamespace, entry, told, word};
use crate::inspect::CONTRACT;
use crate::latest::About;
use crate::tape::Question;

type Found = Result<Option<memory::Entry>, memory::Error>;

/// Puts this way of reading in the place of the generated one.
pub(crate) fn add_get(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut memory = linker.instance(&format!("greenroom:agent/memory@{CONTRACT}"))?;
    memory.func_wrap(
        "[method]namespace.get",
        |store: StoreContextMut<'_, Context>, (handle, key): (Resource<OpenNamespace>, WasmStr)| {
            get(store, &handle, &key).map(|found| (found,))
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn get(
    mut store: StoreContextMut<'_, Context>,
    handle: &Resource<OpenNamespace>,
    key: &WasmStr,
) -> wasmtime::Result<Found> {
    let namespace = store.data().opened(handle)?;
    let (about, bytes) = {
        let key = key.to_str(&store)?;
        (About::of(&namespace, &key), key.len())
    };
    let context = store.data_mut();
    if let Err(over) = context.asks("get", about, bytes)? {
        return Ok(Err(memory::Error::Quota(over)));
    }
    if let Err(over) = context.meter_reads(&namespace, 1)? {
        return Ok(Err(memory::Error::Quota(over)));
    }
    // The key stays in the guest's memory, which is borrowed with all of the store while it is looked at.
    let mut tape = std::mem::take(&mut context.tape);
    let read = read(&store, &namespace, key, &mut tape);
    let context = store.data_mut();
    context.tape = tape;
    let found = match read? {
        Read::Found(found) => found,
        Read::Denied(key) => {
            context.latest.answered("denied");
            return Ok(Err(memory::Error::Denied(context.denied(&namespace, &key, Verb::Read))));
        }
    };
    context.latest.answered(word(&found));
    if let Ok(Some(entry)) = &found
        && let Err(over) = context.meter_bytes(entry.value.len())?
    {
        return Ok(Err(memory::Error::Quota(over)));
    }
    Ok(found.map(|found| found.map(entry)).map_err(told))
}

enum Read {
    Found(Result<Option<crate::Entry>, crate::MemoryError>),
    /// With the key.
    Denied(String),
}

fn read(
    store: &StoreContextMut<'_, Context>,
    namespace: &Arc<str>,
    key: &WasmStr,
    tape: &mut crate::Tape,
) -> wasmtime::Result<Read> {
    let capabilities = &store.data().capabilities;
    let key = key.to_str(store)?;
    if !capabilities.grants.permit(namespace, &key, Verb::Read) {
        return Ok(Read::Denied(key.into_owned()));
    }
    let found = capabilities.memory.get(namespace, &key);
    tape.keep(&Question::Get(namespace, &key), &found);
    Ok(Read::Found(found))
}
