//! What composition may change, and that whatever it changes is a graph.

use std::collections::BTreeMap;

use greenroom_graph::{Authored, Plan, Structure, resolve, with_params};
use greenroom_model::{Domain, ParamValue, Parameter, Params};
use proptest::prelude::*;

use crate::components::facts;
use crate::good::{MOVIES, plan};

/// With two agents that nothing uses.
fn movies() -> String {
    format!(
        "{MOVIES}\n# Worth a try.\n[catalogue.als]\ncomponent = \"als.wasm\"\n\n[catalogue.content]\ncomponent = \
         \"content.wasm\"\ngrants = {{ memory = [\"items:read\"] }}\n"
    )
}

fn structure(text: &str) -> Structure {
    let facts = facts(&Authored::parse("graph.toml", text).unwrap());
    Structure::of("graph.toml", text, &facts).unwrap()
}

fn names(structure: &Structure) -> Vec<&str> {
    structure.parameters().iter().map(|parameter| parameter.name.as_str()).collect()
}

fn with(text: &str, choices: &[(&str, ParamValue)]) -> Plan {
    let choices: Params = choices.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    plan(&structure(text).with(&choices))
}

const OFF: ParamValue = ParamValue::Boolean(false);
const ON: ParamValue = ParamValue::Boolean(true);

#[test]
fn what_may_be_changed_follows_from_ports_and_catalogue() {
    let text = movies();
    let structure = structure(&text);
    let mut names = names(&structure);
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "node.als.limit",
            "node.content.limit",
            "node.fuse.limit",
            "node.rank.limit",
            "node.recall_ease.limit",
            "node.recall_popularity.limit",
            "route.cold.als",
            "route.cold.content",
            "route.cold.recall_ease",
            "route.cold.recall_popularity",
            "route.heavy.als",
            "route.heavy.content",
            "route.heavy.recall_ease",
            "route.heavy.recall_popularity",
            "route.light.als",
            "route.light.content",
            "route.light.recall_ease",
            "route.light.recall_popularity",
            "route.new.als",
            "route.new.content",
            "route.new.recall_ease",
            "route.new.recall_popularity",
            "use.als",
            "use.content",
            "use.rank",
            "use.recall_ease",
            "use.recall_popularity",
            "use.rerank",
        ]
    );
    // The ranker needs the column that fusion makes, so that the one cannot go and the other stay; `fuse` takes from many.
    assert!(!names.contains(&"use.fuse"));
    assert_eq!(structure.with(&Params::new()), text);
    assert_eq!(structure.with(structure.now()), text);
}

#[test]
fn the_catalogue_is_admitted_and_does_not_run() {
    let with = plan(&movies());
    assert_eq!(with.catalogue.iter().map(|agent| agent.name.as_str()).collect::<Vec<_>>(), ["als", "content"]);
    assert_eq!(with.digest(), plan(MOVIES).digest());
}

#[test]
fn an_agent_of_the_catalogue_becomes_a_source() {
    let plan = with(&movies(), &[("use.als", ON), ("node.als.limit", ParamValue::Integer(40)), ("route.new.als", OFF)]);
    let als = plan.node("als").unwrap();
    let fuse = &plan.nodes[plan.node("fuse").unwrap()];
    assert!(fuse.inputs.iter().any(|edge| edge.port == "als" && edge.node == als));
    assert_eq!(plan.nodes[als].limit, Some(40));
    assert_eq!(plan.nodes[als].guard.as_ref().unwrap().branches, ["default", "heavy"]);
    let popularity = &plan.nodes[plan.node("recall_popularity").unwrap()];
    assert_eq!(popularity.guard.as_ref().unwrap().branches, ["default", "heavy", "new"]);
    assert_eq!(plan.catalogue.len(), 1);
}

#[test]
fn an_agent_is_specialised_for_a_segment_by_a_twin_with_other_parameters() {
    let twin = "\n[catalogue.ease-cold]\ncomponent = \"ease.wasm\"\nparams = { lambda = 900.0 }\n";
    let elsewhere = ["route.new.ease-cold", "route.light.ease-cold", "route.heavy.ease-cold", "route.cold.recall_ease"];
    let choices: Vec<(&str, ParamValue)> = elsewhere
        .into_iter()
        .map(|name| (name, OFF))
        .chain([("use.ease-cold", ON), ("route.cold.ease-cold", ON)])
        .collect();
    let plan = with(&format!("{MOVIES}{twin}"), &choices);
    let runs_for = |node: &str, segment: &str| {
        let guard = plan.nodes[plan.node(node).unwrap()].guard.as_ref().unwrap();
        let own = plan.nodes[guard.router].branches.iter().any(|branch| branch == segment);
        // Who has no branch of their own go where all others go.
        let taken = if own { segment } else { "default" };
        guard.branches.iter().any(|branch| branch == taken)
    };
    assert!(runs_for("ease-cold", "cold") && !runs_for("recall_ease", "cold"));
    for segment in ["new", "light", "heavy"] {
        assert!(!runs_for("ease-cold", segment), "{segment}");
    }
    let of = |name: &str| plan.agents.iter().find(|agent| agent.name == name).unwrap();
    assert_eq!(of("ease-cold").component, of("ease").component);
    assert_ne!(of("ease-cold").params, of("ease").params);
}

