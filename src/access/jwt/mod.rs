//! JSON Web Tokens (RFC 7519) that somebody trusted has signed, with RS256 or ES256 and keys from a file that may
//! change while the server runs.
//!
//! Checking a signature takes some ten to a hundred microseconds, so tokens that were found good are remembered until
//! they expire or the keys change.

mod keys;
mod provider;
mod verified;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;

use keys::KeySet;
pub use keys::KeysError;
use verified::{Verified, now};

use super::caller::{Caller, CallerName, Credential};
use super::{Fingerprint, Scopes};

/// Who signs tokens, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtConfig {
    /// The file of public keys.
    pub keys: PathBuf,
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must be or hold.
    pub audience: String,
    /// By how much clocks may differ.
    pub leeway: Duration,
}

/// Why a token is refused, in words that may be told to whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtFault {
    /// It has no three parts of base64url and JSON.
    #[error("it is neither a token of this server nor a JSON Web Token signed with RS256 or ES256")]
    Unreadable,
    /// It is signed in another way than its key signs.
    #[error("its algorithm is not that of its key")]
    Algorithm,
    /// It names extensions that must be understood.
    #[error("its header has critical extensions, which are not understood here")]
    Critical,
    /// It does not say which key signed it.
    #[error("its header has no \"kid\"")]
    NoKeyId,
    /// The key is not in the file of keys.
    #[error("its \"kid\" is none of the keys known here")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// It has expired.
    #[error("it has expired")]
    Expired,
    /// It is not valid yet.
    #[error("it is not valid yet")]
    NotYet,
    /// Somebody else issued it.
    #[error("its issuer is another than the one trusted here")]
    Issuer,
    /// It is meant for somebody else.
    #[error("its audience is another than this server")]
    Audience,
    /// A claim is missing or has the wrong type.
    #[error(
        "it lacks one of \"exp\", \"iss\", \"aud\" and \"sub\", or one of its claims has the wrong type"
    )]
    Claims,
    /// Nobody can be called what it names.
    #[error("its \"sub\" is no name: use 1 to 256 bytes without line breaks or spaces around them")]
    Subject,
}

/// What became of looking at the file of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeysLooked {
    /// Other keys are in force, so many.
    Changed(usize),
    /// The file is as it was.
    Unchanged,
}

#[derive(Debug)]
struct Trusted {
    set: KeySet,
    verified: Verified,
}

/// Checks tokens.
#[derive(Debug)]
pub(super) struct Jwt {
    path: PathBuf,
    rs256: Validation,
    es256: Validation,
    trusted: ArcSwap<Trusted>,
}

impl Jwt {
    pub(super) fn load(config: &JwtConfig) -> Result<Self, KeysError> {
        provider::install();
        let validation = |algorithm| {
            let mut validation = Validation::new(algorithm);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            validation.set_issuer(&[&config.issuer]);
            validation.set_audience(&[&config.audience]);
            validation.validate_nbf = true;
            validation.leeway = config.leeway.as_secs();
            validation
        };
        Ok(Self {
            path: config.keys.clone(),
            rs256: validation(Algorithm::RS256),
            es256: validation(Algorithm::ES256),
            trusted: ArcSwap::from_pointee(Trusted::new(KeySet::read(&config.keys)?)),
        })
    }

    /// Takes over the keys of the file. Tokens whose key is gone are refused from now on.
    pub(super) fn reload(&self) -> Result<KeysLooked, KeysError> {
        let set = KeySet::read(&self.path)?;
        if set.fingerprint == self.trusted.load().set.fingerprint {
            return Ok(KeysLooked::Unchanged);
        }
        let keys = set.keys.len();
        self.trusted.store(Arc::new(Trusted::new(set)));
        Ok(KeysLooked::Changed(keys))
    }

    /// Who sent a token that was found good before, by its fingerprint.
    pub(super) fn known(&self, fingerprint: &Fingerprint) -> Option<Caller> {
        self.trusted.load().verified.get(fingerprint)
    }

