//! Whether the disk has room for what is to be written down.

use super::Host;
use super::roll::Refused;

/// With fewer bytes free the disk counts as full: the store grows by more at once.
const FREE_MIN: u64 = 1 << 20;

/// Bytes of a graph file that can be recorded. The record has room for as much of other things: the store takes values of
/// twice as many.
pub(super) const GRAPH_BYTES_MAX: usize = greenroom_memory::VALUE_BYTES_MAX / 2;

impl Host {
    /// Says of a change that could not be recorded whether that is for want of room, and of a graph that is too large that it is.
    pub(super) fn explained(&self, refused: Refused) -> Refused {
        let Refused::Record(error) = refused else { return refused };
        if error.too_large() {
            return Refused::TooLarge(error.to_string());
        }
        let free = free(&self.inner.data_dir);
        let full = &self.inner.full;
        // After a write that failed the store says no more than that it did.
        let since = error.of_store() && (full.get().is_some() || free.is_some_and(|free| free < FREE_MIN));
        if !error.no_room() && !since {
            return Refused::Record(error);
        }
        let why = full.get_or_init(|| error.to_string()).clone();
        Refused::NoRoom { path: self.inner.data_dir.clone(), why, free: told(free) }
    }
}

/// A graph file that cannot be recorded is refused before anything is done for it.
pub(super) fn recordable(text: &str) -> Result<(), Refused> {
    if text.len() <= GRAPH_BYTES_MAX {
        return Ok(());
    }
    let found = text.len();
    Err(Refused::TooLarge(format!("the graph file has {found} bytes, expected at most {GRAPH_BYTES_MAX}")))
}

fn told(free: Option<u64>) -> String {
    free.map_or_else(String::new, |free| format!(", {free} bytes of its disk are free"))
}

/// Bytes that this process may still fill; none when the system does not tell.
#[cfg(unix)]
fn free(folder: &std::path::Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free(_folder: &std::path::Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graph_file_may_have_half_of_what_a_record_may() {
        assert!(recordable(&" ".repeat(GRAPH_BYTES_MAX)).is_ok());
        let refused = recordable(&" ".repeat(GRAPH_BYTES_MAX + 1)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the plan cannot be recorded: the graph file has 524289 bytes, expected at most 524288; make it smaller"
        );
    }
}
