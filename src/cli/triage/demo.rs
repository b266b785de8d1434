//! `triage demo`: the whole service on this machine, from a free port to a table of decisions.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use tonic::transport::Channel;

use super::connection::connect_channel;
use super::print::{short_name, skills};
use crate::cli::table::{percent, table};
use crate::grpc::v1::triage_service_client::TriageServiceClient;
use crate::grpc::{client, v1};
use crate::server;
use crate::settings::Settings;
use crate::ticket::Ticket;

const TICKETS: &str = include_str!("demo_tickets.json");
/// Characters of a ticket that the table shows.
const SHOWN: usize = 34;

/// Starts a server on a free port of this machine and routes a dozen sample tickets by it
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// End after the table
    #[arg(long)]
    once: bool,
}

pub(super) fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let settings = Settings::load(None, &[("server.listen", "127.0.0.1:0".to_owned())])?;
    if !settings.model.folder.is_dir() || !settings.policy.file.is_file() {
        bail!(
            "no {} or {} here: run the demo in the project's folder",
            settings.model.folder.display(),
            settings.policy.file.display()
        );
    }
    let tickets: Vec<Ticket> = serde_json::from_str(TICKETS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(show(&settings, tickets, args.once))?;
    Ok(ExitCode::SUCCESS)
}

async fn show(settings: &Settings, tickets: Vec<Ticket>, once: bool) -> anyhow::Result<()> {
    let interrupted = server::shutdown_signal()?;
    let listener = server::bind(settings).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let served = settings.clone();
    let mut serving = tokio::spawn(async move {
        // An error means that the sender is gone: stop as well.
        let never = tokio_stream::pending();
        server::run(listener, &served, async { drop(stopped.await) }, never).await
    });
    let url = format!("http://{address}");
    say!("a server with the sample model and policy listens on {url}\n");
    tokio::select! {
        shown = route_all(&url, tickets) => shown?,
        ended = &mut serving => {
            ended??;
            bail!("the server ended before the tickets were routed");
        }
    }
    if !once {
        print_how_to_call(&url);
        tokio::select! {
            () = interrupted => say!(""),
            ended = &mut serving => return Ok(ended??),
        }
    }
    // The receiver lives in the serving task.
    let _ = stop.send(());
    Ok(serving.await??)
}

async fn route_all(url: &str, tickets: Vec<Ticket>) -> anyhow::Result<()> {
    let channel = connect_channel(url).await?;
    wait_until_serving(channel.clone()).await?;
    let mut client = TriageServiceClient::new(channel);
    let mut lines = table(
        &[
            "ticket", "topic", "urgency", "sure", "queue", "skills", "agent", "rule",
        ],
        &[3],
    );
    for ticket in tickets {
        let shown = excerpt(&ticket);
        let answer = route(&mut client, ticket).await?;
        let classification = answer.classification.unwrap_or_default();
        let decision = answer.decision.unwrap_or_default();
        let topic = classification.topic.unwrap_or_default();
        let sure = percent(topic.confidence.into());
        lines.add_row([
            shown,
            if topic.made_prediction {
                topic.label
            } else {
                format!("({}?)", topic.label)
            },
            classification.urgency.unwrap_or_default().label,
            sure,
            decision.queue.clone(),
            skills(&decision.required_skills),
            destination(&decision),
            decision.rule.clone(),
        ]);
    }
    say!("{lines}");
    Ok(())
}

/// Who takes it: an agent, an article, a person to decide, or nobody yet.
fn destination(decision: &v1::Decision) -> String {
    let who = if !decision.self_service_article.is_empty() {
        format!("article {}", decision.self_service_article)
    } else if !decision.self_service_bot.is_empty() {
        format!("bot {}", decision.self_service_bot)
    } else if decision.agent_id.is_empty() && decision.rejected.is_empty() {
        "no roster".to_owned()
    } else if decision.agent_id.is_empty() {
        "nobody yet".to_owned()
    } else {
        decision.agent_id.clone()
    };
    if decision.requires_human {
        let reason = short_name(decision.abstain_reason().as_str_name(), "ABSTAIN_REASON_");
        return format!("{who} ({reason})");
    }
    who
}

async fn route(
    client: &mut TriageServiceClient<Channel>,
    ticket: Ticket,
) -> anyhow::Result<v1::RouteResponse> {
    let id = ticket.id.clone();
    let request = v1::RouteRequest {
        ticket: Some(client::ticket(ticket)),
        ..v1::RouteRequest::default()
    };
    let answer = client
        .route(request)
        .await
        .with_context(|| format!("ticket {id}"))?;
    Ok(answer.into_inner())
}

/// Watches the server's health until it is serving.
async fn wait_until_serving(channel: Channel) -> anyhow::Result<()> {
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::health_client::HealthClient;
    let mut health = HealthClient::new(channel);
    let request = tonic_health::pb::HealthCheckRequest {
        service: String::new(),
    };
    let mut states = health.watch(request).await?.into_inner();
    while let Some(state) = states.message().await? {
        if state.status() == ServingStatus::Serving {
            return Ok(());
        }
    }
    bail!("the server ended before it was serving")
}

fn excerpt(ticket: &Ticket) -> String {
    let text = ticket.text().replace('\n', " ");
    if text.chars().count() <= SHOWN {
        return text;
    }
    let short: String = text.chars().take(SHOWN - 1).collect();
    format!("{}…", short.trim_end())
}

fn print_how_to_call(url: &str) {
    let here = Path::new("target/release/triage");
    let program = if here.is_file() {
        here.display().to_string()
    } else {
        "triage".to_owned()
    };
    say!(
        "\nThe server stays up until you press Ctrl-C. Ask it from another terminal:\n\n  \
         {program} route --server {url} --text \"my parcel says delivered but nothing came\"\n\n\
         or from your own program with the files in proto/; README.md shows how in Python, Go and Node."
    );
}
