//! A model whose sentence vectors come from a transformer: the same answers as in process, and a clear refusal
//! when too many texts wait or the encoder is not there.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use tokio::task::JoinSet;
use tonic::Code;
use triage::classifier::Workspace;
use triage::features::SentenceEncoder;
use triage::grpc::triage_service::classify;
use triage::grpc::v1;
use triage::grpc::v1::route_outcome::Outcome;
use triage::model::Registry;

use crate::running::{DEADLINE, Server, argument, clean, server_over};
use crate::tiny_encoder::Tiny;
use crate::training_tickets;

const POLICY: &str = "version: 1\nqueues: {desk: {}, rest: {}}\nrules:\n  - id: all\n    \
                      when: \"true\"\n    otherwise: desk\ndefault: {queue: rest}\n";

/// A folder with a model that was trained with a tiny encoder, and a policy.
struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let encoder = Tiny::new().write();
        let tickets = training_tickets::csv(&training_tickets::tickets(1));
        fs::write(folder.path().join("tickets.csv"), tickets).unwrap();
        fs::write(folder.path().join("policy.yaml"), POLICY).unwrap();
        let encoder = argument(encoder.path());
        for arguments in [
            format!("encoder install {encoder} --models models"),
            format!("fit --data tickets.csv --models models --activate --encoder {encoder}"),
        ] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_triage-train"));
            clean(&mut command).current_dir(folder.path());
            let output = command.args(arguments.split(' ')).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program that serves the model.
    fn command(&self) -> Command {
        let (models, policy) = (self.path("models"), self.path("policy.yaml"));
        server_over(&models, &policy)
    }

    async fn server(&self, variables: &[(&str, &str)]) -> Server {
        Server::start_as(self.command().envs(variables.to_vec())).await
    }
}

fn requests() -> Vec<v1::ClassifyRequest> {
    let tickets = training_tickets::tickets(2);
    let mut requests: Vec<_> = tickets
        .iter()
        .map(|ticket| crate::tickets::classify(&ticket.body))
        .collect();
    requests.push(crate::tickets::classify("?"));
    requests
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_those_given_in_process() {
    let shop = Shop::new();
    let bundle = Registry::new(shop.path("models")).load(None).unwrap();
    let encoder = bundle.classifier.sentence_encoder();
    assert!(matches!(encoder, Some(SentenceEncoder::Encoder(_))));
    let server = shop.server(&[]).await;
    let client = server.client().await;
    let mut answers = JoinSet::new();
    for (index, request) in requests().into_iter().enumerate() {
        let mut client = client.clone();
        answers.spawn(async move {
            let answer = client.classify(request).await.unwrap();
            (index, answer.into_inner())
        });
    }
    let mut workspace = Workspace::default();
    let requests = requests();
    while let Some(answer) = answers.join_next().await {
        let (index, answer) = answer.unwrap();
        let expected = classify(&bundle, requests[index].clone(), &mut workspace).unwrap();
        assert_eq!(answer, expected);
    }
    let expected = classify(&bundle, requests[0].clone(), &mut workspace).unwrap();
    let request = v1::RouteRequest {
        ticket: requests[0].ticket.clone(),
        ..v1::RouteRequest::default()
    };
    let routed = client.clone().route(request).await.unwrap().into_inner();
    assert_eq!(routed.classification, expected.classification);
    assert_eq!(routed.decision.unwrap().queue, "desk");
    assert_eq!(server.stop().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_tickets_get_the_answers_of_single_ones_in_order() {
    let shop = Shop::new();
    let bundle = Registry::new(shop.path("models")).load(None).unwrap();
    let server = shop.server(&[]).await;
    let mut client = server.client().await;
    let routes: Vec<v1::RouteRequest> = requests()
        .into_iter()
        .map(|request| v1::RouteRequest {
            ticket: request.ticket,
            ..v1::RouteRequest::default()
        })
        .collect();
    let batch = v1::BatchRouteRequest {
        requests: routes.clone(),
        roster: None,
    };
    let batch = client.batch_route(batch).await.unwrap().into_inner();
    let tickets = tokio_stream::iter(routes);
    let mut stream = client.stream_route(tickets).await.unwrap().into_inner();
    let mut workspace = Workspace::default();
    let requests = requests();
    assert_eq!(batch.outcomes.len(), requests.len());
    for (request, of_batch) in requests.into_iter().zip(batch.outcomes) {
        let expected = classify(&bundle, request, &mut workspace).unwrap();
        let of_stream = stream.message().await.unwrap().unwrap();
        for outcome in [of_batch, of_stream] {
            let Some(Outcome::Response(response)) = outcome.outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(response.classification, expected.classification);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_refused() {
    let shop = Shop::new();
    let variables = [
        ("TRIAGE_SERVER__ENCODER_THREADS", "1"),
        ("TRIAGE_SERVER__ENCODER_QUEUE", "1"),
    ];
    let server = shop.server(&variables).await;
    let client = server.client().await;
    let (mut answered, mut refused) = (0, Vec::new());
    let begun = std::time::Instant::now();
    while refused.is_empty() {
        assert!(begun.elapsed() < DEADLINE, "never too many: {answered}");
        let mut calls = JoinSet::new();
        for request in requests() {
            let mut client = client.clone();
            calls.spawn(async move { client.classify(request).await });
        }
        while let Some(call) = calls.join_next().await {
            match call.unwrap() {
                Ok(_) => answered += 1,
                Err(status) => refused.push(status),
            }
        }
    }
    assert!(answered > 0);
    for status in refused {
        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
        assert!(status.message().contains("try again later"), "{status:?}");
    }
    // What was refused once is answered when nobody else asks.
    for request in requests() {
        client.clone().classify(request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_its_encoder_is_not_served() {
    let shop = Shop::new();
    let encoders = shop.folder.path().join("models/encoders");
    let moved = shop.folder.path().join("moved");
    fs::rename(&encoders, &moved).unwrap();
    let ended = Server::spawn(&mut shop.command()).ended().await;
    ended.refused(2, &["encoders", "triage-train encoder install DIR"]);
    fs::rename(&moved, &encoders).unwrap();
    let folder = fs::read_dir(&encoders).unwrap().next().unwrap().unwrap();
    let weights = folder.path().join("model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    // The last byte belongs to a number: the file stays readable.
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&weights, bytes).unwrap();
    let ended = Server::spawn(&mut shop.command()).ended().await;
    ended.refused(2, &["is damaged", "triage-train encoder install DIR"]);
}
