//! What is told of a fault: where the guest was, which limit it reached, what it asked the host last.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test that cannot go on should stop")]

use std::sync::Arc;

use greenroom_kit::{guest, guest_of, package};
use greenroom_model::{Budget, Fault, FaultKind, FaultReport, Grant, History, Observation, Overrun};
use greenroom_sandbox::{Capabilities, Config, NoMemory};

/// Logs, opens a namespace that is not granted and one that is not there, and fails as `body` does.
fn asks_and(body: &str) -> String {
    format!(
        r#"(module
  (import "greenroom:agent/memory@0.1.0" "open" (func $open (param i32 i32 i32)))
  (import "greenroom:agent/log@0.1.0" "write" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (global $next (mut i32) (i32.const 8192))
  (data (i32.const 16) "spacesecret")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    global.get $next)
  (func $deep
    {body})
  (func $deeper
    call $deep)
  (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32)
    (call $log (i32.const 1) (i32.const 16) (i32.const 5))
    (call $open (i32.const 21) (i32.const 6) (i32.const 512))
    (call $open (i32.const 16) (i32.const 5) (i32.const 512))
    call $deeper
    i32.const 1024))"#
    )
}

fn failed(component: &[u8], budget: &Budget) -> Fault {
    failed_in(Config { source_lines: true, ..Config::default() }, component, budget)
}

fn failed_in(config: Config, component: &[u8], budget: &Budget) -> Fault {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let sandbox = Config { pool_instances: 30, ..config }.build().unwrap();
    let component = sandbox.load(component).unwrap();
    let grants = vec![Grant::parse("space:read").unwrap()];
    let capabilities = Capabilities { agent: "guest".into(), grants: grants.into(), memory: Arc::new(NoMemory) };
    let seen = Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: 1,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::new(History::default()),
        history_max: 0,
        inputs: Vec::new(),
    };
    runtime.block_on(async {
        let mut instance = component.instantiate(capabilities, &Budget::PREPARE).await.unwrap();
        instance.decide(&seen, budget).await.unwrap_err()
    })
}

fn report(fault: Fault) -> FaultReport {
    *fault.report.unwrap()
}

#[test]
fn a_trap_names_functions_and_the_lines_that_the_component_carries() {
    let fault = failed(&guest_of("agent.wat", &asks_and("unreachable")), &Budget::DECIDE);
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("(in deep < deeper < "), "{}", fault.message);
    let report = report(fault);
    let frames: Vec<(&str, Option<&str>)> = report
        .backtrace
        .iter()
        .map(|f| (f.function.as_str(), f.source.as_deref().map(|s| s.trim_start_matches("./"))))
        .collect();
    // Line 1 is `(module`.
    assert_eq!(frames[0], ("deep", Some("agent.wat:10")), "{frames:?}");
    assert_eq!(frames[1], ("deeper", Some("agent.wat:12")), "{frames:?}");
    assert_eq!(frames[2].1, Some("agent.wat:17"), "{frames:?}");
    assert_eq!(report.overrun, None);
}

#[test]
fn without_lines_there_is_the_place_in_the_module() {
    let report = report(failed(&guest(&asks_and("unreachable")), &Budget::DECIDE));
    assert_eq!(report.backtrace[0].function, "deep");
    assert_eq!(report.backtrace[0].source, None);
    assert!(report.backtrace[0].offset.is_some());
}

#[test]
fn the_latest_host_calls_are_told_with_how_they_were_answered() {
    let report = report(failed(&guest(&asks_and("unreachable")), &Budget::DECIDE));
    assert_eq!(report.host_calls, ["log space", "open secret: denied", "open space: not found"]);
}

#[test]
fn the_limit_that_was_reached_is_told_and_how_far() {
    #[track_caller]
    fn check(body: &str, budget: Budget, limit: &str, most: u64, found: std::ops::RangeInclusive<u64>) {
        let overrun = report(failed(&guest(&asks_and(body)), &budget)).overrun.unwrap();
        assert!(found.contains(&overrun.found), "{overrun:?}");
        assert_eq!(overrun, Overrun { limit: limit.to_owned(), most, found: overrun.found });
    }
    let usual = Budget::DECIDE;
    let spin = "(loop $again (br $again))";
    check(spin, Budget { fuel: 1_000_000, ..usual }, "fuel", 1_000_000, 1_000_000..=1_000_000);
    check(spin, Budget { fuel: u64::MAX / 2, deadline_ms: 20, ..usual }, "deadline_ms", 20, 20..=20_000);
    let grow = "(if (i32.eq (memory.grow (i32.const 32)) (i32.const -1)) (then unreachable))";
    let wanted = 33 << 16;
    // Its table, which has what the component is linked by, counts too.
    check(grow, Budget { memory_max: 1 << 20, ..usual }, "memory_max", 1 << 20, wanted..=wanted + 64);
    check("unreachable", Budget { host_calls_max: 2, ..usual }, "host_calls_max", 2, 3..=3);
    check("unreachable", Budget { host_bytes_max: 12, ..usual }, "host_bytes_max", 12, 16..=16);
}

/// A custom section of a core module.
fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    let leb = |mut n: usize| {
        let mut bytes = Vec::new();
        while n >= 0x80 {
            bytes.push((n & 0x7f) as u8 | 0x80);
            n >>= 7;
        }
        bytes.push(n as u8);
        bytes
    };
    let inside = [leb(name.len()), name.as_bytes().to_vec(), content.to_vec()].concat();
    [vec![0], leb(inside.len()), inside].concat()
}

/// Debug information of 400 KB that takes a gigabyte to read: 200 units, each with a table of 50,000 abbreviations, which is
/// read anew for each.
fn bomb() -> Vec<u8> {
    let abbreviation = |code: u32| {
        // The code in three bytes, a compile unit, no children, no attributes.
        let code = [code as u8 | 0x80, (code >> 7) as u8 | 0x80, (code >> 14) as u8];
        [code.as_slice(), &[0x11, 0, 0, 0]].concat()
    };
    let abbreviations = (1..50_000).flat_map(abbreviation).chain([0]).collect::<Vec<u8>>();
    // Eight bytes follow: DWARF 4, the table at 0, addresses of 4 bytes, and an entry by the first abbreviation.
    let unit = [8, 0, 0, 0, 4, 0, 0, 0, 0, 0, 4, 1];
    let module = wat::parse_str(asks_and("unreachable")).unwrap();
    let sections = [module, custom(".debug_abbrev", &abbreviations), custom(".debug_info", &unit.repeat(200))];
    package(&sections.concat()).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn debug_information_that_takes_a_gigabyte_to_read_is_not_read_by_who_serves() {
    /// The most that this process had in memory.
    fn peak_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
    let bomb = bomb();
    let before = peak_kib();
    let fault = failed_in(Config::default(), &bomb, &Budget::DECIDE);
    assert_eq!(fault.kind, FaultKind::Trap);
    assert_eq!(report(fault).backtrace[0].source, None);
    let after = peak_kib();
    assert!(after < before + (256 << 10), "{before} KiB at first, {after} KiB after a trap");
}
