//! The log and the traces. The log: structured lines, on standard output for a server, and the warnings alone on
//! standard error for a command. The traces: spans of requests, sent to a collector where the settings name one.
//!
//! Neither holds a customer's words: of a request they tell method, id, code and times.

mod clock;
mod export;
mod json;
pub mod lines;
mod request;
mod traces;

use std::io::IsTerminal;
use std::{io, panic};

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

pub use request::{end_request, is_health, request_span};
pub use traces::{TraceError, Traces};

use crate::access::ADMIN_CALLS;
use clock::Clock;
use json::{JsonLines, JsonMembers};
use lines::{Log, ToStdout};

use crate::grpc::SPANS;
use crate::settings::{LogFormat, LogSettings, TelemetrySettings};

/// Why log or traces cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter of the log is not valid.
    #[error("log.level: {0}")]
    Filter(#[from] tracing_subscriber::filter::LevelParseError),
    /// There is a log already.
    #[error("the log is set up already: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
    /// Traces cannot be sent.
    #[error(transparent)]
    Traces(#[from] TraceError),
}

/// Log and traces, as long as the program runs.
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<Traces>,
    log: Log,
}

impl Telemetry {
    /// Sends what is left, which takes a few seconds at most.
    pub fn end(self) {
        if let Some(traces) = self.traces {
            traces.end();
        }
        drop(self.log);
    }
}

/// Sends the log to standard output from now on, panics included: where they happened, but not their
/// messages, which may quote the text that was at hand. Sends traces as well if the settings say where to; keep what is
/// returned as long as they are to be sent.
///
/// # Errors
/// If the filter is not valid, a log is set up already, or the threads for traces cannot be started. That no collector
/// answers is none.
pub fn init(log: &LogSettings, telemetry: &TelemetrySettings) -> Result<Telemetry, TelemetryError> {
    let filter = log
        .filter()?
        // Spans below that of a request are for traces alone: a line of the log carries the request's.
        .with_target(SPANS, LevelFilter::OFF)
        // It tells at the level debug why a request cannot be read, which quotes the request.
        .with_target("tonic::codec", LevelFilter::OFF)
        // Who did what is told at any level.
        .with_target(ADMIN_CALLS, LevelFilter::INFO);
    let traces = if telemetry.sends_traces() {
        let traces = Traces::start(telemetry)?;
        registry()
            .with(lines(log.format).with_filter(filter))
            .with(traces.layer())
            .try_init()?;
        Some(traces)
    } else {
        // A filter for all is quicker than one for each layer.
        registry().with(filter).with(lines(log.format)).try_init()?;
        None
    };
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
    Ok(Telemetry {
        traces,
        log: Log::start(),
    })
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let lines = fmt::layer()
        .with_writer(ToStdout)
        .with_timer(Clock)
        .with_target(true);
    match format {
        LogFormat::Json => lines
            .fmt_fields(JsonMembers)
            .event_format(JsonLines)
            .boxed(),
        LogFormat::Text => lines.boxed(),
    }
}

/// Sends warnings and errors to standard error from now on, as a command's standard output is its
/// answer. A log that is set up already stays as it is.
pub fn init_warnings() {
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false);
    let warnings = Targets::new().with_target("triage", LevelFilter::WARN);
    let _ = registry().with(warnings).with(lines).try_init();
}
