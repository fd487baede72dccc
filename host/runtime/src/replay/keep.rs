//! Recordings of faults, kept in a folder: the first of each kind, and no more than a number of them.
//!
//! An agent that fails every request fails in few ways. So one file stands for a version, a node and a kind of fault, and
//! an agent that keeps failing costs a look at a set. Files are written by a thread of their own.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use greenroom_model::{Digest, Fault};

use super::Recording;

/// Recordings that wait to be written; further ones are not kept. Each holds a state.
const QUEUE: usize = 4;
/// What their files are called.
const EXTENSION: &str = "replay";

/// The files that are there, or will be soon.
#[derive(Clone, Default)]
struct Known(Arc<Mutex<HashSet<PathBuf>>>);

impl Known {
    fn add(&self, path: &Path) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned())
    }

    fn drop(&self, path: &Path) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(path);
    }
}

/// The folder of them.
pub struct Replays {
    dir: PathBuf,
    known: Known,
    writer: Option<SyncSender<Work>>,
}

enum Work {
    Write(Box<Recording>, PathBuf),
    Tell(SyncSender<()>),
}

impl Replays {
    /// Opens the folder, and keeps `most` files at the most in it; none for 0.
    ///
    /// # Errors
    /// When the folder cannot be made or listed, or no thread can be had.
    pub fn open(dir: &Path, most: usize) -> io::Result<Self> {
        let known = Known::default();
        if most == 0 {
            return Ok(Self { dir: dir.to_owned(), known, writer: None });
        }
        fs::create_dir_all(dir)?;
        for (_, path) in files(dir)? {
            known.add(&path);
        }
        let (sender, work) = mpsc::sync_channel(QUEUE);
        let (folder, there) = (dir.to_owned(), known.clone());
        thread::Builder::new().name("greenroom-replays".to_owned()).spawn(move || {
            for work in work {
                match work {
                    Work::Write(recording, path) => write(&recording, &path, &folder, most, &there),
                    Work::Tell(done) => drop(done.send(())),
                }
            }
        })?;
        Ok(Self { dir: dir.to_owned(), known, writer: Some(sender) })
    }

    /// Keeps the recording of a fault unless there is one like it. Where it is or will be; nowhere when it is not kept.
    pub(crate) fn keep(
        &self,
        version: &Digest,
        node: &str,
        fault: &Fault,
        record: impl FnOnce() -> Recording,
    ) -> Option<PathBuf> {
        let writer = self.writer.as_ref()?;
        let of = Digest::of_parts([version.bytes().as_slice(), node.as_bytes(), fault.kind.name().as_bytes()]);
        let path = self.dir.join(format!("{node}-{}-{}.{EXTENSION}", fault.kind.name(), of.short()));
        if !self.known.add(&path) {
            return Some(path);
        }
        match writer.try_send(Work::Write(Box::new(record()), path.clone())) {
            Ok(()) => {
                tracing::warn!(%node, %fault, replay = %path.display(), "the first fault of its kind is recorded");
                Some(path)
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.known.drop(&path);
                None
            }
        }
    }

    /// Waits until what was kept so far is written.
    pub fn flush(&self) {
        let Some(writer) = &self.writer else { return };
        let (done, told) = mpsc::sync_channel(1);
        if writer.send(Work::Tell(done)).is_ok() {
            // An error says that the thread is gone, and then there is nothing to wait for.
            let _ = told.recv();
        }
    }
}

fn write(recording: &Recording, path: &Path, dir: &Path, most: usize, known: &Known) {
    if let Err(error) = recording.write(path) {
        tracing::warn!(%error, path = %path.display(), "a recording could not be written");
        known.drop(path);
        return;
    }
    let Ok(mut files) = files(dir) else { return };
    files.sort();
    let surplus = files.len().saturating_sub(most);
    for (_, old) in files.iter().take(surplus) {
        match fs::remove_file(old) {
            // One like it may be kept again.
            Ok(()) => known.drop(old),
            Err(error) => tracing::warn!(%error, path = %old.display(), "an old recording could not be removed"),
        }
    }
}

/// The recordings in a folder, with when each was written.
fn files(dir: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == EXTENSION) {
            let written = fs::metadata(&path)?.modified()?;
            all.push((written, path));
        }
    }
    Ok(all)
}
