//! What the log has to teach: events as a train part, and what nodes saw and decided while serving.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use greenroom_graph::Plan;
use greenroom_memory::{DecisionRecord, Join, Store, StoredEvent, Unavailable};
use greenroom_model::{Candidates, Digest, Feedback, Input, NONE, Payload, Status};
use serde::{Deserialize, Serialize};

use crate::evaluation::{Asked, Split};
use crate::events::Columns;
use crate::examples::{Earned, Example, Examples};
use crate::request::Trace;

/// Events that are read at once.
const PAGE: usize = 65_536;
/// A rating that speaks for an item, and one that does not: for kinds of events that have no rating.
const FOR: f32 = 5.0;
const AGAINST: f32 = 0.0;

/// A trace in the decision log: the rows of the answer only.
#[derive(Serialize, Deserialize)]
struct Record {
    inputs: Vec<(String, String, Candidates)>,
    decided: Candidates,
}

pub(super) fn encode(trace: &Trace, rows: &[u32]) -> Option<Vec<u8>> {
    let inputs = trace
        .inputs
        .iter()
        .filter_map(|i| Some((i.port.to_string(), i.node.to_string(), only(i.payload.candidates()?, rows))))
        .collect();
    let decided = only(trace.decided.candidates()?, rows);
    rmp_serde::to_vec(&Record { inputs, decided }).ok()
}

/// The candidates among `rows`, in their own order.
fn only(candidates: &Candidates, rows: &[u32]) -> Candidates {
    fn at<T: Copy>(values: &[T], places: &[usize]) -> Vec<T> {
        places.iter().filter_map(|place| values.get(*place).copied()).collect()
    }
    use greenroom_model::{Column, Values};
    let places: Vec<usize> =
        candidates.rows.iter().enumerate().filter(|(_, row)| rows.contains(row)).map(|(place, _)| place).collect();
    let columns = candidates.columns.iter().map(|column| Column {
        name: column.name.clone(),
        values: match &column.values {
            Values::F32s(v) => Values::F32s(at(v, &places)),
            Values::S64s(v) => Values::S64s(at(v, &places)),
            Values::U32s(v) => Values::U32s(at(v, &places)),
        },
    });
    Candidates {
        rows: at(&candidates.rows, &places),
        scores: at(&candidates.scores, &places),
        sources: at(&candidates.sources, &places),
        columns: columns.collect(),
    }
}

/// Every event up to a cursor, or every one there is; returns the cursor of the last.
fn each_event(
    store: &Store,
    until: Option<u64>,
    mut with: impl FnMut(StoredEvent),
) -> Result<Option<u64>, Unavailable> {
    let mut after = None;
    loop {
        let page = store.log().events(after, PAGE)?;
        let before = after;
        for event in page {
            if until.is_some_and(|until| event.cursor > until) {
                return Ok(after);
            }
            after = Some(event.cursor);
            with(event);
        }
        if after == before {
            return Ok(after);
        }
    }
}

/// The events after a cursor as columns, and the cursor of the last; none when one of them takes back another.
pub(super) fn since(store: &Store, cursor: u64) -> Result<Option<(Columns, u64)>, Unavailable> {
    let mut columns = empty();
    let (mut after, mut takes_back) = (cursor, false);
    loop {
        let page = store.log().events(Some(after), PAGE)?;
        let Some(last) = page.last() else { return Ok((!takes_back).then_some((columns, after))) };
        after = last.cursor;
        for stored in page {
            takes_back |= stored.event.retracts;
            add_event(&mut columns, stored);
        }
    }
}

fn empty() -> Columns {
    Columns { ratings: Some(Vec::new()), times: Some(Vec::new()), ..Columns::default() }
}

fn add_event(columns: &mut Columns, stored: StoredEvent) {
    let event = stored.event;
    let Some(subject) = event.subject else { return };
    if event.retracts || stored.status == Status::Retracted {
        return;
    }
    columns.users.push(subject);
    columns.items.push(event.row);
    if let Some(times) = &mut columns.times {
        times.push(event.event_time_ms);
    }
    if let Some(ratings) = &mut columns.ratings {
        ratings.push(match event.kind {
            greenroom_model::EventKind::Rating => event.value,
            kind if kind.positive(event.value) => FOR,
            _ => AGAINST,
        });
    }
}

/// All events that stand, as a train part: subjects and items numbered as in the store; and the cursor of the last.
pub(super) fn split(store: &Store) -> Result<(Split, Option<u64>), Unavailable> {
    let mut columns = empty();
    // Up to where it was when this began: what is taken back while this reads is news for the next time.
    let last = store.log().last_cursor()?;
    let cursor = each_event(store, Some(last.unwrap_or(0)), |stored| add_event(&mut columns, stored))?;
    let users = (0..store.subjects().len()).filter_map(|n| store.subjects().id(n)).collect();
    let items = (0..store.items().len()).filter_map(|n| store.items().id(n)).collect();
    Ok((
        Split { users, items, train: columns, test: Columns::default(), notes: Vec::new(), asked: Asked::AtOnce },
        cursor,
    ))
}

