//! What people get wrong when they write a policy, and what they are told: each mistake by its place and with what to
//! do about it, and none twice.

use triage::routing::{Policy, PolicyAgainst, Roster};

/// What is said of a policy of this text.
fn refused(text: &str) -> String {
    Policy::parse(text, "p").unwrap_err().to_string()
}

/// What is said of a condition in the place of `when`.
fn condition(when: &str) -> String {
    let when = when.replace('\'', "''");
    let text = format!(
        "version: 1\nqueues: {{a: {{}}}}\nrules:\n  - {{id: r, when: '{when}', otherwise: a}}\ndefault: {{queue: a}}\n"
    );
    match Policy::parse(&text, "p") {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn an_empty_policy_is_called_empty() {
    for text in ["", "# nothing but a comment\n", "---\n...\n"] {
        let told = refused(text);
        let empty = "the policy is empty: begin with version, queues and default";
        assert!(told.ends_with(empty), "{text:?}: {told}");
    }
}

#[test]
fn what_follows_from_a_section_that_cannot_be_read_is_not_told() {
    const POLICY: &str = "version: 1
skills: [tech, lang_de]
queues: {a: {}, b: {}}
calendars: {day: {timezone: UTC, hours: {mon: 24h}}}
languages: {de: lang_de}
sla: {calendar: day, high: 1h}
rules:
  - id: r
    when: in_hours(\"day\") && topic == \"x\"
    steps: [{queue: a, require: {tech: 2}, relax: {every: 1m, to: {tech: 1}}, timeout: 5m}]
    otherwise: b
default: {queue: b}
";
    const ROSTER: &str = "version: 1\nagents: [{id: z, presence: away, capacity: 1, skills: {tech: 3}, queues: [a]}]\n";
    let roster = Roster::parse(ROSTER, "r").unwrap();
    for (right, wrong, told) in [
        (
            "skills: [tech, lang_de]",
            "skills: tech",
            "p:2:9: skills must be a list, not 'tech'",
        ),
        (
            "skills: [tech, lang_de]",
            "skills: [tech, 5]",
            "p:2:16: a skill must be a text (put it in quotes), not 5",
        ),
        (
            "skills:",
            "skils:",
            "p:2:1: unknown field 'skils' in a policy: did you mean 'skills'?",
        ),
        (
            "{a: {}, b: {}}",
            "[a, b]",
            "p:3:9: queues must be a mapping, not a list",
        ),
        (
            "{a: {}, b: {}}",
            "{}",
            "p:3:9: queues must declare at least one queue",
        ),
        (
            "queues: {a: {}, b: {}}",
            "",
            "p:1:1: a policy needs 'queues'",
        ),
        (
            "queues:",
            "queus:",
            "p:3:1: unknown field 'queus' in a policy: did you mean 'queues'?",
        ),
        (
            "{day: {timezone: UTC, hours: {mon: 24h}}}",
            "[day]",
            "p:4:12: calendars must be a mapping, not a list",
        ),
        (
            "calendars:",
            "calendar:",
            "p:4:1: unknown field 'calendar' in a policy: did you mean 'calendars'?",
        ),
        (
            "default:",
            "defalt:",
            "p:12:1: unknown field 'defalt' in a policy: did you mean 'default'?",
        ),
        (
            "otherwise: b",
            "otherwise: zzz",
            "p:11:16: unknown queue 'zzz': use one of a, b",
        ),
        (
            "otherwise: b",
            "otherwise: 5",
            "p:11:16: otherwise must be a text (put it in quotes), not 5",
        ),
        (
            "otherwise:",
            "otherwize:",
            "p:11:5: unknown field 'otherwize' in a rule: did you mean 'otherwise'?",
        ),
        (
            "{tech: 2}",
            "{tech: 9}",
            "p:10:40: the level of 'tech' must be a whole number from 1 to 5, not 9",
        ),
        (
            "require:",
            "requires:",
            "p:10:24: unknown field 'requires' in a step: did you mean 'require'?",
        ),
        (
            "[{queue: a,",
            "[{queu: a,",
            "p:10:14: unknown field 'queu' in a step: did you mean 'queue'?",
        ),
        (
            "[{queue: a, require: {tech: 2}, relax: {every: 1m, to: {tech: 1}}, timeout: 5m}]",
            "5",
            "p:10:12: steps must be a list, not 5",
        ),
    ] {
        let text = POLICY.replacen(right, wrong, 1);
        let against = PolicyAgainst {
            roster: Some(&roster),
            labels: None,
        };
        let refused = Policy::parse_against(&text, "p", against).unwrap_err();
        assert_eq!(refused.to_string(), told, "{wrong}");
    }
}

#[test]
fn a_shift_is_unknown_only_where_the_shifts_are_known() {
    let roster =
        "version: 1\nshifts: early\nagents: [{id: z, presence: away, capacity: 1, shift: early}]\n";
    let refused = Roster::parse(roster, "r").unwrap_err().to_string();
    assert_eq!(refused, "r:2:9: shifts must be a mapping, not 'early'");
}

#[test]
fn byte_order_marks_and_line_ends_of_windows_do_not_matter() {
    let text = "\u{feff}version: 1\r\nqueues: {a: {}}\r\nrules:\r\n  - id: r\r\n    when: >\r\n      topic == \"a\" &&\r\n      \
                topc == \"b\"\r\n    otherwise: b\r\ndefault: {queue: a}\r\n";
    assert_eq!(
        refused(text),
        "p:7:7: unknown variable 'topc': did you mean 'topic'?\np:8:16: unknown queue 'b': did you mean 'a'?"
    );
}

#[test]
fn what_can_never_be_evaluated_is_no_condition() {
    for (when, part) in [
        (
            "waited > duration(\"5 minutes\")",
            "p:4:37: this is no duration: write it as \"90s\", \"15m\" or \"1h30m\"",
        ),
        (
            "now > timestamp(\"yesterday\")",
            "this is no time: write it as \"2026-03-02T09:30:00Z\"",
        ),
        ("int(\"x\") > 5", "this is no number"),
        ("1 / 0 == 1", "this can never be evaluated: "),
        (
            "now.getHours(\"Mars/Phobos\") > 5",
            "unknown time zone 'Mars/Phobos': use a name such as Europe/Berlin",
        ),
        ("now.getHours(\"+25:99\") > 5", "unknown time zone '+25:99'"),
        (
            "ticket.last_agent_id == null",
            "nothing here is ever null: a text that is absent is empty, so compare with \"\"",
        ),
        ("b\"x\" == topic", "there are no bytes here: write a text"),
    ] {
        let told = condition(when);
        assert!(told.contains(part), "{when}: {told}");
        assert_eq!(told.lines().count(), 1, "{when}: {told}");
    }
    for when in [
        "waited > duration(\"1h30m\")",
        "now > timestamp(\"2026-03-02T09:30:00Z\")",
        "now.getHours(\"Europe/Berlin\") > 5 || now.getDayOfWeek(\"+01:00\") == 0",
        "now.getHours(customer.attributes.zone) > 5",
        "int(topic_confidence * 100.0) > 5",
        "\"abc\".matches(\"b\") && 2 + 3 == 5",
    ] {
        assert_eq!(condition(when), "", "{when}");
    }
}

#[test]
fn what_other_languages_write_is_answered_with_what_this_one_does() {
    for (when, told) in [
        (
            "",
            "p:4:20: the condition is empty: write 'true' for a rule that takes every ticket",
        ),
        (
            "topic = \"a\"",
            "p:4:26: the condition cannot be read: write == to compare",
        ),
        (
            "topic == \"a\" and true",
            "p:4:33: the condition cannot be read: write && instead of 'and'",
        ),
        (
            "topic == \"a\" OR true",
            "p:4:33: the condition cannot be read: write || instead of 'or'",
        ),
        (
            "not (topic == \"a\")",
            "p:4:24: unknown function 'not': write ! instead",
        ),
        (
            "topic == \"a\" &",
            "the condition cannot be read: write && for 'and'",
        ),
        (
            "topic == \"a\" | true",
            "the condition cannot be read: write || for 'or'",
        ),
        (
            "topic == “a”",
            "the condition cannot be read: write straight quotation marks, \" or '",
        ),
        (
            "topic == \"a",
            "the condition cannot be read: the text that begins here is not closed",
        ),
        (
            "topic == \"a\" ? true",
            "the condition cannot be read: it breaks off: something is missing",
        ),
        (
            "topic == \"a\" &&",
            "the condition cannot be read: something must follow the '&&' at its end",
        ),
        (
            "topic == \"a\" && (",
            "the condition cannot be read: nothing follows the '(' at its end: write what belongs there and close it",
        ),
        (
            "topic == \"(\" && (topic == \"a\"",
            "the condition cannot be read: a '(' is not closed",
        ),
        (
            "topic.matches(\"a(b\")",
            "this is no regular expression: unclosed group",
        ),
        (
            "topic == \"a\" then",
            "the condition cannot be read: 'then' has no place here",
        ),
        (
            "has(topic)",
            "has() needs a key of a map, such as has(facets.sentiment)",
        ),
        (
            "topic == \"a\")",
            "the condition cannot be read: ')' has no place here",
        ),
    ] {
        assert!(
            condition(when).ends_with(told),
            "{when}: {}",
            condition(when)
        );
    }
    let told = condition("frob(1)");
    assert!(!told.contains("size, size"), "{told}");
}

#[test]
fn an_id_given_twice_is_told_even_where_the_rule_is_wrong() {
    let text = "version: 1\nqueues: {a: {}}\nrules:\n  - {id: r, when: topc, otherwise: a}\n  \
                - {id: r, when: 'true', otherwise: a}\ndefault: {queue: a}\n";
    let told = refused(text);
    assert!(
        told.contains("p:5:5: rule 'r' is given twice, first in line 4: rename one"),
        "{told}"
    );
}

#[test]
fn a_language_given_twice_in_another_case_is_told() {
    let text = "version: 1\nskills: [x, y]\nqueues: {a: {}}\nlanguages: {de: x, DE: y}\ndefault: {queue: a}\n";
    assert_eq!(
        refused(text),
        "p:4:20: the language 'DE' is given twice, in another case: keep one"
    );
}

#[test]
fn a_calendar_that_is_wrong_is_told_once() {
    let text = "version: 1\nqueues: {a: {}}\ncalendars: {day: {timezone: Europe/Berlim, hours: {mon: 24h}}}\n\
                sla: {calendar: day, low: 3d}\nrules: [{id: r, when: 'in_hours(\"day\")', otherwise: a}]\n\
                default: {queue: a}\n";
    assert_eq!(
        refused(text),
        "p:3:29: unknown time zone 'Europe/Berlim': did you mean 'Europe/Berlin'?"
    );
}

#[test]
fn names_that_are_no_names_are_not_suggested() {
    let text = "version: 1\nqueues: {\"\": {}, abc: {}}\ndefault: {queue: xyz}\n";
    let told = refused(text);
    assert!(
        told.contains("unknown queue 'xyz': use one of abc"),
        "{told}"
    );
}

#[test]
fn limits_that_are_broken_are_told_in_words() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{alias}]\n"));
    }
    let told = refused(&bomb);
    assert!(
        told.ends_with("its aliases multiply it to more than 100000 values: write them out"),
        "{told}"
    );
    let told = refused(&"[".repeat(1_000_000));
    assert!(
        told.ends_with("it is nested more than 24 deep: no field needs that"),
        "{told}"
    );
}

