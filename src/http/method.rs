//! The methods of the interface, each with the path that it is called by: `Route` is `/v1/route`.

use std::collections::BTreeMap;

use heck::ToKebabCase;
use http::uri::PathAndQuery;
use prost_reflect::{DescriptorPool, MethodDescriptor};

use super::HttpError;
use crate::grpc::DESCRIPTORS;

/// The package whose services are called.
const PACKAGE: &str = "triage.v1";

/// A method that may be called.
#[derive(Debug)]
pub(super) struct Method {
    /// The path here, such as `/v1/route`.
    pub(super) path: String,
    /// The path over gRPC, such as `/triage.v1.TriageService/Route`.
    pub(super) grpc_path: PathAndQuery,
    /// What it takes and gives.
    pub(super) descriptor: MethodDescriptor,
}

/// All methods of all services, by path.
///
/// # Errors
/// If the descriptors cannot be read or two methods would have one path.
pub(super) fn all() -> Result<Vec<Method>, HttpError> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let services = pool
        .services()
        .filter(|service| service.package_name() == PACKAGE);
    by_path(services.flat_map(|service| service.methods().collect::<Vec<_>>()))
}

/// The paths of all methods whose answers are streams.
///
/// # Errors
/// As of all.
pub fn stream_paths() -> Result<Vec<String>, HttpError> {
    let mut methods = all()?;
    methods.retain(|method| method.descriptor.is_server_streaming());
    Ok(methods.into_iter().map(|method| method.path).collect())
}

fn by_path(methods: impl Iterator<Item = MethodDescriptor>) -> Result<Vec<Method>, HttpError> {
    let mut found: BTreeMap<String, Method> = BTreeMap::new();
    for descriptor in methods {
        let path = format!("/v1/{}", descriptor.name().to_kebab_case());
        let grpc_path = format!(
            "/{}/{}",
            descriptor.parent_service().full_name(),
            descriptor.name()
        );
        if let Some(other) = found.get(&path) {
            return Err(HttpError::SamePath {
                path,
                methods: [other.descriptor.full_name(), descriptor.full_name()].map(str::to_owned),
            });
        }
        let method = Method {
            path: path.clone(),
            grpc_path: grpc_path.parse()?,
            descriptor,
        };
        found.insert(path, method);
    }
    Ok(found.into_values().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_a_path_of_its_own() {
        let methods = all().unwrap();
        let declared: usize = DescriptorPool::decode(DESCRIPTORS)
            .unwrap()
            .services()
            .map(|service| service.methods().len())
            .sum();
        assert_eq!(methods.len(), declared);
        let of = |name: &str| {
            methods
                .iter()
                .find(|m| m.descriptor.name() == name)
                .unwrap()
        };
        assert_eq!(of("Route").path, "/v1/route");
        assert_eq!(of("AssignBacklog").path, "/v1/assign-backlog");
        assert_eq!(
            of("PutAgents").grpc_path.as_str(),
            "/triage.v1.RoutingService/PutAgents"
        );
    }

    #[test]
    fn two_methods_with_one_path_are_refused() {
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
        let methods = || {
            let service = pool.get_service_by_name("triage.v1.TriageService").unwrap();
            service.methods().collect::<Vec<_>>()
        };
        let refused = by_path(methods().into_iter().chain(methods())).unwrap_err();
        let told = refused.to_string();
        assert!(told.contains("triage.v1.TriageService.Classify"), "{told}");
        assert!(told.contains("/v1/classify"), "{told}");
    }
}
