//! Training by calls: the real program, called by real clients, over a registry of its own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod activation;
mod cancelling;
mod desk;
mod ending;
mod files;
mod meanwhile;
mod refusals;
mod same_bytes;
mod training;

#[allow(dead_code)] // what only the tests of the triage service need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the tests of the training program need
#[path = "../train/tickets.rs"]
mod tickets;
