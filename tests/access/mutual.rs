//! Clients that are known by their certificates.

use std::fs;

use tonic::Code;
use triage::access::Fingerprint;

use crate::calls::shown;
use crate::certificates::{Authority, Files, Identity, set};
use crate::desk::route_refund;
use crate::guarded::token;
use crate::running::{Server, argument};
use crate::tickets::{SMOKE, classify};
use crate::tls_client::{Client, NAME};

/// Settings that let a certificate in.
fn certificate(name: &str, identity: &Identity, scopes: &[&str]) -> String {
    let sha256 = Fingerprint::of(&identity.der()).to_string().to_uppercase();
    format!(
        "[[access.certificates]]\nname = {name:?}\nsha256 = \"{sha256}\"\nscopes = {scopes:?}\n"
    )
}

/// The codes of Classify and Route, and the message of a refusal.
async fn codes(
    client: &Client,
    server: &Server,
    credentials: Option<&str>,
) -> (Code, Code, String) {
    let mut client = client.connect(server).await.unwrap();
    let classified = client.classify(shown(classify(SMOKE), credentials)).await;
    let routed = client.route(shown(route_refund(), credentials)).await;
    let message = routed
        .as_ref()
        .map_or_else(|status| status.message().to_owned(), |_| String::new());
    (
        classified.map_or_else(|status| status.code(), |_| Code::Ok),
        routed.map_or_else(|status| status.code(), |_| Code::Ok),
        message,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_listed_opens_what_its_scopes_say() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let files = Files::of(&servers.sign(NAME));
    files.write("clients.pem", &clients.pem());
    let [desk, bot, unlisted] = ["desk", "bot", "unlisted"].map(|name| clients.sign(name));
    let settings = certificate("desk", &desk, &["route"])
        + &certificate("bot", &bot, &["classify"])
        + &token("script", "secret", &["route"]);
    fs::write(files.path("triage.toml"), settings).unwrap();
    let mut command = files.server();
    set(&mut command, "CLIENT_CA", &files.path("clients.pem"));
    command.env("TRIAGE_TLS__CLIENT_AUTH", "optional");
    command.args(["--config", argument(&files.path("triage.toml"))]);
    let server = Server::start_as(&mut command).await;

    let showing = |identity: &Identity| Client::showing(&servers, identity);
    let nobody = Client::trusting(&servers);
    let (ok, denied, unknown) = (Code::Ok, Code::PermissionDenied, Code::Unauthenticated);
    for (client, credentials, expected, word) in [
        (showing(&desk), None, (ok, ok), ""),
        (
            showing(&bot),
            None,
            (ok, denied),
            "'bot' may not make this call",
        ),
        (
            showing(&unlisted),
            None,
            (unknown, unknown),
            "certificate is not listed",
        ),
        (
            nobody.clone(),
            None,
            (unknown, unknown),
            "credentials are needed",
        ),
        (nobody, Some("Bearer secret"), (ok, ok), ""),
        (showing(&unlisted), Some("Bearer secret"), (ok, ok), ""),
        // A token that is sent counts, whatever else is shown.
        (showing(&bot), Some("Bearer secret"), (ok, ok), ""),
        (
            showing(&desk),
            Some("Bearer wrong"),
            (unknown, unknown),
            "not known here",
        ),
    ] {
        let (classified, routed, message) = codes(&client, &server, credentials).await;
        assert_eq!((classified, routed), expected, "{message}");
        assert!(message.contains(word), "no '{word}' in '{message}'");
    }
}
