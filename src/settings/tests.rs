//! Which source of a setting is in force, and what is said of wrong ones.

use super::*;

fn variables(variables: &[(&str, &str)]) -> Environment {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    environment(variables.iter().map(owned))
}

#[test]
fn defaults_alone_are_valid() {
    let settings = Settings::layered(None, variables(&[]), &[]).unwrap();
    assert_eq!(settings.server.listen.port(), 50051);
    assert!(settings.sources().roster.is_some());
    let flags = [("roster.file", String::new())];
    let settings = Settings::layered(None, variables(&[]), &flags).unwrap();
    assert_eq!(settings.sources().roster, None);
}

#[test]
fn flags_beat_environment_beats_file_beats_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("triage.toml");
    std::fs::write(
        &file,
        "[server]\nlisten = \"127.0.0.1:1\"\ndrain_timeout_ms = 1\nrequest_timeout_ms = 1\n",
    )
    .unwrap();
    let given = [
        ("TRIAGE_SERVER__DRAIN_TIMEOUT_MS", "2"),
        ("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "2"),
        ("OTHER_SERVER__LISTEN", "nonsense"),
        ("TRIAGE_TOKEN", "of a caller"),
        ("TRIAGE_PORT", "tcp://10.0.0.1:50051"),
        ("TRIAGE_SERVICE_HOST", "10.0.0.1"),
        ("TRIAGE_SERVER_SERVICE_HOST", "10.0.0.1"),
        ("TRIAGE_SERVER_SERVICE_PORT_GRPC", "50051"),
        ("TRIAGE_SERVER_PORT_50051_TCP_ADDR", "10.0.0.1"),
    ];
    let flags = [("server.request_timeout_ms", "3".to_owned())];
    let settings = Settings::layered(Some(&file), variables(&given), &flags).unwrap();
    assert_eq!(settings.server.listen.port(), 1);
    assert_eq!(settings.server.drain_timeout_ms, 2);
    assert_eq!(settings.server.request_timeout_ms, 3);
}

#[test]
fn errors_name_the_key() {
    let message = |flags: &[(&str, String)]| {
        Settings::layered(None, variables(&[]), flags)
            .unwrap_err()
            .to_string()
    };
    assert!(
        message(&[("server.max_message_bytes", "0".into())]).contains("server.max_message_bytes")
    );
    for (key, value) in [
        ("server.encoder_queue", "0"),
        ("server.encoder_threads", "9999"),
    ] {
        assert!(message(&[(key, value.into())]).contains(key));
    }
    for (key, value) in [("server.listen", "nowhere"), ("http.listen", "8080")] {
        let told = message(&[(key, value.into())]);
        for part in [key, &format!("'{value}'"), "address with a port, such as"] {
            assert!(told.contains(part), "{told}");
        }
    }
    for level in ["triage=loudly", "inof", "a=b=info", "info,[request]=debug"] {
        assert!(message(&[("log.level", level.into())]).contains("log.level"));
    }
    assert!(message(&[("server.lisen", "x".into())]).contains("lisen"));
}
