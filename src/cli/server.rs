//! `triage-server`: settings, log, runtime, and the service.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::exit;
use super::source_args::SourceArgs;
use crate::settings::Settings;
use crate::{server, telemetry};

/// Serves classification and routing of tickets over gRPC.
#[derive(Debug, Parser)]
#[command(name = "triage-server", version, max_term_width = 100)]
pub struct ServerCli {
    #[command(flatten)]
    sources: SourceArgs,
    /// Address and port to listen on; port 0 takes a free one [server.listen]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Folder for the policies that decided and the log of their changes [state.folder]
    #[arg(long, value_name = "DIR")]
    state: Option<String>,
    /// What is logged, such as info or info,triage=debug [log.level]
    #[arg(long, value_name = "FILTER")]
    log_level: Option<String>,
    /// How the log is written: json or text [log.format]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Ask the server at the configured address whether it is serving, and exit with 0 or 1
    #[arg(long)]
    health: bool,
}

impl ServerCli {
    /// Runs the server until it is told to stop.
    #[must_use]
    pub fn run(self) -> ExitCode {
        let flags = [
            ("server.listen", &self.listen),
            ("state.folder", &self.state),
            ("log.level", &self.log_level),
            ("log.format", &self.log_format),
        ];
        let settings = match self.sources.settings(&flags) {
            Ok(settings) => settings,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(exit::UNUSABLE_SETTINGS);
            }
        };
        if self.health {
            return exit::report(ask_health(&settings));
        }
        exit::report(serve(&settings))
    }
}

fn serve(settings: &Settings) -> anyhow::Result<ExitCode> {
    telemetry::init(&settings.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended: Result<(), server::ServeError> = runtime.block_on(async {
        let shutdown = server::shutdown_signal()?;
        let reload = server::reload_signal()?;
        let listener = server::bind(settings).await?;
        server::run(listener, settings, shutdown, reload).await
    });
    // Whatever still runs was given its time to end.
    runtime.shutdown_timeout(Duration::from_millis(100));
    if let Err(error) = &ended {
        tracing::error!(%error, "ended");
    }
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// Asks a running server whether it is serving; for container health checks.
fn ask_health(settings: &Settings) -> anyhow::Result<ExitCode> {
    let mut address = settings.server.listen;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            std::net::SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let status = runtime.block_on(async {
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"))?
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(2));
        let channel = endpoint.connect().await?;
        let request = HealthCheckRequest {
            service: String::new(),
        };
        let answer = HealthClient::new(channel).check(request).await?;
        anyhow::Ok(answer.into_inner().status())
    });
    match status.with_context(|| format!("no server answers at {address}")) {
        Ok(ServingStatus::Serving) => {
            println!("serving");
            Ok(ExitCode::SUCCESS)
        }
        Ok(other) => {
            println!("{}", other.as_str_name().to_lowercase());
            Ok(ExitCode::from(exit::FAILED))
        }
        Err(error) => {
            eprintln!("error: {}", exit::message(&error));
            Ok(ExitCode::from(exit::FAILED))
        }
    }
}
