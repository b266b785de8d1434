//! Who may call what only operators should: the one place where that is decided.

use std::net::SocketAddr;

use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Lets calls of operators in, or none of them. Whoever can reach an address that is only this machine's is taken
/// for an operator. A check of credentials belongs here: an interceptor sees each call's metadata.
#[derive(Debug, Clone, Copy)]
pub struct Admission {
    admits: bool,
}

impl Admission {
    /// Lets calls in that come to a loopback address.
    #[must_use]
    pub fn on_loopback(listening: SocketAddr) -> Self {
        Self {
            admits: listening.ip().is_loopback(),
        }
    }

    /// Lets all calls in.
    #[must_use]
    pub const fn anywhere() -> Self {
        Self { admits: true }
    }

    /// Lets no call in.
    #[must_use]
    pub const fn nowhere() -> Self {
        Self { admits: false }
    }
}

impl Interceptor for Admission {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        if self.admits {
            return Ok(request);
        }
        Err(Status::permission_denied(
            "policy and roster are not open to calls here: listen on a loopback address, or set server.admin_calls",
        ))
    }
}
