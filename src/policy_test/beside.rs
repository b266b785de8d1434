//! The files of cases that test one policy: those beside its file, and texts that stand in for them.

use std::path::{Component, Path, PathBuf};

use super::file::{MAX_SUITE_BYTES, SUITE_ENDING, SuiteError, find_suites};
use crate::routing::FileErrors;
use crate::routing::document::{self, Node, NodeValue};
use crate::routing::fault::Faults;

/// Folder beside a policy that all files of cases are looked for in.
const FOLDER: &str = "tests";

/// The folder of a file.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The files of cases in the folder of the policy's file, and in its folder `tests` and all below that, which name
/// the policy as the one that they test; in alphabetical order. The policy itself need not be there.
///
/// # Errors
///
/// If a folder cannot be listed or one of the files is no YAML.
pub fn suites_beside(policy: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    let folder = folder_of(policy);
    let list = || -> std::io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    };
    let mut found = list().map_err(|source| SuiteError::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    found.retain(|path| path.to_string_lossy().ends_with(SUITE_ENDING) && path.is_file());
    let below = folder.join(FOLDER);
    if below.is_dir() {
        match find_suites(&below) {
            Ok(suites) => found.extend(suites),
            Err(SuiteError::NoSuites { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut suites = Vec::new();
    for path in found {
        if tests(&path, policy)? {
            suites.push(path);
        }
    }
    suites.sort();
    Ok(suites)
}

/// Whether a file of cases names this policy.
fn tests(path: &Path, policy: &Path) -> Result<bool, SuiteError> {
    let text = document::read(path, MAX_SUITE_BYTES)?;
    let document = document::parse(&text, &path.display().to_string(), MAX_SUITE_BYTES)?;
    Ok(match field(&document, "policy").map(|node| &node.value) {
        Some(NodeValue::Text(named)) => same_file(&folder_of(path).join(named), policy),
        // A file that names none, or nothing that could be one, is taken for this policy's: what is wrong with it
        // comes to light.
        _ => true,
    })
}

/// Whether two paths name one file, which need not be there: links to folders are followed, links to files are not.
fn same_file(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let folder = folder_of(path).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    place(one).is_some() && place(one) == place(other)
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let NodeValue::Map(entries) = &node.value else {
        return None;
    };
    let found = entries.iter().find(|(key, _)| key.name == name);
    found.map(|(_, value)| value)
}

/// A file of cases that was sent rather than found: its path from the folder of the policy, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentSuite {
    name: String,
    text: String,
}

impl SentSuite {
    /// A file of this name, a path from the folder of the policy, with this text.
    ///
    /// # Errors
    ///
    /// If the name leads elsewhere, in words.
    pub fn new(name: String, text: String) -> Result<Self, &'static str> {
        let mut parts = Path::new(&name).components();
        if name.is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(
                "must be a path from the policy's folder, such as tests/billing.tests.yaml",
            );
        }
        Ok(Self { name, text })
    }

    /// Its path from the folder of the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it stands in for this file beside `policy`.
    #[must_use]
    pub fn replaces(&self, path: &Path, policy: &Path) -> bool {
        same_file(&folder_of(policy).join(&self.name), path)
            || folder_of(policy).join(&self.name) == path
    }

    /// Checks that it names no file outside of the policy's folder: whoever sent it may not read those.
    ///
    /// # Errors
    ///
    /// Each roster that it names elsewhere, with its place.
    pub fn check_files(&self, policy: &Path) -> Result<(), FileErrors> {
        let document = document::parse(&self.text, &self.name, MAX_SUITE_BYTES)?;
        let root = folder_of(policy);
        let from = folder_of(&root.join(&self.name)).to_owned();
        let mut faults = Faults::default();
        let mut rosters: Vec<&Node> = field(&document, "roster").into_iter().collect();
        if let Some(NodeValue::List(cases)) = field(&document, "cases").map(|node| &node.value) {
            rosters.extend(cases.iter().filter_map(|case| field(case, "roster")));
        }
        for node in rosters {
            let NodeValue::Text(path) = &node.value else {
                continue;
            };
            let inside = root
                .canonicalize()
                .ok()
                .zip(from.join(path).canonicalize().ok())
                .is_some_and(|(root, path)| path.starts_with(root));
            if path != super::read_case::NONE && !inside {
                let message = format!(
                    "the roster '{path}' is no file below the policy's folder: name one that is, or give the \
                     agents in place"
                );
                faults.add(node.position, message);
            }
        }
        faults.into_result(&self.name)
    }

    /// The folder that paths in it start from.
    #[must_use]
    pub fn folder(&self, policy: &Path) -> PathBuf {
        folder_of(&folder_of(policy).join(&self.name)).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_files_that_name_the_policy_are_its_tests() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, policy: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("version: 1\npolicy: {policy}\ncases: []\n")).unwrap();
            path
        };
        let mine = [
            put("mine.tests.yaml", "desk.yaml"),
            put("tests/b/mine.tests.yaml", "../../desk.yaml"),
            put("tests/mine.tests.yaml", "../tests/../desk.yaml"),
        ];
        put("other.tests.yaml", "other.yaml");
        put("tests/other.tests.yaml", "desk.yaml");
        put("elsewhere/mine.tests.yaml", "../desk.yaml");
        put("tests/notes.yaml", "../desk.yaml");
        let policy = folder.path().join("desk.yaml");
        assert_eq!(suites_beside(&policy).unwrap(), mine);
        assert!(
            suites_beside(&folder.path().join("none.yaml"))
                .unwrap()
                .is_empty()
        );

        let broken = put("tests/broken.tests.yaml", "[");
        let refused = suites_beside(&policy).unwrap_err().to_string();
        assert!(refused.contains(broken.to_str().unwrap()), "{refused}");
    }

    #[test]
    fn a_sent_file_stays_in_the_policys_folder() {
        for name in ["", "/etc/x.tests.yaml", "../x.tests.yaml", "tests/../../x"] {
            assert!(
                SentSuite::new(name.to_owned(), String::new()).is_err(),
                "{name}"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("policies");
        fs::create_dir_all(inner.join("tests")).unwrap();
        fs::write(inner.join("roster.yaml"), "").unwrap();
        fs::write(folder.path().join("secret.yaml"), "").unwrap();
        let policy = inner.join("desk.yaml");
        let sent = |text: &str| {
            SentSuite::new("tests/a.tests.yaml".to_owned(), text.to_owned())
                .unwrap()
                .check_files(&policy)
        };
        assert!(sent("roster: ../roster.yaml\ncases: [{roster: none}]\n").is_ok());
        let refused = sent("roster: ../../secret.yaml\ncases:\n  - {roster: /etc/hosts}\n");
        let refused = refused.unwrap_err();
        assert_eq!(refused.faults.len(), 2, "{refused}");
        assert!(
            refused.to_string().starts_with("tests/a.tests.yaml:1:9: "),
            "{refused}"
        );
    }
}
