//! A frame of a stranger's archive.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| media::fuzzing::frame_tags(bytes));
