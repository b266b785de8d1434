//! A version that classifies the same tickets unseen: what it finds, and what it never keeps.

use std::collections::BTreeMap;
use std::time::Instant;

use tonic::transport::Channel;
use triage::classifier::{Classification, Workspace};
use triage::grpc::v1;
use triage::grpc::v1::model_service_client::ModelServiceClient;
use triage::model::{Bundle, Registry};
use triage::ticket::Ticket;

use crate::desk::{Desk, activate, client, route};
use crate::running::{DEADLINE, Server};
use crate::tickets::tickets;

/// A request to let a version be the shadow.
pub(crate) fn shadow(version: &str) -> v1::SetShadowRequest {
    v1::SetShadowRequest {
        version: version.to_owned(),
        ..v1::SetShadowRequest::default()
    }
}

pub(crate) async fn report(client: &mut ModelServiceClient<Channel>) -> v1::ShadowReport {
    let answer = client.get_shadow(v1::GetShadowRequest {}).await;
    answer.unwrap().into_inner().report.unwrap()
}

/// What the shadow found once it was shown this many tickets.
async fn report_of(client: &mut ModelServiceClient<Channel>, tickets: u64) -> v1::ShadowReport {
    let begun = Instant::now();
    loop {
        let report = report(client).await;
        if report.compared + report.dropped + report.failed >= tickets {
            return report;
        }
        assert!(begun.elapsed() < DEADLINE, "only {report:?}");
    }
}

/// Routes these texts, one after the other.
async fn route_all(server: &Server, texts: &[String]) {
    let mut client = server.client().await;
    for (index, text) in texts.iter().enumerate() {
        let request = route(&format!("t-{index}"), text);
        client.route(request).await.unwrap();
    }
}

fn texts() -> Vec<String> {
    tickets(2).into_iter().map(|ticket| ticket.body).collect()
}

fn classifications(bundle: &Bundle, texts: &[String]) -> Vec<Classification> {
    let mut workspace = Workspace::default();
    let classify = |text: &String| {
        let ticket = Ticket {
            body: text.clone(),
            ..Ticket::default()
        };
        bundle.classifier.classify(&ticket.text(), &mut workspace)
    };
    texts.iter().map(classify).collect()
}

