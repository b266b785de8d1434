//! A ticket's text: masked, split, encoded, classified and explained.

#![no_main]

#[allow(dead_code)] // what the other targets need
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    targets::ticket(input);
});
