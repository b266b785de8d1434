//! Mutual TLS: who must show a certificate, and whose certificate counts.

use std::process::Command;

use crate::certificates::{Authority, Files, set};
use crate::client::{Client, NAME};
use crate::running::Server;

struct Desk {
    servers: Authority,
    clients: Authority,
    files: Files,
}

impl Desk {
    fn new() -> Self {
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let files = Files::of(&servers.sign(NAME));
        files.write("clients.pem", &clients.pem());
        Self {
            servers,
            clients,
            files,
        }
    }

    fn server(&self) -> Command {
        let mut command = self.files.server();
        set(&mut command, "CLIENT_CA", &self.files.path("clients.pem"));
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_certificate_of_the_right_authority_nobody_is_answered() {
    let desk = Desk::new();
    let server = Server::start_as(&mut desk.server()).await;
    let client = desk.clients.sign("help-desk");
    assert!(
        Client::showing(&desk.servers, &client)
            .is_answered(&server)
            .await
    );
    assert!(!Client::trusting(&desk.servers).is_answered(&server).await);
    let stranger = Authority::new("another").sign("help-desk");
    assert!(
        !Client::showing(&desk.servers, &stranger)
            .is_answered(&server)
            .await
    );
    let late = desk.clients.sign_for_years("help-desk", 2000..2001);
    assert!(
        !Client::showing(&desk.servers, &late)
            .is_answered(&server)
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_certificate_is_optional_one_that_is_shown_must_be_right() {
    let desk = Desk::new();
    let mut command = desk.server();
    command.env("TRIAGE_TLS__CLIENT_AUTH", "optional");
    let server = Server::start_as(&mut command).await;
    assert!(Client::trusting(&desk.servers).is_answered(&server).await);
    let client = desk.clients.sign("help-desk");
    assert!(
        Client::showing(&desk.servers, &client)
            .is_answered(&server)
            .await
    );
    let stranger = Authority::new("another").sign("help-desk");
    assert!(
        !Client::showing(&desk.servers, &stranger)
            .is_answered(&server)
            .await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_authorities_count_for_new_connections() {
    let desk = Desk::new();
    let mut server = Server::start_as(&mut desk.server()).await;
    let first = Client::showing(&desk.servers, &desk.clients.sign("help-desk"));
    let mut before = first.connect(&server).await.unwrap();
    assert!(crate::client::answers(&mut before).await);
    let others = Authority::new("other clients");
    desk.files.write("clients.pem", &others.pem());
    server.logged("the changed certificate is in use").await;
    assert!(crate::client::answers(&mut before).await);
    assert!(!first.is_answered(&server).await);
    let second = Client::showing(&desk.servers, &others.sign("help-desk"));
    assert!(second.is_answered(&server).await);
}
