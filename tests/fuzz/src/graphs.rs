//! A graph file ends in a plan that can be run, or in messages that point into the file.

use greenroom_graph::{Authored, Diagnostics, Mistake, Plan, diff, resolve};
use greenroom_model::PayloadKind;
use miette::{Diagnostic as _, GraphicalReportHandler, GraphicalTheme};

use crate::words::readable;

/// Components as the tests of the graph crate make them up.
#[allow(dead_code, missing_docs, reason = "written for those tests")]
#[path = "../../../host/graph/tests/graph/components.rs"]
mod components;

/// Reads a graph file.
pub fn read(text: &str) {
    let authored = match Authored::parse("graph.toml", text) {
        Ok(authored) => authored,
        Err(diagnostics) => return refused(text, &diagnostics),
    };
    told(text, &authored.mistakes());
    let facts = components::facts(&authored);
    match resolve(&authored, &facts) {
        Ok(plan) => {
            told(text, &plan.warnings);
            assert!(!plan.warnings.mistakes().iter().any(Mistake::is_error), "a plan with mistakes");
            runs(&plan);
            assert_eq!(resolve(&authored, &facts).map(|again| again.digest()).ok(), Some(plan.digest()));
            assert_eq!(diff(&plan, &plan), [], "a plan differs from itself");
        }
        Err(diagnostics) => refused(text, &diagnostics),
    }
}

fn refused(text: &str, diagnostics: &Diagnostics) {
    assert!(diagnostics.mistakes().iter().any(Mistake::is_error), "refused without a reason");
    told(text, diagnostics);
}

/// Each message is readable and points into the text.
fn told(text: &str, diagnostics: &Diagnostics) {
    for mistake in diagnostics.mistakes() {
        readable(mistake);
        for label in mistake.labels().into_iter().flatten() {
            let inside = text.get(label.offset()..label.offset() + label.len());
            assert!(inside.is_some(), "{label:?} is not in the text");
        }
    }
    let lines = text.split('\n').count();
    for place in diagnostics.iter() {
        assert!((1..=lines).contains(&place.line) && place.column >= 1, "line {} of {lines}", place.line);
        readable(&place.label);
        place.help.iter().for_each(readable);
    }
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    let mut page = String::new();
    assert!(handler.render_report(&mut page, diagnostics).is_ok(), "it cannot be drawn");
}

/// Every index points at something, dependencies stand before whoever has them, and so in every part of it.
fn runs(plan: &Plan) {
    ordered(plan);
    assert!(!plan.render().is_empty());
    for node in &plan.nodes {
        let part = plan.only(&node.name);
        assert_eq!(part.is_some(), node.output == PayloadKind::Candidates, "{} alone", node.name);
        part.iter().for_each(ordered);
    }
}

fn ordered(plan: &Plan) {
    assert!(plan.output < plan.nodes.len());
    for (index, node) in plan.nodes.iter().enumerate() {
        assert!(node.agent < plan.agents.len(), "{} has no agent", node.name);
        assert!(node.dependencies().all(|before| before < index), "{}", plan.render());
    }
    let layers: usize = plan.layers().iter().map(Vec::len).sum();
    assert_eq!(layers, plan.nodes.len(), "{}", plan.render());
}
