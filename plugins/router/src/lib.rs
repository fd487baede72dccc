//! The `router` plugin.
