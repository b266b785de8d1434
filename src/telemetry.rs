//! The log: structured lines on standard output, never a customer's words.

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
