//! One file a command.

pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod decide;
pub(crate) mod eval;
pub(crate) mod inspect;
pub(crate) mod package;
pub(crate) mod train;
