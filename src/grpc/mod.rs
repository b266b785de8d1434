//! The wire: generated messages, their conversion to and from our own types, and the services.

mod agents;
pub mod answer;
mod backlog;
mod batch;
pub mod client;
mod codec;
pub(crate) mod decoded_size;
pub mod explanation;
pub(crate) mod fairness;
pub mod json;
mod model_answer;
mod model_request;
pub mod model_service;
mod model_status;
mod outcomes;
pub mod request;
mod reservation;
mod roster_edit;
pub mod route;
mod routing_answer;
mod routing_request;
pub mod routing_service;
mod routing_status;
pub mod status;
mod stream;
mod training_answer;
mod training_calls;
mod training_request;
mod training_tickets;
pub mod triage_service;
mod unread;
mod waiting_ticket;
mod with_live;

pub use model_service::ModelApi;
pub use routing_service::RoutingApi;
pub use triage_service::TriageApi;
pub use unread::UnreadLines;

/// The target of spans below that of a request: they are parts of traces, and no part of the log.
pub const SPANS: &str = "triage::spans";

/// The generated messages, clients and servers of package `triage.v1`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod v1 {
    tonic::include_proto!("triage.v1");
}

/// The descriptors of all messages and services, for reflection.
pub const DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("triage_descriptors");
