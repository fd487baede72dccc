//! Whether a component keeps the contract: at the edges of every type, with parameters and states that are wrong, from one
//! version's state to the next, and call after call in one instance.
//!
//! A trial at admission asks whether an agent is fit to serve. This asks its author's question, whether whatever the language
//! makes of the contract is right, and goes on after the first failure.

use greenroom_model::{Call, Decision, Descriptor, Fault, FaultKind, FaultSource, Feedback, Params, State};
use greenroom_sandbox::{Component, Instance, check_payload};

use crate::session::packed;
use crate::{Check, ROWS, Session, Shape, defaults, feedback, observation};

/// Calls that one instance answers, in each of so many rounds at most.
const CALLS: u64 = 300;
const ROUNDS: u64 = 8;

/// Checks a component. `next` is a later version of it, which is to take its state.
///
/// # Errors
/// When it cannot describe itself, which everything else needs.
pub async fn conformance(component: &Component, next: Option<&Component>) -> Result<Vec<Check>, Fault> {
    let session = Session::begin(component, &[]).await?;
    let mut checks = Vec::new();
    for shape in Shape::ALL {
        checks.push(Check::of(answers(shape), decides(&session, shape).await));
    }
    checks.push(Check::of("the same observation has the same answer in another instance", repeats(&session).await));
    checks.push(Check::of("call after call in one instance, memory stops growing", lasts(&session).await));
    if let Some(descriptor) = session.descriptor() {
        checks.push(Check::of("it describes itself the same each time", describes(&session, descriptor).await));
        checks.push(Check::of("parameters that are missing or broken are a fault", refuses(&session).await));
        checks.push(Check::of("what it snapshots, it restores", restores(&session).await));
        checks.push(Check::of("a state that is not its own is a fault", refuses_states(&session).await));
        checks.push(match next {
            Some(next) => Check::of("the next version restores its state", goes_over(&session, next).await),
            None => Check::skipped("the next version restores its state", "no next version was named"),
        });
    } else {
        checks.push(Check::skipped("parameters and states", "it does not export `lifecycle`"));
    }
    if component.interfaces().learner && session.descriptor().is_some() {
        checks.push(Check::of("it learns from nothing, from one event and from many", learns(&session).await));
        checks.push(Check::of("learning the same gives the same state", learns_the_same(&session).await));
    } else {
        checks.push(Check::skipped("learning", "it does not export `learner`"));
    }
    Ok(checks)
}

fn answers(shape: Shape) -> &'static str {
    match shape {
        Shape::Ordinary => "it answers an ordinary observation",
        Shape::Empty => "it answers an empty observation",
        Shape::One => "it answers an observation of one row",
        Shape::Many => "it answers an observation of 1,500 rows",
        Shape::Extreme => "it answers the extremes of numbers and text",
        Shape::Closed => "it answers when no row is allowed",
        Shape::None => "it answers when no row is wanted",
    }
}

/// A fault that the guest told in words is an answer; a trap or a budget that ran out is none.
fn told<T>(of: Result<T, Fault>) -> Result<Option<T>, String> {
    match of {
        Ok(value) => Ok(Some(value)),
        Err(fault) if is_told(&fault) => Ok(None),
        Err(fault) => Err(fault.to_string()),
    }
}

fn is_told(fault: &Fault) -> bool {
    use FaultKind::{Internal, InvalidFeedback, InvalidObservation, InvalidParameters, InvalidState, Unavailable};
    let kinds = [Internal, InvalidFeedback, InvalidObservation, InvalidParameters, InvalidState, Unavailable];
    fault.source != FaultSource::Host && kinds.contains(&fault.kind)
}

