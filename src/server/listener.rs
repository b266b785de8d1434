//! Listens on an address and hands what it accepts to the workers.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::ServeError;
use super::connection::Accepted;
use super::port::Port;
use super::workers::Workers;
use crate::metrics::Metrics;
use crate::settings::Settings;

/// How long to wait before accepting again where that failed.
const RETRY_ACCEPT: Duration = Duration::from_millis(50);
/// How often the log tells of connections that are refused.
const TELL_REFUSED: Duration = Duration::from_secs(1);

/// Binds the address of the settings.
///
/// # Errors
/// If it cannot be listened on.
pub async fn bind(settings: &Settings) -> Result<TcpListener, ServeError> {
    let address = settings.server.listen;
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })
}

/// What all listeners share.
#[derive(Debug)]
pub(super) struct Acceptor {
    workers: Workers,
    /// One for each connection that there may be.
    places: Arc<Semaphore>,
    metrics: Metrics,
    max_connections: usize,
}

/// Connections that were refused.
#[derive(Debug, Default)]
struct Refused {
    /// How many the log has not told of yet.
    untold: u64,
    /// When it told of some.
    told: Option<Instant>,
}

impl Acceptor {
    /// Hands connections to `workers`, at most `max_connections` at a time.
    pub(super) fn new(workers: Workers, max_connections: usize, metrics: Metrics) -> Self {
        Self {
            workers,
            places: Arc::new(Semaphore::new(max_connections)),
            metrics,
            max_connections,
        }
    }

    /// Accepts connections for ever. One beyond those that there may be is closed at once. Where none can be accepted,
    /// as when the process has no file descriptor left, the log says so and the next try waits a moment.
    pub(super) async fn accept(&self, listener: &TcpListener, port: &Arc<Port>) {
        let mut refused = Refused::default();
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => match stream.into_std() {
                    Ok(stream) => self.take(stream, peer, port, &mut refused),
                    Err(error) => ended_at_once(peer, &error),
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(RETRY_ACCEPT).await;
                }
            }
        }
    }

    /// Accepts the connections that wait already, whose other ends may have sent a request, and no more.
    pub(super) fn accept_last(&self, listener: TcpListener, port: &Arc<Port>) {
        let mut refused = Refused::default();
        let Ok(listener) = listener.into_std() else {
            return;
        };
        // It does not wait for others: at the last one it fails.
        while let Ok((stream, peer)) = listener.accept() {
            self.take(stream, peer, port, &mut refused);
        }
    }

    fn take(&self, stream: TcpStream, peer: SocketAddr, port: &Arc<Port>, refused: &mut Refused) {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            self.refuse(refused);
            return;
        };
        match ready(&stream) {
            Ok(()) => self.workers.take(Accepted {
                stream,
                peer,
                port: Arc::clone(port),
                place,
                counted: self.metrics.connection(),
            }),
            Err(error) => ended_at_once(peer, &error),
        }
    }

    /// Tells of connections that were closed because there are too many, but not of each.
    fn refuse(&self, refused: &mut Refused) {
        refused.untold += 1;
        if refused
            .told
            .is_some_and(|told| told.elapsed() < TELL_REFUSED)
        {
            return;
        }
        tracing::warn!(
            refused = refused.untold,
            max_connections = self.max_connections,
            "connections were closed at once: as many as may be are open (server.max_connections)"
        );
        *refused = Refused {
            untold: 0,
            told: Some(Instant::now()),
        };
    }
}

/// Lets a connection send small answers at once, and belong to any runtime.
fn ready(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)
}

/// The other end is gone already.
fn ended_at_once(peer: SocketAddr, error: &io::Error) {
    tracing::debug!(%peer, %error, "a connection ended at once");
}
