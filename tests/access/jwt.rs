//! Tokens that somebody trusted has signed: which are taken, and which are not, whatever they claim.

use ring::hmac;
use serde_json::{Value, json};
use tonic::Code;

use crate::calls::{Call, code, unauthenticated};
use crate::desk::Desk;
use crate::guarded::Guarded;
use crate::running::{Server, argument, server_command};
use crate::signer::{ISSUER, Signer, base64url, claims, key_set, message, time};

/// The claims with one of them changed; `null` takes it away.
fn with(mut claims: Value, name: &str, value: Value) -> Value {
    let fields = claims.as_object_mut().unwrap();
    match value {
        Value::Null => drop(fields.remove(name)),
        value => drop(fields.insert(name.to_owned(), value)),
    }
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_tokens_open_what_their_scopes_say() {
    let (rs256, es256) = (Signer::rs256("one"), Signer::es256("two"));
    let server = Guarded::trusting(&[&rs256, &es256], "").start().await;
    let plain = |scope: &str| claims("ana", scope);
    let listed = |list: Value| with(plain("-"), "scopes", list);
    for signer in [&rs256, &es256] {
        for (claims, route, admin) in [
            (plain("route"), Code::Ok, Code::PermissionDenied),
            (plain("openid route  admin"), Code::Ok, Code::Ok),
            (
                plain("routes,admin"),
                Code::PermissionDenied,
                Code::PermissionDenied,
            ),
            (plain(""), Code::PermissionDenied, Code::PermissionDenied),
            (
                with(listed(json!(["admin", "x"])), "scope", Value::Null),
                Code::PermissionDenied,
                Code::Ok,
            ),
            (
                with(listed(json!("route admin")), "scope", Value::Null),
                Code::Ok,
                Code::Ok,
            ),
            (
                with(plain("route"), "scope", json!(["route"])),
                Code::Ok,
                Code::PermissionDenied,
            ),
            (
                with(plain("route"), "aud", json!(["a", "triage"])),
                Code::Ok,
                Code::PermissionDenied,
            ),
            (
                with(plain("route"), "nbf", Value::Null),
                Code::Ok,
                Code::PermissionDenied,
            ),
            // Within the leeway of 30 seconds.
            (
                with(plain("route"), "exp", json!(time(-10))),
                Code::Ok,
                Code::PermissionDenied,
            ),
            (
                with(plain("route"), "nbf", json!(time(10))),
                Code::Ok,
                Code::PermissionDenied,
            ),
            (
                with(plain("route"), "exp", json!(time(60) as f64 + 0.5)),
                Code::Ok,
                Code::PermissionDenied,
            ),
        ] {
            let token = signer.token(&claims);
            // A second time from memory.
            for _ in 0..2 {
                assert_eq!(code(&server, Call::Route, &token).await, route, "{claims}");
                assert_eq!(
                    code(&server, Call::GetPolicy, &token).await,
                    admin,
                    "{claims}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_do_not_hold_are_refused() {
    let signer = Signer::es256("one");
    let server = Guarded::trusting(&[&signer], "").start().await;
    let good = || claims("ana", "route");
    for (name, value, word) in [
        ("exp", json!(time(-40)), "it has expired"),
        ("exp", json!(0), "it has expired"),
        ("exp", json!(-1), "one of its claims has the wrong type"),
        (
            "exp",
            json!(time(3_600).to_string()),
            "one of its claims has the wrong type",
        ),
        ("exp", Value::Null, "it lacks one of"),
        ("nbf", json!(time(40)), "it is not valid yet"),
        ("nbf", json!("soon"), "one of its claims has the wrong type"),
        (
            "iss",
            json!("https://issuer.example.com"),
            "issuer is another",
        ),
        ("iss", json!([]), "issuer is another"),
        ("iss", json!(7), "it lacks one of"),
        ("iss", Value::Null, "it lacks one of"),
        ("aud", json!("triages"), "audience is another"),
        ("aud", json!(["other"]), "audience is another"),
        ("aud", json!([]), "audience is another"),
        ("aud", json!(ISSUER), "audience is another"),
        ("aud", Value::Null, "it lacks one of"),
        ("sub", json!(""), "\"sub\" is no name"),
        ("sub", json!("a\nb"), "\"sub\" is no name"),
        ("sub", json!("x".repeat(257)), "\"sub\" is no name"),
        ("sub", json!(1), "one of its claims has the wrong type"),
        ("sub", Value::Null, "it lacks one of"),
        ("scope", json!(7), "one of its claims has the wrong type"),
        (
            "scope",
            json!([["route"]]),
            "one of its claims has the wrong type",
        ),
    ] {
        let claims = with(good(), name, value);
        let token = signer.token(&claims);
        let message = unauthenticated(&server, &token).await;
        assert!(
            message.contains(word),
            "no '{word}' in '{message}' for {claims}"
        );
    }
    assert_eq!(
        code(&server, Call::Route, &signer.token(&good())).await,
        Code::Ok
    );
}

/// A token that is signed by nobody, in these words.
fn unsigned(header: &Value, signature: &str) -> String {
    format!(
        "{}.{signature}",
        message(header, &claims("ana", "route admin"))
    )
}

/// A token that is signed with a shared secret.
fn hs256(header: &Value, secret: &[u8]) -> String {
    let message = message(header, &claims("ana", "route admin"));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = base64url(hmac::sign(&key, message.as_bytes()));
    format!("{message}.{signature}")
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_the_key_did_not_sign_are_refused() {
    let (rs256, es256, other) = (
        Signer::rs256("one"),
        Signer::es256("two"),
        Signer::es256("two"),
    );
    let guarded = Guarded::trusting(&[&rs256, &es256], "");
    let server = guarded.start().await;
    let good = claims("ana", "route admin");
    let header = |alg: &str, kid: &str| json!({"alg": alg, "kid": kid});
    let (signature, algorithm) = (
        "its signature is wrong",
        "its algorithm is not that of its key",
    );
    let unreadable = "neither a token of this server nor a JSON Web Token";
    let file = key_set(&[&rs256, &es256]);
    let one = rs256.token(&good);
    let (start, _) = one.rsplit_once('.').unwrap();
    let embedded = with(es256.header(), "jwk", other.public());
    for (token, word) in [
        (unsigned(&header("none", "one"), ""), unreadable),
        (unsigned(&header("None", "one"), ""), unreadable),
        (unsigned(&json!({"kid": "one"}), ""), unreadable),
        (unsigned(&header("RS256", "one"), ""), signature),
        (unsigned(&header("ES256", "two"), ""), signature),
        (
            unsigned(&header("ES256", "two"), &base64url([0; 64])),
            signature,
        ),
        (unsigned(&header("ES256", "two"), "!"), unreadable),
        // A public key taken for a shared secret, in all ways that it is written.
        (
            hs256(&header("HS256", "one"), rs256.public_bytes()),
            algorithm,
        ),
        (hs256(&header("HS256", "one"), file.as_bytes()), algorithm),
        (
            hs256(&header("HS256", "two"), es256.public_bytes()),
            algorithm,
        ),
        (
            hs256(&header("RS256", "one"), rs256.public_bytes()),
            signature,
        ),
        // The right key, by another name or another algorithm.
        (rs256.token_with(&header("RS512", "one"), &good), algorithm),
        (rs256.token_with(&header("PS256", "one"), &good), algorithm),
        (rs256.token_with(&header("RS256", "two"), &good), algorithm),
        (es256.token_with(&header("ES256", "one"), &good), algorithm),
        (
            rs256.token_with(&header("RS256", "three"), &good),
            "none of the keys known here",
        ),
        (
            rs256.token_with(&header("RS256", ""), &good),
            "none of the keys known here",
        ),
        (
            rs256.token_with(&json!({"alg": "RS256"}), &good),
            "has no \"kid\"",
        ),
        // Another key, by the right name, or one that the token brings along.
        (other.token(&good), signature),
        (other.token_with(&embedded, &good), signature),
        (
            es256.token_with(&with(es256.header(), "crit", json!(["b64"])), &good),
            "critical extensions",
        ),
        // Cut and pasted.
        (format!("{start}."), signature),
        (start.to_owned(), unreadable),
        (format!("{one}.{one}"), unreadable),
        (format!("{one}A"), signature),
        (one.replacen('.', "..", 1), unreadable),
        ("..".to_owned(), unreadable),
        ("x".to_owned(), unreadable),
    ] {
        let message = unauthenticated(&server, &token).await;
        assert!(
            message.contains(word),
            "no '{word}' in '{message}' for {token}"
        );
    }
    for signer in [&rs256, &es256] {
        let token = signer.token(&good);
        assert_eq!(code(&server, Call::GetPolicy, &token).await, Code::Ok);
        let (head, tail) = token.split_once('.').unwrap();
        let (_, signature) = tail.split_once('.').unwrap();
        let swapped = base64url(claims("bob", "admin").to_string());
        let message = unauthenticated(&server, &format!("{head}.{swapped}.{signature}")).await;
        assert!(message.contains("its signature is wrong"), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_keys_that_cannot_be_used_is_refused_at_the_start() {
    let jwt =
        |keys: &str| format!("[access.jwt]\nkeys = {keys:?}\nissuer = \"i\"\naudience = \"a\"\n");
    for (keys, words) in [
        (None, &["keys.json", "access.jwt.keys"][..]),
        (
            Some("{\"keys\": []}"),
            &["keys.json", "no key in it", "access.jwt.keys"],
        ),
        (
            Some("{\"keys\": [{\"kty\": \"oct\", \"k\": \"AA\"}]}"),
            &["keys[0] holds a secret"],
        ),
    ] {
        let desk = Desk::new();
        if let Some(keys) = keys {
            desk.write("keys.json", keys);
        }
        desk.write("triage.toml", &jwt(argument(&desk.path("keys.json"))));
        let config = desk.path("triage.toml");
        let mut command = server_command(&["--config", argument(&config)]);
        Server::spawn(&mut command).ended().await.refused(2, words);
    }
}