async fn decides(session: &Session, shape: Shape) -> Result<(), String> {
    let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
    for seed in 0..4 {
        let seen = observation(session.descriptor(), shape, seed);
        let decided = told(instance.decide(&seen, &session.budgets().decide).await)?;
        let Some(Decision { payload, policy }) = decided else { continue };
        check_payload(&payload, policy.as_ref(), seen.limit, ROWS).map_err(|violation| violation.to_string())?;
        if let Some(found) = payload.candidates() {
            let closed = |row: &&u32| {
                seen.excluded.binary_search(row).is_ok()
                    || seen.allowed.as_ref().is_some_and(|allowed| allowed.binary_search(row).is_err())
            };
            // Who passes on what came in may leave that to whoever asked.
            let passes = seen.inputs.iter().any(|input| input.payload.candidates().is_some());
            if let Some(row) = found.rows.iter().find(closed).filter(|_| !passes) {
                return Err(format!("row {row} is in the answer and is excluded or not allowed"));
            }
        }
    }
    Ok(())
}

async fn repeats(session: &Session) -> Result<(), String> {
    for shape in [Shape::Ordinary, Shape::Many, Shape::Extreme] {
        let mut answers = Vec::new();
        for _ in 0..2 {
            let session = session.anew();
            let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
            let seen = observation(session.descriptor(), shape, 1);
            answers.push(told(instance.decide(&seen, &session.budgets().decide).await)?);
        }
        if answers.first() != answers.last() {
            return Err(format!("{} was answered in two ways", shape.name()));
        }
    }
    Ok(())
}

/// Who collects garbage takes more for a while, but not in every round; who never gives back does.
async fn lasts(session: &Session) -> Result<(), String> {
    let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
    let mut shapes = [Shape::Empty, Shape::One, Shape::Ordinary, Shape::Many].into_iter().cycle();
    let mut peaks = Vec::new();
    for round in 0..ROUNDS {
        for (call, shape) in (round * CALLS..(round + 1) * CALLS).zip(&mut shapes) {
            let seen = observation(session.descriptor(), shape, call);
            let decided = told(instance.decide(&seen, &session.budgets().decide).await);
            if decided.map_err(|e| format!("call {call}: {e}"))?.is_none() && !instance.alive() {
                return Err(format!("call {call}: the instance is dead after a fault in words"));
            }
        }
        let peak = instance.usage().memory_peak;
        if round > 0 && peaks.last().is_some_and(|before| peak <= *before) {
            return Ok(());
        }
        peaks.push(peak);
    }
    Err(format!(
        "it had {} bytes after {CALLS} calls, {} after {}, and grew all the time",
        peaks.first().unwrap_or(&0),
        peaks.last().unwrap_or(&0),
        ROUNDS * CALLS
    ))
}

async fn describes(session: &Session, descriptor: &Descriptor) -> Result<(), String> {
    let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
    for _ in 0..2 {
        let again = instance.describe(&session.budgets().configure).await.map_err(|e| e.to_string())?;
        if again != *descriptor {
            return Err("it says something else after `configure`".to_owned());
        }
    }
    Ok(())
}

async fn refuses(session: &Session) -> Result<(), String> {
    let Some(descriptor) = session.descriptor() else { return Ok(()) };
    if descriptor.parameters.is_empty() {
        // Who takes none need not read them.
        return Ok(());
    }
    let usual = defaults(descriptor);
    let mut wrong: Vec<(String, Vec<u8>)> = vec![("what is no MessagePack".to_owned(), vec![0xc1, 0xff])];
    for name in usual.keys() {
        let without: Params = usual.iter().filter(|(n, _)| *n != name).map(|(n, v)| (n.clone(), v.clone())).collect();
        wrong.push((format!("parameters without `{name}`"), packed(&without)));
    }
    for (what, bytes) in wrong {
        let mut instance = session.bare().await.map_err(|e| e.to_string())?;
        match instance.configure(&bytes, &session.budgets().configure).await {
            // Leaving something out that has a default may be taken.
            Ok(()) if what.starts_with("parameters without") => {}
            Ok(()) => return Err(format!("{what} was taken")),
            Err(fault) => {
                told::<()>(Err(fault)).map_err(|e| format!("{what}: {e}"))?;
            }
        }
    }
    Ok(())
}

