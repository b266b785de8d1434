//! Runs of cases: what passes, what fails and what is shown of it.

use serde_json::Value;

use crate::folder::Folder;

const PASSES: &str = "  - {name: a bill passes, classification: {topic: billing/x}, expect: {rule: bills, agent: bob}}\n";
const FAILS: &str = "  - name: a vip is expected
    classification: {topic: billing/x, urgency: high}
    ticket: {customer: {tier: gold}}
    waited: 2m
    expect: {rule: vip, agent: ana, queue: billing}
";

#[test]
fn a_failure_shows_where_expected_and_got_part() {
    let folder = Folder::new();
    let file = folder.write_cases("a.tests.yaml", &format!("{PASSES}{FAILS}"));
    let run = folder.policy(&["test", &file]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.out,
        "\
DIR/a.tests.yaml
  ok    a bill passes
  FAIL  a vip is expected (line 6)
        ticket: T-1 “(pinned)”, topic billing/x 95.0 %, urgency high 95.0 %, tier gold
        expected of  expected  got    line
        rule         vip       bills  10
        agent        ana       bob    10
        rule 'vip' (line 5) did not hold:
          true  topic.startsWith(\"billing/\")   with topic = \"billing/x\"
          false customer.tier == \"vip\"   with customer.tier = \"gold\"
        rule 'bills' (line 10) took it:
          true  topic.startsWith(\"billing/\")   with topic = \"billing/x\"
        step 1 of rule 'bills' is in force for a ticket that has waited 2m: queue 'billing'
        agent 'ana' is candidate 2

2 cases: 1 passed, 1 failed
"
    );
}

#[test]
fn only_what_is_asked_for_is_tried_and_shown() {
    let folder = Folder::new();
    folder.write_cases("a.tests.yaml", PASSES);
    folder.write_cases(
        "below/b.tests.yaml",
        &FAILS.replace("vip,", "bills,").replace("ana", "bob"),
    );
    folder.write("below/policy.yaml", crate::folder::POLICY);
    folder.write(
        "below/roster.yaml",
        &std::fs::read_to_string(folder.path("roster.yaml")).unwrap(),
    );
    folder.write("below/notes.yaml", "no cases");
    let all = folder.policy(&["test", &folder.path("")]);
    assert_eq!(all.code, Some(0), "{all:#?}");
    assert!(
        all.out.ends_with("2 cases: 2 passed, 0 failed\n"),
        "{}",
        all.out
    );
    let one = folder.policy(&["test", &folder.path(""), "--run", "^a vip"]);
    assert!(!one.out.contains("a bill passes"), "{}", one.out);
    assert!(
        one.out
            .ends_with("1 case: 1 passed, 0 failed, 1 not tried\n"),
        "{}",
        one.out
    );
    let failures = folder.policy(&["test", &folder.path(""), "--only-failures"]);
    assert_eq!(failures.out, "2 cases: 2 passed, 0 failed\n");
}

#[test]
fn a_rule_that_stands_too_early_is_named() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, classification: {topic: billing/x}, ticket: {customer: {tier: vip}}, expect: {rule: bills}}\n  \
         - {name: b, classification: {topic: x, confidence: 0.3, abstain_reason: LOW_CONFIDENCE}, expect: {rule: vip}}\n  \
         - {name: c, classification: {topic: other}, expect: {rule: vip}}\n",
    );
    let run = folder.policy(&["test", &file]);
    for line in [
        "rule 'vip' (line 5) took it before 'bills' (line 10) was tried:",
        "no rule was tried: the topic is in doubt (LOW_CONFIDENCE)",
        "none of the 2 rules held, so the default took it",
        "the default is in force for a ticket that has just come: queue 'people'",
    ] {
        assert!(run.out.contains(line), "no '{line}' in {}", run.out);
    }
}

