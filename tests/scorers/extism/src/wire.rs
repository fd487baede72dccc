//! What a plugin is asked and what it answers, in each way that a list can be handed over.

use std::str::FromStr;

use extism::convert::{FromBytesOwned, Json, Msgpack, ToBytes};
use extism::{Error, Plugin};
use serde::{Deserialize, Serialize};

/// As the bench writes it.
#[derive(Deserialize)]
pub(crate) struct Input {
    pub(crate) freshness: f64,
    pub(crate) exploration: f64,
    limit: u32,
    rows: Vec<u32>,
    relevance: Vec<f32>,
    age: Vec<f32>,
    shown: Vec<i64>,
    clicked: Vec<u32>,
}

#[derive(Serialize)]
struct Asked<'a> {
    limit: u32,
    rows: &'a [u32],
    relevance: &'a [f32],
    age: &'a [f32],
    shown: &'a [i64],
    clicked: &'a [u32],
}

/// The best, in order.
#[derive(Deserialize)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<u32>,
    pub(crate) scores: Vec<f32>,
}

#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Json,
    Msgpack,
    Columns,
}

impl FromStr for Encoding {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "json" => Ok(Self::Json),
            "msgpack" => Ok(Self::Msgpack),
            "columns" => Ok(Self::Columns),
            other => Err(Error::msg(format!("`{other}` is no encoding: json, msgpack or columns"))),
        }
    }
}

impl Encoding {
    pub(crate) fn decide(self, input: &Input, plugin: &mut Plugin) -> Result<Answer, Error> {
        let Input { limit, rows, relevance, age, shown, clicked, .. } = input;
        let asked = Asked { limit: *limit, rows, relevance, age, shown, clicked };
        match self {
            Self::Json => plugin.call::<_, Json<Answer>>("decide", Json(asked)).map(Json::into_inner),
            Self::Msgpack => plugin.call::<_, Msgpack<Answer>>("decide", Msgpack(asked)).map(Msgpack::into_inner),
            Self::Columns => plugin.call("decide", asked),
        }
    }
}

/// Columns as they lie in memory, one after the other: the limit, `shown`, and the four that have 4 bytes a row.
impl<'a> ToBytes<'a> for Asked<'_> {
    type Bytes = Vec<u8>;

    fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::with_capacity(4 + 24 * self.rows.len());
        bytes.extend(self.limit.to_le_bytes());
        bytes.extend(self.shown.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.rows.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.relevance.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.age.iter().flat_map(|value| value.to_le_bytes()));
        bytes.extend(self.clicked.iter().flat_map(|value| value.to_le_bytes()));
        Ok(bytes)
    }
}

impl FromBytesOwned for Answer {
    fn from_bytes_owned(bytes: &[u8]) -> Result<Self, Error> {
        let (rows, scores) = bytes.split_at(bytes.len() / 2);
        Ok(Self {
            rows: rows.as_chunks().0.iter().map(|&row| u32::from_le_bytes(row)).collect(),
            scores: scores.as_chunks().0.iter().map(|&score| f32::from_le_bytes(score)).collect(),
        })
    }
}
