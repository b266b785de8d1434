//! The files of policy and roster on disk, and whether they are other ones than those that were last taken over.

use std::sync::Arc;

use super::stamp::read_unchanging;
use super::{ChangeError, Live};
use crate::checksum::sha256_hex;
use crate::routing::document;
use crate::routing::{MAX_ROSTER_BYTES, Roster, RosterErrors, policy_version_of, read_policy_text};
use crate::triage::Sources;

/// The roster's file.
#[derive(Debug, Clone)]
pub(super) struct RosterFile {
    pub(super) roster: Arc<Roster>,
    pub(super) checksum: String,
}

impl RosterFile {
    /// Reads the file that the sources name, if they name one.
    pub(super) fn load(sources: &Sources) -> Result<Option<Self>, RosterErrors> {
        let Some(path) = &sources.roster else {
            return Ok(None);
        };
        let text = document::read(path, MAX_ROSTER_BYTES)?;
        let roster = Roster::parse(&text, &path.display().to_string())?;
        Ok(Some(Self {
            roster: Arc::new(roster),
            checksum: sha256_hex(text.as_bytes()),
        }))
    }
}

/// Files at least one of which was changed.
pub(super) struct ChangedFiles {
    /// The policy's file, if it is not what was last taken over.
    pub(super) policy: Option<PolicyFile>,
    /// The roster's file, likewise.
    pub(super) roster: Option<RosterFile>,
}

/// The policy's file.
pub(super) struct PolicyFile {
    pub(super) text: String,
    pub(super) version: String,
}

impl Live {
    /// Reads the files of policy and roster; `None` if both are what was last taken over from them.
    pub(super) fn changed_files(&self) -> Result<Option<ChangedFiles>, ChangeError> {
        let path = &self.sources.policy;
        let files = [path].into_iter().chain(&self.sources.roster).cloned();
        // Both of one moment: one may need the other.
        let (text, roster) = read_unchanging(&files.collect::<Vec<_>>(), || {
            (read_policy_text(path), RosterFile::load(&self.sources))
        });
        let text = text?;
        let version = policy_version_of(&text);
        let (policy_is_new, roster_file) = {
            let changing = self.lock();
            let is_new = changing.policy_file.as_ref() != Some(&version);
            (is_new, changing.roster_file.clone())
        };
        let changed = ChangedFiles {
            policy: policy_is_new.then_some(PolicyFile { text, version }),
            roster: roster?.filter(|read| Some(&read.checksum) != roster_file.as_ref()),
        };
        let any = changed.policy.is_some() || changed.roster.is_some();
        Ok(any.then_some(changed))
    }
}
