//! `triage-server` as it is used: the real program, started on a free port of this machine, called by real clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod backlog;
mod broken_requests;
mod check;
mod desk;
mod drain;
mod encoder;
mod evidence;
mod explanation;
mod files;
mod health;
mod log;
mod reflection;
mod reservations;
mod running;
mod settings;
mod tickets;
mod validation;

#[allow(dead_code)] // what only the encoder's own tests need
#[path = "../../src/features/encoder/tests/fixture.rs"]
mod tiny_encoder;
#[allow(dead_code)] // what only the tests of training need
#[path = "../train/tickets.rs"]
mod training_tickets;
