//! Looks for bytes that break `streamgauge_fuzz::frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| streamgauge_fuzz::frames::check(input));
