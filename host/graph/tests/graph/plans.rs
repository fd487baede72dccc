//! What can be asked of a plan: its identity, its parts, its differences.

use greenroom_graph::{Plan, diff};

use crate::good::{MOVIES, plan};

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(MOVIES.contains(from), "{from}");
    let (old, new) = (plan(MOVIES), plan(&MOVIES.replace(from, to)));
    let changes: Vec<String> = diff(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(changes, expected);
    assert_eq!(old.digest() == new.digest(), expected.is_empty(), "the digest changes when the plan does");
}

#[test]
fn layout_comments_and_paths_do_not_change_a_plan() {
    check("# A graph with every key of the format.", "", &[]);
    check("lambda = 500, method = \"decayed\"", "method = \"decayed\", lambda = 500.0", &[]);
    check("bytes_max = \"64MiB\"", "bytes_max = 67_108_864", &[]);
    check("exclude_seen = true\n", "", &[]);
    let sections: Vec<String> = MOVIES.rsplit("\n\n").map(|section| format!("{section}\n\n")).collect();
    assert_eq!(plan(&sections.concat()).digest(), plan(MOVIES).digest());
}

#[test]
fn a_change_of_values_is_told_in_the_words_of_the_file() {
    check("lambda = 500", "lambda = 300.5", &["~ agent ease: params.lambda 500 -> 300.5"]);
    check(
        "blocked = [\"31\", 7]",
        "blocked = [\"31\", 8]",
        &[r#"~ agent rerank: params.blocked ["31", "7"] -> ["31", "8"]"#],
    );
    check("memory_max = \"64MiB\"", "memory_max = \"32MiB\"", &["~ agent ease: budget.memory_max 64MiB -> 32MiB"]);
    check(
        "[\"items:read\", \"constraints:read\"]",
        "[\"constraints:write\", \"items:read\"]",
        &["- agent rerank: grants.memory constraints:read", "+ agent rerank: grants.memory constraints:write"],
    );
    let als = "[agents.popularity]\ncomponent = \"als.wasm\"\n";
    assert!(MOVIES.contains("[agents.popularity]\ncomponent = \"popularity.wasm\"\n"));
    let learns = |more: &str| {
        plan(&MOVIES.replace("[agents.popularity]\ncomponent = \"popularity.wasm\"\n", &format!("{als}{more}\n")))
    };
    let (without, round) = (learns(""), learns("budget = { round = { fuel = 5, wall_s = 60 } }"));
    let changes: Vec<String> = diff(&without, &round).iter().map(ToString::to_string).collect();
    assert_eq!(changes, ["+ agent popularity: budget.round.fuel 5", "+ agent popularity: budget.round.wall_s 60"]);
    assert_ne!(without.digest(), round.digest());
    let given = learns("state = \"als.state\"");
    assert_eq!((given.digest(), diff(&without, &given).len()), (without.digest(), 0), "a path is no part of a plan");
    assert_eq!(given.agents.iter().filter_map(|agent| agent.state_path.as_deref()).collect::<Vec<_>>(), ["als.state"]);
    check("deadline_ms = 200", "deadline_ms = 100", &["~ graph: deadline_ms 200 -> 100"]);
    check("max = 400_000_000", "max = 1", &["~ graph: objective.subject_to.fuel.max 400000000 -> 1"]);
    check("instances = \"pooled\"\ninstances_max = 8\n", "", &["~ agent ease: instances pooled, at most 8 -> fresh"]);
}

#[test]
fn a_change_of_wiring_is_told_by_node_and_edge() {
    check("{ ranked = \"rank\" }\n", "{ ranked = \"rank\" }\ndeadline_ms = 5\n", &["+ node rerank: deadline_ms 5"]);
    check(
        "default = [\"recall_popularity\"] }",
        "default = [] }",
        &["~ node recall_popularity: runs when route picks default or heavy -> when route picks heavy"],
    );
    check(
        "[nodes.fuse]\nagent = \"fusion\"\ninputs = { ease = \"recall_ease\", ",
        "[agents.als]\ncomponent = \"als.wasm\"\n[nodes.recall_als]\nagent = \"als\"\n\
         [nodes.fuse]\nagent = \"fusion\"\ninputs = { als = \"recall_als\", ease = \"recall_ease\", ",
        &["+ agent als ee7637bd419d", "+ node fuse: inputs.als recall_als", "+ node recall_als als"],
    );
}

#[test]
fn a_source_alone_runs_unasked_and_takes_the_limit_of_the_request() {
    let plan = plan(MOVIES);
    let alone = plan.only("recall_ease").unwrap();
    assert_eq!((alone.agents.len(), alone.nodes.len(), alone.output), (1, 1, 0));
    let node = &alone.nodes[0];
    assert_eq!((node.limit, node.guard.as_ref(), node.source), (None, None, Some(0)));
    assert_eq!(alone.agents[node.agent].name, "ease");
    assert!(alone.namespaces.is_empty());
}

#[test]
fn a_node_alone_keeps_what_it_depends_on() {
    let alone = plan(MOVIES).only("rank").unwrap();
    let names: Vec<&str> = alone.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["route", "recall_ease", "recall_popularity", "fuse", "rank"]);
    assert_eq!(alone.nodes[alone.output].name, "rank");
    assert_eq!(alone.nodes[1].guard.as_ref().map(|guard| guard.router), Some(0));
    assert_ordered(&alone);
}

#[test]
fn what_returns_no_candidates_is_no_plan() {
    let plan = plan(MOVIES);
    assert!(plan.only("route").is_none());
    assert!(plan.only("nothing").is_none());
}

/// Every index points at something, and dependencies stand before whoever has them.
#[track_caller]
pub(crate) fn assert_ordered(plan: &Plan) {
    for (index, node) in plan.nodes.iter().enumerate() {
        assert!(node.agent < plan.agents.len());
        assert!(node.dependencies().all(|before| before < index), "{}", plan.render());
    }
    assert!(plan.output < plan.nodes.len());
}
