//! Whatever the text is, reading it ends in a plan or in messages.

use greenroom_graph::{Authored, resolve};
use proptest::prelude::*;

use crate::components::{compile, facts};
use crate::good::MOVIES;
use crate::plans::assert_ordered;

/// Reads and, if need be, prints all messages: their spans have to lie in the text.
fn survive(text: &str) {
    let diagnostics = match compile(text) {
        Ok(plan) => {
            assert_ordered(&plan);
            plan.warnings
        }
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            diagnostics
        }
    };
    for mistake in diagnostics.mistakes() {
        assert!(text.get(mistake.span().clone()).is_some(), "{mistake:?}");
    }
    assert_eq!(diagnostics.iter().count(), diagnostics.len());
}

/// A graph of recall agents and mergers in which each node takes from some others.
fn graph(edges: &[Vec<usize>]) -> String {
    let mut text = "[graph]\nname = \"any\"\noutput = \"last\"\ndeadline_ms = 9\n\
                    [agents.als]\ncomponent = \"als.wasm\"\n[agents.fusion]\ncomponent = \"fusion.wasm\"\n"
        .to_owned();
    for (index, from) in edges.iter().enumerate() {
        // Names that do not sort in the order of dependencies.
        let name = |index: usize| format!("n{}", (index * 7919 + 13) % 1000);
        let inputs: Vec<String> = from.iter().map(|from| format!("p{from} = \"{}\"", name(*from))).collect();
        let agent = if from.is_empty() { "als" } else { "fusion" };
        text += &format!("[nodes.{}]\nagent = \"{agent}\"\ninputs = {{ {} }}\n", name(index), inputs.join(", "));
    }
    let all: Vec<String> =
        (0..edges.len()).map(|index| format!("a{index} = \"n{}\"", (index * 7919 + 13) % 1000)).collect();
    text + &format!("[nodes.last]\nagent = \"fusion\"\ninputs = {{ {} }}\n", all.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in ".*") {
        survive(&text);
    }

    #[test]
    fn any_toml_like_text_is_read(text in "([\\[\\]{}=.,\"'#\n a-c0-9_-]|nodes|graph|agent|output|inputs){0,80}") {
        survive(&text);
    }

    #[test]
    fn a_good_graph_with_a_hole_is_read(start in 0..MOVIES.len(), length in 1_usize..60, patch in "[\\[\\]{}=\",x\n]{0,3}") {
        let end = (start + length).min(MOVIES.len());
        survive(&format!("{}{patch}{}", &MOVIES[..start], &MOVIES[end..]));
    }

    #[test]
    fn a_good_graph_with_shuffled_lines_is_read(from in 0_usize..60, to in 0_usize..60) {
        let mut lines: Vec<&str> = MOVIES.lines().collect();
        let count = lines.len();
        lines.swap(from % count, to % count);
        survive(&lines.join("\n"));
    }

    #[test]
    fn a_graph_without_cycles_is_ordered(seed in prop::collection::vec(prop::collection::btree_set(0_usize..40, 0..4), 1..40)) {
        let edges: Vec<Vec<usize>> = seed
            .iter()
            .enumerate()
            .map(|(index, from)| from.iter().copied().filter(|from| *from < index).collect())
            .collect();
        let text = graph(&edges);
        let authored = Authored::parse("any.toml", &text).unwrap();
        let plan = resolve(&authored, &facts(&authored)).unwrap();
        assert_ordered(&plan);
        prop_assert_eq!(plan.nodes.len(), edges.len() + 1);
        let layers: Vec<usize> = plan.layers().concat();
        prop_assert_eq!(layers.len(), plan.nodes.len());
    }

    #[test]
    fn a_graph_with_any_edges_is_ordered_or_refused(seed in prop::collection::vec(prop::collection::btree_set(0_usize..12, 0..3), 1..12)) {
        let edges: Vec<Vec<usize>> = seed.iter().map(|from| from.iter().copied().filter(|from| *from < seed.len()).collect()).collect();
        survive(&graph(&edges));
    }
}
