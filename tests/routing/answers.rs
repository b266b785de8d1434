//! What a decision hands on besides an agent: an article or a bot in the agent's place, and notes for the agent.

use jiff::SignedDuration;
use triage::classifier::AbstainReason;
use triage::routing::{DecisionInput, Stage, decide};

use crate::case::{in_doubt, ticket};
use crate::desk::Desk;

#[test]
fn an_answer_without_an_agent_needs_a_topic_that_may_be_automated() {
    let mut desk = Desk::with_rule("self_service: {bot: returns}, steps: [{queue: desk}]");
    let decision = desk.decide();
    assert_eq!(decision.self_service_bot.as_deref(), Some("returns"));
    assert_eq!(
        (decision.agent, decision.self_service_article),
        (None, None)
    );
    assert_eq!(
        decision.candidates.len(),
        1,
        "who would take it if the bot fails"
    );
    desk.automate = false;
    let decision = desk.decide();
    assert_eq!(decision.self_service_bot, None);
    assert_eq!(
        (decision.agent.as_deref(), decision.requires_human),
        (Some("ana"), false)
    );
}

#[test]
fn a_rule_with_nothing_but_an_answer_leaves_what_is_not_sure_to_people() {
    let mut desk = Desk::with_rule("self_service: {article: kb/1}");
    assert_eq!(desk.decide().self_service_article.as_deref(), Some("kb/1"));
    desk.automate = false;
    let decision = desk.decide();
    assert_eq!(
        (decision.queue.as_str(), decision.stage),
        ("rest", Stage::Default)
    );
    assert_eq!(decision.abstain_reason, Some(AbstainReason::LowConfidence));
    assert_eq!(decision.self_service_article, None);
}

#[test]
fn notes_tell_the_agent_why_and_leave_out_what_is_not_known() {
    let notes = "notes: ['{topic} ({confidence}, {urgency}): {words}', 'tier {tier}', '{facets.sentiment}', \
                 'waited {waited}', 'because {reason}']\n";
    let mut desk = Desk::new(&format!(
        "queues: {{rest: {{}}}}\n{notes}default: {{queue: rest}}"
    ));
    assert_eq!(
        desk.decide().notes,
        [
            "a/b (90 %, normal): charged twice, refund",
            "neutral",
            "because NO_RULE_MATCHED"
        ]
    );
    desk.tier = "vip";
    assert_eq!(
        desk.after(90).notes[1..4],
        ["tier vip", "neutral", "waited 1h 30m"]
    );
    assert!(desk.policy.shows_deciding_words());

    let own = "rules: [{id: r, when: 'true', otherwise: rest, notes: 'by {rule} to {queue}'}]\n";
    let desk = Desk::new(&format!(
        "queues: {{rest: {{}}}}\n{notes}{own}default: {{queue: rest}}"
    ));
    assert_eq!(desk.decide().notes, ["by r to rest"]);
    assert!(
        !Desk::with_rule("otherwise: rest, notes: []")
            .policy
            .shows_deciding_words()
    );
}

#[test]
fn a_doubt_between_two_topics_gives_no_bot_to_talk_to() {
    let desk = Desk::with_rule("self_service: {bot: returns}, otherwise: desk");
    let ticket = ticket();
    let close = [("a/b", 0.45), ("a/c", 0.4)];
    let decision = decide(&DecisionInput {
        ticket: &ticket,
        classification: &in_doubt(AbstainReason::Ambiguous, &close),
        roster: None,
        policy: &desk.policy,
        now: desk.now,
        waited: SignedDuration::ZERO,
        deciding_words: &[],
    });
    assert_eq!(
        (decision.queue.as_str(), decision.self_service_bot),
        ("desk", None)
    );
}
