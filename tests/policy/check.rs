//! `triage policy check`: errors, warnings, and what makes them fail.

use serde_json::Value;

use crate::folder::{Folder, POLICY};

#[test]
fn a_sound_policy_passes() {
    let folder = Folder::new();
    let run = folder.policy(&["check", &folder.path("policy.yaml"), "--deny-warnings"]);
    assert_eq!(
        run.printed(),
        "DIR/policy.yaml: 2 rules: nothing to complain about\n"
    );
}

#[test]
fn errors_are_told_all_at_once() {
    let folder = Folder::new();
    let broken = POLICY
        .replace("queue: billing", "queue: biling")
        .replace("customer.tier", "customer.teir");
    let file = folder.write("broken.yaml", &broken);
    folder.policy(&["check", &file]).refused(&[
        "broken.yaml:6:",
        "unknown field 'teir' of the customer: did you mean 'tier'?",
        "broken.yaml:8:21: unknown queue 'biling': did you mean 'billing'?",
        "broken.yaml:12:21: unknown queue 'biling': did you mean 'billing'?",
    ]);
}

#[test]
fn warnings_fail_only_where_they_are_denied() {
    let folder = Folder::new();
    let file = folder.write(
        "late.yaml",
        &POLICY.replace(
            "default:",
            "  - {id: late, when: 'topic == \"billing/refund\"', otherwise: people}\ndefault:",
        ),
    );
    let warned = folder.policy(&["check", &file]);
    assert_eq!(
        warned.printed(),
        "DIR/late.yaml:13:5: warning: rule 'late' is never reached: whenever its condition holds, that of rule \
         'bills' (line 10) holds too; move it up or drop it [unreachable-rule]\nDIR/late.yaml: 3 rules: 1 warning\n"
    );
    assert_eq!(
        folder.policy(&["check", &file, "--deny-warnings"]).code,
        Some(1)
    );
    let json: Value = folder.policy(&["check", &file, "--format", "json"]).json();
    assert_eq!(json["warnings"][0]["kind"], "unreachable-rule");
    assert_eq!(json["warnings"][0]["position"]["line"], 13);
}

#[test]
fn a_roster_is_held_against_the_policy() {
    let folder = Folder::new();
    let run = folder.policy(&[
        "check",
        &folder.path("policy.yaml"),
        "--roster",
        &folder.path("roster.yaml"),
    ]);
    assert_eq!(
        run.printed(),
        "DIR/policy.yaml:8:13: warning: step 1 of rule 'vip' requires the skill 'billing' at level 4 and only 'ana' \
         holds it: when that agent is away, nobody does [skill-one-holds]\n\
         DIR/policy.yaml: 2 rules against 2 agents: 1 warning\n"
    );
}

#[test]
fn nothing_about_the_sample_policy_looks_like_a_mistake() {
    let run = crate::program::run(&["policy", "check", "--deny-warnings"]);
    assert_eq!(
        run.printed(),
        "policies/sample.yaml: 33 rules against 25 agents and 26 topics: nothing to complain about\n"
    );
}
