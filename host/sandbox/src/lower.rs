//! From the host's words to the contract's, borrowing: columns are copied once, into the guest.

use greenroom_model::{Column, Feedback, Observation, Payload, Values};

use crate::bindings::greenroom::agent::types;

fn column(column: &Column) -> types::ColumnParam<'_> {
    let values = match &column.values {
        Values::F32s(v) => types::ValuesParam::F32s(v),
        Values::S64s(v) => types::ValuesParam::S64s(v),
        Values::U32s(v) => types::ValuesParam::U32s(v),
    };
    types::ColumnParam { name: &column.name, values }
}

/// The columns of each input, which the inputs borrow.
pub(crate) fn columns_of(seen: &Observation) -> Vec<Vec<types::ColumnParam<'_>>> {
    let columns = |payload: &'_ Payload| match payload {
        Payload::Candidates(c) => c.columns.len(),
        _ => 0,
    };
    seen.inputs
        .iter()
        .map(|input| match &*input.payload {
            Payload::Candidates(candidates) => {
                let mut all = Vec::with_capacity(columns(&input.payload));
                all.extend(candidates.columns.iter().map(column));
                all
            }
            _ => Vec::new(),
        })
        .collect()
}

/// The branches of each input, which the inputs borrow.
pub(crate) fn branches_of(seen: &Observation) -> Vec<Vec<types::BranchParam<'_>>> {
    seen.inputs
        .iter()
        .map(|input| match &*input.payload {
            Payload::Route(branches) => {
                branches.iter().map(|(name, p)| types::BranchParam { name, probability: *p }).collect()
            }
            _ => Vec::new(),
        })
        .collect()
}

pub(crate) fn inputs<'a>(
    seen: &'a Observation,
    columns: &'a [Vec<types::ColumnParam<'a>>],
    branches: &'a [Vec<types::BranchParam<'a>>],
) -> Vec<types::Input<'a>> {
    seen.inputs
        .iter()
        .zip(columns)
        .zip(branches)
        .map(|((input, columns), branches)| {
            let payload = match &*input.payload {
                Payload::Candidates(c) => types::PayloadParam::Candidates(types::CandidatesParam {
                    rows: &c.rows,
                    scores: &c.scores,
                    sources: &c.sources,
                    columns,
                }),
                Payload::Route(_) => types::PayloadParam::Route(types::RouteParam { branches }),
                Payload::Settings { scope, patch } => {
                    types::PayloadParam::Settings(types::SettingsParam { scope, patch })
                }
                Payload::Document(document) => types::PayloadParam::Document(document),
            };
            types::Input { port: &input.port, node: &input.node, payload }
        })
        .collect()
}

fn latest<T>(column: &[T], most: usize) -> &[T] {
    column.get(column.len().saturating_sub(most)..).unwrap_or_default()
}

pub(crate) fn observation<'a>(
    seen: &'a Observation,
    inputs: &'a [types::Input<'a>],
    segments: &'a [&'a str],
) -> types::Observation<'a> {
    let most = seen.history_max as usize;
    types::Observation {
        request_id: &seen.request_id,
        subject: seen.subject.as_ref().map(|s| types::Subject { key: &s.key, number: s.number }),
        now: seen.now_ms,
        seed: seen.seed,
        limit: seen.limit,
        surface: &seen.surface,
        session_id: seen.session_id.as_deref(),
        segments,
        excluded: &seen.excluded,
        allowed: seen.allowed.as_deref(),
        context: &seen.context,
        history: types::History {
            rows: latest(&seen.history.rows, most),
            times: latest(&seen.history.times, most),
            kinds: latest(&seen.history.kinds, most),
            values: latest(&seen.history.values, most),
        },
        inputs,
    }
}

/// What a batch of feedback borrows beside itself.
pub(crate) struct FeedbackParts<'a> {
    request_ids: Vec<&'a str>,
    version_ids: Vec<&'a str>,
    decided: Vec<types::ColumnParam<'a>>,
    inputs: Vec<types::ColumnParam<'a>>,
}

impl<'a> FeedbackParts<'a> {
    pub(crate) fn of(feedback: &'a Feedback) -> Self {
        Self {
            request_ids: feedback.request_ids.iter().map(String::as_str).collect(),
            version_ids: feedback.version_ids.iter().map(String::as_str).collect(),
            decided: feedback.decided.iter().map(column).collect(),
            inputs: feedback.inputs.iter().map(column).collect(),
        }
    }

    pub(crate) fn param(&'a self, feedback: &'a Feedback) -> types::Feedback<'a> {
        types::Feedback {
            events: &feedback.events,
            cursors: &feedback.cursors,
            requests: &feedback.requests,
            request_ids: &self.request_ids,
            versions: &feedback.versions,
            version_ids: &self.version_ids,
            subjects: &feedback.subjects,
            rows: &feedback.rows,
            positions: &feedback.positions,
            exposed: &feedback.exposed,
            kinds: &feedback.kinds,
            values: &feedback.values,
            event_times: &feedback.event_times,
            receive_times: &feedback.receive_times,
            statuses: &feedback.statuses,
            inner_rewards: &feedback.inner_rewards,
            outer_rewards: &feedback.outer_rewards,
            credits: &feedback.credits,
            propensities: &feedback.propensities,
            decided: &self.decided,
            inputs: &self.inputs,
        }
    }
}
