//! A message as JSON, and one on the wire.

#![no_main]

#[allow(dead_code)] // what the other targets need
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    targets::json(input);
});
