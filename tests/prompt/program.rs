//! Runs of `triage`, each to its end.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::running::{DEADLINE, clean};

/// A ticket that any sensible model of the sample help desk reads alike.
pub(crate) const SMOKE: &str =
    "There is smoke coming out of the kettle and it burnt my child's hand";

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

/// The program with these arguments, in the project's folder.
pub(crate) fn triage(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage"));
    clean(&mut command).args(arguments);
    command
}

/// Runs the program to its end.
pub(crate) fn run(arguments: &[&str]) -> Run {
    run_command(triage(arguments))
}

/// Runs the program to its end with `input` on standard input.
pub(crate) fn run_with_input(arguments: &[&str], input: &[u8]) -> Run {
    finish(assert_cmd::Command::from_std(triage(arguments)).write_stdin(input))
}

/// Runs a command to its end.
pub(crate) fn run_command(command: Command) -> Run {
    finish(&mut assert_cmd::Command::from_std(command))
}

/// Kills the program if it hangs.
fn finish(command: &mut assert_cmd::Command) -> Run {
    let output = command.timeout(DEADLINE).output().unwrap();
    Run {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program to its end while nobody reads what it prints.
pub(crate) fn run_unread(arguments: &[&str]) -> Run {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = triage(arguments);
    command.stdin(Stdio::null()).stdout(writer);
    let mut started = Started(command.stderr(Stdio::piped()).spawn().unwrap());
    let mut stderr = started.0.stderr.take().unwrap();
    let (send, errors) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        send.send(text)
    });
    let errors = errors.recv_timeout(DEADLINE).expect("it hangs");
    Run {
        code: started.0.wait().unwrap().code(),
        out: String::new(),
        errors,
    }
}

/// A program that is killed when the test ends, however it ends.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // Both fail only where the program has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Run {
    /// What was printed; the run must have gone well.
    pub(crate) fn printed(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:#?}");
        assert_eq!(self.errors, "");
        &self.out
    }

    /// What was printed, as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.printed()).unwrap()
    }

    /// Checks that the run ended with code 2 and with each of `words` on standard error, and printed nothing.
    pub(crate) fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.out, "");
        for word in words {
            assert!(self.errors.contains(word), "no '{word}' in {self:#?}");
        }
        assert!(!self.errors.contains("panicked"), "{self:#?}");
    }
}
