//! Calls with and without credentials, and what comes of them.

use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Status};
use triage::grpc::v1;

use crate::desk::{REFUND, apply, client, route_refund};
use crate::running::Server;

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Classify,
    Route,
    GetPolicy,
}

/// A request that shows `credentials` as its header `authorization`.
pub(crate) fn shown<T>(message: T, credentials: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(credentials) = credentials {
        let value = credentials.parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    request
}

/// A request that shows a token.
pub(crate) fn bearing<T>(message: T, token: &str) -> Request<T> {
    shown(message, Some(&format!("Bearer {token}")))
}

/// Makes a call that shows `credentials`, on a new connection.
pub(crate) async fn call(
    server: &Server,
    call: Call,
    credentials: Option<&str>,
) -> Result<MetadataMap, Status> {
    let ticket = v1::Ticket {
        body: REFUND.to_owned(),
        ..v1::Ticket::default()
    };
    match call {
        Call::Classify => {
            let message = v1::ClassifyRequest {
                ticket: Some(ticket),
                ..v1::ClassifyRequest::default()
            };
            let answer = server
                .client()
                .await
                .classify(shown(message, credentials))
                .await?;
            Ok(answer.metadata().clone())
        }
        Call::Route => {
            let request = shown(route_refund(), credentials);
            let answer = server.client().await.route(request).await?;
            Ok(answer.metadata().clone())
        }
        Call::GetPolicy => {
            let request = shown(v1::GetPolicyRequest::default(), credentials);
            let answer = client(server).await.get_policy(request).await?;
            Ok(answer.metadata().clone())
        }
    }
}

/// The code of a call that shows a token.
pub(crate) async fn code(server: &Server, what: Call, token: &str) -> Code {
    let credentials = format!("Bearer {token}");
    let answer = call(server, what, Some(&credentials)).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

/// The message of a call with a token that is refused as nobody's.
pub(crate) async fn unauthenticated(server: &Server, token: &str) -> String {
    let credentials = format!("Bearer {token}");
    let status = call(server, Call::Route, Some(&credentials))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
    assert_eq!(status.metadata().get("www-authenticate").unwrap(), "Bearer");
    status.message().to_owned()
}

/// Applies a policy as `author`.
pub(crate) async fn applied(
    server: &Server,
    policy: String,
    author: &str,
    token: &str,
) -> v1::PolicyRecord {
    let message = v1::ApplyPolicyRequest {
        author: author.to_owned(),
        ..apply(policy)
    };
    let answer = client(server)
        .await
        .apply_policy(bearing(message, token))
        .await;
    answer.unwrap().into_inner().record.unwrap()
}
