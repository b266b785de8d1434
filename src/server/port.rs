//! What is served on one address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tonic::body::Body;
use tower::BoxError;
use tower::util::BoxCloneSyncService;

use super::tls::PortTls;
use crate::arriving::Arriving;
use crate::settings::ServerSettings;

/// Services with all that is around them. It is ready at any time.
pub(super) type Stack = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, BoxError>;

/// What is spoken on an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// HTTP/2 alone, as gRPC does.
    Http2,
    /// HTTP/1.1 or HTTP/2.
    Any,
}

/// What one connection may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionLimits {
    /// Most requests in flight.
    pub(super) max_streams: u32,
    /// How long it may take until the other end has shown that it speaks the protocol.
    pub(super) open_within: Duration,
    /// How long an answer that is no stream may wait to be read.
    pub(super) unread_within: Duration,
}

impl ConnectionLimits {
    pub(super) fn of(settings: &ServerSettings) -> Self {
        Self {
            max_streams: settings.max_streams_per_connection,
            open_within: settings.open_timeout(),
            unread_within: settings.unread_timeout(),
        }
    }
}

/// What is served on one address.
#[derive(Debug)]
pub(super) struct Port {
    /// The address.
    pub(super) listening: SocketAddr,
    pub(super) protocol: Protocol,
    /// `None` where all is sent in the clear.
    pub(super) tls: Option<PortTls>,
    pub(super) limits: ConnectionLimits,
    /// What counts unfinished messages.
    pub(super) arriving: Arriving,
    /// Paths of the calls that answer with a stream.
    pub(super) streams: Arc<[String]>,
    /// What answers.
    pub(super) stack: Stack,
}
