//! Messages of a stream that could not be read where they were translated, each answered by itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tonic::Status;

/// Which messages of a stream stand for lines that could not be read; in the extensions of a call that was translated
/// in this process. Whoever translates notes a line before it sends an empty message in its place.
#[derive(Debug, Clone, Default)]
pub struct UnreadLines(Arc<Mutex<VecDeque<(u64, Unread)>>>);

/// A line that could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    /// The id of its ticket; empty where it could not be told.
    pub(super) ticket_id: String,
    /// What is wrong with it.
    pub(super) status: Status,
}

impl UnreadLines {
    /// The path of the call that answers such lines; any other would take the empty messages for what was sent.
    pub const ANSWERED_BY: &'static str = "/triage.v1.TriageService/StreamRoute";

    /// Notes what is wrong with the message at `index`, counted from 0, and its ticket's id, which may be empty. Lines are
    /// noted in their order.
    pub fn note(&self, index: u64, ticket_id: String, status: Status) {
        let unread = Unread { ticket_id, status };
        self.lock().push_back((index, unread));
    }

    /// What is wrong with the message at `index`; `None` if it is what was sent. Messages are asked for in their order.
    pub(super) fn take(&self, index: u64) -> Option<Unread> {
        let mut unread = self.lock();
        let is_next = unread.front().is_some_and(|(of, _)| *of == index);
        is_next
            .then(|| unread.pop_front())?
            .map(|(_, unread)| unread)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Unread)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
