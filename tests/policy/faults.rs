//! What is wrong with a file of cases is told with its place, all of it at once.

use crate::folder::Folder;

#[test]
fn every_fault_of_a_file_is_told_with_its_place() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        r#"  - {name: a, classification: {topic: billing/x}, expect: {queu: billing}}
  - {name: b, classification: {topic: billing/x}, expect: {queue: biling, rule: vips, agent: anna, step: 0}}
  - {name: c, classification: {topic: billing/x, urgency: huge, confidence: 2}, expect: {rule: vip, step: 2}}
  - {name: d, classification: {topic: billing/x}}
  - {name: e, classification: {topic: billing/x}, expect: {}}
  - {name: f, expect: {queue: people}}
  - {name: a, classification: {topic: billing/x}, waited: soon, now: noon, expect: {abstain_reason: BORED}}
  - {name: g, classification: {second_topic: b}, agents: {zoe: {load: 1}, ana: {presence: gone}}, expect: {not_queue: []}}
  - {name: h, roster: none, classification: {topic: billing/x}, expect: {agent: ana, rejected: {ana: TIRED}}}
  - {name: i, sequence: [], expect: {queue: people}}
  - {name: j, classification: {topic: billing/x}, expect: {required_skills: {biling: 3}, due: someday}}
"#,
    );
    let run = folder.policy(&["test", &file]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    let expected = "\
error: DIR/a.tests.yaml:5:60: unknown field 'queu' in what is expected: did you mean 'queue'?
DIR/a.tests.yaml:6:67: unknown queue 'biling': did you mean 'billing'?
DIR/a.tests.yaml:6:81: unknown rule 'vips': did you mean 'vip'?
DIR/a.tests.yaml:6:94: unknown agent 'anna': did you mean 'ana'?
DIR/a.tests.yaml:6:106: step must be a whole number from 1 to 1000, not 0
DIR/a.tests.yaml:7:59: unknown urgency 'huge': use one of high, low, normal, urgent
DIR/a.tests.yaml:7:77: confidence must be a number from 0 to 1
DIR/a.tests.yaml:7:107: rule 'vip' has no step 2: it has 1
DIR/a.tests.yaml:8:5: the case expects nothing, so it cannot fail: say what must be so with 'expect'
DIR/a.tests.yaml:9:59: the case expects nothing, so it cannot fail: say what must be so
DIR/a.tests.yaml:10:5: the case has neither a classification nor a text: give one of them, such as 'classification: {topic: …}' or 'ticket: {body: …}'
";
    assert!(run.errors.starts_with(expected), "{}", run.errors);
    for part in [
        "11:59: waited must be a duration",
        "11:70: now must be a time with its offset",
        "unknown abstain_reason 'BORED': use one of",
        "'second_topic' is of the topic, and none is given",
        "unknown agent 'zoe': use one of ana, bob",
        "unknown presence 'gone'",
        "no queue is named",
        "the case has no roster, so no agent is ever chosen",
        "14:25: the sequence is empty",
        "'expect' has no place beside a sequence",
        "unknown skill 'biling': did you mean 'billing'?",
        "due must be a time such as",
    ] {
        assert!(run.errors.contains(part), "no '{part}' in {}", run.errors);
    }
}

#[test]
fn a_name_given_twice_is_told() {
    let folder = Folder::new();
    let case = "  - {name: a, classification: {topic: billing/x}, expect: {rule: bills}}\n";
    let file = folder.write_cases("a.tests.yaml", &case.repeat(2));
    folder
        .policy(&["test", &file])
        .refused(&["a.tests.yaml:6:5: case 'a' is given twice, first in line 5: rename one"]);
}

#[test]
fn faults_of_all_files_are_told_together() {
    let folder = Folder::new();
    folder.write_cases("a.tests.yaml", "  - {name: a, expect: 5}\n");
    folder.write("b.tests.yaml", "version: 2\n");
    folder.write(
        "c.tests.yaml",
        "version: 1\npolicy: nowhere.yaml\ncases: [{name: a}]\n",
    );
    folder.write("d.tests.yaml", "version: [\n");
    folder.policy(&["test", &folder.path("")]).refused(&[
        "a.tests.yaml:5:23: what is expected must be a mapping, not 5",
        "b.tests.yaml:1:10: version must be 1, not 2",
        "b.tests.yaml:1:1: a file of cases needs 'policy'",
        "nowhere.yaml: cannot be opened",
        "d.tests.yaml:1:10: cannot be read as YAML",
    ]);
}

