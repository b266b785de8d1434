//! Whether the other end of a connection has begun to speak, so that those who connect and then say nothing, or one
//! byte now and then, can be told apart from those who may be silent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What HTTP/2 begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The frame that must follow has at least so many bytes.
const FRAME_HEADER: usize = 9;

/// Whether the other end has begun to speak.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened(Arc<AtomicBool>);

impl Opened {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream whose first bytes are looked at. It has opened once HTTP/2's preface and the head of the frame that must
/// follow were read, or anything that HTTP/2 does not begin with: HTTP/1 has a time limit of its own.
#[derive(Debug)]
pub(super) struct Opening<S> {
    inner: S,
    read: usize,
    opened: Opened,
}

impl<S> Opening<S> {
    pub(super) fn new(inner: S, opened: Opened) -> Self {
        Self {
            inner,
            read: 0,
            opened,
        }
    }

    fn look(&mut self, bytes: &[u8]) {
        let expected = PREFACE.get(self.read..).unwrap_or_default();
        let differs = bytes.iter().zip(expected).any(|(a, b)| a != b);
        self.read += bytes.len();
        if differs || self.read >= PREFACE.len() + FRAME_HEADER {
            self.opened.0.store(true, Ordering::Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, buffer))?;
        if !self.opened.get() {
            self.look(buffer.filled().get(before..).unwrap_or_default());
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    /// Whether a connection has opened on which this was said, in pieces of `piece` bytes.
    async fn opens(said: &[u8], piece: usize) -> bool {
        let opened = Opened::default();
        let mut opening = Opening::new(said, opened.clone());
        let mut read = vec![0; piece];
        while opening.read(&mut read).await.unwrap() > 0 {}
        opened.get()
    }

    #[tokio::test]
    async fn a_preface_and_the_head_of_a_frame_open_a_connection() {
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let whole = [PREFACE, &settings].concat();
        for piece in [1, 7, 24, 25, 100] {
            assert!(opens(&whole, piece).await, "{piece}");
            assert!(!opens(&whole[..whole.len() - 1], piece).await, "{piece}");
            assert!(!opens(PREFACE, piece).await, "{piece}");
            assert!(!opens(b"", piece).await, "{piece}");
        }
    }

    #[tokio::test]
    async fn what_is_no_preface_is_left_to_the_protocol() {
        for piece in [1, 3, 100] {
            assert!(opens(b"GET", piece).await);
            assert!(opens(b"PRI * HTTP/1", piece).await);
            assert!(!opens(b"PRI *", piece).await);
        }
    }
}
