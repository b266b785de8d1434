//! TLS of the listeners: certificate, key and the authorities of clients, exchanged while connections go on.
//!
//! New files are taken over whole or not at all: they are read and checked first, and what is wrong with them leaves
//! the old ones in force. A connection keeps what it began with.

mod client;
mod error;
mod files;
mod own;

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::port::Protocol;
use super::watch::Read;
use crate::access::Fingerprint;
use crate::metrics::{Metrics, Outcome, Reload};
use crate::settings::{ClientAuth, TlsSettings};

pub use client::client_config;
pub use error::TlsError;
use files::Verified;
pub use own::OwnServer;

/// The TLS of a server.
#[derive(Debug)]
pub(super) struct Tls {
    settings: TlsSettings,
    current: ArcSwap<Verified>,
    metrics: Metrics,
}

/// The TLS of one address.
#[derive(Debug, Clone)]
pub(super) struct PortTls {
    tls: Arc<Tls>,
    protocol: Protocol,
}

impl Tls {
    /// Reads and checks the files of the settings; `None` if they name none.
    ///
    /// # Errors
    /// If a file is unusable or the files do not belong together.
    pub(super) fn load(
        settings: &TlsSettings,
        metrics: Metrics,
    ) -> Result<Option<Arc<Self>>, TlsError> {
        let Some(verified) = check(settings)? else {
            return Ok(None);
        };
        metrics.certificate_expires(verified.expires);
        Ok(Some(Arc::new(Self {
            settings: settings.clone(),
            current: ArcSwap::from_pointee(verified),
            metrics,
        })))
    }

    /// Whether calls must come on connections whose other end has shown a certificate.
    pub(super) fn requires_certificates(&self) -> bool {
        self.settings.authorities().is_some() && self.settings.client_auth == ClientAuth::Required
    }

    /// What a listener of `protocol` accepts connections by.
    pub(super) fn port(self: &Arc<Self>, protocol: Protocol) -> PortTls {
        PortTls {
            tls: Arc::clone(self),
            protocol,
        }
    }

    /// Takes changed files over, and tells in the log what came of it. Reads files, so it blocks.
    pub(super) fn reload(&self) -> Read {
        let new = match Verified::read(&self.settings) {
            Ok(new) => new,
            Err(error) => {
                self.metrics.reloaded(Reload::Tls, Outcome::Refused);
                tracing::error!(
                    %error,
                    "the changed certificate is refused: the one in use stays"
                );
                return Read::failed(&error);
            }
        };
        if new.checksum == self.current.load().checksum {
            // What was refused before is gone, if there was anything.
            self.metrics.in_force(Reload::Tls);
            return Read::Done;
        }
        let new = Arc::new(new);
        self.current.store(Arc::clone(&new));
        self.metrics.reloaded(Reload::Tls, Outcome::TakenOver);
        self.metrics.certificate_expires(new.expires);
        tracing::info!(
            certificate = %new.fingerprint,
            valid_until = %new.valid_until(),
            "the changed certificate is in use"
        );
        Read::Done
    }
}

/// Reads and checks the files of the settings; `None` if they name none. Nothing is kept.
///
/// # Errors
/// If a file is unusable or the files do not belong together.
pub(super) fn check(settings: &TlsSettings) -> Result<Option<Verified>, TlsError> {
    settings
        .is_on()
        .then(|| Verified::read(settings))
        .transpose()
}

impl PortTls {
    /// Shakes hands with the other end of a connection, and returns the certificate that it has shown, if any.
    ///
    /// # Errors
    /// If the other end speaks no TLS, accepts none of the ways that there are, or lacks a certificate that is
    /// required of it.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<(TlsStream<S>, Option<Fingerprint>)> {
        let config = self.config();
        let stream = TlsAcceptor::from(config).accept(stream).await?;
        let (_, session) = stream.get_ref();
        // The first is the client's own.
        let shown = session.peer_certificates().and_then(<[_]>::first);
        let fingerprint = shown.map(|certificate| Fingerprint::of(certificate));
        Ok((stream, fingerprint))
    }

    fn config(&self) -> Arc<ServerConfig> {
        let current = self.tls.current.load();
        Arc::clone(match self.protocol {
            Protocol::Http2 => &current.http2,
            Protocol::Any => &current.any,
        })
    }
}
