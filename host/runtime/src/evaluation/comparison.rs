//! Whether one arm is better than another.

use serde::{Deserialize, Serialize};

use super::{Bootstrap, Judged, Metric, Segment};

/// Of fewer subjects an interval says nothing: samples of one subject are all the same.
const USERS_MIN: usize = 10;

/// What an interval says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is above 0.
    Above,
    /// It is below 0.
    Below,
    /// It holds 0, or there are fewer than 10 subjects.
    Undecided,
}

/// The mean over subjects of what arm `a` has more than arm `b`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// One arm.
    pub a: String,
    /// The other.
    pub b: String,
    /// What is compared.
    pub metric: Metric,
    /// Among whom; `None` for all subjects and items.
    pub segment: Option<Segment>,
    /// How many subjects.
    pub users: usize,
    /// The mean of `a - b`.
    pub difference: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What the interval says.
    pub verdict: Verdict,
}

/// Compares two arms that the same judge judged: over all, then by segment. Segments without subjects are left out.
#[must_use]
pub fn compare(
    (a, judged_a): (&str, &Judged),
    (b, judged_b): (&str, &Judged),
    metric: Metric,
    bootstrap: &Bootstrap,
) -> Vec<Comparison> {
    let segments = std::iter::once(None).chain(Segment::ALL.map(Some));
    segments
        .filter_map(|segment| {
            let of_b = judged_b.values(metric, segment);
            let differences: Vec<f64> =
                judged_a.values(metric, segment).into_iter().zip(of_b).map(|(a, b)| a - b).collect();
            let interval = bootstrap.interval(&differences)?;
            let verdict = match () {
                () if differences.len() < USERS_MIN => Verdict::Undecided,
                () if interval.low > 0.0 => Verdict::Above,
                () if interval.high < 0.0 => Verdict::Below,
                () => Verdict::Undecided,
            };
            Some(Comparison {
                a: a.to_owned(),
                b: b.to_owned(),
                metric,
                segment,
                users: differences.len(),
                difference: interval.difference,
                low: interval.low,
                high: interval.high,
                verdict,
            })
        })
        .collect()
}
