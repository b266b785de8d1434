//! The wire: generated messages, their conversion to and from our own types, and the services.

pub mod answer;
pub mod client;
pub mod explanation;
pub mod json;
pub mod loaded;
pub mod request;
pub mod status;
pub mod triage_service;

pub use loaded::Loaded;
pub use triage_service::TriageApi;

/// The generated messages, clients and servers of package `triage.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod v1 {
    tonic::include_proto!("triage.v1");
}

/// The descriptors of all messages and services, for reflection.
pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("triage_descriptors");
