//! What flows along edges beside candidates.

use greenroom_sdk as sdk;
use greenroom_sdk::{Branch, Payload};
use rhai::{Array, Blob, Dynamic, Engine, Map};

use super::{Candidates, Fields, Record, refuse_others, register};
use crate::columns::{Number, f32_of};
use crate::fault::{Told, wrong};
use crate::pack::{bytes_of, unpack};

/// Which branches behind a router run.
#[derive(Debug, Clone)]
pub(super) struct Route(sdk::Route);

/// A change of settings.
#[derive(Debug, Clone)]
pub(super) struct Settings(sdk::Settings);

/// Anything else.
#[derive(Debug, Clone)]
pub(super) struct Document(Vec<u8>);

impl Record for Route {
    const TYPE: &'static str = "Route";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("kind", |_| "route".into()),
        ("branches", |route| {
            let branch = |branch: &Branch| {
                let fields =
                    [("name", branch.name.clone().into()), ("probability", f64::from(branch.probability).into())];
                Dynamic::from(
                    fields.into_iter().map(|(name, value): (&str, Dynamic)| (name.into(), value)).collect::<Map>(),
                )
            };
            route.0.branches.iter().map(branch).collect::<Array>().into()
        }),
    ];
}

impl Record for Settings {
    const TYPE: &'static str = "Settings";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] = &[
        ("kind", |_| "settings".into()),
        ("scope", |settings| settings.0.scope.clone().into()),
        ("patch", |settings| Dynamic::from_blob(settings.0.patch.clone())),
    ];
}

impl Record for Document {
    const TYPE: &'static str = "Document";
    const FIELDS: &'static [(&'static str, fn(&Self) -> Dynamic)] =
        &[("kind", |_| "document".into()), ("bytes", |document| Dynamic::from_blob(document.0.clone()))];
}

/// A payload as a script has it.
pub(super) fn script_of(payload: Payload) -> Dynamic {
    match payload {
        Payload::Candidates(all) => Dynamic::from(Candidates::from(all)),
        Payload::Route(route) => Dynamic::from(Route(route)),
        Payload::Settings(settings) => Dynamic::from(Settings(settings)),
        Payload::Document(bytes) => Dynamic::from(Document(bytes)),
    }
}

/// The payload that a value is, or the value when it is none.
pub(super) fn payload_of(value: Dynamic) -> Result<Told<Payload>, Dynamic> {
    let value = match value.try_cast_result::<Candidates>() {
        Ok(all) => return Ok(all.into_contract().map(Payload::Candidates)),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Route>() {
        Ok(route) => return Ok(Ok(Payload::Route(route.0))),
        Err(value) => value,
    };
    let value = match value.try_cast_result::<Settings>() {
        Ok(settings) => return Ok(Ok(Payload::Settings(settings.0))),
        Err(value) => value,
    };
    value.try_cast_result::<Document>().map(|document| Ok(Payload::Document(document.0)))
}

/// `route(#{quick: 0.25, deep: 0.75})`, in the order of names.
fn route_of_map(branches: Map) -> Told<Route> {
    let each = branches.into_iter().map(|(name, probability)| {
        Ok(Branch { name: name.into(), probability: f32_of(Number::of(&probability)?.real()) })
    });
    Ok(Route(sdk::Route { branches: each.collect::<Told<_>>()? }))
}

/// `route([#{name: "quick", probability: 0.25}, ...])`, in that order.
fn route_of_list(branches: Array) -> Told<Route> {
    let branch = |value: Dynamic| {
        let mut fields = Fields::of("a branch", value)?;
        let missing = || wrong("a branch has a `name` and a `probability`");
        let name = fields.text("name")?.ok_or_else(missing)?;
        let probability = f32_of(fields.real("probability")?.ok_or_else(missing)?);
        fields.end()?;
        Ok(Branch { name, probability })
    };
    Ok(Route(sdk::Route { branches: branches.into_iter().map(branch).collect::<Told<_>>()? }))
}

pub(super) fn add_to(engine: &mut Engine) {
    register::<Route>(engine);
    register::<Settings>(engine);
    register::<Document>(engine);
    refuse_others::<Route>(engine);
    refuse_others::<Settings>(engine);
    refuse_others::<Document>(engine);
    engine.register_fn("route", route_of_map);
    engine.register_fn("route", route_of_list);
    engine.register_fn("settings", |scope: &str, patch: Dynamic| -> Told<Settings> {
        Ok(Settings(sdk::Settings { scope: scope.into(), patch: bytes_of(patch)? }))
    });
    engine.register_fn("document", |value: Dynamic| bytes_of(value).map(Document));
    engine.register_fn("unpack", |document: Document| unpack(&document.0));
    engine.register_fn("unpack", |settings: Settings| unpack(&settings.0.patch));
    engine.register_fn("unpack", |bytes: Blob| unpack(&bytes));
}
