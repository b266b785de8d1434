//! A folder of its own to run `triage-train` in, and what a run brought forth.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, str};

use serde_json::Value;
use tempfile::TempDir;

use crate::tickets::{csv, tickets};
use crate::tiny_encoder::Tiny;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_triage-train");

/// A folder with `tickets.csv`; runs take place in it, so that files go by their short names.
pub(crate) struct Desk {
    folder: TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        desk.write("tickets.csv", csv(&tickets(1)));
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// Runs the program with the words of `arguments`.
    pub(crate) fn run(&self, arguments: &str) -> Run {
        self.run_with(arguments, &[])
    }

    /// Runs the program with these variables in its environment.
    pub(crate) fn run_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Run {
        let mut command = assert_cmd::Command::new(PROGRAM);
        command.current_dir(self.folder.path());
        command.args(arguments.split_whitespace());
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Fits on `tickets.csv` into `models` and returns the new version.
    pub(crate) fn fit(&self, options: &str) -> String {
        let run = self.run(&format!(
            "fit --data tickets.csv --models models --json {options}"
        ));
        run.json()["version"].as_str().unwrap().to_owned()
    }

    /// Makes the folder `table` with an embedding table of a tiny encoder, pairs of word pieces
    /// included.
    pub(crate) fn distill(&self) {
        let encoder = Tiny::new().write();
        let encoder = encoder.path().to_str().unwrap();
        let options = "--data tickets.csv --pairs-from 2 --name small";
        self.run(&format!(
            "distill --encoder {encoder} --out table {options}"
        ))
        .done();
    }

    /// The names in a folder in alphabetical order; none if there is no such folder.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// All files below a folder with their bytes, by path in that folder; but for the log of
    /// activations, which holds times.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(folder), "", &mut files);
        files.remove("activations.log");
        files
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
}

impl Run {
    /// The output of a run that did what it was asked.
    #[track_caller]
    pub(crate) fn done(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:#?}");
        &self.stdout
    }

    /// The message of a run that found its input unusable.
    #[track_caller]
    pub(crate) fn refused(&self) -> &str {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert!(!self.stderr.contains("panicked"), "{self:#?}");
        assert!(self.stderr.starts_with("error: "), "{self:#?}");
        assert_eq!(self.stdout, "", "nothing to answer, but said so");
        &self.stderr
    }

    /// Checks that the run found its input unusable and that its message holds all of `parts`.
    #[track_caller]
    pub(crate) fn refused_with(&self, parts: &[&str]) {
        let message = self.refused();
        for part in parts {
            assert!(message.contains(part), "no {part:?} in {message}");
        }
    }

    /// The output of a run that was asked for JSON, and gave nothing else.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.done()).unwrap()
    }
}

/// The keys of a JSON object.
#[track_caller]
pub(crate) fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}

/// A number that must be there.
#[track_caller]
pub(crate) fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// A shell that runs `script` with `arguments` as `$@`.
pub(crate) fn shell(script: &str, arguments: &[&OsStr]) -> std::process::Command {
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, "sh"]).args(arguments);
    command
}