#[test]
fn a_queue_that_is_missed_for_the_default_tells_why_its_rules_did_not_hold() {
    let folder = Folder::new();
    let policy = crate::folder::POLICY.replace(
        "default:",
        "  - {id: plans, when: 'customer.attributes.plan == \"pro\"', steps: [{queue: billing}]}\n  \
         - {id: ours, when: 'topic == \"staff\"', steps: [{queue: people}]}\ndefault:",
    );
    folder.write("policy.yaml", &policy);
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, classification: {topic: other}, waited: 0s, expect: {queue: billing}}\n",
    );
    let run = folder.policy(&["test", &file]);
    let told = "\
        3 rules lead to queue 'billing':
        rule 'vip' (line 5) did not hold:
          false topic.startsWith(\"billing/\")   with topic = \"other\"
        rule 'bills' (line 10) did not hold:
          false topic.startsWith(\"billing/\")   with topic = \"other\"
        rule 'plans' (line 13) could not be evaluated: ";
    assert!(run.out.contains(told), "{}", run.out);
    let end = "
        none of the 4 rules held, so the default took it
        the default is in force for a ticket that has just come: queue 'people'
";
    assert!(run.out.contains(end), "{}", run.out);
}

#[test]
fn a_sequence_takes_capacity_and_tells_which_step_failed() {
    let folder = Folder::new();
    let step = "{classification: {topic: billing/x}, agents: {}, expect: {agent: ana}}";
    let file = folder.write_cases(
        "a.tests.yaml",
        &format!("  - name: full\n    agents: {{bob: {{presence: away}}}}\n    sequence:\n      - {step}\n      - {step}\n      - {step}\n"),
    );
    let run = folder.policy(&["test", &file]);
    assert!(
        run.out.contains("step 3 of the sequence (line 10)"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("agent        ana       none  10"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("agent 'ana' holds 2 of 2 tickets"),
        "{}",
        run.out
    );
    assert!(!run.out.contains("step 2 of the sequence"), "{}", run.out);
}

#[test]
fn a_ticket_that_is_decided_anew_in_a_sequence_keeps_its_place() {
    let folder = Folder::new();
    let step = |id: &str, more: &str| {
        format!("      - {{ticket: {{id: {id}}}, classification: {{topic: billing/x}}, {more}}}\n")
    };
    let steps = [
        step("X", "expect: {agent: bob}"),
        step("X", "waited: 5m, expect: {agent: bob}"),
        step("Y", "expect: {agent: none}"),
        // Where its agent is not there any more, the ticket goes on and the place is free.
        step(
            "X",
            "agents: {bob: {presence: away}, ana: {presence: available}}, expect: {agent: ana}",
        ),
        step(
            "Y",
            "agents: {bob: {presence: available}}, expect: {agent: bob}",
        ),
        // A load that is told counts the ticket.
        step("Y", "agents: {bob: {load: 1}}, expect: {agent: none}"),
    ];
    let head = "  - name: anew\n    agents: {ana: {presence: away, capacity: 1}, bob: {capacity: 1}}\n    sequence:\n";
    let file = folder.write_cases("a.tests.yaml", &(head.to_owned() + &steps.concat()));
    let run = folder.policy(&["test", &file]);
    assert!(
        run.printed().ends_with("1 case: 1 passed, 0 failed\n"),
        "{}",
        run.out
    );
}

#[test]
fn coverage_lists_what_is_missing_by_name_and_line() {
    let folder = Folder::new();
    let file = folder.write_cases("a.tests.yaml", PASSES);
    let run = folder.policy(&["test", &file, "--coverage", "--fail-under", "7/20"]);
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.out,
        "\
DIR/a.tests.yaml
  ok    a bill passes
coverage of DIR/policy.yaml: 25.0 % (5/20), below the bar of 35.0 %
  covered  of
        1   2  rules
        3   6  tests of conditions, both ways
        1   2  steps
        0   1  otherwise
        0   1  overflows
        0   1  default
        0   7  reasons to abstain
  DIR/policy.yaml:5:5: rule 'vip' never decides
  DIR/policy.yaml:5:5: otherwise of rule 'vip' ('people') is never in force
  DIR/policy.yaml:6:11: rule 'vip': topic.startsWith(\"billing/\") is never false
  DIR/policy.yaml:6:43: rule 'vip': customer.tier == \"vip\" is never true
  DIR/policy.yaml:8:13: step 1 of rule 'vip' is never in force
  DIR/policy.yaml:10:5: rule 'bills' never overflows to 'people'
  DIR/policy.yaml:11:11: rule 'bills': topic.startsWith(\"billing/\") is never false
  DIR/policy.yaml: the default never takes a ticket
  DIR/policy.yaml: no ticket is left to people for EMPTY_TEXT
  DIR/policy.yaml: no ticket is left to people for LOW_CONFIDENCE
  DIR/policy.yaml: no ticket is left to people for AMBIGUOUS
  DIR/policy.yaml: no ticket is left to people for OUT_OF_SCOPE
  DIR/policy.yaml: no ticket is left to people for UNSUPPORTED_LANGUAGE
  DIR/policy.yaml: no ticket is left to people for NO_RULE_MATCHED
  DIR/policy.yaml: no ticket is left to people for NO_ELIGIBLE_AGENT
1 case: 1 passed, 0 failed
"
    );
    let exact = folder.policy(&["test", &file, "--fail-under", "5/20"]);
    assert_eq!(exact.code, Some(0));
}

#[test]
fn coverage_counts_what_a_step_relaxes_to() {
    let folder = Folder::new();
    let relaxing = "require: {billing: 4}, relax: {every: 2m, to: {billing: 0}}, timeout";
    folder.write(
        "policy.yaml",
        &crate::folder::POLICY.replace("require: {billing: 4}, timeout", relaxing),
    );
    let case = |waited: &str| {
        format!(
            "  - {{name: after {waited}, waited: {waited}, classification: {{topic: billing/x}}, \
             ticket: {{customer: {{tier: vip}}}}, expect: {{rule: vip}}}}\n"
        )
    };
    let cases = case("1m") + &case("3m");
    let file = folder.write_cases("a.tests.yaml", &cases);
    let run = folder.policy(&["test", &file, "--coverage"]);
    let out = run.printed();
    assert!(out.contains("        2   3  levels of relax\n"), "{out}");
    let missing = "DIR/policy.yaml:8:13: step 1 of rule 'vip' never asks for billing 2\n";
    assert!(out.contains(missing), "{out}");
    assert!(!out.contains("billing 3\n"), "{out}");
}

#[test]
fn a_test_that_is_the_same_for_every_ticket_has_one_way_to_cover() {
    let folder = Folder::new();
    let all = "  - {id: all, when: 'true', otherwise: people}\ndefault:";
    folder.write(
        "policy.yaml",
        &crate::folder::POLICY.replace("default:", all),
    );
    let case = "  - {name: a, classification: {topic: x}, expect: {rule: all}}\n";
    let file = folder.write_cases("a.tests.yaml", case);
    let run = folder.policy(&["test", &file, "--coverage"]);
    let out = run.printed();
    assert!(!out.contains("true is never"), "{out}");
    assert!(
        out.contains("  7  tests of conditions, both ways\n"),
        "{out}"
    );
}

#[test]
fn json_holds_the_decision_and_the_reasons() {
    let folder = Folder::new();
    let file = folder.write_cases("a.tests.yaml", &format!("{PASSES}{FAILS}"));
    let run = folder.policy(&[
        "test",
        &file,
        "--format",
        "json",
        "--coverage",
        "--only-failures",
    ]);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&report["passed"], &report["failed"]),
        (&1.into(), &1.into())
    );
    let case = &report["files"][0]["cases"][0];
    assert_eq!(case["name"], "a vip is expected");
    assert_eq!(case["steps"][0]["decision"]["rule"], "bills");
    assert_eq!(case["steps"][0]["mismatches"][0]["expected"], "vip");
    assert_eq!(
        case["steps"][0]["why"][0],
        "rule 'vip' (line 5) did not hold:"
    );
    assert_eq!(report["coverage"][0]["total"]["all"], 20);
}

#[test]
fn junit_counts_failures_and_survives_any_name() {
    let folder = Folder::new();
    let name = FAILS.replace("a vip is expected", "'<a> & \"b\" ☎'");
    let file = folder.write_cases("a.tests.yaml", &format!("{PASSES}{name}"));
    let run = folder.policy(&["test", &file, "--format", "junit"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.out
            .starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"),
        "{}",
        run.out
    );
    for part in [
        "tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\"",
        "name=\"&lt;a&gt; &amp; &quot;b&quot; ☎\"",
        "<failure message=\"rule: expected vip, got bills; agent: expected ana, got bob\"",
        "customer.tier = \"gold\"",
    ] {
        let plain = run.out.replace("&quot;", "\"");
        assert!(
            run.out.contains(part) || plain.contains(part),
            "no '{part}' in {}",
            run.out
        );
    }
}

#[test]
fn cases_are_tried_on_another_policy() {
    let folder = Folder::new();
    let file = folder.write_cases("a.tests.yaml", PASSES);
    let other = folder.write(
        "other.yaml",
        &crate::folder::POLICY.replace("require: {billing: 2}", "require: {billing: 3}"),
    );
    let run = folder.policy(&["test", &file, "--policy", &other]);
    assert_eq!(run.code, Some(1), "{run:#?}");
    assert!(
        run.out
            .contains("agent 'bob' has the skill 'billing' at level 2"),
        "{}",
        run.out
    );
}
