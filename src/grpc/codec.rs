//! How messages are written to and read from the wire: as prost does, in small buffers, and none that is too large once it
//! is read.

use std::marker::PhantomData;

use prost::bytes::Buf;
use prost::{Message, Name};
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder};
use tonic_prost::ProstCodec;

use super::decoded_size;

/// Bytes of a call's two buffers at first; they grow with the message. Most messages are shorter, and the usual 8 KiB
/// are more than an allocator keeps at hand for its thread.
const BUFFER_BYTES: usize = 512;
/// Bytes of answers of a stream that are gathered before they are sent, as usual.
const YIELD_BYTES: usize = 32 << 10;

/// [`ProstCodec`] with buffers of [`BUFFER_BYTES`], which decodes no message that would take too much memory.
#[derive(Debug, Clone)]
pub(crate) struct SmallBuffers<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for SmallBuffers<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for SmallBuffers<T, U>
where
    T: Message + Send + 'static,
    U: Message + Name + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Codec>::Encoder;
    type Decoder = Bounded<<ProstCodec<T, U> as Codec>::Decoder>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(BUFFER_BYTES, YIELD_BYTES))
    }

    fn decoder(&mut self) -> Self::Decoder {
        Bounded(ProstCodec::<T, U>::raw_decoder(BufferSettings::new(
            BUFFER_BYTES,
            YIELD_BYTES,
        )))
    }
}

/// Decodes no message that would take more memory than it may.
#[derive(Debug)]
pub(crate) struct Bounded<D>(D);

impl<D> Decoder for Bounded<D>
where
    D: Decoder<Item: Name, Error = Status>,
{
    type Item = D::Item;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        // A message lies in one piece.
        decoded_size::check(D::Item::NAME, from.chunk()).map_err(|status| *status)?;
        self.0.decode(from)
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.0.buffer_settings()
    }
}
