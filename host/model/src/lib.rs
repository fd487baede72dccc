//! Words every crate shares.
