//! The `als` plugin.
