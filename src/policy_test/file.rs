//! Reads a file of cases with the policy and the roster that it names. Every fault is reported with line and column;
//! what comes out names nothing that does not exist.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::case::Case;
use super::read_case::{self, Agents, Surroundings};
use crate::routing::document::{self, Node, NodeValue};
use crate::routing::fault::Faults;
use crate::routing::fields::{self, Fields};
use crate::routing::{
    FileErrors, KnownLabels, Policy, PolicyErrors, Position, Roster, RosterErrors,
};

/// Largest file of cases, in bytes.
pub const MAX_SUITE_BYTES: usize = 4 << 20;

/// Most cases of a file.
pub const MAX_CASES: usize = 10_000;

/// How the names of files of cases end.
pub(super) const SUITE_ENDING: &str = ".tests.yaml";

/// The time of cases that give none: a Monday morning.
const DEFAULT_NOW: &str = "2026-03-02T09:30:00Z";

/// A file of cases, with the policy that they test.
#[derive(Debug)]
pub struct Suite {
    /// The file's path.
    pub origin: String,
    /// The policy tested.
    pub policy: Arc<Policy>,
    /// The policy's file.
    pub policy_path: PathBuf,
    /// The cases in the order of the file.
    pub cases: Vec<Case>,
}

/// What a file of cases is read with besides itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct SuiteSources<'a> {
    /// A policy to test in place of the one that the file names, with its path.
    pub policy: Option<(&'a Arc<Policy>, &'a Path)>,
    /// A roster in place of the one that the file names.
    pub roster: Option<&'a Arc<Roster>>,
    /// The labels of the model; without them, topics and facets of cases are not checked.
    pub labels: Option<&'a KnownLabels>,
}

/// Why cases cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The file of cases is wrong.
    #[error(transparent)]
    File(#[from] FileErrors),
    /// The policy that it names is wrong.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    /// The roster that it names is wrong or does not fit the policy.
    #[error(transparent)]
    Roster(#[from] RosterErrors),
    /// The file of cases is wrong, and so is its policy or its roster; at least two of them, of the other kinds.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// A folder cannot be listed.
    #[error("{}: cannot be listed: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A folder holds no cases.
    #[error("{}: no file in it ends in {SUITE_ENDING}: name one or write some", folder.display())]
    NoSuites {
        /// The folder.
        folder: PathBuf,
    },
}

/// The model that a file of cases asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelNeed {
    /// None: every case pins its classification and the file names no models.
    None,
    /// Any: a case gives a text.
    Any,
    /// The active one of this folder, which the file names.
    Folder(PathBuf),
}

impl ModelNeed {
    /// What the file of cases at `path` asks for.
    ///
    /// # Errors
    ///
    /// If it cannot be read as YAML.
    pub fn of(path: &Path) -> Result<Self, SuiteError> {
        let text = document::read(path, MAX_SUITE_BYTES)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::of_text(&text, &path.display().to_string(), folder)
    }

    fn of_text(text: &str, origin: &str, folder: &Path) -> Result<Self, SuiteError> {
        let document = document::parse(text, origin, MAX_SUITE_BYTES)?;
        let field = |node: &'_ Node, name: &str| match &node.value {
            NodeValue::Map(entries) => entries
                .iter()
                .find(|(key, _)| key.name == name)
                .map(|(_, value)| value.clone()),
            _ => None,
        };
        if let Some(NodeValue::Text(models)) = field(&document, "models").map(|node| node.value) {
            return Ok(Self::Folder(folder.join(models)));
        }
        let items = |node: Option<Node>| match node.map(|node| node.value) {
            Some(NodeValue::List(items)) => items,
            _ => Vec::new(),
        };
        let gives_text = |node: &Node| {
            let ticket = field(node, "ticket");
            let has = |name| {
                ticket
                    .as_ref()
                    .is_some_and(|node| field(node, name).is_some())
            };
            field(node, "classification").is_none() && (has("subject") || has("body"))
        };
        let any = items(field(&document, "cases")).iter().any(|case| {
            let steps = items(field(case, "sequence"));
            match steps.as_slice() {
                [] => gives_text(case),
                steps => steps.iter().any(gives_text),
            }
        });
        Ok(if any { Self::Any } else { Self::None })
    }
}

/// The files of cases at `path`: itself, or all below it whose names end in `.tests.yaml`, in alphabetical order.
///
/// # Errors
///
/// If a folder cannot be listed or holds none.
pub fn find_suites(path: &Path) -> Result<Vec<PathBuf>, SuiteError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let list = || -> std::io::Result<Vec<PathBuf>> {
            std::fs::read_dir(&folder)?
                .map(|entry| Ok(entry?.path()))
                .collect()
        };
        let entries = list().map_err(|source| SuiteError::Folder {
            folder: folder.clone(),
            source,
        })?;
        for entry in entries {
            // A link to a folder may lead back to where it stands.
            if entry.is_dir() && !entry.is_symlink() {
                folders.push(entry);
            } else if entry.to_string_lossy().ends_with(SUITE_ENDING) {
                found.push(entry);
            }
        }
    }
    if found.is_empty() {
        return Err(SuiteError::NoSuites {
            folder: path.to_owned(),
        });
    }
    found.sort();
    Ok(found)
}

