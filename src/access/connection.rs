//! What a listener knows of the connection that a request came on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::checksum::hex;

/// What is known of a connection. Every listener puts this into the extensions of each of its requests; without it a
/// caller counts as one from afar, of unknown address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The address that is listened on, not the one that the caller happened to use.
    pub listening: SocketAddr,
    /// The other end; `None` where the operating system does not tell.
    pub peer: Option<SocketAddr>,
    /// The certificate that the other end has shown and proved to hold; `None` without one.
    pub certificate: Option<Fingerprint>,
}

impl Connection {
    /// Whether only this machine can reach what is listened on.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.listening.ip().is_loopback()
    }

    /// Whom the address stands for when calls are counted: of a version-6 address the network of 64 bits, since its
    /// holder can take any address in it.
    pub(super) fn network(&self) -> Option<IpAddr> {
        Some(match self.peer?.ip().to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        })
    }
}

/// SHA-256 of something that proves who somebody is: of a certificate in DER, or of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Fingerprint([u8; 32]);

/// A text is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no SHA-256: it has 64 hexadecimal digits")]
pub struct NoFingerprint;

impl Fingerprint {
    /// The fingerprint of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    /// Reads 64 hexadecimal digits, large or small, with or without the colons that `openssl x509 -fingerprint`
    /// puts between bytes.
    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let mut bytes = [0; 32];
        let (wide, digits) = match text.len() {
            64 => (2, text.as_bytes()),
            95 => (3, text.as_bytes()),
            _ => return Err(NoFingerprint),
        };
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(wide)) {
            let (high, low) = match *pair {
                [high, low] | [high, low, b':'] => (high, low),
                _ => return Err(NoFingerprint),
            };
            *byte = digit(high)? << 4 | digit(low)?;
        }
        Ok(Self(bytes))
    }
}

fn digit(digit: u8) -> Result<u8, NoFingerprint> {
    let value = char::from(digit).to_digit(16).ok_or(NoFingerprint)?;
    u8::try_from(value).map_err(|_| NoFingerprint)
}

impl TryFrom<String> for Fingerprint {
    type Error = NoFingerprint;

    fn try_from(text: String) -> Result<Self, NoFingerprint> {
        text.parse()
    }
}

impl fmt::Display for Fingerprint {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn networks_of_version_6_are_told_apart_by_their_first_64_bits() {
        let network = |peer: &str| {
            let connection = Connection {
                listening: "[::]:1".parse().unwrap(),
                peer: Some(peer.parse().unwrap()),
                certificate: None,
            };
            connection.network().unwrap().to_string()
        };
        assert_eq!(network("[2001:db8:1:2:3:4:5:6]:9"), "2001:db8:1:2::");
        assert_eq!(network("192.0.2.7:9"), "192.0.2.7");
        assert_eq!(network("[::ffff:192.0.2.7]:9"), "192.0.2.7");
    }

    proptest! {
        #[test]
        fn fingerprints_are_read_as_they_are_written(text in ".*") {
            let of = Fingerprint::of(text.as_bytes());
            let written = of.to_string();
            prop_assert_eq!(written.parse(), Ok(of));
            prop_assert_eq!(written.to_uppercase().parse(), Ok(of));
            let pairs: Vec<&str> = (0..32).map(|at| &written[2 * at..2 * at + 2]).collect();
            prop_assert_eq!(pairs.join(":").parse(), Ok(of));
            prop_assert_eq!(pairs.join(" ").parse::<Fingerprint>(), Err(NoFingerprint));
            prop_assert_eq!(written[1..].parse::<Fingerprint>(), Err(NoFingerprint));
        }

        #[test]
        fn nothing_else_is_a_fingerprint(text in "[0-9a-fg:]{60,100}|.*") {
            if let Ok(read) = text.parse::<Fingerprint>() {
                prop_assert_eq!(read.to_string(), text.to_lowercase().replace(':', ""));
            }
        }
    }
}
