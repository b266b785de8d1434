//! The running service: listener, layers, health, reflection, loading, and draining.
//!
//! The listener is bound before anything is loaded, so that health can be asked from the first
//! moment; it answers SERVING once model and policy are loaded, and NOT_SERVING again while
//! requests in flight drain.

mod layers;
mod unreadable;
mod watch;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_stream::Stream;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::CompressionEncoding;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::server::HealthReporter;

use crate::grpc::v1::routing_service_server::{self, RoutingServiceServer};
use crate::grpc::v1::triage_service_server::{self, TriageServiceServer};
use crate::grpc::{Admission, DESCRIPTORS, RoutingApi, TriageApi};
use crate::live::{Live, Start, StartError};
use crate::settings::{AdminCalls, ServerSettings, Settings};
use crate::triage::Triage;

use watch::Watch;

/// What health tells of: the whole server and each service of ours.
const SERVICES: [&str; 3] = [
    "",
    triage_service_server::SERVICE_NAME,
    routing_service_server::SERVICE_NAME,
];
/// How long to wait before accepting again where that failed.
const RETRY_ACCEPT: Duration = Duration::from_millis(50);
/// How often a silent connection is asked whether anyone is there, and how long it may take to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

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
    /// Model, policy, roster or the folder of policies are unusable.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The task that loads ended early.
    #[error("loading was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
    /// The transport failed.
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// Reflection could not be set up.
    #[error("reflection could not be set up: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The operating system refused something else.
    #[error(transparent)]
    Io(#[from] io::Error),
}

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

/// Serves on `listener` until `shutdown` resolves and requests in flight have ended, or the time for
/// that is over. Looks at the files of policy and roster when the settings say so and whenever `reload` does.
///
/// # Errors
/// If model, policy or roster cannot be loaded, or the transport fails.
pub async fn run(
    listener: TcpListener,
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
    reload: impl Stream<Item = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    let loaded = Arc::new(ArcSwapOption::empty());
    let live = Arc::new(OnceLock::new());
    let (mut health, health_service) = tonic_health::server::health_reporter();
    set_serving(&health, false).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(
        listener,
        settings,
        Services {
            triage: TriageApi::new(Arc::clone(&loaded)),
            routing: RoutingApi::new(Arc::clone(&live)),
            admission: admission(settings.server.admin_calls, address),
        },
        health_service,
        async {
            // An error means that the sender is gone: stop as well.
            let _ = stopped.await;
        },
    )?;
    tokio::pin!(serving);
    tracing::info!(%address, "listening");

    let start = Start {
        sources: settings.sources(),
        state: settings.state.folder().map(Path::to_owned),
        encoder_threads: settings.server.encoder_threads(),
        encoder_queue: settings.server.encoder_queue,
        reservations: settings.roster.reservations(),
    };
    let watch = Watch::new(&start.sources, settings.policy.watch());
    let load = async {
        let started = tokio::task::spawn_blocking(move || start.run(loaded)).await??;
        let started: Arc<Live> = Arc::new(started);
        let current = started.current();
        let triage = current.triage();
        tracing::info!(
            model_version = triage.model_version(),
            policy_version = triage.policy_version(),
            "loaded"
        );
        warn_of_unhandled_topics(triage);
        drop(current);
        live.get_or_init(|| Arc::clone(&started));
        set_serving(&health, true).await;
        tracing::info!(%address, "serving");
        Ok::<Infallible, ServeError>(watch.run(started, reload).await)
    };
    tokio::select! {
        never = load => match never? {},
        () = shutdown => {}
        ended = &mut serving => return ended,
    }
    tracing::info!("draining");
    end_health(&mut health).await;
    // The receiver lives in `serving`, which has not ended.
    let _ = stop.send(());
    drain(serving, &settings.server).await
}

