//! Which service answers a call.

use std::convert::Infallible;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::codegen::BoxFuture;
use tonic::service;
use tower::Service;

use crate::grpc::v1::model_service_server::{self, ModelServiceServer};
use crate::grpc::v1::routing_service_server::{self, RoutingServiceServer};
use crate::grpc::v1::triage_service_server::{self, TriageServiceServer};
use crate::grpc::{ModelApi, RoutingApi, TriageApi};

/// All services. Our own are called as they are: a router that knows them by trait alone boxes requests and answers
/// again, for each call.
#[derive(Debug, Clone)]
pub(super) struct Routes {
    pub(super) triage: TriageServiceServer<TriageApi>,
    pub(super) routing: RoutingServiceServer<RoutingApi>,
    pub(super) models: ModelServiceServer<ModelApi>,
    /// Health and reflection; also what answers paths that nobody knows.
    pub(super) others: service::Routes,
}

impl Service<Request<Body>> for Routes {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    /// All services are ready at any time.
    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let service = path.strip_prefix('/').and_then(|path| path.split_once('/'));
        match service.map(|(service, _method)| service) {
            Some(triage_service_server::SERVICE_NAME) => self.triage.call(request),
            Some(routing_service_server::SERVICE_NAME) => self.routing.call(request),
            Some(model_service_server::SERVICE_NAME) => self.models.call(request),
            _ => Box::pin(self.others.call(request)),
        }
    }
}
