//! Components in the data folder, by the digest of their bytes: what a plan is made of outlives the files that it came
//! from.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use greenroom_model::Digest;

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

    /// Keeps a component, durably. What is there already is not written again.
    pub(crate) fn put(&self, bytes: &[u8]) -> io::Result<Digest> {
        let digest = Digest::of(bytes);
        let path = self.dir.join(digest.hex());
        if fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) && self.get(&digest).is_some() {
            return Ok(digest);
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(&path).map_err(|e| e.error)?;
        fs::File::open(&self.dir)?.sync_all()?;
        Ok(digest)
    }

    pub(crate) fn has(&self, digest: &Digest) -> bool {
        self.dir.join(digest.hex()).is_file()
    }

    /// Those there are, with their sizes in bytes.
    pub(crate) fn all(&self) -> io::Result<Vec<(Digest, u64)>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(digest) = name.to_str().and_then(|name| format!("sha256:{name}").parse().ok()) {
                all.push((digest, entry.metadata()?.len()));
            }
        }
        Ok(all)
    }

    pub(crate) fn remove(&self, digest: &Digest) -> io::Result<()> {
        fs::remove_file(self.dir.join(digest.hex()))
    }
}
