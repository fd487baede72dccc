//! The file of a recording: what it begins with tells whether this host can read the rest.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use greenroom_model::Digest;
use greenroom_sandbox::{CONTRACT, CONTRACTS};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Recording;
use super::keep::HALF;

const MAGIC: &[u8; 8] = b"GRNplay\n";
/// Of the recording behind the head.
const FORMAT: u32 = 1;

/// What every version of the host can read.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: u32,
    contract: String,
    host: String,
    /// Of the rest.
    digest: Digest,
}

/// Why a file cannot be replayed.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum ReplayError {
    #[error("{path} cannot be read: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is no replay file: expected one that `greenroom decide --record` or a fault left")]
    NotOne { path: PathBuf },
    #[error(
        "{path} was recorded under the contract greenroom:agent@{contract} by greenroom {host}; this host speaks \
         {}: replay it with that version of greenroom",
        CONTRACTS.join(" and ")
    )]
    OtherContract { path: PathBuf, contract: String, host: String },
    #[error(
        "{path} is of format {format}, written by greenroom {host}; this host reads format {FORMAT}: replay it with that \
         version of greenroom"
    )]
    OtherFormat { path: PathBuf, format: u32, host: String },
    #[error("{path} was truncated or changed since it was written: copy it again")]
    Broken { path: PathBuf },
}

impl Recording {
    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let wrong = |e: rmp_serde::encode::Error| io::Error::other(e.to_string());
        let body = rmp_serde::to_vec_named(self).map_err(wrong)?;
        let head = Head {
            format: FORMAT,
            contract: CONTRACT.to_owned(),
            host: env!("CARGO_PKG_VERSION").to_owned(),
            digest: Digest::of(&body),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().prefix(HALF).tempfile_in(folder)?;
        file.write_all(MAGIC)?;
        file.write_all(&rmp_serde::to_vec_named(&head).map_err(wrong)?)?;
        file.write_all(&body)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    }

    /// Reads one.
    ///
    /// # Errors
    /// See [`ReplayError`].
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        let bytes = fs::read(path).map_err(|source| ReplayError::Read { path: path.to_owned(), source })?;
        let path = || path.to_owned();
        let Some(rest) = bytes.strip_prefix(MAGIC) else { return Err(ReplayError::NotOne { path: path() }) };
        let mut body = rest;
        let head: Head = rmp_serde::from_read(&mut body).map_err(|_| ReplayError::Broken { path: path() })?;
        let Head { format, contract, host, digest } = head;
        if !CONTRACTS.contains(&contract.as_str()) {
            return Err(ReplayError::OtherContract { path: path(), contract, host });
        }
        if format != FORMAT {
            return Err(ReplayError::OtherFormat { path: path(), format, host });
        }
        if Digest::of(body) != digest {
            return Err(ReplayError::Broken { path: path() });
        }
        rmp_serde::from_slice(body).map_err(|_| ReplayError::Broken { path: path() })
    }
}
