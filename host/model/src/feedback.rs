//! Feedback in columns, as learners take it. See `wit/0.2.0/types.wit` for what each column means.

use serde::{Deserialize, Serialize};

use crate::Column;

/// Stands for "none" in columns of `u32`.
pub const NONE: u32 = u32::MAX;

/// Whether a row was seen by the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Exposure {
    /// Nobody knows.
    Unknown = 0,
    /// It was not.
    No = 1,
    /// It was.
    Yes = 2,
}

/// Whether an event may still change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Status {
    /// It may.
    Provisional = 0,
    /// It may not.
    Final = 1,
    /// It was taken back.
    Retracted = 2,
}

/// A batch of feedback. Every column is as long as `rows` or empty.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "documented in the contract")]
pub struct Feedback {
    pub events: Vec<u64>,
    pub cursors: Vec<u64>,
    pub requests: Vec<u32>,
    pub request_ids: Vec<String>,
    pub versions: Vec<u32>,
    pub version_ids: Vec<String>,
    pub subjects: Vec<u32>,
    pub rows: Vec<u32>,
    pub positions: Vec<u32>,
    pub exposed: Vec<u8>,
    pub kinds: Vec<u8>,
    pub values: Vec<f32>,
    pub event_times: Vec<i64>,
    pub receive_times: Vec<i64>,
    pub statuses: Vec<u8>,
    pub inner_rewards: Vec<f32>,
    pub outer_rewards: Vec<f32>,
    pub credits: Vec<f32>,
    pub propensities: Vec<f32>,
    pub decided: Vec<Column>,
    pub inputs: Vec<Column>,
}

/// What `fit` found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FitReport {
    /// Events that it learned from.
    pub examples: u64,
    /// The loss that it reached.
    pub loss: Option<f64>,
    /// For a person.
    pub notes: Vec<String>,
}
