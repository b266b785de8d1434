//! `triage --server`: the prompt's own program against a server with TLS and credentials.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::certificates::{Authority, Files, set};
use crate::guarded::token;
use crate::program::{Run, SMOKE, run, run_command, triage};
use crate::running::{Server, argument};
use crate::tls_client::NAME;

/// What somebody at a prompt has.
struct Prompt {
    folder: TempDir,
    url: String,
}

impl Prompt {
    /// A folder for files, and the server's address by the name in its certificate.
    fn of(server: &Server) -> Self {
        let (_, port) = server.address.rsplit_once(':').unwrap();
        Self {
            folder: tempfile::tempdir().unwrap(),
            url: format!("https://{NAME}:{port}"),
        }
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        argument(&path).to_owned()
    }

    /// Classifies by the server, with these options.
    fn classify(&self, options: &[&str]) -> Run {
        self.classify_where(options, &[])
    }

    /// Likewise, with these variables.
    fn classify_where(&self, options: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = triage(&["classify", "--json", "--text", SMOKE, "--server", &self.url]);
        command.args(options).envs(variables.iter().copied());
        run_command(command)
    }
}

fn topic(run: &Run) -> String {
    let answer: Value = run.json();
    let label = answer["classification"]["topic"]["label"].as_str();
    label.unwrap().to_owned()
}

