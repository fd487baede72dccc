//! Recordings of faults, kept in a folder: the first of each kind, and no more than a number of them.
//!
//! An agent that fails every request fails in few ways. So one file stands for a version, a node and a kind of fault, and
//! an agent that keeps failing costs a look at a set. Files are written by a thread of their own.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::SystemTime;

use greenroom_model::{Digest, Fault};

use super::Recording;

/// Recordings that wait to be written; further ones are not kept. Each holds a state.
const QUEUE: usize = 4;
/// Kinds of fault of a version at a node that are recorded, so that an agent that fails in many ways leaves room for others.
const KINDS: usize = 4;
/// What their files are called, and begin with while they are written.
const EXTENSION: &str = "replay";
pub(super) const HALF: &str = ".replay-";

/// What was recorded: nothing twice, also when its file is gone.
#[derive(Default)]
struct Known {
    /// How many kinds of each version at a node.
    kinds: HashMap<Digest, usize>,
    /// Files that are there, or will be soon; false for those that are not any more.
    files: HashMap<PathBuf, bool>,
}

/// The folder of them.
pub struct Replays {
    dir: PathBuf,
    known: Arc<Mutex<Known>>,
    waiting: Arc<AtomicUsize>,
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
        let (known, waiting) = (Arc::<Mutex<Known>>::default(), Arc::new(AtomicUsize::new(0)));
        if most == 0 {
            return Ok(Self { dir: dir.to_owned(), known, waiting, writer: None });
        }
        fs::create_dir_all(dir)?;
        remove_halves(dir)?;
        let there = files(dir)?.into_iter().map(|(_, path)| (path, true));
        known.lock().unwrap_or_else(PoisonError::into_inner).files.extend(there);
        let (sender, work) = mpsc::sync_channel(QUEUE + 1);
        let folder = Folder { dir: dir.to_owned(), most, known: Arc::clone(&known) };
        let done = Arc::clone(&waiting);
        thread::Builder::new().name("greenroom-replays".to_owned()).spawn(move || {
            for work in work {
                match work {
                    Work::Write(recording, path) => {
                        folder.write(&recording, &path);
                        done.fetch_sub(1, Ordering::Release);
                    }
                    Work::Tell(told) => drop(told.send(())),
                }
            }
        })?;
        Ok(Self { dir: dir.to_owned(), known, waiting, writer: Some(sender) })
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
        let (version, node_bytes) = (version.bytes().as_slice(), node.as_bytes());
        let place = Digest::of_parts([version, node_bytes]);
        let of = Digest::of_parts([version, node_bytes, fault.kind.name().as_bytes()]);
        let path = self.dir.join(format!("{node}-{}-{}.{EXTENSION}", fault.kind.name(), of.short()));
        {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(there) = known.files.get(&path) {
                return there.then_some(path);
            }
            let kinds = known.kinds.entry(place).or_default();
            if *kinds >= KINDS {
                return None;
            }
            // A place in the queue first: a recording is a copy of a state.
            if self.waiting.fetch_add(1, Ordering::Acquire) >= QUEUE {
                self.waiting.fetch_sub(1, Ordering::Release);
                return None;
            }
            *kinds += 1;
            known.files.insert(path.clone(), true);
        }
        if writer.send(Work::Write(Box::new(record()), path.clone())).is_err() {
            return None;
        }
        tracing::warn!(%node, %fault, replay = %path.display(), "the first fault of its kind is recorded");
        Some(path)
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

/// The writer's view of it.
struct Folder {
    dir: PathBuf,
    most: usize,
    known: Arc<Mutex<Known>>,
}

impl Folder {
    fn write(&self, recording: &Recording, path: &Path) {
        if let Err(error) = recording.write(path) {
            tracing::warn!(%error, path = %path.display(), "a recording could not be written");
            self.gone(path);
            return;
        }
        let mut files = match files(&self.dir) {
            Ok(files) => files,
            Err(error) => {
                tracing::warn!(%error, path = %self.dir.display(), "old recordings could not be looked for");
                return;
            }
        };
        files.sort();
        let surplus = files.len().saturating_sub(self.most);
        for (_, old) in files.iter().take(surplus) {
            match fs::remove_file(old) {
                Ok(()) => self.gone(old),
                Err(error) => tracing::warn!(%error, path = %old.display(), "an old recording could not be removed"),
            }
        }
    }

    fn gone(&self, path: &Path) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).files.insert(path.to_owned(), false);
    }
}

/// Removes the recordings of what a subject asked, and those in which memory answered something with its id; how many, and how
/// many could not be looked at.
///
/// # Errors
/// When the folder can't be listed, or a file not removed. One that is not there has none.
pub fn forget_recordings(dir: &Path, subject: &str) -> io::Result<(u64, u64)> {
    if !dir.is_dir() {
        return Ok((0, 0));
    }
    let (mut removed, mut unread) = (0, 0);
    for (_, path) in files(dir)? {
        match Recording::read(&path) {
            Ok(recording) if about(&recording, subject) => match fs::remove_file(&path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            },
            Ok(_) => {}
            Err(_) => unread += 1,
        }
    }
    Ok((removed, unread))
}

fn about(recording: &Recording, subject: &str) -> bool {
    let heard = || recording.heard.bytes().windows(subject.len().max(1)).any(|part| part == subject.as_bytes());
    recording.seen.subject.as_ref().is_some_and(|of| *of.key == *subject) || heard()
}

/// Removes what a host that was killed was writing.
fn remove_halves(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(HALF)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The recordings in a folder, with when each was written. What cannot be looked at is none.
fn files(dir: &Path) -> io::Result<Vec<(SystemTime, PathBuf)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let written = fs::metadata(&path).and_then(|metadata| metadata.modified());
        if let (true, Ok(written)) = (path.extension().is_some_and(|e| e == EXTENSION), written) {
            all.push((written, path));
        }
    }
    Ok(all)
}
