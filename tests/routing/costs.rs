//! What conditions may cost: what could take too long for the largest ticket is refused, and what is accepted is not.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use triage::routing::{DecisionInput, Policy, decide};
use triage::ticket::{Customer, Ticket, Urgency};

use crate::bounds::{refused, with_condition, with_rules};
use crate::case::classify;

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
            "p.yaml:4:34: this regular expression is too large once compiled: repeat less, or split it",
        ),
        (
            "topic.matches(\"\\\\w{1000}\")".to_owned(),
            "p.yaml:4:34: this regular expression is too large once compiled: \\w stands for",
        ),
        (
            "topic.matches(\"^\\\\w{2,6}$\")".to_owned(),
            "p.yaml:4:34: this regular expression is too large once compiled: \\w stands for the characters of all \
             scripts; where those of ASCII do, write [A-Za-z0-9_]",
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
        let told = "the texts and lists that are made or compared here can take too long for the largest ticket: \
                    make shorter ones, or split the rule";
        let other = "unknown variable 'foo'";
        assert!(
            errors.contains(told) || errors.contains(other),
            "{condition}: {errors}"
        );
    }
}

#[test]
fn what_is_told_of_a_dear_condition_is_where_and_by_what_it_is_dear() {
    let any = |parts: Vec<String>| parts.join(" || ");
    let patterns = (0..60).map(|n| format!(r#"ticket.subject.matches("\\b{n}\\b")"#));
    let loops = (0..90).map(|n| format!("ticket.tags.exists(t, size(t)%{n}1==0)"));
    for (condition, place, told) in [
        (
            format!("urgency == HIGH || {}", any(patterns.collect())),
            "p.yaml:4:61: ",
            "looking for this pattern, and for any others of this condition, can take too long",
        ),
        (
            any(loops.collect()),
            "p.yaml:4:38: ",
            "this loop, and any others of this condition, can take too long",
        ),
        (
            chain(
                "topic == \"x\" || [ticket.subject]",
                "x+x+x+x+x+x+x+x",
                4,
                ".size()==0",
            ),
            "p.yaml:4:",
            "the texts and lists that are made or compared here can take too long",
        ),
    ] {
        let errors = refused(&with_condition(&condition));
        assert!(errors.starts_with(place), "{errors}");
        assert!(errors.contains(told), "{errors}");
    }
}

#[test]
fn what_costs_little_is_accepted_however_it_is_written() {
    let patterns = |pattern: &str| {
        let parts = (0..50).map(|n| format!(r#"ticket.subject.matches("{pattern}{n}")"#));
        parts.collect::<Vec<_>>().join("||")
    };
    for condition in [
        "ticket.tags.filter(t, t.startsWith(\"a\")).size() > 0 && ticket.tags.filter(t, t.contains(\"b\")).size() > 0"
            .to_owned(),
        patterns("(?i)refund|fee"),
        patterns(r"\\bfee\\b"),
        patterns("invoice.*paid"),
        "(urgency == HIGH ? ticket.attributes : customer.attributes)[\"plan\"] == \"pro\"".to_owned(),
    ] {
        let policy = Policy::parse(&with_condition(&condition), "p.yaml");
        assert!(policy.is_ok(), "{condition}: {}", policy.unwrap_err());
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
        "ticket.tags.filter(t, t.contains(\"c\")).size() > 0 || ticket.tags.filter(t, t.contains(\"d\")).size() > 0"
            .to_owned(),
        [r#"ticket.subject.matches("\\bba+c\\b")"#; 50].join("||"),
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

/// A policy of so many rules with these conditions, one after the other, each with its number for `N`.
fn with_conditions(conditions: &[&str], rules: usize) -> String {
    let mut text = String::new();
    for (number, condition) in conditions.iter().cycle().take(rules).enumerate() {
        let condition = condition.replace('N', &number.to_string());
        let _ = writeln!(
            text,
            "  - {{id: r{number}, when: '{condition}', otherwise: a}}"
        );
    }
    with_rules(&text)
}

#[test]
fn conditions_that_are_each_cheap_are_refused_together_and_the_dearest_are_named() {
    let dear = "ticket.tags.map(t, [t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t]).map(l, l).size() > N";
    let policy = with_conditions(&[dear], 6_000)
        .replace("r4000, when: '", "r4000, when: 'topic == \"x\" || ");
    let errors = refused(&policy);
    assert!(
        errors.starts_with("p.yaml: all conditions together can take ")
            && errors.contains(" ms for the largest ticket, more than the 1000 ms allowed: do less in the dearest rules, such as 'r4000' (line 4004, ")
            && errors.contains(", 'r0' (line 4, "),
        "{errors}"
    );
}

#[test]
fn conditions_of_steps_and_the_impact_count_as_those_of_rules() {
    let dear = format!(
        "[{}].exists(x, ticket.attributes == customer.attributes)",
        "1,".repeat(5)
    );
    assert!(Policy::parse(&with_condition(&dear), "p.yaml").is_ok());
    let steps = format!("{{queue: a, skip_if: '{dear}', timeout: 1m}}, ").repeat(49);
    let rules = (0..20).map(|number| {
        format!("  - {{id: r{number}, when: 'true', steps: [{steps}{{queue: a}}]}}\n")
    });
    let errors = refused(&with_rules(&rules.collect::<String>()));
    assert!(errors.contains("'r0' (line 4, "), "{errors}");
}

#[test]
fn thousands_of_ordinary_conditions_are_accepted() {
    let ordinary = [
        "topic == \"billing/invoice-N\" && urgency >= HIGH",
        "ticket.tags.exists(tag, tag.startsWith(\"legal-N\"))",
        "customer.tier in [\"vip\", \"gold\"] && ticket.subject.contains(\"order N\")",
        "\"plan\" in customer.attributes && customer.attributes.plan == \"pro-N\"",
        "ticket.tags.exists(tag, tag in [\"a-N\", \"b-N\"]) && waited >= duration(\"4h\")",
        "ticket.subject.startsWith(\"Order N\") || topic.startsWith(\"billing/N\")",
        "ticket.subject.matches(\"(?i)^(order|invoice) N\")",
        "ticket.channel == \"email\" && has(facets.sentiment) && facets.sentiment == \"negative-N\"",
    ];
    let policy = Policy::parse(&with_conditions(&ordinary, 5_000), "p.yaml");
    assert!(policy.is_ok(), "{}", policy.unwrap_err());
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
