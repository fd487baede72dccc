//! The `fusion` plugin.
