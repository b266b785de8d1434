//! The HTTP port as it is used: the real program with both ports on free ports of this machine, called by a plain client.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod arriving;
mod browsers;
mod calling;
mod compression;
mod described;
mod documented;
mod draining;
mod headers;
mod idle;
mod refusals;
mod secured;
mod streams;
mod unlogged;
mod watched;

#[allow(dead_code)] // what only the tests of faults need
#[path = "../faults/raw.rs"]
mod raw;
#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;

#[allow(dead_code)] // what only the other guide's tests need
#[path = "../docs/blocks.rs"]
mod blocks;

#[allow(dead_code)] // what only the tests of TLS need
#[path = "../tls/certificates.rs"]
mod certificates;
#[allow(dead_code)]
#[path = "../server/tickets.rs"]
mod tickets;
#[allow(dead_code)]
#[path = "../tls/client.rs"]
mod tls_client;
