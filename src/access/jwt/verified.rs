//! Tokens that were found good, until they expire. It belongs to the keys that they were checked with.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::{Caller, Fingerprint};

/// Most tokens that are remembered; each takes some hundred bytes.
const MAX_TOKENS: usize = 10_000;

/// Callers by the fingerprints of their tokens, and when those expire, in seconds since 1970.
#[derive(Debug, Default)]
pub(super) struct Verified(Mutex<HashMap<Fingerprint, (Caller, u64)>>);

impl Verified {
    pub(super) fn get(&self, token: &Fingerprint) -> Option<Caller> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (caller, expires) = tokens.get(token)?;
        (now() < *expires).then(|| caller.clone())
    }

    /// Remembers a token. Where there are too many, those that have expired go, or all if none has: they are checked
    /// again when they come.
    pub(super) fn remember(&self, token: Fingerprint, caller: &Caller, expires: u64, now: u64) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MAX_TOKENS {
            tokens.retain(|_, (_, expires)| now < *expires);
        }
        if tokens.len() >= MAX_TOKENS {
            tokens.clear();
        }
        tokens.insert(token, (caller.clone(), expires));
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Credential, Scope, Scopes};

    #[test]
    fn tokens_are_forgotten_when_they_expire_or_are_too_many() {
        let caller = Caller {
            name: "ana".to_owned().try_into().unwrap(),
            credential: Credential::Jwt,
            scopes: Scopes::of(&[Scope::Route]),
        };
        let token = |number: usize| Fingerprint::of(&number.to_le_bytes());
        let count = |verified: &Verified| verified.0.lock().unwrap().len();
        let (past, future) = (now() - 1, now() + 1_000);

        let verified = Verified::default();
        verified.remember(token(0), &caller, past, past - 10);
        assert_eq!(verified.get(&token(0)), None);
        for number in 1..=MAX_TOKENS {
            verified.remember(token(number), &caller, future, now());
        }
        assert_eq!(count(&verified), MAX_TOKENS);
        assert_eq!(verified.get(&token(1)), Some(caller.clone()));
        verified.remember(token(MAX_TOKENS + 1), &caller, future, now());
        assert_eq!(count(&verified), 1);
    }
}
