//! Who may call a running server: tokens, signed tokens, scopes, limits and the log of operators' calls, on the real
//! program, called by real clients.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod call_log;
mod calls;
mod guarded;
mod jwt;
mod limits;
mod mutual;
mod prompt;
mod rotation;
mod scopes;
mod secrets;
mod signer;
mod tokens;

#[allow(dead_code)] // what only the tests of TLS need
#[path = "../tls/certificates.rs"]
mod certificates;
#[allow(dead_code)] // what only the tests of the routing service need
#[path = "../routing_service/desk.rs"]
mod desk;
#[allow(dead_code)] // what only the prompt's own tests need
#[path = "../prompt/program.rs"]
mod program;
#[allow(dead_code)] // what only the tests of faults need
#[path = "../faults/raw.rs"]
mod raw;
#[allow(dead_code)] // what only the tests of the triage service need
#[path = "../server/running.rs"]
mod running;
#[allow(dead_code)] // what only the tests of the triage service need
#[path = "../server/tickets.rs"]
mod tickets;
#[allow(dead_code)] // what only the tests of TLS need
#[path = "../tls/client.rs"]
mod tls_client;
