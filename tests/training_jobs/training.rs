//! From tickets that are sent to a model that answers.

use std::collections::BTreeMap;

use triage::grpc::v1;

use crate::desk::{Desk, begin, client, ended, example, options, watch};
use crate::tickets::tickets;

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_are_sent_become_a_version_that_can_be_activated() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut examples: Vec<_> = tickets(2).iter().map(example).collect();
    let held_out = tickets(3);
    examples.extend(held_out.iter().map(|ticket| v1::TrainingExample {
        held_out: true,
        ..example(ticket)
    }));
    let begun = begin(&mut client, options(), examples).await.unwrap();
    assert_eq!(begun.author, "ana@example.com");
    assert_eq!(begun.comment, "ticket 42");
    let states = watch(&mut client, &begun.id).await;
    assert!(states.iter().all(|state| state.id == begun.id));
    assert!(states.is_sorted_by(|a, b| a.done <= b.done));
    let job = states.last().unwrap();
    assert_eq!(job.state(), v1::TrainingState::Done, "{job:?}");
    assert!(job.error.is_empty() && job.ended_at.is_some());
    assert_eq!((job.rows, job.done), (120, 1.0));
    // Each label has fewer than 50 rows, which is told.
    assert!(job.warnings[0].contains("fewer than 50 rows"), "{job:?}");
    let trained = job.version.clone().unwrap();
    assert!(!trained.activated && trained.refusals.is_empty());
    let names: Vec<&str> = trained
        .heads
        .iter()
        .map(|head| head.name.as_str())
        .collect();
    assert_eq!(names, ["topic", "urgency", "mood"]);
    for head in &trained.heads {
        let figures = head.out_of_fold.as_ref().unwrap();
        assert_eq!(figures.rows, 120);
        assert!((0.0..=1.0).contains(&figures.accuracy), "{head:?}");
        let is_ordered = head.name == "urgency";
        assert_eq!(figures.quadratic_weighted_kappa.is_some(), is_ordered);
        assert_eq!(head.held_out.as_ref().unwrap().rows, held_out.len() as u64);
    }
    assert!(trained.heads[0].held_out.as_ref().unwrap().accuracy > 0.8);

    // A candidate, until it is activated.
    let list = client.list_models(v1::ListModelsRequest::default()).await;
    let list = list.unwrap().into_inner();
    assert_eq!(list.served_version, desk.active);
    assert!(list.models.iter().any(|own| own.version == trained.version));
    let activation = v1::ActivateModelRequest {
        version: trained.version.clone(),
        author: "ana@example.com".to_owned(),
        ..v1::ActivateModelRequest::default()
    };
    client.activate_model(activation).await.unwrap();
    let request = v1::ClassifyRequest {
        ticket: Some(v1::Ticket {
            body: "smoke and sparks from the hot plug, burning".to_owned(),
            ..v1::Ticket::default()
        }),
        ..v1::ClassifyRequest::default()
    };
    let answer = server.client().await.classify(request).await.unwrap();
    assert_eq!(answer.into_inner().model_version, trained.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_alone_can_be_learned_sent_or_in_a_file() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let topics_alone = v1::TrainingOptions {
        facets: Vec::new(),
        ..options()
    };
    let labelled = tickets(2);
    let sent = labelled.iter().map(|ticket| v1::TrainingExample {
        urgency: v1::Urgency::Unspecified.into(),
        facets: BTreeMap::new(),
        ..example(ticket)
    });
    let in_a_file = v1::TrainingOptions {
        files: Some(desk.file_without_urgencies()),
        ..topics_alone.clone()
    };
    for (options, sent) in [(topics_alone, sent.collect()), (in_a_file, Vec::new())] {
        let begun = begin(&mut client, options, sent).await.unwrap();
        let job = ended(&mut client, &begun.id).await;
        assert_eq!(job.state(), v1::TrainingState::Done, "{job:?}");
        let heads = job.version.unwrap().heads;
        let names: Vec<&str> = heads.iter().map(|head| head.name.as_str()).collect();
        assert_eq!(names, ["topic"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_remembered_the_latest_first() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut ids = Vec::new();
    for seed in [1, 2] {
        let options = v1::TrainingOptions {
            seed: Some(seed),
            ..options()
        };
        let examples = tickets(2).iter().map(example).collect();
        let begun = begin(&mut client, options, examples).await.unwrap();
        // The next one may begin as soon as this one is told to have ended.
        let job = ended(&mut client, &begun.id).await;
        assert_eq!(job.state(), v1::TrainingState::Done);
        ids.insert(0, job.id.clone());
        // Watching what has ended tells its last state, once.
        assert_eq!(
            crate::desk::watch(&mut client, &job.id).await,
            std::slice::from_ref(&job)
        );
        let request = v1::GetTrainingRequest { id: job.id.clone() };
        let got = client.get_training(request).await.unwrap().into_inner();
        assert_eq!(got.job, Some(job));
    }
    let list = client.list_trainings(v1::ListTrainingsRequest::default());
    let jobs = list.await.unwrap().into_inner().jobs;
    let listed: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    assert_eq!(listed, ids);
    let versions: Vec<_> = jobs.iter().map(|job| &job.version).collect();
    assert_ne!(versions[0], versions[1], "another seed, another version");
}
