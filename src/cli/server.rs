//! `triage-server`: settings, log, runtime, and the service.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use super::source_args::SourceArgs;
use super::{check, exit, health, new_token};
use crate::settings::Settings;
use crate::{server, telemetry};

/// Threads for all but requests.
const CONTROL_THREADS: usize = 2;

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
    /// Try settings, model, policy and its cases, roster, certificates and addresses without serving, and exit with 0,
    /// or with 1 and each problem
    #[arg(long, conflicts_with = "health")]
    check: bool,
    /// Make a token for a caller of this name, print it and the settings that let it in, and exit
    #[arg(long, value_name = "NAME", requires = "scopes")]
    new_token: Option<String>,
    /// What the new token lets its caller do, with commas between them: classify, route, train, admin
    #[arg(long, value_name = "SCOPES", requires = "new_token")]
    scopes: Option<String>,
}

impl ServerCli {
    /// Runs the server until it is told to stop.
    #[must_use]
    pub fn run(self) -> ExitCode {
        if let (Some(name), Some(scopes)) = (&self.new_token, &self.scopes) {
            return new_token::run(name, scopes);
        }
        let flags = [
            ("server.listen", &self.listen),
            ("state.folder", &self.state),
            ("log.level", &self.log_level),
            ("log.format", &self.log_format),
        ];
        let settings = self.sources.settings(&flags);
        if self.check {
            return check::run(settings);
        }
        let settings = match settings {
            Ok(settings) => settings,
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::from(exit::UNUSABLE_SETTINGS);
            }
        };
        if self.health {
            return exit::report(health::ask(&settings));
        }
        exit::report(serve(&settings))
    }
}

fn serve(settings: &Settings) -> anyhow::Result<ExitCode> {
    let telemetry = telemetry::init(&settings.log, &settings.telemetry)?;
    // It accepts, loads, watches and drains: requests have threads of their own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
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
    telemetry.end();
    ended?;
    Ok(ExitCode::SUCCESS)
}
