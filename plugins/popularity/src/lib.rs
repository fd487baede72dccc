//! The `popularity` plugin.
