//! `triage-server`: serves classification and routing over gRPC.

use std::process::ExitCode;

use clap::Parser;
use triage::cli::server::ServerCli;

fn main() -> ExitCode {
    ServerCli::parse().run()
}
