//! The examples, run one after the other in one folder, as a reader would.

use std::fs;
use std::path::Path;
use std::process::Command;

use prost_reflect::{DescriptorPool, DynamicMessage};
use tempfile::TempDir;

use crate::blocks::{Block, blocks, guide, guide_text};
use crate::program::{Run, run_command, triage};

/// The folder that a reader works in.
struct Reader {
    folder: TempDir,
    frame: String,
    interface: DescriptorPool,
}

impl Reader {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            frame: String::new(),
            interface: DescriptorPool::decode(triage::grpc::DESCRIPTORS).unwrap(),
        }
    }

    /// The program in the folder.
    fn run(&self, arguments: &[String]) -> Run {
        let mut command: Command = triage(&[]);
        command.current_dir(self.folder.path()).args(arguments);
        run_command(command)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn check(&self, name: &str, passes: bool, line: usize) {
        let run = self.run(&["policy".into(), "check".into(), name.into()]);
        let wanted = if passes { 0 } else { 2 };
        assert_eq!(run.code, Some(wanted), "line {line}: {run:#?}");
    }

    /// Does what a block asks for; gives its text as it should be.
    fn take(&mut self, block: &Block) -> String {
        let line = block.line;
        let file = block.info.get("file");
        match (block.language.as_str(), file) {
            ("yaml", Some(name)) => {
                self.write(name, &block.text);
                let is_policy = !name.ends_with(".tests.yaml") && !name.contains("roster");
                if is_policy && !block.has("roster") {
                    self.check(name, !block.has("wrong"), line);
                }
            }
            ("yaml", None) if block.has("frame") => {
                self.frame.clone_from(&block.text);
                self.check_part("", line);
            }
            ("yaml", None) if block.has("part") => self.check_part(&block.text, line),
            ("csv", Some(name)) => self.write(name, &block.text),
            ("console", None) => return self.type_in(block),
            ("json", None) => {
                let name = &block.info["message"];
                let kind = self.interface.get_message_by_name(name).unwrap();
                let mut json = serde_json::Deserializer::from_str(&block.text);
                let read = DynamicMessage::deserialize(kind, &mut json);
                assert!(read.is_ok(), "line {line}: {read:?}");
            }
            ("sh", None) => self.check_calls(block),
            _ => panic!("line {line}: nobody would notice if this example were wrong"),
        }
        block.text.clone()
    }

    /// Checks a part of a policy, completed by the frame.
    fn check_part(&self, part: &str, line: usize) {
        let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
        let own: Vec<_> = part.lines().filter_map(key).collect();
        let missing = self
            .frame
            .lines()
            .filter(|line| !own.contains(&key(line).unwrap()));
        let whole: Vec<&str> = missing.chain(part.lines()).collect();
        self.write("part.yaml", &(whole.join("\n") + "\n"));
        self.check("part.yaml", true, line);
    }

    /// Runs the commands of a block.
    fn type_in(&self, block: &Block) -> String {
        let mut shown = String::new();
        let mut code = None;
        for typed in block.text.lines().filter(|line| line.starts_with("$ ")) {
            let words = split_words(typed);
            assert_eq!(words.get(1).map(String::as_str), Some("triage"), "{typed}");
            let run = self.run(&words[2..]);
            shown += &format!("{typed}\n");
            for line in run.out.lines().chain(run.errors.lines()) {
                shown += &format!("{}\n", line.trim_end());
            }
            code = run.code;
        }
        let wanted = block
            .info
            .get("exit")
            .map_or(0, |code| code.parse().unwrap());
        assert_eq!(code, Some(wanted), "line {}: {shown}", block.line);
        shown
    }

    /// Checks that the methods which a block calls exist.
    fn check_calls(&self, block: &Block) {
        let words = block.text.split(|c: char| c.is_whitespace() || c == ')');
        let calls: Vec<&str> = words
            .filter(|word| word.starts_with("triage.v1."))
            .collect();
        assert!(!calls.is_empty(), "line {}", block.line);
        for call in calls {
            let (service, method) = call.split_once('/').unwrap();
            let service = self.interface.get_service_by_name(service).unwrap();
            assert!(service.methods().any(|one| one.name() == method), "{call}");
        }
    }
}

/// The words of a command, some in single quotes.
fn split_words(typed: &str) -> Vec<String> {
    let mut words = vec![];
    for (number, part) in typed.split('\'').enumerate() {
        match number % 2 {
            1 => words.push(part.to_owned()),
            _ => words.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    words
}

#[test]
fn every_example_does_what_the_guide_says() {
    let text = guide_text();
    let mut reader = Reader::new();
    let mut mended = text.clone();
    let mut wrong = Vec::new();
    for block in blocks(&text) {
        let now = reader.take(&block);
        if now != block.text {
            mended = mended.replacen(&block.text, &now, 1);
            wrong.push(format!("line {}: it prints\n{now}", block.line));
        }
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(guide(), mended).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn links_of_the_guide_lead_somewhere() {
    let text = guide_text();
    let heading = |line: &str| {
        let title = line.strip_prefix('#')?.trim_start_matches('#').trim();
        Some(title.to_lowercase().replace(' ', "-"))
    };
    let headings: Vec<String> = text.lines().filter_map(heading).collect();
    for (at, _) in text.match_indices("](") {
        let link = text[at + 2..].split(')').next().unwrap();
        if let Some(anchor) = link.strip_prefix('#') {
            assert!(headings.iter().any(|known| known == anchor), "{link}");
        } else if !link.starts_with("https://") {
            let path = guide().parent().unwrap().join(link);
            assert!(Path::new(&path).exists(), "{link}");
        }
    }
}
