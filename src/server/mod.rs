//! The running service: listener, layers, health, reflection, loading, and draining.
//!
//! The listener is bound before anything is loaded, so that health can be asked from the first
//! moment; it answers SERVING once model and policy are loaded, and NOT_SERVING again while
//! requests in flight drain.

mod access;
mod arrival;
mod check;
mod connection;
mod deadline;
mod error;
mod farewell;
mod health;
mod http_port;
mod in_flight;
mod layers;
mod levels;
mod listener;
mod log;
mod opening;
mod port;
mod routes;
mod services;
mod serving;
mod shadow;
mod shown;
mod signals;
mod tls;
mod told;
mod unread;
mod unreadable;
mod watch;
mod workers;

use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::net::TcpListener;
use tokio_stream::Stream;

use crate::access::AccessLayer;
use crate::arriving::Arriving;
use crate::grpc::{ModelApi, RoutingApi, TriageApi};
use crate::http;
use crate::jobs::Jobs;
use crate::live::{EncoderThreads, Live, Start, followed};
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::telemetry::lines;
use crate::triage::Triage;

use deadline::DeadlineLayer;
use health::{end_health, set_serving};
use in_flight::InFlightLayer;
use layers::Layers;
use log::LogLayer;
use port::{ConnectionLimits, Port, Protocol};
use services::{Services, methods, stream_paths};
use serving::Serving;
use shown::CertificateShown;
use tls::Tls;
use told::Told;
use watch::Watch;

pub use check::{Findings, check};
pub use error::ServeError;
pub use listener::bind;
pub use signals::{reload_signal, shutdown_signal};
pub use tls::{OwnServer, TlsError, client_config};

/// Calls that may take longer than the settings allow others: a whole training set is sent in one.
const UNLIMITED: &[&str] = &["/triage.v1.ModelService/StartTraining"];

/// How long a training job may take to end that was called off.
const JOB_ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Serves on `listener` until `shutdown` resolves and requests in flight have ended, or the time for
/// that is over. Looks at files for changes when the settings say so and whenever `reload` does.
///
/// # Errors
/// If model, policy or roster cannot be loaded, or a thread that serves ends.
pub async fn run(
    listener: TcpListener,
    settings: &Settings,
    shutdown: impl Future<Output = ()>,
    reload: impl Stream<Item = ()>,
) -> Result<(), ServeError> {
    let address = listener.local_addr()?;
    let metrics = Metrics::new(methods()?)?;
    let counted = metrics.clone();
    lines::on_lost(move |lost| counted.log_lost(lost));
    let (access, keys_watch) = access::load(settings, &metrics)?;
    let http = http_port::bind(&settings.http).await?;
    let loaded = Arc::new(ArcSwapOption::empty());
    let live = Arc::new(OnceLock::new());
    let (mut health, health_service) = tonic_health::server::health_reporter();
    set_serving(&health, false).await;
    let (drains, draining) = tokio::sync::watch::channel(false);
    let jobs = Arc::new(Jobs::new(settings.training.limits(), metrics.clone()));
    let services = Services {
        triage: TriageApi::new(
            Arc::clone(&loaded),
            draining.clone(),
            settings.server.max_message_bytes,
        ),
        routing: RoutingApi::new(Arc::clone(&live)),
        models: ModelApi::new(Arc::clone(&live), Arc::clone(&jobs)),
    };
    let routes = services.routes(health_service, settings.server.max_message_bytes)?;
    levels::show(&metrics, &loaded);
    let (told, pass_on) = Told::by(reload);
    let tls_watch = Watch::new(settings.tls.files(), settings.tls.watch());
    let tls = Tls::load(&settings.tls, metrics.clone())?;
    let streams = stream_paths()?;
    let layers = Layers {
        log: LogLayer::new(Arc::clone(&streams)),
        metrics: metrics.clone(),
        certificate: CertificateShown {
            required: tls.as_ref().is_some_and(|tls| tls.requires_certificates()),
        },
        access: AccessLayer::new(Arc::clone(&access), metrics.clone()),
        in_flight: InFlightLayer::new(settings.server.max_in_flight, metrics.clone()),
        deadline: DeadlineLayer::new(settings.server.request_timeout(), UNLIMITED),
    };
    let calls = layers.around(routes);
    let arriving = Arriving::new(settings.server.max_arriving_bytes, metrics.clone());
    let port = |listening, protocol, stack| Port {
        listening,
        protocol,
        tls: tls.as_ref().map(|tls| tls.port(protocol)),
        limits: ConnectionLimits::of(&settings.server),
        arriving: arriving.clone(),
        streams: Arc::clone(&streams),
        stack,
    };
    let mut ports = vec![(listener, port(address, Protocol::Http2, calls.clone()))];
    let mut http_address = None;
    if let Some(listener) = http {
        let readiness = http_port::readiness(Arc::clone(&loaded), draining);
        let inside = http::Port {
            calls,
            readiness,
            metrics: metrics.clone(),
            arriving: arriving.clone(),
            access: Arc::clone(&access),
        };
        let stack = http_port::stack(inside, &settings.http)?;
        let address = listener.local_addr()?;
        ports.push((listener, port(address, Protocol::Any, stack)));
        http_address = Some(address);
    }
    let mut serving = Serving::start(ports, &settings.server, metrics.clone())?;
    tracing::info!(%address, "listening");
    if let Some(address) = http_address {
        tracing::info!(%address, "listening for HTTP");
    }

    let start = Start {
        sources: settings.sources(),
        state: settings.state.folder().map(Path::to_owned),
        encoder: EncoderThreads {
            threads: settings.server.encoder_threads(),
            queue: settings.server.encoder_queue,
        },
        reservations: settings.roster.reservations(),
        metrics: metrics.clone(),
    };
    let watch = Watch::new(followed(&start.sources), settings.policy.watch());
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
        shadow::start(&started, &settings.shadow);
        let follow = watch.run(told.stream(), move || watch::reload(&started));
        Ok::<Infallible, ServeError>(follow.await)
    };
    let follow_tls = async {
        match &tls {
            Some(tls) => {
                let tls = Arc::clone(tls);
                tls_watch.run(told.stream(), move || tls.reload()).await
            }
            None => std::future::pending().await,
        }
    };
    let follow_keys = keys_watch.run(told.stream(), move || {
        access::reload_keys(&access, &metrics)
    });
    tokio::select! {
        never = load => match never? {},
        never = follow_keys => match never {},
        never = follow_tls => match never {},
        never = pass_on => match never {},
        () = shutdown => {}
        error = serving.failed() => return Err(error),
    }
    tracing::info!("draining");
    drains.send_replace(true);
    jobs.end();
    end_health(&mut health).await;
    serving.drain(settings.server.drain_timeout()).await;
    // It was called off and is clearing away what it wrote.
    let _ = tokio::time::timeout(JOB_ENDS_WITHIN, jobs.ended()).await;
    Ok(())
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
