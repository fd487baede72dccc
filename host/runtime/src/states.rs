//! Learned states on disk: content-addressed, and remembered by what they were learned from, so that nothing is learned
//! twice.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use greenroom_model::{Digest, FitReport, State};
use serde::{Deserialize, Serialize};

/// A folder of states.
#[derive(Debug, Clone)]
pub struct States {
    dir: PathBuf,
    room: Option<Arc<Room>>,
}

/// How much of a folder may be used.
#[derive(Debug)]
struct Room {
    bytes_max: u64,
    /// What is used, as far as this process knows.
    bytes: AtomicU64,
    /// One makes room at a time.
    making: Mutex<()>,
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
        Ok(Self { dir: dir.to_owned(), room: None })
    }

    /// The same, for states that can be learned anew whenever they are gone: they take `bytes_max` bytes at the most, for which
    /// the least recently used give way. The latest stays, however large it is.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn bounded(dir: &Path, bytes_max: u64) -> io::Result<Self> {
        let states = Self::open(dir)?;
        let bytes = AtomicU64::new(states.all()?.iter().map(|(_, bytes, _)| bytes).sum());
        Ok(Self { room: Some(Arc::new(Room { bytes_max, bytes, making: Mutex::new(()) })), ..states })
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
        if self.room.is_some() {
            self.renew(digest);
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
        let path = self.dir.join(digest.hex());
        let before = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        write(&path, &[&schema.to_le_bytes(), state.schema.as_bytes(), &state.bytes])?;
        if let Some(room) = &self.room {
            let more = fs::metadata(&path)?.len().saturating_sub(before);
            let bytes = room.bytes.fetch_add(more, Ordering::Relaxed).saturating_add(more);
            if bytes > room.bytes_max {
                self.make_room(room)?;
            }
        }
        Ok(digest)
    }

    /// Removes the least recently used until there is some room: a twentieth, so that not every state makes room anew.
    fn make_room(&self, room: &Room) -> io::Result<()> {
        let _one = room.making.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.all()?;
        all.sort_by_key(|(_, _, age)| std::cmp::Reverse(*age));
        // The latest is not looked at: somebody is about to refer to it.
        let latest = all.pop();
        let mut bytes = all.iter().chain(&latest).map(|(_, bytes, _)| bytes).sum::<u64>();
        let wanted = room.bytes_max - room.bytes_max / 20;
        for (digest, size, _) in all {
            if bytes <= wanted {
                break;
            }
            self.remove(&digest, Duration::ZERO)?;
            bytes = bytes.saturating_sub(size);
        }
        room.bytes.store(bytes, Ordering::Relaxed);
        self.forget_gone(Duration::ZERO)
    }

    /// Removes what was not used for so long, of states that can be learned anew: how many, and their bytes.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn sweep(&self, unused: Duration) -> io::Result<(usize, u64)> {
        let (mut count, mut gone) = (0, 0);
        for (digest, bytes, age) in self.all()? {
            if age > unused && self.remove(&digest, unused)? {
                count += 1;
                gone += bytes;
            }
        }
        if let Some(room) = &self.room {
            room.bytes.store(self.all()?.iter().map(|(_, bytes, _)| bytes).sum(), Ordering::Relaxed);
        }
        self.forget_gone(unused)?;
        Ok((count, gone))
    }

    /// As [`forget_trainings`](Self::forget_trainings), by whether there are files alone: none of these states is read for it.
    fn forget_gone(&self, age: Duration) -> io::Result<()> {
        let there = |training: &Training| {
            [training.state, training.at_cut].iter().all(|digest| self.dir.join(digest.hex()).is_file())
        };
        for (key, _, old) in aged(&self.dir.join("trainings"))? {
            let path = self.dir.join("trainings").join(key.hex());
            let training = fs::read(&path).ok().and_then(|file| rmp_serde::from_slice::<Training>(&file).ok());
            if old > age && !training.as_ref().is_some_and(there) {
                remove_old(&path, age)?;
            }
        }
        Ok(())
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
    /// A state of its own of so many bytes, as a training under a key of the same name.
    fn learned(states: &States, name: u8, bytes: usize) -> Digest {
        let digest = states.put(&State { schema: "x/1".to_owned(), bytes: vec![name; bytes] }).unwrap();
        let training = Training { state: digest, at_cut: digest, report: FitReport::default(), fuel: 1 };
        states.remember(&Digest::of(&[name]), &training).unwrap();
        digest
    }

    fn age(states: &States, digest: &Digest, seconds: u64) {
        let file = fs::File::options().append(true).open(states.dir.join(digest.hex())).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn in_a_bound_the_least_recently_used_give_way() {
        let dir = tempfile::tempdir().unwrap();
        let states = States::bounded(dir.path(), 3_500).unwrap();
        let [a, b, c] = [1, 2, 3].map(|name| learned(&states, name, 1_000));
        for (digest, seconds) in [(a, 30), (b, 20), (c, 10)] {
            age(&states, &digest, seconds);
        }
        // Used again, by what it was learned from.
        assert!(states.training(&Digest::of(&[1])).is_some());
        let d = learned(&states, 4, 1_000);
        let there = |digest: &Digest| dir.path().join(digest.hex()).is_file();
        assert_eq!([a, b, c, d].map(|digest| there(&digest)), [true, false, true, true]);
        assert!(states.training(&Digest::of(&[2])).is_none());
        assert_eq!(fs::read_dir(dir.path().join("trainings")).unwrap().count(), 3);
        // What was there before counts, and what alone is larger than the bound is kept while it is the latest.
        let again = States::bounded(dir.path(), 3_500).unwrap();
        let large = learned(&again, 5, 9_000);
        assert_eq!([a, c, d, large].map(|digest| there(&digest)), [false, false, false, true]);
        // The same state again takes no more room.
        for _ in 0..9 {
            learned(&again, 5, 9_000);
        }
        assert!(there(&large));
    }

    #[test]
    fn what_was_not_used_for_long_is_swept_with_what_is_remembered_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let states = States::bounded(dir.path(), u64::MAX).unwrap();
        let [old, used, new] = [1, 2, 3].map(|name| learned(&states, name, 100));
        age(&states, &old, 60);
        age(&states, &used, 60);
        assert!(states.get(&used).is_some());
        let trainings = dir.path().join("trainings");
        for name in [1_u8, 2, 3] {
            let file = fs::File::options().append(true).open(trainings.join(Digest::of(&[name]).hex())).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
        }
        let (count, bytes) = states.sweep(Duration::from_secs(30)).unwrap();
        assert!(count == 1 && bytes > 100, "{count}, {bytes}");
        assert_eq!([old, used, new].map(|digest| states.get(&digest).is_some()), [false, true, true]);
        assert_eq!(fs::read_dir(trainings).unwrap().count(), 2);
    }
}
