//! The interface over HTTP as an OpenAPI 3.1 document, made from the descriptors and the comments in the `.proto` files.

mod comments;
mod examples;
mod operations;
mod schemas;

use prost_reflect::DescriptorPool;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApiBuilder};

use super::{HttpError, method};
use crate::grpc::DESCRIPTORS;
use comments::Comments;

/// What the document is about.
const DESCRIPTION: &str = "\
Classifies help-desk tickets by topic and urgency and decides who should get them.

Every method of the gRPC interface is a path of its own that takes and gives the method's messages in the JSON mapping \
of Protocol Buffers: fields in lower camel case (those of the .proto files are read as well), enumerations by name, \
times as in RFC 3339, durations such as \"90s\". A field left out has its default. Unknown fields are refused.";

/// The document, as indented JSON.
///
/// # Errors
/// If the interface's definition has a mistake.
pub fn document() -> Result<String, HttpError> {
    let methods = method::all()?;
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let comments = Comments::read(&pool);
    let mut services: Vec<_> = methods
        .iter()
        .map(|m| m.descriptor.parent_service().clone())
        .collect();
    services.sort_by(|a, b| a.full_name().cmp(b.full_name()));
    services.dedup();
    let tags = services.iter().map(|service| {
        TagBuilder::new()
            .name(service.name())
            .description(comments.of_service(service))
            .build()
    });
    let mut components = ComponentsBuilder::new()
        .security_scheme(
            "bearer",
            SecurityScheme::Http(
                HttpBuilder::new()
                    .scheme(HttpAuthScheme::Bearer)
                    .description(Some(
                        "A token or JWT, where the server asks for credentials.",
                    ))
                    .build(),
            ),
        )
        .response("Fault", operations::fault());
    components = operations::parameters(components);
    for (name, schema) in schemas::all(&methods, &comments) {
        components = components.schema(name, schema);
    }
    let document = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("triage")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(DESCRIPTION))
                .license(Some(
                    LicenseBuilder::new()
                        .name(env!("CARGO_PKG_LICENSE"))
                        .identifier(Some(env!("CARGO_PKG_LICENSE")))
                        .build(),
                ))
                .build(),
        )
        .paths(operations::all(&methods, &comments)?)
        .components(Some(components.build()))
        .security(Some([
            SecurityRequirement::default(),
            SecurityRequirement::new("bearer", [""; 0]),
        ]))
        .tags(Some(tags))
        .build();
    let mut text = serde_json::to_string_pretty(&document)?;
    text.push('\n');
    Ok(text)
}
