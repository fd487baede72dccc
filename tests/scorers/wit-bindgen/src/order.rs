//! A score and its row as one number, which falls as the score rises: the fastest order there is of both.

pub(crate) fn key(score: f32, row: u32) -> u64 {
    let bits = score.to_bits();
    let descending = if bits >> 31 == 0 { bits ^ 0x7fff_ffff } else { bits };
    u64::from(descending) << 32 | u64::from(row)
}

/// The rows and the scores of the `limit` smallest keys.
pub(crate) fn best(mut keys: Vec<u64>, limit: usize) -> (Vec<u32>, Vec<f32>) {
    if keys.len() > limit && limit > 0 {
        keys.select_nth_unstable(limit - 1);
    }
    keys.truncate(limit);
    keys.sort_unstable();
    let score = |key: &u64| {
        let descending = (key >> 32) as u32;
        f32::from_bits(if descending >> 31 == 0 { descending ^ 0x7fff_ffff } else { descending })
    };
    (keys.iter().map(|&key| key as u32).collect(), keys.iter().map(score).collect())
}
