//! A policy goes live by a call, or stays out with every reason.

use tonic::{Code, Status};
use tonic_types::StatusExt;
use triage::grpc::v1;

use crate::desk::{
    CASES, Desk, POLICY, apply, broken, client, live, live_version, misrouted, rollback,
    route_refund, with_priority,
};
use crate::running::Server;

fn fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    violations.iter().map(|one| one.field.clone()).collect()
}

/// Kind, subject and description of what stands in the way.
fn preconditions(status: &Status) -> Vec<(String, String, String)> {
    let details = status.get_error_details();
    let violations = details.precondition_failure().unwrap().violations.clone();
    violations
        .into_iter()
        .map(|one| (one.r#type, one.subject, one.description))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_policy_decides_from_its_answer_on() {
    let desk = Desk::new();
    let server = desk.start().await;
    let first = live_version(&server).await;
    let request = v1::ApplyPolicyRequest {
        expected_version: first.clone(),
        ..apply(with_priority(90))
    };
    let answer = client(&server)
        .await
        .apply_policy(request)
        .await
        .unwrap()
        .into_inner();
    assert!(answer.changed);
    assert_eq!(
        (answer.previous_version.as_str(), answer.cases),
        (first.as_str(), 2)
    );
    let record = answer.record.unwrap();
    assert_eq!(record.source(), v1::PolicySource::Apply);
    assert_eq!(
        (record.author.as_str(), record.comment.as_str()),
        ("ana@example.com", "ticket 42")
    );

    let routed = server
        .client()
        .await
        .route(route_refund())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(routed.policy_version, record.version);
    assert_eq!(routed.decision.unwrap().priority, 90);
    let told = live(&server).await;
    assert_eq!(
        (told.policy, told.record),
        (with_priority(90), Some(record))
    );
    assert_eq!(told.earlier[0].version, first);
    let request = v1::GetPolicyRequest { version: first };
    let earlier = client(&server)
        .await
        .get_policy(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(earlier.policy, POLICY);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_faults_is_refused_with_each_of_them_by_line_and_column() {
    let desk = Desk::new();
    let server = desk.start().await;
    let before = live(&server).await;
    let mut client = client(&server).await;
    let refused = client.apply_policy(apply(broken())).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["policy:6:11", "policy:9:36"]);
    let refused = client
        .apply_policy(v1::ApplyPolicyRequest::default())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["policy", "author"]);
    assert_eq!(live(&server).await, before);
    assert_eq!(desk.audit().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_policy_beside_model_and_roster_are_refused_together() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let faulty = broken()
        .replace(", safety]", "]")
        .replace("default:", "always_human: [safty/*]\ndefault:");
    let refused = client.apply_policy(apply(&faulty)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields = fields(&refused);
    assert_eq!(fields[..3], ["policy:6:11", "policy:9:36", "policy:10:16"]);
    assert!(fields[3].ends_with("roster.yaml:5:5"), "{fields:?}");

    let request = v1::CheckPolicyRequest { policy: faulty };
    let checked = client.check_policy(request).await.unwrap().into_inner();
    let places: Vec<_> = checked
        .faults
        .iter()
        .map(|one| (one.line, one.column))
        .collect();
    assert_eq!(places, [(6, 11), (9, 36), (10, 16), (0, 0)]);
    assert!(
        checked.faults[3]
            .message
            .contains("roster.yaml:5:5: agent 'bob' has the unknown skill 'safety'"),
        "{checked:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_whose_cases_fail_is_refused_with_their_names() {
    let desk = Desk::new();
    let server = desk.start().await;
    let before = live(&server).await;
    let mut client = client(&server).await;
    let refused = client.apply_policy(apply(misrouted())).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused.message().starts_with("1 of 2 cases fail: "),
        "{refused:?}"
    );
    let [(kind, subject, description)] = &preconditions(&refused)[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(kind, "CASE");
    assert!(
        subject.ends_with("desk.tests.yaml:5: refunds go to billing"),
        "{subject}"
    );
    assert!(
        description.contains("queue: expected billing, got desk"),
        "{description}"
    );

    // A case of the call fails as well as one beside; an unusable file of cases is refused by its name.
    let sent = v1::CaseFile {
        name: "more.tests.yaml".to_owned(),
        text: CASES.replace("rule: refund", "priority: 50"),
    };
    let text = sent
        .text
        .replace("expect: {queue: desk}", "expect: {queu: desk}");
    let mut request = apply(with_priority(20));
    request.cases = vec![v1::CaseFile {
        text: text.replace("../roster", "roster"),
        ..sent.clone()
    }];
    let refused = client.apply_policy(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["cases[\"more.tests.yaml\"]:10:14"]);
    // Topics that are pinned are held against the model that serves, though no case asks it for anything.
    let misspelt = sent
        .text
        .replace("topic: billing/refund", "topic: billing/refnd");
    assert_ne!(misspelt, sent.text);
    request.cases[0].text = misspelt.replace("../roster", "roster");
    let refused = client.apply_policy(request.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(
        refused.message().contains("unknown topic 'billing/refnd'"),
        "{refused:?}"
    );
    request.cases[0].text = sent.text.replace("../roster", "roster");
    let refused = client.apply_policy(request).await.unwrap_err();
    assert_eq!(
        preconditions(&refused)[0].1,
        "more.tests.yaml:5: refunds go to billing"
    );

    desk.write(
        "tests/broken.tests.yaml",
        "version: 1\npolicy: ../desk.yaml\ncases: [{}]\n",
    );
    let refused = client
        .apply_policy(apply(with_priority(20)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        preconditions(&refused)[0]
            .2
            .contains("broken.tests.yaml:3:"),
        "{refused:?}"
    );
    assert_eq!(live(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_the_roster_does_not_fit_is_refused() {
    let desk = Desk::new();
    let server = desk.start().await;
    let without_safety = POLICY.replace(", safety]", "]");
    let refused = client(&server)
        .await
        .apply_policy(apply(without_safety))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    let (kind, subject, description) = preconditions(&refused).remove(0);
    assert_eq!(kind, "ROSTER");
    assert!(subject.ends_with("roster.yaml:5:5"), "{subject}");
    assert!(description.contains("'safety'"), "{description}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_begin_with_one_version_the_second_is_told() {
    let desk = Desk::new();
    let server = desk.start().await;
    let expected_version = live_version(&server).await;
    let mut client = client(&server).await;
    let request = |priority| v1::ApplyPolicyRequest {
        expected_version: expected_version.clone(),
        ..apply(with_priority(priority))
    };
    client.apply_policy(request(20)).await.unwrap();
    let refused = client.apply_policy(request(30)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Aborted);
    assert_eq!(live(&server).await.policy, with_priority(20));
    let wish = v1::RollbackPolicyRequest {
        expected_version: expected_version.clone(),
        ..rollback("")
    };
    assert_eq!(
        client.rollback_policy(wish).await.unwrap_err().code(),
        Code::Aborted
    );
    // The same once more is no change.
    let again = client
        .apply_policy(apply(with_priority(20)))
        .await
        .unwrap()
        .into_inner();
    assert!(!again.changed && again.diff.is_empty());
    assert_eq!(desk.audit().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_to_keep_policies_in_none_is_applied() {
    let desk = Desk::new();
    let server = Server::start_as(&mut desk.forgetful_command()).await;
    let mut client = client(&server).await;
    let refused = client
        .apply_policy(apply(with_priority(20)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(refused.message().contains("state.folder"), "{refused:?}");
    let refused = client.rollback_policy(rollback("")).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(!desk.path("state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_whose_caller_is_told_that_time_is_over_is_not_applied() {
    let desk = Desk::new();
    let one = CASES
        .split_inclusive('\n')
        .skip(4)
        .take(3)
        .collect::<String>();
    let many: String = (0..2_000)
        .map(|number| one.replace("refunds go", &format!("{number} refunds go")))
        .collect();
    desk.write("tests/many.tests.yaml", &format!("{CASES}{many}"));
    let mut command = desk.command();
    command.env("TRIAGE_SERVER__REQUEST_TIMEOUT_MS", "1");
    let mut server = Server::start_as(&mut command).await;
    let mut client = client(&server).await;
    let refused = client.apply_policy(apply(with_priority(20))).await;
    assert_eq!(refused.unwrap_err().code(), Code::DeadlineExceeded);
    server
        .logged("a policy was not applied: nobody waited for the answer any more")
        .await;
    server.stop().await;
    assert_eq!(desk.audit().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn however_much_is_wrong_the_reasons_fit_into_a_status() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let long = format!("ü{}", "x".repeat(200_000));
    for faulty in [
        POLICY.replace("topic ==", &format!("{long} ==")),
        POLICY.replace("{billing: 1}", &format!("{{'{long}': 1}}")),
        POLICY.replace(
            "default:",
            &"wrong: 1\n".repeat(1_000).replace("wrong", &long[..300]),
        ),
    ] {
        let refused = client.apply_policy(apply(faulty)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(!fields(&refused).is_empty());
    }
    let failing: String = (0..1_000)
        .map(|number| {
            format!(
                "  - name: case {number} {}\n    classification: {{topic: billing/refund}}\n    \
                 expect: {{queue: desk, agent: none}}\n",
                "ü".repeat(200)
            )
        })
        .collect();
    desk.write("tests/many.tests.yaml", &format!("{CASES}{failing}"));
    let refused = client.apply_policy(apply(with_priority(20))).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert!(
        refused.message().starts_with("1000 of 1004 cases fail"),
        "{refused:?}"
    );
    assert!(!preconditions(&refused).is_empty());
}
