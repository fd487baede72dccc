//! Any bytes as the body of each request that has one.

#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| greenroom_fuzz::bodies::read(body));
