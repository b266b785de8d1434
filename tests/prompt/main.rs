//! `triage` as it is used at a prompt: the real program, in process and with a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod asking;
mod demo;
mod desk;
mod explain;
mod in_doubt;
mod marks;
mod program;
mod refusals;
mod with_server;

#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
