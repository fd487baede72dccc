//! What a script perceives.

use std::rc::Rc;

use greenroom_sdk::{Fault, History, Input, Observation};
use rhai::{Array, Dynamic, Engine, Map};

use super::{Candidates, Record, payload, refuse_others, register, texts};
use crate::columns::{Column, mask, script_of};
use crate::fault::{Told, thrown};
use crate::pack::unpack;

/// An observation. Columns are taken over as they are; what is read often is made once.
#[derive(Debug, Clone)]
pub(crate) struct Seen(Rc<Parts>);

#[derive(Debug)]
struct Parts {
    seen: Observation,
    excluded: Column,
    allowed: Option<Column>,
    history: Past,
    inputs: Vec<Arrived>,
}

#[derive(Debug, Clone)]
struct Past {
    rows: Column,
    times: Column,
    kinds: Column,
    values: Column,
}

/// What arrived at a port.
#[derive(Debug, Clone)]
struct Arrived {
    port: Rc<str>,
    node: Rc<str>,
    payload: Dynamic,
}

impl From<Observation> for Seen {
    fn from(mut seen: Observation) -> Self {
        let History { rows, times, kinds, values } = std::mem::replace(
            &mut seen.history,
            History { rows: vec![], times: vec![], kinds: vec![], values: vec![] },
        );
        let history = Past { rows: rows.into(), times: times.into(), kinds: kinds.into(), values: values.into() };
        let arrived = |Input { port, node, payload }| Arrived {
            port: port.into(),
            node: node.into(),
            payload: payload::script_of(payload),
        };
        let inputs = std::mem::take(&mut seen.inputs).into_iter().map(arrived).collect();
        let excluded = std::mem::take(&mut seen.excluded).into();
        let allowed = seen.allowed.take().map(Column::from);
        Self(Rc::new(Parts { seen, excluded, allowed, history, inputs }))
    }
}

fn present<T>(value: Option<T>, of: impl FnOnce(T) -> Dynamic) -> Dynamic {
    value.map_or(Dynamic::UNIT, of)
}

impl Record for Seen {
    const TYPE: &'static str = "Observation";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("request_id", |seen| seen.0.seen.request_id.clone().into()),
        ("subject", |seen| {
            present(seen.0.seen.subject.as_ref(), |subject| {
                let number = i64::from(subject.number);
                let fields = [("key", subject.key.clone().into()), ("number", number.into())];
                fields.into_iter().map(|(name, value): (&str, Dynamic)| (name.into(), value)).collect::<Map>().into()
            })
        }),
        ("now", |seen| seen.0.seen.now.into()),
        ("seed", |seen| seen.0.seen.seed.cast_signed().into()),
        ("limit", |seen| i64::from(seen.0.seen.limit).into()),
        ("surface", |seen| seen.0.seen.surface.clone().into()),
        ("session_id", |seen| present(seen.0.seen.session_id.clone(), Dynamic::from)),
        ("segments", |seen| texts(&seen.0.seen.segments)),
        ("excluded", |seen| Dynamic::from(seen.0.excluded.clone())),
        ("allowed", |seen| present(seen.0.allowed.clone(), Dynamic::from)),
        ("context", |seen| Dynamic::from_blob(seen.0.seen.context.clone())),
        ("history", |seen| Dynamic::from(seen.0.history.clone())),
        ("inputs", |seen| seen.0.inputs.iter().map(|input| Dynamic::from(input.clone())).collect::<Array>().into()),
    ];
}

impl Record for Past {
    const TYPE: &'static str = "History";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("len", |past| script_of(past.rows.len())),
        ("rows", |past| Dynamic::from(past.rows.clone())),
        ("times", |past| Dynamic::from(past.times.clone())),
        ("kinds", |past| Dynamic::from(past.kinds.clone())),
        ("values", |past| Dynamic::from(past.values.clone())),
    ];
}

impl Record for Arrived {
    const TYPE: &'static str = "Input";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("port", |input| input.port.as_ref().into()),
        ("node", |input| input.node.as_ref().into()),
        ("payload", |input| input.payload.clone()),
    ];
}

impl Seen {
    fn input(&self, port: &str) -> Option<&Arrived> {
        self.0.inputs.iter().find(|input| &*input.port == port)
    }

    /// The candidates of a port; none where nothing arrived.
    fn candidates(&self, port: &str) -> Told<Candidates> {
        let Some(input) = self.input(port) else { return Ok(greenroom_sdk::Candidates::default().into()) };
        input.payload.clone().try_cast_result().map_err(|_| {
            let (port, node) = (&input.port, &input.node);
            let message = format!("port \"{port}\" takes candidates, and \"{node}\" sent something else");
            thrown(Dynamic::from(Fault::invalid_observation(message)))
        })
    }

    /// Whether a row may be in the answer.
    fn admits(&self, row: i64) -> bool {
        let among = |rows: &Column| match (rows, u32::try_from(row)) {
            (Column::U32s(rows), Ok(row)) => rows.binary_search(&row).is_ok(),
            _ => false,
        };
        !among(&self.0.excluded) && self.0.allowed.as_ref().is_none_or(among)
    }

    /// What the caller said beside.
    fn said(&self) -> Told<Dynamic> {
        match self.0.seen.context.as_slice() {
            [] => Ok(Map::new().into()),
            context => unpack(context),
        }
    }
}

pub(super) fn add_to(engine: &mut Engine) {
    register::<Seen>(engine);
    register::<Past>(engine);
    register::<Arrived>(engine);
    refuse_others::<Seen>(engine);
    refuse_others::<Past>(engine);
    refuse_others::<Arrived>(engine);
    engine.register_fn("candidates", |seen: Seen, port: &str| seen.candidates(port));
    engine.register_fn("input", |seen: Seen, port: &str| present(seen.input(port).cloned(), Dynamic::from));
    engine.register_fn("admits", |seen: Seen, row: i64| seen.admits(row));
    engine.register_fn("admits", |seen: Seen, rows: Column| mask(rows.wholes().map(|row| seen.admits(row))));
    engine.register_fn("said", |seen: Seen| seen.said());
}
