//! `triage-server --health`: asks a running server whether it is serving; for container health checks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::exit;
use crate::server::OwnServer;
use crate::settings::Settings;

/// How long the server may take to answer.
const WAIT: Duration = Duration::from_secs(2);

/// Prints whether the server at the configured address is serving.
///
/// # Errors
/// If it cannot be asked for a reason of this program's own.
pub(super) fn ask(settings: &Settings) -> anyhow::Result<ExitCode> {
    let address = reachable(settings.server.listen);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let status = runtime.block_on(async {
        let channel = connect(settings, address).await?;
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

async fn connect(settings: &Settings, address: SocketAddr) -> anyhow::Result<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?
        .connect_timeout(WAIT)
        .timeout(WAIT);
    if !settings.tls.is_on() {
        return Ok(endpoint.connect().await?);
    }
    let own = OwnServer::new(&settings.tls, address)?;
    let connector = tower::service_fn(move |_: http::Uri| {
        let own = own.clone();
        async move { own.connect().await }
    });
    Ok(endpoint.connect_with_connector(connector).await?)
}

/// Where a server that listens on all addresses answers this machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
