//! The policies that decided, on disk: their texts, which of them decides, and the audit log. Whole or not at all,
//! and held by one program at a time. Knows nothing of what a policy means.
//!
//! A change is written in this order, each step synchronised before the next: the text, a line of the audit log,
//! `live.json` by rename. So no change goes unlogged; should the program be killed between the last two, the policy
//! before still decides, and the next line of the log says so in its `before`.

mod audit;
mod difference;
mod record;

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use audit::AuditEntry;
pub use difference::{Versioned, unified_diff};
pub use record::{PolicyRecord, PolicySource};

use crate::checksum::sha256_hex;
use crate::model::files::{parent_of, read_at_most, replace, sync_folder};
use crate::model::json_lines;
use crate::routing::MAX_POLICY_BYTES;

/// Name of the audit log: one JSON object a line, the earliest first.
pub const AUDIT_LOG: &str = "policy-log.jsonl";
/// Which policy decides and which did.
const LIVE: &str = "live.json";
/// Folder of the policies' texts.
const TEXTS: &str = "policies";
/// File that the program that holds the folder has locked.
const LOCK: &str = "lock";
/// Number of changes whose policies are kept to go back to.
const KEPT: usize = 100;
/// Largest `live.json`, in bytes.
const MAX_LIVE_BYTES: u64 = 16 << 20;

/// Why policies cannot be kept or had back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{}: {source}: state.folder must name a folder that can be written", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Another program holds the folder.
    #[error(
        "{}: another server keeps its policies here: give each its own state.folder",
        folder.display()
    )]
    Held {
        /// The folder.
        folder: PathBuf,
    },
    /// `live.json` is not what this program writes.
    #[error("{}: it cannot be read ({problem}): restore it, or remove the folder to begin anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The version is not kept.
    #[error("no policy of version '{version}' is kept: {}", listed(kept))]
    Unknown {
        /// The version.
        version: String,
        /// Those that are.
        kept: Vec<String>,
    },
}

fn listed(kept: &[String]) -> String {
    match kept {
        [] => "there is none besides the one that decides".to_owned(),
        kept => format!("use one of {}", kept.join(", ")),
    }
}

/// What `live.json` holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct LiveFile {
    /// Version of the settings' policy file when it was last taken over.
    file_version: Option<String>,
    /// The latest first; the first decides.
    records: Vec<PolicyRecord>,
}

/// A change of the policy that decides.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// The policy that decides from now on.
    pub record: PolicyRecord,
    /// Its text.
    pub text: &'a str,
    /// What changed, as a unified diff.
    pub diff: &'a str,
    /// How many cases were tried.
    pub cases: usize,
    /// The version of the settings' file, where the change comes from there.
    pub file_version: Option<String>,
}

/// A folder of policies, held by this program.
#[derive(Debug)]
pub struct PolicyStore {
    folder: PathBuf,
    live: LiveFile,
    /// `None` where it is only looked at.
    _lock: Option<File>,
}

