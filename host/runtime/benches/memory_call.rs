//! What a guest pays for a key that was read lately: through the sandbox and the embedded store, beside wasmtime alone with a host
//! function that clones the same bytes out of a hash map.

#![allow(clippy::unwrap_used, missing_docs, reason = "a bench that cannot go on has failed")]

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use greenroom_graph::Namespace;
use greenroom_kit::{Figure, guest, quantile, report};
use greenroom_memory::Store;
use greenroom_model::{Budget, Grant, History, NamespaceKind, Observation};
use greenroom_runtime::Layer;
use greenroom_sandbox::{Capabilities, Config, Memory};
use wasmtime::StoreContextMut;
use wasmtime::component::{Component, Linker, Resource, ResourceType};

#[allow(unsafe_code, unreachable_pub, clippy::all, clippy::pedantic, dead_code, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/memory/0.1.0",
        world: "imports",
    });
}

use bindings::greenroom::memory::{kv::Entry, types::Error};

/// Keys of the store.
const KEYS: u32 = 1_000_000;
const VALUE_BYTES: usize = 256;
/// Host calls of one decision, each of another key of so many.
const CALLS: u32 = 1_000;
const READ: u32 = 256;
/// Decisions of each kind, interleaved.
const ROUNDS: usize = 600;

/// Opens a namespace and reads as many keys of it as rows are wanted.
const READER: &str = r#"(module
    (import "greenroom:memory/kv@0.1.0" "[static]namespace.open" (func $open (param i32 i32 i32)))
    (import "greenroom:memory/kv@0.1.0" "[method]namespace.get" (func $get (param i32 i32 i32 i32)))
    (import "greenroom:memory/kv@0.1.0" "[resource-drop]namespace" (func $drop (param i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
    (data (i32.const 16) "profile")
    (data (i32.const 64) "subject/000000__")
    (func (export "greenroom:agent/policy@0.2.0#decide") (param i32) (result i32) (local $left i32)
        (local.set $left (i32.load offset=40 (local.get 0)))
        (call $open (i32.const 16) (i32.const 7) (i32.const 256))
        (if (i32.load8_u (i32.const 256)) (then unreachable))
        (loop $again
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (i32.store8 (i32.const 78) (i32.add (i32.const 97) (i32.and (local.get $left) (i32.const 15))))
            (i32.store8 (i32.const 79)
                (i32.add (i32.const 97) (i32.and (i32.shr_u (local.get $left) (i32.const 4)) (i32.const 15))))
            (call $get (i32.load (i32.const 264)) (i32.const 64) (i32.const 16) (i32.const 512))
            ;; It is there, and of 256 bytes.
            (if (i32.or (i32.load8_u (i32.const 512)) (i32.eqz (i32.load8_u (i32.const 520)))) (then unreachable))
            (if (i32.ne (i32.load (i32.const 532)) (i32.const 256)) (then unreachable))
            (br_if $again (local.get $left)))
        (call $drop (i32.load (i32.const 264)))
        i32.const 1024))"#;

fn key(number: u32) -> String {
    if number >= READ {
        return format!("subject/{number:08}");
    }
    let letter = |of: u32| char::from(b'a' + u8::try_from(of % 16).unwrap());
    format!("subject/000000{}{}", letter(number), letter(number / 16))
}

fn filled(store: &Store) {
    let mut under_way = VecDeque::new();
    for number in 0..KEYS {
        under_way.push_back(store.kv().put("profile", &key(number), &[7; VALUE_BYTES]));
        if under_way.len() > 2_000 {
            under_way.pop_front().unwrap().wait().unwrap();
        }
    }
    for pending in under_way {
        pending.wait().unwrap();
    }
}

/// By wasmtime alone: no limits, no meters, no permission.
struct Raw {
    store: wasmtime::Store<HashMap<String, Vec<u8>>>,
    decide: wasmtime::component::Func,
}

struct Open;

impl Raw {
    async fn new(engine: &wasmtime::Engine, bytes: &[u8], values: HashMap<String, Vec<u8>>) -> Self {
        type Values = HashMap<String, Vec<u8>>;
        type Found = wasmtime::Result<(Result<Option<Entry>, Error>,)>;
        let component = Component::new(engine, bytes).unwrap();
        let mut linker = Linker::<Values>::new(engine);
        let mut space = linker.instance("greenroom:memory/kv@0.1.0").unwrap();
        space.resource("namespace", ResourceType::host::<Open>(), |_, _| Ok(())).unwrap();
        let open = |_: StoreContextMut<'_, Values>,
                    (_,): (String,)|
         -> wasmtime::Result<(Result<Resource<Open>, Error>,)> { Ok((Ok(Resource::new_own(1)),)) };
        space.func_wrap("[static]namespace.open", open).unwrap();
        let get = |store: StoreContextMut<'_, Values>, (_, key): (Resource<Open>, String)| -> Found {
            Ok((Ok(store.data().get(&key).map(|value| Entry { value: value.clone(), revision: 1 })),))
        };
        space.func_wrap("[method]namespace.get", get).unwrap();
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let mut store = wasmtime::Store::new(engine, values);
        store.set_fuel(u64::MAX / 2).unwrap();
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = linker.instantiate_async(&mut store, &component).await.unwrap();
        let policy = instance.get_export_index(&mut store, None, "greenroom:agent/policy@0.2.0").unwrap();
        let decide = instance.get_export_index(&mut store, Some(&policy), "decide").unwrap();
        let decide = instance.get_func(&mut store, decide).unwrap();
        Self { store, decide }
    }

    async fn decide(&mut self, seen: &[wasmtime::component::Val]) {
        let mut decided = [wasmtime::component::Val::Bool(false)];
        self.decide.call_async(&mut self.store, seen, &mut decided).await.unwrap();
    }
}

/// An observation without anything in it.
fn seen() -> Observation {
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: CALLS,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::new(History::default()),
        history_max: 0,
        inputs: Vec::new(),
    }
}

