#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| sse_wire_fuzz::laws::reference(input));
