//! Settings of who may call what, and how often.

use std::collections::BTreeSet;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::{SettingsError, TlsSettings, within};
use crate::access::{JwtConfig, LimitConfig, Listed};

/// Most by which clocks may differ.
const MAX_LEEWAY_SECONDS: u64 = 600;
/// Highest limit that may be set: above it there is none worth the name.
const MAX_LIMIT: u64 = 1_000_000;

/// Who may call what, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessSettings {
    /// Tokens.
    pub tokens: Vec<Listed>,
    /// Certificates of clients.
    pub certificates: Vec<Listed>,
    /// Tokens that somebody else signs.
    pub jwt: JwtSettings,
    /// Calls of one client a second; 0 for any number.
    pub rate_limit: u32,
    /// Calls of one client at once after a silence; 0 for as many as a second has.
    pub rate_burst: u32,
    /// Calls of one client under way at a time; 0 for any number.
    pub max_concurrent: usize,
}

/// Tokens that somebody else signs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtSettings {
    /// The file of public keys; empty where nobody signs tokens.
    pub keys: PathBuf,
    /// Who signs them: what `iss` must be.
    pub issuer: String,
    /// For whom: what `aud` must be or hold.
    pub audience: String,
    /// By how much clocks may differ, in seconds.
    pub leeway_seconds: u64,
}

impl AccessSettings {
    /// Limits for each client.
    #[must_use]
    pub fn limits(&self) -> LimitConfig {
        LimitConfig {
            per_second: NonZeroU32::new(self.rate_limit),
            burst: NonZeroU32::new(self.rate_burst),
            concurrent: NonZeroUsize::new(self.max_concurrent),
        }
    }

    pub(super) fn validate(&self, tls: &TlsSettings) -> Result<(), SettingsError> {
        if !self.certificates.is_empty() && tls.authorities().is_none() {
            let problem = "lists clients though tls.client_ca names no authorities that sign their \
                           certificates";
            return Err(wrong("access.certificates", problem));
        }
        once_each("access.tokens", &self.tokens)?;
        once_each("access.certificates", &self.certificates)?;
        self.jwt.validate()?;
        within("access.rate_limit", self.rate_limit.into(), 0..=MAX_LIMIT)?;
        within("access.rate_burst", self.rate_burst.into(), 0..=MAX_LIMIT)?;
        if self.rate_burst > 0 && self.rate_limit == 0 {
            let problem = "is set though access.rate_limit is not: set both or neither";
            return Err(wrong("access.rate_burst", problem));
        }
        within(
            "access.max_concurrent",
            self.max_concurrent as u64,
            0..=MAX_LIMIT,
        )
    }
}

impl JwtSettings {
    /// Who signs tokens; `None` if nobody does.
    #[must_use]
    pub fn config(&self) -> Option<JwtConfig> {
        (!self.keys.as_os_str().is_empty()).then(|| JwtConfig {
            keys: self.keys.clone(),
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            leeway: Duration::from_secs(self.leeway_seconds),
        })
    }

    fn validate(&self) -> Result<(), SettingsError> {
        within(
            "access.jwt.leeway_seconds",
            self.leeway_seconds,
            0..=MAX_LEEWAY_SECONDS,
        )?;
        let claims = [
            ("access.jwt.issuer", &self.issuer),
            ("access.jwt.audience", &self.audience),
        ];
        for (key, claim) in claims {
            match (self.config().is_some(), claim.is_empty()) {
                (true, true) => {
                    let problem = "is empty though access.jwt.keys is not: say which tokens are \
                                   meant, or those signed for anybody else would be taken";
                    return Err(wrong(key, problem));
                }
                (false, false) => {
                    let problem = "is set though access.jwt.keys is empty: name the file of keys";
                    return Err(wrong(key, problem));
                }
                (true, false) | (false, true) => {}
            }
        }
        Ok(())
    }
}