impl Suite {
    /// Reads a file of cases. The policy and the roster that it names are looked for beside it.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, its policy or its roster.
    pub fn load(path: &Path, sources: SuiteSources<'_>) -> Result<Self, SuiteError> {
        let text = document::read(path, MAX_SUITE_BYTES)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, &path.display().to_string(), folder, sources)
    }

    /// Reads the `text` of a file of cases; `origin` names it in messages, and paths in it start from `folder`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, its policy or its roster.
    pub fn parse(
        text: &str,
        origin: &str,
        folder: &Path,
        sources: SuiteSources<'_>,
    ) -> Result<Self, SuiteError> {
        let document = document::parse(text, origin, MAX_SUITE_BYTES)?;
        let mut faults = Faults::default();
        let Some(header) = Header::read(&document, sources, &mut faults) else {
            faults.into_result(origin)?;
            return Err(
                FileErrors::single(origin, None, "the file has no cases".to_owned()).into(),
            );
        };
        let (policy, policy_path) = match sources.policy {
            Some((policy, path)) => (Ok(Arc::clone(policy)), path.to_owned()),
            None => {
                let path = without_detours(&folder.join(header.policy.unwrap_or_default()));
                (Policy::load(&path).map(Arc::new), path)
            }
        };
        let policy = match policy {
            Ok(policy) => policy,
            // Without the policy's names, nothing can be said of the cases.
            Err(errors) => {
                return Err(SuiteError::of(faults.into_result(origin), [errors.into()]));
            }
        };
        let mut elsewhere: Vec<SuiteError> = Vec::new();
        if let Some(labels) = sources.labels {
            let checked = policy.check_labels(labels);
            elsewhere.extend(checked.err().map(SuiteError::from));
        }
        let agents = match (sources.roster, header.roster) {
            (Some(roster), _) => match roster.check_against(&policy) {
                Ok(()) => Agents::Of(Arc::clone(roster)),
                Err(errors) => {
                    elsewhere.push(errors.into());
                    Agents::Unknown
                }
            },
            (None, Some(node)) => read_case::roster(node, folder, &policy, &mut faults),
            (None, None) if header.roster_is_misspelt => Agents::Unknown,
            (None, None) => Agents::Without,
        };
        let surroundings = Surroundings {
            policy: &policy,
            agents,
            labels: sources.labels,
            now: header.now,
            folder,
        };
        let cases = read_cases(header.cases, &surroundings, &mut faults);
        match (faults.into_result(origin), elsewhere.is_empty()) {
            (Ok(()), true) => Ok(Self {
                origin: origin.to_owned(),
                policy,
                policy_path,
                cases,
            }),
            (own, _) => Err(SuiteError::of(own, elsewhere)),
        }
    }
}

impl SuiteError {
    /// What is wrong with a file of cases itself and with what it names; at least one of both.
    fn of(own: Result<(), FileErrors>, elsewhere: impl IntoIterator<Item = Self>) -> Self {
        let mut all: Vec<Self> = own.err().map(Self::from).into_iter().collect();
        all.extend(elsewhere);
        match all.len() {
            1 => all.remove(0),
            _ => Self::Several(all),
        }
    }
}

/// `path` without `.` and without folders that are left again by `..`.
fn without_detours(path: &Path) -> PathBuf {
    let mut kept = PathBuf::new();
    for part in path.components() {
        let named = matches!(kept.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            // A link to a folder leads elsewhere when it is left.
            Component::ParentDir if named && !kept.is_symlink() => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    kept
}

/// What stands above the cases.
struct Header<'n> {
    policy: Option<&'n str>,
    roster: Option<&'n Node>,
    roster_is_misspelt: bool,
    now: Timestamp,
    cases: &'n Node,
}

impl<'n> Header<'n> {
    fn read(document: &'n Node, sources: SuiteSources<'_>, faults: &mut Faults) -> Option<Self> {
        let begin = "version, policy and cases";
        if fields::refuse_empty(document, "the file of cases", begin, faults) {
            return None;
        }
        let known = ["version", "policy", "roster", "models", "now", "cases"];
        let file = Fields::open(document, "a file of cases", &known, faults)?;
        file.require("version", faults);
        file.integer("version", 1..=1_u8, faults);
        let cases = file.require("cases", faults);
        let policy = match (sources.policy, file.get("policy")) {
            (Some(_), None) => None,
            (_, Some(node)) => Some(fields::text(node, "policy", faults)?),
            (None, None) => {
                file.require("policy", faults);
                return None;
            }
        };
        file.text("models", faults);
        let now = file
            .get("now")
            .and_then(|node| read_case::time(node, "now", faults))
            .or_else(|| DEFAULT_NOW.parse().ok())?;
        Some(Self {
            policy,
            roster: file.get("roster"),
            roster_is_misspelt: file.is_misspelt("roster"),
            now,
            cases: cases?,
        })
    }
}

fn read_cases(node: &Node, surroundings: &Surroundings<'_>, faults: &mut Faults) -> Vec<Case> {
    let items = fields::items(node, "cases", faults);
    if matches!(&node.value, NodeValue::List(items) if items.is_empty()) {
        faults.add(node.position, "the file has no cases: write one");
    }
    if items.len() > MAX_CASES {
        let count = items.len();
        faults.add(
            node.position,
            format!("{count} cases are more than the {MAX_CASES} allowed: split the file"),
        );
        return Vec::new();
    }
    let mut seen: BTreeMap<&str, Position> = BTreeMap::new();
    let mut cases = Vec::with_capacity(items.len());
    for item in items {
        let case = read_case::read(item, surroundings, faults);
        // A case with faults has a name as well.
        if let Some(name) = name_of(item)
            && let Some(earlier) = seen.insert(name, item.position)
        {
            let (name, line) = (name.escape_debug(), earlier.line);
            faults.add(
                item.position,
                format!("case '{name}' is given twice, first in line {line}: rename one"),
            );
        }
        cases.extend(case);
    }
    cases
}

fn name_of(case: &Node) -> Option<&str> {
    let NodeValue::Map(entries) = &case.value else {
        return None;
    };
    let (_, name) = entries.iter().find(|(key, _)| key.name == "name")?;
    match &name.value {
        NodeValue::Text(name) => Some(name),
        _ => None,
    }
}
