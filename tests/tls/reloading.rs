//! Files that change while the server runs: right ones are taken over whole, wrong ones not at all, and connections
//! go on either way.

use rustix::process::Signal;

use crate::certificates::{Authority, Files};
use crate::client::{Client, NAME, answers};
use crate::running::Server;

const IN_USE: &str = "the changed certificate is in use";
const REFUSED: &str = "the changed certificate is refused: the one in use stays";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on() {
    let (authority, next) = (Authority::new("ours"), Authority::new("next year's"));
    let (old, new) = (authority.sign(NAME), next.sign(NAME));
    let files = Files::of(&old);
    let mut server = Server::start_as(&mut files.server()).await;
    let client = Client::trusting(&authority);
    let mut before = client.connect(&server).await.unwrap();
    assert!(answers(&mut before).await);
    assert_eq!(client.shown_by(&server).await, old.der());

    files.replace(&new);
    let told = server.logged(IN_USE).await;
    assert!(
        told["valid_until"]
            .as_str()
            .unwrap()
            .starts_with("4000-01-01")
    );
    assert!(answers(&mut before).await);
    assert_eq!(Client::trusting(&next).shown_by(&server).await, new.der());
    assert!(!client.is_answered(&server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_files_are_refused_and_the_old_certificate_is_shown() {
    let authority = Authority::new("ours");
    let (old, other) = (authority.sign(NAME), authority.sign(NAME));
    let files = Files::of(&old);
    let mut server = Server::start_as(&mut files.server()).await;
    let client = Client::trusting(&authority);
    let expired = authority.sign_for_years(NAME, 2000..2001);
    for (certificate, key, named) in [
        (
            other.pem(),
            old.key_pem(),
            "is not the key of the certificate",
        ),
        (String::new(), old.key_pem(), "holds no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\nnothing".to_owned(),
            old.key_pem(),
            "server.pem",
        ),
        (
            expired.pem(),
            expired.key_pem(),
            "was valid until 2001-01-01",
        ),
        (
            other.pem(),
            String::new(),
            "holds no unencrypted private key",
        ),
    ] {
        files.write("server.pem", &certificate);
        files.write("server.key", &key);
        // What stands between the two writes may be refused as well.
        loop {
            let told = server.logged(REFUSED).await;
            if told["error"].as_str().unwrap().contains(named) {
                break;
            }
        }
        assert_eq!(client.shown_by(&server).await, old.der(), "{named}");
        assert!(client.is_answered(&server).await);
    }
    files.replace(&other);
    server.logged(IN_USE).await;
    assert_eq!(client.shown_by(&server).await, other.der());
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_the_server_looks_at_once() {
    let authority = Authority::new("ours");
    let (old, new) = (authority.sign(NAME), authority.sign(NAME));
    let files = Files::of(&old);
    let mut command = files.server();
    command.env("TRIAGE_TLS__WATCH_MS", "0");
    let mut server = Server::start_as(&mut command).await;
    files.write("server.pem", "nonsense");
    let client = Client::trusting(&authority);
    server.signal(Signal::HUP);
    server.logged(REFUSED).await;
    files.replace(&new);
    assert_eq!(client.shown_by(&server).await, old.der());
    server.signal(Signal::HUP);
    server.logged(IN_USE).await;
    assert_eq!(client.shown_by(&server).await, new.der());
}