/// Checks that nobody and nothing is listed twice.
fn once_each(key: &'static str, listed: &[Listed]) -> Result<(), SettingsError> {
    let mut names = BTreeSet::new();
    let mut hashes = BTreeSet::new();
    for one in listed {
        if !names.insert(&one.name) {
            let problem = format!("two entries have the name '{}'", one.name);
            return Err(wrong(key, problem));
        }
        if !hashes.insert(one.sha256.bytes()) {
            let problem = format!("'{}' and another entry have the same sha256", one.name);
            return Err(wrong(key, problem));
        }
    }
    Ok(())
}

fn wrong(key: &'static str, problem: impl Into<String>) -> SettingsError {
    SettingsError::Value {
        key,
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::access::Fingerprint;
    use crate::settings::Settings;

    /// What is said of settings with this section.
    fn loaded(section: &str) -> Result<Settings, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("triage.toml");
        std::fs::write(&file, section).unwrap();
        Settings::load(Some(&file), &[]).map_err(|error| error.to_string())
    }

    fn token(name: &str, secret: &str) -> String {
        let sha256 = Fingerprint::of(secret.as_bytes());
        format!(
            "[[access.tokens]]\nname = \"{name}\"\nsha256 = \"{sha256}\"\nscopes = [\"route\"]\n"
        )
    }

    #[test]
    fn credentials_are_read() {
        let both = token("a", "1") + &token("b", "2");
        let access = loaded(&both).unwrap().access;
        assert_eq!(access.tokens.len(), 2);
        assert_eq!(access.tokens[1].sha256, Fingerprint::of(b"2"));
        let jwt = "[access.jwt]\nkeys = \"k\"\nissuer = \"i\"\naudience = \"a\"\n";
        assert!(loaded(jwt).unwrap().access.jwt.config().is_some());
        assert!(loaded("").unwrap().access.jwt.config().is_none());
    }

    #[test]
    fn weak_credentials_are_refused_by_key() {
        let good = token("a", "1");
        let (start, hash) = good.split_once("sha256 = \"").unwrap();
        let short = format!("{start}sha256 = \"{}", &hash[1..]);
        let limit = |line: &str| format!("[access]\n{line}\n");
        let jwt = |lines: &str| format!("[access.jwt]\n{lines}\n");
        let tls = "[tls]\ncertificate = \"c\"\nkey = \"k\"\nclient_ca = \"a\"\n";
        for (section, words) in [
            (short, &["access.tokens[0].sha256", "64 hexadecimal"][..]),
            (
                good.replace("route", "root"),
                &["access.tokens[0].scopes[0]", "root"],
            ),
            (
                good.replace("\"route\"", ""),
                &["access.tokens[0].scopes", "is empty"],
            ),
            (
                good.replace("\"a\"", "\"\""),
                &["access.tokens[0].name", "is no name"],
            ),
            (good.replace("name", "nam"), &["access.tokens[0]", "nam"]),
            (
                good.clone() + "token = \"x\"",
                &["access.tokens[0]", "token"],
            ),
            (
                good.clone() + &token("a", "2"),
                &["access.tokens", "name 'a'"],
            ),
            (
                good.clone() + &token("b", "1"),
                &["access.tokens", "same sha256"],
            ),
            (
                (good.clone() + &token("b", "1")).replace("tokens", "certificates") + tls,
                &["access.certificates", "same sha256"],
            ),
            (
                good.replace("tokens", "certificates"),
                &["access.certificates", "tls.client_ca"],
            ),
            (jwt("keys = \"k\""), &["access.jwt.issuer"]),
            (
                jwt("keys = \"k\"\nissuer = \"i\""),
                &["access.jwt.audience"],
            ),
            (
                jwt("audience = \"a\""),
                &["access.jwt.audience", "access.jwt.keys"],
            ),
            (
                jwt("leeway_seconds = 601"),
                &["access.jwt.leeway_seconds", "601"],
            ),
            (limit("rate_limit = -1"), &["access.rate_limit"]),
            (limit("rate_limit = 1000001"), &["access.rate_limit"]),
            (limit("rate_burst = 1"), &["access.rate_burst"]),
            (
                limit("max_concurrent = 1000001"),
                &["access.max_concurrent"],
            ),
        ] {
            let refused = loaded(&section).unwrap_err();
            for word in words {
                assert!(
                    refused.contains(word),
                    "no '{word}' in: {refused}\n{section}"
                );
            }
        }
    }
}
