//! Looks for bytes that break `streamgauge_fuzz::packets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| streamgauge_fuzz::packets::check(input));
