//! What Classify and Route answer.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tonic::codec::CompressionEncoding;
use triage::grpc::v1;

use crate::running::Server;
use crate::tickets::{SAMPLES, SMOKE, classify, route, ticket};

fn time(at: prost_types::Timestamp) -> SystemTime {
    at.try_into().unwrap()
}

/// Time to the first answer, as the sample policy sets it.
fn target(urgency: v1::Urgency) -> Duration {
    let minutes = match urgency {
        v1::Urgency::Urgent => 15,
        v1::Urgency::High => 2 * 60,
        v1::Urgency::Normal => 8 * 60,
        v1::Urgency::Low => 3 * 24 * 60,
        v1::Urgency::Unspecified => panic!("an answer always has an urgency"),
    };
    Duration::from_secs(minutes * 60)
}

#[tokio::test(flavor = "multi_thread")]
async fn classify_says_what_a_ticket_is_about_and_how_urgent_it_is() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    for sample in SAMPLES {
        let answer = client
            .classify(classify(sample.body))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.ticket_id, "t-1");
        assert!(!answer.model_version.is_empty());
        let classification = answer.classification.unwrap();
        let topic = classification.topic.clone().unwrap();
        assert_eq!(topic.label, sample.topic, "{}", sample.body);
        assert!(topic.made_prediction, "{topic:?}");
        assert_eq!(topic.abstain_reason(), v1::AbstainReason::Unspecified);
        let area = classification.area.clone().unwrap();
        assert_eq!(sample.topic.split('/').next(), Some(area.label.as_str()));
        assert!(area.confidence >= topic.confidence - 1e-6 && !area.fallback);
        let urgency = classification.urgency.clone().unwrap();
        let level = classification.urgency_level();
        assert_eq!(
            level.as_str_name(),
            format!("URGENCY_{}", urgency.label.to_uppercase())
        );
        assert!(classification.facets.contains_key("sentiment"));
        for prediction in [&topic, &urgency]
            .into_iter()
            .chain(classification.facets.values())
        {
            check_probabilities(prediction);
            let best = prediction.top[0].label == prediction.label;
            let moved = prediction.raised_by_cost || prediction.lowered_by_cost;
            assert_eq!(moved, !best, "{prediction:?}");
        }
    }
}

