//! Judging a graph and its agents: which rows are kept back, how lists are scored against them, and what the difference
//! of two arms is worth.
//!
//! Pure, so that a figure depends on the data and the lists alone: who makes the lists is not known here.

mod comparison;
mod cut;
mod folds;
mod metrics;
mod order;
mod prequential;
mod protocol;
mod question;
mod render;
mod report;
mod segments;
mod split;
#[cfg(test)]
mod tests;
mod ties;
mod write;

pub use comparison::{Comparison, Verdict, compare};
pub use cut::{Cut, cut, within};
pub use folds::{FOLDS, Folds, fold, p2};
pub use greenroom_experiment::{Bootstrap, Interval};
pub use metrics::{Estimate, Judge, Judged, Metric, Ranked, Scores, score};
pub use order::{compare_ids, sorted};
pub use prequential::p3;
pub use protocol::{ProtocolError, p1, pair};
pub use question::Question;
pub use report::{Arm, ArmKind, Cost, Data, Entry, Quantiles, Report, SegmentScores};
pub use segments::{Segment, Thresholds};
pub use split::{Asked, Block, Exam, Split};
pub use write::write_tsv;

/// From this rating on a row speaks for its item.
pub const POSITIVE_MIN: f32 = 4.0;