#[test]
fn a_folder_without_cases_and_a_pattern_without_a_match_are_told() {
    let folder = Folder::new();
    folder
        .policy(&["test", &folder.path("")])
        .refused(&["no file in it ends in .tests.yaml"]);
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, classification: {topic: billing/x}, expect: {rule: bills}}\n",
    );
    folder
        .policy(&["test", &file, "--run", "nothing"])
        .refused(&["no case is called like 'nothing'"]);
    for share in ["1.5", "2/1", "much"] {
        folder
            .policy(&["test", &file, "--fail-under", share])
            .refused(&["is no share from 0 to 1"]);
    }
}

#[test]
fn labels_are_held_against_the_model_that_a_file_names() {
    let folder = Folder::new();
    let models = std::fs::canonicalize("models").unwrap();
    let file = folder.write(
        "a.tests.yaml",
        &format!(
            "version: 1\npolicy: policy.yaml\nmodels: {}\ncases:\n  \
             - {{name: a, classification: {{topic: billing/refunt, facets: {{sentiment: angry}}}}, expect: {{queue: people}}}}\n  \
             - {{name: b, ticket: {{body: smoke}}, expect: {{topic: safty/incident}}}}\n",
            models.display()
        ),
    );
    folder.policy(&["test", &file]).refused(&[
        "a.tests.yaml:5:39: unknown topic 'billing/refunt': did you mean 'billing/refund'?",
        "unknown label of 'sentiment' 'angry': use one of negative, neutral, positive",
        "unknown topic 'safty/incident': did you mean 'safety/incident'?",
    ]);
}

#[test]
fn a_text_without_a_model_is_told() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, ticket: {body: hello}, expect: {queue: people}}\n",
    );
    let nowhere = folder.path("nowhere");
    folder
        .policy(&["test", &file, "--models", &nowhere])
        .refused(&[
            "a.tests.yaml: its cases give texts, which need a model, and the folder 'DIR/nowhere' has no active one: \
             name one that has with --models\n",
        ]);
}

#[test]
fn a_model_that_is_missing_hides_no_other_fault() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, ticket: {body: hello}, expect: {queue: peopel}}\n",
    );
    let nowhere = folder.path("nowhere");
    folder
        .policy(&["test", &file, "--models", &nowhere])
        .refused(&[
            "a.tests.yaml: its cases give texts, which need a model",
            "a.tests.yaml:5:54: unknown queue 'peopel': did you mean 'people'?",
        ]);
}

#[test]
fn faults_of_the_policy_hide_none_of_the_cases() {
    let folder = Folder::new();
    let models = std::fs::canonicalize("models").unwrap();
    folder.write(
        "policy.yaml",
        &crate::folder::POLICY.replace("startsWith(\"billing/\")\n", "startsWith(\"bilinge/\")\n"),
    );
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, classification: {topic: billing/refunt}, expect: {queue: people}}\n",
    );
    let models = models.display().to_string();
    folder
        .policy(&["test", &file, "--models", &models])
        .refused(&[
            "a.tests.yaml:5:39: unknown topic 'billing/refunt'",
            "policy.yaml:11:",
            "bilinge/",
        ]);
}

#[test]
fn one_mistake_is_told_once() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, classification: {topic: x}, expect: {queu: people}}
  - {name: b, classification: {topic: x}, expect: {not_queue: 5}}
  - {name: b, classification: {topic: x}, waited: soon, expect: {queue: people}}
",
    );
    let run = folder.policy(&["test", &file]);
    assert_eq!(
        run.errors,
        "\
error: DIR/a.tests.yaml:5:52: unknown field 'queu' in what is expected: did you mean 'queue'?
DIR/a.tests.yaml:6:63: queue must be a text (put it in quotes), not 5
DIR/a.tests.yaml:7:5: case 'b' is given twice, first in line 6: rename one
DIR/a.tests.yaml:7:51: waited must be a duration with its unit, such as 90s, 15m, 8h or 3d, up to 3660d, not 'soon'
"
    );
    let lazy = crate::folder::POLICY.replace(
        "people: {}",
        "people: {last_resort: {accept: busy, agents: ana}}",
    );
    let lazy = folder.write("lazy.yaml", &lazy);
    let run = folder.policy(&["check", &lazy]);
    assert_eq!(run.errors.lines().count(), 2, "{}", run.errors);
    run.refused(&[
        "accept must be a list, not 'busy'",
        "agents must be a list, not 'ana'",
    ]);
}

