//! Why the service ended other than by its shutdown.

use std::io;
use std::net::SocketAddr;

use super::TlsError;
use crate::access::KeysError;
use crate::live::StartError;
use crate::metrics::MetricsError;

/// Why the service ended other than by its shutdown.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}: choose another with --listen or server.listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The address of the HTTP port cannot be listened on.
    #[error("cannot listen on {address} for HTTP: {source}: choose another as http.listen")]
    ListenHttp {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
    /// The HTTP port cannot be set up.
    #[error(transparent)]
    Http(#[from] crate::http::HttpError),
    /// The keys that tokens are checked with are unusable.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Model, policy, roster or the folder of policies are unusable.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Certificate, key or authorities of TLS are unusable.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The task that loads ended early.
    #[error("loading was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    /// A thread that serves requests cannot be started.
    #[error("cannot start a thread that serves requests: {0}: lower server.threads")]
    StartWorker(io::Error),
    /// A thread that serves requests ended early.
    #[error("thread {worker}, which serves requests, ended: its cause is in the log")]
    WorkerEnded {
        /// Its number, from 0.
        worker: usize,
    },
    /// Nobody listens any more.
    #[error("no more connections are accepted: the cause is in the log")]
    AcceptingEnded,
    /// The descriptors of the services cannot be read.
    #[error("the descriptors of the services are damaged: {0}")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// The metrics cannot be set up.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] MetricsError),
    /// Reflection could not be set up.
    #[error("reflection could not be set up: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The operating system refused something else.
    #[error(transparent)]
    Io(#[from] io::Error),
}
