//! Trials of components, and verdicts that are kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use greenroom_kit::{component, guest};
use greenroom_runtime::{Admission, Outcome, Trial, admit, trial};
use greenroom_sandbox::{Config, Extent, Limits, Sandbox};

fn sandbox() -> Sandbox {
    Config { pool_instances: 9, ..Config::default() }.build().unwrap()
}

async fn tried(bytes: &[u8]) -> Trial {
    trial(&sandbox().load(bytes).unwrap()).await
}

fn built(name: &str) -> Vec<u8> {
    fs::read(component(name)).unwrap()
}

/// A guest that does this when it decides.
fn deciding(body: &str) -> Vec<u8> {
    guest(&format!(
        r#"(module
            (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
            (func (export "greenroom:agent/policy@0.1.0#decide") (param i32) (result i32) {body}))"#
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_agent_of_this_project_passes() {
    for name in [
        "popularity",
        "item-knn",
        "ease",
        "als",
        "content",
        "router",
        "fusion",
        "ranker",
        "calibrate",
        "rerank",
        "transitions",
    ] {
        let trial = tried(&built(name)).await;
        assert!(trial.passed(), "{name}: {:#?}", trial.failures().collect::<Vec<_>>());
        let decided = trial.steps.iter().filter(|step| step.name.starts_with("decide"));
        assert!(decided.clone().count() >= 8 && decided.clone().all(|step| step.outcome == Outcome::Passed), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_learns_is_asked_to_learn_and_what_does_not_is_not() {
    let learns = |trial: &Trial| trial.steps.iter().find(|step| step.name.starts_with("learn")).unwrap().clone();
    let learned = learns(&tried(&built("ease")).await);
    assert_eq!(learned.outcome, Outcome::Passed);
    assert!(learned.usage.calls >= 5, "learn twice, fit, snapshot and restore: {learned:?}");
    let did_not = learns(&tried(&built("router")).await);
    assert_eq!(did_not.outcome, Outcome::Skipped("it does not export `learner`".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_promises_to_learn_onward_is_held_to_it() {
    let onward = |trial: &Trial| trial.steps.iter().find(|step| step.name.starts_with("learn onward")).cloned();
    for (name, points) in [("popularity", 4), ("item-knn", 4), ("transitions", 4), ("second-contract", 3)] {
        let trial = tried(&built(name)).await;
        let kept = onward(&trial).unwrap();
        assert_eq!(kept.outcome, Outcome::Passed, "{name}");
        assert!(kept.name.contains(&format!("at {points} points")), "{name}: {}", kept.name);
    }
    for name in ["ease", "first-contract", "router"] {
        assert_eq!(onward(&tried(&built(name)).await), None, "{name} promises nothing");
    }
    let trial = tried(&built("forgetful")).await;
    let failed: Vec<_> = trial.failures().collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    let Outcome::Failed(why) = &failed[0].outcome else { panic!("{failed:#?}") };
    let expected = "at the defaults: it says that it learns onward, but told a log in two parts, restored between, it comes \
                    to another state (8 bytes) than told all of it at once (8 bytes): they differ from byte 0 on";
    assert!(failed[0].name == "learn onward" && why.starts_with(expected), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_of_the_decision_space_that_cannot_be_had_is_named() {
    let trial = tried(&built("brittle")).await;
    let failed: Vec<_> = trial.failures().collect();
    assert_eq!(failed.len(), 1, "{failed:#?}");
    let Outcome::Failed(why) = &failed[0].outcome else { panic!("{failed:#?}") };
    assert!(failed[0].name.starts_with("configure at "), "{failed:#?}");
    assert!(why.starts_with("at load = 2: trap: ") && why.contains("the load is too much"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_traps_fails_and_the_host_lives() {
    let trial = tried(&deciding("unreachable")).await;
    assert!(!trial.passed());
    let Outcome::Failed(why) = &trial.steps.last().unwrap().outcome else { panic!("{trial:#?}") };
    assert!(why == "no observation was answered" || why.starts_with("trap"), "{why}");
    assert!(trial.failures().all(|step| step.name.starts_with("decide")), "{trial:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_without_parameters_is_asked_to_decide_alone() {
    let trial = tried(&deciding("i32.const 1024")).await;
    assert!(trial.passed(), "{trial:#?}");
    let skipped = trial.steps.iter().filter(|step| matches!(step.outcome, Outcome::Skipped(_)));
    assert_eq!(skipped.count(), 3, "describe, configure and learn: {trial:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_instances_are_good_for_one_decision_passes() {
    let second = "(if (i32.load (i32.const 8192)) (then unreachable)) (i32.store (i32.const 8192) (i32.const 1))";
    let trial = tried(&deciding(&format!("{second} i32.const 1024"))).await;
    assert!(trial.passed(), "{trial:#?}");
    let decided = trial.steps.iter().filter(|step| step.name.starts_with("decide"));
    assert_eq!(decided.map(|step| step.usage.calls).sum::<u64>(), 16, "eight observations, twice: {trial:#?}");
}

async fn admitted(cache: &Path, limits: Limits, bytes: &[u8]) -> Admission {
    let config = Config { cache_dir: Some(cache.to_owned()), pool_instances: 9, limits, ..Config::default() };
    admit(&config.build().unwrap(), bytes).await.unwrap()
}

fn verdicts(cache: &Path) -> Vec<std::path::PathBuf> {
    let files = fs::read_dir(cache).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|e| e == "verdict")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_verdict_is_kept_until_it_is_changed_or_something_else_is_asked() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = deciding("i32.const 1024");
    let usual = Limits::default();
    let first = admitted(cache.path(), usual, &bytes).await;
    assert!(!first.kept && first.verdict.trial.passed());
    let second = admitted(cache.path(), usual, &bytes).await;
    assert!(second.kept);
    assert_eq!(second.verdict, first.verdict);
    let other = Limits(Extent { functions: 1_000, ..usual.0 });
    assert!(!admitted(cache.path(), other, &bytes).await.kept, "limits are part of what was asked");
    for verdict in verdicts(cache.path()) {
        let mut changed = fs::read(&verdict).unwrap();
        *changed.last_mut().unwrap() ^= 1;
        fs::write(&verdict, changed).unwrap();
    }
    assert!(!admitted(cache.path(), usual, &bytes).await.kept, "a changed one is not trusted");
    assert!(admitted(cache.path(), usual, &bytes).await.kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_verdict_is_not_kept() {
    let cache = tempfile::tempdir().unwrap();
    let bytes = deciding("unreachable");
    assert!(!admitted(cache.path(), Limits::default(), &bytes).await.verdict.trial.passed());
    assert_eq!(verdicts(cache.path()), Vec::<std::path::PathBuf>::new());
}
