//! Another roster by a call. It is not kept: who is there and how much they hold is old by the next start.

use std::sync::Arc;

use super::Live;
use crate::routing::Roster;
use crate::triage::{LoadError, Triage};

impl Live {
    /// Puts what `edit` makes of the roster so far in its place, and returns it. Nothing else changes roster or policy
    /// meanwhile.
    ///
    /// # Errors
    /// What `edit` fails with, or why the policy and the new roster do not fit; the roster so far stays.
    pub fn edit_roster<E: From<LoadError>>(
        &self,
        edit: impl FnOnce(&Triage) -> Result<Roster, E>,
    ) -> Result<Arc<Roster>, E> {
        let mut changing = self.lock();
        let current = Arc::clone(&changing.current);
        let triage = current.triage();
        let roster = Arc::new(edit(triage)?);
        self.put_beside(&mut changing, None, Some(Arc::clone(&roster)))?;
        Ok(roster)
    }
}
