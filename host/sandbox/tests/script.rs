//! Agents that are text: an interpreter is compiled once, and every instance of a script is its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test that cannot go on should stop")]

use std::path::Path;

use greenroom_model::{Budget, FaultKind, Script, ScriptExports};
use greenroom_sandbox::{Capabilities, Component, Config, LoadError, Sandbox};

fn sandbox(cache: Option<&Path>) -> Sandbox {
    let interpreters_dir = Some(greenroom_kit::interpreters());
    Config { cache_dir: cache.map(Into::into), interpreters_dir, pool_instances: 30, ..Config::default() }
        .build()
        .unwrap()
}

/// With what other tests compiled.
fn usual() -> Sandbox {
    sandbox(Some(&greenroom_kit::components().join("compiled")))
}

async fn script(sandbox: &Sandbox, source: &str) -> Result<Component, String> {
    let interpreter = sandbox.interpreter("agent.rhai").unwrap();
    sandbox.script(&interpreter, "agent.rhai", source, &Budget::PREPARE).await.map_err(|error| error.to_string())
}

async fn component(sandbox: &Sandbox, source: &str) -> Component {
    script(sandbox, source).await.unwrap()
}

const DECIDES: &str = "fn decide(seen) { candidates([7], [1.0]) }";

#[tokio::test]
async fn a_script_exports_what_its_text_has() {
    let sandbox = usual();
    let of = async |source: &str| {
        let component = component(&sandbox, source).await;
        let interfaces = component.interfaces().clone();
        assert!(interfaces.script);
        [interfaces.policy, interfaces.lifecycle, interfaces.learner]
    };
    assert_eq!(of(DECIDES).await, [true, false, false]);
    let described = r#"fn describe() { agent("a", "1.0.0", "recall", "one row") }"#;
    assert_eq!(of(&format!("{DECIDES} {described}")).await, [true, true, false]);
    let learns = "fn learn(told) {} fn fit() {}";
    assert_eq!(of(&format!("{DECIDES} {described} {learns}")).await, [true, true, true]);
}

#[tokio::test]
async fn what_is_wrong_with_a_script_is_told_with_its_place() {
    let sandbox = usual();
    let wrong = async |source: &str| script(&sandbox, source).await.err().unwrap();
    let message = wrong("fn decide(seen) {\n    let x = ;\n}").await;
    assert!(message.starts_with("agent.rhai:2:13: "), "{message}");
    assert!(wrong("let x = 1;").await.contains("decide"), "nothing decides");
    let endless = wrong(&format!("{DECIDES}\nloop {{ }}")).await;
    assert!(endless.contains("fuel"), "{endless}");
    let deep = wrong(&format!("{DECIDES}\nfn deep(n) {{ deep(n + 1) }}\ndeep(0);")).await;
    assert!(deep.starts_with("agent.rhai:3:1: functions call each other more than"), "{deep}");
}

#[tokio::test]
async fn an_interpreter_is_compiled_once_for_all_scripts() {
    let cache = tempfile::tempdir().unwrap();
    {
        let sandbox = sandbox(Some(cache.path()));
        for row in 0..3 {
            component(&sandbox, &DECIDES.replace('7', &row.to_string())).await;
        }
        assert_eq!(sandbox.lookups().unwrap().0.misses, 1);
    }
    let again = sandbox(Some(cache.path()));
    component(&again, DECIDES).await;
    let (components, _) = again.lookups().unwrap();
    assert_eq!((components.hits, components.misses), (1, 0));
}

#[tokio::test]
async fn only_a_script_in_an_interpreter_is_an_agent() {
    let sandbox = usual();
    let interpreter = sandbox.interpreter("agent.rhai").unwrap();
    assert!(matches!(sandbox.inspect(&interpreter), Err(LoadError::NoScript)));
    assert!(matches!(sandbox.load(&interpreter), Err(LoadError::NoScript)));
    let exports = ScriptExports { policy: true, ..ScriptExports::default() };
    let script = Script { name: "a.rhai".to_owned(), exports, source: DECIDES.to_owned() };
    let other = std::fs::read(greenroom_kit::component("probe")).unwrap();
    assert!(matches!(sandbox.load(&script.component(&other)), Err(LoadError::NoInterpreter)));
    let long = Script { source: " ".repeat((256 << 10) + 1), ..script.clone() };
    assert!(matches!(sandbox.inspect(&long.component(&interpreter)), Err(LoadError::Script(_))));
    assert!(sandbox.interpreter("agent.lua").unwrap_err().to_string().contains("interpreters for .js, .rhai"));
    // A component that says of its script what is not so.
    let exports = ScriptExports { policy: true, learner: true, ..ScriptExports::default() };
    let lies = sandbox.load(&Script { exports, ..script }.component(&interpreter)).unwrap();
    let fault = lies.instantiate(Capabilities::none("a"), &Budget::PREPARE).await.err().unwrap();
    assert_eq!(fault.kind, FaultKind::Internal);
    assert!(
        fault.message.starts_with("a.rhai: exports policy, and its component was built as exporting policy, learner")
    );
}
