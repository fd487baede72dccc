//! The movie graph on protocol P1, in the sandbox: the figures that the README claims.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test that cannot go on should stop"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_runtime::evaluation::{Arm, Exam, Report, Split, Verdict, p1};
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{Bench, Evaluated, Guests, Quiet, States, evaluate};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens")
}

fn arm<'a>(report: &'a Report, name: &str) -> &'a Arm {
    report.arms.iter().find(|arm| arm.name == name).unwrap()
}

fn bench(states: &Path) -> Bench {
    Bench {
        sandbox: greenroom_sandbox::Config::default().build().unwrap(),
        guests: Guests::start(0).unwrap(),
        states: States::open(states).unwrap(),
        progress: Arc::new(Quiet),
    }
}

fn split() -> Split {
    let events = read(&example().join("ratings.csv"), &ReadOptions::default()).unwrap();
    p1(&events.events).unwrap()
}

fn judged(bench: &Bench, split: &Split) -> Evaluated {
    let items = read_items(&example().join("movies.csv")).unwrap();
    let graph = example().join("graph.toml");
    evaluate(bench, &[&graph], &Exam::of("p1", split.clone()), Some(&items), BTreeMap::new()).unwrap()
}

#[test]
fn the_movie_graph_is_above_its_best_agent_and_nothing_is_learned_twice() {
    let folder = tempfile::tempdir().unwrap();
    let bench = bench(folder.path());
    let evaluated = judged(&bench, &split());
    println!("{}", evaluated.report.render(120));
    let graph = arm(&evaluated.report, "movies");
    assert_eq!(graph.cost.degraded, 0);
    assert!(graph.ndcg.value >= 0.107 && graph.recall.value >= 0.148, "{graph:?}");
    let ease = arm(&evaluated.report, "ease");
    assert!(ease.ndcg.value >= 0.103 && ease.recall.value >= 0.133, "{ease:?}");
    for comparison in evaluated.report.comparisons.iter().filter(|c| c.segment.is_none()) {
        assert_eq!(comparison.verdict, Verdict::Above, "{comparison:?}");
    }
    let again = judged(&bench, &split());
    assert!(evaluated.trained["movies"].iter().all(|trained| !trained.kept));
    assert!(again.trained["movies"].iter().all(|trained| trained.kept));
    assert_eq!(evaluated.answers, again.answers, "the same state gives the same answers");
}

/// Every row after a subject's cut becomes another item at another time: what is answered may not change by a bit.
#[test]
fn nothing_after_a_subjects_cut_reaches_a_decision() {
    let folder = tempfile::tempdir().unwrap();
    let honest = split();
    let mut poisoned = honest.clone();
    let items = u32::try_from(honest.items.len()).unwrap();
    for (at, item) in poisoned.test.items.iter_mut().enumerate() {
        *item = item.wrapping_mul(31).wrapping_add(u32::try_from(at).unwrap()) % items;
    }
    if let Some(times) = &mut poisoned.test.times {
        times.iter_mut().for_each(|time| *time /= 2);
    }
    assert_ne!(honest.test, poisoned.test);
    let answers = |split: &Split, states: &str| judged(&bench(&folder.path().join(states)), split).answers;
    assert_eq!(answers(&honest, "honest"), answers(&poisoned, "poisoned"));
}
