//! The log: structured lines, never a customer's words; on standard output for a server, and the
//! warnings alone on standard error for a command.

use std::io::IsTerminal;
use std::{io, panic};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::settings::{LogFormat, LogSettings};

/// Sends the log to standard output from now on, panics included: where they happened, but not their
/// messages, which may quote the text that was at hand.
///
/// # Errors
/// If the filter is not valid or a log is set up already.
pub fn init(settings: &LogSettings) -> io::Result<()> {
    let filter = EnvFilter::try_new(&settings.level).map_err(io::Error::other)?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(FmtSpan::NONE)
        .with_writer(io::stdout)
        .with_target(true);
    match settings.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.try_init(),
    }
    .map_err(io::Error::other)?;
    panic::set_hook(Box::new(|panicked| {
        let place = panicked.location().map(ToString::to_string);
        tracing::error!(place, "panicked");
    }));
    Ok(())
}

/// Sends warnings and errors to standard error from now on, as a command's standard output is its
/// answer. A log that is set up already stays as it is.
pub fn init_warnings() {
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("triage=warn"))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .try_init();
}
