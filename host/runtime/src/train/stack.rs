//! Stacked agents learn on the next part of each subject's events, from what the nodes before them say of it.

use std::collections::HashMap;
use std::sync::Arc;

use greenroom_model::{Digest, Feedback, NONE, Subject};

use super::{Done, Part, TrainError, Trainer, key};
use crate::active::ActivePlan;
use crate::agent::Agent;
use crate::evaluation::{POSITIVE_MIN, Split};
use crate::examples::{BATCH_ROWS, Earned, Example, Examples};
use crate::execute::Remembered;
use crate::past::{Past, organic};
use crate::request::{Request, unmarked};

/// More subjects teach little more about a few weights, and cost a request each.
const SUBJECTS_MAX: usize = 4_000;
/// What a node without a limit of its own, the output, is asked for.
const LIMIT: u32 = 100;

/// Where the cursors of events after the lessons begin: behind those of whatever was served.
const AFTER: u64 = 1 << 41;

/// What a subject did next.
struct Next {
    subject: u32,
    time_ms: i64,
    positives: Vec<u32>,
}

impl Trainer {
    /// Trains the agent of the node that `plan` ends at, a learner.
    #[expect(clippy::too_many_arguments, reason = "the parts of one training")]
    pub(super) async fn stacked(
        &self,
        plan: &Arc<ActivePlan>,
        node: &str,
        learner: &Agent,
        split: &Split,
        early: &Part,
        next: &Part,
        served: &[Feedback],
    ) -> Result<Done, TrainError> {
        let digest = |part: &Part| part.columns.digest(&split.users, &split.items);
        let data = [digest(early), digest(next), digest_of(served), early.facts];
        let key = key::stacked(learner, plan, &data);
        let known = self.states.training(&key).is_some();
        let mut before = Vec::new();
        if !known {
            before = organic(&early.columns, 0, BATCH_ROWS);
            let cursor = early.columns.len() as u64;
            before.extend(self.examples(plan, node, split, early, next, cursor).await?);
            before.extend(served.iter().cloned());
        }
        let after = || organic(&next.columns, AFTER, BATCH_ROWS);
        self.learn(learner, &key, || Ok(before), after).await
    }

    /// What arrives at the node for each subject, and which of it turned out well.
    async fn examples(
        &self,
        plan: &Arc<ActivePlan>,
        node: &str,
        split: &Split,
        early: &Part,
        next: &Part,
        cursor: u64,
    ) -> Result<Vec<Feedback>, TrainError> {
        let failed = |fault| TrainError::Agent { agent: node.to_owned(), fault };
        let nexts = nexts(next);
        let step = nexts.len().div_ceil(SUBJECTS_MAX).max(1);
        let past = Past::of(&early.columns, split.users.len());
        let chosen: Vec<Next> = nexts.into_iter().step_by(step).collect();
        let name = format!("{node}: candidates");
        self.progress.begin(&name, chosen.len() as u64);
        plan.warm().await?;
        let scope = || {
            let data = early.columns.digest(&split.users, &split.items);
            let next = next.columns.digest(&split.users, &split.items);
            Digest::of_parts([b"examples".as_slice(), data.bytes(), next.bytes(), early.facts.bytes()])
        };
        let remembered = self.outputs.as_ref().map(|outputs| Arc::new(Remembered::of(outputs, plan, &scope())));
        let mut examples = Examples::starting_at(cursor);
        let mut failures = Vec::new();
        // As many at once as there are threads; joined in order, so that the same data gives the same batches.
        for group in chosen.chunks(self.guests.threads().max(1) * 8) {
            let mut running = Vec::with_capacity(group.len());
            for next in group {
                let id = unmarked(&format!("stack/{}", next.subject));
                let history = past.history(next.subject);
                let mut request = Request::new(&id, history, next.time_ms, LIMIT);
                request.patient = true;
                request.remembered = remembered.clone().map(|remembered| (remembered, u64::from(next.subject)));
                request.subject = split
                    .users
                    .get(next.subject as usize)
                    .map(|key| Subject { key: Arc::clone(key), number: next.subject });
                let (plan, node) = (Arc::clone(plan), node.to_owned());
                running.push(tokio::spawn(async move { plan.arriving(request, &node).await }));
            }
            for (next, running) in group.iter().zip(running) {
                let inputs = match running.await.map_err(|_| crate::guests::Gone)? {
                    Ok(inputs) => inputs,
                    // As in serving: it costs this request.
                    Err(fault) => {
                        failures.push(fault);
                        continue;
                    }
                };
                let id = unmarked(&format!("stack/{}", next.subject));
                let example = Example {
                    request_id: &id,
                    version: None,
                    subject: next.subject,
                    time_ms: next.time_ms,
                    inputs: &inputs,
                    decided: None,
                };
                examples.push(&example, &|row| Earned {
                    reward: f32::from(u8::from(next.positives.binary_search(&row).is_ok())),
                    exposed: 0,
                    position: NONE,
                    propensity: f32::NAN,
                });
                self.progress.step(&name);
            }
        }
        self.progress.end(&name, false);
        if let Some(first) = failures.first() {
            tracing::warn!(node, failed = failures.len(), of = chosen.len(), %first, "some examples could not be had");
            if failures.len() == chosen.len() {
                return Err(failed(first.clone()));
            }
        }
        Ok(examples.take())
    }
}

/// Of all that a learner is told by served feedback.
fn digest_of(served: &[Feedback]) -> Digest {
    let parts: Vec<Vec<u8>> = served.iter().map(|batch| format!("{batch:?}").into_bytes()).collect();
    Digest::of_parts(parts.iter().map(Vec::as_slice))
}

/// By subject, ascending; subjects without a positive are left out: they teach no order.
fn nexts(part: &Part) -> Vec<Next> {
    let columns = &part.columns;
    let mut by_subject: HashMap<u32, Next> = HashMap::new();
    for (row, (subject, item)) in columns.users.iter().zip(&columns.items).enumerate() {
        let time_ms = columns.time(row).unwrap_or(0);
        let entry = by_subject.entry(*subject).or_insert(Next { subject: *subject, time_ms, positives: Vec::new() });
        entry.time_ms = entry.time_ms.min(time_ms);
        if columns.rating(row).is_none_or(|rating| rating >= POSITIVE_MIN) {
            entry.positives.push(*item);
        }
    }
    let mut all: Vec<Next> = by_subject.into_values().filter(|next| !next.positives.is_empty()).collect();
    for next in &mut all {
        next.positives.sort_unstable();
    }
    all.sort_by_key(|next| next.subject);
    all
}
