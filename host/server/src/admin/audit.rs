//! What was changed, by whom, and what was denied: a line of JSON each, on the disk before the answer.
//!
//! A change is written down before it is made, with room for what comes of it: a disk that is full refuses the change
//! rather than leave it unwritten, and a host that is killed in the middle leaves a line that says `begun`. What was denied
//! has a file of its own, so that whoever may change nothing cannot push out what was changed.

use std::io;
use std::path::Path;
use std::time::Instant;

use greenroom_model::text::shortened;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::denied::Denied;
use super::journal::{FILE_BYTES_MAX, Journal, Place};
use crate::error::ServeError;

/// The file of changes, in the data folder.
pub const AUDIT_FILE: &str = "audit.log";

/// The file of calls that were denied, in the data folder.
pub const DENIED_FILE: &str = "denied.log";

/// Bytes that are kept free in a line for what comes of the change.
const ROOM: usize = 512;

/// Characters of what was asked, and of what came of it.
pub(super) const WHAT_MAX: usize = 400;

/// Who called, and what for.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Call {
    /// The name of the token; none when there was none that is known.
    pub(super) token: Option<String>,
    /// Where it came from.
    pub(super) address: String,
    /// Method and path.
    pub(super) action: String,
    /// What was to be changed.
    pub(super) what: String,
}

#[derive(Serialize)]
struct Line<'l> {
    time: &'l str,
    #[serde(flatten)]
    call: &'l Call,
    outcome: &'l str,
}

/// The log.
pub(super) struct Audit {
    changes: Journal,
    denied: Denied,
}

/// A line that waits for what comes of its change.
pub(super) struct Entry {
    place: Place,
    time: String,
    call: Call,
}

impl Audit {
    pub(super) fn open(data_dir: &Path) -> Result<Self, ServeError> {
        let journal = |name: &str| {
            let path = data_dir.join(name);
            Journal::open(path.clone(), FILE_BYTES_MAX).map_err(|source| ServeError::File { path, source })
        };
        Ok(Self { changes: journal(AUDIT_FILE)?, denied: Denied::new(journal(DENIED_FILE)?) })
    }

    /// Writes down that a change begins. It is on the disk when this returns, and there is room for its end.
    pub(super) fn begin(&self, call: Call) -> io::Result<Entry> {
        self.append(call, "begun", ROOM)
    }

    /// Writes down something that is over.
    pub(super) fn write(&self, call: Call, outcome: &str) -> io::Result<()> {
        self.append(call, outcome, 0).map(drop)
    }

    /// Writes down that a call was denied, or that it was so once more.
    pub(super) fn deny(&self, call: Call, outcome: &str) -> io::Result<()> {
        self.denied.write(call, outcome, &now()?, Instant::now())
    }

    fn append(&self, mut call: Call, outcome: &str, room: usize) -> io::Result<Entry> {
        call.what = shortened(&call.what, WHAT_MAX);
        let time = now()?;
        let place = self.changes.append(text(&time, &call, &shortened(outcome, WHAT_MAX))?, room)?;
        Ok(Entry { place, time, call })
    }
}

fn now() -> io::Result<String> {
    OffsetDateTime::now_utc().format(&Rfc3339).map_err(io::Error::other)
}

impl Entry {
    /// Puts what came of it where it said `begun`.
    pub(super) fn end(self, outcome: &str) -> io::Result<()> {
        for characters in [WHAT_MAX, 100, 40] {
            if self.place.write(text(&self.time, &self.call, &shortened(outcome, characters))?)? {
                return Ok(());
            }
        }
        Err(io::Error::other("what came of it does not fit"))
    }
}

fn text(time: &str, call: &Call, outcome: &str) -> io::Result<Vec<u8>> {
    serde_json::to_vec(&Line { time, call, outcome }).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn call(what: &str) -> Call {
        let token = Some("ann".to_owned());
        Call { token, address: "[::1]:7".to_owned(), action: "POST /v1/plans".to_owned(), what: what.to_owned() }
    }

    #[test]
    fn a_change_is_there_before_it_is_made_and_then_says_what_came_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let lines = || -> Vec<Value> {
            let text = std::fs::read_to_string(folder.path().join(AUDIT_FILE)).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        };
        let audit = Audit::open(folder.path()).unwrap();
        let entry = audit.begin(call("a graph")).unwrap();
        assert_eq!(lines()[0]["outcome"], "begun");
        audit.write(call("another\n"), "403").unwrap();
        entry.end(&"\u{202e}".repeat(5_000)).unwrap();
        let found = lines();
        assert_eq!((found.len(), &found[0]["what"], &found[1]["what"]), (2, &"a graph".into(), &"another\\n".into()));
        assert!(found[0]["outcome"].as_str().unwrap().starts_with("\\u{202e}"), "cut to what there is room for");
        assert_eq!((&found[1]["token"], &found[1]["outcome"]), (&"ann".into(), &"403".into()));
        assert!(found[0]["time"].as_str().unwrap().ends_with('Z'));
    }
}
