//! Components in the data folder, by the digest of their bytes: what a plan is made of outlives the files that it came
//! from.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use greenroom_model::Digest;

use crate::states::{aged, remove_old};

/// A folder of components.
#[derive(Debug, Clone)]
pub(crate) struct Components {
    dir: PathBuf,
}

impl Components {
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The bytes of a digest; none when they are not there, or not what their name says.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Vec<u8>> {
        let bytes = fs::read(self.dir.join(digest.hex())).ok()?;
        (Digest::of(&bytes) == *digest).then_some(bytes)
    }

    /// Keeps a component, durably.
    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.dir.join(digest.hex());
        if self.get(&digest).is_some() {
            // It is new again: whoever put it is about to refer to it.
            fs::File::options().append(true).open(&path)?.set_modified(SystemTime::now())?;
            return Ok(digest);
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(&path).map_err(|e| e.error)?;
        fs::File::open(&self.dir)?.sync_all()?;
        Ok(digest)
    }

    /// Whether a component is there; then it is new again, as if it had been put there now.
    pub(crate) fn renew(&self, digest: &Digest) -> bool {
        let file = fs::File::options().append(true).open(self.dir.join(digest.hex()));
        file.and_then(|file| file.set_modified(SystemTime::now())).is_ok()
    }

    /// Those there are: size in bytes, and age since they were put there last.
    pub(crate) fn all(&self) -> io::Result<Vec<(Digest, u64, Duration)>> {
        aged(&self.dir)
    }

    /// Removes a component, unless it is new again by now.
    pub(crate) fn remove(&self, digest: &Digest, age: Duration) -> io::Result<bool> {
        remove_old(&self.dir.join(digest.hex()), age)
    }
}
