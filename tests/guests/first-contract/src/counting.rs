//! Counts how often rows were told to it, whichever contract it is told by: what differs is in the crate that has this file.
//! When it decides it calls every import, so that what each answers shows in its decision.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::bindings::exports::greenroom::agent::learner::{Feedback, FitReport, Guest as Learner};
use crate::bindings::exports::greenroom::agent::lifecycle::{Descriptor, Guest as Lifecycle, State};
use crate::bindings::exports::greenroom::agent::policy::{Decision, Guest as Policy, Observation};
use crate::bindings::greenroom::agent::types::{Candidates, Column, Fault, FaultKind, Payload, Values};
use crate::bindings::greenroom::agent::{log, memory, metric};

const SCHEMA: &str = "counting/1";

/// The descriptor, and what else the contract has in it.
macro_rules! descriptor {
    ($($more:tt)*) => {{
        use crate::bindings::greenroom::agent::types as contract;
        contract::Descriptor {
            name: "counting".to_owned(),
            version: "1".to_owned(),
            summary: "recommends what it was told of most often".to_owned(),
            role: contract::Role::Recall,
            layer: contract::Layer::Decision,
            inner_metric: "recall@20".to_owned(),
            reward_level: contract::RewardLevel::Inner,
            inputs: Vec::new(),
            output: contract::PayloadKind::Candidates,
            produces: Vec::new(),
            history_max: 10,
            facts: vec!["year".to_owned()],
            parameters: vec![contract::Parameter {
                name: "at_least".to_owned(),
                summary: "how often a row has to be told".to_owned(),
                domain: contract::Domain::Integer(contract::IntegerRange { low: 0, high: 10, default: 1, log: false }),
                condition: None,
                shapes_state: false,
            }],
            snapshot_schema: "counting/1".to_owned(),
            $($more)*
        }
    }};
}
pub(crate) use descriptor;

#[derive(Default)]
struct Counting {
    params: usize,
    counts: BTreeMap<u32, u32>,
}

thread_local! {
    static COUNTING: RefCell<Counting> = RefCell::default();
}

struct Exported;

fn wrong(kind: FaultKind, message: &str) -> Fault {
    Fault { kind, message: message.to_owned(), retryable: false }
}

impl Lifecycle for Exported {
    fn describe() -> Descriptor {
        crate::describe()
    }

    fn configure(params: Vec<u8>) -> Result<(), Fault> {
        COUNTING.with_borrow_mut(|counting| counting.params = params.len());
        Ok(())
    }

    fn snapshot() -> Result<State, Fault> {
        let bytes = COUNTING.with_borrow(|counting| {
            counting.counts.iter().flat_map(|(row, count)| [row.to_le_bytes(), count.to_le_bytes()]).flatten().collect()
        });
        Ok(State { schema: SCHEMA.to_owned(), bytes })
    }

    fn restore(state: State) -> Result<(), Fault> {
        let (pairs, rest) = state.bytes.as_chunks::<8>();
        if state.schema != SCHEMA || !rest.is_empty() {
            return Err(wrong(FaultKind::InvalidState, "pairs of rows and counts are expected"));
        }
        let pair =
            |&[a, b, c, d, e, f, g, h]: &[u8; 8]| (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        COUNTING.with_borrow_mut(|counting| counting.counts = pairs.iter().map(pair).collect());
        Ok(())
    }
}

impl Learner for Exported {
    fn learn(batch: Feedback) -> Result<(), Fault> {
        COUNTING.with_borrow_mut(|counting| {
            for row in batch.rows {
                *counting.counts.entry(row).or_default() += 1;
            }
        });
        Ok(())
    }

    fn fit() -> Result<FitReport, Fault> {
        let examples = COUNTING.with_borrow(|counting| counting.counts.values().map(|count| u64::from(*count)).sum());
        Ok(FitReport { examples, loss: Some(0.5), notes: vec!["counted".to_owned()] })
    }
}

impl Policy for Exported {
    fn decide(seen: Observation) -> Result<Decision, Fault> {
        let mut rows: Vec<(u32, u32)> =
            COUNTING.with_borrow(|counting| counting.counts.iter().map(|(row, count)| (*count, *row)).collect());
        rows.retain(|(_, row)| seen.excluded.binary_search(row).is_err());
        rows.sort_by_key(|(count, row)| (std::cmp::Reverse(*count), *row));
        rows.truncate(seen.limit as usize);
        let heard = heard().map_err(|error| wrong(FaultKind::Unavailable, &format!("{error:?}")))?;
        let params = COUNTING.with_borrow(|counting| counting.params);
        log::write(log::Level::Info, &format!("{params} bytes of parameters"));
        metric::count("decided", 1.0);
        metric::observe("rows", rows.len() as f64);
        Ok(Decision {
            payload: Payload::Candidates(Candidates {
                scores: rows.iter().map(|(count, _)| *count as f32).collect(),
                sources: Vec::new(),
                columns: vec![Column { name: "heard".to_owned(), values: Values::S64s(vec![heard; rows.len()]) }],
                rows: rows.into_iter().map(|(_, row)| row).collect(),
            }),
            policy: None,
        })
    }
}

/// A number in which every answer of memory shows.
fn heard() -> Result<i64, memory::Error> {
    let space = memory::open("space")?;
    let mut heard = vec![u64::from(memory::row_count())];
    heard.push(space.put("a", b"one")?);
    heard.push(space.compare_and_swap("b", None, b"twice")?);
    heard.push(space.get("a")?.map_or(0, |entry| entry.revision + entry.value.len() as u64));
    let many = space.get_many(&["b".to_owned(), "none".to_owned()])?;
    heard.extend(many.iter().map(|entry| entry.as_ref().map_or(7, |entry| entry.value.len() as u64)));
    heard.push(space.scan("a", None, 10)?.entries.len() as u64);
    heard.push(u64::from(space.delete("a")?) + u64::from(space.delete("b")?));
    for column in memory::gather(&[0, 1], &["year".to_owned()])? {
        let Values::F32s(years) = column.values else { continue };
        heard.extend(years.iter().map(|year| *year as u64));
    }
    heard.extend(memory::labels("genres")?.iter().map(|label| label.len() as u64));
    Ok(heard.iter().fold(0, |all, one| all * 31 + *one as i64))
}

crate::bindings::export!(Exported with_types_in crate::bindings);
