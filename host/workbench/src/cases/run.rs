//! Asking the cases, each of an instance in a world of its own.

use std::sync::Arc;

use greenroom_model::{
    Call, Candidates, Column, Decision, Fault, Feedback, Grant, History, Input, NONE, Observation, Params, Payload,
    Subject, Usage, Values,
};
use greenroom_sandbox::{Component, check_payload};
use serde::{Deserialize, Serialize};

use super::file::{Case, Event, File, Listed};
use crate::{Session, World, defaults};

/// When hour 0 is.
const BEGIN_MS: i64 = 1_700_000_000_000;
const HOUR_MS: i64 = 3_600_000;

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// What was decided.
    Decided(Decision),
    /// The kind of a fault, and what it said.
    Fault(String, String),
}

/// A case that was asked.
#[derive(Debug)]
pub struct Ran {
    /// Its name.
    pub name: String,
    /// What is not as it was expected.
    pub wrong: Vec<Wrong>,
    /// Whether its answer is kept.
    pub golden: bool,
    /// What was answered; nothing when it could not even be asked.
    pub answer: Option<Answer>,
    /// What `decide` used.
    pub usage: Usage,
}

/// Something that is not as it was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// In words.
    pub message: String,
    /// Whether it is that the answer is not the one that was kept.
    pub of_golden: bool,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, of_golden: false }
    }
}

/// Asks all of them. `kept` is what was answered before, by a case's name.
///
/// # Errors
/// When the component cannot describe itself.
pub async fn run(
    component: &Component,
    file: &File,
    kept: &(dyn Fn(&str) -> Option<Answer> + Sync),
) -> Result<Vec<Ran>, Fault> {
    let mut all = Vec::new();
    for case in &file.cases {
        let mut grants: Vec<Grant> = case.grants.iter().filter_map(|grant| Grant::parse(grant)).collect();
        grants.extend(Grant::parse("items:read").filter(|_| case.facts));
        let session = Session::begin_in(component, World::of(&file.world), grants).await?;
        let mut ran = Ran {
            name: case.name.clone(),
            wrong: Vec::new(),
            golden: case.expect.golden,
            answer: None,
            usage: Usage::default(),
        };
        match ask(&session, case, &mut ran.usage).await {
            Err(wrong) => ran.wrong.push(wrong.into()),
            Ok(answer) => {
                judge(case, &answer, session.rows(), &ran.usage, &mut ran.wrong);
                if case.expect.golden
                    && let Some(message) = differs(&answer, kept(&case.name))
                {
                    ran.wrong.push(Wrong { message, of_golden: true });
                }
                ran.answer = Some(answer);
            }
        }
        all.push(ran);
    }
    Ok(all)
}

async fn ask(session: &Session, case: &Case, usage: &mut Usage) -> Result<Answer, String> {
    let mut params: Params = session.descriptor().map(defaults).unwrap_or_default();
    params.extend(case.params.clone());
    let budgets = session.budgets();
    let answer = |fault: Fault| Answer::Fault(fault.kind.name().to_owned(), fault.message);
    let mut instance = match session.instance(Some(&params)).await {
        Ok(instance) => instance,
        Err(fault) if case.expect.fault.is_some() => return Ok(answer(fault)),
        Err(fault) => return Err(format!("configure: {fault}")),
    };
    if !case.learn.is_empty() {
        instance.learn(&told(&case.learn), budgets.of(Call::Learn)).await.map_err(|e| format!("learn: {e}"))?;
        instance.fit(budgets.of(Call::Fit)).await.map_err(|e| format!("fit: {e}"))?;
    }
    let decided = instance.decide(&seen(session, case), &budgets.decide).await;
    usage.clone_from(instance.usage());
    Ok(decided.map_or_else(answer, Answer::Decided))
}

fn seen(session: &Session, case: &Case) -> Observation {
    let asked = &case.ask;
    let history_max = session.descriptor().map_or(0, |d| d.history_max);
    let latest = asked.history.len().saturating_sub(history_max as usize);
    let history: Vec<&Event> = asked.history.iter().skip(latest).collect();
    let sorted = |rows: &[u32]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows.dedup();
        Arc::from(rows)
    };
    Observation {
        request_id: case.name.as_str().into(),
        subject: asked.subject.as_deref().map(|key| Subject { key: key.into(), number: key.parse().unwrap_or(0) }),
        now_ms: BEGIN_MS + asked.hour * HOUR_MS,
        seed: asked.seed,
        limit: asked.limit,
        surface: asked.surface.as_str().into(),
        session_id: None,
        segments: asked.segments.clone().into(),
        excluded: sorted(&asked.excluded),
        allowed: asked.allowed.as_deref().map(sorted),
        context: Arc::from([]),
        history: Arc::new(History {
            rows: history.iter().map(|e| e.row).collect(),
            times: history.iter().map(|e| BEGIN_MS + e.hour * HOUR_MS).collect(),
            kinds: history.iter().map(|e| e.kind).collect(),
            values: history.iter().map(|e| e.value).collect(),
        }),
        history_max,
        inputs: asked.inputs.iter().map(|(port, listed)| input(port, listed)).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "places in a list")]
