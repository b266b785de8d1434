//! Who may call: operators on this machine, unless the settings say otherwise.

use std::process::Command;

use tonic::Code;
use triage::grpc::v1;

use crate::desk::{client, route_refund};
use crate::running::{Server, clean, server_command};

async fn asked(command: &mut Command) -> Result<(), Code> {
    let server = Server::start_as(command).await;
    server.client().await.route(route_refund()).await.unwrap();
    let answer = client(&server)
        .await
        .get_policy(v1::GetPolicyRequest::default())
        .await;
    answer.map(drop).map_err(|status| status.code())
}

fn on_all_addresses() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--listen", "0.0.0.0:0"]);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn policy_and_roster_are_open_to_this_machine_alone_unless_a_setting_says_otherwise() {
    assert_eq!(asked(&mut server_command(&[])).await, Ok(()));
    assert_eq!(
        asked(&mut on_all_addresses()).await,
        Err(Code::PermissionDenied)
    );
    let mut command = on_all_addresses();
    command.env("TRIAGE_SERVER__ADMIN_CALLS", "anywhere");
    assert_eq!(asked(&mut command).await, Ok(()));
    let mut command = server_command(&[]);
    command.env("TRIAGE_SERVER__ADMIN_CALLS", "nowhere");
    assert_eq!(asked(&mut command).await, Err(Code::PermissionDenied));
}
