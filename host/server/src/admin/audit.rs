//! What was changed, by whom, and what was denied: a line of JSON each, on the disk before the answer.
//!
//! A change is written down before it is made, with room for what comes of it: a disk that is full refuses the change
//! rather than leave it unwritten, and a host that is killed in the middle leaves a line that says `begun`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use greenroom_model::text::shortened;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The file's name in the data folder.
pub const AUDIT_FILE: &str = "audit.log";

/// Bytes after which the next line begins a new file.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Files that are kept, with the one that is written to.
const FILES: usize = 8;

/// Bytes that are kept free in a line for what comes of the change.
const ROOM: usize = 512;

/// Characters of what was asked, and of what came of it.
const WHAT_MAX: usize = 400;

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
    path: PathBuf,
    file_bytes_max: u64,
    book: Mutex<Book>,
}

struct Book {
    file: Arc<Mutex<File>>,
    bytes: u64,
}

/// A line that waits for what comes of its change.
pub(super) struct Entry {
    file: Arc<Mutex<File>>,
    at: u64,
    len: usize,
    time: String,
    call: Call,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Audit {
    pub(super) fn open(data_dir: &Path) -> io::Result<Self> {
        Self::open_sized(data_dir, FILE_BYTES_MAX)
    }

    fn open_sized(data_dir: &Path, file_bytes_max: u64) -> io::Result<Self> {
        let path = data_dir.join(AUDIT_FILE);
        let book = Mutex::new(Book::open(&path)?);
        Ok(Self { path, file_bytes_max, book })
    }

    /// Writes down that a change begins. It is on the disk when this returns, and there is room for its end.
    pub(super) fn begin(&self, call: Call) -> io::Result<Entry> {
        self.append(call, "begun", ROOM)
    }

    /// Writes down something that is over.
    pub(super) fn write(&self, call: Call, outcome: &str) -> io::Result<()> {
        self.append(call, outcome, 0).map(drop)
    }

    fn append(&self, mut call: Call, outcome: &str, room: usize) -> io::Result<Entry> {
        call.what = shortened(&call.what, WHAT_MAX);
        let time = OffsetDateTime::now_utc().format(&Rfc3339).map_err(io::Error::other)?;
        let mut text = text(&time, &call, &shortened(outcome, WHAT_MAX))?;
        let len = text.len() + room;
        text.resize(len, b' ');
        text.push(b'\n');
        let mut book = locked(&self.book);
        if book.bytes > 0 && book.bytes.saturating_add(text.len() as u64) > self.file_bytes_max {
            self.turn_over()?;
            *book = Book::open(&self.path)?;
        }
        let at = book.bytes;
        {
            let mut file = locked(&book.file);
            let written =
                file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(&text)).and_then(|()| file.sync_data());
            if let Err(error) = written {
                // Half of a line is worse than none.
                let _ = file.set_len(at);
                return Err(error);
            }
        }
        book.bytes = at + text.len() as u64;
        Ok(Entry { file: Arc::clone(&book.file), at, len, time, call })
    }

    /// The oldest goes; each other one is a place older.
    fn turn_over(&self) -> io::Result<()> {
        let numbered = |number: usize| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..FILES - 1).rev() {
            match fs::rename(numbered(number), numbered(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, numbered(1))
    }
}

impl Book {
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let mut bytes = file.seek(SeekFrom::End(0))?;
        if bytes > 0 {
            // A kill may have left half of a line.
            let mut last = [0];
            file.seek(SeekFrom::Start(bytes - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
                bytes += 1;
            }
        }
        Ok(Self { file: Arc::new(Mutex::new(file)), bytes })
    }
}

impl Entry {
    /// Puts what came of it where it said `begun`.
    pub(super) fn end(self, outcome: &str) -> io::Result<()> {
        for characters in [WHAT_MAX, 100, 40] {
            let mut text = text(&self.time, &self.call, &shortened(outcome, characters))?;
            if text.len() <= self.len {
                text.resize(self.len, b' ');
                let mut file = locked(&self.file);
                file.seek(SeekFrom::Start(self.at))?;
                file.write_all(&text)?;
                return file.sync_data();
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

    fn lines(path: &Path) -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_change_is_there_before_it_is_made_and_then_says_what_came_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(AUDIT_FILE);
        let audit = Audit::open(folder.path()).unwrap();
        let entry = audit.begin(call("a graph")).unwrap();
        assert_eq!(lines(&path)[0]["outcome"], "begun");
        audit.write(call("another\n"), "403").unwrap();
        entry.end(&"\u{202e}".repeat(5_000)).unwrap();
        let found = lines(&path);
        assert_eq!((found.len(), &found[0]["what"], &found[1]["what"]), (2, &"a graph".into(), &"another\\n".into()));
        assert!(found[0]["outcome"].as_str().unwrap().starts_with("\\u{202e}"), "cut to what there is room for");
        assert_eq!((&found[1]["token"], &found[1]["outcome"]), (&"ann".into(), &"403".into()));
        assert!(found[0]["time"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn half_a_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(AUDIT_FILE);
        fs::write(&path, "{\"time\": \"20").unwrap();
        let audit = Audit::open(folder.path()).unwrap();
        audit.write(call("next"), "200").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!((text.lines().count(), &last["what"]), (2, &"next".into()));
    }

    #[test]
    fn full_files_are_turned_over_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open_sized(folder.path(), 1_000).unwrap();
        let first = audit.begin(call("first")).unwrap();
        for number in 0..60 {
            audit.write(call(&number.to_string()), "200").unwrap();
        }
        // Its file is gone by now. That is no failure.
        first.end("200").unwrap();
        let mut names: Vec<String> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        let expected: Vec<String> =
            std::iter::once(AUDIT_FILE.to_owned()).chain((1..8).map(|n| format!("{AUDIT_FILE}.{n}"))).collect();
        assert_eq!(names, expected);
        for name in names {
            let path = folder.path().join(name);
            assert!(fs::metadata(&path).unwrap().len() <= 1_000 && !lines(&path).is_empty());
        }
        assert_eq!(lines(&folder.path().join(AUDIT_FILE)).last().unwrap()["what"], "59");
    }
}
