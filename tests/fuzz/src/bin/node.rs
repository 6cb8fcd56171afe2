//! Looks for bytes that break `streamgauge_fuzz::node`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| streamgauge_fuzz::node::check(input));
