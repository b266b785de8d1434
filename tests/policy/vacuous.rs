//! Cases that cannot fail, and names that no model gives, are refused.

use crate::folder::Folder;

#[test]
fn what_cannot_fail_is_refused() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        r#"  - {name: a, classification: {topic: billing/x}, expect: {notes: [hello, " "]}}
  - {name: b, classification: {topic: billing/x}, expect: {rejected: {}}}
  - {name: c, ticket: {body: hello}, expect: {facets: {}}}
  - {name: d, classification: {topic: billing/x}, expect: {topic: billing/x}}
  - {name: e, classification: {topic: billing/x, urgency: high}, expect: {urgency: high}}
  - {name: f, classification: {topic: billing/x, facets: {s: x}}, expect: {rule: bills, facets: {s: x}}}
  - {name: g, sequence: [{classification: {topic: billing/x}, expect: {topic: billing/x}}]}
  - {name: h, classification: {topic: billing/x}, expect: {rule: }}
"#,
    );
    let empty = "so this cannot fail: name one or leave this out";
    folder.policy(&["test", &file]).refused(&[
        "a.tests.yaml:5:75: text 2 of notes is empty, which any note has in it, so it cannot fail",
        &format!("a.tests.yaml:6:70: no agent is named, {empty}"),
        &format!("a.tests.yaml:7:55: no facet is named, {empty}"),
        "a.tests.yaml:8:67: the case pins its classification, so expecting 'topic' cannot fail",
        "a.tests.yaml:9:84: the case pins its classification, so expecting 'urgency' cannot fail",
        "expecting 'facets' cannot fail: leave it out, or let the model say it",
        "a.tests.yaml:11:79: the case pins its classification, so expecting 'topic' cannot fail",
        "a.tests.yaml:12:59: the case expects nothing, so it cannot fail",
    ]);
    let fails =
        "  - {name: a, classification: {topic: billing/x}, expect: {notes: [], tags: []}}\n";
    let file = folder.write_cases("b.tests.yaml", fails);
    assert_eq!(folder.policy(&["test", &file]).code, Some(0));
}

#[test]
fn a_model_that_is_named_is_asked_for_its_labels() {
    let folder = Folder::new();
    let file = folder.write_cases(
        "a.tests.yaml",
        "  - {name: a, classification: {topic: billing/refunt, facets: {sentimnt: bad}}, expect: {not_queue: billing}}\n",
    );
    assert_eq!(folder.policy(&["test", &file]).code, Some(1));
    folder
        .policy(&["test", &file, "--models", "models"])
        .refused(&[
            "a.tests.yaml:5:39: unknown topic 'billing/refunt': did you mean 'billing/refund'?",
            "unknown facet 'sentimnt': did you mean 'sentiment'?",
        ]);
    let sound = folder.write_cases(
        "b.tests.yaml",
        "  - {name: a, classification: {topic: billing/refund}, expect: {rule: bills}}\n",
    );
    let run = folder.policy(&["test", &sound, "--coverage", "--models", "models"]);
    assert!(run.printed().contains("  topics\n"), "{}", run.out);
    folder
        .policy(&["test", &sound, "--models", &folder.path("nowhere")])
        .refused(&[
            "b.tests.yaml: topics and facets are to be held against a model",
            "nowhere",
        ]);
}