/// The same as wasmtime has it.
fn observed(limit: u32) -> wasmtime::component::Val {
    use wasmtime::component::Val;
    let list = || Val::List(Vec::new());
    let record = |fields: Vec<(&str, Val)>| {
        Val::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    };
    record(vec![
        ("request-id", Val::String("r".to_owned())),
        ("subject", Val::Option(None)),
        ("now", Val::S64(0)),
        ("seed", Val::U64(1)),
        ("limit", Val::U32(limit)),
        ("surface", Val::String(String::new())),
        ("session-id", Val::Option(None)),
        ("segments", list()),
        ("excluded", list()),
        ("allowed", Val::Option(None)),
        ("context", list()),
        ("history", record(vec![("rows", list()), ("times", list()), ("kinds", list()), ("values", list())])),
        ("inputs", list()),
    ])
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    filled(&store);
    let values = (0..KEYS).map(|number| (key(number), vec![7; VALUE_BYTES])).collect();
    let bytes = guest(READER);
    let sandbox = Config { pool_instances: 10, ..Config::default() }.build().unwrap();
    let namespace = Namespace {
        name: "profile".to_owned(),
        kind: NamespaceKind::Kv,
        bytes_max: 1 << 40,
        retention_s: None,
        schema: 1,
        owner: None,
        space: None,
        subject_keys: Vec::new(),
    };
    let memory: Arc<dyn Memory> = Arc::new(Layer::new(&store, &[namespace]));
    let capabilities = Capabilities {
        agent: "reader".into(),
        grants: vec![Grant::parse("profile:read").unwrap()].into(),
        memory: Arc::clone(&memory),
    };
    let seen = seen();
    let (mut pinned, mut latest, mut raw) = (Vec::new(), Vec::new(), Vec::new());
    let ns = |began: Instant| began.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let component = sandbox.load(&bytes).unwrap();
        let mut host = component.instantiate(capabilities, &Budget::DECIDE).await.unwrap();
        let mut alone = Raw::new(sandbox.engine(), &bytes, values).await;
        let observed = [observed(CALLS)];
        for _ in 0..ROUNDS {
            // As a request does, and as a learner does.
            for (of_request, times) in [(true, &mut pinned), (false, &mut latest)] {
                let began = Instant::now();
                host.remember(if of_request { memory.of_request(began + Duration::from_secs(1)) } else { None });
                host.decide(&seen, &Budget::DECIDE).await.unwrap();
                times.push(ns(began));
            }
            let began = Instant::now();
            alone.decide(&observed).await;
            raw.push(ns(began));
        }
    });
    let (raw, _) = quantile(&mut raw, 0.5);
    let beside = |id, what, times: &mut Vec<f64>| {
        let (value, spread) = quantile(times, 0.5);
        println!("{what}: {value:.0} ns");
        Figure {
            id,
            what,
            value: value / raw,
            unit: "times",
            better: "lower",
            target: Some(2.0),
            baseline: Some(("wasmtime and a hash map, ns", raw)),
            samples: ROUNDS as u64,
            spread: spread / raw,
        }
    };
    report(&[
        beside("memory.host-call", "a cached get of a guest, in a request", &mut pinned),
        beside("memory.host-call-latest", "the same, of what is there now", &mut latest),
    ]);
}
