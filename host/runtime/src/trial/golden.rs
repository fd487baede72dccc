//! Observations and feedback that any agent has to cope with.

use std::sync::Arc;

use greenroom_model::{
    Candidates, Column, ColumnKind, Descriptor, EventKind, Feedback, History, Input, Observation, Payload, PayloadKind,
    Port, Status, Subject, Values,
};

use crate::events::Columns;
use crate::examples::{Earned, Example, Examples};
use crate::past::organic;

/// Items of the catalog in which a trial takes place. Feedback tells of the first 200.
pub(super) const ROWS: u32 = 2_000;
const KNOWN: u32 = 200;
const NOW_MS: i64 = 1_700_000_000_000;
/// An empty MessagePack map.
const EMPTY_MAP: u8 = 0x80;

/// Observations with what is special about each.
pub(super) fn observations(descriptor: Option<&Descriptor>) -> Vec<(&'static str, Observation)> {
    let history_max = descriptor.map_or(0, |d| d.history_max);
    let ports = descriptor.map_or(&[][..], |d| &d.inputs);
    let blank = |inputs: Vec<Input>| Observation {
        request_id: "trial".into(),
        subject: Some(Subject { key: "subject".into(), number: 7 }),
        now_ms: NOW_MS,
        seed: 7,
        limit: 20,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::default(),
        history_max,
        inputs,
    };
    let usual = |size: u32| blank(inputs(ports, 0..size));
    let long = history(0, history_max.clamp(1, 1_000));
    vec![
        ("a subject without a history", usual(100)),
        ("a long history", Observation { history: Arc::new(long), ..usual(100) }),
        (
            "items that it never learned of",
            Observation { history: Arc::new(history(KNOWN, 50)), ..blank(inputs(ports, KNOWN..KNOWN + 100)) },
        ),
        ("nobody, with items excluded", Observation { subject: None, excluded: (0..50).collect(), ..usual(100) }),
        ("a limit of 0", Observation { limit: 0, ..usual(100) }),
        ("no candidates", usual(0)),
        ("one candidate", usual(1)),
        ("1,000 candidates", Observation { limit: 1_000, ..usual(1_000) }),
    ]
}

/// `events` events, ever on.
fn history(from: u32, events: u32) -> History {
    History {
        rows: (0..events).map(|n| from + n * 7 % KNOWN).collect(),
        times: (0..events).map(|n| NOW_MS - i64::from(events - n) * 60_000).collect(),
        kinds: (0..events).map(|n| if n % 3 == 0 { EventKind::Rating as u8 } else { EventKind::Click as u8 }).collect(),
        values: (0..events).map(|n| if n % 3 == 0 { 1.0 + (n % 5) as f32 } else { 1.0 }).collect(),
    }
}

/// Something at every port, candidates being of these rows.
fn inputs(ports: &[Port], rows: std::ops::Range<u32>) -> Vec<Input> {
    let names = |port: &Port| match port.name.as_str() {
        "*" => vec!["first".to_owned(), "second".to_owned()],
        name => vec![name.to_owned()],
    };
    let each = ports.iter().flat_map(|port| names(port).into_iter().map(move |name| (port, name)));
    each.map(|(port, name)| Input {
        node: name.as_str().into(),
        port: name.into(),
        payload: Arc::new(payload(port, rows.clone())),
    })
    .collect()
}

fn payload(port: &Port, rows: std::ops::Range<u32>) -> Payload {
    match port.kind {
        PayloadKind::Candidates => {
            let rows: Vec<u32> = rows.collect();
            let columns = port.columns.iter().map(|column| Column {
                name: column.name.clone(),
                values: match column.kind {
                    ColumnKind::F32 => Values::F32s(rows.iter().map(|row| 1.0 / (1.0 + *row as f32)).collect()),
                    ColumnKind::S64 => Values::S64s(rows.iter().map(|row| i64::from(*row)).collect()),
                    ColumnKind::U32 => Values::U32s(rows.clone()),
                },
            });
            Payload::Candidates(Candidates {
                scores: (0..rows.len()).map(|place| 1.0 / (1.0 + place as f32)).collect(),
                sources: vec![1; rows.len()],
                columns: columns.collect(),
                rows,
            })
        }
        PayloadKind::Route => Payload::Route(vec![("branch".to_owned(), 1.0)]),
        PayloadKind::Settings => Payload::Settings { scope: "trial".to_owned(), patch: vec![EMPTY_MAP] },
        PayloadKind::Document => Payload::Document(vec![EMPTY_MAP]),
    }
}

