//! The services: ours, health and reflection, with their message limits and compression.

use std::sync::Arc;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::codec::CompressionEncoding;
use tonic::service;
use tonic_health::pb::health_server::{Health, HealthServer};

use super::ServeError;
use super::routes::Routes;
use crate::grpc::v1::model_service_server::ModelServiceServer;
use crate::grpc::v1::routing_service_server::RoutingServiceServer;
use crate::grpc::v1::triage_service_server::TriageServiceServer;
use crate::grpc::{DESCRIPTORS, ModelApi, RoutingApi, TriageApi};
use crate::http;

/// Our own services.
pub(super) struct Services {
    pub(super) triage: TriageApi,
    pub(super) routing: RoutingApi,
    pub(super) models: ModelApi,
}

/// The paths of all calls that are answered.
///
/// # Errors
/// If a descriptor is damaged.
pub(super) fn methods() -> Result<Vec<String>, ServeError> {
    paths(|_| true)
}

/// The paths of all calls whose answers are streams, on both ports.
///
/// # Errors
/// If a descriptor is damaged.
pub(super) fn stream_paths() -> Result<Arc<[String]>, ServeError> {
    let mut streams = paths(MethodDescriptor::is_server_streaming)?;
    streams.extend(http::stream_paths()?);
    Ok(streams.into())
}

fn paths(of: impl Fn(&MethodDescriptor) -> bool) -> Result<Vec<String>, ServeError> {
    let mut pool = DescriptorPool::decode(DESCRIPTORS)?;
    for descriptors in [
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ] {
        pool.decode_file_descriptor_set(descriptors)?;
    }
    let paths = pool.services().flat_map(|service| {
        let path = |method: MethodDescriptor| {
            format!("/{}/{}", method.parent_service().full_name(), method.name())
        };
        let methods = service.methods().filter(|method| of(method)).map(path);
        methods.collect::<Vec<_>>()
    });
    Ok(paths.collect())
}

/// A service of ours, which reads messages up to a size and compresses as the caller wishes.
macro_rules! limited {
    ($server:ident, $api:expr, $max_bytes:expr) => {
        $server::new($api)
            .max_decoding_message_size($max_bytes)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd)
    };
}

impl Services {
    /// All services that are called over gRPC; a message may have `max_bytes`.
    ///
    /// # Errors
    /// If reflection cannot read the descriptors.
    pub(super) fn routes(
        self,
        health: HealthServer<impl Health>,
        max_bytes: usize,
    ) -> Result<Routes, ServeError> {
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let others = service::Routes::new(health)
            .add_service(reflection().build_v1()?)
            // Many tools ask for the version before the first one only.
            .add_service(reflection().build_v1alpha()?)
            .prepare();
        Ok(Routes {
            triage: limited!(TriageServiceServer, self.triage, max_bytes),
            routing: limited!(RoutingServiceServer, self.routing, max_bytes),
            models: limited!(ModelServiceServer, self.models, max_bytes),
            others,
        })
    }
}