impl PolicyStore {
    /// Opens the folder, which is made if it is not there, and holds it until this is dropped. Half a line at the
    /// end of the audit log is taken away.
    ///
    /// # Errors
    /// If it cannot be written, another program holds it, or what it holds is damaged.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        let texts = folder.join(TEXTS);
        if !texts.is_dir() {
            fs::create_dir_all(&texts).map_err(at(&texts))?;
            for holder in [folder, parent_of(folder)] {
                sync_folder(holder).map_err(at(holder))?;
            }
        }
        let path = folder.join(LOCK);
        let lock = File::create(&path).map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let folder = folder.to_owned();
                return Err(StoreError::Held { folder });
            }
            Err(TryLockError::Error(source)) => return Err(at(&path)(source)),
        }
        let path = folder.join(AUDIT_LOG);
        let cut = json_lines::cut_half_line(&path).map_err(at(&path))?;
        if cut > 0 {
            tracing::warn!(
                path = %path.display(),
                bytes = cut,
                "half a line of the audit log was taken away: its change did not happen"
            );
        }
        Ok(Self {
            live: read_live(&folder.join(LIVE))?,
            folder: folder.to_owned(),
            _lock: Some(lock),
        })
    }

    /// Looks at what a folder holds, which need not be there, without holding it and without writing anything. What it
    /// holds may change meanwhile, so nothing may be changed by what is returned.
    ///
    /// # Errors
    /// If what it holds is damaged or cannot be read.
    pub fn look(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            live: read_live(&folder.join(LIVE))?,
            folder: folder.to_owned(),
            _lock: None,
        })
    }

    /// The policy that decides; `None` where none was ever kept.
    #[must_use]
    pub fn live(&self) -> Option<&PolicyRecord> {
        self.live.records.first()
    }

    /// The policies that are kept besides the one that decides, the latest first, each version once.
    #[must_use]
    pub fn earlier(&self) -> Vec<PolicyRecord> {
        let mut earlier: Vec<PolicyRecord> = Vec::new();
        let live = self.live().map(|record| &record.version);
        for record in &self.live.records {
            let version = &record.version;
            if Some(version) != live && earlier.iter().all(|one| one.version != *version) {
                earlier.push(record.clone());
            }
        }
        earlier
    }

    /// What going back leads to: the policy that decided before the one that does, what was gone back from left out.
    #[must_use]
    pub fn previous(&self) -> Option<&PolicyRecord> {
        let records = &self.live.records;
        let mut at = 0;
        loop {
            let record = records.get(at)?;
            if record.source != PolicySource::Rollback {
                return self.find(record.before.as_deref()?).ok();
            }
            // Where it decided first, before it was gone back to.
            let later = records.iter().skip(at + 1);
            at += 1 + later
                .take_while(|one| one.version != record.version)
                .count();
        }
    }

    /// The latest record of a version that is kept.
    ///
    /// # Errors
    /// If it is not kept; the message names those that are.
    pub fn find(&self, version: &str) -> Result<&PolicyRecord, StoreError> {
        let mut records = self.live.records.iter();
        records
            .find(|record| record.version == version)
            .ok_or_else(|| StoreError::Unknown {
                version: version.to_owned(),
                kept: self
                    .earlier()
                    .into_iter()
                    .map(|record| record.version)
                    .collect(),
            })
    }

    /// Version of the settings' policy file when it was last taken over.
    #[must_use]
    pub fn file_version(&self) -> Option<&str> {
        self.live.file_version.as_deref()
    }

    /// The text of a version that is kept.
    ///
    /// # Errors
    /// If it is not kept, cannot be read, or is not the text that was kept.
    pub fn text(&self, version: &str) -> Result<String, StoreError> {
        let version = &self.find(version)?.version;
        let path = self.text_path(version);
        let bytes = read_at_most(&path, MAX_POLICY_BYTES as u64).map_err(at(&path))?;
        let damaged = |problem: &str| StoreError::Damaged {
            path: path.clone(),
            problem: problem.to_owned(),
        };
        if !sha256_hex(&bytes).starts_with(version.as_str()) {
            return Err(damaged("its checksum is not the one in its name"));
        }
        String::from_utf8(bytes).map_err(|_| damaged("it is not UTF-8"))
    }

    /// Where a version's text is, or would be.
    #[must_use]
    pub fn text_path(&self, version: &str) -> PathBuf {
        self.folder.join(TEXTS).join(format!("{version}.yaml"))
    }

    /// Keeps a change: when this returns, it is on disk and in the audit log.
    ///
    /// # Errors
    /// If it cannot be written; the policy before then still decides, and the log says nothing of the change.
    pub fn commit(&mut self, change: Change<'_>) -> Result<(), StoreError> {
        let path = self.text_path(&change.record.version);
        replace(&path, change.text.as_bytes()).map_err(at(&path))?;
        let mut live = self.live.clone();
        live.records.insert(0, change.record.clone());
        live.records.truncate(KEPT);
        if change.file_version.is_some() {
            live.file_version.clone_from(&change.file_version);
        }
        let path = self.folder.join(AUDIT_LOG);
        let entry = AuditEntry::of(&change);
        let appended = json_lines::append(&path, &entry).map_err(at(&path))?;
        if let Err(error) = self.write_live(&live) {
            // It may be in place already, where only the wait for the disk failed. The first failure says more than
            // a second one would.
            let _ = self.write_live(&self.live);
            appended.take_back();
            return Err(error);
        }
        self.live = live;
        self.drop_texts();
        Ok(())
    }

    /// Notes that the settings' file was looked at and holds the policy that decides already.
    ///
    /// # Errors
    /// If that cannot be written.
    pub fn note_file(&mut self, version: &str) -> Result<(), StoreError> {
        let mut live = self.live.clone();
        live.file_version = Some(version.to_owned());
        self.write_live(&live)?;
        self.live = live;
        Ok(())
    }

    fn write_live(&self, live: &LiveFile) -> Result<(), StoreError> {
        let path = self.folder.join(LIVE);
        let mut bytes = serde_json::to_vec_pretty(live)
            .map_err(io::Error::from)
            .map_err(at(&path))?;
        bytes.push(b'\n');
        replace(&path, &bytes).map_err(at(&path))
    }

    /// Removes the texts that no record names any more.
    fn drop_texts(&self) {
        let folder = self.folder.join(TEXTS);
        let Ok(entries) = fs::read_dir(&folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let version = name.strip_suffix(".yaml").unwrap_or(&name);
            if self.live.records.iter().all(|one| one.version != version) {
                // What stays is not read; it is tried again at the next change.
                let _ = fs::remove_file(entry.path());
            }
        }
        let _ = sync_folder(&folder);
    }
}

fn read_live(path: &Path) -> Result<LiveFile, StoreError> {
    let bytes = match read_at_most(path, MAX_LIVE_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LiveFile::default()),
        Err(error) => return Err(at(path)(error)),
    };
    let live: LiveFile = serde_json::from_slice(&bytes).map_err(|error| StoreError::Damaged {
        path: path.to_owned(),
        problem: error.to_string(),
    })?;
    let digits = |version: &str| version.bytes().all(|byte| byte.is_ascii_hexdigit());
    // Versions become names of files.
    match live.records.iter().find(|one| !digits(&one.version)) {
        None => Ok(live),
        Some(record) => Err(StoreError::Damaged {
            path: path.to_owned(),
            problem: format!("'{}' is no version", record.version.escape_debug()),
        }),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

#[cfg(test)]
mod tests;
