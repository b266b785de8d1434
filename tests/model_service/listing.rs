//! Versions listed and looked at.

use std::fs;

use tonic::Code;
use triage::checksum::sha256_hex;
use triage::grpc::v1;

use crate::desk::{Desk, activate, client};

fn page(size: u32, token: &str) -> v1::ListModelsRequest {
    v1::ListModelsRequest {
        page_size: size,
        page_token: token.to_owned(),
    }
}

fn get(version: &str) -> v1::GetModelRequest {
    v1::GetModelRequest {
        version: version.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_listed_in_pages_with_the_one_in_use() {
    let (desk, first, second) = Desk::with_two();
    let third = desk.forge(&second, |manifest| manifest["rows"] = 119.into());
    let server = desk.start().await;
    let mut client = client(&server).await;
    let mut all = [first.clone(), second, third];
    all.sort();
    let mut listed = Vec::new();
    let mut token = String::new();
    loop {
        let answer = client.list_models(page(2, &token)).await.unwrap();
        let answer = answer.into_inner();
        assert!(answer.models.len() <= 2);
        assert_eq!(answer.active_version, first);
        assert_eq!(answer.served_version, first);
        assert!(!answer.pinned);
        listed.extend(answer.models);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let versions: Vec<&String> = listed.iter().map(|one| &one.version).collect();
    assert_eq!(versions, all.iter().collect::<Vec<_>>());
    for one in &listed {
        let is_first = one.version == first;
        assert_eq!((one.active, one.served), (is_first, is_first));
        assert_eq!(one.problem, "");
        assert!(one.features > 100);
        let heads: Vec<(&str, u32)> = one
            .heads
            .iter()
            .map(|head| (head.name.as_str(), head.labels))
            .collect();
        assert_eq!(heads, [("topic", 10), ("urgency", 4)]);
        assert!(one.heads.iter().all(|head| head.accuracy > 0.3), "{one:?}");
    }
    let whole = client.list_models(page(0, "")).await.unwrap().into_inner();
    assert_eq!(whole.models, listed);
    assert_eq!(whole.next_page_token, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_read_is_listed_with_its_problem() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let path = desk.path(&format!("models/{second}/manifest.json"));
    fs::write(&path, "{").unwrap();
    let mut client = client(&server).await;
    let answer = client.list_models(page(0, "")).await.unwrap().into_inner();
    let problem = |version: &str| {
        let mut models = answer.models.iter();
        let one = models.find(|one| one.version == version).unwrap();
        one.problem.clone()
    };
    assert_eq!(problem(&first), "");
    assert!(problem(&second).contains("manifest.json"));
    let refused = client.get_model(get(&second)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_tells_what_it_was_trained_on_and_how_good_it_is() {
    let (desk, first, second) = Desk::with_two();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let told = client.get_model(get("")).await.unwrap().into_inner();
    assert_eq!(told.activations.len(), 1);
    assert!(!told.activations[0].rollback);
    assert_eq!(
        told.activations[0].judged_on(),
        v1::JudgedOn::Nothing,
        "the first is not judged"
    );
    let model = told.model.unwrap();
    assert_eq!(model.version, first);
    assert!(model.active && model.served);
    assert_eq!(model.rows, 120);
    assert_eq!(model.files.len(), 1);
    assert_eq!(model.files[0].name, "tickets.csv");
    assert_eq!(model.files[0].rows, 120);
    let bytes = fs::read(desk.path("tickets.csv")).unwrap();
    assert_eq!(model.files[0].sha256, sha256_hex(&bytes));
    let topic = &model.heads[0];
    assert_eq!((topic.name.as_str(), topic.rows), ("topic", 120));
    assert_eq!(topic.labels.len(), 10);
    assert!(topic.labels.iter().any(|one| one.label == "billing/refund"));
    for label in &topic.labels {
        assert!((0.0..=1.0).contains(&label.suggest_at), "{label:?}");
        let automate_at = label.automate_at.unwrap_or(1.0);
        assert!(automate_at >= label.suggest_at, "{label:?}");
    }
    assert!(!topic.by_cost);
    let measures = topic.measures.as_ref().unwrap();
    assert!((0.3..=1.0).contains(&measures.accuracy), "{measures:?}");
    assert_eq!(measures.quadratic_weighted_kappa, None);
    let urgency = &model.heads[1];
    assert!(urgency.by_cost);
    let measures = urgency.measures.as_ref().unwrap();
    assert!(measures.quadratic_weighted_kappa.is_some());

    client.activate_model(activate(&second)).await.unwrap();
    let told = client.get_model(get(&second)).await.unwrap().into_inner();
    let model = told.model.unwrap();
    assert!(model.active && model.served);
    assert_eq!(model.seed, 7);
    assert_eq!(told.activations.len(), 1);
    let change = &told.activations[0];
    assert_eq!(change.previous_version, first);
    assert_eq!(change.author, "ana@example.com");
    assert_eq!(change.comment, "ticket 42");
    assert_eq!(change.judged_on(), v1::JudgedOn::OutOfFold);
    let before = client.get_model(get(&first)).await.unwrap().into_inner();
    let before = before.model.unwrap();
    assert!(!before.active && !before.served);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_refused_by_field() {
    let desk = Desk::new();
    desk.fit("tickets.csv", "--activate");
    let server = desk.start().await;
    let mut client = client(&server).await;
    let unknown = client.get_model(get("fedcba9876543210")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound, "{unknown:?}");
    for wrong in ["../active", "sample model", &"f".repeat(65)] {
        let refused = client.get_model(get(wrong)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().starts_with("version: "), "{refused:?}");
    }
    let refused = client.list_models(page(1_001, "")).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    assert!(refused.message().starts_with("page_size: "), "{refused:?}");
    let refused = client.list_models(page(1, "no token")).await.unwrap_err();
    assert!(refused.message().starts_with("page_token: "), "{refused:?}");
}
