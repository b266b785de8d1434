//! A version is activated by its job where that was asked for and the gate lets it pass.

use triage::grpc::v1;
use triage::grpc::v1::TrainingActivation::WhenGatePasses;

use crate::desk::{Desk, begin, client, ended, example, options};
use crate::tickets::{Ticket, many_tickets, tickets};

fn held_out(ticket: &Ticket) -> v1::TrainingExample {
    v1::TrainingExample {
        held_out: true,
        ..example(ticket)
    }
}

/// Trains on tickets and held-out ones and activates if the gate passes.
async fn train(desk: &Desk, learned: &[Ticket]) -> (v1::TrainedVersion, String) {
    train_judged_by(desk, learned, &many_tickets(3, 30, 12)).await
}

async fn train_judged_by(
    desk: &Desk,
    learned: &[Ticket],
    judges: &[Ticket],
) -> (v1::TrainedVersion, String) {
    let server = desk.start().await;
    let mut client = client(&server).await;
    let options = v1::TrainingOptions {
        activation: WhenGatePasses.into(),
        ..options()
    };
    let learned = learned.iter().map(example);
    let examples = learned.chain(judges.iter().map(held_out)).collect();
    let begun = begin(&mut client, options, examples).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Done, "{job:?}");
    let list = client.list_models(v1::ListModelsRequest::default()).await;
    (
        job.version.unwrap(),
        list.unwrap().into_inner().served_version,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_no_worse_is_served() {
    let desk = Desk::new();
    let (trained, served) = train(&desk, &many_tickets(2, 40, 12)).await;
    assert!(trained.activated, "{trained:?}");
    assert_eq!(served, trained.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_worse_on_held_out_tickets_stays_a_candidate() {
    let desk = Desk::new();
    // Every ticket has the topic of another.
    let mut rows = tickets(2);
    let topics: Vec<String> = rows.iter().map(|own| own.topic.clone()).collect();
    for (index, row) in rows.iter_mut().enumerate() {
        row.topic.clone_from(&topics[(index + 1) % topics.len()]);
    }
    let (trained, served) = train(&desk, &rows).await;
    assert!(!trained.activated, "{trained:?}");
    assert!(
        trained.refusals[0].starts_with("topic: accuracy"),
        "{trained:?}"
    );
    assert_eq!(served, desk.active);
    assert_eq!(desk.versions().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_was_compared_with_nothing_stays_a_candidate() {
    let desk = Desk::new();
    let (trained, served) = train_judged_by(&desk, &many_tickets(2, 40, 12), &[]).await;
    assert!(!trained.activated, "{trained:?}");
    let refusal = &trained.refusals[0];
    for part in [&*desk.active, "compared", "hold tickets out"] {
        assert!(refusal.contains(part), "{refusal}");
    }
    assert_eq!(served, desk.active);
}
