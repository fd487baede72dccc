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

/// Agents break ties by row. In another order of rows the graph is as good, and above what it was above.
#[test]
fn what_holds_in_one_order_of_rows_holds_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let split = split();
    let [usual, hashed] = [("usual", split.clone()), ("hashed", split.with_items_by_hash(""))]
        .map(|(states, split)| judged(&bench(&folder.path().join(states)), &split).report);
    let (usual_arm, hashed_arm) = (arm(&usual, "movies"), arm(&hashed, "movies"));
    println!("movies by id {:?}, by hash {:?}", usual_arm.ndcg, hashed_arm.ndcg);
    assert!((usual_arm.ndcg.value - hashed_arm.ndcg.value).abs() < 0.003, "{usual_arm:?} {hashed_arm:?}");
    let verdicts = |report: &Report| -> Vec<_> {
        let all = report.comparisons.iter().filter(|c| c.segment.is_none());
        all.map(|c| (c.a.clone(), c.b.clone(), c.metric, c.verdict)).collect()
    };
    assert_eq!(verdicts(&usual), verdicts(&hashed));
}

/// An agent that knows nothing and says so, rows ascending. By ids it has what they say: here, what was there first.
#[test]
fn who_scores_all_alike_is_at_chance_where_the_order_of_rows_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let graph = folder.path().join("constant.toml");
    let component = greenroom_kit::component("saboteur");
    let text = format!(
        "[graph]\nname = \"constant\"\noutput = \"one\"\ndeadline_ms = 2000\n\n[agents.one]\ncomponent = {component:?}\n\
         params = {{ does = {{ constant = 1 }} }}\ngrants = {{ memory = [\"items:read\"] }}\ninstances = \"pooled\"\n\n\
         [nodes.one]\nagent = \"one\"\n"
    );
    std::fs::write(&graph, text).unwrap();
    let split = split();
    let ndcg = |split: &Split, states: &str| {
        let exam = Exam::of("p1", split.clone());
        let evaluated = evaluate(&bench(&folder.path().join(states)), &[&graph], &exam, None, BTreeMap::new()).unwrap();
        arm(&evaluated.report, "constant").ndcg.value
    };
    let (by_id, by_hash) = (ndcg(&split, "by id"), ndcg(&split.with_items_by_hash(""), "by hash"));
    println!("constant scores: NDCG@10 {by_id:.4} by id, {by_hash:.4} by hash");
    assert!(by_hash < 0.01 && by_id > 2.0 * by_hash, "{by_id} by id, {by_hash} by hash");
}
