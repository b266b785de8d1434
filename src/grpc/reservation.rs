//! Whom a ticket's agents are chosen from, and the places that are held: requests and answers about them.

use std::sync::Arc;
use std::time::Instant;

use tonic::Status;

use super::answer::timestamp;
use super::status::Violations;
use super::v1;
use crate::routing::{
    Decision, DecisionInput, HoldError, Reservation, Reservations, ReserveError, Roster, decide,
};
use crate::ticket::MAX_ID_BYTES;

/// Whom the agent of one ticket is chosen from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Choice<'a> {
    /// The roster of the request, which counts all that there is to count itself.
    pub(super) given: Option<&'a Roster>,
    /// The server's.
    pub(super) server: Option<&'a Arc<Roster>>,
    /// Whether to reserve a place.
    pub(super) reserve: bool,
    /// The places held of the server's; `None` where there is no server.
    pub(super) reservations: Option<&'a Reservations>,
}

impl Choice<'_> {
    /// Decides, and reserves a place if that is asked for and somebody is chosen.
    #[allow(clippy::result_large_err)] // the protocol's own error
    pub(super) fn decide(
        &self,
        input: &DecisionInput<'_>,
    ) -> Result<(Decision, Option<Reservation>), Status> {
        match (self.given, self.server, self.reservations) {
            (None, Some(roster), Some(reservations)) if self.reserve => {
                let reserved = reservations.reserve(input, roster, Instant::now());
                reserved.map_err(|error| not_reserved(&error))
            }
            (None, Some(roster), Some(reservations)) => {
                let decision = reservations.decide(input, roster, Instant::now());
                Ok((decision, None))
            }
            (given, server, _) => {
                let roster = given.or(server.map(Arc::as_ref));
                let decision = decide(&DecisionInput { roster, ..*input });
                Ok((decision, None))
            }
        }
    }
}

/// A place that is held, as a message.
pub(super) fn message(reservation: Reservation) -> v1::Reservation {
    v1::Reservation {
        ticket_id: reservation.ticket_id,
        agent_id: reservation.agent_id,
        expires_at: Some(timestamp(reservation.expires_at)),
    }
}

/// Answers a request to confirm.
#[allow(clippy::result_large_err)] // the protocol's own error
pub(super) fn confirm(
    request: v1::ConfirmReservationRequest,
    reservations: &Reservations,
    at: Instant,
) -> Result<v1::ConfirmReservationResponse, Status> {
    check(&request.ticket_id, &request.agent_id)?;
    let agent = Some(request.agent_id.as_str()).filter(|id| !id.is_empty());
    let confirmed = reservations.confirm(&request.ticket_id, agent, at);
    let confirmed = confirmed.map_err(|error| not_held(&error))?;
    Ok(v1::ConfirmReservationResponse {
        reservation: Some(message(confirmed)),
    })
}

/// Answers a request to release.
#[allow(clippy::result_large_err)] // the protocol's own error
pub(super) fn release(
    request: v1::ReleaseReservationRequest,
    reservations: &Reservations,
    at: Instant,
) -> Result<v1::ReleaseReservationResponse, Status> {
    check(&request.ticket_id, &request.agent_id)?;
    let agent = Some(request.agent_id.as_str()).filter(|id| !id.is_empty());
    let released = reservations.release(&request.ticket_id, agent, at);
    let released = released.map_err(|error| not_held(&error))?;
    Ok(v1::ReleaseReservationResponse {
        reservation: Some(message(released)),
    })
}

#[allow(clippy::result_large_err)] // the protocol's own error
fn check(ticket_id: &str, agent_id: &str) -> Result<(), Status> {
    let mut violations = Violations::default();
    if ticket_id.is_empty() {
        violations.bad("ticket_id", "is missing");
    }
    for (field, id) in [("ticket_id", ticket_id), ("agent_id", agent_id)] {
        if id.len() > MAX_ID_BYTES {
            let length = id.len();
            violations.too_large(
                field,
                format!("has {length} bytes, at most {MAX_ID_BYTES} are allowed"),
            );
        }
    }
    violations.into_result().map_err(|status| *status)
}

/// The status of a ticket that no place was reserved for.
pub(super) fn not_reserved(error: &ReserveError) -> Status {
    match error {
        ReserveError::NoTicketId => Status::invalid_argument(error.to_string()),
        ReserveError::TooMany { .. } => Status::resource_exhausted(error.to_string()),
        ReserveError::Gone { .. } => Status::aborted(error.to_string()),
    }
}

fn not_held(error: &HoldError) -> Status {
    match error {
        HoldError::NotHeld { .. } => Status::not_found(error.to_string()),
        HoldError::OtherAgent { .. } => Status::failed_precondition(error.to_string()),
    }
}
