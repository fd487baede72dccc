//! What a node saw, decided and earned, as feedback for its learner.

use std::collections::BTreeMap;

use greenroom_model::{Candidates, Column, Feedback, Input, NONE, Values};

/// Rows after which a batch is full.
pub(crate) const BATCH_ROWS: usize = 1 << 16;

/// One request, as a node saw it.
pub(crate) struct Example<'a> {
    /// The request's id.
    pub(crate) request_id: &'a str,
    /// The version that decided; none when nobody did yet.
    pub(crate) version: Option<&'a str>,
    /// The subject's number.
    pub(crate) subject: u32,
    /// When.
    pub(crate) time_ms: i64,
    /// What arrived.
    pub(crate) inputs: &'a [Input],
    /// What the node decided, when it did.
    pub(crate) decided: Option<&'a Candidates>,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Earned {
    pub(crate) reward: f32,
    /// 0 unknown, 1 no, 2 yes.
    pub(crate) exposed: u8,
    /// [`NONE`] when it was not shown.
    pub(crate) position: u32,
    /// NaN when unknown.
    pub(crate) propensity: f32,
}

/// Builds batches. All columns of a batch have one length; a column that comes up late is filled with what stands for
/// "not offered": NaN, and -1 for ranks.
#[derive(Default)]
pub(crate) struct Examples {
    full: Vec<Feedback>,
    batch: Feedback,
    inputs: BTreeMap<String, Vec<f32>>,
    decided: BTreeMap<&'static str, Vec<f32>>,
    cursor: u64,
    places: BTreeMap<u32, usize>,
}

fn absent(name: &str) -> f32 {
    if name.ends_with(".rank") { -1.0 } else { f32::NAN }
}

impl Examples {
    pub(crate) fn starting_at(cursor: u64) -> Self {
        Self { cursor, ..Self::default() }
    }

    /// Adds a row for everything that arrived at the node's ports.
    pub(crate) fn push(&mut self, example: &Example<'_>, earned: &dyn Fn(u32) -> Earned) {
        let from = self.batch.rows.len();
        self.places.clear();
        for row in example.inputs.iter().filter_map(|i| i.payload.candidates()).flat_map(|c| &c.rows) {
            let next = from + self.places.len();
            if let std::collections::btree_map::Entry::Vacant(place) = self.places.entry(*row) {
                place.insert(next);
                self.batch.rows.push(*row);
            }
        }
        let to = self.batch.rows.len();
        if from == to {
            return;
        }
        self.identify(example, to - from);
        for row in self.batch.rows.get(from..).unwrap_or_default() {
            let earned = earned(*row);
            self.batch.values.push(earned.reward);
            self.batch.inner_rewards.push(earned.reward);
            self.batch.outer_rewards.push(earned.reward);
            self.batch.exposed.push(earned.exposed);
            self.batch.positions.push(earned.position);
            self.batch.propensities.push(earned.propensity);
        }
        for input in example.inputs {
            let Some(candidates) = input.payload.candidates() else { continue };
            self.port(&input.port, candidates, to);
        }
        for (name, values) in &mut self.inputs {
            values.resize(to, absent(name));
        }
        self.own(example.decided, from, to);
        if to >= BATCH_ROWS {
            self.finish_batch();
        }
    }

    fn identify(&mut self, example: &Example<'_>, rows: usize) {
        let batch = &mut self.batch;
        let number = |names: &mut Vec<String>, name: &str| {
            if names.last().is_none_or(|last| last != name) {
                names.push(name.to_owned());
            }
            u32::try_from(names.len() - 1).unwrap_or(NONE)
        };
        let request = number(&mut batch.request_ids, example.request_id);
        let version = example.version.map_or(NONE, |version| number(&mut batch.version_ids, version));
        for _ in 0..rows {
            batch.events.push(self.cursor);
            batch.cursors.push(self.cursor);
            self.cursor += 1;
            batch.requests.push(request);
            batch.versions.push(version);
            batch.subjects.push(example.subject);
            batch.kinds.push(0);
            batch.event_times.push(example.time_ms);
            batch.receive_times.push(example.time_ms);
            batch.statuses.push(1);
        }
    }

    fn port(&mut self, port: &str, candidates: &Candidates, to: usize) {
        let Self { inputs, places, .. } = self;
        let mut fill = |name: String, value: &dyn Fn(usize) -> Option<f32>| {
            let missing = absent(&name);
            let column = inputs.entry(name).or_default();
            column.resize(to, missing);
            for (at, row) in candidates.rows.iter().enumerate() {
                let place = places.get(row).and_then(|place| column.get_mut(*place));
                if let (Some(place), Some(value)) = (place, value(at)) {
                    *place = value;
                }
            }
        };
        fill(format!("{port}.score"), &|at| candidates.scores.get(at).copied());
        #[expect(clippy::cast_precision_loss, reason = "ranks and features are small")]
        {
            fill(format!("{port}.rank"), &|at| Some(at as f32));
            for column in &candidates.columns {
                fill(format!("{port}.{}", column.name), &|at| match &column.values {
                    Values::F32s(v) => v.get(at).copied(),
                    Values::S64s(v) => v.get(at).map(|x| *x as f32),
                    Values::U32s(v) => v.get(at).map(|x| *x as f32),
                });
            }
        }
    }

