//! What nodes returned, kept for whoever asks the same again: plans that are tried one after the other differ in a node or
//! two, and all others need not run.
//!
//! A node's output follows from its version, what it is asked for and what arrives at it. What arrives follows in the same way
//! from the nodes before it, so that a digest of all of them stands for it. A node that may read or write a namespace depends
//! on more than that, and is never kept, nor is what comes after it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use greenroom_graph::{Node, OnFault, RequestBudget};
use greenroom_model::{Digest, Fault, FaultSource, Payload, PolicyRecord, Usage};

use crate::active::ActivePlan;

/// Facts of items do not change while something is tried.
const FACTS: &str = "items";

/// What a call ended with, but for its inputs.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) result: Result<(Payload, Option<PolicyRecord>), Fault>,
    pub(super) usage: Usage,
}

/// Outputs by node and question, as many as fit. What was not used for longest is forgotten first, all of a node at once.
#[derive(Debug)]
pub struct Outputs {
    bytes_max: usize,
    all: Mutex<All>,
}

#[derive(Debug, Default)]
struct All {
    nodes: HashMap<Digest, OfNode>,
    bytes: usize,
    clock: u64,
}

#[derive(Debug, Default)]
struct OfNode {
    used: u64,
    bytes: usize,
    by_question: HashMap<u64, Kept>,
}

impl Outputs {
    /// Room for so many bytes of payloads.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, all: Mutex::default() }
    }

    fn get(&self, node: &Digest, question: u64) -> Option<Kept> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.clock += 1;
        let clock = all.clock;
        all.nodes.get_mut(node).and_then(|of| {
            of.used = clock;
            of.by_question.get(&question).cloned()
        })
    }

    fn keep(&self, node: &Digest, question: u64, kept: &Kept) {
        let bytes = size(kept);
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = all.clock;
        let of = all.nodes.entry(*node).or_default();
        if of.by_question.insert(question, kept.clone()).is_some() {
            return;
        }
        of.used = clock;
        of.bytes += bytes;
        all.bytes += bytes;
        while all.bytes > self.bytes_max {
            let oldest = all.nodes.iter().min_by_key(|(_, of)| of.used).map(|(node, _)| *node);
            let Some(gone) = oldest.and_then(|oldest| all.nodes.remove(&oldest)) else { return };
            all.bytes = all.bytes.saturating_sub(gone.bytes);
        }
    }
}

fn size(kept: &Kept) -> usize {
    let payload = match &kept.result {
        Ok((Payload::Candidates(candidates), _)) => {
            let columns = candidates.columns.len() + 4;
            candidates.rows.len() * columns * 8
        }
        Ok((Payload::Settings { patch, .. }, _)) => patch.len(),
        Ok((Payload::Document(document), _)) => document.len(),
        Ok((Payload::Route(_), _)) | Err(_) => 0,
    };
    payload + size_of::<Kept>()
}

/// The outputs of a plan's nodes for one kind of questions.
#[derive(Debug)]
pub struct Remembered {
    outputs: Arc<Outputs>,
    /// By node; none for those that are not kept.
    keys: Vec<Option<Digest>>,
}

impl Remembered {
    /// `scope` stands for all that questions have in common: the data that they are made from, and what is done to it. Under
    /// one scope, requests of one number are the same.
    pub(crate) fn of(outputs: &Arc<Outputs>, plan: &ActivePlan, scope: &Digest) -> Self {
        Self { outputs: Arc::clone(outputs), keys: keys(plan, scope) }
    }

    pub(super) fn get(&self, node: usize, question: u64) -> Option<Kept> {
        self.outputs.get(self.keys.get(node)?.as_ref()?, question)
    }

    /// A failure of the host says nothing of the node.
    pub(super) fn keep(&self, node: usize, question: u64, kept: &Kept) {
        let says = kept.result.as_ref().err().is_none_or(|fault| fault.source == FaultSource::Guest);
        if let (true, Some(Some(key))) = (says, self.keys.get(node)) {
            self.outputs.keep(key, question, kept);
        }
    }
}

/// What stands for each node's output.
fn keys(plan: &ActivePlan, scope: &Digest) -> Vec<Option<Digest>> {
    let graph = &plan.plan;
    // What a node of a request with a budget gets depends on what the others took.
    if graph.budget != RequestBudget::NONE {
        return vec![None; graph.nodes.len()];
    }
    let mut calls: Vec<Option<Digest>> = Vec::with_capacity(graph.nodes.len());
    // Of what others see of it: its output, or its fallback's, or nothing.
    let mut ends: Vec<Option<Digest>> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let called = call(plan, node, &ends, scope);
        ends.push(called.and_then(|called| end(node, &called, &ends)));
        calls.push(called);
    }
    calls
}

fn call(plan: &ActivePlan, node: &Node, ends: &[Option<Digest>], scope: &Digest) -> Option<Digest> {
    let agent = plan.agents.get(node.agent)?;
    if agent.spec.grants.iter().any(|grant| grant.namespace != FACTS) {
        return None;
    }
    let mut text = format!(
        "{:?} {:?} {:?} {:?} {:?} {} {:?} {}",
        agent.version,
        agent.spec.budgets.decide,
        agent.spec.grants,
        node.limit,
        node.deadline_ms,
        node.drops_rows,
        node.source,
        plan.plan.exclude_seen,
    );
    text.push_str(&format!("{:?}", plan.plan.segments));
    for edge in &node.inputs {
        let from = plan.plan.nodes.get(edge.node)?;
        let end = ends.get(edge.node).copied().flatten()?;
        text.push_str(&format!(" {:?} {:?} {}", edge.port, from.name, end.hex()));
    }
    Some(Digest::of_parts([b"greenroom output 1".as_slice(), scope.bytes(), text.as_bytes()]))
}

fn end(node: &Node, called: &Digest, ends: &[Option<Digest>]) -> Option<Digest> {
    let fallback = match node.on_fault {
        OnFault::Fail => "fail".to_owned(),
        OnFault::Empty => "empty".to_owned(),
        OnFault::Node(other) => ends.get(other).copied().flatten()?.hex(),
    };
    let guard = match &node.guard {
        None => String::new(),
        Some(guard) => format!("{} {:?}", ends.get(guard.router).copied().flatten()?.hex(), guard.branches),
    };
    let branches = format!("{:?}", node.branches);
    Some(Digest::of_parts([called.bytes().as_slice(), fallback.as_bytes(), guard.as_bytes(), branches.as_bytes()]))
}
