//! What the health service tells of the whole server and of each service.

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::grpc::v1::{model_service_server, routing_service_server, triage_service_server};

/// What health tells of: the whole server and each service of ours.
const SERVICES: [&str; 4] = [
    "",
    triage_service_server::SERVICE_NAME,
    routing_service_server::SERVICE_NAME,
    model_service_server::SERVICE_NAME,
];

/// Sets the health of the whole server and of its services.
pub(super) async fn set_serving(health: &HealthReporter, serving: bool) {
    let status = if serving {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    };
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}

/// Tells everyone who watches that nothing is served any more, and ends their streams: they would keep
/// their connections open until the time for draining is over.
pub(super) async fn end_health(health: &mut HealthReporter) {
    set_serving(health, false).await;
    for service in SERVICES {
        health.clear_service_status(service).await;
    }
    // For whoever asks once more on an open connection.
    set_serving(health, false).await;
}
