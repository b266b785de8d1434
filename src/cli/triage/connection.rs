//! A server that is asked: its address, what it is trusted by, and what is shown to it.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Chain, Context, anyhow, bail};
use clap::Args;
use hyper_util::rt::TokioIo;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};

use crate::grpc::v1::triage_service_client::TriageServiceClient;
use crate::server::client_config;
use crate::settings::{TOKEN_VARIABLE, caller_token};

/// How long a server may take to be reached and to answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The port of addresses that name none.
const HTTPS_PORT: u16 = 443;

/// A client without a certificate, which notes whether it is asked for one. A server that needs one may end the
/// connection without its reason ever coming here.
#[derive(Debug, Default, Clone)]
struct NothingToShow {
    was_asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for NothingToShow {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// The options that say which server is asked, and how.
#[derive(Debug, Args)]
pub(super) struct ServerArgs {
    /// Ask the server at this address, such as <http://127.0.0.1:50051> or <https://triage.example.com:50051>, in
    /// place of a model here
    #[arg(long, value_name = "URL", conflicts_with_all = ["models", "policy", "roster"])]
    server: Option<String>,
    /// Trust a server whose certificate is signed by an authority of this file (PEM) [default: those of this system]
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,
    /// Show the server the token in this file [default: that in the variable TRIAGE_TOKEN, if it is set]
    #[arg(long, value_name = "FILE", requires = "server")]
    token_file: Option<PathBuf>,
    /// Show the server this certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "server", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of the certificate that is shown (PEM)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
}

impl ServerArgs {
    /// The server's address; `None` where no server is asked.
    pub(super) fn url(&self) -> Option<&str> {
        self.server.as_deref()
    }

    /// Sends one request to the server at `url`.
    ///
    /// # Errors
    /// If it cannot be reached or trusted, or refuses.
    pub(super) fn ask<Q, A>(
        &self,
        url: &str,
        message: Q,
        call: impl AsyncFnOnce(TriageServiceClient<Channel>, Request<Q>) -> Result<Response<A>, Status>,
    ) -> anyhow::Result<A> {
        let mut request = Request::new(message);
        if let Some(token) = self.token()? {
            request.metadata_mut().insert("authorization", token);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let nothing = NothingToShow::default();
            let client = TriageServiceClient::new(self.connect(url, &nothing).await?);
            let answer = call(client, request).await;
            answer.map(Response::into_inner).map_err(|status| {
                let is_broken = status.source().is_some();
                if is_broken && nothing.was_asked.load(Ordering::Relaxed) {
                    anyhow!(
                        "the server ended the connection: it asks for a certificate: give one by --certificate and --key"
                    )
                } else {
                    refused(status)
                }
            })
        })
    }

    /// The header that shows the token, if there is one.
    fn token(&self) -> anyhow::Result<Option<MetadataValue<Ascii>>> {
        let (text, origin) = match (&self.token_file, caller_token()) {
            (Some(path), _) => {
                let origin = path.display().to_string();
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("{origin}: the token cannot be read"))?;
                (text, origin)
            }
            (None, Some(text)) => (text, TOKEN_VARIABLE.to_owned()),
            (None, None) => return Ok(None),
        };
        let token = text.trim();
        let is_one = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        // What stands there may be a secret, so it is not repeated.
        let header = is_one.then(|| format!("Bearer {token}").parse().ok());
        let mut header: MetadataValue<Ascii> = header.flatten().with_context(|| {
            format!(
                "{origin}: holds no token: it must be one word of ASCII characters and nothing else"
            )
        })?;
        header.set_sensitive(true);
        Ok(Some(header))
    }

    async fn connect(&self, url: &str, nothing: &NothingToShow) -> anyhow::Result<Channel> {
        let endpoint = endpoint(url)?;
        if endpoint.uri().scheme_str() == Some("https") {
            return self.connect_by_tls(url, endpoint, nothing).await;
        }
        if self.ca.is_some() || self.certificate.is_some() {
            bail!(
                "'{url}': --ca, --certificate and --key are for addresses that begin with https://"
            );
        }
        connect_plainly(url, endpoint).await
    }

