//! Changed files on disk: the policy's and the roster's are looked at together, since one may need the other.

use std::sync::Arc;

use super::trial::{CheckedPolicy, cases_pass, check};
use super::{Candidate, ChangeError, Live};
use crate::checksum::sha256_hex;
use crate::policy_store::PolicySource;
use crate::routing::document;
use crate::routing::{MAX_ROSTER_BYTES, Roster, RosterErrors, policy_version_of, read_policy_text};
use crate::triage::{Sources, Triage};

/// What came of looking at the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reloaded {
    /// They are as they were.
    Unchanged,
    /// What they hold is in force.
    Changed,
}

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

impl Live {
    /// Looks at the files of policy and roster. One that is not what was last taken over from it takes the place of
    /// what is in force, however that came: the policy after it was checked and its cases were tried, both only
    /// together if both have changed.
    ///
    /// # Errors
    /// Why what is in force stays.
    pub fn reload_files(&self) -> Result<Reloaded, ChangeError> {
        let path = &self.sources.policy;
        let text = read_policy_text(path)?;
        let version = policy_version_of(&text);
        let (current, policy_is_new, roster_file) = {
            let changing = self.lock();
            let seen = changing.roster_file.clone();
            let policy_is_new = changing.policy_file.as_ref() != Some(&version);
            (Arc::clone(&changing.current), policy_is_new, seen)
        };
        let read = RosterFile::load(&self.sources)?;
        let new_roster = read.filter(|read| Some(&read.checksum) != roster_file.as_ref());
        if !policy_is_new && new_roster.is_none() {
            return Ok(Reloaded::Unchanged);
        }
        let of_file = new_roster.as_ref().map(|read| &read.roster);
        let roster = of_file.or_else(|| current.triage().roster()).cloned();
        let origin = path.display().to_string();
        let new_policy = match policy_is_new && current.policy().record.version != version {
            true => {
                let tried = self.try_file(&text, &origin, roster.as_deref())?;
                // The roster in force may have come by a call; the next start reads the file's.
                self.check_roster_file(&tried.0.policy)?;
                Some(tried)
            }
            false => None,
        };
        let mut changing = self.lock();
        // Meanwhile the same policy may have been applied by a call.
        let decides = changing.current.policy().record.version == version;
        match &new_policy {
            Some((checked, cases)) if !decides => {
                let candidate = Candidate {
                    policy: Arc::clone(&checked.policy),
                    text: &text,
                    source: PolicySource::File,
                    author: None,
                    comment: "",
                    cases: *cases,
                    roster: of_file.cloned(),
                };
                self.swap(&mut changing, candidate)?;
            }
            Some(_) | None => {
                if let Some(roster) = of_file {
                    let current = Arc::clone(&changing.current);
                    let policy = Arc::clone(current.triage().policy());
                    let bundle = Arc::clone(&self.bundle);
                    let triage = Triage::new(bundle, policy, Some(Arc::clone(roster)))?;
                    let policy = Arc::clone(current.policy());
                    self.put(&mut changing, current.with(triage, policy));
                }
                if policy_is_new {
                    // The policy in force was written into the file.
                    if let Some(store) = &mut changing.store {
                        store.note_file(&version)?;
                    }
                    tracing::info!(
                        policy_version = version,
                        "the policy's file holds the policy that decides already"
                    );
                    changing.policy_file = Some(version);
                }
            }
        }
        if let Some(read) = new_roster {
            let agents = read.roster.agents().len();
            changing.roster_file = Some(read.checksum);
            tracing::info!(agents, "the roster's file is in force");
        }
        Ok(Reloaded::Changed)
    }

    /// Checks the policy of the file and tries its cases; returns how many there are.
    fn try_file(
        &self,
        text: &str,
        origin: &str,
        roster: Option<&Roster>,
    ) -> Result<(CheckedPolicy, usize), ChangeError> {
        let checked = check(text, origin, &self.bundle, roster)?;
        if let Some(roster) = roster {
            roster.check_against(&checked.policy)?;
        }
        let cases = cases_pass(&checked.policy, &self.bundle, &self.sources.policy)?;
        Ok((checked, cases))
    }
}
