//! A server that asks for credentials, over a help desk of its own.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use triage::access::Fingerprint;

use crate::desk::Desk;
use crate::running::{Server, argument};
use crate::signer::{AUDIENCE, ISSUER, Signer, key_set};

/// Folder and settings of a server.
pub(crate) struct Guarded {
    pub(crate) desk: Desk,
}

impl Guarded {
    /// A desk with these settings besides its own.
    pub(crate) fn new(settings: &str) -> Self {
        let desk = Desk::new();
        desk.write("triage.toml", settings);
        Self { desk }
    }

    /// A desk that takes tokens of these signers, and has these settings besides.
    pub(crate) fn trusting(signers: &[&Signer], settings: &str) -> Self {
        let desk = Desk::new();
        desk.write("keys.json", &key_set(signers));
        let keys = desk.path("keys.json");
        let jwt = format!(
            "[access.jwt]\nkeys = {keys:?}\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\n"
        );
        desk.write("triage.toml", &format!("{settings}\n{jwt}"));
        Self { desk }
    }

    /// Puts another file of keys in place.
    pub(crate) fn write_keys(&self, text: &str) {
        self.desk.write("keys.json", text);
    }

    /// The program over this desk.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.desk.command();
        command.args(["--config", argument(&self.desk.path("triage.toml"))]);
        command
    }

    /// Starts the program and waits until it serves.
    pub(crate) async fn start(&self) -> Server {
        Server::start_as(&mut self.command()).await
    }

    /// Where calls of operators are logged.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.desk.path("state").join(triage::access::CALL_LOG)
    }

    /// The lines of that log, all of which are whole.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.log_path()).unwrap_or_default();
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "half a line: {text:?}"
        );
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Settings that let a token in.
pub(crate) fn token(name: &str, secret: &str, scopes: &[&str]) -> String {
    let sha256 = Fingerprint::of(secret.as_bytes());
    format!("[[access.tokens]]\nname = {name:?}\nsha256 = \"{sha256}\"\nscopes = {scopes:?}\n")
}
