//! The paths: one for each method, and those that operators ask.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItemBuilder, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ComponentsBuilder, Paths, Required};

use super::comments::Comments;
use super::{examples, schemas};
use crate::http::HttpError;
use crate::http::method::Method;

/// A path that is no method.
struct AskedByOperators {
    path: &'static str,
    name: &'static str,
    tells: &'static str,
    media_type: &'static str,
    /// What else than 200 it may be answered with, and when.
    otherwise: Option<(&'static str, &'static str)>,
}

const ASKED_BY_OPERATORS: [AskedByOperators; 4] = [
    AskedByOperators {
        path: "/healthz",
        name: "healthz",
        tells: "Whether the process lives.",
        media_type: "application/json",
        otherwise: None,
    },
    AskedByOperators {
        path: "/readyz",
        name: "readyz",
        tells: "Whether calls should be sent here: model and policy are loaded and the server is not about to end.",
        media_type: "application/json",
        otherwise: Some(("503", "Not now.")),
    },
    AskedByOperators {
        path: "/metrics",
        name: "metrics",
        tells: "Metrics in Prometheus' text format.",
        media_type: "text/plain",
        otherwise: None,
    },
    AskedByOperators {
        path: "/v1/openapi.json",
        name: "openapi",
        tells: "This document.",
        media_type: "application/json",
        otherwise: None,
    },
];

/// Headers that every method takes: name, type, what it is for.
const HEADERS: [(&str, Type, &str); 2] = [
    (
        "x-request-id",
        Type::String,
        "An id for the request, which the log has and the answer repeats. Made up if absent.",
    ),
    (
        "x-timeout-ms",
        Type::Integer,
        "How long the call may take, in milliseconds; never longer than the server's settings allow.",
    ),
];

/// All paths.
///
/// # Errors
/// If the examples cannot be read.
pub(super) fn all(methods: &[Method], comments: &Comments) -> Result<Paths, HttpError> {
    let examples = examples::all()?;
    let mut paths = PathsBuilder::new();
    for method in methods {
        let example = examples.get(method.descriptor.name());
        let operation = operation(method, comments, example);
        let item = PathItemBuilder::new().operation(HttpMethod::Post, operation);
        paths = paths.path(&method.path, item.build());
    }
    for asked in ASKED_BY_OPERATORS {
        let media_type = asked.media_type;
        let schema = match media_type {
            "text/plain" => Type::String,
            _ => Type::Object,
        };
        let content = || {
            ContentBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(schema.clone())))
                .build()
        };
        let answered = |what: &str| {
            ResponseBuilder::new()
                .description(what)
                .content(media_type, content())
        };
        let mut operation = OperationBuilder::new()
            .operation_id(Some(asked.name))
            .tag("operators")
            .summary(Some(asked.tells))
            .securities(Some([SecurityRequirement::default()]))
            .response("200", answered("As asked."));
        if let Some((status, what)) = asked.otherwise {
            operation = operation.response(status, answered(what));
        }
        let item = PathItemBuilder::new().operation(HttpMethod::Get, operation);
        paths = paths.path(asked.path, item.build());
    }
    Ok(paths.build())
}

fn operation(
    method: &Method,
    comments: &Comments,
    example: Option<&serde_json::Value>,
) -> OperationBuilder {
    let descriptor = &method.descriptor;
    let description = comments.of_method(descriptor);
    let summary = description.as_deref().map(first_sentence);
    let mut body = ContentBuilder::new().schema(Some(schemas::reference(&descriptor.input())));
    if let Some(example) = example {
        body = body.example(Some(example.clone()));
    }
    let answer = ContentBuilder::new().schema(Some(schemas::reference(&descriptor.output())));
    let (takes, takes_what) = media_type(descriptor.is_client_streaming());
    let (gives, gives_what) = media_type(descriptor.is_server_streaming());
    let mut operation = OperationBuilder::new()
        .operation_id(Some(descriptor.name()))
        .tag(descriptor.parent_service().name())
        .summary(summary)
        .description(description.clone())
        .request_body(Some(
            RequestBodyBuilder::new()
                .description(Some(takes_what))
                .required(Some(Required::True))
                .content(takes, body.build())
                .build(),
        ))
        .response(
            "200",
            ResponseBuilder::new()
                .description(gives_what)
                .header("x-request-id", request_id())
                .content(gives, answer.build()),
        )
        .response("default", Ref::from_response_name("Fault"));
    for (name, _, _) in HEADERS {
        operation = operation.parameter_ref(Ref::new(format!("#/components/parameters/{name}")));
    }
    operation
}

/// How one message is sent, or a stream of them.
fn media_type(stream: bool) -> (&'static str, &'static str) {
    match stream {
        false => ("application/json", "One message."),
        true => (
            "application/x-ndjson",
            "Messages of this schema, one a line. A line with nothing but `error` (a Fault) ends a stream that fails.",
        ),
    }
}

fn first_sentence(text: &str) -> String {
    let sentence = text.split_once(". ").map_or(text, |(first, _)| first);
    sentence.trim_end_matches('.').to_owned()
}

fn request_id() -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some("The request's id."))
        .build()
}

/// The headers that methods take.
pub(super) fn parameters(mut components: ComponentsBuilder) -> ComponentsBuilder {
    for (name, kind, description) in HEADERS {
        let mut schema = ObjectBuilder::new().schema_type(kind.clone());
        if kind == Type::Integer {
            schema = schema.minimum(Some(1));
        }
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema));
        components = components.parameter(name, parameter.build());
    }
    components
}

/// The answer to a call that fails.
pub(super) fn fault() -> ResponseBuilder {
    ResponseBuilder::new()
        .description(
            "The call failed: 400 for a request that is not as it must be, 401 and 403 for who may not call, 404 for \
             what there is not, 409 where something else changed, 413 and 429 for what is too large or too much, 500 \
             for mistakes of the server, 503 while it cannot answer, 504 when the time is over.",
        )
        .header("x-request-id", request_id())
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name("Fault")))
                .build(),
        )
}
