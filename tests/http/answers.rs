//! What comes over HTTP is what comes over gRPC.

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};
use triage::grpc::DESCRIPTORS;
use triage::grpc::v1::routing_service_client::RoutingServiceClient;
use triage::grpc::v1::{
    AssignBacklogRequest, AssignBacklogResponse, ClassifyRequest, ClassifyResponse, Decision,
    GetPolicyRequest, GetPolicyResponse, ListAgentsRequest, ListAgentsResponse, RouteRequest,
    RouteResponse,
};

use crate::calling::{Both, ok};

/// The tickets that the demo shows, which have most of what a ticket can have.
fn sample_tickets() -> Vec<Value> {
    let file: Vec<Value> =
        serde_json::from_str(include_str!("../../src/cli/triage/demo_tickets.json")).unwrap();
    let mut tickets = file;
    for ticket in &mut tickets {
        let channel = ticket["channel"].as_str().unwrap().to_uppercase();
        let known = [
            "EMAIL",
            "CHAT",
            "WEB_FORM",
            "PHONE",
            "SOCIAL",
            "SMS",
            "APP_REVIEW",
        ];
        assert!(known.contains(&channel.as_str()), "{channel}");
        ticket["channel"] = json!(format!("CHANNEL_{channel}"));
    }
    tickets
}

/// `json` as the message of this name.
fn message<M: Message + Default>(name: &str, json: &Value) -> M {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let kind = pool
        .get_message_by_name(&format!("triage.v1.{name}"))
        .unwrap();
    let read = DynamicMessage::deserialize(kind, json).unwrap_or_else(|e| panic!("{e}: {json}"));
    M::decode(read.encode_to_vec().as_slice()).unwrap()
}

/// Takes out what depends on the moment at which it was asked.
fn at_any_time(decision: &mut Decision) {
    decision.first_response_due = None;
    decision.resolution_due = None;
    decision.next_evaluation_at = None;
}

#[tokio::test(flavor = "multi_thread")]
async fn sample_tickets_are_answered_alike() {
    let both = Both::start().await;
    let mut client = both.server.client().await;
    for ticket in sample_tickets() {
        let options = json!({ "top": 4, "evidence": true, "explain": {} });
        let request = json!({ "ticket": ticket, "options": options });
        let answer = ok(&both.post("/v1/classify", request.to_string()).await);
        let over_http: ClassifyResponse = message("ClassifyResponse", &answer);
        let asked: ClassifyRequest = message("ClassifyRequest", &request);
        assert_eq!(
            over_http,
            client.classify(asked).await.unwrap().into_inner()
        );

        let request = json!({ "ticket": ticket, "waited": "90.5s", "trace": true });
        let answer = ok(&both.post("/v1/route", request.to_string()).await);
        let mut over_http: RouteResponse = message("RouteResponse", &answer);
        let asked: RouteRequest = message("RouteRequest", &request);
        let mut over_grpc = client.route(asked).await.unwrap().into_inner();
        assert!(over_http.decision.is_some());
        over_http.decision.iter_mut().for_each(at_any_time);
        over_grpc.decision.iter_mut().for_each(at_any_time);
        assert_eq!(over_http, over_grpc);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_is_given_out_alike() {
    let both = Both::start().await;
    let tickets: Vec<Value> = sample_tickets()
        .into_iter()
        .map(|ticket| json!({ "ticket": ticket, "waited": "3600s" }))
        .collect();
    let request = json!({ "tickets": tickets });
    let answer = ok(&both.post("/v1/assign-backlog", request.to_string()).await);
    let mut over_http: AssignBacklogResponse = message("AssignBacklogResponse", &answer);
    let asked: AssignBacklogRequest = message("AssignBacklogRequest", &request);
    let mut client = both.server.client().await;
    let mut over_grpc = client.assign_backlog(asked).await.unwrap().into_inner();
    for item in over_http.items.iter_mut().chain(&mut over_grpc.items) {
        item.decision.iter_mut().for_each(at_any_time);
    }
    assert_eq!(over_http.items.len(), tickets.len());
    assert_eq!(over_http, over_grpc);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_ask_is_answered_alike() {
    let both = Both::start().await;
    let mut client = RoutingServiceClient::new(both.server.channel().await);
    let answer = ok(&both.post("/v1/list-agents", "{}").await);
    let over_http: ListAgentsResponse = message("ListAgentsResponse", &answer);
    let over_grpc = client
        .list_agents(ListAgentsRequest::default())
        .await
        .unwrap();
    assert_eq!(over_http, over_grpc.into_inner());
    assert!(over_http.has_roster);
    let answer = ok(&both.post("/v1/get-policy", "{}").await);
    let over_http: GetPolicyResponse = message("GetPolicyResponse", &answer);
    let over_grpc = client
        .get_policy(GetPolicyRequest::default())
        .await
        .unwrap();
    assert_eq!(over_http, over_grpc.into_inner());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_all_fields_but_absent_messages() {
    let both = Both::start().await;
    let request = json!({ "ticket": { "body": "where is my parcel" } });
    let answer = ok(&both.post("/v1/route", request.to_string()).await);
    assert_eq!(answer["ticketId"], "");
    assert_eq!(
        answer["decision"]["requiresHuman"].as_bool().map(|_| ()),
        Some(())
    );
    assert!(answer["decision"]["dropped_preferences"].is_null());
    assert!(answer["decision"]["droppedPreferences"].is_array());
    assert!(answer.get("reservation").is_none());
    let level = answer["classification"]["urgencyLevel"].as_str().unwrap();
    assert!(level.starts_with("URGENCY_"), "{level}");
}