#[test]
fn who_took_from_a_node_takes_from_the_one_before_it() {
    let whole = with(&movies(), &[]);
    let plan = with(&movies(), &[("use.rank", OFF), ("use.rerank", OFF)]);
    assert_eq!(plan.nodes.len(), whole.nodes.len() - 2);
    assert_eq!(plan.nodes[plan.output].name, "fuse");
    assert_eq!(
        plan.catalogue.iter().map(|agent| agent.name.as_str()).collect::<Vec<_>>(),
        ["als", "content", "ranker", "rerank"]
    );
    let plan = with(&movies(), &[("use.rank", OFF)]);
    let rerank = &plan.nodes[plan.output];
    assert_eq!((rerank.name.as_str(), plan.nodes[rerank.inputs[0].node].name.as_str()), ("rerank", "fuse"));
}

#[test]
fn what_is_not_changed_stays_as_it_was_written() {
    let text = movies();
    let changed = structure(&text).with(&Params::from([("node.fuse.limit".to_owned(), ParamValue::Integer(150))]));
    let (before, after): (Vec<&str>, Vec<&str>) = (text.lines().collect(), changed.lines().collect());
    assert_eq!(before.len(), after.len());
    let other: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
    assert_eq!(other.len(), 1, "{other:?}");
    let params = Params::from([("lambda".to_owned(), ParamValue::Float(7.5))]);
    let tuned = with_params(&text, &BTreeMap::from([("ease".to_owned(), params)])).unwrap();
    let ease = plan(&tuned).agents.into_iter().find(|agent| agent.name == "ease").unwrap();
    assert_eq!(
        (&ease.params["lambda"], &ease.params["half_life"]),
        (&ParamValue::Float(7.5), &ParamValue::Integer(20))
    );
    assert!(tuned.contains("# Worth a try."));
}

#[test]
fn without_any_source_the_sources_of_now_stay() {
    let gone = [("use.recall_ease", OFF), ("use.recall_popularity", OFF)];
    assert_eq!(with(&movies(), &gone).digest(), with(&movies(), &[]).digest());
}

#[test]
fn an_agent_that_may_stand_in_for_another_is_a_choice() {
    let text =
        format!("{MOVIES}\n[catalogue.other]\ncomponent = \"rerank.wasm\"\ngrants = {{ memory = [\"items:read\"] }}\n");
    let plan = with(&text, &[("node.rerank.agent", ParamValue::Text("other".to_owned()))]);
    assert_eq!(plan.agent_of(&plan.nodes[plan.output]).unwrap().name, "other");
    assert_eq!(plan.catalogue[0].name, "rerank");
}

/// Recall and fusion alone, with all else in the catalogue.
fn plain() -> String {
    let (head, rest) = MOVIES.split_once("[agents.ranker]").unwrap();
    let (_, rest) = rest.split_once("[nodes.route]").unwrap();
    let (nodes, _) = rest.split_once("[nodes.rank]").unwrap();
    let text = format!(
        "{head}[nodes.route]{nodes}\n[catalogue.ranker]\ncomponent = \"ranker.wasm\"\n\n[catalogue.rerank]\n\
         component = \"rerank.wasm\"\ngrants = {{ memory = [\"items:read\"] }}\n"
    );
    text.replace("output = \"rerank\"", "output = \"fuse\"").replace("limit = 300\n", "")
}

#[test]
fn an_agent_of_the_catalogue_makes_the_output_anew() {
    let text = plain();
    let structure = structure(&text);
    assert!(structure.has("use.ranker") && structure.has("use.rerank"), "{:?}", names(&structure));
    let both = with(&text, &[("use.ranker", ON), ("use.rerank", ON)]);
    let output = &both.nodes[both.output];
    let before = &both.nodes[output.inputs[0].node];
    assert_eq!((output.name.as_str(), output.limit), ("rerank", None));
    assert_eq!((before.name.as_str(), before.limit), ("ranker", Some(100)));
    assert_eq!(both.nodes[before.inputs[0].node].name, "fuse");
    assert!(both.catalogue.is_empty());
    // There and back again.
    let longer = structure.with(&Params::from([("use.rerank".to_owned(), ON)]));
    assert_eq!(with(&longer, &[("use.rerank", OFF)]).digest(), plan(&text).digest());
}

fn value(parameter: &Parameter) -> BoxedStrategy<(String, ParamValue)> {
    let name = parameter.name.clone();
    let value = match &parameter.domain {
        Domain::Boolean { .. } => any::<bool>().prop_map(ParamValue::Boolean).boxed(),
        Domain::Integer { low, high, .. } => (*low..=*high).prop_map(ParamValue::Integer).boxed(),
        Domain::Choice { options, .. } => proptest::sample::select(options.clone()).prop_map(ParamValue::Text).boxed(),
        other => panic!("{other:?} is not searched"),
    };
    value.prop_map(move |value| (name.clone(), value)).boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_point_is_a_graph(
        (graph, choices) in prop_oneof![Just(movies()), Just(plain())].prop_flat_map(|graph| {
            let choices: Vec<_> = structure(&graph).parameters().iter().map(value).collect();
            (Just(graph), choices)
        })
    ) {
        let text = structure(&graph).with(&choices.into_iter().collect());
        let authored = Authored::parse("graph.toml", &text).unwrap();
        let facts = facts(&authored);
        let resolved = resolve(&authored, &facts);
        prop_assert!(resolved.is_ok(), "{text}\n{:?}", miette::Report::new(resolved.unwrap_err()));
        // And one from which evolution can go on.
        let again = Structure::of("graph.toml", &text, &facts).unwrap();
        prop_assert_eq!(again.with(again.now()), text);
    }
}
