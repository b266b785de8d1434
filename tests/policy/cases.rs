//! The cases that come along: all pass, they are many, and they leave nothing of the sample policy untested.

use serde_json::Value;

use crate::program::run;

#[test]
fn all_cases_that_come_along_pass() {
    let run = run(&["policy", "test", "policies/tests", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:#?}"));
    let failed: Vec<&Value> = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|file| file["cases"].as_array().unwrap())
        .filter(|case| case["passed"] != true)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(
        report["passed"].as_u64().unwrap() >= 150,
        "{}",
        report["passed"]
    );
    assert_eq!(run.code, Some(0));
}

#[test]
fn the_cases_of_the_sample_policy_cover_all_of_it() {
    let run = run(&[
        "policy",
        "test",
        "policies/tests/sample",
        "--only-failures",
        "--fail-under",
        "1",
    ]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(
        run.out
            .contains("coverage of policies/sample.yaml: 100.0 %"),
        "{}",
        run.out
    );
    assert!(run.out.contains("reasons to abstain"), "{}", run.out);
    assert!(run.out.contains("topics"), "{}", run.out);
}
