//! Reading a key without making a copy of it: the generated bindings hand over owned strings.

use std::sync::Arc;

use greenroom_model::Verb;
use wasmtime::StoreContextMut;
use wasmtime::component::{Resource, WasmStr};

use crate::bindings::greenroom::agent::memory;
use crate::bindings::shared::greenroom::memory as shared;
use crate::capabilities::{Entry, MemoryError};
use crate::context::Context;
use crate::imports::{OpenNamespace, entry, told, word};
use crate::kinds::{self, Kv};
use crate::latest::About;
use crate::tape::{Question, Tape};

pub(crate) type Found = Result<Option<memory::Entry>, memory::Error>;

/// Reads a key, as the linker has it.
pub(crate) fn get(
    mut store: StoreContextMut<'_, Context>,
    (handle, key): (Resource<OpenNamespace>, WasmStr),
) -> wasmtime::Result<(Found,)> {
    let namespace = store.data().opened(&handle)?;
    let found = found(&mut store, namespace, &key)?;
    Ok((found.map(|found| found.map(entry)).map_err(told),))
}

/// The same of a namespace of `greenroom:memory`.
pub(crate) fn get_shared(
    mut store: StoreContextMut<'_, Context>,
    (handle, key): (Resource<Kv>, WasmStr),
) -> wasmtime::Result<(Result<Option<shared::kv::Entry>, shared::types::Error>,)> {
    let namespace = store.data().named(&handle)?;
    let found = found(&mut store, namespace, &key)?;
    let entry = |Entry { value, revision }| shared::kv::Entry { value, revision };
    Ok((found.map(|found| found.map(entry)).map_err(kinds::told),))
}

fn found(
    store: &mut StoreContextMut<'_, Context>,
    namespace: Arc<str>,
    key: &WasmStr,
) -> wasmtime::Result<Result<Option<Entry>, MemoryError>> {
    // The key stays in the guest's memory, which is borrowed with all of the store while it is looked at: what is changed
    // meanwhile is taken out of it.
    let mut held = std::mem::take(&mut store.data_mut().held);
    let (about, bytes, denied) = {
        let key = key.to_str(&*store)?;
        let permitted = held.permit(&store.data().capabilities.grants, &namespace, &key, Verb::Read);
        (About::of(&namespace, &key), key.len(), if permitted { None } else { Some(key.clone().into_owned()) })
    };
    store.data_mut().held = held;
    let context = store.data_mut();
    if let Err(over) = context.asks("get", about, bytes)? {
        return Ok(Err(MemoryError::Quota(over)));
    }
    if let Some(key) = denied {
        context.latest.answered("denied");
        return Ok(Err(MemoryError::Denied(context.denied(&namespace, &key, Verb::Read))));
    }
    if let Err(over) = context.meter_reads(&namespace, 1)? {
        return Ok(Err(MemoryError::Quota(over)));
    }
    let mut tape = std::mem::take(&mut context.tape);
    let found = read(store, &namespace, key, &mut tape);
    let context = store.data_mut();
    context.tape = tape;
    let found = found?;
    context.latest.answered(word(&found));
    if let Ok(Some(entry)) = &found
        && let Err(over) = context.meter_bytes(entry.value.len())?
    {
        return Ok(Err(MemoryError::Quota(over)));
    }
    Ok(found)
}

fn read(
    store: &StoreContextMut<'_, Context>,
    namespace: &Arc<str>,
    key: &WasmStr,
    tape: &mut Tape,
) -> wasmtime::Result<Result<Option<Entry>, MemoryError>> {
    let key = key.to_str(store)?;
    let found = store.data().memory().get(namespace, &key);
    tape.keep_found(&Question::Get(namespace, &key), &found);
    Ok(found)
}
