//! A guest that misbehaves as told.
