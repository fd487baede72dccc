//! How what is answered is shown to a person.

use greenroom_model::text::{escaped, shown};
use serde_json::Value;

use crate::operator::{figure, word};
use crate::table::{self, Table};

/// Characters of a value that stand in a line.
const VALUE_MAX: usize = 60;

/// Numbers of a vector that stand in a line.
const NUMBERS_MAX: usize = 4;

pub(super) fn each<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(name).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn size_of(answer: &Value, name: &str) -> String {
    let bytes = figure(answer, name);
    bytes.map(|bytes| table::bytes(usize::try_from(bytes).unwrap_or(usize::MAX))).unwrap_or_default()
}

pub(super) fn namespaces(told: &Value) -> String {
    let mut table = Table::new(&["namespace", "kind", "keys>", "bytes>", "quota>", "used>"]);
    for space in each(told, "namespaces") {
        let (bytes, max) = (figure(space, "bytes").unwrap_or_default(), figure(space, "bytes_max"));
        let used = max.map(|max| format!("{:.0} %", bytes as f64 * 100.0 / max.max(1) as f64));
        table.row([
            word(space, "name"),
            word(space, "kind"),
            figure(space, "keys").unwrap_or_default().to_string(),
            size_of(space, "bytes"),
            if max.is_some() { size_of(space, "bytes_max") } else { "not declared".to_owned() },
            used.unwrap_or_default(),
        ]);
    }
    if table.is_empty() { "the graph declares no namespace\n".to_owned() } else { table.render() }
}

pub(super) fn size(told: &Value) -> String {
    let (mut keys, mut bytes, mut spaces) = (0, 0, 0);
    for space in each(told, "namespaces") {
        keys += figure(space, "keys").unwrap_or_default();
        bytes += figure(space, "bytes").unwrap_or_default();
        spaces += 1;
    }
    let bytes = table::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
    let revision = figure(told, "revision").unwrap_or_default();
    let cursor = told.get("cursor").and_then(Value::as_str);
    let cursor = cursor.map(|cursor| format!(", cursor {}", shown(cursor))).unwrap_or_default();
    let (file, log) = (size_of(told, "file_bytes"), size_of(told, "log_bytes"));
    format!(
        "revision {revision}{cursor}\n{keys} keys of {bytes} in {spaces} namespaces\nfile {file}, of the whole store; log of writes {log}\n"
    )
}

/// A value as far as a line goes.
fn line(entry: &Value) -> String {
    if let Some(number) = entry.get("number") {
        return number.to_string();
    }
    let Some(text) = entry.get("text").and_then(Value::as_str) else {
        if entry.get("base64").is_none() {
            return String::new();
        }
        return format!("({} that are no text)", size_of(entry, "bytes"));
    };
    let short: String = text.chars().take(VALUE_MAX).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    escaped(&short) + more
}

pub(super) fn page(page: &Value) -> String {
    if each(page, "entries").any(|entry| entry.get("vector").is_some()) {
        return vectors(page);
    }
    if each(page, "entries").any(|entry| entry.get("revision").is_none()) {
        let mut table = Table::new(&["digest", "bytes>"]);
        for blob in each(page, "entries") {
            table.row([word(blob, "key"), figure(blob, "bytes").unwrap_or_default().to_string()]);
        }
        return table.render() + &follows(page);
    }
    let mut table = Table::new(&["key", "revision>", "bytes>", "value"]);
    for entry in each(page, "entries") {
        let count = |name: &str| figure(entry, name).unwrap_or_default().to_string();
        table.row([word(entry, "key"), count("revision"), count("bytes"), line(entry)]);
    }
    if table.is_empty() { "no such keys\n".to_owned() } else { table.render() + &follows(page) }
}

fn vectors(page: &Value) -> String {
    let mut table = Table::new(&["key", "revision>", "vector", "labels", "payload"]);
    for entry in each(page, "entries") {
        let numbers: Vec<String> = each(entry, "vector").take(NUMBERS_MAX).map(ToString::to_string).collect();
        let more = if each(entry, "vector").count() > NUMBERS_MAX { ", ..." } else { "" };
        let labels: Vec<&str> = each(entry, "labels").filter_map(Value::as_str).collect();
        table.row([
            word(entry, "key"),
            figure(entry, "revision").unwrap_or_default().to_string(),
            format!("[{}{more}]", numbers.join(", ")),
            shown(&labels.join(", ")),
            line(entry),
        ]);
    }
    table.render() + &follows(page)
}

fn follows(page: &Value) -> String {
    let next = page.get("next").and_then(Value::as_str);
    next.map(|next| format!("more follow: --after '{}'\n", shown(next))).unwrap_or_default()
}

pub(super) fn nearest(found: &Value) -> String {
    let mut table = Table::new(&["key", "distance>", "labels", "payload"]);
    for near in each(found, "near") {
        let distance = near.get("distance").and_then(Value::as_f64).unwrap_or_default();
        let labels: Vec<&str> = each(near, "labels").filter_map(Value::as_str).collect();
        table.row([word(near, "key"), format!("{distance:.6}"), shown(&labels.join(", ")), line(near)]);
    }
    if table.is_empty() { "there is none\n".to_owned() } else { table.render() }
}
