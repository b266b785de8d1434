//! What cannot be learned from is refused, and the message says which ticket and which field.

use tonic::Code;
use triage::grpc::v1;

use crate::desk::{
    Desk, begin, cancel, client, ended, example, many, messages, options, violations,
};
use crate::running::Server;
use crate::tickets::tickets;

fn examples() -> Vec<v1::TrainingExample> {
    tickets(2).iter().map(example).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_ticket_is_named_by_its_index_and_field() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    // The second message of tickets begins at index 300.
    let sent = [examples(), examples(), examples()].concat();
    let change = |at: usize, change: fn(&mut v1::TrainingExample)| {
        let mut sent = sent.clone();
        change(&mut sent[at]);
        sent
    };
    for (examples, code, field) in [
        (
            change(301, |own| own.urgency = 77),
            Code::InvalidArgument,
            "examples[301].urgency",
        ),
        (
            change(17, |own| own.topic = "a\0b".to_owned()),
            Code::InvalidArgument,
            "examples[17].topic",
        ),
        (
            change(359, |own| {
                own.facets.insert("colour".to_owned(), "red".to_owned());
            }),
            Code::InvalidArgument,
            "examples[359].facets[\"colour\"]",
        ),
        (
            change(2, |own| own.body = "long ".repeat(60_000)),
            Code::ResourceExhausted,
            "examples[2].body",
        ),
        (Vec::new(), Code::InvalidArgument, "examples"),
    ] {
        let status = begin(&mut client, options(), examples).await.unwrap_err();
        assert_eq!(violations(&status, code), [field], "{status:?}");
    }
    assert_eq!(desk.versions(), std::slice::from_ref(&desk.active));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_options_are_named() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    type Change = fn(&mut v1::TrainingOptions);
    let cases: [(Change, &str); 7] = [
        (|own| own.author.clear(), "author"),
        (|own| own.target_precision = 1.5, "options.target_precision"),
        (
            |own| own.under_call_factor = -1.0,
            "options.under_call_factor",
        ),
        (|own| own.facets.push("topic".to_owned()), "options.facets"),
        (|own| own.activation = 9, "options.activation"),
        (
            |own| {
                own.vectors = Some(v1::TrainingVectors {
                    source: Some(v1::training_vectors::Source::Encoder("../x".to_owned())),
                });
            },
            "options.vectors.encoder",
        ),
        (
            |own| own.files = Some(v1::TrainingFiles::default()),
            "options.files.learned",
        ),
    ];
    for (change, field) in cases {
        let mut options = options();
        change(&mut options);
        let status = begin(&mut client, options, examples()).await.unwrap_err();
        let found = violations(&status, Code::InvalidArgument);
        assert_eq!(found, [field], "{status:?}");
    }
    // Tickets before the options, and no message at all.
    let tickets_first = messages(options(), examples()).split_off(1);
    for sent in [tickets_first, Vec::new()] {
        let answer = client.start_training(tokio_stream::iter(sent)).await;
        let found = violations(&answer.unwrap_err(), Code::InvalidArgument);
        assert_eq!(found, ["options"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_settings_allow_is_refused() {
    let desk = Desk::new();
    for (setting, value, named) in [
        ("TRIAGE_TRAINING__MAX_ROWS", "100", "training.max_rows"),
        ("TRIAGE_TRAINING__MAX_BYTES", "5000", "training.max_bytes"),
    ] {
        let server = Server::start_as(desk.command().env(setting, value)).await;
        let mut client = client(&server).await;
        let status = begin(&mut client, options(), examples()).await.unwrap_err();
        assert_eq!(violations(&status, Code::ResourceExhausted), ["examples"]);
        assert!(status.message().contains(named), "{status:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_job_is_refused_while_one_goes_on() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let first = begin(&mut client, options(), many()).await.unwrap();
    let status = begin(&mut client, options(), examples()).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(status.message().contains(&first.id), "{status:?}");
    client.cancel_training(cancel(&first.id)).await.unwrap();
    ended(&mut client, &first.id).await;
    let second = begin(&mut client, options(), examples()).await.unwrap();
    let second = ended(&mut client, &second.id).await;
    assert_eq!(second.state(), v1::TrainingState::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_job_is_not_found() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let id = "0123456789abcdef".to_owned();
    let watched = client.watch_training(v1::WatchTrainingRequest { id: id.clone() });
    assert_eq!(watched.await.unwrap_err().code(), Code::NotFound);
    let got = client.get_training(v1::GetTrainingRequest { id: id.clone() });
    assert_eq!(got.await.unwrap_err().code(), Code::NotFound);
    let cancelled = client.cancel_training(cancel(&id));
    assert_eq!(cancelled.await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_teach_nothing_fail_the_job_unless_they_are_left_out() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut sent = examples();
    sent[5].topic = "rare/one".to_owned();
    let begun = begin(&mut client, options(), sent.clone()).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Failed);
    assert!(job.error.contains("'rare/one' (1)"), "{job:?}");
    assert!(job.error.contains("examples.jsonl:6"), "{job:?}");
    assert_eq!(desk.versions(), std::slice::from_ref(&desk.active));
    let options = v1::TrainingOptions {
        drop_rare: true,
        ..options()
    };
    let begun = begin(&mut client, options, sent).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Done, "{job:?}");
    let left_out = "left out: topic: rare/one (1 rows)".to_owned();
    assert!(job.warnings.contains(&left_out), "{job:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_factor_for_urgencies_is_refused_where_there_are_none() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let options = v1::TrainingOptions {
        under_call_factor: 2.0,
        ..options()
    };
    let mut without = examples();
    for example in &mut without {
        example.urgency = v1::Urgency::Unspecified.into();
    }
    // What is only measured on does not count.
    let mut held_out = without.split_off(without.len() / 2);
    for example in &mut held_out {
        example.held_out = true;
        example.urgency = v1::Urgency::High.into();
    }
    let sent = [without, held_out].concat();
    let status = begin(&mut client, options.clone(), sent).await.unwrap_err();
    assert_eq!(
        violations(&status, Code::InvalidArgument),
        ["options.under_call_factor"]
    );

    let options = v1::TrainingOptions {
        files: Some(desk.file_without_urgencies()),
        ..options
    };
    let begun = begin(&mut client, options, Vec::new()).await.unwrap();
    let job = ended(&mut client, &begun.id).await;
    assert_eq!(job.state(), v1::TrainingState::Failed);
    assert!(
        job.error.starts_with("options.under_call_factor: "),
        "{job:?}"
    );
}
