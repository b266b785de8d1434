//! How a command ends: 0 done, 1 the answer is no, 2 it could not be done (unusable input, or a file,
//! folder or server that cannot be reached), 64 unusable settings of the server.

use std::process::ExitCode;

use super::printable::without_steering;

/// The command did what was asked but the answer is no.
pub const FAILED: u8 = 1;
/// The command could not be done.
pub const UNUSABLE_INPUT: u8 = 2;
/// The settings cannot be used (EX_USAGE of sysexits.h).
pub const UNUSABLE_SETTINGS: u8 = 64;

/// Ends a command: success, or the error with all its causes on standard error.
#[must_use]
pub fn report(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            // What a file says may stand in the message, and must not steer the terminal.
            let message = message(&error);
            let lines: Vec<String> = message.lines().map(without_steering).collect();
            eprintln!("error: {}", lines.join("\n"));
            ExitCode::from(UNUSABLE_INPUT)
        }
    }
}

/// The error with those of its causes that it does not tell of already.
#[must_use]
pub fn message(error: &anyhow::Error) -> String {
    let mut message = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if message.is_empty() {
            message = cause;
        } else if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once() {
        let cause = || std::io::Error::other("disk full");
        let quoted = anyhow::Error::new(cause()).context("a.csv: disk full: free some");
        assert_eq!(message(&quoted), "a.csv: disk full: free some");
        let silent = anyhow::Error::new(cause()).context("a.csv");
        assert_eq!(message(&silent), "a.csv: disk full");
    }
}
