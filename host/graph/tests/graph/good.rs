//! Good files and the plans that they become.

use greenroom_graph::{Instances, OnFault, Plan};
use greenroom_model::{Budget, ParamValue};

use crate::components::compile;

pub(crate) const MOVIES: &str = include_str!("../movies.toml");

#[track_caller]
pub(crate) fn plan(text: &str) -> Plan {
    compile(text).unwrap_or_else(|diagnostics| panic!("{:?}", miette::Report::new(diagnostics)))
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let rendered = plan(text).render();
    let body = rendered.split_once('\n').unwrap().1;
    assert_eq!(body.trim_end(), expected.trim_matches('\n'), "\n{rendered}");
}

#[test]
fn a_graph_is_drawn_in_layers_that_run_at_once() {
    check(
        MOVIES,
        "
  maximises ndcg@10, fuel <= 400000000, within 200 ms
  memory constraints, kv, at most 64MiB

first
   route              router      route; if it fails, empty

then, 1
   recall_ease        ease        when route picks heavy; 200 rows; 50 ms; if it fails, empty; 8 pooled
   recall_popularity  popularity  when route picks default or heavy; 100 rows

then, 2
   fuse               fusion      <- ease: recall_ease, popularity: recall_popularity; 300 rows

then, 3
   rank               ranker      <- candidates: fuse; 200 rows; if it fails, fuse

then, 4
=> rerank             rerank      <- ranked: rank; answers; if it fails, fuse
",
    );
}

#[test]
fn the_smallest_graph_takes_every_default() {
    let plan = plan(
        "[graph]\nname = \"one\"\noutput = \"all\"\ndeadline_ms = 50\n\
         [agents.ease]\ncomponent = \"ease.wasm\"\n[nodes.all]\nagent = \"ease\"\n",
    );
    assert!(plan.exclude_seen);
    assert_eq!((plan.segments.cold, plan.segments.light), (10, 50));
    assert_eq!(plan.objective.maximise, ["ndcg@10"]);
    assert_eq!(plan.agents[0].instances, Instances::Fresh);
    assert_eq!(plan.agents[0].budgets.decide, Budget::DECIDE);
    assert_eq!(plan.agents[0].params["half_life"], ParamValue::Integer(40));
    assert_eq!((plan.nodes[0].limit, plan.nodes[0].source), (None, Some(0)));
    assert_eq!(plan.nodes[0].on_fault, OnFault::Fail);
    assert!(plan.warnings.is_empty());
}

#[test]
fn a_graph_may_be_after_several_things_and_after_one_kind_of_subject() {
    let with = |objective: &str| {
        let text = MOVIES.replace("maximise = \"ndcg@10\"", objective);
        assert_ne!(text, MOVIES);
        plan(&text)
    };
    let several = with("maximise = [\"ndcg@10\", \"ndcg@10[cold]\", \"novelty\"]");
    assert_eq!(several.objective.maximise, ["ndcg@10", "ndcg@10[cold]", "novelty"]);
    assert!(several.render().contains("  maximises ndcg@10 and ndcg@10[cold] and novelty, fuel <= 400000000,"));
    // A list of one is what a string is.
    let one = with("maximise = [\"ndcg@10\"]");
    assert_eq!(one.digest(), plan(MOVIES).digest());
    assert_ne!(several.digest(), one.digest());
}

#[test]
fn what_an_agent_is_given_is_what_the_file_says_on_top_of_defaults() {
    let plan = plan(MOVIES);
    let agent = |name: &str| plan.agents.iter().find(|agent| agent.name == name).unwrap();
    let ease = agent("ease");
    assert_eq!(ease.params["lambda"], ParamValue::Float(500.0));
    assert_eq!(ease.params["half_life"], ParamValue::Integer(20));
    assert_eq!(ease.params["items_max"], ParamValue::Integer(4_000));
    assert_eq!(ease.budgets.decide.memory_max, 64 << 20);
    assert_eq!(ease.budgets.decide.host_calls_max, Budget::DECIDE.host_calls_max);
    assert_eq!(ease.budgets.learn, Budget { fuel: 1_000_000_000, ..Budget::LEARN });
    assert_eq!(ease.budgets.fit, Budget::LEARN);
    assert_eq!(ease.instances, Instances::Pooled { max: 8 });
    let rerank = agent("rerank");
    assert_eq!(rerank.params["blocked"], ParamValue::Items(vec!["31".to_owned(), "7".to_owned()]));
    assert_eq!(rerank.grants.len(), 2);
    let ParamValue::Named(weights) = &agent("fusion").params["weights"] else { panic!("weights have names") };
    assert_eq!(weights["ease"], 2.0);
}

#[test]
fn sources_are_numbered_and_guarded_by_their_router() {
    let plan = plan(MOVIES);
    let names: Vec<&str> = plan.sources().into_iter().map(|index| plan.nodes[index].name.as_str()).collect();
    assert_eq!(names, ["recall_ease", "recall_popularity"]);
    let guard = plan.nodes[plan.node("recall_popularity").unwrap()].guard.clone().unwrap();
    assert_eq!(plan.nodes[guard.router].name, "route");
    assert_eq!(guard.branches, ["default", "heavy"]);
}

#[test]
fn a_module_without_a_descriptor_takes_candidates_at_any_port() {
    let text = MOVIES
        .replace("[agents.ranker]\ncomponent = \"ranker.wasm\"", "[agents.ranker]\ncomponent = \"shuffle.wasm\"")
        .replace("candidates = \"fuse\"", "anything = \"fuse\"");
    plan(&text);
}

#[test]
fn a_subject_is_new_cold_light_or_heavy_by_its_events() {
    let segments = plan(MOVIES).segments;
    let names = [0, 1, 10, 11, 50, 51, usize::MAX].map(|events| segments.of(events));
    assert_eq!(names, ["new", "cold", "cold", "light", "light", "heavy", "heavy"]);
}

#[test]
fn what_looks_wrong_but_works_is_a_warning() {
    let text = MOVIES.replace("method = \"decayed\", ", "").replace(", \"constraints:read\"", "");
    let codes: Vec<&str> = plan(&text).warnings.mistakes().iter().map(|mistake| mistake.code()).collect();
    assert_eq!(codes, ["unused_namespace", "no_effect"]);
}
