//! What counts as covered, and how a build server learns that it is too little.

use serde_json::Value;

use crate::folder::Folder;

const CASE: &str =
    "  - {name: a bill passes, classification: {topic: billing/x}, expect: {rule: bills}}\n";

#[test]
fn a_build_server_sees_a_coverage_below_the_bar_as_a_failure() {
    let folder = Folder::new();
    let file = folder.write_cases("a.tests.yaml", CASE);
    let junit = ["test", &file, "--format", "junit"];
    let with_bar = |bar: &str| folder.policy(&[&junit[..], &["--fail-under", bar]].concat());
    let run = with_bar("0.9");
    assert_eq!(run.code, Some(1));
    for part in [
        "tests=\"2\" skipped=\"0\" failures=\"1\"",
        "<testsuite name=\"coverage\"",
        "<testcase name=\"coverage of DIR/policy.yaml\"",
        "<failure message=\"5/20 is below the bar of 9/10\" type=\"coverage\">",
        "DIR/policy.yaml:5:5: rule &apos;vip&apos; never decides",
        "DIR/policy.yaml: the default never takes a ticket",
    ] {
        let found = run.out.contains(part) || run.out.replace('\'', "&apos;").contains(part);
        assert!(found, "no '{part}' in {}", run.out);
    }
    let enough = with_bar("1/4");
    assert_eq!(enough.code, Some(0));
    assert!(enough.out.contains("failures=\"0\""), "{}", enough.out);
    assert!(
        enough.out.contains("coverage of DIR/policy.yaml"),
        "{}",
        enough.out
    );
    let without = folder.policy(&junit);
    assert!(!without.out.contains("coverage"), "{}", without.out);

    let json = ["test", &file, "--format", "json", "--fail-under", "0.9"];
    let run = folder.policy(&json);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["coverage"][0]["below_the_bar"], true);
}

#[test]
fn a_test_that_could_not_be_evaluated_was_neither_true_nor_false() {
    let folder = Folder::new();
    folder.write(
        "policy.yaml",
        "version: 1\nqueues: {people: {}}\nrules:\n  \
         - {id: a, when: 'customer.attributes.plan == \"pro\"', otherwise: people}\ndefault: {queue: people}\n",
    );
    folder.write("roster.yaml", "version: 1\nagents: []\n");
    let case = |name: &str, plan: &str, rule: &str| {
        format!(
            "  - {{name: {name}, classification: {{topic: x}}, ticket: {{customer: {{attributes: {plan}}}}}, \
             expect: {{rule: {rule}}}}}\n"
        )
    };
    let covered = |cases: &str| {
        let file = folder.write_cases("a.tests.yaml", cases);
        folder
            .policy(&["test", &file, "--coverage"])
            .printed()
            .to_owned()
    };
    let both = case("pro", "{plan: pro}", "a") + &case("none", "{}", "default");
    let out = covered(&both);
    assert!(
        out.contains("        1   2  tests of conditions, both ways\n"),
        "{out}"
    );
    assert!(
        out.contains("customer.attributes.plan == \"pro\" is never false"),
        "{out}"
    );
    let out = covered(&(both + &case("free", "{plan: free}", "default")));
    assert!(
        out.contains("        2   2  tests of conditions, both ways\n"),
        "{out}"
    );
}
