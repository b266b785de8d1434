//! The public keys of those who sign tokens: a JSON Web Key Set (RFC 7517) in a file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use serde_json::Value;

use super::super::Fingerprint;
use crate::model::files::read_at_most;

/// Largest file of keys, in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// Bits of an RSA key.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;
/// Bytes of a point of P-256: one that says how it is written, and two coordinates.
const P256_POINT_BYTES: usize = 65;

/// Why a file of keys is refused.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}: access.jwt.keys must name a JSON Web Key Set of public keys", path.display())]
pub struct KeysError {
    path: PathBuf,
    problem: KeysProblem,
}

/// What is wrong with a file of keys.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysProblem {
    #[error("it cannot be read ({0})")]
    Io(#[from] io::Error),
    #[error("it is no such set ({0})")]
    Json(#[from] serde_json::Error),
    #[error("it is no such set: there is no list \"keys\"")]
    NoList,
    #[error("keys[{0}] holds a secret: give the public part only")]
    Secret(usize),
    #[error("keys[{0}] has no \"kid\", by which tokens name their key")]
    NoId(usize),
    #[error("two keys have the kid '{0}'")]
    TwoOfOneId(String),
    #[error(
        "keys[{0}] cannot be used: an RSA key of 2,048 to 8,192 bits, or a point of P-256 is needed"
    )]
    Weak(usize),
    #[error("no key in it can check RS256 or ES256")]
    Useless,
}

/// A key that checks signatures of one algorithm.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// The keys of a file, by their `kid`.
#[derive(Debug)]
pub(super) struct KeySet {
    /// Of the file's bytes.
    pub(super) fingerprint: Fingerprint,
    pub(super) keys: BTreeMap<String, Key>,
}

impl KeySet {
    /// Reads a file. Keys for other purposes or algorithms are left out, since issuers publish all in one set.
    pub(super) fn read(path: &Path) -> Result<Self, KeysError> {
        read_at_most(path, MAX_BYTES)
            .map_err(KeysProblem::Io)
            .and_then(|bytes| Self::parse(&bytes))
            .map_err(|problem| KeysError {
                path: path.to_owned(),
                problem,
            })
    }

    fn parse(bytes: &[u8]) -> Result<Self, KeysProblem> {
        let set: Value = serde_json::from_slice(bytes)?;
        let listed = set.get("keys").and_then(Value::as_array);
        let mut keys = BTreeMap::new();
        for (index, value) in listed.ok_or(KeysProblem::NoList)?.iter().enumerate() {
            // "d" is the secret part of RSA and elliptic keys, "k" a shared secret.
            if value.get("d").is_some() || value.get("k").is_some() {
                return Err(KeysProblem::Secret(index));
            }
            let jwk: Jwk = serde_json::from_value(value.clone())?;
            let Some(algorithm) = algorithm(&jwk) else {
                continue;
            };
            let id = jwk.common.key_id.as_deref().filter(|id| !id.is_empty());
            let id = id.ok_or(KeysProblem::NoId(index))?.to_owned();
            let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| KeysProblem::Weak(index))?;
            if !is_strong(&decoding) {
                return Err(KeysProblem::Weak(index));
            }
            let key = Key {
                algorithm,
                decoding,
            };
            if keys.insert(id.clone(), key).is_some() {
                return Err(KeysProblem::TwoOfOneId(id.escape_debug().to_string()));
            }
        }
        if keys.is_empty() {
            return Err(KeysProblem::Useless);
        }
        Ok(Self {
            fingerprint: Fingerprint::of(bytes),
            keys,
        })
    }
}

/// What a key checks; `None` if that is nothing that tokens here are signed with.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            Algorithm::ES256
        }
        _ => return None,
    };
    let signs = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    let named = jwk.common.key_algorithm;
    (signs && named.is_none_or(|named| named == KeyAlgorithm::from(algorithm))).then_some(algorithm)
}

