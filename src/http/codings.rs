//! Which codings of an answer its caller accepts, and when it is made.

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use http::HeaderValue;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use http_body_util::BodyExt;

use super::fault::Fault;
use crate::grpc::fairness::Pace;
use crate::grpc::status::internal;

/// An answer that is compressed as one that has been: what it takes to compress, a megabyte, is not kept until its caller
/// has read it.
pub(super) async fn at_once(answer: Response) -> Response {
    if !answer.headers().contains_key(CONTENT_ENCODING) {
        return answer;
    }
    let (parts, mut body) = answer.into_parts();
    let (mut packed, mut pace) = (BytesMut::new(), Pace::new());
    // It is here already: nothing is waited for.
    while let Some(frame) = body.frame().await {
        let frame = match frame {
            Ok(frame) => frame,
            Err(error) => {
                tracing::error!(%error, "an answer could not be compressed");
                return Fault::of_call(&internal()).into_response();
            }
        };
        if let Ok(data) = frame.into_data() {
            packed.extend_from_slice(&data);
        }
        pace.keep().await;
    }
    Response::from_parts(parts, Body::from(packed.freeze()))
}

/// The request as one that does not mind an answer without a coding. Whoever minds would be told 406 only once the call
/// is done, and take it for one that was not; an answer in the clear is what RFC 9110, section 12.5.3, has for those
/// who accept nothing else that there is.
pub(super) async fn without_refusals(mut request: Request) -> Request {
    let headers = request.headers_mut();
    let wishes = headers.get_all(ACCEPT_ENCODING);
    if !wishes.iter().flat_map(codings).any(is_refused) {
        return request;
    }
    let wishes: Vec<HeaderValue> = wishes.iter().cloned().collect();
    headers.remove(ACCEPT_ENCODING);
    for wish in wishes {
        let kept: Vec<&str> = codings(&wish)
            .filter(|coding| !is_refused(coding))
            .collect();
        if let Ok(kept) = HeaderValue::from_str(&kept.join(",")) {
            headers.append(ACCEPT_ENCODING, kept);
        }
    }
    request
}

fn codings(wish: &HeaderValue) -> impl Iterator<Item = &str> {
    wish.to_str().unwrap_or_default().split(',')
}

/// Whether this is the plain form, or all forms that are not named, with the weight 0.
fn is_refused(coding: &str) -> bool {
    let Some((name, weight)) = coding.split_once(';') else {
        return false;
    };
    let name = name.trim();
    let weight = weight
        .trim()
        .split_once('=')
        .map(|(_, weight)| weight.trim());
    (name == "*" || name.eq_ignore_ascii_case("identity"))
        && weight.and_then(|weight| weight.parse::<f32>().ok()) == Some(0.0)
}
