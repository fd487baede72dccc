//! Links the imports of the contract under each version of it: they are the same in all of them. By hand, since what
//! bindings generate links one version, and would have the other repeat all types and traits.

use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker, LinkerInstance, Resource, ResourceType};

use crate::bindings::greenroom::agent::log::{self, Host as _};
use crate::bindings::greenroom::agent::memory::{Host as _, HostNamespace};
use crate::bindings::greenroom::agent::metric::Host as _;
use crate::bindings::shared;
use crate::context::Context;
use crate::contract::Contract;
use crate::fast;
use crate::imports::OpenNamespace;

type Caller<'a> = StoreContextMut<'a, Context>;
type Handle = Resource<OpenNamespace>;

/// All that a component of any version may import.
pub(crate) fn add(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    shared::Imports::add_to_linker::<_, HasSelf<Context>>(linker, |context| context)?;
    // Reading a key makes no copy of it.
    linker.allow_shadowing(true);
    linker.instance("greenroom:memory/kv@0.1.0")?.func_wrap("[method]namespace.get", fast::get_shared)?;
    linker.allow_shadowing(false);
    for contract in Contract::ALL {
        // It has no functions, but a component may import it for its names.
        linker.instance(&contract.interface("types"))?;
        let mut memory = linker.instance(&contract.interface("memory"))?;
        add_memory(&mut memory)?;
        add_namespace(&mut memory)?;
        add_log(&mut linker.instance(&contract.interface("log"))?)?;
        add_metric(&mut linker.instance(&contract.interface("metric"))?)?;
    }
    Ok(())
}

fn add_memory(memory: &mut LinkerInstance<'_, Context>) -> wasmtime::Result<()> {
    memory.func_wrap("open", |mut caller: Caller<'_>, (name,): (String,)| Ok((caller.data_mut().open(name)?,)))?;
    memory.func_wrap("row-count", |mut caller: Caller<'_>, ()| Ok((caller.data_mut().row_count()?,)))?;
    memory.func_wrap("gather", |mut caller: Caller<'_>, (rows, fields): (Vec<u32>, Vec<String>)| {
        Ok((caller.data_mut().gather(rows, fields)?,))
    })?;
    memory.func_wrap("labels", |mut caller: Caller<'_>, (field,): (String,)| Ok((caller.data_mut().labels(field)?,)))
}

fn add_namespace(memory: &mut LinkerInstance<'_, Context>) -> wasmtime::Result<()> {
    memory.resource("namespace", ResourceType::host::<OpenNamespace>(), |mut caller, handle| {
        HostNamespace::drop(caller.data_mut(), Resource::new_own(handle))
    })?;
    memory.func_wrap("[method]namespace.get", fast::get)?;
    memory.func_wrap(
        "[method]namespace.get-many",
        |mut caller: Caller<'_>, (handle, keys): (Handle, Vec<String>)| {
            Ok((caller.data_mut().get_many(handle, keys)?,))
        },
    )?;
    memory.func_wrap_async(
        "[method]namespace.put",
        |mut caller: Caller<'_>, (handle, key, value): (Handle, String, Vec<u8>)| {
            Box::new(async move { Ok((caller.data_mut().put(handle, key, value).await?,)) })
        },
    )?;
    memory.func_wrap_async(
        "[method]namespace.compare-and-swap",
        |mut caller: Caller<'_>, (handle, key, expected, value): (Handle, String, Option<u64>, Vec<u8>)| {
            Box::new(async move { Ok((caller.data_mut().compare_and_swap(handle, key, expected, value).await?,)) })
        },
    )?;
    memory.func_wrap_async("[method]namespace.delete", |mut caller: Caller<'_>, (handle, key): (Handle, String)| {
        Box::new(async move { Ok((caller.data_mut().delete(handle, key).await?,)) })
    })?;
    memory.func_wrap(
        "[method]namespace.scan",
        |mut caller: Caller<'_>, (handle, prefix, after, limit): (Handle, String, Option<String>, u32)| {
            Ok((caller.data_mut().scan(handle, prefix, after, limit)?,))
        },
    )
}

fn add_log(log: &mut LinkerInstance<'_, Context>) -> wasmtime::Result<()> {
    log.func_wrap("write", |mut caller: Caller<'_>, (level, message): (log::Level, String)| {
        caller.data_mut().write(level, message)
    })
}

fn add_metric(metric: &mut LinkerInstance<'_, Context>) -> wasmtime::Result<()> {
    metric.func_wrap("count", |mut caller: Caller<'_>, (name, value): (String, f64)| {
        caller.data_mut().count(name, value)
    })?;
    metric.func_wrap("observe", |mut caller: Caller<'_>, (name, value): (String, f64)| {
        caller.data_mut().observe(name, value)
    })
}
