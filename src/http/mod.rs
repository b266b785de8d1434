//! The port for callers without gRPC: every method as JSON over HTTP, gRPC-Web for browsers, and what operators ask.
//!
//! Holds no rule of its own about who may call or how much: calls go through the services that gRPC calls, in this
//! process. Does not listen; [`router`] is served by whoever does.

mod call;
mod codec;
mod codings;
mod edge;
mod fault;
mod json_size;
mod method;
pub mod openapi;
mod packed;
mod probes;
mod request;
mod translate;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn_with_state, map_request, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::decompression::RequestDecompressionLayer;

use crate::access::Access;
use crate::arriving::{Arriving, Framing};
use crate::metrics::Metrics;
use crate::settings::HttpSettings;

pub use call::Calls;
pub use method::stream_paths;
pub use probes::{AskReadiness, Readiness};
pub use translate::{to_json, to_wire};

/// Shorter answers are not worth compressing, in bytes.
const COMPRESSED_ABOVE: u64 = 1_024;

/// Why the port cannot be set up: mistakes in the interface's definition.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The descriptors cannot be read.
    #[error("the interface's descriptors cannot be read: {0}")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// A method's name is no path.
    #[error("a method's name gives no path: {0}")]
    Path(#[from] http::uri::InvalidUri),
    /// Two methods have one path.
    #[error("{} and {} both have the path {path}: rename one", methods[0], methods[1])]
    SamePath {
        /// The path.
        path: String,
        /// The methods' full names.
        methods: [String; 2],
    },
    /// The description of the interface cannot be written.
    #[error("the description of the interface cannot be written: {0}")]
    Describe(#[from] serde_json::Error),
}

/// What the port needs from the server.
#[derive(Clone)]
pub struct Port {
    /// The services that are called over gRPC, with all their layers.
    pub calls: Calls,
    /// Whether calls should be sent here.
    pub readiness: AskReadiness,
    /// What is shown at `/metrics`.
    pub metrics: Metrics,
    /// What counts bodies that have not come whole.
    pub arriving: Arriving,
    /// What says how often an address may ask for what there is not.
    pub access: Arc<Access>,
}

/// Everything that is answered on the port.
///
/// # Errors
/// If the interface's definition has a mistake.
pub fn router(port: Port, settings: &HttpSettings) -> Result<Router, HttpError> {
    let by = call::Caller {
        calls: port.calls,
        arriving: port.arriving,
        max_body_bytes: settings.max_body_bytes,
    };
    let refusals = Arc::new(edge::Refusals {
        metrics: port.metrics.clone(),
        access: port.access,
    });
    let document = Bytes::from(openapi::document()?);
    let mut router = Router::new()
        .route("/healthz", get(probes::alive))
        .route("/readyz", get(probes::ready).with_state(port.readiness))
        .route("/metrics", get(probes::metrics).with_state(port.metrics))
        .route("/v1/openapi.json", get(async || json(document)));
    for method in method::all()? {
        let method = Arc::new(method);
        let path = method.path.clone();
        let by = by.clone();
        let takes_many = method.descriptor.is_client_streaming();
        let answer = async move |request: Request| call::call(&method, by, request).await;
        let mut answered = post(answer);
        if takes_many {
            // As it comes, by what takes little memory for as long as that lasts.
            let unpacked = RequestDecompressionLayer::new();
            answered = answered.layer(unpacked.pass_through_unaccepted(true));
        }
        router = router.route(&path, answered);
    }
    let router = router
        // Bodies of gRPC-Web have their limits and their compression where gRPC has them.
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(map_response(codings::at_once))
        .layer(map_request(codings::without_refusals))
        .fallback(async move |request: Request| other(by, request).await)
        .method_not_allowed_fallback(edge::no_such_method);
    let allowed = Arc::new(settings.allowed_origins.clone());
    Ok(router
        .layer(CatchPanicLayer::custom(
            edge::internal_error as edge::OnPanic,
        ))
        .layer(from_fn_with_state(Arc::clone(&allowed), edge::check_origin))
        .layer(edge::cors(allowed))
        .layer(from_fn_with_state(refusals, edge::note_refusals)))
}

/// Streams are not compressed: their lines would wait for each other.
fn worth_compressing() -> impl Predicate {
    SizeAbove::new(COMPRESSED_ABOVE).and(NotForContentType::const_new("application/x-ndjson"))
}

/// Calls over gRPC-Web, which name the method by the path of gRPC; and paths that there are not.
async fn other(by: call::Caller, request: Request) -> Response {
    if !edge::is_grpc_web(request.headers()) {
        return edge::no_such_path(request).await;
    }
    let counted = move |request: http::Request<tonic::body::Body>| {
        let body = |body| tonic::body::Body::new(by.arriving.body(body, Framing::grpc()));
        request.map(body)
    };
    let calls = by.calls.map_request(counted);
    let service = tower::Layer::layer(&tonic_web::GrpcWebLayer::new(), calls);
    match service.oneshot(request).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(error) => fault::Fault::of_call(&tonic::Status::from_error(error)).into_response(),
    }
}

fn json(document: Bytes) -> Response {
    let media_type = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, media_type)], document).into_response()
}
