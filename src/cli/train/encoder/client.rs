//! Downloads a package with the Python package client of the machine: this program has none of its own.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use indicatif::ProgressBar;

use crate::cli::train::progress::styled;

/// How the client may be called, the first that is there is taken.
pub(super) const CLIENTS: [&[&str]; 3] = [&["pip"], &["pip3"], &["python3", "-m", "pip"]];

/// The exit code by which shells, and the stand-ins of version managers, say that there is no such
/// program.
const NO_PROGRAM: i32 = 127;
/// Most lines of the client's own message that are shown.
const SHOWN_LINES: usize = 8;

/// Why a package was not downloaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadError {
    #[error("there is no {0} on this machine to get it with")]
    NoClient(String),
    #[error("'{client}' could not get it:\n{message}")]
    Refused { client: String, message: String },
}

/// Downloads the wheel of `requirement` into `folder` with the first of `clients` that is there. A wheel is
/// all that is taken: other packages would be built, which runs what is in them.
pub(super) fn download(
    requirement: &str,
    folder: &Path,
    clients: &[&[&str]],
) -> Result<(), DownloadError> {
    for client in clients {
        let Some((program, arguments)) = client.split_first() else {
            continue;
        };
        let mut command = Command::new(program);
        command.args(arguments).args([
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-input",
            "--disable-pip-version-check",
            "--quiet",
            "--dest",
        ]);
        command.arg(folder).arg(requirement).stdin(Stdio::null());
        let waiting = waiting(&format!("getting {requirement} with {}", client.join(" ")));
        let output = command.output();
        waiting.finish_and_clear();
        let message = match output {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let message = String::from_utf8_lossy(&output.stderr).into_owned();
                if output.status.code() == Some(NO_PROGRAM)
                    || message.contains("No module named pip")
                {
                    continue;
                }
                message
            }
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => error.to_string(),
        };
        return Err(DownloadError::Refused {
            client: client.join(" "),
            message: last_lines(&message),
        });
    }
    let names: Vec<String> = clients.iter().map(|client| client.join(" ")).collect();
    Err(DownloadError::NoClient(names.join(" or ")))
}

/// The end of what a client said, moved in.
fn last_lines(message: &str) -> String {
    let lines: Vec<&str> = message.lines().filter(|line| !line.is_empty()).collect();
    let shown = lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES));
    let shown: Vec<String> = shown.map(|line| format!("  {line}")).collect();
    shown.join("\n")
}

/// A sign of life on a terminal.
fn waiting(message: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(message.to_owned());
    styled(bar, "{elapsed:>4} {spinner} {msg}")
}
