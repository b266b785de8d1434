//! `triage policy` as those use it who write routing rules: the real program over files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod backlog;
mod cases;
mod changes;
mod check;
mod covered;
mod explain;
mod faults;
mod folder;
mod history;
mod inputs;
mod runner;
mod supply;
mod vacuous;
mod without_text;

#[path = "../prompt/desk.rs"]
mod desk;

#[allow(dead_code)] // what only the prompt's own tests need
#[path = "../prompt/program.rs"]
mod program;

#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
