//! `triage-server`: serves classification and routing over gRPC.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use triage::cli::server::ServerCli;

/// A call makes some fifty allocations, some larger than those that the system's allocator keeps at hand for its thread.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    ServerCli::parse().run()
}
