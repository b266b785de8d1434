//! The guides are true: each example of `docs/policy.md` is run by the real program, and its tables leave nothing out.
//!
//! What is to be done with a fenced block stands behind its language:
//!
//! | block | |
//! |---|---|
//! | `yaml file=NAME` | written to that file; a policy is checked, too. `wrong`: it must be refused. `roster`: it is one |
//! | `yaml frame` | what is missing from the parts below |
//! | `yaml part` | a policy together with the frame, checked |
//! | `csv file=NAME` | written |
//! | `console` | each line after `$ ` is run; what it prints must be what follows. `exit=N`: the last exit status |
//! | `json message=NAME` | must be a message of the interface; a request of the routing service is sent to a server |
//! | `sh` | the methods of the interface that it calls must exist; what it applies is sent to a server |
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes what the commands print into the guide.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod applying;
mod blocks;
mod examples;
mod tables;

#[allow(dead_code)] // what only the prompt's own tests need
#[path = "../prompt/program.rs"]
mod program;

#[allow(dead_code)] // what only the server's own tests need
#[path = "../server/running.rs"]
mod running;
