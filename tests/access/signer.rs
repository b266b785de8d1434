//! Somebody who signs tokens: with a key of its own, of which the public part goes into a file.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example.com/";
pub(crate) const AUDIENCE: &str = "triage";

/// A key with its name.
pub(crate) struct Signer {
    kid: String,
    key: Key,
}

enum Key {
    Rs256(Box<RsaKeyPair>),
    Es256(Box<EcdsaKeyPair>),
}

impl Signer {
    /// One with the key of the file `rsa.pk8`, of 2,048 bits: `ring` makes none.
    pub(crate) fn rs256(kid: &str) -> Self {
        let key = RsaKeyPair::from_pkcs8(include_bytes!("rsa.pk8")).unwrap();
        Self {
            kid: kid.to_owned(),
            key: Key::Rs256(Box::new(key)),
        }
    }

    /// One with a new key.
    pub(crate) fn es256(kid: &str) -> Self {
        let (of, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(of, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(of, made.as_ref(), &random).unwrap();
        Self {
            kid: kid.to_owned(),
            key: Key::Es256(Box::new(key)),
        }
    }

    pub(crate) fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rs256(_) => "RS256",
            Key::Es256(_) => "ES256",
        }
    }

    /// The public part, as in a JSON Web Key Set.
    pub(crate) fn public(&self) -> Value {
        match &self.key {
            Key::Rs256(key) => {
                let public: ring::rsa::PublicKeyComponents<Vec<u8>> = key.public().into();
                let (n, e) = (base64url(public.n), base64url(public.e));
                json!({"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", "n": n, "e": e})
            }
            Key::Es256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "kid": self.kid, "x": x, "y": y})
            }
        }
    }

    /// The public part, as bytes.
    pub(crate) fn public_bytes(&self) -> &[u8] {
        match &self.key {
            Key::Rs256(key) => key.public_key().as_ref(),
            Key::Es256(key) => key.public_key().as_ref(),
        }
    }

    /// The header of its tokens.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.kid})
    }

    /// A token that says `claims`.
    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with(&self.header(), claims)
    }

    /// A token with another header.
    pub(crate) fn token_with(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.sign(message.as_bytes());
        format!("{message}.{}", base64url(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Rs256(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Key::Es256(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
        }
    }
}

/// Header and claims as a token has them, without a signature.
pub(crate) fn message(header: &Value, claims: &Value) -> String {
    let [header, claims] = [header, claims].map(|part| base64url(part.to_string()));
    format!("{header}.{claims}")
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Seconds since 1970, `later` from now.
pub(crate) fn time(later: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap() + later
}

/// Claims that are good for an hour.
pub(crate) fn claims(name: &str, scope: &str) -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": name,
        "scope": scope,
        "iat": time(0),
        "nbf": time(-5),
        "exp": time(3_600),
    })
}

/// A file of keys.
pub(crate) fn key_set(signers: &[&Signer]) -> String {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.public()).collect();
    json!({ "keys": keys }).to_string()
}
