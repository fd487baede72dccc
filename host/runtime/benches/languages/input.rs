//! What every scorer is asked, and what it has to answer.

use std::path::Path;
use std::sync::Arc;

use greenroom_model::{Candidates, Column, History, Input, Observation, Payload, Values};
use serde::{Deserialize, Serialize};
use serde_json::json;

const COUNT: u32 = 1_000;
pub(crate) const LIMIT: u32 = 20;
const FRESHNESS: f64 = 0.25;
const EXPLORATION: f64 = 0.5;

/// Rows and the bits of their scores.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<u32>,
    pub(crate) scores: Vec<u32>,
}

struct Columns {
    rows: Vec<u32>,
    relevance: Vec<f32>,
    age: Vec<f32>,
    shown: Vec<i64>,
    clicked: Vec<u32>,
}

/// Numbers without a pattern, of which every one stands twice, so that there are ties to break.
fn columns() -> Columns {
    let mut state = 20_u64;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % below).unwrap()
    };
    let mut columns =
        Columns { rows: Vec::new(), relevance: Vec::new(), age: Vec::new(), shown: Vec::new(), clicked: Vec::new() };
    for i in 0..COUNT / 2 {
        let shown = draw(500);
        let (relevance, age, clicked) = (draw(10_000) as f32 / 10_000.0, draw(36_500) as f32 / 10.0, draw(50));
        // 7 has no factor in common with 1,000, so that no row comes twice.
        for place in [i, COUNT - 1 - i] {
            columns.rows.push(place * 7 % COUNT);
            columns.relevance.push(relevance);
            columns.age.push(age);
            columns.shown.push(shown.into());
            columns.clicked.push(clicked.min(shown));
        }
    }
    columns
}

/// The request.
pub(crate) fn seen() -> Observation {
    let Columns { rows, relevance, age, shown, clicked } = columns();
    let scores = vec![0.0; rows.len()];
    let column = |name: &str, values| Column { name: name.to_owned(), values };
    let columns = vec![
        column("relevance", Values::F32s(relevance)),
        column("age", Values::F32s(age)),
        column("shown", Values::S64s(shown)),
        column("clicked", Values::U32s(clicked)),
    ];
    let payload = Arc::new(Payload::Candidates(Candidates { rows, scores, sources: Vec::new(), columns }));
    Observation {
        request_id: "r".into(),
        subject: None,
        now_ms: 0,
        seed: 1,
        limit: LIMIT,
        surface: "".into(),
        session_id: None,
        segments: Arc::from([]),
        excluded: Arc::from([]),
        allowed: None,
        context: Arc::from([]),
        history: Arc::new(History::default()),
        history_max: 0,
        inputs: vec![Input { port: "ranked".into(), node: "rank".into(), payload }],
    }
}

/// The parameters, as `configure` is given them.
pub(crate) fn params() -> Vec<u8> {
    let params = std::collections::BTreeMap::from([("exploration", EXPLORATION), ("freshness", FRESHNESS)]);
    rmp_serde::to_vec_named(&params).unwrap()
}

/// All of it, for programs that are not ours.
pub(crate) fn write(path: &Path) {
    let Columns { rows, relevance, age, shown, clicked } = columns();
    let input = json!({
        "limit": LIMIT, "freshness": FRESHNESS, "exploration": EXPLORATION,
        "rows": rows, "relevance": relevance, "age": age, "shown": shown, "clicked": clicked,
    });
    std::fs::write(path, input.to_string()).unwrap();
}

/// What it comes to: by descending score, ties by ascending row.
pub(crate) fn answer() -> Answer {
    let Columns { rows, relevance, age, shown, clicked } = columns();
    let score = |i: usize| {
        let (shown, clicked) = (shown[i] as f64, f64::from(clicked[i]));
        let rate = (clicked + 1.0) / (shown + 20.0);
        let fresh = FRESHNESS / (1.0 + f64::from(age[i]) / 30.0);
        let interest = f64::from(relevance[i]) + fresh + rate + EXPLORATION / (1.0 + shown).sqrt();
        #[expect(clippy::cast_possible_truncation, reason = "scores are f32")]
        let score = (interest / (1.0 + interest * interest).sqrt()) as f32;
        score
    };
    let mut scored: Vec<(f32, u32)> = rows.iter().enumerate().map(|(i, &row)| (score(i), row)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.truncate(LIMIT as usize);
    Answer {
        rows: scored.iter().map(|&(_, row)| row).collect(),
        scores: scored.iter().map(|&(score, _)| score.to_bits()).collect(),
    }
}
