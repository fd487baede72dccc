//! Observations, generated: of ordinary size, empty, of one row, of many, and at the edges of every type.

use std::sync::Arc;

use greenroom_model::{
    Candidates, Column, ColumnKind, Descriptor, History, Input, Observation, Payload, PayloadKind, Port, Subject,
    Values,
};
use rand::rngs::StdRng;
use rand::seq::index::sample;
use rand::{RngExt as _, SeedableRng as _};

use crate::ROWS;

/// What an observation is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Somebody with a history asks for ten.
    Ordinary,
    /// Nobody, nothing seen, nothing at the ports.
    Empty,
    /// One of each.
    One,
    /// 1,500 rows at every port, a history as long as it is asked for.
    Many,
    /// The extremes of numbers and text.
    Extreme,
    /// Nothing may be answered: all is excluded or nothing allowed.
    Closed,
    /// No row is wanted.
    None,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Ordinary, Self::Empty, Self::One, Self::Many, Self::Extreme, Self::Closed, Self::None];

    fn rows(self) -> usize {
        match self {
            Self::Ordinary => 100,
            Self::Empty => 0,
            Self::One => 1,
            Self::Many => 1_500,
            Self::Extreme | Self::Closed | Self::None => 37,
        }
    }

    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ordinary => "an ordinary observation",
            Self::Empty => "an empty observation",
            Self::One => "an observation of one row",
            Self::Many => "an observation of 1,500 rows",
            Self::Extreme => "an observation at the extremes of numbers and text",
            Self::Closed => "an observation that allows nothing",
            Self::None => "an observation that wants nothing",
        }
    }
}

const EXTREME_F32: [f32; 8] = [f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, -0.0, 0.0, 1.0, -1.0];
const EXTREME_S64: [i64; 6] = [i64::MAX, i64::MIN, -1, 0, 1, 1 << 53];
const EXTREME_U32: [u32; 4] = [u32::MAX, 0, 1, 1 << 31];
const TEXTS: [&str; 5] = ["", "home", "ü€𝄞\u{10ffff}", "a\0b\n\"\\", "\u{202e}evil"];

/// An observation of a shape for an agent that describes itself so. The same seed gives the same one.
#[must_use]
pub fn observation(descriptor: Option<&Descriptor>, shape: Shape, seed: u64) -> Observation {
    of_rows(descriptor, shape, shape.rows(), seed)
}

/// An ordinary observation with so many candidates at each port, of which all may be answered.
#[must_use]
pub fn of_size(descriptor: Option<&Descriptor>, rows: u32, seed: u64) -> Observation {
    let seen = of_rows(descriptor, Shape::Ordinary, rows as usize, seed);
    Observation { limit: rows, excluded: Arc::from([]), ..seen }
}

fn of_rows(descriptor: Option<&Descriptor>, shape: Shape, rows: usize, seed: u64) -> Observation {
    let mut draws = Draws { rng: StdRng::seed_from_u64(seed ^ 0x6772_6565), shape, rows };
    let history_max = descriptor.map_or(0, |d| d.history_max);
    let extreme = shape == Shape::Extreme;
    let subject = (shape != Shape::Empty).then(|| Subject { key: draws.text("subject-7").into(), number: 7 });
    let now_ms = if extreme { *draws.one(&EXTREME_S64) } else { 1_700_000_000_000 };
    let history = draws.history(history_max.min(2_000) as usize, now_ms);
    let ports = descriptor.map_or(&[][..], |d| &d.inputs);
    let inputs = ports.iter().flat_map(|port| draws.inputs(port)).collect();
    let some: Arc<[u32]> = draws.rows(rows / 3).into();
    let all: Arc<[u32]> = (0..ROWS).collect();
    let (excluded, allowed) = match shape {
        Shape::Closed if seed.is_multiple_of(2) => (all, None),
        Shape::Closed => (some, Some(Arc::from([]))),
        Shape::Extreme => (some, Some(draws.rows(100).into())),
        Shape::Empty => (Arc::from([]), None),
        _ => (some, None),
    };
    Observation {
        request_id: draws.text("request-1").into(),
        subject,
        now_ms,
        seed: if extreme { u64::MAX } else { draws.rng.random() },
        limit: match shape {
            Shape::None => 0,
            Shape::One => 1,
            Shape::Many => 1_500,
            _ => 10,
        },
        surface: "home".into(),
        session_id: extreme.then(|| draws.text("session").into()),
        segments: if extreme { TEXTS.map(ToOwned::to_owned).to_vec() } else { vec!["light".to_owned()] }.into(),
        excluded,
        allowed,
        context: if extreme { [0x81, 0xa1, b'k', 0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0].into() } else { Arc::from([]) },
        history: Arc::new(history),
        history_max,
        inputs,
    }
}

struct Draws {
    rng: StdRng,
    shape: Shape,
    rows: usize,
}