/// An instance that learned a little, where it learns.
async fn taught(session: &Session) -> Result<Instance, String> {
    let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
    if session.component().interfaces().learner {
        let budgets = session.budgets();
        instance.learn(&feedback(300, 0, 1), budgets.of(Call::Learn)).await.map_err(|e| e.to_string())?;
        instance.fit(budgets.of(Call::Fit)).await.map_err(|e| e.to_string())?;
    }
    Ok(instance)
}

async fn state_of(session: &Session) -> Result<State, String> {
    taught(session).await?.snapshot(&session.budgets().restore).await.map_err(|e| e.to_string())
}

async fn restores(session: &Session) -> Result<(), String> {
    let mut first = taught(session).await?;
    let budgets = session.budgets();
    let state = first.snapshot(&budgets.restore).await.map_err(|e| format!("snapshot: {e}"))?;
    let mut second = session.anew().instance(None).await.map_err(|e| e.to_string())?;
    second.restore(&state, &budgets.restore).await.map_err(|e| format!("restore: {e}"))?;
    let again = second.snapshot(&budgets.restore).await.map_err(|e| format!("snapshot: {e}"))?;
    if again != state {
        let (a, b) = (state.bytes.len(), again.bytes.len());
        return Err(format!("a state of {a} bytes was another of {b} bytes once restored"));
    }
    let seen = observation(session.descriptor(), Shape::Ordinary, 9);
    let answers =
        [told(first.decide(&seen, &budgets.decide).await)?, told(second.decide(&seen, &budgets.decide).await)?];
    if answers[0] != answers[1] {
        return Err("it answers otherwise once restored than when it had learned".to_owned());
    }
    Ok(())
}

async fn refuses_states(session: &Session) -> Result<(), String> {
    let state = state_of(session).await?;
    let mut wrong = vec![("of another schema", State { schema: "other/9".to_owned(), bytes: state.bytes.clone() })];
    if let Some((_, rest)) = state.bytes.split_last() {
        wrong.push(("cut short", State { schema: state.schema.clone(), bytes: rest.to_vec() }));
    }
    let no_state = session.descriptor().is_none_or(|d| d.snapshot_schema.is_empty());
    for (what, state) in wrong {
        let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
        match instance.restore(&state, &session.budgets().restore).await {
            Ok(()) if no_state => {}
            Ok(()) => return Err(format!("a state {what} was taken")),
            Err(fault) => {
                told::<()>(Err(fault)).map_err(|e| format!("a state {what}: {e}"))?;
            }
        }
    }
    Ok(())
}

async fn goes_over(session: &Session, next: &Component) -> Result<(), String> {
    let state = state_of(session).await?;
    let next = Session::begin(next, &[]).await.map_err(|e| format!("the next version cannot describe itself: {e}"))?;
    let mut instance = next.instance(None).await.map_err(|e| e.to_string())?;
    instance.restore(&state, &next.budgets().restore).await.map_err(|e| e.to_string())?;
    let seen = observation(next.descriptor(), Shape::Ordinary, 9);
    instance.decide(&seen, &next.budgets().decide).await.map(|_| ()).map_err(|e| format!("then decide: {e}"))
}

async fn learns(session: &Session) -> Result<(), String> {
    for n in [0, 1, 1_500] {
        let mut instance = session.instance(None).await.map_err(|e| e.to_string())?;
        let budgets = session.budgets();
        told(instance.learn(&feedback(n, 0, 2), budgets.of(Call::Learn)).await)
            .map_err(|e| format!("{n} events: {e}"))?;
        told(instance.learn(&Feedback::default(), budgets.of(Call::Learn)).await)
            .map_err(|e| format!("an empty batch: {e}"))?;
        told(instance.fit(budgets.of(Call::Fit)).await).map_err(|e| format!("fit after {n} events: {e}"))?;
    }
    Ok(())
}

async fn learns_the_same(session: &Session) -> Result<(), String> {
    let states = [state_of(&session.anew()).await?, state_of(&session.anew()).await?];
    if states[0] == states[1] { Ok(()) } else { Err("it had two states after learning the same".to_owned()) }
}
