//! What is never written down: credentials, and what calls carry.

use std::fs;

use triage::grpc::v1;

use crate::calls::{Call, applied, bearing, call, code};
use crate::desk::{REFUND, client, with_priority};
use crate::guarded::{Guarded, token};
use crate::signer::{Signer, claims};

#[tokio::test(flavor = "multi_thread")]
async fn no_credential_and_nothing_of_a_call_is_in_any_log() {
    let signer = Signer::es256("one");
    let secret = triage::access::new_token().unwrap();
    let settings = token("ops", &secret, &["route", "admin"]) + "[log]\nlevel = \"trace\"\n";
    let guarded = Guarded::trusting(&[&signer], &settings);
    let server = guarded.start().await;
    let signed = signer.token(&claims("ana", "route admin"));
    let expired = signer.token(&serde_json::json!({"sub": "ana", "exp": 1}));
    let shown = [secret, signed, expired, "wrong-but-still-secret".to_owned()];
    for token in &shown {
        for what in [Call::Classify, Call::Route, Call::GetPolicy] {
            code(&server, what, token).await;
        }
        // Shown in the wrong way.
        call(&server, Call::Route, Some(token)).await.unwrap_err();
        call(&server, Call::Route, Some(&format!("Basic {token}")))
            .await
            .unwrap_err();
    }
    applied(&server, with_priority(20), "bob", &shown[0]).await;
    let check = v1::CheckPolicyRequest {
        policy: REFUND.to_owned(),
    };
    client(&server)
        .await
        .check_policy(bearing(check, &shown[1]))
        .await
        .unwrap();

    let ended = server.stop().await;
    let calls = fs::read_to_string(guarded.log_path()).unwrap();
    let written = [ended.log.join("\n"), ended.errors, calls];
    let parts = shown.iter().flat_map(|token| token.split('.'));
    let parts: Vec<&str> = parts.chain(["jacket"]).collect();
    for text in &written {
        for part in &parts {
            assert!(!text.contains(part), "'{part}' is in {text}");
        }
    }
    assert!(written[0].contains("admin call") && !written[2].is_empty());
}
