//! The `calibrate` plugin.
