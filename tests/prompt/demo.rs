//! The demo: a server, a dozen tickets, a table.

use rustix::process::Signal;

use crate::program::{run, run_command, triage};
use crate::running::Server;

#[test]
fn the_demo_routes_a_dozen_tickets_and_ends() {
    let run = run(&["demo", "--once"]);
    let printed = run.printed();
    assert!(
        printed.contains("listens on http://127.0.0.1:"),
        "{printed}"
    );
    for heading in [
        "ticket", "topic", "urgency", "queue", "skills", "agent", "rule",
    ] {
        assert!(printed.contains(heading), "no {heading} in {printed}");
    }
    let topics = [
        "account/",
        "billing/",
        "safety/",
        "delivery/",
        "technical/",
        "feedback/",
        "sales/",
        "orders/",
        "privacy/",
        "product/",
        "returns/",
    ];
    let rows = printed
        .lines()
        .filter(|line| topics.iter().any(|area| line.contains(area)));
    assert_eq!(rows.count(), 12, "{printed}");
    assert!(printed.contains("safety_desk"), "{printed}");
    assert!(!printed.contains("Ctrl-C"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_stays_up_until_it_is_interrupted() {
    let mut demo = Server::spawn(&mut triage(&["demo"]));
    let call = loop {
        let line = demo.next_line().await.expect("it says how to call it");
        if line.contains("route --server") {
            break line;
        }
    };
    let url = call
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let answer = run(&["classify", "--text", "smoke", "--server", url.unwrap()]);
    assert!(answer.printed().contains("topic"));
    demo.signal(Signal::INT);
    let ended = demo.ended().await;
    assert_eq!((ended.code, ended.errors.as_str()), (Some(0), ""));
}

#[test]
fn the_demo_outside_the_project_says_where_to_run_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut elsewhere = triage(&["demo", "--once"]);
    elsewhere.current_dir(folder.path());
    run_command(elsewhere).refused(&["models", "run the demo in the project's folder"]);
}
