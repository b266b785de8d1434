//! The port for HTTP: the services of the first port, called in this process.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::body::Body;
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_http::request_id::{PropagateRequestIdLayer, SetRequestIdLayer};

use super::ServeError;
use super::layers::{MakeRequestId, OnRequest, REQUEST_ID, without_unfit_id};
use super::port::Stack;
use crate::http::{self, AskReadiness, Readiness};
use crate::live::Loaded;
use crate::settings::HttpSettings;

/// Binds the address of the settings, if they have one.
///
/// # Errors
/// If it cannot be listened on.
pub(super) async fn bind(settings: &HttpSettings) -> Result<Option<TcpListener>, ServeError> {
    let Some(address) = settings.listen else {
        return Ok(None);
    };
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(Some(listener)),
        Err(source) => Err(ServeError::ListenHttp { address, source }),
    }
}

/// What answers on the port.
///
/// # Errors
/// If the interface's definition has a mistake.
pub(super) fn stack(port: http::Port, settings: &HttpSettings) -> Result<Stack, ServeError> {
    let router = http::router(port, settings)?;
    // Also what is refused before it is a call has an id.
    let with_id = ServiceBuilder::new()
        .map_request(without_unfit_id as OnRequest)
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestId))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .map_request(|request: ::http::Request<Body>| request.map(axum::body::Body::new))
        .service(router);
    Ok(Stack::new(
        with_id
            .map_response(|answer| answer.map(Body::new))
            .map_err(BoxError::from),
    ))
}

/// Tells whether calls should be sent here: from when model and policy are there until the server drains.
pub(super) fn readiness(
    loaded: Arc<ArcSwapOption<Loaded>>,
    draining: watch::Receiver<bool>,
) -> AskReadiness {
    Arc::new(move || {
        if *draining.borrow() {
            return Readiness::Draining;
        }
        match loaded.load().as_ref() {
            None => Readiness::Loading,
            Some(loaded) => Readiness::Serving {
                model_version: loaded.triage().model_version().to_owned(),
                policy_version: loaded.triage().policy_version().to_owned(),
            },
        }
    })
}
