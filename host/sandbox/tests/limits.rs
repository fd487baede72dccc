//! Components that are large, or broken, in ways that cost the host something before anything of them runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use greenroom_kit::{component, guest};
use greenroom_sandbox::{Extent, Limits, LoadError, inspect, inspect_within};

fn leb(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id], leb(content.len() as u64).as_slice(), content].concat()
}

/// `count` times the same, with the number before it.
fn many(count: u64, item: &[u8]) -> Vec<u8> {
    [leb(count), item.repeat(count as usize)].concat()
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
}

fn component_of(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x0d\0\x01\0".to_vec(), sections.concat()].concat()
}

fn around(module: &[u8]) -> Vec<u8> {
    component_of(&[section(1, module)])
}

/// A module with `count` functions of one body.
fn functions(count: u64, body: &[u8]) -> Vec<u8> {
    let body = [leb(body.len() as u64).as_slice(), body].concat();
    let no_type = section(1, &many(1, &[0x60, 0, 0]));
    around(&module(&[no_type, section(3, &many(count, &[0])), section(10, &many(count, &body))]))
}

#[track_caller]
fn too_large(bytes: &[u8], expected: &str) {
    let error = inspect(bytes).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge(_)), "{error}");
    assert!(error.to_string().contains(expected), "expected {expected:?} in {error}");
}

#[test]
fn agents_of_this_project_are_far_from_every_limit() {
    for name in ["probe", "ranker", "ease"] {
        let found = inspect(&std::fs::read(component(name)).unwrap()).unwrap().extent;
        for ((what, found, _), (_, limit, _)) in found.each().into_iter().zip(Limits::default().0.each()) {
            assert!(found * 4 <= limit, "{name}: {found} {what}, at most {limit}");
        }
    }
}

#[test]
fn too_many_functions_are_refused() {
    too_large(&functions(1_000_000, &[0, 0x0b]), "1000000 functions, at most 200000: build it with optimisation");
}

#[test]
fn a_million_types_are_refused_though_they_are_only_announced() {
    let announced = around(&module(&[section(1, &leb(1_000_000))]));
    too_large(&announced, "1000000 types, at most 100000");
    let there = component_of(&[section(7, &many(1_000_000, &[0x7f]))]);
    too_large(&there, "1000000 types");
}

#[test]
fn too_many_imports_exports_and_aliases_are_refused_before_they_are_read() {
    for (id, expected) in [(10, "4000000000 imports"), (11, "4000000000 exports"), (6, "4000000000 exports")] {
        too_large(&component_of(&[section(id, &leb(4_000_000_000))]), expected);
    }
}

#[test]
fn a_function_with_too_many_locals_is_refused() {
    let locals = |count| [vec![1], leb(count), vec![0x7f, 0x0b]].concat();
    too_large(&functions(1, &locals(50_000)), "50000 locals of one function, at most 20000");
    too_large(&functions(1, &locals(u64::from(u32::MAX))), "4294967295 locals of one function");
}

#[test]
fn a_giant_function_is_refused() {
    let body = [vec![0], vec![1; 3 << 20], vec![0x0b]].concat();
    too_large(&functions(1, &body), "bytes of one function, at most 2097152");
}

#[test]
fn large_tables_are_refused() {
    let wat = "(component (core module $m (table 200000 funcref)) (core instance (instantiate $m)))";
    too_large(&wat::parse_str(wat).unwrap(), "200000 elements of tables, at most 100000");
}

#[test]
fn long_names_are_refused() {
    let wat = format!(r#"(component (core module (func (export "{}"))))"#, "n".repeat(9_000));
    too_large(&wat::parse_str(wat).unwrap(), "9000 bytes of one name, at most 8192: shorten names");
}

#[test]
fn components_nested_too_deep_are_refused() {
    // Written from the inside out, backwards.
    let mut bytes: Vec<u8> = Vec::new();
    for _ in 0..10_000 {
        bytes.extend(b"\0asm\x0d\0\x01\0".iter().rev());
        let size = leb(bytes.len() as u64);
        bytes.extend(size.iter().rev());
        bytes.push(4);
    }
    bytes.extend(b"\0asm\x0d\0\x01\0".iter().rev());
    bytes.reverse();
    too_large(&bytes, "17 depth of nesting, at most 16: compose it of fewer parts");
}

#[test]
fn types_nested_too_deep_are_refused_without_recursion() {
    for kind in [0x41, 0x42] {
        let levels = [kind, 1, 1].repeat(1_000_000);
        let types = [vec![1], levels, vec![kind, 0]].concat();
        too_large(&component_of(&[section(7, &types)]), "17 depth of nesting, at most 16");
    }
}

#[test]
fn what_multiplies_by_instantiation_is_counted_as_often_as_it_is_instantiated() {
    let twice = |levels: u32| {
        let mut wat =
            "(component (component $c0 (core module $m (memory 1)) (core instance (instantiate $m)))".to_owned();
        for level in 1..=levels {
            let inner = level - 1;
            wat.push_str(&format!(
                "(component $c{level} (instance (instantiate $c{inner})) (instance (instantiate $c{inner})))"
            ));
        }
        wat.push_str(&format!("(instance (instantiate $c{levels})))"));
        wat::parse_str(wat).unwrap()
    };
    too_large(&twice(9), "512 core instances, at most 256");
    too_large(&twice(9), "512 memories, at most 64");
    too_large(&twice(200), "no end of core instances, at most 256");
}

#[test]
fn code_that_is_known_only_when_it_is_linked_is_refused() {
    let wat = r#"(component
        (component $outer
            (import "inner" (component $inner))
            (instance (instantiate $inner)))
        (component $leaf)
        (instance (instantiate $outer (with "inner" (component $leaf)))))"#;
    let error = inspect(&wat::parse_str(wat).unwrap()).unwrap_err();
    assert!(matches!(error, LoadError::Unforeseeable), "{error}");
}

#[test]
fn all_that_is_too_large_is_told_at_once() {
    let wat = r#"(component (core module $m (memory 1) (func) (func) (func)) (core instance (instantiate $m)))"#;
    let limits = Limits(Extent { functions: 2, memories: 0, ..Limits::default().0 });
    let error = inspect_within(&wat::parse_str(wat).unwrap(), &limits).unwrap_err().to_string();
    assert_eq!(
        error,
        "larger than this host takes: 1 memories, at most 0: compose it of fewer parts; 3 functions, at most 2: build it \
         with optimisation, without debug information and without what it does not use"
    );
}

#[test]
fn a_file_that_is_too_large_is_refused_before_it_is_read() {
    let limits = Limits(Extent { bytes: 100, ..Limits::default().0 });
    let error = inspect_within(&[b"\0asm".to_vec(), vec![0xff; 97]].concat(), &limits).unwrap_err();
    assert!(error.to_string().contains("101 bytes, at most 100"), "{error}");
}

#[test]
fn a_component_cut_off_or_changed_anywhere_is_read_to_a_verdict() {
    let honest = guest(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) i32.const 1024))"#,
    );
    assert!(inspect(&honest).unwrap().interfaces.policy);
    let refused = |bytes: &[u8]| inspect(bytes).is_err();
    // What says who made it comes last and may be missing: it is no part of what runs.
    assert!((0..honest.len()).filter(|end| !refused(&honest[..*end])).count() <= 2);
    let flipped = (0..honest.len() * 8).filter(|bit| {
        let mut bytes = honest.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes)
    });
    assert!(flipped.count() > honest.len(), "most changes are seen, and none ends the host");
}
