//! A file of lines, each on the disk before the call that writes it returns; full files are kept for a while.
//!
//! A line may be written again in its place, with as much room as it was given.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes after which the next line begins a new file.
pub(super) const FILE_BYTES_MAX: u64 = 16 << 20;

/// Files that are kept, with the one that is written to.
const FILES: usize = 8;

/// A file of which no next one can be begun takes lines until it is so many times as large.
const OVER: u64 = 2;

/// The lines.
pub(super) struct Journal {
    path: PathBuf,
    file_bytes_max: u64,
    book: Mutex<Book>,
}

/// The file that is written to.
struct Book {
    file: Arc<Mutex<File>>,
    bytes: u64,
    /// A write failed: what is behind `bytes` is half of a line.
    torn: bool,
    /// The next file could not be begun, which was told.
    stuck: bool,
}

/// Where a line is.
pub(super) struct Place {
    file: Arc<Mutex<File>>,
    at: u64,
    len: usize,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Journal {
    pub(super) fn open(path: PathBuf, file_bytes_max: u64) -> io::Result<Self> {
        let book = Mutex::new(Book::open(&path)?);
        Ok(Self { path, file_bytes_max, book })
    }

    /// Writes a line, with room for so many bytes more. It is on the disk when this returns.
    pub(super) fn append(&self, mut text: Vec<u8>, room: usize) -> io::Result<Place> {
        let len = text.len() + room;
        text.resize(len, b' ');
        text.push(b'\n');
        let mut book = locked(&self.book);
        let after = book.bytes.saturating_add(text.len() as u64);
        if book.bytes > 0 && after > self.file_bytes_max {
            self.next_file(&mut book, after)?;
        }
        let at = book.write(&text)?;
        Ok(Place { file: Arc::clone(&book.file), at, len })
    }

    /// Begins the next file. What fails on the way is tried again with the next line, and the file before takes this one:
    /// an old file that cannot be moved must not keep anybody from changing anything.
    fn next_file(&self, book: &mut Book, after: u64) -> io::Result<()> {
        let path = self.path.display();
        match self.turn_over().and_then(|()| Book::open(&self.path)) {
            Ok(next) => {
                if book.stuck {
                    tracing::info!(%path, "the next file could be begun");
                }
                *book = next;
                Ok(())
            }
            Err(error) => {
                if !book.stuck {
                    tracing::error!(%path, %error, "it is full, and the next file cannot be begun: it grows meanwhile");
                }
                book.stuck = true;
                let most = self.file_bytes_max.saturating_mul(OVER);
                if after > most { Err(error) } else { Ok(()) }
            }
        }
    }

    /// The oldest goes; each other one is a place older.
    fn turn_over(&self) -> io::Result<()> {
        // An earlier try may have come as far as here.
        if !fs::exists(&self.path)? {
            return Ok(());
        }
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
        Ok(Self { file: Arc::new(Mutex::new(file)), bytes, torn: false, stuck: false })
    }

    fn write(&mut self, text: &[u8]) -> io::Result<u64> {
        let at = self.bytes;
        let mut file = locked(&self.file);
        // Half of a line is worse than none.
        if self.torn {
            file.set_len(at)?;
            self.torn = false;
        }
        let written = file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(text)).and_then(|()| file.sync_data());
        if let Err(error) = written {
            self.torn = file.set_len(at).is_err();
            return Err(error);
        }
        self.bytes = at + text.len() as u64;
        Ok(at)
    }
}

impl Place {
    /// Writes another line in its place; whether it has the room.
    pub(super) fn write(&self, mut text: Vec<u8>) -> io::Result<bool> {
        if text.len() > self.len {
            return Ok(false);
        }
        text.resize(self.len, b' ');
        let mut file = locked(&self.file);
        file.seek(SeekFrom::Start(self.at))?;
        file.write_all(&text)?;
        file.sync_data()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(journal: &Journal, text: &str) -> io::Result<Place> {
        journal.append(text.as_bytes().to_vec(), 0)
    }

    fn names(folder: &Path) -> Vec<String> {
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        let mut names: Vec<String> = fs::read_dir(folder).unwrap().map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn half_a_line_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "{\"time\": \"20").unwrap();
        let journal = Journal::open(path.clone(), FILE_BYTES_MAX).unwrap();
        line(&journal, "next").unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!((text.lines().count(), text.lines().last()), (2, Some("next")));
    }

    #[test]
    fn full_files_are_turned_over_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let journal = Journal::open(path.clone(), 10).unwrap();
        let first = line(&journal, "first").unwrap();
        for number in 0..60 {
            line(&journal, &number.to_string()).unwrap();
        }
        // Its file is gone by now. That is no failure.
        assert!(first.write(b"other".to_vec()).unwrap());
        let expected: Vec<String> =
            std::iter::once("log".to_owned()).chain((1..8).map(|n| format!("log.{n}"))).collect();
        assert_eq!(names(folder.path()), expected);
        for name in expected {
            let len = fs::metadata(folder.path().join(name)).unwrap().len();
            assert!((1..=10).contains(&len), "{len}");
        }
        assert!(fs::read_to_string(&path).unwrap().ends_with("59\n"));
    }

    #[test]
    fn a_file_that_was_moved_and_not_begun_anew_is_begun_with_the_next_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let journal = Journal::open(path.clone(), 10).unwrap();
        line(&journal, "12345678").unwrap();
        // As far as a turn gets that finds no file descriptor for the next file.
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        line(&journal, "next").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "next\n");
        assert_eq!(names(folder.path()), ["log", "log.1"]);
    }

    #[test]
    fn old_files_that_cannot_be_moved_hold_up_no_line_until_the_file_is_twice_as_large() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let journal = Journal::open(path.clone(), 10).unwrap();
        // A file cannot take the place of a folder.
        fs::create_dir_all(folder.path().join("log.7/there")).unwrap();
        fs::write(folder.path().join("log.6"), "old\n").unwrap();
        line(&journal, "12345678").unwrap();
        line(&journal, "second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "12345678\nsecond\n");
        assert!(line(&journal, "too much").is_err());
        fs::remove_dir_all(folder.path().join("log.7")).unwrap();
        line(&journal, "next").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "next\n");
        assert_eq!(fs::read_to_string(folder.path().join("log.1")).unwrap(), "12345678\nsecond\n");
        assert_eq!(names(folder.path()), ["log", "log.1", "log.7"]);
    }

    #[test]
    fn a_line_is_written_again_where_it_has_the_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let journal = Journal::open(path.clone(), FILE_BYTES_MAX).unwrap();
        let place = journal.append(b"begun".to_vec(), 3).unwrap();
        line(&journal, "after").unwrap();
        assert!(!place.write(b"too much of it".to_vec()).unwrap());
        assert!(place.write(b"ended".to_vec()).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "ended   \nafter\n");
    }
}
