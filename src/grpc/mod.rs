//! The wire: generated messages, their conversion to and from our own types, and the services.

pub mod admission;
mod agents;
pub mod answer;
mod backlog;
pub mod client;
pub mod explanation;
pub mod json;
pub mod request;
mod reservation;
mod roster_edit;
mod routing_answer;
mod routing_request;
pub mod routing_service;
mod routing_status;
pub mod status;
pub mod triage_service;
mod waiting_ticket;

pub use admission::Admission;
pub use routing_service::RoutingApi;
pub use triage_service::TriageApi;

/// The generated messages, clients and servers of package `triage.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod v1 {
    tonic::include_proto!("triage.v1");
}

/// The descriptors of all messages and services, for reflection.
pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("triage_descriptors");
