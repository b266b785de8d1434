//! A version activated by a call: what it must pass, and what stays if it does not.

use std::fs;

use tonic::Code;
use triage::grpc::v1;

use crate::desk::{Desk, SWAPPED, activate, cases_for_refunds, client, served, unmet};

#[tokio::test(flavor = "multi_thread")]
async fn an_activated_version_answers_from_then_on() {
    let (desk, first, second) = Desk::with_two();
    let mut server = desk.start().await;
    assert_eq!(served(&server).await, first);
    let mut client = client(&server).await;
    let answer = client.activate_model(activate(&second)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.version, second);
    assert_eq!(answer.previous_version, first);
    assert!(answer.changed);
    assert_eq!(answer.judged_on(), v1::JudgedOn::OutOfFold);
    assert_eq!(answer.overruled, Vec::<String>::new());
    assert_eq!(answer.cases, 1);
    assert_eq!(served(&server).await, second);
    assert_eq!(desk.active(), second);
    let logged = server.logged(SWAPPED).await;
    assert_eq!(logged["model_version"], second);
    assert_eq!(logged["before"], first);
    let log = desk.activations();
    assert_eq!(log.len(), 2);
    assert_eq!(log[1]["author"], "ana@example.com");
    assert_eq!(log[1]["comment"], "ticket 42");
    assert_eq!(log[1]["before"], first);
    // The command line sees the same.
    assert!(desk.trained("models history").contains("ana@example.com"));

    let again = client.activate_model(activate(&second)).await.unwrap();
    let again = again.into_inner();
    assert!(!again.changed);
    assert_eq!(again.previous_version, second);
    assert_eq!(desk.activations().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_changes_nothing() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let request = v1::ActivateModelRequest {
        dry_run: true,
        ..activate(&second)
    };
    let answer = client(&server).await.activate_model(request).await.unwrap();
    let answer = answer.into_inner();
    assert!(answer.changed);
    assert_eq!(
        (answer.version, answer.previous_version),
        (second, first.clone())
    );
    assert_eq!(served(&server).await, first);
    assert_eq!(desk.active(), first);
    assert_eq!(desk.activations().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_active_version_than_expected_is_a_conflict() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let expecting = |version: &str| v1::ActivateModelRequest {
        expected_version: version.to_owned(),
        ..activate(&second)
    };
    let refused = client.activate_model(expecting(&second)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted, "{refused:?}");
    assert!(refused.message().contains(&first), "{refused:?}");
    assert_eq!(served(&server).await, first);
    client.activate_model(expecting(&first)).await.unwrap();
    assert_eq!(served(&server).await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_with_which_cases_fail_is_refused_even_by_force() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let wrong = desk.fit_wrong();
    desk.write("tests/desk.tests.yaml", cases_for_refunds());
    let server = desk.start().await;
    let mut client = client(&server).await;
    for force in [false, true] {
        let request = v1::ActivateModelRequest {
            force,
            ..activate(&wrong)
        };
        let refused = client.activate_model(request).await.unwrap_err();
        let reasons = unmet(&refused);
        assert_eq!(reasons.len(), 1, "{refused:?}");
        assert_eq!(reasons[0].0, "CASE");
        assert!(
            reasons[0].1.contains("expected billing/refund"),
            "{reasons:?}"
        );
        for part in ["1 of 2 cases", &*wrong, "refunds are known"] {
            assert!(refused.message().contains(part), "{refused:?}");
        }
    }
    assert_eq!(served(&server).await, good);
    assert_eq!(desk.active(), good);
    assert_eq!(desk.activations().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_lacks_a_topic_of_the_policy_is_refused_with_both_names() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let lacks = desk.fit_changed(|rows| rows.retain(|row| row.topic != "billing/refund"));
    let server = desk.start().await;
    let mut client = client(&server).await;
    let policy = client_policy_version(&server).await;
    let refused = client.activate_model(activate(&lacks)).await.unwrap_err();
    let reasons = unmet(&refused);
    assert_eq!(reasons[0].0, "POLICY");
    assert!(reasons[0].1.contains("'billing/refund'"), "{reasons:?}");
    for name in [&lacks, &policy] {
        assert!(refused.message().contains(name.as_str()), "{refused:?}");
    }
    assert_eq!(served(&server).await, good);
    assert_eq!(desk.active(), good);
}

async fn client_policy_version(server: &crate::running::Server) -> String {
    let mut client = server.client().await;
    let answer = client
        .route(crate::desk::route("t-1", crate::desk::REFUND))
        .await
        .unwrap();
    answer.into_inner().policy_version
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_version_is_refused_and_the_old_one_stays() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    desk.damage(&second);
    let request = v1::ActivateModelRequest {
        force: true,
        ..activate(&second)
    };
    let refused = client.activate_model(request).await.unwrap_err();
    let reasons = unmet(&refused);
    assert_eq!(reasons[0].0, "BUNDLE");
    assert!(reasons[0].1.contains("weights.safetensors"), "{reasons:?}");
    fs::remove_dir_all(desk.path(&format!("models/{second}"))).unwrap();
    let refused = client.activate_model(activate(&second)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
    assert!(refused.message().contains(&second), "{refused:?}");
    assert_eq!(served(&server).await, first);
    assert_eq!(desk.active(), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_a_version_and_somebody_who_makes_it() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let nobody = v1::ActivateModelRequest {
        author: "  ".to_owned(),
        ..activate(&second)
    };
    for (request, field) in [(nobody, "author: "), (activate(""), "version: ")] {
        let refused = client.activate_model(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().starts_with(field), "{refused:?}");
    }
    let long = v1::ActivateModelRequest {
        comment: "x".repeat(5_000),
        ..activate(&second)
    };
    let refused = client.activate_model(long).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert_eq!(desk.active(), first);
}
