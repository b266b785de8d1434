//! How a command ends: 0 done, 1 failed, 2 unusable input, 64 unusable settings.

use std::process::ExitCode;

/// The command did what was asked but the answer is no.
pub const FAILED: u8 = 1;
/// The input cannot be used.
pub const UNUSABLE_INPUT: u8 = 2;
/// The settings cannot be used (EX_USAGE of sysexits.h).
pub const UNUSABLE_SETTINGS: u8 = 64;

/// Ends a command: success, or the error with all its causes on standard error.
#[must_use]
pub fn report(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(UNUSABLE_INPUT)
        }
    }
}
