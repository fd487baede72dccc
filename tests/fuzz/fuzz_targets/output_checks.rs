//! Anything that a node might return.

#![no_main]

use greenroom_fuzz::decisions::{Case, judge};

libfuzzer_sys::fuzz_target!(|case: Case| judge(case));
