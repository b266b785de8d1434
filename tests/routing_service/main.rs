//! Policy and roster of a running server, looked at and changed: the real program, called by real clients, with
//! files that change on disk and restarts in between.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod admission;
mod agents;
mod applying;
mod asking;
mod desk;
mod files;
mod going_back;
mod restart;
mod under_load;

#[allow(dead_code)] // what only the tests of the triage service need
#[path = "../server/running.rs"]
mod running;
