//! What a server decides with after it was stopped, or killed, and started again.

use std::fs;

use rustix::process::Signal;

use crate::desk::{
    Desk, POLICY, apply, broken, client, live, live_version, rollback, with_priority,
};
use crate::running::{Server, within_deadline};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_applied_decides_after_a_restart_and_can_be_gone_back_from() {
    let desk = Desk::new();
    let server = desk.start().await;
    let first = live_version(&server).await;
    client(&server)
        .await
        .apply_policy(apply(with_priority(20)))
        .await
        .unwrap();
    let told = live(&server).await;
    assert_eq!(server.stop().await.code, Some(0));

    let mut server = Server::start_listening(&mut desk.command()).await;
    let said = server
        .logged("the policy that was applied decides: the file was not changed since")
        .await;
    assert_eq!(said["author"], "ana@example.com");
    server.logged("serving").await;
    assert_eq!(live(&server).await, told);
    client(&server)
        .await
        .rollback_policy(rollback(""))
        .await
        .unwrap();
    assert_eq!(live_version(&server).await, first);
    server.stop().await;
    let server = desk.start().await;
    assert_eq!(live_version(&server).await, first);
    assert_eq!(desk.audit().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_changed_in_between_decides_and_a_broken_one_does_not() {
    let desk = Desk::new();
    let server = desk.start().await;
    client(&server)
        .await
        .apply_policy(apply(with_priority(20)))
        .await
        .unwrap();
    let applied = live(&server).await;
    server.stop().await;

    desk.write("desk.yaml", &broken());
    let mut server = Server::start_listening(&mut desk.command()).await;
    let said = server
        .logged("the policy's file is refused: the policy that decided last stays")
        .await;
    assert!(
        said["error"].as_str().unwrap().contains("desk.yaml:6:11"),
        "{said}"
    );
    server.logged("serving").await;
    assert_eq!(live(&server).await, applied);
    server.stop().await;

    desk.write("desk.yaml", &with_priority(30));
    let mut server = Server::start_listening(&mut desk.command()).await;
    server
        .logged("the policy's file was changed and decides")
        .await;
    server.logged("serving").await;
    let told = live(&server).await;
    assert_eq!(told.policy, with_priority(30));
    assert_eq!(told.earlier[0].version, applied.record.unwrap().version);
    let last = desk.audit().pop().unwrap();
    assert!(
        last["diff"]
            .as_str()
            .unwrap()
            .contains("-    priority: 20\n+    priority: 30\n"),
        "{last}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_while_policies_were_applied_starts_with_one_of_them() {
    let desk = Desk::new();
    for round in 0..3 {
        let server = desk.start().await;
        let mut client = client(&server).await;
        let before = desk.audit_lines();
        let applying = tokio::spawn(async move {
            let mut versions = Vec::new();
            for number in 0.. {
                let policy = format!("{POLICY}# change {number} of round {round}\n");
                match client.apply_policy(apply(policy)).await {
                    Ok(answer) => versions.push(answer.into_inner().record.unwrap().version),
                    Err(_) => break,
                }
            }
            versions
        });
        while desk.audit_lines() < before + 5 {
            tokio::task::yield_now().await;
        }
        server.signal(Signal::KILL);
        let applied = within_deadline(applying).await.unwrap();
        server.ended().await;

        let server = desk.start().await;
        let decides = live_version(&server).await;
        let log = desk.audit();
        let told = log
            .iter()
            .rev()
            .take(2)
            .any(|line| line["version"] == decides.as_str());
        assert!(told, "{decides} is not among the last two of {log:#?}");
        // The last one that was confirmed decides, or the one that the kill left without an answer.
        let confirmed = applied.last().unwrap();
        assert!(
            decides == *confirmed || log.iter().any(|line| line["before"] == confirmed.as_str()),
            "{decides} decides after {confirmed}"
        );
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_at_a_time_keeps_its_policies_in_a_folder() {
    let desk = Desk::new();
    let _server = desk.start().await;
    let ended = Server::spawn(&mut desk.command()).ended().await;
    ended.refused(2, &["state", "another server"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_policy_that_fits_no_more_is_refused_with_the_way_out() {
    let desk = Desk::new();
    let server = desk.start().await;
    client(&server)
        .await
        .apply_policy(apply(with_priority(20)))
        .await
        .unwrap();
    let version = live_version(&server).await;
    server.stop().await;
    let roster = fs::read_to_string(desk.path("roster.yaml")).unwrap();
    desk.write("roster.yaml", &roster.replace("safety: 5", "rescue: 5"));
    let ended = Server::spawn(&mut desk.command()).ended().await;
    ended.refused(2, &[&version, "'rescue'", "desk.yaml"]);
    // The way out: a file that fits.
    desk.write(
        "desk.yaml",
        &with_priority(30).replace("safety]", "rescue]"),
    );
    let server = desk.start().await;
    assert_eq!(live(&server).await.record.unwrap().author, "");
}

impl Desk {
    /// How many whole lines the audit log has by now.
    fn audit_lines(&self) -> usize {
        let text = fs::read(self.path("state/policy-log.jsonl")).unwrap_or_default();
        text.iter().filter(|&&byte| byte == b'\n').count()
    }
}
