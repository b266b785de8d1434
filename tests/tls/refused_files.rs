//! Files that a server does not start with: each message names the file and says what is wrong.

use crate::certificates::{Authority, Files, set};
use crate::client::NAME;
use crate::running::{Server, server_command};

async fn refusal(command: &mut std::process::Command) -> String {
    let ended = Server::spawn(command).ended().await;
    assert_ne!(ended.code, Some(0), "{ended:#?}");
    ended.errors
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_files_are_named() {
    let authority = Authority::new("ours");
    let (own, other) = (authority.sign(NAME), authority.sign(NAME));
    let expired = authority.sign_for_years(NAME, 2000..2001);
    let early = authority.sign_for_years(NAME, 3999..4000);
    for (certificate, key, file, problem) in [
        (
            own.pem(),
            other.key_pem(),
            "server.key",
            "is not the key of the certificate",
        ),
        (
            own.key_pem(),
            own.key_pem(),
            "server.pem",
            "holds no certificate",
        ),
        (
            own.pem(),
            own.pem(),
            "server.key",
            "holds no unencrypted private key",
        ),
        (
            expired.pem(),
            expired.key_pem(),
            "server.pem",
            "was valid until 2001-01-01",
        ),
        (
            early.pem(),
            early.key_pem(),
            "server.pem",
            "is not valid before 3999-01-01",
        ),
    ] {
        let files = Files::of(&own);
        files.write("server.pem", &certificate);
        files.write("server.key", &key);
        let told = refusal(&mut files.server()).await;
        assert!(told.contains(file) && told.contains(problem), "{told}");
    }
    let files = Files::of(&own);
    let mut command = files.server();
    set(&mut command, "CERTIFICATE", &files.path("nothing.pem"));
    let told = refusal(&mut command).await;
    assert!(told.contains("nothing.pem: cannot be read"), "{told}");
    let mut command = files.server();
    set(&mut command, "CLIENT_CA", &files.path("server.key"));
    let told = refusal(&mut command).await;
    assert!(told.contains("server.key: holds no certificate"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_lack_a_part_are_refused() {
    let files = Files::of(&Authority::new("ours").sign(NAME));
    for (name, file, missing) in [
        ("CERTIFICATE", "server.pem", "tls.key"),
        ("KEY", "server.key", "tls.certificate"),
        ("CLIENT_CA", "server.pem", "tls.certificate"),
    ] {
        let mut command = server_command(&[]);
        set(&mut command, name, &files.path(file));
        let ended = Server::spawn(&mut command).ended().await;
        assert_eq!(ended.code, Some(64), "{ended:#?}");
        assert!(ended.errors.contains(missing), "{ended:#?}");
    }
}
