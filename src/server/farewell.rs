//! How a connection of HTTP/1 is told that it ends: by the header of an answer. HTTP/2 has a frame for that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::header::CONNECTION;
use http::{HeaderValue, Response};

/// What a connection says before it ends.
#[derive(Debug, Clone, Default)]
pub(super) struct Farewell(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether the connection speaks HTTP/1.
    is_http1: AtomicBool,
    has_begun: AtomicBool,
}

impl Farewell {
    /// For the answer to a request of HTTP/1.
    pub(super) fn of_http1(&self) -> Self {
        self.0.is_http1.store(true, Ordering::Relaxed);
        self.clone()
    }

    /// From now on each answer says that it is the last; whether there may be one: a connection that does not speak HTTP/1
    /// is told otherwise.
    pub(super) fn begin(&self) -> bool {
        self.0.has_begun.store(true, Ordering::Relaxed);
        self.0.is_http1.load(Ordering::Relaxed)
    }

    /// Says in an answer that it is the last, if it is.
    pub(super) fn say<B>(&self, answer: &mut Response<B>) {
        if self.0.has_begun.load(Ordering::Relaxed) {
            let headers = answer.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}
