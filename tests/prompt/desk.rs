//! A model of a small help desk, fitted for a test.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// Words of each urgency, in ascending order.
const LEVELS: [(&str, &str); 4] = [
    ("low", "whenever"),
    ("normal", "please"),
    ("high", "soon"),
    ("urgent", "immediately"),
];
/// Topics with their words: nothing tells the three of `billing` apart.
const TOPICS: [(&str, &str); 5] = [
    ("account/login", "password"),
    ("billing/fee", "money"),
    ("billing/invoice", "money"),
    ("billing/refund", "money"),
    ("delivery/delay", "parcel"),
];

/// A folder with a model that was fitted with these options.
pub(crate) fn fitted(options: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::from("text,topic,urgency\n");
    for row in 0..24 {
        for (index, (topic, word)) in TOPICS.iter().enumerate() {
            let (level, level_word) = LEVELS[(row + index) % 4];
            // One in six says nothing of its urgency.
            let level_word = if row % 6 == 5 { "well" } else { level_word };
            writeln!(text, "my {word} {level_word} {row},{topic},{level}").unwrap();
        }
    }
    fs::write(folder.path().join("tickets.csv"), text).unwrap();
    let costs = "truth,low,normal,high,urgent\n\
        low,0,500,500,500\nnormal,1,0,500,500\nhigh,1,1,0,500\nurgent,1,1,1,0\n";
    fs::write(folder.path().join("costs.csv"), costs).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_triage-train"));
    command
        .current_dir(folder.path())
        .args(["fit", "--data", "tickets.csv"]);
    command
        .args(["--models", "models", "--activate"])
        .args(options);
    let output = assert_cmd::Command::from_std(command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    folder
}
