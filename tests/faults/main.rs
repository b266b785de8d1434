//! Connections that misbehave, and ends of the program under load: the real program, called by real clients beside
//! those that send too slowly, read nothing, speak nonsense, or are too many; and disks that are full, programs beside it,
//! clocks that jump, and many calls.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
// What a machine does not allow to be tested is said.
#![allow(clippy::print_stderr)]

mod clock;
mod deadlines;
mod ends;
mod few_files;
mod idle;
mod limits;
mod nonsense;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod other_clock;
mod raw;
mod registry;
mod slow;
mod soak;
mod unread_log;
mod unwritable;

#[allow(dead_code)] // what only the tests of the HTTP port need
#[path = "../http/calling.rs"]
mod calling;
#[allow(dead_code)] // what only the tests of the routing service need
#[path = "../routing_service/desk.rs"]
mod desk;
#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the tests of metrics need
#[path = "../observe/scrape.rs"]
mod scrape;
#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/tickets.rs"]
mod tickets;

#[allow(dead_code)] // what only the fuzz targets need
#[path = "../../fuzz/targets.rs"]
mod targets;
