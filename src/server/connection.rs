//! One connection, from its acceptance to its end.

use std::cell::RefCell;
use std::net::{SocketAddr, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::Version;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tonic::body::Body;
use tower::{BoxError, Service as _};

use super::arrival::{Arrival, ToldBody};
use super::farewell::Farewell;
use super::opening::{Opened, Opening};
use super::port::{Port, Protocol, Stack};
use super::unread::{AnswerBody, AnswerFuture, Ended, Patient, Unread};
use super::workers::Phase;
use crate::access::Connection;
use crate::arriving::{Arriving, Framing};
use crate::metrics::OpenConnection;

/// How often a silent connection is asked whether anyone is there, and how long it may take to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));
/// How long a connection that has said nothing yet may still speak when the server begins to drain, and one of HTTP/1 may
/// still ask for something, since that has no other way to say that it ends than with an answer.
const LAST_WORD: Duration = Duration::from_millis(500);
/// How much a stream may be sent ahead of what is read of it, in bytes.
const STREAM_WINDOW: u32 = 64 << 10;
/// How much all streams of a connection may together, in bytes. `h2` closes a connection whose unread frames are so short
/// that they cost it more than half of this, at 256 bytes a frame less what it holds: a caller who sends a frame a ticket
/// reaches that with one stream only if there is nothing in its tickets, with eight if they hold 20 bytes.
const CONNECTION_WINDOW: u32 = 8 << 20;
/// Most bytes of a request's headers.
const MAX_HEADER_BYTES: u32 = 16 << 10;

/// A connection that was accepted.
#[derive(Debug)]
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    /// The other end.
    pub(super) peer: SocketAddr,
    /// What was called.
    pub(super) port: Arc<Port>,
    /// Its place among the connections that there may be.
    pub(super) place: OwnedSemaphorePermit,
    /// Its place among those that are counted.
    pub(super) counted: OpenConnection,
}

/// Serves a connection until it ends. While the server drains, it takes no more requests and ends with the last.
pub(super) async fn serve(accepted: Accepted, phase: watch::Receiver<Phase>) {
    let Accepted {
        stream,
        peer,
        port,
        place,
        counted,
    } = accepted;
    if let Err(error) = serve_stream(stream, peer, &port, phase).await {
        tracing::debug!(%peer, error, "a connection ended by a fault");
    }
    drop((place, counted));
}

async fn serve_stream(
    stream: TcpStream,
    peer: SocketAddr,
    port: &Port,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), BoxError> {
    let open_by = Instant::now() + port.limits.open_within;
    let stream = tokio::net::TcpStream::from_std(stream)?;
    let mut connection = Connection {
        listening: port.listening,
        peer: Some(peer),
        certificate: None,
    };
    let Some(tls) = &port.tls else {
        return serve_requests(stream, peer, connection, port, open_by, phase).await;
    };
    let mut shaking = pin!(timeout_at(open_by, tls.accept(stream)));
    let shaken = tokio::select! {
        shaken = &mut shaking => shaken,
        () = drains(&mut phase) => timeout(LAST_WORD, shaking).await?,
    };
    let (stream, certificate) = shaken??;
    connection.certificate = certificate;
    serve_requests(stream, peer, connection, port, open_by, phase).await
}

/// Resolves when the server drains, or nobody can say so any more.
async fn drains(phase: &mut watch::Receiver<Phase>) {
    // Its error means that the sender is gone.
    let _ = phase.wait_for(|phase| *phase >= Phase::Draining).await;
}

