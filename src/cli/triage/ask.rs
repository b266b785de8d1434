//! Who answers: a model and policy loaded here, or a server. Both take and give the same messages,
//! and the former through the same code as the server.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::classifier::Workspace;
use crate::grpc::triage_service::{classify, route};
use crate::grpc::v1::triage_service_client::TriageServiceClient;
use crate::grpc::{client, v1};
use crate::settings::Settings;
use crate::ticket::Ticket;
use crate::triage::Triage;

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
    /// File of settings (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<std::path::PathBuf>,
    /// Folder of models [model.folder]
    #[arg(long, value_name = "DIR")]
    models: Option<String>,
    /// Routing policy [policy.file]
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
    /// Roster of agents [roster.file]
    #[arg(long, value_name = "FILE")]
    roster: Option<String>,
    /// List the rules that were tried
    #[arg(long)]
    trace: bool,
}

/// Someone who answers.
pub(super) struct Asked {
    trace: bool,
    answerer: Answerer,
}

enum Answerer {
    Here(Box<Triage>, Workspace),
    Server(Runtime, TriageServiceClient<Channel>),
}

impl Ask {
    /// Loads the model, or connects to the server.
    ///
    /// # Errors
    /// If neither works.
    pub(super) fn connect(&self) -> anyhow::Result<Asked> {
        let answerer = match &self.server {
            Some(url) => connect(url)?,
            None => Answerer::Here(Box::new(self.load()?), Workspace::default()),
        };
        Ok(Asked {
            trace: self.trace,
            answerer,
        })
    }

    fn load(&self) -> anyhow::Result<Triage> {
        let flags: Vec<(&str, String)> = [
            ("model.folder", &self.models),
            ("policy.file", &self.policy),
            ("roster.file", &self.roster),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.clone()?)))
        .collect();
        let settings = Settings::load(self.config.as_deref(), &flags)?;
        let sources = settings.sources();
        if self.models.is_none() && !sources.models.is_dir() {
            anyhow::bail!(
                "{}: no such folder here: give one with --models, or ask a server with --server",
                Path::new(&sources.models).display()
            );
        }
        Ok(Triage::load(&sources)?)
    }
}

/// Connects to a server.
///
/// # Errors
/// If `url` is no address or nothing answers there.
pub(super) async fn connect_channel(url: &str) -> anyhow::Result<Channel> {
    Endpoint::from_shared(url.to_owned())
        .with_context(|| format!("'{url}' is no address: give one such as http://127.0.0.1:50051"))?
        .connect_timeout(TIMEOUT)
        .timeout(TIMEOUT)
        .connect()
        .await
        .with_context(|| format!("no server answers at {url}"))
}

fn connect(url: &str) -> anyhow::Result<Answerer> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let client = TriageServiceClient::new(runtime.block_on(connect_channel(url))?);
    Ok(Answerer::Server(runtime, client))
}

impl Asked {
    /// What a ticket is about and how urgent it is.
    ///
    /// # Errors
    /// If the ticket is refused or the server does not answer.
    pub(super) fn classify(&mut self, ticket: &Ticket) -> anyhow::Result<v1::ClassifyResponse> {
        let request = v1::ClassifyRequest {
            ticket: Some(client::ticket(ticket.clone())),
            options: Some(options()),
        };
        match &mut self.answerer {
            Answerer::Here(triage, workspace) => {
                classify(triage, request, workspace).map_err(refused)
            }
            Answerer::Server(runtime, client) => runtime
                .block_on(client.classify(request))
                .map(tonic::Response::into_inner)
                .map_err(refused),
        }
    }

    /// Who should get a ticket that has waited this long.
    ///
    /// # Errors
    /// If the ticket is refused or the server does not answer.
    pub(super) fn route(
        &mut self,
        ticket: &Ticket,
        waited: SignedDuration,
    ) -> anyhow::Result<v1::RouteResponse> {
        let request = v1::RouteRequest {
            ticket: Some(client::ticket(ticket.clone())),
            options: Some(options()),
            waited: Some(client::duration(waited)),
            trace: self.trace,
        };
        match &mut self.answerer {
            Answerer::Here(triage, workspace) => {
                route(triage, request, Timestamp::now(), workspace).map_err(refused)
            }
            Answerer::Server(runtime, client) => runtime
                .block_on(client.route(request))
                .map(tonic::Response::into_inner)
                .map_err(refused),
        }
    }
}

fn options() -> v1::ClassificationOptions {
    v1::ClassificationOptions {
        top: TOP,
        evidence: true,
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
