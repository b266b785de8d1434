//! Going back to the version that was active before.

use tonic::Code;
use triage::grpc::v1;

use crate::desk::{Desk, activate, cases_for_refunds, client, rollback, served, unmet};

#[tokio::test(flavor = "multi_thread")]
async fn the_version_before_answers_again() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.activate_model(activate(&second)).await.unwrap();
    let expecting = |version: &str| v1::RollbackModelRequest {
        expected_version: version.to_owned(),
        ..rollback()
    };
    let refused = client.rollback_model(expecting(&first)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
    let answer = client.rollback_model(expecting(&second)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.version, first);
    assert_eq!(answer.previous_version, second);
    assert_eq!(served(&server).await, first);
    assert_eq!(desk.active(), first);
    let last = desk.activations().pop().unwrap();
    assert_eq!(last["action"], "rollback");
    assert_eq!(last["author"], "bob@example.com");
    // There is nothing before the first.
    let refused = client.rollback_model(rollback()).await.unwrap_err();
    assert_eq!(unmet(&refused)[0].0, "MODEL");
    assert_eq!(served(&server).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_do_not_stand_in_the_way_back() {
    let desk = Desk::new();
    let wrong = desk.fit_wrong();
    desk.trained(&format!("models activate {wrong}"));
    let good = desk.fit("tickets.csv", "");
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.activate_model(activate(&good)).await.unwrap();
    desk.write("tests/desk.tests.yaml", cases_for_refunds());
    client.rollback_model(rollback()).await.unwrap();
    assert_eq!(served(&server).await, wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_before_that_is_damaged_is_not_gone_back_to() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.activate_model(activate(&second)).await.unwrap();
    desk.damage(&first);
    let refused = client.rollback_model(rollback()).await.unwrap_err();
    assert_eq!(unmet(&refused)[0].0, "BUNDLE");
    assert_eq!(served(&server).await, second);
    assert_eq!(desk.active(), second);
    assert_eq!(desk.activations().len(), 2);
}
