//! Certificate, key and authorities as files: read, and checked before they are used.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::TlsError;
use crate::access::Fingerprint;
use crate::settings::{ClientAuth, TlsSettings};

/// What is offered to clients of HTTP/2 alone, and to those of any version.
const HTTP2: &[&[u8]] = &[b"h2"];
const ANY: &[&[u8]] = &[b"h2", b"http/1.1"];

/// Files that were read and checked.
#[derive(Debug)]
pub(crate) struct Verified {
    /// For clients of HTTP/2 alone.
    pub(super) http2: Arc<ServerConfig>,
    /// For clients of any version of HTTP.
    pub(super) any: Arc<ServerConfig>,
    /// Of the certificate.
    pub(super) fingerprint: Fingerprint,
    /// When the certificate ends.
    pub(super) expires: SystemTime,
    /// Of all files together.
    pub(super) checksum: [u8; 32],
}

impl Verified {
    /// Reads the files and checks each, that the key is the certificate's, and that the certificate is valid now.
    ///
    /// # Errors
    /// If one of that does not hold.
    pub(super) fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        let mut checksum = Sha256::new();
        let mut read = |path: &Path| {
            let bytes = read_file(path)?;
            checksum.update(bytes.len().to_le_bytes());
            checksum.update(&bytes);
            Ok::<_, TlsError>(bytes)
        };
        let chain = certificates(&settings.certificate, &read(&settings.certificate)?)?;
        let key = private_key(&settings.key, &read(&settings.key)?)?;
        let authorities = match settings.authorities() {
            Some(path) => Some(roots(path, &read(path)?)?),
            None => None,
        };
        let Some(own) = chain.first() else {
            return Err(no_certificate(&settings.certificate));
        };
        let (fingerprint, expires) = (Fingerprint::of(own), validity(&settings.certificate, own)?);
        let provider = Arc::new(ring::default_provider());
        let speaking = |protocols: &[&[u8]], client_auth| {
            let clients = authorities
                .clone()
                .map(|roots| client_verifier(&provider, &settings.client_ca, roots, client_auth));
            let identity = (chain.clone(), key.clone_key());
            let mut config = server_config(&provider, settings, clients.transpose()?, identity)?;
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Ok::<_, TlsError>(Arc::new(config))
        };
        Ok(Self {
            http2: speaking(HTTP2, settings.client_auth)?,
            // Probes and scrapers seldom have one: calls are refused later.
            any: speaking(ANY, ClientAuth::Optional)?,
            fingerprint,
            expires,
            checksum: checksum.finalize().into(),
        })
    }

    /// Of the certificate.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// When the certificate ends, for people.
    pub(crate) fn valid_until(&self) -> Timestamp {
        Timestamp::try_from(self.expires).unwrap_or(Timestamp::MAX)
    }
}

fn server_config(
    provider: &Arc<CryptoProvider>,
    settings: &TlsSettings,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    (chain, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
) -> Result<ServerConfig, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(verifier) => builder.with_client_cert_verifier(verifier),
    };
    builder
        .with_single_cert(chain, key)
        .map_err(|problem| TlsError::Mismatch {
            key: settings.key.clone(),
            certificate: settings.certificate.clone(),
            problem,
        })
}

fn client_verifier(
    provider: &Arc<CryptoProvider>,
    path: &Path,
    roots: RootCertStore,
    client_auth: ClientAuth,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let builder = match client_auth {
        ClientAuth::Required => builder,
        ClientAuth::Optional => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| damaged(path, &error))
}

/// The server's own certificate in a file.
pub(super) fn own_certificate(path: &Path) -> Result<CertificateDer<'static>, TlsError> {
    let chain = certificates(path, &read_file(path)?)?;
    chain.into_iter().next().ok_or_else(|| no_certificate(path))
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

pub(super) fn certificates(
    path: &Path,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(chain) if chain.is_empty() => Err(no_certificate(path)),
        Ok(chain) => Ok(chain),
        Err(error) => Err(damaged(path, &error)),
    }
}

pub(super) fn private_key(path: &Path, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    use rustls::pki_types::pem::Error;
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        Error::NoItemsFound => TlsError::Nothing {
            path: path.to_owned(),
            what: "unencrypted private key",
            begin: "PRIVATE KEY",
        },
        error => damaged(path, &error),
    })
}

pub(super) fn roots(path: &Path, pem: &[u8]) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in certificates(path, pem)? {
        roots
            .add(authority)
            .map_err(|error| damaged(path, &error))?;
    }
    Ok(roots)
}

/// When the certificate ends, if it is valid now.
fn validity(path: &Path, certificate: &CertificateDer<'_>) -> Result<SystemTime, TlsError> {
    let (_, parsed) =
        X509Certificate::from_der(certificate).map_err(|error| damaged(path, &error))?;
    let validity = parsed.validity();
    let (begins, ends) = (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    );
    let now = Timestamp::now().as_second();
    let path = PathBuf::from(path);
    if now < begins {
        return Err(TlsError::NotYet {
            path,
            at: Timestamp::from_second(begins).unwrap_or(Timestamp::MAX),
        });
    }
    if ends < now {
        return Err(TlsError::Expired {
            path,
            at: Timestamp::from_second(ends).unwrap_or(Timestamp::MIN),
        });
    }
    Ok(UNIX_EPOCH + Duration::from_secs(ends.unsigned_abs()))
}

fn no_certificate(path: &Path) -> TlsError {
    TlsError::Nothing {
        path: path.to_owned(),
        what: "certificate",
        begin: "CERTIFICATE",
    }
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> TlsError {
    TlsError::Damaged {
        path: path.to_owned(),
        problem: error.to_string(),
    }
}
