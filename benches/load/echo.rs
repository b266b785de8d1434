//! The bare server: reads a request of bytes, does nothing, answers with as many bytes as the server does on average.
//! One single-threaded runtime a processor core, each with its share of the connections, as `triage-server` has.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::TcpListener;
use std::task::{Context, Poll};
use std::thread;

use prost::bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::body::Body;
use tonic::codec::{Codec, EncodeBuf, Encoder, Streaming};
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, StreamingService, UnaryService};
use tonic::{Request, Response, Status};

use super::client::AsIs;

/// Listens on a free port, which is printed, until it is killed.
pub(crate) fn serve(answer_bytes: usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers: Vec<_> = (0..cores).map(|_| worker(answer_bytes)).collect();
    for (number, connection) in listener.incoming().enumerate() {
        let connection = connection.unwrap();
        connection.set_nodelay(true).unwrap();
        connection.set_nonblocking(true).unwrap();
        workers[number % cores].send(connection).unwrap();
    }
}

fn worker(answer_bytes: usize) -> mpsc::UnboundedSender<std::net::TcpStream> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let answer = Bytes::from(vec![b'x'; answer_bytes]);
        runtime.block_on(async move {
            let connections = UnboundedReceiverStream::new(receiver).map(TcpStream::from_std);
            tonic::transport::Server::builder()
                .add_service(Echo { answer })
                .serve_with_incoming(connections)
                .await
                .unwrap();
        });
    });
    sender
}

/// Answers every method of the triage service.
#[derive(Debug, Clone)]
struct Echo {
    answer: Bytes,
}

impl NamedService for Echo {
    const NAME: &'static str = "triage.v1.TriageService";
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(Answers(service.answer.clone()));
            let streams = request.uri().path().ends_with("StreamRoute");
            Ok(match streams {
                true => grpc.streaming(service, request).await,
                false => grpc.unary(service, request).await,
            })
        })
    }
}

impl UnaryService<usize> for Echo {
    type Response = ();
    type Future = Ready<Result<Response<()>, Status>>;

    fn call(&mut self, _request: Request<usize>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

impl StreamingService<usize> for Echo {
    type Response = ();
    type ResponseStream = BoxStream;
    type Future = Ready<Result<Response<BoxStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<usize>>) -> Self::Future {
        let answers = request.into_inner().map(|message| message.map(|_| ()));
        ready(Ok(Response::new(Box::pin(answers))))
    }
}

type BoxStream = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Result<(), Status>> + Send>>;

/// Reads lengths and answers with these bytes.
#[derive(Debug, Clone)]
struct Answers(Bytes);

impl Codec for Answers {
    type Encode = ();
    type Decode = usize;
    type Encoder = Self;
    type Decoder = AsIs;

    fn encoder(&mut self) -> Self {
        self.clone()
    }

    fn decoder(&mut self) -> AsIs {
        AsIs
    }
}

impl Encoder for Answers {
    type Item = ();
    type Error = Status;

    fn encode(&mut self, (): (), buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &self.0);
        Ok(())
    }
}
