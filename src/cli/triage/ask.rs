//! Who answers: a model and policy loaded here, or a server. Both take and give the same messages,
//! and the former through the same code as the server.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tonic::transport::{Channel, Endpoint};
use tonic::{Response, Status};

use crate::classifier::Workspace;
use crate::cli::source_args::SourceArgs;
use crate::grpc::route::route;
use crate::grpc::triage_service::classify;
use crate::grpc::v1::triage_service_client::TriageServiceClient;
use crate::grpc::{client, v1};
use crate::model::Registry;
use crate::ticket::Ticket;
use crate::triage::{Sources, Triage};

/// How long a server may take to be reached and to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Labels listed for each head.
const TOP: u32 = 3;

/// The options that say who answers.
#[derive(Debug, Args)]
pub(super) struct Ask {
    /// Ask the server at this address, such as <http://127.0.0.1:50051>, in place of a model here
    #[arg(long, value_name = "URL", conflicts_with_all = ["models", "policy", "roster"])]
    server: Option<String>,
    #[command(flatten)]
    sources: SourceArgs,
}

impl Ask {
    /// What a ticket is about and how urgent it is.
    ///
    /// # Errors
    /// If no model can be loaded or no server reached, or the ticket is refused.
    pub(super) fn classify(&self, ticket: &Ticket) -> anyhow::Result<v1::ClassifyResponse> {
        self.classify_with(ticket, with_evidence())
    }

    /// What a ticket is about and how urgent it is, with the labels named by `asked` explained.
    ///
    /// # Errors
    /// As for [`classify`](Self::classify), or if the model lacks what is named.
    pub(super) fn explain(
        &self,
        ticket: &Ticket,
        asked: v1::ExplainOptions,
    ) -> anyhow::Result<v1::ClassifyResponse> {
        let options = v1::ClassificationOptions {
            evidence: false,
            explain: Some(asked),
            ..with_evidence()
        };
        self.classify_with(ticket, options)
    }

    fn classify_with(
        &self,
        ticket: &Ticket,
        options: v1::ClassificationOptions,
    ) -> anyhow::Result<v1::ClassifyResponse> {
        let request = v1::ClassifyRequest {
            ticket: Some(client::ticket(ticket.clone())),
            options: Some(options),
        };
        if let Some(url) = &self.server {
            return ask(url, async |mut client| client.classify(request).await);
        }
        let sources = self.local_sources()?;
        let bundle = Registry::new(&sources.models).load(sources.version.as_deref())?;
        classify(&bundle, request, &mut Workspace::default()).map_err(refused)
    }

    /// Who should get a ticket that has waited this long; with the rules that were tried if `trace`.
    ///
    /// # Errors
    /// If model or policy cannot be loaded or no server reached, or the ticket is refused.
    pub(super) fn route(
        &self,
        ticket: &Ticket,
        waited: SignedDuration,
        trace: bool,
    ) -> anyhow::Result<v1::RouteResponse> {
        let request = v1::RouteRequest {
            ticket: Some(client::ticket(ticket.clone())),
            options: Some(with_evidence()),
            waited: Some(client::duration(waited)),
            trace,
            ..v1::RouteRequest::default()
        };
        if let Some(url) = &self.server {
            return ask(url, async |mut client| client.route(request).await);
        }
        let triage = Triage::load(&self.local_sources()?)?;
        route(
            &triage,
            request,
            Timestamp::now(),
            &mut Workspace::default(),
        )
        .map_err(refused)
    }

    /// Where model, policy and roster are on this machine.
    fn local_sources(&self) -> anyhow::Result<Sources> {
        let sources = self.sources.settings(&[])?.sources();
        if !self.sources.names_models() && !sources.models.is_dir() {
            bail!(
                "{}: no such folder here: give one with --models, or ask a server with --server",
                sources.models.display()
            );
        }
        Ok(sources)
    }
}

/// Sends one request to the server at `url`.
fn ask<T>(
    url: &str,
    call: impl AsyncFnOnce(TriageServiceClient<Channel>) -> Result<Response<T>, Status>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let client = TriageServiceClient::new(connect_channel(url).await?);
        call(client)
            .await
            .map(Response::into_inner)
            .map_err(refused)
    })
}

/// Connects to a server.
///
/// # Errors
/// If `url` is no address or nothing answers there.
pub(super) async fn connect_channel(url: &str) -> anyhow::Result<Channel> {
    if url.starts_with("https:") {
        bail!(
            "'{url}': only http:// is supported, without encryption: give an address such as http://127.0.0.1:50051"
        );
    }
    Endpoint::from_shared(url.to_owned())
        .with_context(|| format!("'{url}' is no address: give one such as http://127.0.0.1:50051"))?
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        .connect()
        .await
        .with_context(|| format!("no server answers at {url}"))
}

fn with_evidence() -> v1::ClassificationOptions {
    v1::ClassificationOptions {
        top: TOP,
        evidence: true,
        explain: None,
    }
}

fn refused(status: Status) -> anyhow::Error {
    match std::error::Error::source(&status) {
        None => anyhow::anyhow!("{} ({:?})", status.message(), status.code()),
        // Not said by a server: the connection broke, or something else listens there.
        Some(cause) => {
            let causes: Vec<String> = std::iter::successors(Some(cause), |cause| cause.source())
                .map(ToString::to_string)
                .collect();
            anyhow::anyhow!("no usable answer from the server: {}", causes.join(": "))
        }
    }
}
