//! The body of `POST /v1/decide`.

use greenroom_model::{Ask, LIMIT_MAX};
use serde_json::Value;

use crate::Mistake;
use crate::fields::{Fields, found};
use crate::mistake::Mistakes;

/// Items of an answer when the request does not say.
const LIMIT: u32 = 10;

/// What is asked.
///
/// # Errors
/// All that is wrong with it, but for what comes after the first [`crate::MISTAKES_MAX`].
pub fn ask(body: Value) -> Result<Ask, Vec<Mistake>> {
    let mut mistakes = Mistakes::default();
    let mut asked = Ask { limit: LIMIT, ..Ask::default() };
    if let Some(mut fields) = Fields::of(body, "", &mut mistakes) {
        let range = format!("a whole number from 1 to {LIMIT_MAX}");
        asked.subject = fields.id("subject");
        asked.limit = fields.whole("limit", &range).unwrap_or(LIMIT);
        if asked.limit == 0 || asked.limit > LIMIT_MAX {
            fields.wrong("limit", format!("expected {range}, found {}", asked.limit));
        }
        asked.surface = fields.text("surface").unwrap_or_default();
        asked.session_id = fields.id("session");
        asked.context = context(&mut fields);
        asked.exclude = fields.ids("exclude").unwrap_or_default();
        asked.allow = fields.ids("allow");
        asked.request_id = fields.id("request_id");
        asked.seed = fields.whole("seed", &format!("a whole number from 0 to {}", u64::MAX));
        fields.finish();
    }
    mistakes.or(asked)
}

/// The context as agents get it: MessagePack, empty when nothing is in it.
fn context(fields: &mut Fields<'_>) -> Vec<u8> {
    match fields.value("context") {
        None => Vec::new(),
        Some(Value::Object(map)) if map.is_empty() => Vec::new(),
        Some(Value::Object(map)) => rmp_serde::to_vec(&map).unwrap_or_else(|error| {
            fields.wrong("context", format!("cannot be handed on: {error}"));
            Vec::new()
        }),
        Some(other) => {
            fields.wrong("context", format!("expected an object, found {}", found(&other)));
            Vec::new()
        }
    }
}
