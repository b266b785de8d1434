//! What can be asked without changing anything: the policy, what is wrong with another one, what its cases say.

use tonic::Code;
use tonic_types::StatusExt;
use triage::grpc::v1;

use crate::desk::{CASES, Desk, POLICY, broken, client, live, misrouted, with_priority};

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_that_decides_is_told_with_its_text_version_and_origin() {
    let desk = Desk::new();
    let server = desk.start().await;
    let answer = live(&server).await;
    assert_eq!(answer.policy, POLICY);
    let record = answer.record.unwrap();
    assert_eq!(record.version.len(), 12);
    assert_eq!(record.source(), v1::PolicySource::File);
    assert_eq!(record.author, "");
    assert!(record.applied_at.unwrap().seconds > 1_700_000_000);
    assert!(answer.earlier.is_empty());
    let mut client = client(&server).await;
    for (version, code) in [
        ("feedfacefeed", Code::NotFound),
        ("../x", Code::InvalidArgument),
    ] {
        let version = version.to_owned();
        let refused = client.get_policy(v1::GetPolicyRequest { version }).await;
        assert_eq!(refused.unwrap_err().code(), code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_every_fault_with_its_place_and_what_looks_like_a_mistake() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut check = async |policy: String| {
        let request = v1::CheckPolicyRequest { policy };
        client.check_policy(request).await.unwrap().into_inner()
    };
    let checked = check(broken()).await;
    let places: Vec<(u32, u32)> = checked
        .faults
        .iter()
        .map(|fault| (fault.line, fault.column))
        .collect();
    assert_eq!(places, [(6, 11), (9, 36)], "{checked:#?}");
    assert!(
        checked.faults[1]
            .message
            .contains("did you mean 'billing'?")
    );

    let checked = check(String::new()).await;
    assert!(checked.faults.is_empty());
    let unused = checked.warnings.iter().find(|one| one.kind == "unused");
    assert!(unused.unwrap().message.contains("safety"), "{checked:#?}");

    let unknown_topic = check(POLICY.replace("billing/refund", "billing/refnd")).await;
    assert!(
        unknown_topic.faults[0]
            .message
            .contains("did you mean 'billing/refund'?")
    );
    let without_skill = check(POLICY.replace(", safety]", "]")).await;
    assert!(
        without_skill.faults[0].message.contains("'bob'"),
        "{without_skill:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_are_tried_on_any_policy_and_failures_are_told_in_full() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut test = async |policy: String, cases: Vec<v1::CaseFile>, run: &str| {
        let run = run.to_owned();
        let request = v1::TestPolicyRequest { policy, cases, run };
        client
            .test_policy(request)
            .await
            .map(tonic::Response::into_inner)
    };
    let passed = test(String::new(), Vec::new(), "").await.unwrap();
    assert_eq!((passed.passed, passed.failed), (2, 0));
    let coverage = passed.coverage.unwrap();
    assert!(
        0 < coverage.covered && coverage.covered < coverage.all,
        "{coverage:?}"
    );
    assert_eq!(
        coverage.missing.len() as u32,
        coverage.all - coverage.covered
    );

    let failed = test(misrouted(), Vec::new(), "").await.unwrap();
    assert_eq!((failed.passed, failed.failed), (1, 1));
    let failure = &failed.failures[0];
    assert!(failure.file.ends_with("desk.tests.yaml"), "{failure:?}");
    assert_eq!(
        (failure.name.as_str(), failure.line),
        ("refunds go to billing", 5)
    );
    let queue = failure
        .mismatches
        .iter()
        .find(|one| one.field == "queue")
        .unwrap();
    assert_eq!(
        (queue.expected.as_str(), queue.got.as_str()),
        ("billing", "desk")
    );
    let picked = test(misrouted(), Vec::new(), "^what").await.unwrap();
    assert_eq!((picked.passed, picked.failed), (1, 0));
    let none = test(String::new(), Vec::new(), "^nothing").await;
    let none = none.unwrap_err();
    assert_eq!(none.code(), Code::InvalidArgument);
    assert_eq!(
        none.message(),
        "run: no case is called like '^nothing': leave it out to try all"
    );

    // One that stands in for the file beside, and one more, which gives a text for the model.
    let case = |name: &str, text: String| v1::CaseFile {
        name: name.to_owned(),
        text,
    };
    let replaced = case(
        "tests/desk.tests.yaml",
        CASES.replace("queue: billing, agent: ana", "queue: desk"),
    );
    let more = "version: 1\ncases:\n  - name: words of a refund\n    ticket: {body: 'I still have not got my refund'}\n    \
                expect: {topic: billing/refund, queue: desk}\n";
    let more = case("more.tests.yaml", more.to_owned());
    let both = test(misrouted(), vec![replaced, more], "").await.unwrap();
    assert_eq!((both.passed, both.failed), (3, 0), "{both:#?}");

    let refused = test(String::new(), vec![case("../x", String::new())], "(").await;
    let details = refused.unwrap_err().get_error_details();
    let fields: Vec<&str> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|one| one.field.as_str())
        .collect();
    assert_eq!(fields, ["run", "cases[0].name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_that_were_sent_read_no_file_outside_of_the_policys_folder() {
    let desk = Desk::new();
    let server = desk.start().await;
    let text = CASES.replace("../roster.yaml", "/etc/hostname");
    let name = "tests/desk.tests.yaml".to_owned();
    let request = v1::TestPolicyRequest {
        cases: vec![v1::CaseFile { name, text }],
        ..v1::TestPolicyRequest::default()
    };
    let refused = client(&server)
        .await
        .test_policy(request)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let details = refused.get_error_details();
    let violation = &details.bad_request().unwrap().field_violations[0];
    assert_eq!(violation.field, "cases[\"tests/desk.tests.yaml\"]:3:9");
    assert!(
        violation.description.contains("below the policy's folder"),
        "{violation:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_tells_what_would_change_and_changes_nothing() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let before = live(&server).await;
    let request = v1::ApplyPolicyRequest {
        dry_run: true,
        ..crate::desk::apply(with_priority(90))
    };
    let answer = client
        .apply_policy(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert!(answer.changed);
    assert_eq!(answer.cases, 2);
    assert!(
        answer
            .diff
            .contains("-    priority: 10\n+    priority: 90\n"),
        "{}",
        answer.diff
    );
    let record = answer.record.unwrap();
    assert_ne!(record.version, answer.previous_version);
    assert_eq!(record.applied_at, None);
    assert_eq!(live(&server).await, before);
    assert_eq!(desk.audit().len(), 1);

    let policy = misrouted();
    let refused = client
        .apply_policy(v1::ApplyPolicyRequest { policy, ..request })
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
}
