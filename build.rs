//! Compiles the protocol without `protoc`: `protox` parses the files, `tonic-prost-build` writes the
//! Rust code, and the descriptor set is kept for server reflection.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use prost::Message;

const FILES: &[&str] = &[
    // Of errors of one ticket of many, and what their details may be.
    "google/rpc/status.proto",
    "google/rpc/error_details.proto",
    "triage/v1/ticket.proto",
    "triage/v1/classification.proto",
    "triage/v1/decision.proto",
    "triage/v1/reservation.proto",
    "triage/v1/backlog.proto",
    "triage/v1/triage_service.proto",
    "triage/v1/agent.proto",
    "triage/v1/routing_service.proto",
    "triage/v1/training.proto",
    "triage/v1/model_service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    // The compiler of the protocol does not tell Cargo what it read.
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"])?;
    let path = PathBuf::from(env::var("OUT_DIR")?).join("triage_descriptors.bin");
    fs::write(path, descriptors.encode_to_vec())?;
    let mut messages = prost_build::Config::new();
    // What a request may take is looked up by its type's name before it is decoded.
    messages.enable_type_names();
    tonic_prost_build::configure()
        .btree_map(".")
        .codec_path("crate::grpc::codec::SmallBuffers")
        .extern_path(".google.rpc", "::tonic_types::pb")
        .compile_fds_with_config(descriptors, messages)?;
    Ok(())
}