/// Of the facts of all items.
pub(super) fn facts_digest(store: &Store) -> Digest {
    let facts = store.facts();
    let rows: Vec<u32> = (0..store.items().len()).collect();
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for (name, _) in facts.fields() {
        let Ok(columns) = facts.gather(&rows, &[name]) else { continue };
        parts.push(name.as_bytes().to_vec());
        let labels = facts.labels(name).map(|names| names.join("\n")).unwrap_or_default();
        parts.push(labels.into_bytes());
        for column in columns {
            parts.push(match column.values {
                greenroom_model::Values::F32s(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
                greenroom_model::Values::S64s(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
                greenroom_model::Values::U32s(v) => v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            });
        }
    }
    Digest::of_parts(parts.iter().map(Vec::as_slice))
}

/// For each node that takes candidates and has a learner: the decisions that feedback was joined with.
pub(super) type ByNode = BTreeMap<String, Arc<Vec<Feedback>>>;

/// What was served and told about, and when each subject was first served so.
///
/// # Errors
/// When the log cannot be read.
pub(super) fn feedback(
    store: &Store,
    plan: &Plan,
    until: Option<u64>,
) -> Result<(ByNode, HashMap<u32, i64>), Unavailable> {
    let mut first_served: HashMap<u32, i64> = HashMap::new();
    let mut earned: BTreeMap<String, HashMap<u32, f32>> = BTreeMap::new();
    each_event(store, until, |stored| {
        let event = stored.event;
        let Some(request) = event.request_id.filter(|_| matches!(stored.join, Join::Joined { .. })) else { return };
        if event.retracts || stored.status == Status::Retracted {
            return;
        }
        let reward = f32::from(u8::from(event.kind.positive(event.value)));
        let best = earned.entry(request).or_default().entry(event.row).or_insert(0.0);
        *best = best.max(reward);
    })?;
    let learners = plan
        .nodes
        .iter()
        .filter(|node| !node.inputs.is_empty() && plan.agent_of(node).is_some_and(|agent| agent.interfaces.learner));
    let mut examples: BTreeMap<String, Examples> =
        learners.map(|node| (node.name.clone(), Examples::starting_at(1 << 40))).collect();
    for (request, rewards) in &earned {
        let Some(decision) = store.log().decision(request)? else { continue };
        if let Some(subject) = &decision.subject {
            let number = store.subjects().row(&subject.key).unwrap_or(subject.number);
            let first = first_served.entry(number).or_insert(decision.time_ms);
            *first = decision.time_ms.min(*first);
        }
        for (node, examples) in &mut examples {
            let trace = decision.traces.get(node).and_then(|bytes| rmp_serde::from_slice::<Record>(bytes).ok());
            if let Some(trace) = trace {
                add(examples, plan, node, &decision, trace, rewards);
            }
        }
    }
    let by_node = examples.into_iter().map(|(node, examples)| (node, Arc::new(examples.take()))).collect();
    Ok((by_node, first_served))
}

fn add(
    examples: &mut Examples,
    plan: &Plan,
    node: &str,
    decision: &DecisionRecord,
    trace: Record,
    rewards: &HashMap<u32, f32>,
) {
    let agent = plan.node(node).and_then(|at| plan.agent_of(plan.nodes.get(at)?)).map(|agent| agent.name.as_str());
    let version = decision.versions.iter().find(|(name, _)| Some(name.as_str()) == agent).map(|(_, d)| d.to_string());
    let inputs: Vec<Input> = trace
        .inputs
        .into_iter()
        .map(|(port, node, candidates)| Input {
            port: port.into(),
            node: node.into(),
            payload: Arc::new(Payload::Candidates(candidates)),
        })
        .collect();
    let example = Example {
        request_id: &decision.request_id,
        version: version.as_deref(),
        subject: decision.subject.as_ref().map_or(NONE, |subject| subject.number),
        time_ms: decision.time_ms,
        inputs: &inputs,
        decided: Some(&trace.decided),
    };
    examples.push(&example, &|row| {
        let position = decision.rows.iter().position(|shown| *shown == row);
        let propensity = |at: usize| decision.propensities.as_ref().and_then(|p| p.get(at).copied());
        Earned {
            reward: rewards.get(&row).copied().unwrap_or(0.0),
            exposed: if position.is_some() { 2 } else { 1 },
            position: position.and_then(|at| u32::try_from(at).ok()).unwrap_or(NONE),
            propensity: position.and_then(propensity).unwrap_or(f32::NAN),
        }
    });
}
