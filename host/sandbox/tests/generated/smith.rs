//! Modules and components that wasm-smith makes.

use arbitrary::Unstructured;
use greenroom_kit::package;
use rand::rngs::StdRng;
use rand::{Rng as _, RngExt as _};

use wasm_smith::{Component, Config, Module};

use crate::rounds::rounds;
use crate::world::{Met, World};

/// What an agent exports, as the canonical ABI has it.
const AGENT: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "greenroom:agent/lifecycle@0.1.0#describe") (result i32) unreachable)
    (func (export "greenroom:agent/lifecycle@0.1.0#configure") (param i32 i32) (result i32) unreachable)
    (func (export "greenroom:agent/lifecycle@0.1.0#snapshot") (result i32) unreachable)
    (func (export "greenroom:agent/lifecycle@0.1.0#restore") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "greenroom:agent/learner@0.1.0#learn") (param i32) (result i32) unreachable)
    (func (export "greenroom:agent/learner@0.1.0#fit") (result i32) unreachable)
    (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) unreachable))"#;

/// What the engine is asked to run, mostly; now and then what it is not.
fn config(rng: &mut StdRng) -> Config {
    let mut config = Config { max_tables: 4, ..Config::default() };
    if rng.random_ratio(1, 20) {
        config.max_memories = 4;
    }
    config.max_memory32_bytes = 1 << 24;
    config.max_table_elements = 10_000;
    if rng.random_ratio(19, 20) {
        config.threads_enabled = false;
        config.relaxed_simd_enabled = false;
        config.gc_enabled = false;
        config.exceptions_enabled = false;
        config.memory64_enabled = false;
        config.wide_arithmetic_enabled = false;
        config.compact_imports_enabled = false;
        // Some of them need a collector, which the engine is built without.
        config.reference_types_enabled = rng.random_ratio(1, 4);
    }
    config
}

fn bytes(rng: &mut StdRng, most: usize) -> Vec<u8> {
    let mut bytes = vec![0; rng.random_range(0..most)];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_agents_are_refused_or_run_in_bounds() {
    let world = World::new();
    let agent = wat::parse_str(AGENT).unwrap();
    let mut loaded = 0;
    let many = rounds("generated_agents_are_refused_or_run_in_bounds", async |rng: &mut StdRng| {
        let config = Config { exports: Some(agent.clone()), max_imports: 0, ..config(rng) };
        let bytes = bytes(rng, 4_096);
        let Ok(module) = Module::new(config, &mut Unstructured::new(&bytes)) else { return };
        let Ok(component) = package(&module.to_bytes()) else { return };
        loaded += u32::from(world.meet(&component).await != Met::Refused);
    });
    if many.await {
        assert!(loaded > 0, "no agent was loaded");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_components_are_refused_or_compiled() {
    let world = World::new();
    let honest = package(&wat::parse_str(AGENT).unwrap()).unwrap();
    let mut loaded = 0;
    let many = rounds("generated_components_are_refused_or_compiled", async |rng: &mut StdRng| {
        let config = config(rng);
        let bytes = bytes(rng, 8_192);
        let Ok(component) = Component::new(config, &mut Unstructured::new(&bytes)) else { return };
        let component = component.to_bytes();
        world.meet(&component).await;
        // By itself it exports nothing of the contract. Inside of an agent it is compiled all the same.
        let inside = [&honest[..], &[4], &leb(component.len()), &component].concat();
        loaded += u32::from(world.meet(&inside).await != Met::Refused);
    });
    if many.await {
        assert!(loaded > 0, "no component was loaded");
    }
}

fn leb(mut n: usize) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            all.push(low);
            return all;
        }
        all.push(low | 0x80);
    }
}