fn topic(classification: &Classification) -> Option<&str> {
    let topic = classification.topic.as_ref().unwrap();
    topic.made_prediction().then_some(topic.label.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_counts_how_often_it_agrees_and_what_would_move() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let wrong = desk.fit_wrong();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let started = client.set_shadow(shadow(&wrong)).await.unwrap();
    let none = started.into_inner().previous.unwrap();
    assert_eq!(none, v1::ShadowReport::default());
    let texts = texts();
    route_all(&server, &texts).await;
    let found = report_of(&mut client, texts.len() as u64).await;
    assert_eq!(found.version, wrong);
    assert_eq!(found.served_version, good);
    assert_eq!((found.dropped, found.failed), (0, 0), "{found:?}");
    assert_eq!(found.compared, texts.len() as u64);
    assert_eq!(found.routed, found.compared);
    assert_eq!(found.sample, 1.0);

    // What the same models say in process.
    let registry = Registry::new(desk.path("models"));
    let said = |version: &str| classifications(&registry.load(Some(version)).unwrap(), &texts);
    let (served, shadowed) = (said(&good), said(&wrong));
    let mut counts = BTreeMap::<&str, u64>::new();
    for (served, shadowed) in served.iter().zip(&shadowed) {
        let kind = match (topic(served), topic(shadowed)) {
            (served, shadowed) if served == shadowed => "agreed",
            (Some(_), None) => "only_shadow_abstained",
            (None, Some(_)) => "only_served_abstained",
            _ => "differed",
        };
        *counts.entry(kind).or_default() += 1;
    }
    let head = &found.heads[0];
    assert_eq!(head.name, "topic");
    let count = |kind: &str| counts.get(kind).copied().unwrap_or(0);
    assert_eq!(head.agreed, count("agreed"));
    assert_eq!(head.differed, count("differed"));
    assert_eq!(head.only_shadow_abstained, count("only_shadow_abstained"));
    assert_eq!(head.only_served_abstained, count("only_served_abstained"));
    assert!(head.differed > 0, "{found:?}");
    assert_eq!(found.heads[1].name, "urgency");
    assert!(found.moved > 0 && found.moved < found.routed, "{found:?}");

    let kept = &found.disagreements;
    assert!(!kept.is_empty() && kept.len() <= 100);
    assert!(kept[0].time.is_some());
    let differs = |one: &&v1::ShadowDisagreement| {
        let heads = one.heads.iter();
        heads.filter(|head| head.head == "topic").any(|head| {
            !head.served_label.is_empty()
                && !head.shadow_label.is_empty()
                && head.served_label != head.shadow_label
        })
    };
    assert!(kept.iter().any(|one| differs(&one)), "{kept:?}");
    let moves = |one: &&v1::ShadowDisagreement| {
        (one.served_destination == "billing" && one.shadow_destination == "desk")
            || (one.served_destination == "desk" && one.shadow_destination == "billing")
    };
    assert!(kept.iter().any(|one| moves(&one)), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_word_of_a_ticket_is_kept_or_logged() {
    let desk = Desk::new();
    desk.fit("tickets.csv", "--activate");
    let wrong = desk.fit_wrong();
    let server = desk.start().await;
    let mut client = client(&server).await;
    client.set_shadow(shadow(&wrong)).await.unwrap();
    let texts = texts();
    route_all(&server, &texts).await;
    let found = report_of(&mut client, texts.len() as u64).await;
    client.set_shadow(shadow("")).await.unwrap();
    let told = format!("{found:?}\n{:?}", server.stop().await.log);
    // Words that nothing but tickets has.
    let words = "bookkeeper courier basket snapped assemble sparks reimburse depot cracked";
    let words = words.split(' ');
    let sent: Vec<&str> = words
        .filter(|word| texts.iter().any(|text| text.contains(word)))
        .collect();
    assert!(sent.len() >= 5, "{sent:?}");
    for word in sent {
        assert!(!told.contains(word), "{word} in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_of_equal_weights_agrees_on_everything() {
    let desk = Desk::new();
    let good = desk.fit("tickets.csv", "--activate");
    let equal = desk.forge(&good, |manifest| {
        manifest["data"][0]["file"] = "same".into()
    });
    let mut command = desk.command();
    command.env("TRIAGE_SHADOW__VERSION", &equal);
    let mut server = Server::start_as(&mut command).await;
    let logged = server.logged("a shadow classifies beside the model").await;
    assert_eq!(logged["version"], equal);
    let mut client = client(&server).await;
    let texts = texts();
    route_all(&server, &texts).await;
    let mut caller = server.client().await;
    let classified = v1::ClassifyRequest {
        ticket: route("t", &texts[0]).ticket,
        ..v1::ClassifyRequest::default()
    };
    caller.classify(classified).await.unwrap();
    let all = texts.len() as u64 + 1;
    let found = report_of(&mut client, all).await;
    assert_eq!(found.compared, all, "{found:?}");
    assert_eq!((found.routed, found.moved), (all - 1, 0));
    for head in &found.heads {
        assert_eq!(head.agreed, all, "{found:?}");
    }
    assert!(found.disagreements.is_empty());
    // Served itself, it has nothing to be compared with.
    client.activate_model(activate(&equal)).await.unwrap();
    route_all(&server, &texts[..10]).await;
    assert_eq!(report(&mut client).await, found);
    let stopped = client.set_shadow(shadow("")).await.unwrap();
    assert_eq!(stopped.into_inner().previous.unwrap(), found);
    assert_eq!(report(&mut client).await, v1::ShadowReport::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_begin_anew_with_another_model_or_shadow() {
    let (desk, first, second) = Desk::with_two();
    let third = desk.forge(&first, |manifest| {
        manifest["data"][0]["file"] = "same".into()
    });
    let server = desk.start().await;
    let mut client = client(&server).await;
    let texts = texts();
    client.set_shadow(shadow(&third)).await.unwrap();
    route_all(&server, &texts[..20]).await;
    assert_eq!(report_of(&mut client, 20).await.served_version, first);
    client.activate_model(activate(&second)).await.unwrap();
    route_all(&server, &texts[..5]).await;
    let begun = Instant::now();
    let found = loop {
        let found = report(&mut client).await;
        if found.served_version == second && found.compared == 5 {
            break found;
        }
        assert!(begun.elapsed() < DEADLINE, "{found:?}");
    };
    let changed = client.set_shadow(v1::SetShadowRequest {
        sample: 0.5,
        ..shadow(&first)
    });
    let before = changed.await.unwrap().into_inner().previous.unwrap();
    assert_eq!(before, found);
    let now = report(&mut client).await;
    assert_eq!((now.version, now.sample), (first, 0.5));
    assert_eq!(now.compared, 0);
}
