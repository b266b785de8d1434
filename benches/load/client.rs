//! A caller that sends bytes made before and looks at no more of an answer than its length, so that what is measured is
//! the server and as little else as can be.

use prost::bytes::{Buf, BufMut, Bytes};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder, Streaming};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::codegen::tokio_stream::Stream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Sends bytes as they are; an answer is its length.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AsIs;

impl Codec for AsIs {
    type Encode = Bytes;
    type Decode = usize;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsIs {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, bytes: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for AsIs {
    type Item = usize;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<usize>, Status> {
        let length = buffer.remaining();
        buffer.advance(length);
        Ok(Some(length))
    }
}

/// One connection.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    channel: Channel,
    path: PathAndQuery,
}

impl Client {
    pub(crate) async fn connect(address: &str, path: &'static str) -> Self {
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .tcp_nodelay(true)
            .connect()
            .await
            .expect("the server can be reached");
        Self {
            channel,
            path: PathAndQuery::from_static(path),
        }
    }

    /// One call; the length of its answer.
    pub(crate) async fn call(&self, message: Bytes) -> Result<usize, Status> {
        let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(usize::MAX);
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let answer = grpc
            .unary(Request::new(message), self.path.clone(), AsIs)
            .await?;
        Ok(answer.into_inner())
    }

    /// One stream.
    pub(crate) async fn stream(
        &self,
        messages: impl Stream<Item = Bytes> + Send + 'static,
    ) -> Result<Streaming<usize>, Status> {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let answers = grpc
            .streaming(Request::new(messages), self.path.clone(), AsIs)
            .await?;
        Ok(answers.into_inner())
    }
}
