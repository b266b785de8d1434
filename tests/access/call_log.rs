//! The log of operators' calls.

use h2::client::Builder;
use serde_json::{Value, json};
use tonic::Code;
use triage::grpc::v1;

use crate::calls::{Call, applied, bearing, call, code, shown};
use crate::desk::{client, rollback, with_priority};
use crate::guarded::{Guarded, token};
use crate::raw::{Frames, framed};
use crate::running::{Server, within_deadline};
use crate::signer::{Signer, claims};

/// A line without what differs from run to run.
fn what(line: &Value) -> (Value, Value, Value) {
    (
        line["caller"].clone(),
        line["method"].clone(),
        line["code"].clone(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_an_operator_is_a_line_when_its_answer_is_there() {
    let settings = token("ops", "secret", &["admin"]) + &token("desk", "other", &["route"]);
    let guarded = Guarded::new(&settings);
    let server = guarded.start().await;

    let mut request = bearing(v1::GetPolicyRequest::default(), "secret");
    request
        .metadata_mut()
        .insert("x-request-id", "call-7".parse().unwrap());
    client(&server).await.get_policy(request).await.unwrap();
    let log = guarded.log();
    assert_eq!(log.len(), 1);
    let line = &log[0];
    assert_eq!(line["caller"], "ops");
    assert_eq!(line["credential"], "token");
    assert_eq!(line["method"], "triage.v1.RoutingService/GetPolicy");
    assert_eq!(line["code"], "Ok");
    assert_eq!(line["request_id"], "call-7");
    assert!(line["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
    line["time"]
        .as_str()
        .unwrap()
        .parse::<jiff::Timestamp>()
        .unwrap();

    // Calls of a help desk are none of an operator's.
    assert_eq!(code(&server, Call::Route, "other").await, Code::Ok);
    assert_eq!(
        code(&server, Call::Route, "secret").await,
        Code::PermissionDenied
    );
    // Those that fail are lines too.
    let unknown = v1::GetPolicyRequest {
        version: "0123456789ab".to_owned(),
    };
    let failed = client(&server)
        .await
        .get_policy(bearing(unknown, "secret"))
        .await;
    assert_eq!(failed.unwrap_err().code(), Code::NotFound);
    let log = guarded.log();
    assert_eq!(log.len(), 2);
    let method = json!("triage.v1.RoutingService/GetPolicy");
    assert_eq!(
        what(&log[1]),
        (json!("ops"), method.clone(), json!("NotFound"))
    );

    // Somebody known who may not is a line, and nobody is none, whose calls would fill the disk.
    assert_eq!(
        code(&server, Call::GetPolicy, "other").await,
        Code::PermissionDenied
    );
    assert_eq!(
        code(&server, Call::GetPolicy, "wrong").await,
        Code::Unauthenticated
    );
    let ended = server.stop().await;
    let log = guarded.log();
    assert_eq!(log.len(), 3);
    assert_eq!(
        what(&log[2]),
        (json!("desk"), method, json!("PermissionDenied"))
    );
    let told = ended.entries();
    let told = told.iter().filter(|entry| entry["message"] == "admin call");
    assert_eq!(
        told.map(|entry| &entry["code"]).collect::<Vec<_>>(),
        ["Ok", "NotFound", "PermissionDenied", "Unauthenticated"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_logged_where_nobody_has_to_say_who_calls() {
    let guarded = Guarded::new("");
    let server = guarded.start().await;
    call(&server, Call::GetPolicy, None).await.unwrap();
    let log = guarded.log();
    assert_eq!(log.len(), 1);
    assert!(log[0].get("caller").is_none() && log[0].get("credential").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_outlive_a_kill_and_half_a_line_is_cut() {
    let guarded = Guarded::new("");
    let server = guarded.start().await;
    for _ in 0..3 {
        call(&server, Call::GetPolicy, None).await.unwrap();
    }
    drop(server); // by SIGKILL
    assert_eq!(guarded.log().len(), 3);
    let whole = std::fs::read_to_string(guarded.log_path()).unwrap();
    std::fs::write(guarded.log_path(), format!("{whole}{{\"time\":\"20")).unwrap();
    let server = guarded.start().await;
    call(&server, Call::GetPolicy, None).await.unwrap();
    assert_eq!(guarded.log().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_name_their_caller_beside_the_author_that_they_claim() {
    let signer = Signer::es256("one");
    let guarded = Guarded::trusting(&[&signer], "");
    let server = guarded.start().await;
    let ana = signer.token(&claims("ana@example.com", "admin"));

    let record = applied(&server, with_priority(20), "bob", &ana).await;
    assert_eq!(
        (&*record.author, &*record.caller),
        ("bob", "ana@example.com")
    );
    let record = applied(&server, with_priority(30), "", &ana).await;
    assert_eq!(
        (&*record.author, &*record.caller),
        ("ana@example.com", "ana@example.com")
    );
    let request = v1::RollbackPolicyRequest {
        author: String::new(),
        ..rollback("")
    };
    let back = client(&server)
        .await
        .rollback_policy(bearing(request, &ana))
        .await;
    let record = back.unwrap().into_inner().record.unwrap();
    assert_eq!(
        (&*record.author, &*record.caller),
        ("ana@example.com", "ana@example.com")
    );

    let log = guarded.desk.audit();
    // Before them stands the line of the file that decided first.
    let named = log
        .iter()
        .skip(1)
        .map(|line| (line["author"].clone(), line["caller"].clone()));
    let named: Vec<(Value, Value)> = named.collect();
    let ana = json!("ana@example.com");
    assert_eq!(
        named,
        [
            (json!("bob"), ana.clone()),
            (ana.clone(), ana.clone()),
            (ana.clone(), ana)
        ]
    );

    // Nobody's name is missing where nobody has to say who calls.
    let open = Guarded::new("");
    let server = open.start().await;
    let request = v1::RollbackPolicyRequest::default();
    let refused = client(&server)
        .await
        .rollback_policy(shown(request, None))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let line = &open.log()[0];
    assert_eq!(line["code"], "InvalidArgument");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_told_of_in_a_quiet_log_too_but_no_strangers() {
    let guarded = Guarded::new(&token("ops", "secret", &["admin"]));
    let quiet = "error,triage::server=info,triage::server::log=error";
    let server = Server::start_as(guarded.command().args(["--log-level", quiet])).await;
    assert_eq!(
        code(&server, Call::GetPolicy, "wrong").await,
        Code::Unauthenticated
    );
    assert_eq!(code(&server, Call::GetPolicy, "secret").await, Code::Ok);
    let ended = server.stop().await;
    let told: Vec<(Value, Value)> = ended
        .entries()
        .iter()
        .filter(|entry| {
            let target = entry["target"].as_str().unwrap();
            !target.starts_with("triage::server")
        })
        .map(|entry| (entry["message"].clone(), entry["code"].clone()))
        .collect();
    assert_eq!(told, [(json!("admin call"), json!("Ok"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_whose_answer_nobody_reads_is_a_line_all_the_same() {
    let guarded = Guarded::new(&token("ops", "secret", &["admin"]));
    let server = guarded.start().await;
    // Of its answer only the head may be sent.
    let mut unread = Builder::new();
    unread.initial_window_size(0);
    let mut connection = Frames::connect_as(&unread, &server.address).await;
    let by = [("authorization", "Bearer secret")];
    let (answer, mut body) = connection
        .begin_to("/triage.v1.RoutingService/GetPolicy", &by)
        .await;
    let request = framed(&v1::GetPolicyRequest::default());
    body.send_data(request, true).unwrap();
    let _unread = within_deadline(answer).await.unwrap();
    let log = guarded.log();
    assert_eq!(log.len(), 1);
    assert_eq!(
        what(&log[0]),
        (
            json!("ops"),
            json!("triage.v1.RoutingService/GetPolicy"),
            json!("Ok")
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_come_too_often_do_not_fill_the_file() {
    let settings = "[access]\nrate_limit = 1\nrate_burst = 5\n".to_owned()
        + &token("ops", "secret", &["admin"]);
    let guarded = Guarded::new(&settings);
    let server = guarded.start().await;
    let mut answered = 0;
    for _ in 0..100 {
        match code(&server, Call::GetPolicy, "secret").await {
            Code::Ok => answered += 1,
            other => assert_eq!(other, Code::ResourceExhausted),
        }
    }
    drop(server);
    let log = guarded.log();
    assert!(answered < 100);
    assert_eq!(log.len(), answered);
    assert!(log.iter().all(|line| line["code"] == "Ok"));
}