/// Three labels by default, most probable first, and no evidence, for which nobody asked.
fn check_probabilities(prediction: &v1::Prediction) {
    assert_eq!(prediction.top.len(), 3);
    assert!(prediction.evidence.is_empty());
    assert!(
        prediction
            .top
            .is_sorted_by(|a, b| a.probability >= b.probability)
    );
    let chosen = prediction
        .top
        .iter()
        .find(|ranked| ranked.label == prediction.label)
        .unwrap();
    assert!((chosen.probability - prediction.confidence).abs() < 1e-6);
    assert!((0.0..=1.0).contains(&prediction.confidence));
    let margin = prediction.top[0].probability - prediction.top[1].probability;
    assert!((margin - prediction.margin).abs() < 1e-6);
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_labels_are_listed_as_were_asked_for() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let mut ask = async |top| {
        let mut request = classify(SMOKE);
        request.options = Some(v1::ClassificationOptions {
            top,
            evidence: false,
            ..v1::ClassificationOptions::default()
        });
        let answer = client.classify(request).await.unwrap().into_inner();
        answer.classification.unwrap().topic.unwrap().top
    };
    let all = ask(1_000).await;
    assert_eq!(all.len(), 26, "every topic of the sample help desk");
    let sum: f32 = all.iter().map(|ranked| ranked.probability).sum();
    assert!((sum - 1.0).abs() < 1e-4, "{sum}");
    assert_eq!(ask(1).await, all[..1]);
    assert_eq!(ask(5).await, all[..5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn route_says_where_a_ticket_goes_how_soon_and_who_could_take_it() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    for sample in SAMPLES {
        let before = SystemTime::now();
        let answer = client.route(route(sample.body)).await.unwrap().into_inner();
        let after = SystemTime::now();
        assert!(!answer.model_version.is_empty() && !answer.policy_version.is_empty());
        let classification = answer.classification.unwrap();
        assert_eq!(classification.topic.unwrap().label, sample.topic);

        let decision = answer.decision.unwrap();
        assert_eq!(decision.queue, sample.queue, "{}", sample.body);
        assert!(
            sample.rules.contains(&decision.rule.as_str()),
            "{decision:?}"
        );
        assert_eq!(decision.stage(), v1::Stage::Step);
        assert_eq!(decision.step, 1);
        assert!(decision.required_skills.contains_key(sample.skill));
        assert!((1..=100).contains(&decision.priority));
        assert_eq!(decision.urgency, classification.urgency_level);
        let due = time(decision.first_response_due.unwrap());
        let asked = due - target(decision.urgency());
        // What is urgent is due around the clock, everything else in the hours of the desk: later, or just then.
        let around_the_clock = decision.urgency() == v1::Urgency::Urgent;
        assert!(
            before <= asked && (asked <= after || !around_the_clock),
            "{before:?} {asked:?}"
        );

        let best = &decision.candidates[0];
        let is_answered = !decision.self_service_article.is_empty();
        let chosen = if is_answered { "" } else { &best.agent_id };
        assert_eq!(decision.agent_id, chosen);
        for candidate in &decision.candidates {
            assert!(candidate.load < candidate.capacity);
            for (skill, level) in &decision.required_skills {
                assert!(candidate.proficiency[skill] >= *level, "{candidate:?}");
            }
        }
        assert!(!decision.rejected.is_empty());
        assert!(decision.rejected.iter().all(|agent| {
            agent.reason() != v1::RejectReason::Unspecified && !agent.detail.is_empty()
        }));
        assert!(decision.trace.is_empty(), "nobody asked for it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn smoke_and_a_burnt_child_are_urgent_and_a_person_decides() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let mut request = route(SMOKE);
    request.trace = true;
    let answer = client.route(request).await.unwrap().into_inner();
    let decision = answer.decision.unwrap();
    assert_eq!(decision.urgency(), v1::Urgency::Urgent);
    assert_eq!((decision.rule.as_str(), decision.priority), ("safety", 100));
    assert_eq!(decision.tags, ["safety"]);
    assert_eq!(
        decision.required_skills,
        BTreeMap::from([("safety".to_owned(), 4)])
    );
    assert_eq!(decision.agent_id, "amara");
    assert!(decision.requires_human);
    assert_eq!(decision.abstain_reason(), v1::AbstainReason::AlwaysHuman);
    let tried = &decision.trace[0];
    assert_eq!(tried.rule, "safety");
    assert_eq!(tried.condition, "topic == \"safety/incident\"");
    assert!(tried.value && tried.error.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_relaxes_what_is_asked_for() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let mut after = async |seconds| {
        let mut request = route(SMOKE);
        request.waited = Some(prost_types::Duration { seconds, nanos: 0 });
        let answer = client.route(request).await.unwrap().into_inner();
        answer.decision.unwrap()
    };
    let first = after(599).await;
    assert_eq!((first.step, first.required_skills["safety"]), (1, 4));
    assert!(first.next_evaluation_at.is_some());
    let second = after(600).await;
    assert_eq!((second.step, second.required_skills["safety"]), (2, 2));
    assert!(second.next_evaluation_at.is_none());
    assert!(second.candidates.len() > first.candidates.len());
    let overdue = time(second.first_response_due.unwrap());
    assert!(overdue < time(first.first_response_due.unwrap()) + Duration::from_secs(599));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_of_the_customer_decides_too() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let mut request = route(SAMPLES[1].body);
    let asked = request.ticket.as_mut().unwrap();
    asked.language = "de-AT".to_owned();
    let german = client.route(request.clone()).await.unwrap().into_inner();
    assert_eq!(german.decision.unwrap().rule, "billing-in-german");

    let mut leaving = route("Please close my account and delete my membership, I am leaving");
    leaving.ticket.as_mut().unwrap().last_agent_id = "claire".to_owned();
    let decision = client.route(leaving).await.unwrap().into_inner().decision;
    let decision = decision.unwrap();
    assert_eq!(decision.rule, "about-to-leave");
    assert_eq!(decision.preferred_agent_id, "claire");
    assert_eq!(decision.agent_id, "claire");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_say_nothing_go_to_people_with_the_best_guess() {
    let server = Server::start(&[]).await;
    let mut client = server.client().await;
    let answer = client.route(route("?!")).await.unwrap().into_inner();
    let topic = answer.classification.unwrap().topic.unwrap();
    assert!(!topic.made_prediction && !topic.label.is_empty());
    assert_eq!(topic.abstain_reason(), v1::AbstainReason::EmptyText);
    let decision = answer.decision.unwrap();
    assert_eq!(decision.queue, "human_triage");
    assert!(decision.requires_human);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_roster_queue_and_skills_are_named_but_no_agent() {
    let server = Server::start(&["--roster", ""]).await;
    let mut client = server.client().await;
    let answer = client.route(route(SMOKE)).await.unwrap().into_inner();
    let decision = answer.decision.unwrap();
    assert_eq!(decision.queue, "safety_desk");
    assert_eq!(decision.required_skills["safety"], 4);
    assert!(decision.agent_id.is_empty() && decision.candidates.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_ticket_gets_the_same_answer_compressed_or_not() {
    let server = Server::start(&[]).await;
    let request = v1::ClassifyRequest {
        ticket: Some(ticket(&SMOKE.repeat(200))),
        options: None,
    };
    let mut plain = server.client().await;
    let expected = plain.classify(request.clone()).await.unwrap().into_inner();
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut client = server.client().await;
        client = client.send_compressed(encoding).accept_compressed(encoding);
        let answer = client.classify(request.clone()).await.unwrap();
        assert_eq!(*answer.get_ref(), expected);
    }
}
