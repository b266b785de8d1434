//! Classifying and routing one ticket, wherever its words come from.

use std::fs;

use crate::program::{Run, SMOKE, run, run_unread, run_with_input};
use crate::running::argument;

fn topic(run: &Run) -> String {
    let answer = run.json();
    let label = answer["classification"]["topic"]["label"].as_str();
    label.unwrap().to_owned()
}

#[test]
fn classify_shows_topic_and_urgency_with_the_words_that_decided() {
    let run = run(&["classify", "--text", SMOKE]);
    let lines: Vec<&str> = run.printed().lines().collect();
    assert!(
        lines[0].starts_with("topic      safety/incident "),
        "{run:#?}"
    );
    assert!(lines[0].ends_with('%'), "{run:#?}");
    let words = lines
        .iter()
        .find(|line| line.contains("because of"))
        .unwrap();
    assert!(words.contains("“smoke” +"), "{words}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("urgency    urgent "))
    );
    assert!(lines.last().unwrap().starts_with("model "));
}

#[test]
fn route_shows_queue_rule_agent_and_the_words_that_decided() {
    let run = run(&["route", "--text", SMOKE]);
    let printed = run.printed();
    for expected in [
        "topic      safety/incident ",
        "because of",
        "“smoke” +",
        "\nqueue      safety_desk\n",
        "\nrule       safety, step 1\n",
        "\npriority   100 of 100\n",
        "\nskills     safety 4\n",
        "\nperson     must decide: ALWAYS_HUMAN\n",
        "\nagent      amara\n",
        "not henrik: ",
        "\nanswer by  ",
        ", policy ",
    ] {
        assert!(printed.contains(expected), "no '{expected}' in {printed}");
    }
    assert!(
        !printed.contains("topic == "),
        "the rules tried are not asked for"
    );
}

#[test]
fn route_lists_the_rules_tried_and_heeds_the_wait_where_asked() {
    let run = run(&["route", "--text", SMOKE, "--trace", "--waited", "1h30m"]);
    let printed = run.printed();
    assert!(printed.contains("safety: topic == \"safety/incident\" = true"));
    assert!(
        printed.contains("\nrule       safety, step 2\n"),
        "{printed}"
    );
    assert!(printed.contains("\nskills     safety 2\n"), "{printed}");
}

#[test]
fn json_has_the_field_names_of_the_protocol() {
    let answer = run(&["route", "--json", "--text", SMOKE]).json();
    assert_eq!(answer["ticket_id"], "prompt");
    let topic = &answer["classification"]["topic"];
    assert_eq!(topic["made_prediction"], true);
    assert_eq!(topic["abstain_reason"], "ABSTAIN_REASON_UNSPECIFIED");
    assert_eq!(topic["top"].as_array().unwrap().len(), 3);
    let evidence = &topic["evidence"][0];
    assert_eq!(evidence["field"], "TEXT_FIELD_BODY");
    assert!(evidence["start"].is_u64() && evidence["contribution"].is_f64());
    let decision = &answer["decision"];
    assert_eq!(decision["urgency"], "URGENCY_URGENT");
    assert_eq!(decision["required_skills"]["safety"], 4);
    assert_eq!(decision["stage"], "STAGE_STEP");
    assert!(
        decision["first_response_due"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    assert!(decision["candidates"][0]["agent_id"].is_string());
    assert!(answer["model_version"].is_string() && answer["policy_version"].is_string());

    let answer = run(&["classify", "--json", "--text", SMOKE]).json();
    assert_eq!(answer["classification"]["urgency_level"], "URGENCY_URGENT");
    assert!(answer.get("decision").is_none());
}

#[test]
fn the_words_come_from_an_argument_a_file_or_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("ticket.txt");
    fs::write(&text, SMOKE).unwrap();
    let json = folder.path().join("ticket.json");
    let ticket = serde_json::json!({"id": "7", "channel": "chat", "body": SMOKE, "customer": {"tier": "vip"}});
    fs::write(&json, ticket.to_string()).unwrap();

    let expected = run(&["classify", "--json", "--text", SMOKE]);
    assert_eq!(topic(&expected), "safety/incident");
    let from_file = run(&["classify", "--json", "--file", argument(&text)]);
    assert_eq!(from_file.json(), expected.json());
    let from_input = run_with_input(&["classify", "--json", "-"], SMOKE.as_bytes());
    assert_eq!(from_input.json(), expected.json());
    let mut from_json = run(&["classify", "--json", "--file", argument(&json)]).json();
    assert_eq!(from_json["ticket_id"], "7");
    from_json["ticket_id"] = "prompt".into();
    assert_eq!(from_json, expected.json());
}

#[test]
fn a_subject_alone_is_a_ticket_and_words_in_it_are_found_there() {
    let answer = run(&["classify", "--json", "--subject", SMOKE]).json();
    let evidence = &answer["classification"]["topic"]["evidence"][0];
    assert_eq!(evidence["field"], "TEXT_FIELD_SUBJECT");
}

#[test]
fn what_is_known_of_the_customer_decides_too() {
    let ask = |more: &[&str]| {
        let text = "I sent the jacket back three weeks ago and still have not got my refund";
        let arguments = [&["route", "--json", "--text", text], more].concat();
        run(&arguments).json()["decision"]["rule"].clone()
    };
    assert_eq!(ask(&[]), "refund");
    assert_eq!(ask(&["--language", "de"]), "billing-in-german");
}

#[test]
fn other_files_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    fs::write(
        &policy,
        "version: 1\nqueues: {all: {}}\ndefault: {queue: all}\n",
    )
    .unwrap();
    let arguments = [
        "route",
        "--text",
        SMOKE,
        "--policy",
        argument(&policy),
        "--roster",
        "",
    ];
    let run = run(&arguments);
    assert!(run.printed().contains("\nqueue      all\n"), "{run:#?}");
    assert!(run.printed().contains("\nrule       default\n"), "{run:#?}");
}

#[test]
fn a_reader_who_has_enough_does_no_harm() {
    for arguments in [
        &["route", "--text", SMOKE, "--trace"][..],
        &["route", "--text", SMOKE, "--json"],
        &["demo", "--once"],
    ] {
        let run = run_unread(arguments);
        assert_eq!(
            (run.code, run.errors.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}
