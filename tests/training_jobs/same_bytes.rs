//! A job and the training program make the same version of the same tickets, byte for byte.

use triage::dataset::ExampleFields;
use triage::grpc::v1;

use crate::desk::{Desk, begin, client, ended, example, files, options};
use crate::tickets::{Ticket, tickets};

/// The line of a file of JSON lines that stands for a ticket that is sent.
fn line(ticket: &Ticket) -> String {
    let fields = ExampleFields {
        id: ticket.id.clone(),
        subject: ticket.subject.clone(),
        body: ticket.body.clone(),
        topic: ticket.topic.clone(),
        urgency: Some(ticket.urgency.parse().unwrap()),
        facets: [("mood".to_owned(), ticket.mood.clone())].into(),
    };
    fields.line().unwrap()
}

fn assert_same(desk: &Desk, job: v1::TrainingJob, version: &str) {
    let trained = job.version.unwrap_or_else(|| panic!("{}", job.error));
    assert_eq!(trained.version, version);
    let [of_job, of_program] = ["models", "other"].map(|models| {
        let folder = desk.path(models).join(version);
        files(&folder)
    });
    assert!(of_job == of_program);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_are_sent_give_the_version_that_a_file_of_them_gives() {
    let desk = Desk::new();
    let lines: Vec<String> = tickets(2).iter().map(line).collect();
    desk.write("examples.jsonl", &lines.concat());
    let version = desk.fit(
        "--data examples.jsonl --facet mood=mood --models other --seed 9 --target-precision 0.9 --under-call-factor 2",
    );
    let server = desk.start().await;
    let mut client = client(&server).await;
    let options = v1::TrainingOptions {
        seed: Some(9),
        target_precision: 0.9,
        under_call_factor: 2.0,
        ..options()
    };
    let examples = tickets(2).iter().map(example).collect();
    let begun = begin(&mut client, options, examples).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_same(&desk, job, &version);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_below_the_folder_gives_the_version_that_the_program_makes_of_it() {
    let desk = Desk::new();
    let version =
        desk.fit("--data data/tickets.csv --facet mood=mood --models other --embedding none");
    let server = desk.start().await;
    let mut client = client(&server).await;
    let options = v1::TrainingOptions {
        vectors: Some(v1::TrainingVectors {
            source: Some(v1::training_vectors::Source::None(true)),
        }),
        files: Some(v1::TrainingFiles {
            learned: vec!["tickets.csv".to_owned()],
            ..v1::TrainingFiles::default()
        }),
        ..options()
    };
    let begun = begin(&mut client, options, Vec::new()).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_same(&desk, job, &version);
}
