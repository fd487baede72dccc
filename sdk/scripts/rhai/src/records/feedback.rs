//! Feedback in columns.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use greenroom_sdk::Feedback;
use rhai::{Array, Dynamic, Engine, Map};

use super::{Record, refuse_others, register, texts};
use crate::columns::{Column, mask, script_of};
use crate::fault::{Told, thrown, wrong};

/// A batch.
#[derive(Debug, Clone)]
pub(crate) struct Batch(Rc<Feedback>, Rc<RefCell<Made>>);

/// Columns are made when a script first asks for them, since most learners read a few, and kept, since a loop asks each time.
type Made = BTreeMap<String, Dynamic>;

impl From<Feedback> for Batch {
    fn from(batch: Feedback) -> Self {
        Self(Rc::new(batch), Rc::default())
    }
}

fn named(columns: &[greenroom_sdk::Column]) -> Dynamic {
    let one = |column: &greenroom_sdk::Column| {
        let values = Dynamic::from(Column::from(column.values.clone()));
        let fields = [("name", column.name.clone().into()), ("values", values)];
        Dynamic::from(fields.into_iter().map(|(name, value): (&str, Dynamic)| (name.into(), value)).collect::<Map>())
    };
    columns.iter().map(one).collect::<Array>().into()
}

/// The events that are so.
fn which(batch: &Feedback, is: fn(&Feedback, usize) -> bool) -> Column {
    mask((0..batch.rows.len()).map(|event| is(batch, event)))
}

impl Record for Batch {
    const TYPE: &'static str = "Feedback";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("len", |batch| script_of(batch.0.rows.len())),
        ("events", |batch| batch.made("events", |batch| Column::from(batch.events.clone()))),
        ("cursors", |batch| batch.made("cursors", |batch| Column::from(batch.cursors.clone()))),
        ("requests", |batch| batch.made("requests", |batch| Column::from(batch.requests.clone()))),
        ("request_ids", |batch| texts(&batch.0.request_ids)),
        ("versions", |batch| batch.made("versions", |batch| Column::from(batch.versions.clone()))),
        ("version_ids", |batch| texts(&batch.0.version_ids)),
        ("subjects", |batch| batch.made("subjects", |batch| Column::from(batch.subjects.clone()))),
        ("rows", |batch| batch.made("rows", |batch| Column::from(batch.rows.clone()))),
        ("positions", |batch| batch.made("positions", |batch| Column::from(batch.positions.clone()))),
        ("exposed", |batch| batch.made("exposed", |batch| Column::from(batch.exposed.clone()))),
        ("kinds", |batch| batch.made("kinds", |batch| Column::from(batch.kinds.clone()))),
        ("values", |batch| batch.made("values", |batch| Column::from(batch.values.clone()))),
        ("event_times", |batch| batch.made("event_times", |batch| Column::from(batch.event_times.clone()))),
        ("receive_times", |batch| batch.made("receive_times", |batch| Column::from(batch.receive_times.clone()))),
        ("statuses", |batch| batch.made("statuses", |batch| Column::from(batch.statuses.clone()))),
        ("inner_rewards", |batch| batch.made("inner_rewards", |batch| Column::from(batch.inner_rewards.clone()))),
        ("outer_rewards", |batch| batch.made("outer_rewards", |batch| Column::from(batch.outer_rewards.clone()))),
        ("credits", |batch| batch.made("credits", |batch| Column::from(batch.credits.clone()))),
        ("propensities", |batch| batch.made("propensities", |batch| Column::from(batch.propensities.clone()))),
        ("decided", |batch| named(&batch.0.decided)),
        ("inputs", |batch| named(&batch.0.inputs)),
        ("rewarded", |batch| batch.made("rewarded", |batch| which(batch, Feedback::is_rewarded))),
        ("organic", |batch| batch.made("organic", |batch| which(batch, Feedback::is_organic))),
        ("retracted", |batch| batch.made("retracted", |batch| which(batch, Feedback::is_retracted))),
    ];
}

impl Batch {
    fn made(&self, name: &str, make: impl FnOnce(&Feedback) -> Column) -> Dynamic {
        if let Some(made) = self.1.borrow().get(name) {
            return made.clone();
        }
        let made = Dynamic::from(make(&self.0));
        self.1.borrow_mut().insert(name.to_owned(), made.clone());
        made
    }

    /// A column of what the agent saw or decided then.
    fn column(&self, name: &str) -> Dynamic {
        let found = self.0.inputs.iter().chain(&self.0.decided).find(|column| column.name == name);
        found.map_or(Dynamic::UNIT, |column| self.made(&format!(".{name}"), |_| Column::from(column.values.clone())))
    }

    /// The events of each request, as ranges of places.
    fn asked(&self) -> Array {
        let place = |place: usize| i64::try_from(place).unwrap_or(i64::MAX);
        self.0.asked().map(|Range { start, end }| Dynamic::from(place(start)..place(end))).collect()
    }

    fn event(&self, event: i64) -> Told<usize> {
        let len = self.0.rows.len();
        let found = usize::try_from(event).ok().filter(|event| *event < len);
        found.ok_or_else(|| wrong(format!("there is no event {event} in a batch of {len}")))
    }
}

pub(super) fn add_to(engine: &mut Engine) {
    register::<Batch>(engine);
    refuse_others::<Batch>(engine);
    engine.register_fn("column", |batch: Batch, name: &str| batch.column(name));
    engine.register_fn("asked", |batch: Batch| batch.asked());
    engine.register_fn("check", |batch: Batch| batch.0.check().map_err(|fault| thrown(Dynamic::from(fault))));
    let questions: [(&str, fn(&Feedback, usize) -> bool); 3] = [
        ("is_rewarded", Feedback::is_rewarded),
        ("is_organic", Feedback::is_organic),
        ("is_retracted", Feedback::is_retracted),
    ];
    for (name, is) in questions {
        engine
            .register_fn(name, move |batch: Batch, event: i64| -> Told<bool> { Ok(is(&batch.0, batch.event(event)?)) });
    }
}
