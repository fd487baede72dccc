//! Feedback, generated.

use greenroom_model::{Column, Feedback, NONE, Values};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use crate::ROWS;

/// When the first event happened.
const BEGIN_MS: i64 = 1_690_000_000_000;

/// `n` events after the cursor `from`, half of them organic, the others about decisions of ten rows each.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "places in a batch")]
pub fn feedback(n: usize, from: u64, seed: u64) -> Feedback {
    let mut rng = StdRng::seed_from_u64(seed);
    let organic = n / 2;
    let ids: Vec<u64> = (0..n as u64).map(|i| from + i + 100).collect();
    let decided = |i: usize| i.checked_sub(organic);
    let request = |i: usize| decided(i).map_or(NONE, |i| (i / 10) as u32);
    let requests = (n - organic).div_ceil(10);
    let floats = |rng: &mut StdRng| -> Vec<f32> { (0..n).map(|_| rng.random_range(0.0_f32..1.0)).collect() };
    let times: Vec<i64> = ids.iter().map(|id| BEGIN_MS + id.cast_signed() * 60_000).collect();
    Feedback {
        events: ids.clone(),
        cursors: ids,
        requests: (0..n).map(request).collect(),
        request_ids: (0..requests).map(|i| format!("request-{seed}-{i}")).collect(),
        versions: (0..n).map(|i| decided(i).map_or(NONE, |_| 0)).collect(),
        version_ids: if requests > 0 { vec!["version".to_owned()] } else { Vec::new() },
        subjects: (0..n).map(|i| if i % 17 == 16 { NONE } else { rng.random_range(0..40) }).collect(),
        rows: (0..n).map(|_| rng.random_range(0..ROWS / 10)).collect(),
        positions: (0..n).map(|i| decided(i).map_or(NONE, |i| (i % 10) as u32)).collect(),
        exposed: (0..n).map(|i| decided(i).map_or(0, |i| if i % 10 < 5 { 2 } else { 1 })).collect(),
        kinds: (0..n).map(|i| if i % 3 == 0 { 4 } else { 1 }).collect(),
        values: (0..n).map(|_| rng.random_range(1_u8..6)).map(f32::from).collect(),
        receive_times: times.iter().map(|time| time + 1_000).collect(),
        event_times: times,
        statuses: vec![1; n],
        inner_rewards: floats(&mut rng),
        outer_rewards: (0..n).map(|i| if i % 3 == 0 { 1.0 } else { 0.0 }).collect(),
        credits: floats(&mut rng),
        propensities: vec![f32::NAN; n],
        decided: vec![
            Column { name: "decided.score".into(), values: Values::F32s(floats(&mut rng)) },
            Column { name: "decided.rank".into(), values: Values::S64s((0..n).map(|i| (i % 10) as i64 - 1).collect()) },
        ],
        inputs: vec![
            Column { name: "ranked.score".into(), values: Values::F32s(floats(&mut rng)) },
            Column { name: "ranked.rank".into(), values: Values::S64s((0..n).map(|i| (i % 12) as i64).collect()) },
        ],
    }
}
