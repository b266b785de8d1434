//! The other end of TLS: what a program needs that asks a server.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};

use super::TlsError;
use super::files::{certificates, private_key, read_file, roots};

/// How to speak HTTP/2 over TLS with a server whose certificate one of the `authorities` signed: those of a file in PEM
/// form, or those of this system. `identity` is what is shown to a server that asks: the files of a certificate and of
/// its key, both in PEM form.
///
/// # Errors
/// If a file is unusable, the key is not the certificate's, or the system names no authorities.
pub fn client_config(
    authorities: Option<&Path>,
    identity: Option<(&Path, &Path)>,
) -> Result<ClientConfig, TlsError> {
    let trusted = match authorities {
        Some(path) => roots(path, &read_file(path)?)?,
        None => of_this_system()?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate, &read_file(certificate)?)?;
            let private = private_key(key, &read_file(key)?)?;
            let built = builder.with_client_auth_cert(chain, private);
            built.map_err(|problem| TlsError::Mismatch {
                key: key.to_owned(),
                certificate: certificate.to_owned(),
                problem,
            })?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// The authorities that this system trusts. Single ones that cannot be read are passed over.
fn of_this_system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(roots);
    }
    let problems: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    Err(TlsError::NoAuthorities {
        problems: problems.join("; "),
    })
}
