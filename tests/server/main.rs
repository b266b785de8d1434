//! `triage-server` as it is used: the real program, started on a free port of this machine, called by real clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod broken_requests;
mod drain;
mod evidence;
mod files;
mod health;
mod log;
mod reflection;
mod running;
mod settings;
mod tickets;
mod validation;
