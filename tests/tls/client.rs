//! Clients that trust what the test says, and show the certificate that it says.

use std::sync::Arc;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;
use triage::grpc::v1::triage_service_client::TriageServiceClient;

use crate::certificates::{Authority, Identity};
use crate::running::{DEADLINE, Server};
use crate::tickets::{SMOKE, classify};

/// The name that all servers' certificates have here.
pub(crate) const NAME: &str = "localhost";

/// A client.
#[derive(Clone)]
pub(crate) struct Client(Arc<ClientConfig>);

impl Client {
    /// Trusts this authority and shows no certificate.
    pub(crate) fn trusting(authority: &Authority) -> Self {
        Self::new(authority, None, &[b"h2"])
    }

    /// Trusts this authority and shows this certificate.
    pub(crate) fn showing(authority: &Authority, identity: &Identity) -> Self {
        Self::new(authority, Some(identity), &[b"h2"])
    }

    /// Trusts this authority, shows this certificate, and speaks these protocols.
    pub(crate) fn showing_to(
        authority: &Authority,
        identity: &Identity,
        protocols: &[&[u8]],
    ) -> Self {
        Self::new(authority, Some(identity), protocols)
    }

    /// Trusts this authority, and speaks these protocols.
    pub(crate) fn speaking(authority: &Authority, protocols: &[&[u8]]) -> Self {
        Self::new(authority, None, protocols)
    }

    fn new(authority: &Authority, identity: Option<&Identity>, protocols: &[&[u8]]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.der()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => builder
                .with_client_auth_cert(vec![identity.der()], identity.key())
                .unwrap(),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self(Arc::new(config))
    }

    /// A connection whose handshake is done, as far as this end can tell.
    pub(crate) async fn shake(&self, address: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(NAME).unwrap();
        TlsConnector::from(Arc::clone(&self.0))
            .connect(name, stream)
            .await
    }

    /// The certificate that a server shows.
    pub(crate) async fn shown_by(&self, server: &Server) -> CertificateDer<'static> {
        let stream = self.shake(&server.address).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0]
            .clone()
            .into_owned()
    }

    /// A client of the triage service, on a new connection.
    pub(crate) async fn connect(
        &self,
        server: &Server,
    ) -> Result<TriageServiceClient<Channel>, tonic::transport::Error> {
        let (client, address) = (self.clone(), server.address.clone());
        let connector = service_fn(move |_: Uri| {
            let (client, address) = (client.clone(), address.clone());
            async move { client.shake(&address).await.map(TokioIo::new) }
        });
        let endpoint = Endpoint::from_static("http://localhost")
            .connect_timeout(DEADLINE)
            .timeout(DEADLINE);
        Ok(TriageServiceClient::new(
            endpoint.connect_with_connector(connector).await?,
        ))
    }

    /// Whether a call on a new connection is answered.
    pub(crate) async fn is_answered(&self, server: &Server) -> bool {
        match self.connect(server).await {
            Ok(mut client) => answers(&mut client).await,
            Err(_) => false,
        }
    }
}

/// Whether a call is answered; it must be, or fail with its connection.
pub(crate) async fn answers(client: &mut TriageServiceClient<Channel>) -> bool {
    match client.classify(classify(SMOKE)).await {
        Ok(_) => true,
        Err(status) => {
            let codes = [
                tonic::Code::Unavailable,
                tonic::Code::Unknown,
                tonic::Code::Cancelled,
                // What the other end says in its own protocol is no HTTP/2.
                tonic::Code::Internal,
            ];
            assert!(codes.contains(&status.code()), "{status:?}");
            false
        }
    }
}