/// What fifty subjects did, and what became of what was offered to thirty of them.
pub(super) fn feedback(descriptor: &Descriptor) -> Vec<Feedback> {
    let mut batches = organic(&events(0..20, 0), 0, 600);
    let cursor = rows_of(&batches);
    batches.extend(offered(descriptor, 0..30, cursor));
    batches
}

/// The same in two parts. In the second some events of the first are taken back, and what was liked is liked again.
pub(super) fn halves(descriptor: &Descriptor) -> [Vec<Feedback>; 2] {
    const TAKEN_BACK: usize = 40;
    let mut first = organic(&events(0..12, 0), 0, 600);
    let cursor = rows_of(&first);
    first.extend(offered(descriptor, 0..15, cursor));
    let cursor = rows_of(&first);
    let mut second = organic(&events(6..20, 3_600_000), cursor, 600);
    let cursor = cursor + rows_of(&second);
    second.extend(first.first().map(|batch| taken_back(batch, TAKEN_BACK, cursor)));
    second.extend(offered(descriptor, 15..30, cursor + TAKEN_BACK as u64));
    [first, second]
}

fn rows_of(batches: &[Feedback]) -> u64 {
    batches.iter().map(|batch| batch.rows.len() as u64).sum()
}

/// What fifty subjects did in these steps, so much later than otherwise.
fn events(steps: std::ops::Range<u32>, later_ms: i64) -> Columns {
    let events: Vec<(u32, u32)> = (0..50).flat_map(|subject| steps.clone().map(move |step| (subject, step))).collect();
    let time = |(subject, step): &(u32, u32)| NOW_MS - 1_000_000 + later_ms + i64::from(subject * 20 + step);
    Columns {
        users: events.iter().map(|(subject, _)| *subject).collect(),
        items: events
            .iter()
            .map(|(subject, step)| (subject % 4 * 50 + (subject * 3 + step * 7) % 50) % KNOWN)
            .collect(),
        ratings: Some(events.iter().map(|(subject, step)| 1.0 + ((subject + step) % 5) as f32).collect()),
        times: Some(events.iter().map(time).collect()),
    }
}

/// What became of what was offered to these subjects.
fn offered(descriptor: &Descriptor, subjects: std::ops::Range<u32>, cursor: u64) -> Vec<Feedback> {
    let mut examples = Examples::starting_at(cursor);
    for subject in subjects {
        let inputs = inputs(&descriptor.inputs, subject..subject + 40);
        let id = format!("trial/{subject}");
        let example = Example {
            request_id: &id,
            version: None,
            subject,
            time_ms: NOW_MS + i64::from(subject),
            inputs: &inputs,
            decided: None,
        };
        examples.push(&example, &|row| Earned {
            reward: f32::from(u8::from(row % 7 == subject % 7)),
            exposed: 0,
            position: greenroom_model::NONE,
            propensity: f32::NAN,
        });
    }
    examples.take()
}

/// Takes back the first so many organic events of a batch.
fn taken_back(batch: &Feedback, rows: usize, cursor: u64) -> Feedback {
    fn head<T: Copy>(column: &[T], rows: usize) -> Vec<T> {
        column.iter().take(rows).copied().collect()
    }
    let events = head(&batch.events, rows);
    Feedback {
        cursors: (cursor..).take(events.len()).collect(),
        requests: head(&batch.requests, rows),
        subjects: head(&batch.subjects, rows),
        rows: head(&batch.rows, rows),
        kinds: head(&batch.kinds, rows),
        values: head(&batch.values, rows),
        event_times: head(&batch.event_times, rows),
        receive_times: head(&batch.receive_times, rows),
        statuses: vec![Status::Retracted as u8; events.len()],
        inner_rewards: head(&batch.inner_rewards, rows),
        outer_rewards: head(&batch.outer_rewards, rows),
        events,
        ..Feedback::default()
    }
}
