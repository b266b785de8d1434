//! Authorities and what they sign, made anew for each test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

use crate::running::server_command;

/// Signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
}

/// A certificate with its key.
pub(crate) struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for `name`, valid now.
    pub(crate) fn sign(&self, name: &str) -> Identity {
        self.sign_for_years(name, 2000..4000)
    }

    /// A certificate for `name`, valid from the beginning of the first year to that of the other.
    pub(crate) fn sign_for_years(&self, name: &str, years: std::ops::Range<i32>) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(years.start, 1, 1);
        params.not_after = date_time_ymd(years.end, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate, key }
    }
}

impl Identity {
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }
}

/// A server's files of TLS.
pub(crate) struct Files {
    folder: TempDir,
}

impl Files {
    pub(crate) fn of(identity: &Identity) -> Self {
        let files = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        files.write("server.pem", &identity.pem());
        files.write("server.key", &identity.key_pem());
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file whole, by rename.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, self.path(name)).unwrap();
    }

    /// Puts another certificate and its key in the place of both.
    pub(crate) fn replace(&self, identity: &Identity) {
        self.write("server.key", &identity.key_pem());
        self.write("server.pem", &identity.pem());
    }

    /// A server with these files.
    pub(crate) fn server(&self) -> Command {
        let mut command = server_command(&[]);
        set(&mut command, "CERTIFICATE", &self.path("server.pem"));
        set(&mut command, "KEY", &self.path("server.key"));
        command.env("TRIAGE_TLS__WATCH_MS", "20");
        command
    }
}

/// Names a file in a server's settings.
pub(crate) fn set(command: &mut Command, name: &str, path: &Path) {
    command.env(format!("TRIAGE_TLS__{name}"), path);
}
