//! Looks for bytes that break `streamgauge_fuzz::fleet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| streamgauge_fuzz::fleet::check(input));
