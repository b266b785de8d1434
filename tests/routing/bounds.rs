//! Files made to cost time or memory: each is refused, at its place and at once.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use triage::routing::{DecisionInput, Policy, Roster, decide};
use triage::ticket::{Customer, Ticket, Urgency};

use crate::case::classify;

/// Far more than any of these takes, with room for a slow machine.
const AT_ONCE: Duration = Duration::from_secs(20);

/// The errors of a policy that must be refused.
fn refused(policy: &str) -> String {
    let start = Instant::now();
    let errors = Policy::parse(policy, "p.yaml")
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(start.elapsed() < AT_ONCE, "took {:?}", start.elapsed());
    assert!(errors.len() < 1_000_000, "{} bytes of errors", errors.len());
    errors
}

fn with_rules(rules: &str) -> String {
    format!("version: 1\nqueues: {{a: {{}}}}\nrules:\n{rules}default: {{queue: a}}\n")
}

fn with_condition(condition: &str) -> String {
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
fn conditions_that_explode_are_refused_with_their_place() {
    for (condition, message) in [
        (
            "(".repeat(3_000),
            "p.yaml:4:52: the condition is nested too deeply",
        ),
        ("[1].exists(x, ".repeat(20), "p.yaml:4:"),
        (
            "ticket.tags.exists(a, ticket.tags.exists(b, ticket.tags.exists(c, a == b && b == c)))"
                .to_owned(),
            "p.yaml:4:60: a loop inside a loop is not allowed",
        ),
        (
            format!("1 in [{}1]", "1,".repeat(30_000)),
            "p.yaml:4:20: the condition has 60008 characters",
        ),
        (
            format!("topic.matches(\"{}\")", "(".repeat(40)),
            "p.yaml:4:",
        ),
        (
            "topic.matches(\"(((a{50}){50}){50}){50}\")".to_owned(),
            "p.yaml:4:34: this regular expression is too large once compiled",
        ),
        (
            "topic.matches(\"\\\\w{1000}\")".to_owned(),
            "p.yaml:4:34: this regular expression is too large once compiled",
        ),
        (format!("{}true", "true ? ".repeat(300)), "p.yaml:4:"),
    ] {
        let errors = refused(&with_condition(&condition));
        let shown: String = condition.chars().take(40).collect();
        assert!(errors.starts_with(message), "{shown}: {errors}");
    }
}

/// The largest ticket that the interface takes.
fn largest_ticket() -> Ticket {
    let text = |length: usize| "abaabbab".chars().cycle().take(length).collect::<String>();
    let attributes = || {
        let names = (0..99).map(|number| format!("{number:0>256}"));
        let all = names.chain(["key".to_owned()]);
        all.map(|name| (name, text(4_096))).collect()
    };
    Ticket {
        id: "T-1".to_owned(),
        subject: text(4_096),
        body: "?".to_owned(),
        tags: (0..100)
            .map(|number| format!("{}{number:03}", text(253)))
            .collect(),
        attributes: attributes(),
        customer: Customer {
            id: text(256),
            tier: text(256),
            attributes: attributes(),
        },
        ..Ticket::default()
    }
}

/// How long the condition takes with the largest ticket.
fn time_of(condition: &str) -> Duration {
    let policy = Policy::parse(&with_condition(condition), "p.yaml");
    let policy = policy.unwrap_or_else(|errors| panic!("{errors}"));
    let ticket = largest_ticket();
    let classification = classify("a/b", Urgency::Normal);
    let start = Instant::now();
    let _ = decide(&DecisionInput {
        ticket: &ticket,
        classification: &classification,
        roster: None,
        policy: &policy,
        now: Timestamp::UNIX_EPOCH,
        waited: SignedDuration::ZERO,
        deciding_words: &[],
    });
    start.elapsed()
}

/// `[START].map(x, STEP)` with so many maps, and `end` behind.
fn chain(start: &str, step: &str, maps: usize, end: &str) -> String {
    format!("{start}{}{end}", format!(".map(x, {step})").repeat(maps))
}

#[test]
fn loops_over_the_results_of_loops_are_refused_where_they_multiply() {
    let eight = "x+x+x+x+x+x+x+x";
    let list = "[x,x,x,x,x,x,x,x]";
    for condition in [
        chain("[ticket.subject]", eight, 8, ".exists(x, x == \"\")"),
        chain("[ticket.subject]", eight, 9, ".exists(x, x == \"\")"),
        chain(
            "[\"a\"]",
            list,
            12,
            &format!(" == {}", chain("[\"a\"]", list, 12, "")),
        ),
        chain("ticket.tags", "x+x", 14, ".exists(x, x == \"\")"),
        chain(
            "ticket.tags",
            "ticket.tags",
            1,
            &format!(".map(x, {list}){}", " == [[[\"\"]]]"),
        ),
        format!("foo || {}", chain("[topic]", eight, 12, " == [topic]")),
    ] {
        let errors = refused(&with_condition(&condition));
        let told = "a ticket with long texts could make this take too long: build shorter texts and lists, or split \
                    the rule";
        let other = "unknown variable 'foo'";
        assert!(
            errors.contains(told) || errors.contains(other),
            "{condition}: {errors}"
        );
    }
}

#[test]
fn whatever_is_accepted_is_evaluated_in_time_for_the_largest_ticket() {
    let eight = "x+x+x+x+x+x+x+x";
    let mut accepted = 0;
    let mut conditions = vec![
        "ticket.tags.exists(t, t.startsWith(\"legal\"))".to_owned(),
        "ticket.tags.filter(t, t.contains(\"ba\")).map(t, t + \"!\").exists(t, t in ticket.tags)"
            .to_owned(),
        "ticket.tags.all(t, t.matches(\"^(a|b|[0-9])+$\"))".to_owned(),
        "ticket.subject.matches(\"[ab]*a[ab]{300}c\")".to_owned(),
        "ticket.attributes == customer.attributes".to_owned(),
        "ticket.tags.exists_one(t, t + t == customer.tier + ticket.subject)".to_owned(),
    ];
    for maps in 1..12 {
        conditions.push(chain(
            "[ticket.subject]",
            eight,
            maps,
            ".exists(x, x == \"\")",
        ));
        conditions.push(chain(
            "[ticket.subject]",
            "x + x",
            maps,
            ".exists(x, x.contains(\"c\"))",
        ));
        conditions.push(chain("ticket.tags", "x + x", maps, " == ticket.tags"));
        conditions.push(chain(
            "[1]",
            "[x, x, x, x, x, x, x, x]",
            maps,
            " == [[[1]]]",
        ));
        conditions.push(chain("ticket.tags", "[x]", maps, " == [[[topic]]]"));
    }
    for condition in conditions.iter().filter(|one| one.len() < 4_000) {
        if Policy::parse(&with_condition(condition), "p.yaml").is_err() {
            continue;
        }
        accepted += 1;
        let took = time_of(condition);
        assert!(took < Duration::from_secs(2), "{condition} took {took:?}");
    }
    assert!(accepted >= 20, "{accepted} were accepted");
}

#[test]
fn many_patterns_that_are_each_small_are_refused_together() {
    let mut rules = String::new();
    for number in 0..1_001 {
        let _ = writeln!(
            rules,
            "  - {{id: r{number}, when: 'topic.matches(\"^x{number}$\")', otherwise: a}}"
        );
    }
    let errors = refused(&with_rules(&rules));
    assert!(
        errors.starts_with("p.yaml:1004:")
            && errors.contains("more than the 1000 patterns allowed"),
        "{errors}"
    );
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
