//! Learned states on disk: content-addressed, and remembered by what they were learned from, so that nothing is learned
//! twice.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use greenroom_model::{Digest, FitReport, State};
use serde::{Deserialize, Serialize};

/// A folder of states.
#[derive(Debug, Clone)]
pub struct States {
    dir: PathBuf,
}

/// What training left behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The state.
    pub state: Digest,
    /// The state before events that came after its lessons; the same one where there were none.
    pub at_cut: Digest,
    /// What `fit` said.
    pub report: FitReport,
    /// Fuel that learning took.
    pub fuel: u64,
}

impl States {
    /// Opens the folder, making it when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir.join("trainings"))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The state of a digest; none when it is not there, or not what its name says.
    #[must_use]
    pub fn get(&self, digest: &Digest) -> Option<Arc<State>> {
        let file = fs::read(self.dir.join(digest.hex())).ok()?;
        let state = crate::state_file::state(&file).ok()?;
        if state.digest() != *digest {
            tracing::warn!(%digest, "a state on disk is broken; it will be learned anew");
            return None;
        }
        Some(Arc::new(state))
    }

    /// Keeps a state that may be there already.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub(crate) fn ensure(&self, digest: &Digest, state: &State) -> io::Result<()> {
        if self.get(digest).is_none() {
            self.put(state)?;
        }
        // It is new again: whoever has it kept is about to refer to it.
        self.renew(digest);
        Ok(())
    }

    /// Keeps a state, durably.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn put(&self, state: &State) -> io::Result<Digest> {
        let digest = state.digest();
        let schema = u32::try_from(state.schema.len()).map_err(io::Error::other)?;
        write(&self.dir.join(digest.hex()), &[&schema.to_le_bytes(), state.schema.as_bytes(), &state.bytes])?;
        Ok(digest)
    }

    /// Those there are: size in bytes, and age.
    pub(crate) fn all(&self) -> io::Result<Vec<(Digest, u64, Duration)>> {
        aged(&self.dir)
    }

    /// Removes a state, unless it is new again by now.
    pub(crate) fn remove(&self, digest: &Digest, age: Duration) -> io::Result<bool> {
        remove_old(&self.dir.join(digest.hex()), age)
    }

    /// As if it had been put there now.
    pub(crate) fn renew(&self, digest: &Digest) {
        let file = fs::File::options().append(true).open(self.dir.join(digest.hex()));
        if let Err(error) = file.and_then(|file| file.set_modified(SystemTime::now())) {
            tracing::debug!(%digest, %error, "a state is as old as before");
        }
    }

    /// Forgets what is remembered of states that are not there any more, from longer ago than `age`.
    pub(crate) fn forget_trainings(&self, age: Duration) -> io::Result<()> {
        for (key, _, old) in aged(&self.dir.join("trainings"))? {
            if old > age && self.training(&key).is_none() {
                remove_old(&self.dir.join("trainings").join(key.hex()), age)?;
            }
        }
        Ok(())
    }

    /// What was learned under a key, with its state.
    #[must_use]
    pub fn training(&self, key: &Digest) -> Option<(Training, Arc<State>)> {
        let file = fs::read(self.dir.join("trainings").join(key.hex())).ok()?;
        let training: Training = rmp_serde::from_slice(&file).ok()?;
        let state = self.get(&training.state)?;
        Some((training, state))
    }

    /// Remembers what was learned under a key.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn remember(&self, key: &Digest, training: &Training) -> io::Result<()> {
        let bytes = rmp_serde::to_vec(training).map_err(io::Error::other)?;
        write(&self.dir.join("trainings").join(key.hex()), &[&bytes])
    }
}

/// Removes a file that is older than this; whether it did.
pub(crate) fn remove_old(path: &Path, age: Duration) -> io::Result<bool> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let old = match fs::metadata(path) {
        Ok(metadata) => metadata.modified()?.elapsed().unwrap_or_default() > age,
        Err(error) if gone(&error) => return Ok(false),
        Err(error) => return Err(error),
    };
    match old.then(|| fs::remove_file(path)) {
        None => Ok(false),
        Some(Ok(())) => Ok(true),
        Some(Err(error)) if gone(&error) => Ok(false),
        Some(Err(error)) => Err(error),
    }
}

/// The files of a folder that are named by a digest: size in bytes, and age.
pub(crate) fn aged(dir: &Path) -> io::Result<Vec<(Digest, u64, Duration)>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let digest = entry.file_name().to_str().and_then(|name| format!("sha256:{name}").parse().ok());
        if let Some(digest) = digest {
            let metadata = entry.metadata()?;
            // A file from the future is new.
            let age = metadata.modified()?.elapsed().unwrap_or_default();
            all.push((digest, metadata.len(), age));
        }
    }
    Ok(all)
}

/// Whole or not at all.
fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    for part in parts {
        file.write_all(part)?;
    }
    file.as_file().sync_data()?;
    file.persist(path).map_err(|e| e.error)?;
    // The name has to survive too: what is recorded about it may be durable before.
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_and_a_broken_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let states = States::open(dir.path()).unwrap();
        let state = State { schema: "x/1".to_owned(), bytes: vec![1, 2, 3] };
        let digest = states.put(&state).unwrap();
        assert_eq!(states.get(&digest).as_deref(), Some(&state));
        let key = Digest::of(b"key");
        states
            .remember(&key, &Training { state: digest, at_cut: digest, report: FitReport::default(), fuel: 7 })
            .unwrap();
        assert_eq!(states.training(&key).map(|t| t.0.fuel), Some(7));
        let path = dir.path().join(digest.hex());
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, bytes).unwrap();
        assert_eq!(states.get(&digest), None);
        assert!(states.training(&key).is_none());
    }
}
