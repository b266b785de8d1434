//! Shadows that cannot be, and shadows that the policy cannot decide by.

use std::time::Instant;

use tonic::Code;
use triage::grpc::v1;

use crate::desk::{Desk, REFUND, client, route, served, unmet};
use crate::running::{DEADLINE, Server, server_command};
use crate::shadow::{report, shadow};

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_that_cannot_be_is_refused_and_the_one_so_far_stays() {
    let (desk, _, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.set_shadow(shadow(&second)).await.unwrap();
    let unknown = client.set_shadow(shadow("fedcba9876543210")).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    for sample in [-0.1, 1.1, f64::NAN] {
        let refused = client.set_shadow(v1::SetShadowRequest {
            sample,
            ..shadow(&second)
        });
        let refused = refused.await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().starts_with("sample: "), "{refused:?}");
    }
    let damaged = desk.fit("tickets.csv", "--seed 9");
    desk.damage(&damaged);
    let refused = client.set_shadow(shadow(&damaged)).await.unwrap_err();
    assert_eq!(unmet(&refused)[0].0, "BUNDLE");
    assert_eq!(report(&mut client).await.version, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_of_the_settings_that_cannot_be_does_not_stand_in_the_way() {
    let desk = Desk::new();
    let only = desk.fit("tickets.csv", "--activate");
    let mut command = desk.command();
    command.env("TRIAGE_SHADOW__VERSION", "fedcba9876543210");
    let mut server = Server::start_as(&mut command).await;
    let logged = server
        .logged("the shadow of the settings cannot be started")
        .await;
    assert_eq!(logged["level"], "ERROR");
    assert_eq!(served(&server).await, only);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_shadow_are_checked() {
    for (key, value) in [("VERSION", "no version"), ("SAMPLE", "0"), ("SAMPLE", "2")] {
        let mut command = server_command(&[]);
        command.env(format!("TRIAGE_SHADOW__{key}"), value);
        let ended = Server::spawn(&mut command).ended().await;
        ended.refused(64, &[&format!("shadow.{}", key.to_lowercase())]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_are_compared_where_the_policy_cannot_decide_by_them() {
    let desk = Desk::new();
    desk.fit("tickets.csv", "--activate");
    let lacks = desk.fit_changed(|rows| rows.retain(|row| row.topic != "billing/refund"));
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.set_shadow(shadow(&lacks)).await.unwrap();
    let mut caller = server.client().await;
    caller.route(route("t-1", REFUND)).await.unwrap();
    let begun = Instant::now();
    let found = loop {
        let found = report(&mut client).await;
        if found.compared == 1 {
            break found;
        }
        assert!(begun.elapsed() < DEADLINE, "{found:?}");
    };
    assert_eq!((found.routed, found.moved), (0, 0));
    assert!(found.not_routed.contains("'billing/refund'"), "{found:?}");
    assert_eq!(found.heads.len(), 2);
}
