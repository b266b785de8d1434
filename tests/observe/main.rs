//! What an operator sees of a running server: its metrics, its traces, and what `deploy/` makes of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod alerts;
mod cluster;
mod collector;
mod encoder_queue;
mod manifests;
mod network;
mod reloads;
mod scrape;
mod scraping;
mod traces;

#[allow(dead_code)] // what only the tests of the HTTP port need
#[path = "../http/calling.rs"]
mod calling;
#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // likewise
#[path = "../server/tickets.rs"]
mod tickets;

#[allow(dead_code)] // what only the encoder's own tests need
#[path = "../../src/features/encoder/tests/fixture.rs"]
mod tiny_encoder;
#[allow(dead_code)] // what only the tests of training need
#[path = "../train/tickets.rs"]
mod training_tickets;
