//! The `content` plugin.
