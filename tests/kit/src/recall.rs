//! Recall agents on a split, natively, along the road that a host takes with them: feedback, fit, a snapshot, a restored
//! agent, and one decision a case.

use std::error::Error;
use std::time::{Duration, Instant};

use greenroom_sdk::{Candidates, Fault, Learner, Lifecycle, Observation, Params, Payload, native};

use crate::movielens::{Case, Figures, Split, folder};

/// What running an agent cost and gave.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields' names say it")]
pub struct Run {
    pub figures: Figures,
    pub state_bytes: usize,
    pub learn_and_fit: Duration,
    pub restore: Duration,
    /// The mean of all decisions.
    pub decide: Duration,
}

/// Trains an agent on the train part.
///
/// # Errors
/// What the agent says.
pub fn trained<A: Learner>(params: &Params, split: &Split) -> Result<A, Fault> {
    let mut learner = A::default();
    learner.configure(params)?;
    let (mut first, batch_max) = (0, 8192);
    for events in split.events().chunks(batch_max) {
        let mut batch = native::organic(events);
        for id in batch.events.iter_mut().chain(&mut batch.cursors) {
            *id += first;
        }
        first += batch_max as u64;
        learner.learn(batch)?;
    }
    learner.fit()?;
    Ok(learner)
}

/// Trains an agent, restores another one from its snapshot, and asks that one for 200 rows in every case.
///
/// # Errors
/// What the agent says, and when an answer breaks the contract: more than was asked for, an excluded or a repeated row,
/// a score that is not finite or out of order.
pub fn run<A: Learner>(params: &Params, split: &Split) -> Result<Run, Box<dyn Error>> {
    let begun = Instant::now();
    let state = trained::<A>(params, split).and_then(|learner| learner.snapshot()).map_err(said)?;
    let learn_and_fit = begun.elapsed();
    let state_bytes = state.bytes.len();

    let begun = Instant::now();
    let mut agent = A::default();
    agent.configure(params).and_then(|()| agent.restore(state)).map_err(said)?;
    let restore = begun.elapsed();

    let (mut failed, mut spent, mut decisions) = (None, Duration::ZERO, 0_u32);
    let figures = split.evaluate(|case| {
        let seen = observation(case, 200);
        let asked = seen.clone();
        let begun = Instant::now();
        let decision = agent.decide(seen);
        spent += begun.elapsed();
        decisions += 1;
        match decision.map(|decision| decision.payload) {
            Ok(Payload::Candidates(answer)) => {
                failed = failed.take().or_else(|| broken(&answer, &asked));
                answer.rows
            }
            Ok(_) => {
                failed = Some("the answer is no candidates".to_owned());
                Vec::new()
            }
            Err(fault) => {
                failed = Some(fault.message);
                Vec::new()
            }
        }
    });
    match failed {
        Some(why) => Err(why.into()),
        None => Ok(Run { figures, state_bytes, learn_and_fit, restore, decide: spent / decisions.max(1) }),
    }
}

/// A request of a case's user: its train part is the history, and is excluded.
#[must_use]
pub fn observation(case: &Case, limit: u32) -> Observation {
    let mut excluded: Vec<u32> = case.history.iter().map(|event| event.0).collect();
    excluded.sort_unstable();
    Observation { excluded, ..native::observe(limit, &case.history) }
}

/// The parameters of an agent as it describes itself.
#[must_use]
pub fn defaults<A: Lifecycle>() -> Params {
    Params::defaults(&A::describe())
}

/// Makes genres and years of the example's movies known to this thread's agents.
///
/// # Errors
/// When the file is not there or is no such file.
pub fn set_movie_facts(split: &Split) -> Result<(), Box<dyn Error>> {
    let mut reader = csv::Reader::from_path(folder().join("movies.csv"))?;
    let n = split.items.len();
    let (mut names, mut genres, mut years) = (Vec::<String>::new(), vec![0_i64; n], vec![f32::NAN; n]);
    for record in reader.records() {
        let record = record?;
        let field = |i: usize| record.get(i).ok_or_else(|| format!("no column {i} in {record:?}"));
        let Ok(row) = split.items.binary_search(&field(0)?.parse()?) else { continue };
        if let (Some(year), Ok(known)) = (years.get_mut(row), field(2)?.parse()) {
            *year = known;
        }
        for name in field(3)?.split('|').filter(|name| !name.starts_with('(') && !name.is_empty()) {
            let bit = names.iter().position(|known| known == name).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            });
            if let Some(bits) = genres.get_mut(row) {
                *bits |= 1 << bit;
            }
        }
    }
    let names = names.iter().map(String::as_str).collect();
    native::set_facts(u32::try_from(n)?, &[("year", years)], &[("genres", names, genres)]);
    Ok(())
}

fn said(fault: Fault) -> Box<dyn Error> {
    fault.message.into()
}

fn broken(answer: &Candidates, asked: &Observation) -> Option<String> {
    if answer.len() > asked.limit as usize || answer.rows.len() != answer.scores.len() {
        return Some(format!("{} rows and {} scores for {}", answer.rows.len(), answer.scores.len(), asked.limit));
    }
    if let Some(row) = answer.rows.iter().find(|row| asked.excluded.binary_search(row).is_ok()) {
        return Some(format!("row {row} is excluded"));
    }
    let ranked: Vec<(f32, u32)> = answer.scores.iter().copied().zip(answer.rows.iter().copied()).collect();
    let in_order = |a: &(f32, u32), b: &(f32, u32)| a.0 > b.0 || (a.0 == b.0 && a.1 < b.1);
    if !ranked.is_sorted_by(in_order) || answer.scores.iter().any(|score| !score.is_finite()) {
        return Some(format!("not in order of score and row: {ranked:?}"));
    }
    None
}
