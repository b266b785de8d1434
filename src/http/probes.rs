//! What orchestrators and Prometheus ask: whether the server lives, whether it can answer, and its metrics.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use tonic::Code;

use super::fault::Fault;
use crate::metrics::Metrics;

/// Whether the server can answer calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "status",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Readiness {
    /// Model and policy are not loaded yet.
    Loading,
    /// Calls are answered.
    Serving {
        /// The model that answers.
        model_version: String,
        /// The policy that decides.
        policy_version: String,
    },
    /// The server is about to end: calls in flight are answered, no others should be sent.
    Draining,
}

/// Tells at any moment whether the server can answer calls.
pub type AskReadiness = Arc<dyn Fn() -> Readiness + Send + Sync>;

/// The process lives.
pub(super) async fn alive() -> Response {
    answer(StatusCode::OK, &json!({ "status": "alive" }))
}

/// Whether calls should be sent here.
pub(super) async fn ready(State(ask): State<AskReadiness>) -> Response {
    let readiness = ask();
    let status = match readiness {
        Readiness::Serving { .. } => StatusCode::OK,
        Readiness::Loading | Readiness::Draining => StatusCode::SERVICE_UNAVAILABLE,
    };
    answer(status, &json!(readiness))
}

/// All metrics in Prometheus' text format.
pub(super) async fn metrics(State(metrics): State<Metrics>) -> Response {
    match metrics.encode() {
        Ok(text) => {
            let media_type = HeaderValue::from_static(Metrics::CONTENT_TYPE);
            ([(CONTENT_TYPE, media_type)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            let message = "the metrics could not be written: see the server's log";
            Fault::new(Code::Internal, StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
        }
    }
}

fn answer(status: StatusCode, body: &serde_json::Value) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, body.to_string()).into_response()
}
