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
fn errors_are_told_as_json_too() {
    let folder = Folder::new();
    let broken = POLICY.replace("people: {}}", "people: {}}\nqueue: {}");
    let file = folder.write("broken.yaml", &broken);
    let roster = folder.write("broken-roster.yaml", "version: 1\nagents: [{id: ana}]\n");
    let nowhere = folder.path("nowhere");
    let beside = [
        "--roster", &roster, "--models", &nowhere, "--format", "json",
    ];
    let run = folder.policy(&[&["check", file.as_str()], beside.as_slice()].concat());
    assert_eq!((run.code, run.errors.as_str()), (Some(2), ""));
    let told: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(told["file"], "DIR/broken.yaml");
    let errors = told["errors"].as_array().unwrap();
    assert_eq!(errors[0]["position"]["line"], 4);
    let message = errors[0]["message"].as_str().unwrap();
    assert!(message.contains("unknown field 'queue'"), "{message}");
    let files: Vec<&Value> = errors.iter().map(|error| &error["file"]).collect();
    assert_eq!(files[0], &Value::Null);
    assert!(
        files.contains(&&"DIR/broken-roster.yaml".into()),
        "{files:?}"
    );
    assert!(files.contains(&&"DIR/nowhere".into()), "{files:?}");
}

#[test]
fn what_is_wrong_with_an_agent_hides_nothing_of_the_others() {
    let folder = Folder::new();
    let roster = folder.write(
        "roster.yaml",
        "version: 1\nagents:\n  - {id: ana, presence: avaliable, capacity: 2, queues: [nope]}\n  \
         - {id: bob, presence: away, capacity: 2, skills: {nothing: 2}}\n  \
         - {id: bob, presence: away, capacity: 2}\n",
    );
    let policy = folder.path("policy.yaml");
    let run = folder.policy(&["check", &policy, "--roster", &roster]);
    run.refused(&[
        "roster.yaml:3:25: unknown presence 'avaliable': did you mean 'available'?",
        "agent 'ana' serves the unknown queue 'nope'",
        "agent 'bob' has the unknown skill 'nothing'",
        "roster.yaml:5:5: agent 'bob' is given twice, first in line 4: keep one",
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

#[test]
fn faults_of_policy_roster_and_model_are_told_in_one_run() {
    let folder = Folder::new();
    let broken = POLICY
        .replace("topic.startsWith(\"billing/\") && customer.tier", "topic == \"billing/refnd\" && customer.teir")
        .replace("queue: billing", "queue: biling")
        .replace("otherwise: people", "otherwise: people\n  - {id: ask, when: 'ticket.last_agent_id == \"anna\"', otherwise: people}");
    let file = folder.write("broken.yaml", &broken);
    let roster = folder.write(
        "misfit.yaml",
        "version: 1\nagents: [{id: ana, presence: away, capacity: 1, skills: {biling: 1}}]\n",
    );
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/models");
    let all = [
        "broken.yaml:6:20: rule 'vip' names the topic 'billing/refnd', which the model lacks: did you mean \
         'billing/refund'?",
        "unknown field 'teir' of the customer: did you mean 'tier'?",
        "broken.yaml:8:21: unknown queue 'biling': did you mean 'billing'?",
        "broken.yaml:10:46: names the agent 'anna', who is not in DIR/misfit.yaml: did you mean 'ana'?",
        "misfit.yaml:2:10: agent 'ana' has the unknown skill 'biling': did you mean 'billing'?",
    ];
    let run = folder.policy(&["check", &file, "--roster", &roster, "--models", models]);
    run.refused(&all);

    // A roster that cannot be read hides nothing of the rest.
    let roster = folder.write("roster-broken.yaml", "version: 1\nagents: [{id: ana}]\n");
    let run = folder.policy(&["check", &file, "--roster", &roster, "--models", models]);
    run.refused(&[
        "roster-broken.yaml:2:10: an agent needs 'presence'",
        all[0],
        all[2],
    ]);
}

#[test]
fn one_of_anything_is_counted_as_one() {
    let folder = Folder::new();
    let one = "version: 1\nqueues: {people: {}}\nrules: [{id: r, when: 'string(now) == \"\"', otherwise: people}]\n\
               default: {queue: people}\n";
    let file = folder.write("one.yaml", one);
    assert_eq!(
        folder.policy(&["check", &file]).printed(),
        "DIR/one.yaml:3:31: warning: it cannot be told when time changes what this gives, so its tickets are to be \
         decided anew every minute: compare waited or now with a duration or a time, or ask in_hours \
         [unforeseen-time]\nDIR/one.yaml: 1 rule: 1 warning\n"
    );
}
