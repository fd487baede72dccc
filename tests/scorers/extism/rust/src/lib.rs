//! The scorer that every language has (`docs/agents/costs.md`), as a plugin of Extism. It chooses the best as ours in Rust do.

#[path = "../../../wit-bindgen/src/order.rs"]
mod order;

use std::cell::Cell;

use extism_pdk::{Error, FnResult, config, plugin_fn};

thread_local! {
    /// `freshness` and `exploration`.
    static SETTINGS: Cell<[f64; 2]> = const { Cell::new([0.3, 0.1]) };
}

#[plugin_fn]
pub fn configure() -> FnResult<()> {
    let setting = |name: &str| -> Result<f64, Error> {
        Ok(config::get(name)?.ok_or_else(|| Error::msg(format!("`{name}` is missing")))?.parse()?)
    };
    SETTINGS.set([setting("freshness")?, setting("exploration")?]);
    Ok(())
}

fn score([freshness, exploration]: [f64; 2], relevance: f64, age: f64, shown: f64, clicked: f64) -> f32 {
    let (age, shown) = (age.max(0.0), shown.max(0.0));
    let rate = (clicked + 1.0) / (shown + 20.0);
    let interest = relevance + freshness / (1.0 + age / 30.0) + rate + exploration / (1.0 + shown).sqrt();
    (interest / (1.0 + interest * interest).sqrt()) as f32
}

fn best(
    limit: u32,
    rows: impl Iterator<Item = u32>,
    relevance: impl Iterator<Item = f32>,
    age: impl Iterator<Item = f32>,
    shown: impl Iterator<Item = i64>,
    clicked: impl Iterator<Item = u32>,
) -> (Vec<u32>, Vec<f32>) {
    let settings = SETTINGS.get();
    let of_rows = rows.zip(relevance).zip(age).zip(shown).zip(clicked);
    let keys = of_rows.map(|((((row, relevance), age), shown), clicked)| {
        order::key(score(settings, relevance.into(), age.into(), shown as f64, clicked.into()), row)
    });
    order::best(keys.collect(), limit as usize)
}

/// Documents: JSON, as Extism's own examples have it, or MessagePack.
#[cfg(any(feature = "json", feature = "msgpack"))]
mod documents {
    #[cfg(feature = "json")]
    use extism_pdk::Json as Document;
    #[cfg(feature = "msgpack")]
    use extism_pdk::Msgpack as Document;
    use extism_pdk::*;
    use serde::{Deserialize, Serialize};

    #[derive(Deserialize)]
    pub struct Asked {
        limit: u32,
        rows: Vec<u32>,
        relevance: Vec<f32>,
        age: Vec<f32>,
        shown: Vec<i64>,
        clicked: Vec<u32>,
    }

    #[derive(Serialize)]
    pub struct Answer {
        rows: Vec<u32>,
        scores: Vec<f32>,
    }

    #[plugin_fn]
    pub fn decide(Document(asked): Document<Asked>) -> FnResult<Document<Answer>> {
        let Asked { limit, rows, relevance, age, shown, clicked } = asked;
        let columns = (relevance.into_iter(), age.into_iter(), shown.into_iter(), clicked.into_iter());
        let (rows, scores) = crate::best(limit, rows.into_iter(), columns.0, columns.1, columns.2, columns.3);
        Ok(Document(Answer { rows, scores }))
    }
}

/// Columns as they lie in memory, one after the other: the limit, `shown`, and the four that have 4 bytes a row.
#[cfg(feature = "columns")]
mod columns {
    use extism_pdk::*;

    fn column<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
        bytes.as_chunks().0.iter().copied()
    }

    #[plugin_fn]
    pub fn decide(asked: Vec<u8>) -> FnResult<Vec<u8>> {
        let (limit, columns) = asked.split_first_chunk().ok_or_else(|| Error::msg("nothing was asked"))?;
        let n = columns.len() / 24;
        let (shown, columns) = columns.split_at(8 * n);
        let mut columns = columns.chunks_exact(4 * n.max(1));
        let mut next = || column(columns.next().unwrap_or_default());
        let (rows, relevance, age, clicked) = (next(), next(), next(), next());
        let (rows, scores) = crate::best(
            u32::from_le_bytes(*limit),
            rows.map(u32::from_le_bytes),
            relevance.map(f32::from_le_bytes),
            age.map(f32::from_le_bytes),
            column(shown).map(i64::from_le_bytes),
            clicked.map(u32::from_le_bytes),
        );
        let rows = rows.iter().flat_map(|row| row.to_le_bytes());
        Ok(rows.chain(scores.iter().flat_map(|score| score.to_le_bytes())).collect())
    }
}
