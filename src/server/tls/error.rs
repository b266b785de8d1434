//! Why certificate, key and authorities are unusable.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

/// Why certificate, key and authorities are unusable.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file holds nothing of what it should.
    #[error("{}: holds no {what} in PEM form: it starts with -----BEGIN {begin}-----", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
        /// What stands in its first line.
        begin: &'static str,
    },
    /// A file is damaged.
    #[error("{}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The certificate's time is over.
    #[error("{}: the certificate was valid until {at}", path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// When it ended.
        at: Timestamp,
    },
    /// The certificate's time has not begun.
    #[error("{}: the certificate is not valid before {at}", path.display())]
    NotYet {
        /// The file.
        path: PathBuf,
        /// When it begins.
        at: Timestamp,
    },
    /// The key is not the certificate's.
    #[error("{}: is not the key of the certificate in {}: {problem}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
        /// The cause.
        problem: rustls::Error,
    },
    /// This system names no authorities to trust.
    #[error("this system names no authorities that sign certificates{}: name a file of them",
        if problems.is_empty() { String::new() } else { format!(" ({problems})") })]
    NoAuthorities {
        /// Why they cannot be read; may be empty.
        problems: String,
    },
    /// TLS cannot be set up otherwise.
    #[error("TLS cannot be set up: {0}")]
    SetUp(#[from] rustls::Error),
}
