//! The `ease` plugin.
