//! Why serving did not start, or did not end well.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use greenroom_memory::Unavailable;
use thiserror::Error;

use crate::admin::TokensError;

/// Why serving did not start, or did not end well.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "said by the message")]
pub enum ServeError {
    #[error("{address} is in use: stop what listens there, or listen on another address; port 0 takes any free port")]
    InUse { address: SocketAddr },
    #[error("may not listen on {address}: use a port from 1024 on, or give the process the right to bind lower ones")]
    Forbidden { address: SocketAddr },
    #[error("{address} is no address of this machine: listen on one that is, or on 0.0.0.0 or [::] for all of them")]
    NotHere { address: SocketAddr },
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the setting `{name}` is {found}, expected {expected}")]
    Setting { name: &'static str, found: usize, expected: String },
    #[error(transparent)]
    Tokens(#[from] TokensError),
    #[error("{path} cannot be used: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("decisions of the last moments before the stop may not be in the log: {0}")]
    Flush(Unavailable),
}

impl ServeError {
    pub(crate) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            io::ErrorKind::PermissionDenied => Self::Forbidden { address },
            io::ErrorKind::AddrNotAvailable => Self::NotHere { address },
            _ => Self::Listen { address, source },
        }
    }
}
