//! Who calls, once that is known.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Scopes;

/// Longest name, in bytes.
const MAX_NAME_BYTES: usize = 256;

/// The name that a caller goes by in logs: not empty, at most 256 bytes, in one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CallerName(Arc<str>);

/// Nobody can be called this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no name: use 1 to 256 bytes without line breaks or spaces around them")]
pub struct BadName;

impl CallerName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CallerName {
    type Error = BadName;

    fn try_from(name: String) -> Result<Self, BadName> {
        let fits = !name.is_empty() && name.len() <= MAX_NAME_BYTES;
        let clean = name.trim() == name && !name.chars().any(char::is_control);
        if fits && clean {
            Ok(Self(name.into()))
        } else {
            Err(BadName)
        }
    }
}

impl From<CallerName> for String {
    fn from(name: CallerName) -> Self {
        name.0.as_ref().into()
    }
}

impl fmt::Display for CallerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// By a token that the settings list.
    Token,
    /// By a token that somebody trusted has signed.
    Jwt,
    /// By a certificate that the settings list.
    Certificate,
}

impl Credential {
    /// Its name in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Jwt => "jwt",
            Self::Certificate => "certificate",
        }
    }
}

/// Who calls. It is in the extensions of each request whose caller proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The name; two kinds of credential may give the same one to different callers.
    pub name: CallerName,
    /// How the caller proved who it is.
    pub credential: Credential,
    /// What it may do.
    pub scopes: Scopes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_in_one_line() {
        for good in [
            "a",
            "billing backend",
            "ana@example.com",
            "Zoë",
            &"x".repeat(256),
        ] {
            let name = CallerName::try_from(good.to_owned()).unwrap();
            assert_eq!(name.as_str(), good);
        }
        for bad in ["", " ", "a ", "\ta", "a\nb", "a\u{7f}", &"x".repeat(257)] {
            assert_eq!(
                CallerName::try_from(bad.to_owned()),
                Err(BadName),
                "{bad:?}"
            );
        }
    }
}
