//! That checks notice what is wrong: each guest here has one fault, and is otherwise the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use greenroom_kit::guest;
use greenroom_sandbox::{Component, Config};
use greenroom_workbench::{Check, Outcome, cases, conformance, equal};

/// A component that answers the first `n` rows, after `first`; `at` is where the observation is.
fn answering(first: &str) -> Component {
    let bytes = guest(&format!(
        r#"(module
            (memory (export "memory") 4)
            (global $next (mut i32) (i32.const 65536))
            (global $calls (mut i32) (i32.const 0))
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                (global.set $next (i32.add (local.get $at) (local.get 3)))
                (local.get $at))
            ;; Of the observation: `limit` at 40. Rows at 2048 are 0 and 1, scores at 3072 are 0.
            (func (export "greenroom:agent/policy@0.2.0#decide") (param $at i32) (result i32)
                (local $n i32)
                (global.set $next (i32.const 65536))
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (local.set $n (i32.load (i32.add (local.get $at) (i32.const 40))))
                (if (i32.gt_u (local.get $n) (i32.const 2)) (then (local.set $n (i32.const 2))))
                (i32.store (i32.const 2048) (i32.const 0)) (i32.store (i32.const 2052) (i32.const 1))
                {first}
                (i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (local.get $n))
                (i32.store (i32.const 1044) (i32.const 3072)) (i32.store (i32.const 1048) (local.get $n))
                i32.const 1024))"#
    ));
    Config::default().build().unwrap().load(&bytes).unwrap()
}

/// What failed, by its name, and why.
fn failures(checks: Vec<Check>) -> Vec<(&'static str, String)> {
    let failed = |check: Check| match check.outcome {
        Outcome::Failed(why) => Some((check.name, why)),
        Outcome::Passed | Outcome::Skipped(_) => None,
    };
    checks.into_iter().filter_map(failed).collect()
}

#[track_caller]
fn check(first: &str, name: &str, why: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let component = answering(first);
    let found = failures(runtime.block_on(conformance(&component, None)).unwrap());
    let noticed = found.iter().any(|(failed, said)| *failed == name && said.contains(why));
    assert!(noticed, "{found:?}");
}

#[test]
fn a_trap_on_many_rows_is_noticed() {
    let trap = "(if (i32.eq (i32.load (i32.add (local.get $at) (i32.const 40))) (i32.const 1500)) (then unreachable))";
    check(trap, "it answers an observation of 1,500 rows", "decide");
}

#[test]
fn repeated_rows_are_noticed() {
    check("(i32.store (i32.const 2052) (i32.const 0))", "it answers an ordinary observation", "");
}

#[test]
fn rows_that_are_not_allowed_are_noticed() {
    check("", "it answers when no row is allowed", "is in the answer and is excluded");
}

#[test]
fn memory_that_grows_call_after_call_is_noticed() {
    let grow = "(if (i32.eqz (i32.rem_u (global.get $calls) (i32.const 8))) (then (drop (memory.grow (i32.const 1)))))";
    check(grow, "call after call in one instance, memory stops growing", "grew all the time");
}

#[test]
fn an_answer_that_another_component_does_not_give_is_noticed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (one, other) = (answering(""), answering("(i32.store (i32.const 2052) (i32.const 7))"));
    assert_eq!(failures(runtime.block_on(equal(&one, &one)).unwrap()), []);
    let found = failures(runtime.block_on(equal(&one, &other)).unwrap());
    let names: Vec<&str> = found.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["both answer the same observations in the same way"], "{found:?}");
}

#[test]
fn a_case_tells_what_is_not_as_expected() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let text = "[[case]]\nname = \"right\"\nexpect = { rows = [0, 1], first = [0], has = [1], lacks = [5], count = 2 }\n\
                [[case]]\nname = \"wrong\"\nexpect = { rows = [1, 0], first = [1], has = [5], lacks = [0], count = 3, fuel_max = 1 }\n\
                [[case]]\nname = \"no fault\"\nexpect = { fault = \"internal\" }\n\
                [[case]]\nname = \"kept\"\nexpect = { golden = true }\n";
    let file = cases::read(text).unwrap();
    let ran = runtime.block_on(cases::run(&answering(""), &file, &|_| None)).unwrap();
    let wrong: Vec<usize> = ran.iter().map(|ran| ran.wrong.len()).collect();
    assert_eq!(wrong, [0, 6, 1, 1], "{ran:?}");
    let answer = ran.last().unwrap().answer.clone();
    let again = runtime.block_on(cases::run(&answering(""), &file, &|_| answer.clone())).unwrap();
    assert!(again.last().unwrap().wrong.is_empty(), "{again:?}");
    let other = runtime
        .block_on(cases::run(&answering("(i32.store (i32.const 2052) (i32.const 7))"), &file, &|_| answer.clone()));
    assert!(other.unwrap().last().unwrap().wrong[0].of_golden);
}
