//! A folder with a small policy, its roster and whatever a test adds.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::program::{Run, run};

/// A policy with two rules; its conditions are in the lines 5 and 10.
pub(crate) const POLICY: &str = r#"version: 1
skills: [billing]
queues: {billing: {overflow: people}, people: {}}
rules:
  - id: vip
    when: topic.startsWith("billing/") && customer.tier == "vip"
    priority: 90
    steps: [{queue: billing, require: {billing: 4}, timeout: 5m}]
    otherwise: people
  - id: bills
    when: topic.startsWith("billing/")
    steps: [{queue: billing, require: {billing: 2}}]
default: {queue: people}
"#;

const ROSTER: &str = "version: 1
agents:
  - {id: ana, presence: available, capacity: 2, skills: {billing: 5}, queues: [billing]}
  - {id: bob, presence: available, capacity: 2, skills: {billing: 2}, queues: [billing, people]}
";

/// The folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// With `policy.yaml` and `roster.yaml`.
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("policy.yaml", POLICY);
        folder.write("roster.yaml", ROSTER);
        folder
    }

    /// Writes a file and gives its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// Writes a file of cases over the policy and the roster.
    pub(crate) fn write_cases(&self, name: &str, cases: &str) -> String {
        let head = "version: 1\npolicy: policy.yaml\nroster: roster.yaml\ncases:\n";
        self.write(name, &format!("{head}{cases}"))
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        path.display().to_string()
    }

    /// Runs `triage policy diff` over tickets that have labels of their own.
    pub(crate) fn diff(&self, old: &str, new: &str, tickets: &str, options: &[&str]) -> Run {
        let arguments = ["diff", old, new, "--tickets", tickets, "--pinned"];
        self.policy(&[&arguments, options].concat())
    }

    /// Runs `triage policy replay` over tickets that have labels of their own.
    pub(crate) fn replay(&self, policy: &str, tickets: &str, options: &[&str]) -> Run {
        let arguments = ["replay", policy, "--tickets", tickets, "--pinned"];
        self.policy(&[&arguments, options].concat())
    }

    /// Runs `triage policy` with these arguments; the folder's own path becomes `DIR` in what is printed.
    pub(crate) fn policy(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["policy"];
        all.extend(arguments);
        let mut run = run(&all);
        let own = self.0.path().display().to_string();
        run.out = run.out.replace(&own, "DIR");
        run.errors = run.errors.replace(&own, "DIR");
        run
    }
}
