//! Bodies that came compressed. Each is unpacked at once when it is there whole, so that nothing of what that takes, some
//! megabytes for a few bytes, waits for its sender.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use tonic::{Code, Status};

use super::fault::Fault;
use super::request::too_long;

/// The largest window that a body may ask for, as a power of 2: that of RFC 9659, 8 MiB.
const MAX_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    Gzip,
    Zstd,
}

impl Packed {
    /// How a body with these headers is compressed; `None` if it is not.
    ///
    /// # Errors
    /// 415 if it is in a way that is not known here.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let mut codings = headers.get_all(CONTENT_ENCODING).iter();
        let (coding, others) = (codings.next(), codings.next());
        match (coding.map(|coding| coding.to_str()), others) {
            (None | Some(Ok("identity")), None) => Ok(None),
            (Some(Ok(coding)), None) if coding.eq_ignore_ascii_case("gzip") => Ok(Some(Self::Gzip)),
            (Some(Ok(coding)), None) if coding.eq_ignore_ascii_case("zstd") => Ok(Some(Self::Zstd)),
            _ => Err(Fault::new(
                Code::InvalidArgument,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body's content-encoding is unknown: send gzip, zstd, or no such header",
            )),
        }
    }

    /// What a body says.
    ///
    /// # Errors
    /// INVALID_ARGUMENT if it is damaged; RESOURCE_EXHAUSTED if it says more than `max_bytes`.
    pub(super) fn unpack(self, body: &[u8], max_bytes: usize) -> Result<Bytes, Status> {
        let unpacked = match self {
            Self::Gzip => read(MultiGzDecoder::new(body), max_bytes),
            Self::Zstd => unpack_zstd(body, max_bytes),
        };
        let unpacked = unpacked
            .map_err(|error| Status::invalid_argument(format!("the body cannot be read: {error}")));
        unpacked?.ok_or_else(|| too_long(max_bytes))
    }
}

fn unpack_zstd(body: &[u8], max_bytes: usize) -> io::Result<Option<Bytes>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(body)?;
    decoder.window_log_max(MAX_WINDOW_LOG)?;
    read(decoder, max_bytes)
}

/// All that there is to read; `None` if that is more than `max_bytes`.
fn read(from: impl Read, max_bytes: usize) -> io::Result<Option<Bytes>> {
    let mut all = Vec::new();
    from.take(max_bytes as u64 + 1).read_to_end(&mut all)?;
    Ok((all.len() <= max_bytes).then(|| all.into()))
}
