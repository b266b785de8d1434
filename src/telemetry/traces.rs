//! Traces on their way to a collector: a thread that gathers spans, and one that sends them.

use std::io;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::{Builder, Runtime};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::export::Reported;
use super::request::{HEALTH, trace_requests};
use crate::settings::TelemetrySettings;

/// How long one batch of spans may take to be sent.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the last spans may take when the server ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// The name that our spans are given under.
const SCOPE: &str = env!("CARGO_PKG_NAME");

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The thread that sends cannot be started.
    #[error("traces: the thread that sends them cannot be started: {0}")]
    Thread(#[from] io::Error),
    /// The endpoint cannot be used.
    #[error("telemetry.otlp_endpoint: {0}")]
    Endpoint(#[from] ExporterBuildError),
}

/// Sends spans in the background; whoever makes them never waits. If more come than can be sent, they are dropped.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
    /// Connections belong to it, not to the threads that answer requests.
    runtime: Runtime,
}

impl Traces {
    /// Begins to send, to a collector that need not be there yet.
    ///
    /// # Errors
    /// If a thread cannot be started, or the endpoint is none.
    pub(super) fn start(settings: &TelemetrySettings) -> Result<Self, TraceError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("triage-traces")
            .enable_all()
            .build()?;
        let exporter = {
            let _entered = runtime.enter();
            SpanExporter::builder()
                .with_tonic()
                .with_endpoint(&settings.otlp_endpoint)
                .with_timeout(SEND_TIMEOUT)
                .build()?
        };
        let sampler = Sampler::TraceIdRatioBased(settings.sample_ratio.share());
        let resource = Resource::builder()
            .with_service_name(settings.service_name.clone())
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Reported::new(exporter, &settings.otlp_endpoint))
            // A caller who traces has decided already.
            .with_sampler(Sampler::ParentBased(Box::new(sampler)))
            .with_resource(resource)
            .build();
        trace_requests();
        Ok(Self { provider, runtime })
    }

    /// A layer that makes spans of ours, and of nobody else, into spans of traces. Lines of the log are no part of
    /// them.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer(SCOPE))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_ours))
    }

    /// Sends what is left, and ends. Takes two seconds at most.
    pub fn end(self) {
        // What could not be sent was told when it was tried.
        if let Err(error) = self.provider.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::debug!(%error, "the last traces could not be sent");
        }
        self.runtime.shutdown_background();
    }
}

fn is_ours(what: &Metadata<'_>) -> bool {
    let target = what.target();
    what.is_span() && target.starts_with(SCOPE) && target != HEALTH && *what.level() <= Level::INFO
}