    async fn connect_by_tls(
        &self,
        url: &str,
        endpoint: Endpoint,
        nothing: &NothingToShow,
    ) -> anyhow::Result<Channel> {
        let identity = self.certificate.as_deref().zip(self.key.as_deref());
        let mut config =
            client_config(self.ca.as_deref(), identity).with_context(|| match self.ca {
                Some(_) => format!("'{url}' cannot be asked"),
                None => format!("'{url}' cannot be asked without --ca"),
            })?;
        if identity.is_none() {
            config.client_auth_cert_resolver = Arc::new(nothing.clone());
        }
        let tls = TlsConnector::from(Arc::new(config));
        let uri = endpoint.uri();
        let host = uri.host().unwrap_or_default();
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let port = uri.port_u16().unwrap_or(HTTPS_PORT);
        let name = ServerName::try_from(host.clone())
            .with_context(|| format!("'{url}': '{host}' is no name of a server"))?;
        let connector = tower::service_fn(move |_: http::Uri| {
            let (tls, host, name) = (tls.clone(), host.clone(), name.clone());
            async move {
                let stream = TcpStream::connect((host.as_str(), port)).await?;
                tls.connect(name, stream).await.map(TokioIo::new)
            }
        });
        endpoint
            .connect_with_connector(connector)
            .await
            .map_err(|error| match tls_problem(&error) {
                Some(problem) => anyhow!("the server at {url} is not trusted: {problem}"),
                None => anyhow::Error::new(error).context(format!("no server answers at {url}")),
            })
    }
}

/// Connects without encryption.
///
/// # Errors
/// If `url` is no address or nothing answers there.
pub(super) async fn connect_channel(url: &str) -> anyhow::Result<Channel> {
    connect_plainly(url, endpoint(url)?).await
}

async fn connect_plainly(url: &str, endpoint: Endpoint) -> anyhow::Result<Channel> {
    endpoint
        .connect()
        .await
        .with_context(|| format!("no server answers at {url}"))
}

fn endpoint(url: &str) -> anyhow::Result<Endpoint> {
    let no_address = || {
        format!(
            "'{url}' is no address: give one such as http://127.0.0.1:50051 or https://triage.example.com:50051"
        )
    };
    let endpoint = Endpoint::from_shared(url.to_owned()).with_context(no_address)?;
    if !matches!(endpoint.uri().scheme_str(), Some("http" | "https")) {
        bail!(no_address());
    }
    Ok(endpoint.connect_timeout(TIMEOUT).timeout(TIMEOUT))
}

/// Why a request was refused, in words.
pub(super) fn refused(status: Status) -> anyhow::Error {
    let Some(cause) = status.source() else {
        let hint = match status.code() {
            Code::Unauthenticated => {
                "; with this program, by --token-file or TRIAGE_TOKEN, or by --certificate and --key"
            }
            _ => "",
        };
        return anyhow!("{} ({:?}){hint}", status.message(), status.code());
    };
    if let Some(problem) = tls_problem(cause) {
        return anyhow!("the server ended the connection: {problem}");
    }
    // Not said by a server: the connection broke, or something else listens there.
    anyhow!("no usable answer from the server: {}", in_words(cause))
}

fn in_words(error: &(dyn Error + 'static)) -> String {
    let causes: Vec<String> = Chain::new(error).map(ToString::to_string).collect();
    causes.join(": ")
}

/// What TLS has against a connection, in words; `None` where it is not about that.
fn tls_problem(error: &(dyn Error + 'static)) -> Option<String> {
    Chain::new(error).find_map(of_rustls).map(in_plain_words)
}

fn of_rustls<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    let inner = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    inner
        .and_then(|inner| inner.downcast_ref())
        .or_else(|| error.downcast_ref())
}

fn in_plain_words(error: &rustls::Error) -> String {
    use rustls::Error::{InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is signed by no authority that is trusted here: name the authority's file by --ca".to_owned()
        }
        InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => format!("its certificate is for another name, so ask it by that one ({error})"),
        InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            format!("its certificate has expired ({error})")
        }
        InvalidMessage(_) => {
            "what listens there speaks no TLS: ask it by http://, or ask the port that has TLS".to_owned()
        }
        other => other.to_string(),
    }
}
