//! Hands what the server is told, such as by SIGHUP, on to all who follow files.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;

use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

/// Those who are told.
#[derive(Debug, Clone)]
pub(super) struct Told(watch::Receiver<()>);

impl Told {
    /// Nobody was told anything yet; the future tells all of each item of `from`, for ever.
    pub(super) fn by(from: impl Stream<Item = ()>) -> (Self, impl Future<Output = Infallible>) {
        let (tell, told) = watch::channel(());
        let pass_on = async move {
            let mut from = pin!(from);
            while from.next().await.is_some() {
                tell.send_replace(());
            }
            std::future::pending().await
        };
        (Self(told), pass_on)
    }

    /// An item for each time from now on; those that come close together may be one.
    pub(super) fn stream(&self) -> impl Stream<Item = ()> + use<> {
        WatchStream::from_changes(self.0.clone())
    }
}
