//! The signals that the server listens to.

use std::future::Future;
use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_stream::Stream;
use tokio_stream::wrappers::SignalStream;

/// Resolves at SIGTERM or at an interrupt from the terminal.
///
/// # Errors
/// If the signals cannot be listened to.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()>> {
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
    let hangup = signal(SignalKind::hangup())?;
    Ok(SignalStream::new(hangup))
}
