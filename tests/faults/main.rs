//! Connections that misbehave, and ends of the program under load: the real program, called by real clients beside
//! those that send too slowly, read nothing, speak nonsense, or are too many.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod deadlines;
mod ends;
mod idle;
mod limits;
mod nonsense;
mod raw;
mod slow;

#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/tickets.rs"]
mod tickets;
