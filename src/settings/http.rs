//! Settings of the HTTP port.

use std::net::SocketAddr;

use http::{HeaderValue, Uri};
use serde::Deserialize;

use super::address::address_or_empty;
use super::{SettingsError, within};

/// Longest body that may be allowed.
const MAX_BODY_BYTES: usize = 64 << 20;

/// The port for JSON, gRPC-Web, probes and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpSettings {
    /// Address and port to listen on; `None` for no such port.
    #[serde(deserialize_with = "address_or_empty")]
    pub listen: Option<SocketAddr>,
    /// Longest body that is read, and longest line of a stream, in bytes, after decompression.
    pub max_body_bytes: usize,
    /// Pages that may call from a browser.
    pub allowed_origins: AllowedOrigins,
}

/// Pages that may call from a browser, by their origins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub enum AllowedOrigins {
    /// All pages.
    All,
    /// Pages of these origins, such as `https://desk.example.com`.
    Listed(Vec<HeaderValue>),
}

/// A list as files have it, or words between commas as variables do.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl AllowedOrigins {
    /// Whether pages of `origin` may call.
    #[must_use]
    pub fn allow(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::All => true,
            Self::Listed(origins) => origins.contains(origin),
        }
    }
}

impl TryFrom<OneOrMany> for AllowedOrigins {
    type Error = String;

    fn try_from(given: OneOrMany) -> Result<Self, String> {
        let origins: Vec<String> = match given {
            OneOrMany::One(text) => text
                .split(',')
                .map(|origin| origin.trim().to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
            OneOrMany::Many(origins) => origins,
        };
        if origins.iter().any(|origin| origin == "*") {
            return Ok(Self::All);
        }
        let parsed: Result<_, _> = origins.iter().map(|origin| parse_origin(origin)).collect();
        Ok(Self::Listed(parsed?))
    }
}

/// An origin as browsers send it: scheme, host and port in lower case, nothing behind them.
fn parse_origin(origin: &str) -> Result<HeaderValue, String> {
    let wrong = || {
        format!("'{origin}' is no origin: write it as in https://desk.example.com, or * for all")
    };
    let uri: Uri = origin.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong());
    };
    // What is parsed always has a path, "/" if none was written.
    if format!("{scheme}://{authority}") != origin || authority.as_str().contains('@') {
        return Err(wrong());
    }
    HeaderValue::from_str(&origin.to_lowercase()).map_err(|_| wrong())
}

impl HttpSettings {
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        within(
            "http.max_body_bytes",
            self.max_body_bytes as u64,
            1..=MAX_BODY_BYTES as u64,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<HttpSettings, config::ConfigError> {
        let frame = format!("max_body_bytes = 1\n{toml}");
        config::Config::builder()
            .add_source(config::File::from_str(&frame, config::FileFormat::Toml))
            .build()?
            .try_deserialize()
    }

    #[test]
    fn origins_are_a_list_or_words_between_commas() {
        let listed = |origins: &[&'static str]| {
            AllowedOrigins::Listed(
                origins
                    .iter()
                    .copied()
                    .map(HeaderValue::from_static)
                    .collect(),
            )
        };
        let (a, b) = ("https://desk.example.com", "http://localhost:3000");
        for (written, expected) in [
            ("[]", listed(&[])),
            ("\"\"", listed(&[])),
            ("\"*\"", AllowedOrigins::All),
            ("[\"*\"]", AllowedOrigins::All),
            (
                "[\"https://desk.example.com\", \"http://localhost:3000\"]",
                listed(&[a, b]),
            ),
            (
                "\"https://desk.example.com, http://localhost:3000\"",
                listed(&[a, b]),
            ),
        ] {
            let read = read(&format!("listen = \"\"\nallowed_origins = {written}")).unwrap();
            assert_eq!(read.allowed_origins, expected, "{written}");
            assert_eq!(read.listen, None);
        }
    }

    #[test]
    fn what_is_no_origin_or_address_is_refused() {
        for origin in [
            "desk.example.com",
            "https://a/",
            "https://a/b",
            "https://u@a",
            "",
            "https://",
        ] {
            let read = read(&format!("listen = \"\"\nallowed_origins = [\"{origin}\"]"));
            assert!(
                read.unwrap_err().to_string().contains("is no origin"),
                "{origin}"
            );
        }
        for address in ["8080", "localhost", "127.0.0.1"] {
            let read = read(&format!("listen = \"{address}\"\nallowed_origins = []"));
            assert!(
                read.unwrap_err().to_string().contains("is no address"),
                "{address}"
            );
        }
    }
}
