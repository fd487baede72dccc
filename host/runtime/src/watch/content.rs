//! What is at a path: without reading it, and read whole.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;

use greenroom_model::Digest;

/// Files larger than this are not read: a component or a graph never is, and what is read stays in memory.
const BYTES_MAX: u64 = 1 << 30;

/// What is at a watched path.
#[derive(Debug, Clone)]
pub enum Found {
    /// A file, read whole while nobody changed it.
    Bytes {
        /// Its content.
        bytes: Arc<[u8]>,
        /// Of the content.
        digest: Digest,
    },
    /// Nothing.
    Absent,
    /// A folder.
    Folder,
    /// Something that cannot be read: why.
    Unreadable(String),
}

/// The same content, or the same reason for which there is none.
impl PartialEq for Found {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bytes { digest: one, .. }, Self::Bytes { digest: other, .. }) => one == other,
            (Self::Unreadable(one), Self::Unreadable(other)) => one == other,
            (Self::Absent, Self::Absent) | (Self::Folder, Self::Folder) => true,
            _ => false,
        }
    }
}

/// What tells one state of a path from another without reading it. Times are compared for being equal and for nothing
/// else: clocks are set back, and files come with the times that they had elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Signature {
    /// A file: device and number, length, time of writing, and time of any change, which no program can choose.
    File {
        id: (u64, u64),
        len: u64,
        modified: (i64, i64),
        changed: (i64, i64),
    },
    Absent,
    Folder,
    /// A pipe, a socket or a device: reading one may never end.
    Special,
    Error(String),
}

impl From<&Metadata> for Signature {
    fn from(of: &Metadata) -> Self {
        if of.is_dir() {
            Self::Folder
        } else if of.is_file() {
            Self::File {
                id: (of.dev(), of.ino()),
                len: of.len(),
                modified: (of.mtime(), of.mtime_nsec()),
                changed: (of.ctime(), of.ctime_nsec()),
            }
        } else {
            Self::Special
        }
    }
}

/// Looks at a path, through links.
pub(super) fn look(path: &Path) -> Signature {
    match fs::metadata(path) {
        Ok(metadata) => Signature::from(&metadata),
        Err(error) if is_absence(&error) => Signature::Absent,
        Err(error) => Signature::Error(error.to_string()),
    }
}

/// A file where a parent folder should be is no error: the file that is asked for is not there.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Reads what is at a path, with what it looked like before and after. None when that is not the same.
pub(super) fn read(path: &Path) -> Option<(Signature, Found)> {
    let before = look(path);
    let found = match &before {
        Signature::Absent => Found::Absent,
        Signature::Folder => Found::Folder,
        Signature::Special => Found::Unreadable("it is no file".to_owned()),
        Signature::Error(message) => Found::Unreadable(message.clone()),
        Signature::File { len, .. } if *len > BYTES_MAX => {
            Found::Unreadable(format!("it has {len} bytes, more than {BYTES_MAX}"))
        }
        Signature::File { len, .. } => match bytes(path, &before, *len) {
            Ok(bytes) => {
                let bytes: Arc<[u8]> = bytes?.into();
                Found::Bytes { digest: Digest::of(&bytes), bytes }
            }
            Err(error) => Found::Unreadable(error.to_string()),
        },
    };
    (look(path) == before).then_some((before, found))
}

/// A file's bytes; none when it is not the file, or not the state of it, that was looked at.
fn bytes(path: &Path, looked: &Signature, len: u64) -> io::Result<Option<Vec<u8>>> {
    let mut file = open(path)?;
    if Signature::from(&file.metadata()?) != *looked {
        return Ok(None);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
    // One more than there are: a file that grows is not read to an end that it may never have.
    (&mut file).take(len + 1).read_to_end(&mut bytes)?;
    let whole = bytes.len() as u64 == len && Signature::from(&file.metadata()?) == *looked;
    Ok(whole.then_some(bytes))
}

/// Opening a pipe waits for who writes to it, unless it is told not to wait; a file may have become one meanwhile.
fn open(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}
