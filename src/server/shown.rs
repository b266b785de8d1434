//! Refuses calls on connections whose other end has shown no certificate, where the settings require one. Where gRPC is
//! spoken the handshake does; where HTTP is, probes and scrapers may connect without.

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower_http::validate_request::ValidateRequest;

use crate::access::Connection;

/// Asks for the certificate of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct CertificateShown {
    /// Whether there must be one.
    pub(super) required: bool,
}

impl<B> ValidateRequest<B> for CertificateShown {
    type ResponseBody = Body;

    fn validate(&mut self, request: &mut Request<B>) -> Result<(), Response<Body>> {
        let connection = request.extensions().get::<Connection>();
        let shown = connection.is_some_and(|connection| connection.certificate.is_some());
        if shown || !self.required {
            return Ok(());
        }
        let refused = Status::unauthenticated(
            "calls need a client's certificate here: connect with one that tls.client_ca has signed",
        );
        Err(refused.into_http())
    }
}
