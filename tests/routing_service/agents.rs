//! The roster by calls: whole or not at all, with everything that is wrong.

use std::collections::BTreeMap;

use prost_types::FieldMask;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use triage::grpc::v1;

use crate::desk::{Desk, POLICY, apply, client, route_refund};
use crate::running::Server;

fn agent(id: &str, load: u32) -> v1::Agent {
    v1::Agent {
        id: id.to_owned(),
        skills: BTreeMap::from([("billing".to_owned(), 4)]),
        presence: v1::Presence::Available.into(),
        capacity: 3,
        load,
        ..v1::Agent::default()
    }
}

fn put(mode: v1::PutMode, agents: Vec<v1::Agent>) -> v1::PutAgentsRequest {
    v1::PutAgentsRequest {
        mode: mode.into(),
        agents,
        ..v1::PutAgentsRequest::default()
    }
}

async fn list(server: &Server) -> v1::ListAgentsResponse {
    let request = v1::ListAgentsRequest::default();
    client(server)
        .await
        .list_agents(request)
        .await
        .unwrap()
        .into_inner()
}

async fn chosen(server: &Server) -> String {
    let answer = server.client().await.route(route_refund()).await.unwrap();
    answer.into_inner().decision.unwrap().agent_id
}

fn violations(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    let pairs = violations
        .iter()
        .map(|one| (one.field.clone(), one.description.clone()));
    pairs.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_listed_with_presence_and_load() {
    let desk = Desk::new();
    let server = desk.start().await;
    let listed = list(&server).await;
    assert!(listed.has_roster);
    let [ana, bob] = &listed.agents[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(
        (ana.id.as_str(), ana.name.as_str(), ana.load, ana.capacity),
        ("ana", "Ana", 1, 5)
    );
    assert_eq!(ana.presence(), v1::Presence::Available);
    assert_eq!((ana.queues.as_ref(), bob.shift.as_str()), (None, "early"));
    assert_eq!(bob.queues.as_ref().unwrap().names, ["desk"]);
    let ids = vec!["bob".to_owned()];
    let mut client = client(&server).await;
    let one = client
        .list_agents(v1::ListAgentsRequest { ids })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(one.agents, std::slice::from_ref(bob));
    let ids = vec!["boob".to_owned()];
    let unknown = client
        .list_agents(v1::ListAgentsRequest { ids })
        .await
        .unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    assert!(
        unknown.message().contains("did you mean 'bob'?"),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_roster_is_replaced_whole_and_decides_at_once() {
    let desk = Desk::new();
    let server = desk.start().await;
    assert_eq!(chosen(&server).await, "ana");
    let mut client = client(&server).await;
    let request = put(v1::PutMode::Replace, vec![agent("zoe", 0), agent("cho", 2)]);
    let answer = client
        .put_agents(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.agents, 2);
    assert_eq!(chosen(&server).await, "zoe");
    let listed = list(&server).await.agents;
    assert_eq!(
        listed,
        [request.agents[1].clone(), request.agents[0].clone()]
    );
    // A policy that is applied afterwards decides with the same roster.
    client
        .apply_policy(apply(POLICY.replace("10", "20")))
        .await
        .unwrap();
    assert_eq!(chosen(&server).await, "zoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_changes_the_fields_named_adds_and_removes_and_leaves_the_rest() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let before = list(&server).await.agents;
    let full = v1::PutAgentsRequest {
        update_mask: Some(FieldMask {
            paths: vec!["load".to_owned(), "presence".to_owned()],
        }),
        ..put(
            v1::PutMode::Patch,
            vec![v1::Agent {
                load: 5,
                ..agent("ana", 0)
            }],
        )
    };
    client.put_agents(full).await.unwrap();
    let after = list(&server).await.agents;
    assert_eq!(
        after,
        [
            v1::Agent {
                load: 5,
                ..before[0].clone()
            },
            before[1].clone()
        ]
    );
    assert_eq!(chosen(&server).await, "", "ana is full");
    let change = v1::PutAgentsRequest {
        removed_ids: vec!["bob".to_owned()],
        ..put(
            v1::PutMode::Patch,
            vec![v1::Agent {
                shift: "early".to_owned(),
                ..agent("cho", 0)
            }],
        )
    };
    assert_eq!(
        client.put_agents(change).await.unwrap().into_inner().agents,
        2
    );
    let after = list(&server).await.agents;
    assert_eq!(
        (after[0].load, after[1].id.as_str(), after[1].shift.as_str()),
        (5, "cho", "early")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_can_come_with_the_agents_who_work_it() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let hours = |text: &str| v1::OpenHours {
        hours: vec![text.to_owned()],
    };
    let never_now = v1::Shift {
        name: "y1".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        hours: BTreeMap::from([("mon-sun".to_owned(), hours("24h"))]),
        holidays: Vec::new(),
    };
    let at_work = v1::Agent {
        shift: "y1".to_owned(),
        ..agent("ana", 0)
    };
    let request = v1::PutAgentsRequest {
        shifts: vec![never_now.clone()],
        ..put(v1::PutMode::Replace, vec![at_work])
    };
    client.put_agents(request.clone()).await.unwrap();
    assert_eq!(chosen(&server).await, "ana");
    let wrong = v1::Shift {
        timezone: "Europe/Berln".to_owned(),
        ..never_now
    };
    let refused = client
        .put_agents(v1::PutAgentsRequest {
            shifts: vec![wrong],
            ..request
        })
        .await;
    let refused = violations(&refused.unwrap_err());
    assert_eq!(refused[0].0, "shifts[0]");
    assert!(
        refused[0].1.contains("did you mean 'Europe/Berlin'?"),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_and_nothing_is_taken_over() {
    let desk = Desk::new();
    let server = desk.start().await;
    let mut client = client(&server).await;
    let before = list(&server).await;
    let wrong = v1::Agent {
        skills: BTreeMap::from([("biling".to_owned(), 3), ("safety".to_owned(), 6)]),
        queues: Some(v1::QueueNames {
            names: vec!["desk".to_owned(), "dsk".to_owned()],
        }),
        presence: 0,
        capacity: 10_001,
        shift: "ealry".to_owned(),
        idle_since: Some(prost_types::Timestamp {
            seconds: 0,
            nanos: -1,
        }),
        ..agent("cho", 0)
    };
    let agents = vec![agent("ana", 0), wrong, agent("ana", 1), agent("", 0)];
    let refused = client
        .put_agents(put(v1::PutMode::Replace, agents))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let told = violations(&refused);
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "agents[1].skills[\"biling\"]",
            "agents[1].skills[\"safety\"]",
            "agents[1].queues.names[1]",
            "agents[1].presence",
            "agents[1].capacity",
            "agents[1].idle_since",
            "agents[1].shift",
            "agents[2].id",
            "agents[3].id",
        ]
    );
    assert!(told[0].1.contains("did you mean 'billing'?"), "{told:?}");

    let unmasked = v1::PutAgentsRequest {
        update_mask: Some(FieldMask {
            paths: vec!["lod".to_owned()],
        }),
        removed_ids: vec!["bob".to_owned()],
        ..put(v1::PutMode::Replace, Vec::new())
    };
    let refused = violations(&client.put_agents(unmasked).await.unwrap_err());
    let fields: Vec<&str> = refused.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["update_mask", "update_mask", "removed_ids"]);
    for mode in [0, 7] {
        let request = v1::PutAgentsRequest {
            mode,
            ..v1::PutAgentsRequest::default()
        };
        let refused = client.put_agents(request).await.unwrap_err();
        assert_eq!(violations(&refused)[0].0, "mode");
    }
    let missing = v1::PutAgentsRequest {
        update_mask: Some(FieldMask {
            paths: vec!["load".to_owned()],
        }),
        removed_ids: vec!["dan".to_owned()],
        ..put(v1::PutMode::Patch, vec![agent("ana", 4), agent("eve", 0)])
    };
    let refused = client.put_agents(missing).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert!(
        refused.message().contains("'dan'") && refused.message().contains("'eve'"),
        "{refused:?}"
    );
    assert_eq!(list(&server).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whom_the_policy_names_stays() {
    let desk = Desk::new();
    desk.write(
        "desk.yaml",
        &POLICY.replace(
            "{queue: billing,",
            "{preferred_agent: '\"ana\"', queue: billing,",
        ),
    );
    let server = desk.start().await;
    let request = put(v1::PutMode::Replace, vec![agent("cho", 0)]);
    let refused = client(&server).await.put_agents(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let told = violations(&refused);
    assert!(told[0].1.contains("names the agent 'ana'"), "{told:?}");
    assert_eq!(list(&server).await.agents.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_roster_gets_one_by_a_call() {
    let desk = Desk::new();
    let policy = desk.path("desk.yaml");
    let mut command = crate::running::server_command(&["--policy", policy.to_str().unwrap()]);
    let server = Server::start_as(command.args(["--roster", ""])).await;
    assert!(!list(&server).await.has_roster);
    let request = put(v1::PutMode::Patch, vec![agent("zoe", 0)]);
    client(&server).await.put_agents(request).await.unwrap();
    assert_eq!(chosen(&server).await, "zoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_to_be_removed_is_named_once_and_not_put_as_well() {
    let desk = Desk::new();
    let server = desk.start().await;
    let request = v1::PutAgentsRequest {
        removed_ids: ["ana", "bob", "bob"].map(str::to_owned).into(),
        ..put(v1::PutMode::Patch, vec![agent("ana", 0)])
    };
    let refused = client(&server).await.put_agents(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let told = violations(&refused);
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["removed_ids[2]", "agents[0].id"], "{told:?}");
    assert!(
        told[0].1.contains("'bob'") && told[1].1.contains("'ana'"),
        "{told:?}"
    );
    assert_eq!(list(&server).await.agents.len(), 2);
}
