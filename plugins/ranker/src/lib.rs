//! The `ranker` plugin.