async fn drain(
    serving: impl Future<Output = Result<(), ServeError>>,
    settings: &ServerSettings,
) -> Result<(), ServeError> {
    match tokio::time::timeout(settings.drain_timeout(), serving).await {
        Ok(ended) => {
            tracing::info!("drained");
            ended
        }
        Err(_) => {
            tracing::warn!(
                timeout_ms = settings.drain_timeout_ms,
                "requests still in flight were cut off"
            );
            Ok(())
        }
    }
}

/// Our own services.
struct Services {
    triage: TriageApi,
    routing: RoutingApi,
    /// Who may call `routing`.
    admission: Admission,
}

fn admission(calls: AdminCalls, listening: SocketAddr) -> Admission {
    match calls {
        AdminCalls::Loopback => Admission::on_loopback(listening),
        AdminCalls::Anywhere => Admission::anywhere(),
        AdminCalls::Nowhere => Admission::nowhere(),
    }
}

fn serve(
    listener: TcpListener,
    settings: &Settings,
    services: Services,
    health_service: HealthServer<impl Health>,
    stop: impl Future<Output = ()>,
) -> Result<impl Future<Output = Result<(), ServeError>>, ServeError> {
    let max_bytes = settings.server.max_message_bytes;
    let triage_service = TriageServiceServer::new(services.triage)
        .max_decoding_message_size(max_bytes)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Zstd);
    let routing_service = RoutingServiceServer::new(services.routing)
        .max_decoding_message_size(max_bytes)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
        .send_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Zstd);
    let routing_service = InterceptedService::new(routing_service, services.admission);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let server = Server::builder()
        .timeout(settings.server.request_timeout())
        .http2_keepalive_interval(Some(KEEP_ALIVE.0))
        .http2_keepalive_timeout(Some(KEEP_ALIVE.1))
        .layer(layers::layers!())
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        // Many tools ask for the version before the first one only.
        .add_service(reflection().build_v1alpha()?)
        .add_service(triage_service)
        .add_service(routing_service);
    let connections = without_delay(listener);
    Ok(async move {
        server
            .serve_with_incoming_shutdown(connections, stop)
            .await
            .map_err(ServeError::from)
    })
}

/// Accepted connections that send small answers at once. Where none can be accepted, as when the
/// process has no file descriptor left, the log says so and the next try waits a moment.
fn without_delay(
    listener: TcpListener,
) -> impl tokio_stream::Stream<Item = io::Result<tokio::net::TcpStream>> {
    use tokio_stream::StreamExt;
    TcpListenerStream::new(listener)
        .then(async |accepted| {
            let ready = accepted.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
            if let Err(error) = &ready {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(RETRY_ACCEPT).await;
            }
            ready
        })
        .filter(Result::is_ok)
}

/// Sets the health of the whole server and of its services.
async fn set_serving(health: &HealthReporter, serving: bool) {
    let status = if serving {
        tonic_health::ServingStatus::Serving
    } else {
        tonic_health::ServingStatus::NotServing
    };
    for service in SERVICES {
        health.set_service_status(service, status).await;
    }
}

/// Tells everyone who watches that nothing is served any more, and ends their streams: they would keep
/// their connections open until the time for draining is over.
async fn end_health(health: &mut HealthReporter) {
    set_serving(health, false).await;
    for service in SERVICES {
        health.clear_service_status(service).await;
    }
    // For whoever asks once more on an open connection.
    set_serving(health, false).await;
}

fn warn_of_unhandled_topics(triage: &Triage) {
    let topics = triage.unhandled_topics();
    if !topics.is_empty() {
        tracing::info!(
            topics = topics.join(", "),
            "topics that no rule of the policy asks for"
        );
    }
}

/// Resolves at SIGTERM or at an interrupt from the terminal.
///
/// # Errors
/// If the signals cannot be listened to.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// An item for each SIGHUP.
///
/// # Errors
/// If the signal cannot be listened to.
pub fn reload_signal() -> io::Result<impl Stream<Item = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let hangup = signal(SignalKind::hangup())?;
    Ok(tokio_stream::wrappers::SignalStream::new(hangup))
}
