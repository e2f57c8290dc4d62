//! What ffprobe printed about a stranger's file.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| media::fuzzing::probe_answer(bytes));
