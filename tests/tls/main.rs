//! TLS and mutual TLS: the real program with certificates made for each test, called by clients that trust some
//! authorities and not others, while files change beneath it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod beside;
mod certificates;
mod client;
mod handshakes;
mod mutual;
mod refused_files;
mod reloading;

#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/tickets.rs"]
mod tickets;
