//! Settings of TLS.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::{MAX_TIMEOUT_MS, SettingsError, within};

/// TLS of all addresses that are listened on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// File with the server's certificate and those that lead to its authority, in PEM form; empty for no TLS.
    pub certificate: PathBuf,
    /// File with its private key, in PEM form.
    pub key: PathBuf,
    /// File with the certificates of the authorities of clients, in PEM form; empty where clients need none.
    pub client_ca: PathBuf,
    /// Whether clients must have a certificate, where there are authorities for them.
    pub client_auth: ClientAuth,
    /// How often the files are looked at for changes, in milliseconds; 0 for never.
    pub watch_ms: u64,
}

/// Whether clients must have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// They must.
    Required,
    /// They may; one that they show must be valid.
    Optional,
}

impl TlsSettings {
    /// Whether there is TLS.
    #[must_use]
    pub fn is_on(&self) -> bool {
        is_given(&self.certificate)
    }

    /// The file of the authorities of clients, if there is one.
    #[must_use]
    pub fn authorities(&self) -> Option<&Path> {
        Some(self.client_ca.as_path()).filter(|path| is_given(path))
    }

    /// All files that are named.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        [&self.certificate, &self.key, &self.client_ca]
            .into_iter()
            .filter(|path| is_given(path))
            .cloned()
            .collect()
    }

    /// How often the files are looked at; `None` for never.
    #[must_use]
    pub fn watch(&self) -> Option<Duration> {
        (self.watch_ms > 0).then(|| Duration::from_millis(self.watch_ms))
    }

    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        let missing = |key, problem: &str| {
            Err(SettingsError::Value {
                key,
                problem: problem.to_owned(),
            })
        };
        match (self.is_on(), is_given(&self.key), is_given(&self.client_ca)) {
            (true, false, _) => return missing("tls.key", "tls.certificate needs its key"),
            (false, true, _) => return missing("tls.certificate", "tls.key needs its certificate"),
            (false, false, true) => {
                return missing(
                    "tls.certificate",
                    "tls.client_ca needs TLS: a certificate and its key",
                );
            }
            (true, true, _) | (false, false, false) => {}
        }
        within("tls.watch_ms", self.watch_ms, 0..=MAX_TIMEOUT_MS)
    }
}

fn is_given(path: &Path) -> bool {
    !path.as_os_str().is_empty()
}
