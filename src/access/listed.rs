//! Credentials that the settings list: tokens by their SHA-256, certificates by theirs.

use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::caller::{Caller, CallerName, Credential};
use super::{Fingerprint, Scopes};
use crate::checksum::hex;

/// What a token made here begins with, so that one that was published by mistake is recognised.
const TOKEN_PREFIX: &str = "triage_";
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// A credential that the settings list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Name of the caller who holds it.
    pub name: CallerName,
    /// SHA-256 of the token's text, or of the certificate in DER.
    pub sha256: Fingerprint,
    /// What the caller may do.
    pub scopes: Scopes,
}

/// Callers by the fingerprint of what they show.
#[derive(Debug, Clone, Default)]
pub(super) struct Callers(Vec<(Fingerprint, Caller)>);

impl Callers {
    pub(super) fn new(listed: &[Listed], credential: Credential) -> Self {
        let caller = |one: &Listed| Caller {
            name: one.name.clone(),
            credential,
            scopes: one.scopes,
        };
        Self(listed.iter().map(|one| (one.sha256, caller(one))).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whose fingerprint this is. It takes the same time whether and wherever there is one: all are compared, each
    /// to its last byte.
    pub(super) fn find(&self, shown: &Fingerprint) -> Option<&Caller> {
        let mut found = u64::MAX;
        for (index, (fingerprint, _)) in (0u64..).zip(&self.0) {
            let same = fingerprint.bytes().ct_eq(shown.bytes());
            found.conditional_assign(&index, same);
        }
        let (_, caller) = self.0.get(usize::try_from(found).ok()?)?;
        Some(caller)
    }
}

/// The operating system has no random numbers to make a token of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers to make a token of")]
pub struct NoRandomness;

/// A token that nobody could guess: `triage_` and 64 hexadecimal digits.
///
/// # Errors
/// If the operating system gives no random numbers.
pub fn new_token() -> Result<String, NoRandomness> {
    let mut bytes = [0; TOKEN_BYTES];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(format!("{TOKEN_PREFIX}{}", hex(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Scope;

    #[test]
    fn each_is_found_by_its_own_fingerprint_and_by_no_other() {
        let listed: Vec<Listed> = ["first", "second", "third"]
            .into_iter()
            .map(|name| Listed {
                name: name.to_owned().try_into().unwrap(),
                sha256: Fingerprint::of(name.as_bytes()),
                scopes: Scopes::of(&[Scope::Route]),
            })
            .collect();
        let callers = Callers::new(&listed, Credential::Token);
        for one in &listed {
            assert_eq!(callers.find(&one.sha256).unwrap().name, one.name);
        }
        assert_eq!(callers.find(&Fingerprint::of(b"fourth")), None);
        assert_eq!(Callers::default().find(&Fingerprint::of(b"first")), None);
    }

    #[test]
    fn tokens_differ_and_have_256_bits() {
        let (one, other) = (new_token().unwrap(), new_token().unwrap());
        assert_ne!(one, other);
        let digits = one.strip_prefix("triage_").unwrap();
        assert_eq!(digits.len(), 64);
        assert!(digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
