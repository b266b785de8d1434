//! Models of a running server, looked at and swapped: the real programs, called by real clients, with a registry that
//! other programs change meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod activating;
mod desk;
mod encoder;
mod following;
mod gate;
mod listing;
mod pinned;
mod rolling_back;
mod shadow;
mod shadow_refused;
mod under_load;

#[allow(dead_code)] // what only the tests of the triage service need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the tests of training need
#[path = "../train/tickets.rs"]
mod tickets;
#[allow(dead_code)] // what only the encoder's own tests need
#[path = "../../src/features/encoder/tests/fixture.rs"]
mod tiny_encoder;
