//! Where commands on the same machine find the server: a file in the data folder, locked for as long as the server lives.
//!
//! The lock tells a server that runs from one that was killed, whose address another program may have by now: nobody
//! should send it a token.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file's name in the data folder.
pub const ADMIN_FILE: &str = "admin";

/// What a data folder says of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Announced {
    /// None ran, or the last one ended well.
    Nobody,
    /// One runs, and takes operators' calls there.
    Running(SocketAddr),
    /// One runs, and is about to say where.
    Starting,
    /// One said so, and runs no more.
    Stale {
        /// What it said.
        said: String,
    },
}

/// The file, for as long as the server lives.
pub(crate) struct Announcement {
    path: PathBuf,
    _locked: File,
}

impl Announcement {
    pub(crate) fn make(data_dir: &Path, address: SocketAddr) -> io::Result<Self> {
        let path = data_dir.join(ADMIN_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            // A command looks at it this moment.
            Err(TryLockError::WouldBlock) => file.lock()?,
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{address} {}\n", std::process::id()).as_bytes())?;
        Ok(Self { path, _locked: file })
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "it still says that a server runs");
        }
    }
}

/// What a data folder says of a server.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn announced(data_dir: &Path) -> io::Result<Announced> {
    let file = match File::open(data_dir.join(ADMIN_FILE)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Announced::Nobody),
        Err(error) => return Err(error),
    };
    let alone = matches!(file.try_lock_shared(), Ok(()));
    let said = io::read_to_string(&file)?;
    let address = said.split_whitespace().next().and_then(|address| address.parse().ok());
    Ok(match address {
        _ if alone => {
            // A server that starts this moment waits for the lock.
            let said = said.split_whitespace().collect::<Vec<_>>().join(", process ");
            Announced::Stale { said }
        }
        Some(address) => Announced::Running(address),
        None => Announced::Starting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_found_while_it_lives_and_known_to_be_gone_after() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(announced(folder.path()).unwrap(), Announced::Nobody);
        let address = SocketAddr::from(([127, 0, 0, 1], 8081));
        let announcement = Announcement::make(folder.path(), address).unwrap();
        assert_eq!(announced(folder.path()).unwrap(), Announced::Running(address));
        drop(announcement);
        assert_eq!(announced(folder.path()).unwrap(), Announced::Nobody);
        std::fs::write(folder.path().join(ADMIN_FILE), "127.0.0.1:8081 77\n").unwrap();
        let said = "127.0.0.1:8081, process 77".to_owned();
        assert_eq!(announced(folder.path()).unwrap(), Announced::Stale { said });
        let _announcement = Announcement::make(folder.path(), address).unwrap();
        assert_eq!(announced(folder.path()).unwrap(), Announced::Running(address), "the next one says where it is");
    }
}
