//! Printing to standard output that survives a reader who has gone, as in `… | head`.

use std::fmt;
use std::io::{self, Write};

/// Prints a line to standard output; ends the program quietly where nobody reads it any more.
macro_rules! say {
    ($($arguments:tt)*) => {
        $crate::cli::say::print_line(format_args!($($arguments)*))
    };
}

/// Prints `line`. A closed pipe is the reader's way to say "enough"; any other failure is reported
/// and ends the program as failed, since its answer would be lost.
pub(super) fn print_line(line: fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}") {
        if error.kind() == io::ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("error: standard output: {error}");
        std::process::exit(i32::from(super::exit::FAILED));
    }
}