    fn own(&mut self, decided: Option<&Candidates>, from: usize, to: usize) {
        for name in ["decided.score", "decided.rank"] {
            self.decided.entry(name).or_default().resize(to, absent(name));
        }
        let Some(decided) = decided else { return };
        #[expect(clippy::cast_precision_loss, reason = "ranks are small")]
        for (at, (row, score)) in decided.rows.iter().zip(&decided.scores).enumerate() {
            let Some(place) = self.places.get(row).copied().filter(|place| *place >= from) else { continue };
            for (name, value) in [("decided.score", *score), ("decided.rank", at as f32)] {
                if let Some(cell) = self.decided.get_mut(name).and_then(|column| column.get_mut(place)) {
                    *cell = value;
                }
            }
        }
    }

    fn finish_batch(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        if batch.rows.is_empty() {
            return;
        }
        if batch.versions.iter().all(|version| *version == NONE) {
            // Nobody decided: then nothing is said of decisions.
            batch.versions.clear();
            self.decided.clear();
        }
        let column = |name: String, values| Column { name, values: Values::F32s(values) };
        batch.inputs = std::mem::take(&mut self.inputs).into_iter().map(|(n, v)| column(n, v)).collect();
        batch.decided = std::mem::take(&mut self.decided).into_iter().map(|(n, v)| column(n.to_owned(), v)).collect();
        self.full.push(batch);
    }

    /// The batches so far.
    pub(crate) fn take(mut self) -> Vec<Feedback> {
        self.finish_batch();
        self.full
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use greenroom_model::Payload;

    use super::*;

    fn input(port: &str, rows: &[u32], scores: &[f32]) -> Input {
        let candidates = Candidates { rows: rows.to_vec(), scores: scores.to_vec(), ..Candidates::default() };
        Input { port: port.into(), node: "n".into(), payload: Arc::new(Payload::Candidates(candidates)) }
    }

    fn column<'a>(batch: &'a Feedback, name: &str) -> &'a [f32] {
        match &batch.inputs.iter().find(|c| c.name == name).unwrap().values {
            Values::F32s(v) => v,
            _ => panic!("not f32"),
        }
    }

    #[test]
    fn the_rows_of_all_ports_are_joined_and_gaps_are_marked() {
        let mut examples = Examples::starting_at(100);
        let example =
            |inputs| Example { request_id: "r", version: None, subject: 3, time_ms: 5, inputs, decided: None };
        let one = [input("a", &[7, 8], &[0.5, 0.25]), input("b", &[8], &[9.0])];
        let reward = |row: u32| Earned { reward: f32::from(u8::from(row == 8)), ..Earned::default() };
        examples.push(&example(&one), &reward);
        let two = [input("c", &[1], &[2.0])];
        examples.push(&Example { request_id: "s", ..example(&two) }, &reward);
        let batches = examples.take();
        let batch = &batches[0];
        assert_eq!(batch.rows, [7, 8, 1]);
        assert_eq!(batch.requests, [0, 0, 1]);
        assert_eq!(batch.request_ids, ["r", "s"]);
        assert_eq!(batch.cursors, [100, 101, 102]);
        assert_eq!(batch.outer_rewards, [0.0, 1.0, 0.0]);
        assert_eq!(column(batch, "a.rank"), [0.0, 1.0, -1.0]);
        assert_eq!(column(batch, "b.rank"), [-1.0, 0.0, -1.0]);
        assert!(column(batch, "c.score")[0].is_nan());
        assert_eq!(column(batch, "c.score")[2], 2.0);
        assert!(batch.decided.is_empty());
    }

    #[test]
    fn what_was_decided_stands_beside() {
        let mut examples = Examples::starting_at(0);
        let inputs = [input("a", &[7, 8], &[0.5, 0.25])];
        let decided = Candidates { rows: vec![8], scores: vec![3.0], ..Candidates::default() };
        let example = Example {
            request_id: "r",
            version: Some("v"),
            subject: 0,
            time_ms: 0,
            inputs: &inputs,
            decided: Some(&decided),
        };
        examples.push(&example, &|_| Earned::default());
        let batch = &examples.take()[0];
        assert_eq!(batch.decided[1].name, "decided.score");
        assert_eq!(batch.decided[0].values, Values::F32s(vec![-1.0, 0.0]));
        assert_eq!(batch.versions, [0, 0]);
    }
}