    /// Who sends a token, if it is good.
    pub(super) fn verify(&self, token: &str, fingerprint: Fingerprint) -> Result<Caller, JwtFault> {
        let header = decode_header(token).map_err(|_| JwtFault::Unreadable)?;
        if header.crit.is_some() {
            return Err(JwtFault::Critical);
        }
        let trusted = self.trusted.load();
        let id = header.kid.as_deref().ok_or(JwtFault::NoKeyId)?;
        let key = trusted.set.keys.get(id).ok_or(JwtFault::UnknownKey)?;
        let validation = match key.algorithm {
            Algorithm::RS256 => &self.rs256,
            _ => &self.es256,
        };
        let claims = decode::<Claims>(token, &key.decoding, validation)
            .map_err(|error| fault(error.kind()))?
            .claims;
        let scopes = claims.scope.or(claims.scopes).unwrap_or_default();
        let caller = Caller {
            name: CallerName::try_from(claims.sub).map_err(|_| JwtFault::Subject)?,
            credential: Credential::Jwt,
            scopes: scopes.among_ours(),
        };
        let expires = claims.exp.saturating_add(validation.leeway);
        trusted
            .verified
            .remember(fingerprint, &caller, expires, now());
        Ok(caller)
    }
}

impl Trusted {
    fn new(set: KeySet) -> Self {
        Self {
            set,
            verified: Verified::default(),
        }
    }
}

/// What a token says, besides what `jsonwebtoken` looks at itself.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    #[serde(deserialize_with = "whole_seconds")]
    exp: u64,
    scope: Option<ScopeClaim>,
    scopes: Option<ScopeClaim>,
}

/// Scopes in one text, with spaces between them, or in a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ScopeClaim {
    Text(String),
    List(Vec<String>),
}

impl Default for ScopeClaim {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl ScopeClaim {
    fn among_ours(&self) -> Scopes {
        match self {
            Self::Text(text) => Scopes::among(text.split(' ')),
            Self::List(list) => Scopes::among(list.iter().map(String::as_str)),
        }
    }
}

/// A `NumericDate` may have a fraction.
fn whole_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    Ok(seconds as u64)
}

fn fault(kind: &ErrorKind) -> JwtFault {
    match kind {
        ErrorKind::InvalidSignature => JwtFault::Signature,
        ErrorKind::ExpiredSignature => JwtFault::Expired,
        ErrorKind::ImmatureSignature => JwtFault::NotYet,
        ErrorKind::InvalidIssuer => JwtFault::Issuer,
        ErrorKind::InvalidAudience => JwtFault::Audience,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm
        | ErrorKind::MissingAlgorithm => JwtFault::Algorithm,
        ErrorKind::MissingRequiredClaim(_)
        | ErrorKind::InvalidClaimFormat(_)
        | ErrorKind::Json(_) => JwtFault::Claims,
        _ => JwtFault::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_from_a_text_or_a_list() {
        for (claim, expected) in [
            ("\"route admin\"", "route or admin"),
            ("\"openid  route\"", "route"),
            ("[\"admin\", \"email\"]", "admin"),
            ("\"routes,admin\"", ""),
            ("\"\"", ""),
            ("[]", ""),
        ] {
            let claim: ScopeClaim = serde_json::from_str(claim).unwrap();
            assert_eq!(claim.among_ours().to_string(), expected, "{claim:?}");
        }
    }

    #[test]
    fn times_may_have_fractions_and_odd_ones_have_expired() {
        for (exp, expected) in [("17", 17), ("17.9", 17), ("-1", 0), ("1e300", u64::MAX)] {
            let claims = format!("{{\"sub\": \"a\", \"exp\": {exp}}}");
            let claims: Claims = serde_json::from_str(&claims).unwrap();
            assert_eq!(claims.exp, expected);
        }
        for exp in ["\"17\"", "null", "[]"] {
            let claims = format!("{{\"sub\": \"a\", \"exp\": {exp}}}");
            assert!(serde_json::from_str::<Claims>(&claims).is_err(), "{exp}");
        }
    }
}
