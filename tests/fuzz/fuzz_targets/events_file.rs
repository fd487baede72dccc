//! Any bytes as a file of events, and as a file of items.

#![no_main]

use greenroom_fuzz::files;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    files::events(bytes);
    files::items(bytes);
});
