//! Any text as a graph file.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| greenroom_fuzz::graphs::read(text));
