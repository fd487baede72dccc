//! The memory layer.
