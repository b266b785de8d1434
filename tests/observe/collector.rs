//! A collector of traces that keeps what it is sent.

use std::net::SocketAddr;

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

use crate::running::within_deadline;

/// A running collector.
pub(crate) struct Collector {
    pub(crate) address: SocketAddr,
    received: UnboundedReceiver<ExportTraceServiceRequest>,
    stop: tokio::task::JoinHandle<()>,
}

struct Keep(UnboundedSender<ExportTraceServiceRequest>);

#[tonic::async_trait]
impl TraceService for Keep {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.0.send(request.into_inner()).unwrap();
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::start_on(listener)
    }

    pub(crate) fn start_on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let (sender, received) = unbounded_channel();
        let server = tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(Keep(sender)))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let stop = tokio::spawn(async {
            server.await.unwrap();
        });
        Self {
            address,
            received,
            stop,
        }
    }

    /// Where it takes spans.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits for the next batch.
    pub(crate) async fn next(&mut self) -> ExportTraceServiceRequest {
        within_deadline(self.received.recv()).await.unwrap()
    }

    /// What came and was not looked at, once the server that sent it has ended.
    pub(crate) fn rest(&mut self) -> Vec<ExportTraceServiceRequest> {
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop.abort();
    }
}

/// All spans of what was sent.
pub(crate) fn spans(sent: &[ExportTraceServiceRequest]) -> Vec<&Span> {
    sent.iter()
        .flat_map(|request| &request.resource_spans)
        .flat_map(|resource| &resource.scope_spans)
        .flat_map(|scope| &scope.spans)
        .collect()
}

/// The value of an attribute, as text.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    let AnyValue { value } = found.value.as_ref()?;
    Some(match value.as_ref()? {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}
