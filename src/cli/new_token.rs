//! `triage-server --new-token`: makes a token and prints it once, with the settings that let it in.

use std::process::ExitCode;

use super::exit;
use crate::access::{CallerName, Fingerprint, Scope, Scopes, new_token};

/// Prints a new token of this name that may do what `scopes` name, with commas between them.
pub(super) fn run(name: &str, scopes: &str) -> ExitCode {
    match lines(name, scopes) {
        Ok((token, settings)) => {
            println!("{token}\n\n{settings}");
            eprintln!(
                "The first line is the token: give it to the caller, it is not shown again. The others go into the \
                 server's settings."
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(exit::UNUSABLE_SETTINGS)
        }
    }
}

/// A token and the settings that let it in.
fn lines(name: &str, scopes: &str) -> anyhow::Result<(String, String)> {
    let name = CallerName::try_from(name.to_owned())
        .map_err(|error| anyhow::anyhow!("--new-token: '{}' {error}", name.escape_debug()))?;
    let scopes = scopes.split(',').map(|scope| scope.trim().parse::<Scope>());
    let scopes: Scopes = scopes
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow::anyhow!("--scopes: {error}"))?;
    let token = new_token()?;
    let sha256 = Fingerprint::of(token.as_bytes());
    let names: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    // A name and a list of names are written alike in JSON and in TOML.
    let name = serde_json::to_string(name.as_str())?;
    let scopes = serde_json::to_string(&names)?;
    let settings =
        format!("[[access.tokens]]\nname = {name}\nsha256 = \"{sha256}\"\nscopes = {scopes}");
    Ok((token, settings))
}
