//! What the host offers: memory, log and metric. On wasm they are imports; natively [`crate::native`] stands in.

/// The shared memory layer.
pub mod memory {
    pub use crate::bindings::memory::{Entry, Error, KeyedEntry, Page};
    #[cfg(target_family = "wasm")]
    pub use crate::bindings::memory::{Namespace, gather, labels, open, row_count};
    #[cfg(not(target_family = "wasm"))]
    pub use crate::native::memory::{Namespace, gather, labels, open, row_count};
}

/// Lines for the operator, bounded by the host.
pub mod log {
    use crate::bindings::log::Level;

    fn write(level: Level, message: &str) {
        #[cfg(target_family = "wasm")]
        crate::bindings::log::write(level, message);
        #[cfg(not(target_family = "wasm"))]
        crate::native::log(level, message);
    }

    /// For an author.
    pub fn debug(message: &str) {
        write(Level::Debug, message);
    }

    /// For the record.
    pub fn info(message: &str) {
        write(Level::Info, message);
    }

    /// Something to look at.
    pub fn warn(message: &str) {
        write(Level::Warn, message);
    }

    /// Something is wrong.
    pub fn error(message: &str) {
        write(Level::Error, message);
    }
}

/// Numbers for the operator, bounded by the host.
pub mod metric {
    /// Adds to a counter.
    pub fn count(name: &str, value: f64) {
        #[cfg(target_family = "wasm")]
        crate::bindings::metric::count(name, value);
        #[cfg(not(target_family = "wasm"))]
        let _ = (name, value);
    }

    /// Observes a value.
    pub fn observe(name: &str, value: f64) {
        #[cfg(target_family = "wasm")]
        crate::bindings::metric::observe(name, value);
        #[cfg(not(target_family = "wasm"))]
        let _ = (name, value);
    }
}