/// A server with TLS that asks for a token, and its authority's file.
async fn guarded(authority: &Authority) -> (Files, PathBuf, Server) {
    let files = Files::of(&authority.sign(NAME));
    files.write("ca.pem", &authority.pem());
    let settings = token("script", "s3cret", &["classify"]);
    fs::write(files.path("triage.toml"), settings).unwrap();
    let mut command = files.server();
    command.args(["--config", argument(&files.path("triage.toml"))]);
    let server = Server::start_as(&mut command).await;
    let ca = files.path("ca.pem");
    (files, ca, server)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_tls_and_tokens_is_asked() {
    let authority = Authority::new("servers");
    let (_files, ca, server) = guarded(&authority).await;
    let ca = argument(&ca);
    let prompt = Prompt::of(&server);
    let key = prompt.write("token", "s3cret\n");

    let by_file = prompt.classify(&["--ca", ca, "--token-file", &key]);
    assert_eq!(topic(&by_file), "safety/incident");
    let variable = [("TRIAGE_TOKEN", "s3cret")];
    let by_variable = prompt.classify_where(&["--ca", ca], &variable);
    assert_eq!(by_variable.json(), by_file.json());
    // What a file says goes first.
    let wrong = [("TRIAGE_TOKEN", "wrong")];
    let both = prompt.classify_where(&["--ca", ca, "--token-file", &key], &wrong);
    assert_eq!(both.code, Some(0), "{both:#?}");
    // The system's authorities, as it names them.
    let system = [("SSL_CERT_FILE", ca), ("TRIAGE_TOKEN", "s3cret")];
    let by_system = prompt.classify_where(&[], &system);
    assert_eq!(by_system.code, Some(0), "{by_system:#?}");

    let refused = prompt.classify(&["--ca", ca]);
    refused.refused(&[
        "credentials are needed",
        "Unauthenticated",
        "--token-file",
        "TRIAGE_TOKEN",
    ]);
    let refused = prompt.classify_where(&["--ca", ca], &wrong);
    refused.refused(&["not known here", "Unauthenticated"]);
    let mut route = triage(&["route", "--text", SMOKE, "--server", &prompt.url]);
    route.args(["--ca", ca, "--token-file", &key]);
    run_command(route).refused(&["'script' may not make this call", "PermissionDenied"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_trusted_is_sent_nothing() {
    let (authority, other) = (Authority::new("servers"), Authority::new("others"));
    let (files, ca, server) = guarded(&authority).await;
    files.write("other.pem", &other.pem());
    let (ca, other) = (argument(&ca), files.path("other.pem"));
    let mut prompt = Prompt::of(&server);
    let key = prompt.write("token", "s3cret");
    let untrusted = [
        "is not trusted",
        "signed by no authority that is trusted here",
        "--ca",
    ];
    prompt
        .classify(&["--ca", argument(&other), "--token-file", &key])
        .refused(&untrusted);
    let system = [("SSL_CERT_FILE", argument(&other))];
    prompt
        .classify_where(&["--token-file", &key], &system)
        .refused(&untrusted);
    prompt.url = format!("https://{}", server.address);
    prompt
        .classify(&["--ca", ca, "--token-file", &key])
        .refused(&["is not trusted", "for another name", "127.0.0.1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_shown_to_a_server_that_asks_for_one() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let files = Files::of(&servers.sign(NAME));
    files.write("ca.pem", &servers.pem());
    files.write("clients.pem", &clients.pem());
    let (desk, bot) = (clients.sign("desk"), clients.sign("bot"));
    files.write("desk.pem", &desk.pem());
    files.write("desk.key", &desk.key_pem());
    files.write("bot.key", &bot.key_pem());
    let mut command = files.server();
    set(&mut command, "CLIENT_CA", &files.path("clients.pem"));
    let server = Server::start_as(&mut command).await;
    let prompt = Prompt::of(&server);
    let path = |name: &str| argument(&files.path(name)).to_owned();
    let showing = |key: &str| {
        let (ca, certificate, key) = (path("ca.pem"), path("desk.pem"), path(key));
        prompt.classify(&["--ca", &ca, "--certificate", &certificate, "--key", &key])
    };
    assert_eq!(topic(&showing("desk.key")), "safety/incident");
    showing("bot.key").refused(&["bot.key: is not the key of the certificate in", "desk.pem"]);
    showing("none.key").refused(&["none.key: cannot be read"]);
    showing("ca.pem").refused(&["ca.pem: holds no unencrypted private key"]);
    prompt
        .classify(&["--ca", &path("ca.pem")])
        .refused(&["it asks for a certificate: give one by --certificate and --key"]);
    let half = ["--ca", &path("ca.pem"), "--certificate", &path("desk.pem")];
    prompt.classify(&half).refused(&["--key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_make_no_sense_are_told() {
    let server = Server::start(&[]).await;
    let authority = Authority::new("servers");
    let mut prompt = Prompt::of(&server);
    let ca = prompt.write("ca.pem", &authority.pem());
    let here = server.address.clone();
    prompt.url = format!("https://{here}");
    prompt
        .classify(&["--ca", &ca])
        .refused(&["speaks no TLS", "http://"]);
    prompt
        .classify(&["--ca", "none.pem"])
        .refused(&["none.pem: cannot be read"]);
    let empty = prompt.write("empty.pem", "");
    prompt
        .classify(&["--ca", &empty])
        .refused(&["empty.pem: holds no certificate in PEM form"]);

    prompt.url = format!("http://{here}");
    prompt
        .classify(&["--ca", &ca])
        .refused(&["are for addresses that begin with https://"]);
    // Without encryption a token is sent as well, as on a loopback address it may be.
    let bare = prompt.classify_where(&[], &[("TRIAGE_TOKEN", "s3cret")]);
    assert_eq!(bare.code, Some(0), "{bare:#?}");
    for (text, words) in [
        ("", "holds no token"),
        ("two words", "holds no token"),
        ("t\u{f6}ken", "holds no token"),
    ] {
        let file = prompt.write("token", text);
        let asked = prompt.classify(&["--token-file", &file]);
        asked.refused(&["token: ", words]);
        assert!(
            text.is_empty() || !asked.errors.contains(text),
            "{asked:#?}"
        );
    }
    let missing = prompt.classify(&["--token-file", "no-such-file"]);
    missing.refused(&["no-such-file: the token cannot be read"]);
    run(&["classify", "--text", SMOKE, "--ca", &ca]).refused(&["--server"]);
    // It is no setting, so it does not stand in the way of an answer without a server.
    let mut local = triage(&["classify", "--text", SMOKE]);
    local.env("TRIAGE_TOKEN", "s3cret");
    assert_eq!(run_command(local).code, Some(0));
    assert!(Path::new(&ca).is_file());
}
