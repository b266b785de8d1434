//! Files made to cost time or memory: each is refused, at its place and at once.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use triage::routing::{Policy, Roster};

/// Far more than any of these takes, with room for a slow machine.
const AT_ONCE: Duration = Duration::from_secs(20);

/// The errors of a policy that must be refused.
pub(crate) fn refused(policy: &str) -> String {
    let start = Instant::now();
    let errors = Policy::parse(policy, "p.yaml")
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(start.elapsed() < AT_ONCE, "took {:?}", start.elapsed());
    assert!(errors.len() < 1_000_000, "{} bytes of errors", errors.len());
    errors
}

pub(crate) fn with_rules(rules: &str) -> String {
    format!("version: 1\nqueues: {{a: {{}}}}\nrules:\n{rules}default: {{queue: a}}\n")
}

pub(crate) fn with_condition(condition: &str) -> String {
    with_rules(&format!(
        "  - {{id: r, when: '{condition}', otherwise: a}}\n"
    ))
}

#[test]
fn a_policy_of_ten_megabytes_is_refused_before_it_is_read() {
    let large = with_rules(&format!("  # {}\n", "x".repeat(10 << 20)));
    let errors = refused(&large);
    assert!(
        errors.starts_with("p.yaml: the file has 104858"),
        "{errors}"
    );
    assert!(
        errors.ends_with("bytes, more than the 1048576 allowed: shorten it"),
        "{errors}"
    );
}

#[test]
fn a_hundred_thousand_rules_are_refused() {
    let errors = refused(&with_rules(&"  - {}\n".repeat(100_000)));
    assert_eq!(
        errors,
        "p.yaml:4:3: 100000 rules are more than the 10000 allowed"
    );
}

#[test]
fn deep_nesting_is_refused_with_its_place() {
    let flow = with_rules(&format!("  - {}{}\n", "[".repeat(1_000), "]".repeat(1_000)));
    let errors = refused(&flow);
    assert!(errors.starts_with("p.yaml:4:"), "{errors}");
    let block: String = (1..400)
        .map(|depth| format!("{}- \n", "  ".repeat(depth)))
        .collect();
    let errors = refused(&with_rules(&block));
    let told = "cannot be read: it is nested more than 24 deep: no field needs that";
    assert!(errors.ends_with(told), "{errors}");
}

#[test]
fn each_limit_of_a_file_has_its_sentence() {
    let several = with_rules("  - {}\n") + "---\nversion: 1\n";
    let merged = "version: 1\nqueues: {a: &a {}, b: {<<: *a}}\ndefault: {queue: a}\n";
    let aliases = format!("a: &a x\nb: [{}]\n", "*a, ".repeat(300));
    let texts = format!(
        "a: &a \"{}\"\nb: [{}]\n",
        "x".repeat(50_000),
        "*a, ".repeat(100)
    );
    for (text, told) in [
        (
            several.as_str(),
            "cannot be read: it holds more than one document: a line of --- begins another; keep one in a file",
        ),
        (
            "a: &a [*a]\n",
            "cannot be read: an alias stands within what it stands for: write the value out",
        ),
        (
            merged,
            "cannot be read: merge keys (<<) are not allowed: write the fields out",
        ),
        (
            &aliases,
            "cannot be read: it has more than 200 aliases: write the values out",
        ),
        (
            &texts,
            "cannot be read: its texts have more than 2097152 bytes, those that aliases repeat included: shorten \
             them or split the file",
        ),
    ] {
        let errors = refused(text);
        assert!(errors.ends_with(told), "{errors}");
    }
}

#[test]
fn aliases_that_multiply_are_refused_with_their_place() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "a{level}: &a{level} [{alias}]");
    }
    let errors = refused(&bomb);
    assert!(errors.starts_with("p.yaml:"), "{errors}");
    assert!(errors.contains("its aliases multiply it"), "{errors}");

    let long = format!(
        "a: &a \"{}\"\nb: [{}]\n",
        "x".repeat(500_000),
        "*a, ".repeat(100_000)
    );
    let errors = refused(&long);
    assert!(errors.contains("cannot be read: it"), "{errors}");
}

#[test]
fn many_wrong_names_among_many_long_ones_are_reported_without_comparing_all() {
    let mut policy = String::from("version: 1\nqueues:\n");
    for number in 0..900 {
        let _ = writeln!(policy, "  {}{number:04}: {{}}", "q".repeat(90));
    }
    policy.push_str("rules:\n");
    for number in 0..3_000 {
        let name = format!("{}{number:04}", "p".repeat(90));
        let _ = writeln!(
            policy,
            "  - {{id: r{number}, when: 'true', otherwise: {name}}}"
        );
    }
    policy.push_str("default: {queue: none}\n");
    let errors = refused(&policy);
    assert!(errors.contains("use one that is declared"), "{errors}");
    assert!(
        errors.ends_with("and 2901 more errors"),
        "every one is counted"
    );

    let huge = "n".repeat(80_000);
    let queues: String = ["a", "b", "c"]
        .map(|id| format!("  {id}{huge}: {{}}\n"))
        .concat();
    let rules = "  - {id: r, when: 'true', otherwise: x}\n".repeat(2_000);
    refused(&format!(
        "version: 1\nqueues:\n{queues}rules:\n{rules}default: {{queue: x}}\n"
    ));
}

#[test]
fn too_many_names_are_refused() {
    let queues: String = (0..1_001)
        .map(|number| format!("  q{number}: {{overflow: q{}}}\n", number + 1))
        .collect();
    let errors = refused(&format!(
        "version: 1\nqueues:\n{queues}default: {{queue: q0}}\n"
    ));
    assert!(
        errors.starts_with("p.yaml:3:3: 1001 queues are more than the 1000 allowed"),
        "{errors}"
    );
    let calendar = "{timezone: UTC, hours: {mon: 24h}}";
    let calendars: String = (0..201)
        .map(|number| format!("  c{number}: {calendar}\n"))
        .collect();
    let errors = refused(&format!(
        "version: 1\nqueues: {{a: {{}}}}\ncalendars:\n{calendars}default: {{queue: a}}\n"
    ));
    assert_eq!(
        errors,
        "p.yaml:4:3: 201 calendars are more than the 200 allowed"
    );
}

#[test]
fn a_roster_too_large_is_refused() {
    let agents: String = (0..10_001)
        .map(|number| format!("  - {{id: a{number}, presence: away, capacity: 1}}\n"))
        .collect();
    let errors = Roster::parse(&format!("version: 1\nagents:\n{agents}"), "r.yaml").unwrap_err();
    assert_eq!(
        errors.to_string(),
        "r.yaml:3:3: 10001 agents are more than the 10000 allowed"
    );
}
