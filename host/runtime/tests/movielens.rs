//! The movie graph on protocol P1, in the sandbox: the figures that the README claims.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use greenroom_runtime::evaluation::{Arm, Report, p1};
use greenroom_runtime::events::{ReadOptions, read, read_items};
use greenroom_runtime::{Bench, Guests, Quiet, States, evaluate};

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/movielens")
}

fn arm<'a>(report: &'a Report, name: &str) -> &'a Arm {
    report.arms.iter().find(|arm| arm.name == name).unwrap()
}

#[test]
fn the_movie_graph_is_above_its_best_agent() {
    let folder = tempfile::tempdir().unwrap();
    let bench = Bench {
        sandbox: greenroom_sandbox::Config::default().build().unwrap(),
        guests: Guests::start(0).unwrap(),
        states: States::open(folder.path()).unwrap(),
        progress: Arc::new(Quiet),
    };
    let events = read(&example().join("ratings.csv"), &ReadOptions::default()).unwrap();
    let items = read_items(&example().join("movies.csv")).unwrap();
    let split = Arc::new(p1(&events.events).unwrap());
    let graph = example().join("graph.toml");
    let evaluated = evaluate(&bench, &[&graph], &split, Some(&items), "p1", BTreeMap::new()).unwrap();
    let report = evaluated.report;
    println!("{}", report.render(120));
    for t in evaluated.trained.values().flatten() {
        println!("{} {:.2}s {} bytes {:?}", t.agent, t.seconds, t.state_bytes, t.report);
    }
    let graph = arm(&report, "movies");
    assert!(graph.cost.degraded == 0, "{} requests were degraded", graph.cost.degraded);
    assert!(graph.ndcg.value >= 0.107 && graph.recall.value >= 0.148, "{graph:?}");
    let ease = arm(&report, "ease");
    assert!(ease.ndcg.value >= 0.103 && ease.recall.value >= 0.133, "{ease:?}");
}