#[test]
fn a_duration_of_nothing_is_told_that_it_must_be_longer() {
    let text = "version: 1\nqueues: {a: {}}\nrules:\n  - {id: r, when: 'true', steps: [{queue: a, timeout: 0s}], \
                otherwise: a}\ndefault: {queue: a}\n";
    let told = refused(text);
    assert!(
        told.ends_with("timeout must be longer than nothing, such as 90s, 15m, 8h or 3d, not '0s'"),
        "{told}"
    );
}

#[test]
fn a_channel_that_no_ticket_comes_by_is_told_in_whatever_form() {
    for (when, told) in [
        (
            "ticket.channel.startsWith(\"emial\")",
            "no channel starts with 'emial': did you mean 'email'?",
        ),
        (
            "![\"phone\", \"emial\"].all(c, c != ticket.channel)",
            "unknown channel 'emial': did you mean 'email'?",
        ),
        (
            "ticket.channel in [\"emial\", customer.tier]",
            "unknown channel 'emial': did you mean 'email'?",
        ),
    ] {
        assert!(
            condition(when).ends_with(told),
            "{when}: {}",
            condition(when)
        );
    }
    assert_eq!(
        condition("ticket.channel.contains(\"mail\") || ticket.channel == \"\""),
        ""
    );
}
