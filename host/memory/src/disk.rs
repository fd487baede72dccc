//! What the disk said when the store could not be read or written.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use crate::Unavailable;

impl Unavailable {
    /// The disk's own error; none when it was something else, such as an earlier failure.
    #[must_use]
    pub fn disk(&self) -> Option<&io::Error> {
        match &**self.source()?.downcast_ref::<Arc<redb::Error>>()? {
            redb::Error::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Whether it says that there is no room: the disk is full, or somebody may have no more of it, or no file as large.
#[must_use]
pub fn no_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_said_is_found_below_what_the_store_says() {
        let disk = redb::Error::Io(io::ErrorKind::StorageFull.into());
        assert!(Unavailable::reading(disk).disk().is_some_and(no_room));
        let other = redb::Error::Io(io::ErrorKind::NotFound.into());
        assert!(!Unavailable::reading(other).disk().is_some_and(no_room));
        assert!(Unavailable::reading(redb::Error::PreviousIo).disk().is_none());
    }
}