#[test]
fn a_misspelt_field_is_told_once() {
    let folder = Folder::new();
    const CASE: &str = "  - {name: a, roster: roster.yaml, ticket: {body: x}, classification: {topic: x}, expect: {agent: ana}}\n";
    const STEPS: &str =
        "  - {name: a, sequence: [{classification: {topic: x}, expect: {agent: none}}]}\n";
    for (case, right, wrong) in [
        (CASE, "roster:", "rooster:"),
        (CASE, "ticket: {body: x}, classification:", "clasification:"),
        (CASE, "expect:", "expects:"),
        (
            CASE,
            "ticket: {body: x}, classification: {topic: x}",
            "ticket: {boddy: x}",
        ),
        (
            CASE,
            "ticket: {body: x}, classification: {topic: x}",
            "tickets: {body: x}",
        ),
        (
            CASE,
            "classification: {topic: x}",
            "classification: {topics: x, automate: false}",
        ),
        (STEPS, "sequence:", "sequences:"),
    ] {
        let file = folder.write_cases("a.tests.yaml", &case.replace(right, wrong));
        let run = folder.policy(&["test", &file]);
        run.refused(&["unknown field '", "did you mean '"]);
        assert_eq!(run.errors.lines().count(), 1, "{}", run.errors);
    }
    let file = folder.write_cases("a.tests.yaml", &CASE.replace("roster: roster.yaml, ", ""));
    let text = std::fs::read_to_string(&file).unwrap();
    let file = folder.write("a.tests.yaml", &text.replace("roster:", "rooster:"));
    let run = folder.policy(&["test", &file]);
    run.refused(&["unknown field 'rooster' in a file of cases: did you mean 'roster'?"]);
    assert_eq!(run.errors.lines().count(), 1, "{}", run.errors);
}

#[test]
fn a_roster_that_cannot_be_used_hides_no_other_fault() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, roster: nowhere.yaml, classification: {topic: x}, expect: {queue: people}}
  - {name: b, roster: {version: 1, agents: [{id: z, presence: away, capacity: 1, skills: {law: 3}}]}, classification: {topic: x}, expect: {queue: people}}
  - {name: c, classification: {topic: x}, expect: {queue: peopel}}
  - {name: d, roster: nowhere.yaml, classification: {topic: x}, agents: {zed: {load: many}}, waited: -5m, now: tomorrow, expect: {agent: zed, rejected: {ana: TIRED}}}
",
    );
    let run = folder.policy(&["test", &file]);
    for hidden in ["unknown agent", "no roster"] {
        assert!(!run.errors.contains(hidden), "{}", run.errors);
    }
    for part in [
        "8:23: the roster cannot be used",
        "load must be a whole number",
        "waited must be 0s or longer",
        "now must be a time with its offset",
        "unknown reason 'TIRED'",
    ] {
        assert!(run.errors.contains(part), "no '{part}' in {}", run.errors);
    }
    folder.policy(&["test", &file]).refused(&[
        "a.tests.yaml:5:23: the roster cannot be used: DIR/nowhere.yaml: cannot be opened",
        "a.tests.yaml:6:23: the roster cannot be used: ",
        "unknown skill 'law'",
        "a.tests.yaml:7:59: unknown queue 'peopel': did you mean 'people'?",
    ]);
}

#[test]
fn what_a_file_says_does_not_steer_the_terminal() {
    let folder = Folder::new();
    let text = "version: 1\nqueues: {a: {}}\ndefault: {queue: \"\\e[31mred\"}\n";
    let file = folder.write("red.yaml", text);
    let run = folder.policy(&["check", &file]);
    run.refused(&["unknown queue '"]);
    assert!(!run.errors.contains('\u{1b}'), "{}", run.errors);
}