fn is_strong(key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, .. } => {
            let zeros = n.iter().take_while(|byte| **byte == 0).count();
            let first = n.get(zeros).copied().unwrap_or(0);
            let bits = ((n.len() - zeros) * 8).saturating_sub(first.leading_zeros() as usize);
            RSA_BITS.contains(&bits)
        }
        DecodingKeyKind::SecretOrDer(point) => point.len() == P256_POINT_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(bytes: usize) -> String {
        // Base64 of bytes that are all ones, as many as asked for.
        let bits = bytes * 8;
        let whole = "_".repeat(bits / 6);
        let rest = ["", "", "w", "", "8"][bits % 6];
        format!("{whole}{rest}")
    }

    fn rsa(kid: &str, bits: usize) -> Value {
        serde_json::json!({"kty": "RSA", "kid": kid, "n": text(bits / 8), "e": "AQAB"})
    }

    fn point(kid: &str, bytes: usize) -> Value {
        let (x, y) = (text(bytes), text(bytes));
        serde_json::json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y})
    }

    fn with(mut key: Value, name: &str, value: &str) -> Value {
        key[name] = value.into();
        key
    }

    fn parse(keys: &[Value]) -> Result<Vec<(String, Algorithm)>, String> {
        let set = serde_json::json!({ "keys": keys }).to_string();
        let set = KeySet::parse(set.as_bytes()).map_err(|problem| problem.to_string())?;
        let keys = set.keys.into_iter();
        Ok(keys.map(|(id, key)| (id, key.algorithm)).collect())
    }

    #[test]
    fn keys_for_rs256_and_es256_are_taken_and_others_left_out() {
        let found = parse(&[
            rsa("a", 2_048),
            with(rsa("b", 8_192), "alg", "RS256"),
            with(point("c", 32), "use", "sig"),
            with(rsa("d", 2_048), "use", "enc"),
            with(rsa("e", 2_048), "alg", "RSA-OAEP"),
            with(rsa("f", 2_048), "alg", "PS256"),
            with(rsa("g", 2_048), "alg", "HS256"),
            with(point("h", 48), "crv", "P-384"),
            with(point("i", 32), "crv", "secp256k1"),
            serde_json::json!({"kty": "OKP", "crv": "Ed25519", "kid": "j", "x": text(32)}),
            serde_json::json!({"kty": "unheard of"}),
        ]);
        let (rs, es) = (Algorithm::RS256, Algorithm::ES256);
        let expected = [("a", rs), ("b", rs), ("c", es)];
        let expected: Vec<_> = expected.map(|(id, of)| (id.to_owned(), of)).into();
        assert_eq!(found.unwrap(), expected);
    }

    #[test]
    fn weak_and_secret_keys_spoil_the_file() {
        let good = rsa("good", 2_048);
        for (bad, word) in [
            (rsa("bad", 2_040), "keys[1] cannot be used"),
            (rsa("bad", 8_200), "keys[1] cannot be used"),
            (with(good.clone(), "n", "!"), "keys[1] cannot be used"),
            (with(good.clone(), "n", ""), "keys[1] cannot be used"),
            (with(good.clone(), "n", "AAAA"), "keys[1] cannot be used"),
            (point("bad", 31), "keys[1] cannot be used"),
            (
                with(rsa("bad", 2_048), "d", "AQAB"),
                "keys[1] holds a secret",
            ),
            (
                serde_json::json!({"kty": "oct", "k": "AQAB"}),
                "keys[1] holds a secret",
            ),
            (rsa("", 2_048), "keys[1] has no \"kid\""),
            (good.clone(), "two keys have the kid 'good'"),
            (Value::Null, "no such set"),
        ] {
            let refused = parse(&[good.clone(), bad.clone()]).unwrap_err();
            assert!(refused.contains(word), "{bad}: {refused}");
        }
        for (text, word) in [
            ("", "no such set"),
            ("[]", "no list"),
            ("{\"keys\": {}}", "no list"),
            ("{\"keys\": []}", "no key in it"),
        ] {
            let refused = KeySet::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(refused.contains(word), "{text}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn no_file_is_too_odd_to_be_answered(text in r#"(\{|\}|\[|\]|"keys"|"kty"|"RSA"|"n"|:|,|"[A-Za-z0-9_-]{0,9}"|1){0,40}"#) {
            let _ = KeySet::parse(text.as_bytes());
        }
    }
}
