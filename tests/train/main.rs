//! `triage-train` as its users start it: the real program, real files, really broken ones.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod altered;
mod check;
mod crafted;
mod desk;
mod evaluate;
mod fit;
mod forge;
mod interrupted;
mod models;
mod refused;
mod same_bytes;
mod tickets;
mod together;
