//! The gate before an activation by a call: the one that the command line has.

use serde_json::json;
use triage::grpc::v1;

use crate::desk::{Desk, activate, client, served, unmet};

#[tokio::test(flavor = "multi_thread")]
async fn a_worse_version_is_refused_unless_by_force_which_is_logged() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let worse = desk.forge(&good, |manifest| {
        manifest["heads"][0]["out_of_fold"]["accuracy"] = json!(0.1);
    });
    let mut server = desk.start().await;
    let mut client = client(&server).await;
    let refused = client.activate_model(activate(&worse)).await.unwrap_err();
    let reasons = unmet(&refused);
    assert_eq!(reasons.len(), 1);
    assert_eq!(reasons[0].0, "GATE");
    let reason = &reasons[0].1;
    assert!(
        reason.starts_with("topic: accuracy 0.1000 out of fold"),
        "{reason}"
    );
    for version in [&good, &worse] {
        assert!(refused.message().contains(version.as_str()), "{refused:?}");
    }
    // The command line says the same.
    let output = desk.train(&format!("models activate {worse}"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains(reason));
    assert_eq!(served(&server).await, good);

    let request = v1::ActivateModelRequest {
        force: true,
        ..activate(&worse)
    };
    let answer = client.activate_model(request).await.unwrap().into_inner();
    assert_eq!(answer.overruled, std::slice::from_ref(reason));
    let logged = server.logged("activated by force").await;
    assert_eq!(logged["level"], "WARN");
    assert_eq!(logged["before"], good);
    assert_eq!(logged["after"], worse);
    let last = desk.activations().pop().unwrap();
    assert_eq!(last["forced"], true);
    assert_eq!(last["reasons"], json!([reason]));
    assert_eq!(last["author"], "ana@example.com");
    assert_eq!(served(&server).await, worse);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_lacks_a_head_is_refused() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--facet mood=mood --activate");
    let lacks = desk.fit("tickets.csv", "");
    let server = desk.start().await;
    let mut client = client(&server).await;
    let refused = client.activate_model(activate(&lacks)).await.unwrap_err();
    let reasons = unmet(&refused);
    assert_eq!(reasons[0].0, "GATE");
    assert!(reasons[0].1.starts_with("mood: "), "{reasons:?}");
    assert_eq!(served(&server).await, good);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_compared_is_activated_with_a_note() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let other = desk.fit_changed(|rows| rows.truncate(100));
    let server = desk.start().await;
    let mut client = client(&server).await;
    let answer = client.activate_model(activate(&other)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.judged_on(), v1::JudgedOn::Nothing);
    assert_eq!(answer.notes.len(), 1);
    assert!(
        answer.notes[0].starts_with("the versions are not compared"),
        "{answer:?}"
    );
    // Nor with one that cannot be loaded any more.
    desk.damage(&other);
    let answer = client.activate_model(activate(&good)).await.unwrap();
    let notes = answer.into_inner().notes;
    assert!(notes[0].contains("cannot be compared with"), "{notes:?}");
    assert_eq!(served(&server).await, good);
}