impl Draws {
    fn one<'t, T>(&mut self, of: &'t [T; 6]) -> &'t T {
        let place = self.rng.random_range(0..of.len());
        of.get(place).unwrap_or(&of[0])
    }

    fn text(&mut self, ordinary: &str) -> String {
        match self.shape {
            Shape::Extreme => TEXTS.get(self.rng.random_range(0..TEXTS.len())).copied().unwrap_or_default().to_owned(),
            _ => ordinary.to_owned(),
        }
    }

    /// Different rows, ascending.
    fn rows(&mut self, n: usize) -> Vec<u32> {
        let mut rows: Vec<u32> = self.shuffled(n);
        rows.sort_unstable();
        rows
    }

    fn shuffled(&mut self, n: usize) -> Vec<u32> {
        let places = sample(&mut self.rng, ROWS as usize, n.min(ROWS as usize));
        places.into_iter().filter_map(|row| u32::try_from(row).ok()).collect()
    }

    fn f32s(&mut self, n: usize) -> Vec<f32> {
        match self.shape {
            Shape::Extreme => (0..n).map(|i| EXTREME_F32.get(i % EXTREME_F32.len()).copied().unwrap_or(0.0)).collect(),
            _ => (0..n).map(|_| self.rng.random_range(-4.0_f32..4.0)).collect(),
        }
    }

    fn s64s(&mut self, n: usize) -> Vec<i64> {
        match self.shape {
            Shape::Extreme => (0..n).map(|i| EXTREME_S64.get(i % EXTREME_S64.len()).copied().unwrap_or(0)).collect(),
            _ => (0..n).map(|_| self.rng.random_range(-1_000..1_000)).collect(),
        }
    }

    fn u32s(&mut self, n: usize) -> Vec<u32> {
        match self.shape {
            Shape::Extreme => (0..n).map(|i| EXTREME_U32.get(i % EXTREME_U32.len()).copied().unwrap_or(0)).collect(),
            _ => (0..n).map(|_| self.rng.random_range(0..1_000)).collect(),
        }
    }

    fn history(&mut self, max: usize, now_ms: i64) -> History {
        let n = self.rows.min(max);
        let back = |i: usize| i64::try_from(n - i).unwrap_or(0).saturating_mul(3_600_000);
        History {
            rows: self.shuffled(n),
            times: (0..n).map(|i| now_ms.saturating_sub(back(i))).collect(),
            kinds: (0..n).map(|i| u8::try_from(i % 8).unwrap_or(0)).collect(),
            values: self.f32s(n),
        }
    }

    /// What arrives at a port; at "*", at two of other names.
    fn inputs(&mut self, port: &Port) -> Vec<Input> {
        if self.shape == Shape::Empty && port.optional {
            return Vec::new();
        }
        let names: &[&str] = if port.name == "*" { &["first", "second"] } else { &[port.name.as_str()] };
        let input = |name: &&str| Input {
            port: (*name).into(),
            node: format!("node-{name}").into(),
            payload: Arc::new(self.payload(port)),
        };
        names.iter().map(input).collect()
    }

    fn payload(&mut self, port: &Port) -> Payload {
        let n = self.rows;
        match port.kind {
            PayloadKind::Candidates => {
                let mut scores = self.f32s(n);
                scores.sort_by(|a, b| b.total_cmp(a));
                let columns = port.columns.iter().map(|spec| Column {
                    name: spec.name.clone(),
                    values: match spec.kind {
                        ColumnKind::F32 => Values::F32s(self.f32s(n)),
                        ColumnKind::S64 => Values::S64s(self.s64s(n)),
                        ColumnKind::U32 => Values::U32s(self.u32s(n)),
                    },
                });
                let mut columns: Vec<Column> = columns.collect();
                // Columns that nobody asked for go along with those that somebody did.
                columns.push(Column { name: "other.f".into(), values: Values::F32s(self.f32s(n)) });
                columns.push(Column { name: "other.s ü".into(), values: Values::S64s(self.s64s(n)) });
                columns.push(Column { name: "other.u".into(), values: Values::U32s(self.u32s(n)) });
                let sources = if n % 2 == 1 { vec![u64::MAX; n] } else { Vec::new() };
                Payload::Candidates(Candidates { rows: self.shuffled(n), scores, sources, columns })
            }
            PayloadKind::Route => {
                let branch = |i: usize| (format!("branch-{i}"), if i == 0 { 1.0 } else { 0.25 });
                Payload::Route((0..n.min(5)).map(branch).collect())
            }
            PayloadKind::Settings => Payload::Settings { scope: self.text("rerank"), patch: vec![0x80] },
            PayloadKind::Document => Payload::Document((0..n).map(|i| u8::try_from(i % 256).unwrap_or(0)).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_sees_the_same() {
        for shape in Shape::ALL {
            let seen = observation(None, shape, 3);
            assert_eq!(seen, observation(None, shape, 3));
            assert!(seen.excluded.is_sorted());
        }
        assert_ne!(observation(None, Shape::Ordinary, 3), observation(None, Shape::Ordinary, 4));
    }
}
