//! The commands of `triage-train` and `triage`, one file each. Printing lives only here.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[macro_use]
mod say;

mod check;
pub mod exit;
mod facet_option;
mod health;
mod new_token;
mod printable;
pub mod server;
mod source_args;
pub mod table;
pub mod train;
pub mod triage;
