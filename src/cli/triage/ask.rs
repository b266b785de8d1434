//! Who answers: a model and policy loaded here, or a server. Both take and give the same messages,
//! and the former through the same code as the server.

use anyhow::bail;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tonic::transport::Channel;

use super::connection::{ServerArgs, refused};
use crate::classifier::Workspace;
use crate::cli::source_args::SourceArgs;
use crate::grpc::route::route;
use crate::grpc::triage_service::classify;
use crate::grpc::v1::triage_service_client::TriageServiceClient;
use crate::grpc::{client, v1};
use crate::model::Registry;
use crate::ticket::Ticket;
use crate::triage::{Sources, Triage};

/// Asks a server.
type Client = TriageServiceClient<Channel>;

/// Labels listed for each head.
const TOP: u32 = 3;

/// The options that say who answers.
#[derive(Debug, Args)]
pub(super) struct Ask {
    #[command(flatten)]
    server: ServerArgs,
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
        if let Some(url) = self.server.url() {
            let call = async |mut client: Client, request| client.classify(request).await;
            return self.server.ask(url, request, call);
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
        if let Some(url) = self.server.url() {
            let call = async |mut client: Client, request| client.route(request).await;
            return self.server.ask(url, request, call);
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

fn with_evidence() -> v1::ClassificationOptions {
    v1::ClassificationOptions {
        top: TOP,
        evidence: true,
        explain: None,
    }
}
