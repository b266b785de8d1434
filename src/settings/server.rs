//! Settings of the network side.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use serde::Deserialize;

use super::address::address;
use super::{MAX_TIMEOUT_MS, SettingsError, within};
pub use crate::access::AdminCalls;

/// Largest message that may be allowed.
const MAX_MESSAGE_BYTES: usize = 64 << 20;
/// Most bytes of unfinished messages that may be allowed.
const MAX_ARRIVING_BYTES: u64 = 1 << 40;
/// Most threads that may serve requests.
const MAX_THREADS: u64 = 1_024;
/// Most connections, requests in flight, and requests in flight on one connection that may be allowed.
const MAX_PARALLEL: u64 = 1_000_000;
/// Most threads of the sentence encoder that may be asked for.
const MAX_ENCODER_THREADS: u64 = 1_024;
/// Most texts that may be allowed to wait for it.
const MAX_ENCODER_QUEUE: u64 = 65_536;

/// The network side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port to listen on.
    #[serde(deserialize_with = "address")]
    pub listen: SocketAddr,
    /// Threads that serve requests; 0 for as many as there are processor cores.
    pub threads: usize,
    /// How many connections may be open.
    pub max_connections: usize,
    /// How many requests may be in flight.
    pub max_in_flight: usize,
    /// How many requests may be in flight on one connection.
    pub max_streams_per_connection: u32,
    /// How long a new connection may take until it speaks the protocol, in milliseconds.
    pub open_timeout_ms: u64,
    /// Largest message that is read, and largest answer to a batch, in bytes.
    pub max_message_bytes: usize,
    /// How much there may be of messages that have not come whole, in bytes.
    pub max_arriving_bytes: usize,
    /// How long requests in flight may take to end after SIGTERM, in milliseconds.
    pub drain_timeout_ms: u64,
    /// How long one request may take, in milliseconds.
    pub request_timeout_ms: u64,
    /// How long an answer may wait to be read, in milliseconds.
    pub unread_timeout_ms: u64,
    /// Threads of the sentence encoder, where the model has a transformer; 0 for as many as there are
    /// processor cores.
    pub encoder_threads: usize,
    /// Texts that may wait for it.
    pub encoder_queue: usize,
    /// Where calls of operators are answered.
    pub admin_calls: AdminCalls,
}

impl ServerSettings {
    /// How long requests in flight may take to end.
    #[must_use]
    pub fn drain_timeout(&self) -> Duration {
        Duration::from_millis(self.drain_timeout_ms)
    }

    /// How long a new connection may take until it speaks the protocol.
    #[must_use]
    pub fn open_timeout(&self) -> Duration {
        Duration::from_millis(self.open_timeout_ms)
    }

    /// How long one request may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// How long an answer that is no stream may wait to be read.
    #[must_use]
    pub fn unread_timeout(&self) -> Duration {
        Duration::from_millis(self.unread_timeout_ms)
    }

    /// Threads of the sentence encoder; `None` for as many as there are processor cores.
    #[must_use]
    pub fn encoder_threads(&self) -> Option<NonZeroUsize> {
        NonZeroUsize::new(self.encoder_threads)
    }
}

impl ServerSettings {
    /// `max_body_bytes`: the longest body on the port for HTTP.
    pub(super) fn validate(&self, max_body_bytes: usize) -> Result<(), SettingsError> {
        within("server.threads", self.threads as u64, 0..=MAX_THREADS)?;
        for (key, value) in [
            ("server.max_connections", self.max_connections as u64),
            ("server.max_in_flight", self.max_in_flight as u64),
            (
                "server.max_streams_per_connection",
                self.max_streams_per_connection.into(),
            ),
        ] {
            within(key, value, 1..=MAX_PARALLEL)?;
        }
        within(
            "server.open_timeout_ms",
            self.open_timeout_ms,
            1..=MAX_TIMEOUT_MS,
        )?;
        within(
            "server.max_message_bytes",
            self.max_message_bytes as u64,
            1..=MAX_MESSAGE_BYTES as u64,
        )?;
        // So that the largest message can come while the part that is left for others stays free.
        let longest = self.max_message_bytes.max(max_body_bytes) as u64;
        let arriving = self.max_arriving_bytes as u64;
        within(
            "server.max_arriving_bytes",
            arriving,
            1..=MAX_ARRIVING_BYTES,
        )?;
        if arriving < 2 * longest {
            return Err(SettingsError::Value {
                key: "server.max_arriving_bytes",
                problem: format!(
                    "{arriving} is less than twice the larger of server.max_message_bytes and http.max_body_bytes, \
                     {longest}"
                ),
            });
        }
        within(
            "server.drain_timeout_ms",
            self.drain_timeout_ms,
            1..=MAX_TIMEOUT_MS,
        )?;
        within(
            "server.request_timeout_ms",
            self.request_timeout_ms,
            1..=MAX_TIMEOUT_MS,
        )?;
        within(
            "server.unread_timeout_ms",
            self.unread_timeout_ms,
            1..=MAX_TIMEOUT_MS,
        )?;
        within(
            "server.encoder_threads",
            self.encoder_threads as u64,
            0..=MAX_ENCODER_THREADS,
        )?;
        within(
            "server.encoder_queue",
            self.encoder_queue as u64,
            1..=MAX_ENCODER_QUEUE,
        )
    }
}
