//! The shared memory layer.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use greenroom_sdk::memory::{self, Entry, Namespace, Page};
use rhai::{Array, Blob, Dynamic, Engine, Map};

use crate::columns::{Column, any, short};
use crate::fault::{Told, asked, wrong};
use crate::records::texts;

/// The constant of that name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory;

/// An open namespace; none when it was closed.
type Handle = RefCell<Option<Namespace>>;

#[derive(Clone)]
struct Space(Rc<Handle>);

thread_local! {
    static OPEN: RefCell<Vec<Weak<Handle>>> = const { RefCell::new(Vec::new()) };
}

/// Closes what a script left open: a namespace is open for one call, and what a script keeps lives longer.
pub(crate) fn close_all() {
    for handle in OPEN.with_borrow_mut(std::mem::take) {
        if let Some(handle) = handle.upgrade() {
            handle.take();
        }
    }
}

fn open(name: &str) -> Told<Space> {
    let handle = Rc::new(RefCell::new(Some(asked(memory::open(name))?)));
    OPEN.with_borrow_mut(|open| {
        open.retain(|other| other.strong_count() > 0);
        open.push(Rc::downgrade(&handle));
    });
    Ok(Space(handle))
}

impl Space {
    fn ask<T>(&self, question: impl FnOnce(&Namespace) -> Result<T, memory::Error>) -> Told<T> {
        match self.0.borrow().as_ref() {
            Some(space) => asked(question(space)),
            None => Err(wrong("the namespace is closed: one is open for one call, so open it in each")),
        }
    }
}

fn map<const N: usize>(fields: [(&str, Dynamic); N]) -> Dynamic {
    fields.into_iter().map(|(name, value)| (name.into(), value)).collect::<Map>().into()
}

fn entry(found: Option<Entry>) -> Dynamic {
    found.map_or(Dynamic::UNIT, |Entry { value, revision }| {
        map([("value", Dynamic::from_blob(value)), ("revision", revision.cast_signed().into())])
    })
}

fn page(Page { entries, next }: Page) -> Dynamic {
    let entries = entries.into_iter().map(|found| {
        let (value, revision) = (Dynamic::from_blob(found.value), found.revision.cast_signed().into());
        map([("key", found.key.into()), ("value", value), ("revision", revision)])
    });
    let entries = entries.collect::<Array>().into();
    map([("entries", entries), ("next", next.map_or(Dynamic::UNIT, Dynamic::from))])
}

/// Values are bytes.
fn bytes(value: Dynamic) -> Told<Blob> {
    value.into_blob().map_err(|found| {
        wrong(format!(
            "memory holds bytes, not a value of type {}: write `pack(value)`, and read `unpack(entry.value)`",
            short(found)
        ))
    })
}

fn names(list: Array) -> Told<Vec<String>> {
    let name = |value: Dynamic| {
        value.into_string().map_err(|found| wrong(format!("a name is a text, not a value of type {}", short(found))))
    };
    list.into_iter().map(name).collect()
}

/// A text or nothing, a revision or nothing.
fn perhaps<T>(value: Dynamic, what: &str, of: impl FnOnce(Dynamic) -> Result<T, &'static str>) -> Told<Option<T>> {
    if value.is_unit() {
        return Ok(None);
    }
    of(value)
        .map(Some)
        .map_err(|found| wrong(format!("{what} or `()` is expected, not a value of type {}", short(found))))
}

fn compare_and_swap(space: Space, key: &str, expected: Dynamic, value: Dynamic) -> Told<i64> {
    let expected = perhaps(expected, "a revision", |revision| revision.as_int())?.map(i64::cast_unsigned);
    let value = bytes(value)?;
    space.ask(|space| space.compare_and_swap(key, expected, &value)).map(u64::cast_signed)
}

fn scan(space: &Space, prefix: &str, after: Dynamic, limit: i64) -> Told<Dynamic> {
    let after = perhaps(after, "a key", Dynamic::into_string)?;
    let limit = u32::try_from(limit.max(0)).unwrap_or(u32::MAX);
    space.ask(|space| space.scan(prefix, after.as_deref(), limit)).map(page)
}

fn gather(rows: Dynamic, fields: &[String]) -> Told<Vec<Column>> {
    let columns = asked(memory::gather(&any(rows)?.into_u32s()?, fields))?;
    Ok(columns.into_iter().map(|column| column.values.into()).collect())
}

pub(super) fn add_to(engine: &mut Engine) {
    engine.register_type_with_name::<Memory>("Memory");
    engine.register_type_with_name::<Space>("Namespace");
    engine.register_fn("row_count", |_: Memory| i64::from(memory::row_count()));
    engine.register_fn("labels", |_: Memory, field: &str| asked(memory::labels(field)).map(|names| texts(&names)));
    engine.register_fn("gather", |_: Memory, rows: Dynamic, fields: Array| -> Told<Array> {
        Ok(gather(rows, &names(fields)?)?.into_iter().map(Dynamic::from).collect())
    });
    engine.register_fn("gather", |_: Memory, rows: Dynamic, field: &str| -> Told<Dynamic> {
        Ok(gather(rows, &[field.to_owned()])?.pop().map_or(Dynamic::UNIT, Dynamic::from))
    });
    engine.register_fn("open", |_: Memory, name: &str| open(name));
    engine.register_fn("close", |space: Space| drop(space.0.take()));
    engine.register_fn("get", |space: Space, key: &str| space.ask(|space| space.get(key)).map(entry));
    engine.register_fn("get_many", |space: Space, keys: Array| -> Told<Array> {
        let keys = names(keys)?;
        Ok(space.ask(|space| space.get_many(&keys))?.into_iter().map(entry).collect())
    });
    engine.register_fn("put", |space: Space, key: &str, value: Dynamic| -> Told<i64> {
        let value = bytes(value)?;
        space.ask(|space| space.put(key, &value)).map(u64::cast_signed)
    });
    engine.register_fn("compare_and_swap", compare_and_swap);
    engine.register_fn("delete", |space: Space, key: &str| space.ask(|space| space.delete(key)));
    engine.register_fn("scan", |space: Space, prefix: &str, after: Dynamic, limit: i64| {
        scan(&space, prefix, after, limit)
    });
}
