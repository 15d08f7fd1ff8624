#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| stap_fuzz::checks::regex(input));
