//! Everything that memory offers, once, as a hash of what it answered.

use greenroom_sdk::log;
use greenroom_sdk::memory::{Entry, Error, Namespace, Page, gather, labels, open, row_count};

use crate::hash::Hash;

/// Uses all of memory and the log. Revisions differ between runs, so they are left out.
pub(crate) fn use_all() -> Hash {
    let mut hash = Hash::default();
    let space = match open("echo") {
        Ok(space) => space,
        Err(error) => {
            hash.error(&error);
            return hash;
        }
    };
    of_space(&mut hash, &space);
    drop(space);
    hash.case(open("denied").err().as_ref());
    let rows = row_count();
    hash.u32(rows);
    for rows in [(0..rows.min(3)).collect::<Vec<u32>>(), Vec::new()] {
        let fields: Vec<String> = if rows.is_empty() { Vec::new() } else { vec!["year".to_owned()] };
        hash.told(gather(&rows, &fields), |hash, columns| hash.columns(&columns));
    }
    hash.told(labels("genres"), |hash, names| hash.texts(&names));
    log::debug("level");
    log::info("level");
    log::warn("level");
    log::error("level");
    hash
}

fn of_space(hash: &mut Hash, space: &Namespace) {
    hash.told(space.delete("k"), |hash, was| hash.u8(u8::from(was)));
    hash.case(space.compare_and_swap("k", None, b"v1").err().as_ref());
    hash.told(space.get("k"), |hash, entry| hash.option(entry, |hash, entry| hash.bytes(&entry.value)));
    hash.case(space.compare_and_swap("k", None, b"v2").err().as_ref());
    let all: Vec<u8> = (0..=255).collect();
    hash.case(space.put("ü", &all).err().as_ref());
    hash.told(space.get_many(&["k".into(), "missing".into(), "ü".into()]), Hash::entries);
    hash.told(space.scan("", None, 1), Hash::page);
    hash.told(space.scan("", Some("k"), 10), Hash::page);
    for _ in 0..2 {
        hash.told(space.delete("ü"), |hash, was| hash.u8(u8::from(was)));
    }
}

fn number(error: &Error) -> u8 {
    match error {
        Error::Denied(_) => 0,
        Error::Conflict(_) => 1,
        Error::TooLarge(_) => 2,
        Error::Quota(_) => 3,
        Error::NotFound(_) => 4,
        Error::Unavailable(_) => 5,
    }
}

impl Hash {
    fn told<T>(&mut self, told: Result<T, Error>, of: impl FnOnce(&mut Self, T)) {
        match told {
            Ok(value) => {
                self.u8(1);
                of(self, value);
            }
            Err(error) => self.error(&error),
        }
    }

    fn error(&mut self, error: &Error) {
        self.u8(255);
        self.u8(number(error));
        match error {
            Error::Conflict(revision) => self.option(*revision, Self::u64),
            Error::Denied(text)
            | Error::TooLarge(text)
            | Error::Quota(text)
            | Error::NotFound(text)
            | Error::Unavailable(text) => self.text(text),
        }
    }

    /// Success, or the error's case alone.
    fn case(&mut self, error: Option<&Error>) {
        match error {
            None => self.u8(1),
            Some(error) => {
                self.u8(255);
                self.u8(number(error));
            }
        }
    }

    fn entries(&mut self, entries: Vec<Option<Entry>>) {
        self.len(entries.len());
        for entry in entries {
            self.option(entry, |hash, entry| hash.bytes(&entry.value));
        }
    }

    fn page(&mut self, page: Page) {
        self.len(page.entries.len());
        for entry in page.entries {
            self.text(&entry.key);
            self.bytes(&entry.value);
        }
        self.option(page.next, |hash, next| hash.text(&next));
    }
}
