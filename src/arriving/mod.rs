//! What has come of messages that have not come whole: how many bytes that may be, over the whole process.
//!
//! Only what waits for its sender counts. A message that is there whole when it is looked at, as nearly every ticket
//! is, takes nothing; so tickets are answered also while those who send half of a message and wait have taken all
//! there is. Nor can long messages take all of it: a part is left for the beginnings of others.

mod body;
mod framing;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tonic::Status;

pub use body::ArrivingBody;
pub use framing::Framing;

use crate::metrics::{Metrics, Shed};

/// What is the beginning of a message, in bytes.
const BEGINNING: usize = 64 << 10;
/// The share that is left for beginnings: one part in so many.
const LEFT: usize = 4;

/// How many bytes of unfinished messages there are; clones count together.
#[derive(Debug, Clone)]
pub struct Arriving(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    taken: AtomicUsize,
    metrics: Metrics,
}

impl Arriving {
    /// At most `most` bytes; those who are refused are counted in `metrics`.
    #[must_use]
    pub fn new(most: usize, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            most,
            taken: AtomicUsize::new(0),
            metrics,
        }))
    }

    /// A body whose unfinished message counts for as long as it is read.
    pub fn body<B>(&self, body: B, framing: Framing) -> ArrivingBody<B> {
        ArrivingBody::new(body, framing, self.share())
    }

    /// A share of nothing yet.
    fn share(&self) -> Share {
        Share {
            of: self.clone(),
            bytes: 0,
        }
    }
}

/// What one message takes, given back when this is dropped.
#[derive(Debug)]
struct Share {
    of: Arriving,
    bytes: usize,
}

impl Share {
    /// Takes `bytes` in place of what it took before.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if there is not so much; it takes what it took before.
    #[allow(clippy::result_large_err)] // the protocol's own error
    fn take(&mut self, bytes: usize) -> Result<(), Status> {
        let Some(more) = bytes.checked_sub(self.bytes).filter(|more| *more > 0) else {
            self.shrink(bytes);
            return Ok(());
        };
        let inner = &*self.of.0;
        let most = match bytes {
            0..=BEGINNING => inner.most,
            _ => inner.most - inner.most / LEFT,
        };
        let taken = inner
            .taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                taken.checked_add(more).filter(|taken| *taken <= most)
            });
        if taken.is_err() {
            inner.metrics.shed(Shed::ArrivingBytes);
            return Err(full(inner.most));
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Gives back what goes beyond `bytes`.
    fn shrink(&mut self, bytes: usize) {
        if bytes < self.bytes {
            let less = self.bytes - bytes;
            self.of.0.taken.fetch_sub(less, Ordering::Relaxed);
            self.bytes = bytes;
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

fn full(most: usize) -> Status {
    Status::resource_exhausted(format!(
        "the server holds as much as it may of messages that have not come whole, {most} bytes \
         (server.max_arriving_bytes): try again shortly, and send the message without a pause"
    ))
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    const MOST: usize = 1 << 20;

    fn arriving() -> Arriving {
        Arriving::new(MOST, Metrics::new(["/a"]).unwrap())
    }

    fn taken(of: &Arriving) -> usize {
        of.0.taken.load(Ordering::Relaxed)
    }

    #[test]
    fn long_messages_leave_room_for_beginnings() {
        let of = arriving();
        let mut long = of.share();
        let refused = long.take(MOST - MOST / 4 + 1).unwrap_err();
        assert_eq!(refused.code(), Code::ResourceExhausted);
        assert!(refused.message().contains("server.max_arriving_bytes"));
        assert_eq!(taken(&of), 0);
        long.take(MOST - MOST / 4).unwrap();
        of.share().take(BEGINNING + 1).unwrap_err();
        let beginnings: Vec<Share> = (0..MOST / 4 / BEGINNING)
            .map(|_| {
                let mut share = of.share();
                share.take(BEGINNING).unwrap();
                share
            })
            .collect();
        assert_eq!(taken(&of), MOST);
        of.share().take(1).unwrap_err();
        drop(beginnings);
        of.share().take(1).unwrap();
    }

    #[test]
    fn what_is_taken_is_given_back_once() {
        let of = arriving();
        let mut share = of.share();
        for bytes in [10, 200, 50, 50, 0, 7] {
            share.take(bytes).unwrap();
            assert_eq!(taken(&of), bytes);
        }
        share.take(MOST + 1).unwrap_err();
        assert_eq!(taken(&of), 7);
        drop(share);
        assert_eq!(taken(&of), 0);
    }
}
