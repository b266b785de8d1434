//! Many tickets in one call, as a batch or as a stream: the real program, called by real clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod batch;
mod large_rosters;
mod memory;
mod outcome;
mod stream;

#[allow(dead_code)] // what only the tests of the HTTP port need
#[path = "../http/calling.rs"]
mod calling;
#[allow(dead_code)] // what only the tests of single tickets need
#[path = "../server/desk.rs"]
mod desk;
#[allow(dead_code)] // what only the tests of single tickets need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the tests of metrics need
#[path = "../observe/scrape.rs"]
mod scrape;
#[allow(dead_code)] // what only the tests of single tickets need
#[path = "../server/tickets.rs"]
mod tickets;
