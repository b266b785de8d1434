//! Tokens that the settings list.

use std::process::Command;

use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use triage::access::Fingerprint;

use crate::calls::{Call, call, code, unauthenticated};
use crate::desk::Desk;
use crate::guarded::{Guarded, token};
use crate::running::{Server, argument, clean, server_command};

const ALL: [Call; 3] = [Call::Classify, Call::Route, Call::GetPolicy];

#[tokio::test(flavor = "multi_thread")]
async fn a_token_opens_what_its_scopes_say() {
    let scopes: [(&str, &[&str], [Code; 3]); 6] = [
        (
            "c",
            &["classify"],
            [Code::Ok, Code::PermissionDenied, Code::PermissionDenied],
        ),
        (
            "r",
            &["route"],
            [Code::Ok, Code::Ok, Code::PermissionDenied],
        ),
        ("t", &["train"], [Code::PermissionDenied; 3]),
        (
            "a",
            &["admin"],
            [Code::PermissionDenied, Code::PermissionDenied, Code::Ok],
        ),
        ("ra", &["route", "admin"], [Code::Ok; 3]),
        (
            "all",
            &["classify", "route", "train", "admin"],
            [Code::Ok; 3],
        ),
    ];
    let settings = scopes.map(|(name, scopes, _)| token(name, &format!("secret-{name}"), scopes));
    let server = Guarded::new(&settings.concat()).start().await;
    for (name, scopes, expected) in scopes {
        for (what, expected) in ALL.into_iter().zip(expected) {
            let found = code(&server, what, &format!("secret-{name}")).await;
            assert_eq!(found, expected, "{what:?} with {scopes:?}");
        }
    }
    let refused = call(&server, Call::GetPolicy, Some("Bearer secret-r")).await;
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.message(),
        "'r' may not make this call: it needs the scope admin"
    );
    let refused = call(&server, Call::Classify, Some("Bearer secret-a")).await;
    let words = "it needs the scope classify or route";
    assert!(refused.unwrap_err().message().ends_with(words));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_shows_nothing_or_something_else_is_nobody() {
    let settings = token("desk", "a.b.c", &["route"]);
    let server = Guarded::new(&settings).start().await;
    for what in ALL {
        for wrong in [
            None,
            Some(""),
            Some("Bearer"),
            Some("Bearer "),
            Some("a.b.c"),
            Some("Basic a.b.c"),
            Some("Bearer a.b.c d"),
            Some("Bearer a.b.C"),
            Some("Bearer a.b.c."),
            Some("Bearer a.b"),
        ] {
            let status = call(&server, what, wrong).await.unwrap_err();
            assert_eq!(status.code(), Code::Unauthenticated, "{what:?} {wrong:?}");
            assert_eq!(status.metadata().get("www-authenticate").unwrap(), "Bearer");
        }
    }
    // The word is HTTP's, so its case does not matter.
    for right in ["Bearer a.b.c", "bearer a.b.c", "BEARER  a.b.c"] {
        call(&server, Call::Route, Some(right)).await.unwrap();
    }
    // The hash of a token is no token.
    let hash = Fingerprint::of(b"a.b.c").to_string();
    assert_eq!(
        unauthenticated(&server, &hash).await,
        "the token is not known here"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_need_no_credentials() {
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

    let server = Guarded::new(&token("desk", "secret", &["route"]))
        .start()
        .await;
    let mut health = HealthClient::new(server.channel().await);
    health.check(HealthCheckRequest::default()).await.unwrap();
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(server.channel().await);
    let answer = reflection
        .server_reflection_info(tokio_stream::once(request))
        .await;
    assert!(
        answer
            .unwrap()
            .into_inner()
            .message()
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_admin_calls_from_anywhere_unless_they_are_open_nowhere() {
    let guarded = Guarded::new(&token("ops", "secret", &["admin"]));
    let from_afar = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
        let config = guarded.desk.path("triage.toml");
        clean(&mut command).args(["--listen", "0.0.0.0:0", "--config", argument(&config)]);
        command
    };
    let server = Server::start_as(&mut from_afar()).await;
    assert_eq!(code(&server, Call::GetPolicy, "secret").await, Code::Ok);
    assert_eq!(
        code(&server, Call::GetPolicy, "other").await,
        Code::Unauthenticated
    );
    let server = Server::start_as(from_afar().env("TRIAGE_SERVER__ADMIN_CALLS", "nowhere")).await;
    assert_eq!(
        code(&server, Call::GetPolicy, "secret").await,
        Code::PermissionDenied
    );
    // Open to anybody only where nobody is listed.
    let server = Server::start_as(from_afar().env("TRIAGE_SERVER__ADMIN_CALLS", "anywhere")).await;
    assert_eq!(
        code(&server, Call::GetPolicy, "other").await,
        Code::Unauthenticated
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_printed_with_the_settings_that_let_it_in() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
    clean(&mut command).args(["--new-token", "say \"hi\"", "--scopes", "route, admin"]);
    let made = command.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let printed = String::from_utf8(made.stdout).unwrap();
    let (token, settings) = printed.split_once("\n\n").unwrap();
    assert!(!settings.contains(token) && !String::from_utf8(made.stderr).unwrap().contains(token));
    let server = Guarded::new(settings).start().await;
    assert_eq!(code(&server, Call::Route, token).await, Code::Ok);
    assert_eq!(code(&server, Call::GetPolicy, token).await, Code::Ok);

    for (arguments, word) in [
        (&["--new-token", "a"][..], "--scopes"),
        (&["--scopes", "route"], "--new-token"),
        (
            &["--new-token", "a", "--scopes", "root"],
            "'root' is no scope",
        ),
        (&["--new-token", "a", "--scopes", ""], "'' is no scope"),
        (&["--new-token", "", "--scopes", "route"], "is no name"),
        (
            &["--new-token", "a\nb", "--scopes", "route"],
            "'a\\nb' is no name",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_triage-server"));
        let refused = clean(&mut command).args(arguments).output().unwrap();
        let errors = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && refused.stdout.is_empty());
        assert!(errors.contains(word), "no '{word}' in: {errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_settings_are_refused_at_the_start() {
    let twice = token("a", "1", &["route"]) + &token("a", "2", &["route"]);
    let short = token("a", "1", &["route"]).replace("sha256 = \"", "sha256 = \"0");
    for (settings, words) in [
        (twice, &["access.tokens", "'a'"][..]),
        (short, &["access.tokens[0].sha256"]),
        (
            token("a", "1", &["root"]),
            &["access.tokens[0].scopes[0]", "root"],
        ),
    ] {
        let desk = Desk::new();
        desk.write("triage.toml", &settings);
        let config = desk.path("triage.toml");
        let mut command = server_command(&["--config", argument(&config)]);
        let ended = crate::running::Server::spawn(&mut command).ended().await;
        ended.refused(64, words);
    }
}
