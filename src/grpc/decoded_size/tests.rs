//! What a message takes is told before it is decoded, and what help desks send is let through.

use proptest::prelude::*;
use prost::{Message, Name};
use tonic::Code;
use tonic_types::StatusExt;

use super::*;
use crate::grpc::v1;

/// `count` times a field `number` that holds `value`.
fn repeated(number: u32, value: &[u8], count: usize) -> Vec<u8> {
    let mut one = Vec::new();
    prost::encoding::bytes::encode(number, &value.to_vec(), &mut one);
    one.repeat(count)
}

fn refused(name: &str, wire: &[u8]) -> (Code, String) {
    let status = check(name, wire).unwrap_err();
    let details = status.get_error_details();
    let [only] = details.bad_request().unwrap().field_violations.as_slice() else {
        panic!("{details:?}");
    };
    (status.code(), only.field.clone())
}

#[test]
fn no_struct_is_larger_than_is_reckoned_with() {
    fn reckoned<M: Name>() -> (usize, usize) {
        let place = REQUESTS.places[&M::full_name()];
        (size_of::<M>(), REQUESTS.struct_bytes[place])
    }
    for (is, reckoned) in [
        reckoned::<v1::Agent>(),
        reckoned::<v1::CaseFile>(),
        reckoned::<v1::RouteRequest>(),
        reckoned::<v1::Roster>(),
        reckoned::<v1::Shift>(),
        reckoned::<v1::StartTrainingRequest>(),
        reckoned::<v1::Ticket>(),
        reckoned::<v1::TrainingExample>(),
        reckoned::<v1::WaitingTicket>(),
    ] {
        assert!(is <= reckoned && reckoned <= 3 * is, "{is} {reckoned}");
    }
}

#[test]
fn requests_that_are_not_measured_fit() {
    let fields = REQUESTS.fields.iter().flat_map(BTreeMap::values);
    let largest = fields.map(|field| field.item_bytes).max().unwrap();
    assert!(largest > ROOM * size_of::<v1::RouteRequest>());
    assert!(SHORT_BYTES / 2 * largest <= ALLOWED_BYTES, "{largest}");
}

#[test]
fn empty_items_are_refused_by_the_field_that_holds_them_however_deep_it_lies() {
    let roster = repeated(1, &[], 1_000_000);
    let roster = repeated(2, &roster, 1);
    // As many attributes of no name in one ticket; all but the last are lost in the end.
    let attributes = repeated(7, &[], 3_000_000);
    let attributes = repeated(1, &repeated(1, &attributes, 1), 1);
    for (name, wire, field) in [
        ("BatchRouteRequest", repeated(1, &[], 1_000_000), "requests"),
        (
            "AssignBacklogRequest",
            repeated(1, &[], 1_000_000),
            "tickets",
        ),
        ("PutAgentsRequest", repeated(2, &[], 1_000_000), "agents"),
        (
            "PutAgentsRequest",
            repeated(4, &[], 8_000_000),
            "removed_ids",
        ),
        ("AssignBacklogRequest", roster, "roster.agents"),
        (
            "AssignBacklogRequest",
            attributes,
            "tickets.ticket.attributes",
        ),
    ] {
        assert_eq!(
            refused(name, &wire),
            (Code::ResourceExhausted, field.to_owned()),
            "{name}"
        );
    }
}

#[test]
fn as_many_tickets_as_are_allowed_are_let_through() {
    let ticket = v1::Ticket {
        id: "4711".into(),
        body: "Where is my parcel? It should have come last week.".into(),
        tags: vec!["web".into(), "vip".into()],
        attributes: [("shop".into(), "uk".into()), ("plan".into(), "pro".into())].into(),
        customer: Some(v1::Customer {
            id: "c-1".into(),
            ..v1::Customer::default()
        }),
        ..v1::Ticket::default()
    };
    let waiting = v1::WaitingTicket {
        ticket: Some(ticket),
        ..v1::WaitingTicket::default()
    };
    let backlog = v1::AssignBacklogRequest {
        tickets: vec![waiting; 20_000],
        roster: Some(v1::Roster {
            agents: vec![v1::Agent::default(); 10_000],
            ..v1::Roster::default()
        }),
        ..v1::AssignBacklogRequest::default()
    };
    check("AssignBacklogRequest", &backlog.encode_to_vec()).unwrap();
}

proptest! {
    /// Bytes that are no message are left to whoever decodes them, and none of them brings the look at them down.
    #[test]
    fn any_bytes_can_be_looked_at(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        times in 1_usize..2_000,
    ) {
        let wire = bytes.repeat(times);
        for name in ["BatchRouteRequest", "AssignBacklogRequest", "PutAgentsRequest"] {
            if let Err(status) = check(name, &wire) {
                prop_assert_eq!(status.code(), Code::ResourceExhausted);
            }
        }
    }
}

#[test]
fn answers_are_not_measured() {
    let outcomes = repeated(1, &[], 1_000_000);
    check("BatchRouteResponse", &outcomes).unwrap();
}
