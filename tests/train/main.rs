//! `triage-train` as its users start it: the real program, real files, really broken ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod activation_log;
mod altered;
mod check;
mod compare;
mod compare_heads;
mod costs;
mod crafted;
mod crafted_sentences;
mod crafted_tokenizer;
mod desk;
mod encoder;
mod evaluate;
mod fit;
mod forge;
mod gate;
mod interrupted;
mod mislabelled;
mod models;
mod personal_data;
mod refused;
mod report;
mod same_bytes;
mod sentences;
mod suspects;
mod text_columns;
mod tickets;
mod together;
mod vector_cache;

#[allow(dead_code)] // what only the encoder's own tests need
#[path = "../../src/features/encoder/tests/fixture.rs"]
mod tiny_encoder;
