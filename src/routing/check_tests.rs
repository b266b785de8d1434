//! Policy files: what is read, and every way in which one is refused.

use super::super::policy::Policy;

const HEAD: &str =
    "version: 1\nskills: [billing, tech]\nqueues: {billing: {overflow: general}, general: {}}\n";
const TAIL: &str = "default: {queue: general}\n";

/// The errors of a policy whose line 4 and on are `middle`.
fn errors_of(middle: &str) -> String {
    match Policy::parse(&format!("{HEAD}{middle}{TAIL}"), "p.yaml") {
        Ok(_) => String::new(),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn a_policy_without_rules_is_a_policy() {
    let policy = Policy::parse(&format!("{HEAD}{TAIL}"), "p.yaml").unwrap();
    assert_eq!(policy.default_queue, "general");
    assert_eq!(policy.rule_ids().count(), 0);
}

#[test]
fn every_error_of_the_file_is_reported_with_its_place() {
    let text = "version: 2
skills: [billing, tech, tech]
queues: {billing: {overflow: generel}, general: {}}
sla: {urgent: 15, hgih: 1h}
languages: {de: lang_de}
rules:
  - id: a
    when: topic == \"x\" && urgncy > LOW
    steps:
      - {queue: biling, require: {bilingg: 2}, order_by: [fastest]}
  - id: a
    when: topic == \"y\"
    priority: 101
    whn: x
  - when: topic == \"z\"
    otherwise: general
default: {}
";
    assert_eq!(
        Policy::parse(text, "p.yaml").unwrap_err().to_string(),
        "p.yaml:1:10: version must be 1, not 2
p.yaml:2:25: skill 'tech' is given twice: keep one
p.yaml:3:30: unknown queue 'generel': did you mean 'general'?
p.yaml:4:15: sla of urgent must be a duration with its unit, such as 90s, 15m, 8h or 3d, up to 366d, not 15
p.yaml:4:19: unknown urgency 'hgih' in sla: did you mean 'high'?
p.yaml:5:17: unknown skill 'lang_de': use one of billing, tech
p.yaml:8:27: unknown variable 'urgncy': did you mean 'urgency'?
p.yaml:10:17: unknown queue 'biling': did you mean 'billing'?
p.yaml:10:35: unknown skill 'bilingg': did you mean 'billing'?
p.yaml:10:59: unknown order 'fastest': use one of proficiency, lowest_sufficient, least_loaded, longest_idle, round_robin
p.yaml:11:5: rule 'a' is given twice, first in line 7: rename one
p.yaml:11:5: the rule sends tickets nowhere: give it steps, otherwise or self_service
p.yaml:13:15: priority must be a whole number from 0 to 100, not 101
p.yaml:14:5: unknown field 'whn' in a rule: did you mean 'when'?
p.yaml:15:5: a rule needs 'id'
p.yaml:17:10: default needs 'queue'"
    );
}

#[test]
fn topics_tags_and_articles_may_hold_blanks_and_a_tag_counts_once() {
    let text = "always_human: [\"HR Support\"]\nrules:\n  - id: a\n    when: topic == \"Log in\"\n    \
                self_service: {article: How to log in}\n    tags: [first contact, vip, first contact]\n";
    let policy = Policy::parse(&format!("{HEAD}{text}{TAIL}"), "p.yaml")
        .unwrap_or_else(|errors| panic!("{errors}"));
    assert!(policy.is_always_human("HR Support"));
    let rule = &policy.rules[0];
    assert_eq!(rule.article.as_deref(), Some("How to log in"));
    assert_eq!(rule.tags, ["first contact", "vip"]);
}

#[test]
fn topics_tags_and_articles_that_nobody_could_read_are_refused() {
    let long = "x".repeat(257);
    let errors = errors_of(&format!(
        "always_human: [\"\", \"  \", \"HR\\tSupport\", {long}]\nrules:\n  - id: a\n    \
         when: topic == \"x\"\n    self_service: {{article: \"\"}}\n    tags: [\"a\\nb\"]\n"
    ));
    let wanted = "must have 1 to 256 characters, not only blanks and no control characters";
    assert_eq!(
        errors,
        format!(
            "p.yaml:4:16: a topic {wanted}: ''\n\
             p.yaml:4:20: a topic {wanted}: '  '\n\
             p.yaml:4:26: a topic {wanted}: 'HR\\tSupport'\n\
             p.yaml:4:41: a topic {wanted}: '{long}'\n\
             p.yaml:8:29: article {wanted}: ''\n\
             p.yaml:9:12: a tag {wanted}: 'a\\nb'"
        )
    );
}

#[test]
fn a_default_is_mandatory() {
    let errors = Policy::parse(HEAD, "p.yaml").unwrap_err();
    assert_eq!(errors.to_string(), "p.yaml:1:1: a policy needs 'default'");
    assert!(Policy::parse("", "p.yaml").is_err());
    assert!(Policy::parse("[]", "p.yaml").is_err());
}

#[test]
fn what_is_not_in_the_language_is_an_unknown_field() {
    assert_eq!(
        errors_of("calendar: {}\nnote: x\n"),
        "p.yaml:4:1: unknown field 'calendar' in a policy: did you mean 'calendars'?\n\
         p.yaml:5:1: unknown field 'note' in a policy: did you mean 'notes'?"
    );
}

#[test]
fn rule_ids_are_unique_and_not_the_default() {
    let errors = errors_of(
        "rules:\n  - {id: a, when: topic == \"x\", otherwise: general}\n  \
         - {id: a, when: topic == \"y\", otherwise: general}\n  \
         - {id: default, when: topic == \"z\", otherwise: general}\n",
    );
    assert_eq!(
        errors,
        "p.yaml:6:5: rule 'a' is given twice, first in line 5: rename one\n\
         p.yaml:7:5: no rule may be called 'default': decisions without a rule are; rename it"
    );
}

#[test]
fn steps_that_can_never_be_reached_are_errors() {
    let rule = |rest: &str| {
        errors_of(&format!(
            "rules:\n  - id: a\n    when: topic == \"x\"\n{rest}"
        ))
    };
    assert_eq!(
        rule("    steps: [{queue: billing}, {queue: general}]\n"),
        "p.yaml:7:13: step 1 never ends, so step 2 is never reached: give it a timeout"
    );
    assert_eq!(
        rule("    steps: [{queue: billing, timeout: 5m}]\n"),
        "p.yaml:7:13: step 1 is the last and nothing follows its timeout: leave it out or give the rule an otherwise"
    );
    assert_eq!(
        rule("    steps: [{timeout: 5m}]\n    otherwise: general\n"),
        "p.yaml:7:13: a step needs a queue or a preferred_agent"
    );
    assert_eq!(
        rule("    steps: [{preferred_agent: ticket.last_agent_id}]\n"),
        "p.yaml:7:13: the step names no queue and none follows: give it a queue"
    );
    assert_eq!(
        rule(
            "    steps: [{preferred_agent: ticket.last_agent_id, order_by: [proficiency], timeout: 5m}, {queue: billing}]\n"
        ),
        "p.yaml:7:63: order_by has no effect beside preferred_agent: leave it out"
    );
    assert_eq!(
        rule("    steps: []\n"),
        "p.yaml:7:12: steps must hold at least one step: leave it out otherwise"
    );
}

#[test]
fn what_is_wrong_with_a_step_hides_nothing_of_how_the_steps_follow_each_other() {
    let rule = |rest: &str| {
        errors_of(&format!(
            "rules:\n  - id: a\n    when: topic == \"x\"\n    steps:\n{rest}"
        ))
    };
    assert_eq!(
        rule(
            "      - {queue: billing, require: {tech: 7}}\n      - {queue: biling, timeout: 5m}\n"
        ),
        "p.yaml:8:9: step 1 never ends, so step 2 is never reached: give it a timeout\n\
         p.yaml:8:42: the level of 'tech' must be a whole number from 1 to 5, not 7\n\
         p.yaml:9:9: step 2 is the last and nothing follows its timeout: leave it out or give the rule an otherwise\n\
         p.yaml:9:17: unknown queue 'biling': did you mean 'billing'?"
    );
    assert_eq!(
        rule(
            "      - {queue: billing, timeout: soon}\n      - {preferred_agent: ticket.lst_agent_id}\n"
        ),
        "p.yaml:8:35: timeout must be a duration with its unit, such as 90s, 15m, 8h or 3d, up to 366d, not 'soon'\n\
         p.yaml:9:9: the step names no queue and none follows: give it a queue\n\
         p.yaml:9:33: unknown field 'lst_agent_id' of the ticket: did you mean 'last_agent_id'?"
    );
    assert_eq!(
        rule(
            "      - {queue: billing, skip_if: topic}\n      - {queue: general, skip_iff: 'true'}\n"
        ),
        "p.yaml:8:9: every step may be skipped: give the rule an otherwise, or one step no skip_if\n\
         p.yaml:8:35: a condition must give true or false, not a text\n\
         p.yaml:9:26: unknown field 'skip_iff' in a step: did you mean 'skip_if'?"
    );
    assert_eq!(
        rule("      - {preferred_agent: ticket.last_agent_id, timeout: 5m}\n      - billing\n"),
        "p.yaml:9:9: a step must be a mapping, not 'billing'"
    );
}

#[test]
fn queues_that_overflow_in_a_circle_are_told_once() {
    let text = "version: 1\nqueues:\n  a: {overflow: b}\n  b: {overflow: c}\n  c: {overflow: b}\n  \
                d: {overflow: d}\ndefault: {queue: a}\n";
    assert_eq!(
        Policy::parse(text, "p.yaml").unwrap_err().to_string(),
        "p.yaml:4:17: queues overflow in a circle: b → c → b; let one of them end it\n\
         p.yaml:6:17: queues overflow in a circle: d → d; let one of them end it"
    );
}

#[test]
fn targets_the_wrong_way_round_are_errors() {
    assert_eq!(
        errors_of("sla: {urgent: 8h, high: 1h, low: 3d}\n"),
        "p.yaml:4:6: sla of urgent comes after that of high: swap them"
    );
    assert_eq!(
        errors_of("priorities: {low: 60}\n"),
        "p.yaml:4:13: priorities of normal comes after that of low: swap them"
    );
}

#[test]
fn a_fault_in_a_condition_of_several_lines_is_placed_at_its_word() {
    let errors = errors_of(
        "rules:\n  - id: a\n    when: >\n      topic == \"x\"\n      && custmer.tier == \"vip\"\n      \
         || ticket.channel == \"emial\"\n    otherwise: general\n",
    );
    assert_eq!(
        errors,
        "p.yaml:8:10: unknown variable 'custmer': did you mean 'customer'?\n\
         p.yaml:9:28: unknown channel 'emial': did you mean 'email'?"
    );
    let errors = errors_of(
        "rules:\n  - id: a\n    when: 'ticket.channel == \"emial\"'\n    otherwise: general\n",
    );
    assert_eq!(
        errors,
        "p.yaml:6:30: unknown channel 'emial': did you mean 'email'?"
    );
}

#[test]
fn a_file_too_large_and_too_many_rules_are_refused() {
    let large = format!("{HEAD}# {}\n{TAIL}", "x".repeat(1 << 20));
    let errors = Policy::parse(&large, "p.yaml").unwrap_err().to_string();
    assert!(errors.contains("more than the 1048576 allowed"), "{errors}");
    let rules = "  - {id: a, when: \"true\"}\n".repeat(10_001);
    let errors = errors_of(&format!("rules:\n{rules}"));
    assert_eq!(
        errors,
        "p.yaml:5:3: 10001 rules are more than the 10000 allowed"
    );
}

#[test]
fn every_error_of_the_newer_fields_is_reported_with_its_place() {
    let errors = errors_of(
        "calendars: {day: {timezone: UTC, hours: {mon: 24h}}}
priorities: {high: 80, low: 85, impact: {from: urgency, levels: {a: {hgh: 1}, b: {high: 90, urgent: 20}}}}
notes: ['{topic', '{teir}']
rules:
  - id: a
    when: in_hours(\"dya\")
    steps:
      - {queue: billing, require: {tech: 3}, relax: {every: 5m, to: {billing: 1}}, timeout: 5m}
      - {queue: billing, skip_if: topic, order_by: [round_robbin]}
    notes: 7
    self_service: {article: a, bot: b}
  - id: b
    when: topic == \"b\"
    self_service: {}
",
    );
    assert_eq!(
        errors,
        "p.yaml:5:13: priorities of normal comes after that of low: swap them
p.yaml:5:48: the impact must be a text, not an urgency (LOW, NORMAL, HIGH, URGENT)
p.yaml:5:70: unknown urgency 'hgh' in priorities of impact 'a': did you mean 'high'?
p.yaml:5:82: priorities of impact 'b' of urgent comes after that of high: swap them
p.yaml:6:10: the placeholder is not closed: add }, or write {{ for a brace
p.yaml:6:20: unknown placeholder 'teir': did you mean 'tier'?
p.yaml:9:20: unknown calendar 'dya': did you mean 'day'?
p.yaml:11:61: the step ends before it asks for less: shorten 'every' or lengthen the timeout
p.yaml:11:70: the step does not require 'billing', so it cannot be relaxed: use one of tech
p.yaml:12:35: a condition must give true or false, not a text
p.yaml:12:53: unknown order 'round_robbin': did you mean 'round_robin'?
p.yaml:13:12: a note must be a text (put it in quotes), not 7
p.yaml:14:19: self_service needs either an 'article' or a 'bot'
p.yaml:17:19: self_service needs either an 'article' or a 'bot'"
    );
}

#[test]
fn a_last_resort_says_what_it_overlooks() {
    let errors = Policy::parse(
        "version: 1\nqueues:\n  a: {last_resort: {accept: [busy, tired, busy], agents: []}}\n  \
         b: {last_resort: {after: 5m}}\n  c: {last_resort: {accept: [], agents: ['x y']}}\ndefault: {queue: a}\n",
        "p.yaml",
    )
    .unwrap_err();
    assert_eq!(
        errors.to_string(),
        "p.yaml:3:36: an agent cannot be taken although 'tired': use one of on_leave, off_shift, busy, away, offline, full
p.yaml:3:43: accept names 'busy' twice: keep one
p.yaml:3:58: agents must name somebody: leave it out for all
p.yaml:4:20: last_resort needs 'accept'
p.yaml:5:29: accept must name what is overlooked: leave last_resort out otherwise
p.yaml:5:42: an agent must have 1 to 100 characters, none of them blank: 'x y'"
    );
}

#[test]
fn a_rule_whose_steps_may_all_be_skipped_needs_somewhere_to_go() {
    let rule = |steps: &str| {
        errors_of(&format!(
            "rules:\n  - {{id: a, when: 'true', steps: [{steps}]}}\n"
        ))
    };
    assert_eq!(
        rule("{queue: billing, skip_if: 'true'}, {queue: general, skip_if: 'urgency == LOW'}"),
        "p.yaml:5:35: every step may be skipped: give the rule an otherwise, or one step no skip_if"
    );
    assert_eq!(
        rule("{queue: billing, skip_if: 'true'}, {queue: general}"),
        ""
    );
    let many = "{queue: billing, timeout: 1m},".repeat(51);
    assert_eq!(
        rule(&many),
        "p.yaml:5:34: 51 steps are more than the 50 allowed"
    );
}
