//! The `rerank` plugin.