fn input(port: &str, listed: &Listed) -> Input {
    let n = listed.rows.len();
    let scores = match listed.scores.len() {
        0 => (0..n).map(|place| 1.0 - place as f32 / n as f32).collect(),
        _ => listed.scores.clone(),
    };
    let column =
        |(name, values): (&String, &Vec<f32>)| Column { name: name.clone(), values: Values::F32s(values.clone()) };
    let columns = listed.columns.iter().map(column).collect();
    let all = Candidates { rows: listed.rows.clone(), scores, sources: vec![1; n], columns };
    Input { port: port.into(), node: port.into(), payload: Arc::new(Payload::Candidates(all)) }
}

fn told(events: &[Event]) -> Feedback {
    let n = events.len();
    let ids: Vec<u64> = (1..=n as u64).collect();
    let times: Vec<i64> = events.iter().map(|e| BEGIN_MS + e.hour * HOUR_MS).collect();
    let rewards: Vec<f32> = events.iter().map(|e| e.reward).collect();
    Feedback {
        events: ids.clone(),
        cursors: ids,
        requests: vec![NONE; n],
        subjects: events.iter().map(|e| e.subject).collect(),
        rows: events.iter().map(|e| e.row).collect(),
        kinds: events.iter().map(|e| e.kind).collect(),
        values: events.iter().map(|e| e.value).collect(),
        event_times: times.clone(),
        receive_times: times,
        statuses: vec![1; n],
        inner_rewards: rewards.clone(),
        outer_rewards: rewards,
        ..Feedback::default()
    }
}

/// How an answer is not the one that was kept.
fn differs(answer: &Answer, kept: Option<Answer>) -> Option<String> {
    match kept {
        Some(before) if before == *answer => None,
        Some(before) => Some(format!("it answered {}, and before {}", shown(answer), shown(&before))),
        None => Some("no answer of it is kept yet: `greenroom test --update` keeps it".to_owned()),
    }
}

fn judge(case: &Case, answer: &Answer, rows: u32, usage: &Usage, all: &mut Vec<Wrong>) {
    let mut wrong: Vec<String> = Vec::new();
    expect(case, answer, rows, usage, &mut wrong);
    all.extend(wrong.into_iter().map(Wrong::from));
}

fn expect(case: &Case, answer: &Answer, rows: u32, usage: &Usage, wrong: &mut Vec<String>) {
    let expected = &case.expect;
    let decision = match (answer, &expected.fault) {
        (Answer::Fault(kind, _), Some(expected)) if kind == expected => return,
        (answer, Some(expected)) => {
            return wrong.push(format!("expected a fault of kind {expected}, got {}", shown(answer)));
        }
        (answer @ Answer::Fault(..), None) => return wrong.push(shown(answer)),
        (Answer::Decided(decision), None) => decision,
    };
    if let Err(violation) = check_payload(&decision.payload, decision.policy.as_ref(), case.ask.limit, rows) {
        wrong.push(violation.to_string());
    }
    if let Some(most) = expected.fuel_max.filter(|most| usage.fuel > *most) {
        wrong.push(format!("it took {} fuel, expected {most} at the most", usage.fuel));
    }
    if let (Some(expected), Payload::Route(route)) = (&expected.branches, &decision.payload) {
        let picked: Vec<&String> = route.iter().map(|(name, _)| name).collect();
        if picked != expected.iter().collect::<Vec<_>>() {
            wrong.push(format!("expected the branches {expected:?}, got {picked:?}"));
        }
    }
    let found = decision.payload.candidates().map(|all| all.rows.as_slice());
    let got = found.unwrap_or_default();
    let listed =
        expected.rows.is_some() || expected.count.is_some() || !expected.first.is_empty() || !expected.has.is_empty();
    if found.is_none() && listed {
        return wrong.push(format!("expected candidates, got {}", decision.payload.kind().name()));
    }
    if let Some(rows) = expected.rows.as_ref().filter(|rows| rows.as_slice() != got) {
        wrong.push(format!("expected the rows {rows:?}, got {got:?}"));
    }
    if !got.starts_with(&expected.first) {
        wrong.push(format!("expected {:?} first, got {got:?}", expected.first));
    }
    if let Some(count) = expected.count.filter(|count| *count != got.len()) {
        wrong.push(format!("expected {count} rows, got {}", got.len()));
    }
    let missing: Vec<&u32> = expected.has.iter().filter(|row| !got.contains(row)).collect();
    if !missing.is_empty() {
        wrong.push(format!("{missing:?} are not in {got:?}"));
    }
    let unwanted: Vec<&u32> = expected.lacks.iter().filter(|row| got.contains(row)).collect();
    if !unwanted.is_empty() {
        wrong.push(format!("{unwanted:?} are in {got:?}"));
    }
}

fn shown(answer: &Answer) -> String {
    match answer {
        Answer::Fault(kind, message) => format!("a fault, {kind}: {message}"),
        Answer::Decided(decision) => match &decision.payload {
            Payload::Candidates(all) => format!("the rows {:?} with the scores {:?}", all.rows, all.scores),
            other => format!("{other:?}"),
        },
    }
}