/// Answers the requests of a connection, which must have begun to speak by `open_by`.
async fn serve_requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    connection: Connection,
    port: &Port,
    open_by: Instant,
    mut phase: watch::Receiver<Phase>,
) -> Result<(), BoxError> {
    let (opened, unread) = (Opened::default(), Unread::default());
    let farewell = Farewell::default();
    let stream = TokioIo::new(Opening::new(stream, opened.clone()));
    let requests = Requests {
        stack: RefCell::new(port.stack.clone()),
        connection,
        protocol: port.protocol,
        arriving: port.arriving.clone(),
        streams: Arc::clone(&port.streams),
        unread: unread.clone(),
        farewell: farewell.clone(),
    };
    let builder = builder(port);
    let served = builder.serve_connection(stream, requests);
    let mut served = pin!(Patient::new(served, unread, port.limits.unread_within));
    let mut draining = pin!(drains(&mut phase));
    let mut opening = pin!(sleep_until(open_by));
    let mut last_word = pin!(sleep_until(open_by));
    let (mut is_draining, mut opens, mut parts) = (false, true, false);
    loop {
        tokio::select! {
            end = &mut served => match end {
                Ended::Served(ended) => return ended,
                Ended::Unread => {
                    let limit_ms = port.limits.unread_within.as_millis() as u64;
                    tracing::info!(%peer, limit_ms, "closed: answers are not read");
                    return Ok(());
                }
            },
            () = &mut draining, if !is_draining => {
                is_draining = true;
                let until = Instant::now() + LAST_WORD;
                parts = farewell.begin();
                if parts {
                    last_word.as_mut().reset(until);
                } else {
                    served.as_mut().served().graceful_shutdown();
                }
                if opens {
                    opening.as_mut().reset(open_by.min(until));
                }
            }
            () = &mut last_word, if parts => {
                parts = false;
                served.as_mut().served().graceful_shutdown();
            }
            () = &mut opening, if opens => {
                if !opened.get() {
                    return Err("it sent no request".into());
                }
                opens = false;
            }
        }
    }
}

fn builder(port: &Port) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    if port.protocol == Protocol::Http2 {
        builder = builder.http2_only();
    }
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(port.limits.open_within);
    builder
        .http2()
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(port.limits.max_streams)
        .max_header_list_size(MAX_HEADER_BYTES)
        .keep_alive_interval(KEEP_ALIVE.0)
        .keep_alive_timeout(KEEP_ALIVE.1);
    builder
}

/// What answers the requests of one connection.
struct Requests {
    /// The connection's own: a call is made through it within its thread, so that nothing is cloned for it.
    stack: RefCell<Stack>,
    connection: Connection,
    protocol: Protocol,
    arriving: Arriving,
    /// Paths of the calls that answer with a stream.
    streams: Arc<[String]>,
    unread: Unread,
    farewell: Farewell,
}

impl Requests {
    /// A body as it comes. On the port for HTTP it may be compressed, so that it is counted once it is unpacked.
    fn body(&self, body: Incoming, arrival: Arrival) -> Body {
        let framing = match self.protocol {
            Protocol::Http2 => Framing::grpc(),
            Protocol::Any => Framing::unknown(),
        };
        Body::new(ToldBody::new(self.arriving.body(body, framing), arrival))
    }
}

impl Service<hyper::Request<Incoming>> for Requests {
    type Response = http::Response<AnswerBody>;
    type Error = BoxError;
    type Future = AnswerFuture<<Stack as tower::Service<http::Request<Body>>>::Future>;

    fn call(&self, request: hyper::Request<Incoming>) -> Self::Future {
        // A stream holds little that has not been read, however slowly that goes.
        let farewell = (request.version() < Version::HTTP_2).then(|| self.farewell.of_http1());
        let is_stream = self.streams.iter().any(|path| path == request.uri().path());
        let arrival = Arrival::default();
        let mut request = request.map(|body| self.body(body, arrival.clone()));
        let extensions = request.extensions_mut();
        extensions.insert(self.connection);
        extensions.insert(arrival);
        // All layers and services of a stack are ready at any time, and the call has to be made here, not when its
        // future is run: so those that wait to be run count as in flight.
        AnswerFuture {
            inner: self.stack.borrow_mut().call(request),
            unread: (!is_stream).then(|| self.unread.clone()),
            farewell,
        }
    }
}
