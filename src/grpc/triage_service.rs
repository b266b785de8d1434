//! `TriageService`: Classify, Route, backlogs and reservations.

use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::request::{RouteTicket, Wanted};
use super::reservation::Choice;
use super::roster_edit::given_roster;
use super::status::{no_vector, not_loaded};
use super::v1::triage_service_server::TriageService;
use super::{answer, backlog, explanation, request, reservation, v1};
use crate::classifier::{Classification, Workspace};
use crate::live::Loaded;
use crate::model::Bundle;
use crate::routing::Roster;
use crate::ticket::Ticket;
use crate::triage::Triage;

/// How many backlogs are given out at the same time: each may take a processor core for a second.
const MAX_BACKLOGS_AT_ONCE: usize = 2;

thread_local! {
    /// Classification takes microseconds, sentence encoders of threads of their own aside, and runs on the
    /// thread that read the request.
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::default());
}

/// Answers with whatever model, policy and roster are loaded when a request comes.
#[derive(Debug, Clone)]
pub struct TriageApi {
    loaded: Arc<ArcSwapOption<Loaded>>,
    backlogs: Arc<Semaphore>,
}

impl TriageApi {
    /// A service over `loaded`, which may be empty at first.
    #[must_use]
    pub fn new(loaded: Arc<ArcSwapOption<Loaded>>) -> Self {
        Self {
            loaded,
            backlogs: Arc::new(Semaphore::new(MAX_BACKLOGS_AT_ONCE)),
        }
    }

    fn loaded(&self) -> Result<Arc<Loaded>, Status> {
        self.loaded.load_full().ok_or_else(not_loaded)
    }
}

/// Answers a request to classify.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation.
#[allow(clippy::result_large_err)] // the protocol's own error
pub fn classify(
    bundle: &Bundle,
    request: v1::ClassifyRequest,
    workspace: &mut Workspace,
) -> Result<v1::ClassifyResponse, Status> {
    let (ticket, wanted) = parse_classify(request, bundle)?;
    Ok(classified(bundle, ticket, wanted, None, workspace))
}

/// The answer to a request to classify. `vector` is the text's sentence vector if it was made elsewhere.
fn classified(
    bundle: &Bundle,
    ticket: Ticket,
    wanted: Wanted,
    vector: Option<&[f32]>,
    workspace: &mut Workspace,
) -> v1::ClassifyResponse {
    let classification = classification(bundle, &ticket, vector, workspace);
    let classification = explained(bundle, &classification, &ticket, &wanted, workspace);
    v1::ClassifyResponse {
        ticket_id: ticket.id,
        classification: Some(classification),
        model_version: bundle.version.clone(),
    }
}

/// Answers a request to route at the time `now`.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation.
#[allow(clippy::result_large_err)] // the protocol's own error
pub fn route(
    triage: &Triage,
    request: v1::RouteRequest,
    now: Timestamp,
    workspace: &mut Workspace,
) -> Result<v1::RouteResponse, Status> {
    let (parsed, roster) = parse_route(request, triage)?;
    let choice = Choice {
        given: roster.as_ref(),
        server: triage.roster(),
        reserve: parsed.reserve,
        reservations: None,
    };
    routed(triage, parsed, choice, None, now, workspace)
}

/// The answer to a request to route. `vector` is the text's sentence vector if it was made elsewhere.
#[allow(clippy::result_large_err)] // the protocol's own error
fn routed(
    triage: &Triage,
    parsed: RouteTicket,
    choice: Choice<'_>,
    vector: Option<&[f32]>,
    now: Timestamp,
    workspace: &mut Workspace,
) -> Result<v1::RouteResponse, Status> {
    let ticket = parsed.ticket;
    let bundle = triage.bundle();
    let classification = classification(bundle, &ticket, vector, workspace);
    let times = (now, parsed.waited);
    let (decision, reservation) =
        triage.decide_by(&ticket, &classification, times, workspace, |input| {
            choice.decide(input)
        })?;
    let classification = explained(bundle, &classification, &ticket, &parsed.wanted, workspace);
    tracing::debug!(
        rule = %decision.rule,
        queue = decision.queue,
        requires_human = decision.requires_human,
        reserved = reservation.is_some(),
        "routed"
    );
    Ok(v1::RouteResponse {
        ticket_id: ticket.id,
        classification: Some(classification),
        decision: Some(answer::decision(decision, parsed.trace)),
        model_version: triage.model_version().to_owned(),
        policy_version: triage.policy_version().to_owned(),
        reservation: reservation.map(reservation::message),
    })
}

/// A request to classify by this model.
#[allow(clippy::result_large_err)] // the protocol's own error
fn parse_classify(
    request: v1::ClassifyRequest,
    bundle: &Bundle,
) -> Result<(Ticket, Wanted), Status> {
    let (ticket, wanted) = request::classify(request).map_err(|status| *status)?;
    explanation::check(&wanted, &bundle.classifier).map_err(|status| *status)?;
    Ok((ticket, wanted))
}

/// A request to route by this model, with the roster that it has.
#[allow(clippy::result_large_err)] // the protocol's own error
fn parse_route(
    request: v1::RouteRequest,
    triage: &Triage,
) -> Result<(RouteTicket, Option<Roster>), Status> {
    let roster = request.roster.clone();
    let parsed = request::route(request).map_err(|status| *status)?;
    explanation::check(&parsed.wanted, &triage.bundle().classifier).map_err(|status| *status)?;
    let roster = roster.map(|roster| given_roster(roster, triage));
    Ok((parsed, roster.transpose().map_err(|status| *status)?))
}

/// What the model says of a ticket.
fn classification(
    bundle: &Bundle,
    ticket: &Ticket,
    vector: Option<&[f32]>,
    workspace: &mut Workspace,
) -> Classification {
    let text = ticket.text();
    match vector {
        Some(vector) => bundle
            .classifier
            .classify_with_vector(&text, vector, workspace),
        None => bundle.classifier.classify(&text, workspace),
    }
}

/// The classification that `workspace` was used for last as a message, with as much of its reasons as
/// is wanted.
fn explained(
    bundle: &Bundle,
    classification: &Classification,
    ticket: &Ticket,
    wanted: &Wanted,
    workspace: &Workspace,
) -> v1::Classification {
    let wants_reasons = wanted.evidence || wanted.explain.is_some();
    let explainer = wants_reasons.then(|| bundle.classifier.explainer(workspace));
    answer::classification(classification, ticket, wanted, explainer.as_ref())
}

#[tonic::async_trait]
impl TriageService for TriageApi {
    async fn classify(
        &self,
        request: Request<v1::ClassifyRequest>,
    ) -> Result<Response<v1::ClassifyResponse>, Status> {
        let loaded = self.loaded()?;
        let bundle = loaded.triage().bundle();
        let (ticket, wanted) = parse_classify(request.into_inner(), bundle)?;
        let vector = loaded
            .vector(&ticket)
            .await
            .map_err(|error| no_vector(&error))?;
        let answer = WORKSPACE.with_borrow_mut(|workspace| {
            classified(bundle, ticket, wanted, vector.as_deref(), workspace)
        });
        Ok(Response::new(answer))
    }

    async fn route(
        &self,
        request: Request<v1::RouteRequest>,
    ) -> Result<Response<v1::RouteResponse>, Status> {
        let loaded = self.loaded()?;
        let triage = loaded.triage();
        let (parsed, roster) = parse_route(request.into_inner(), triage)?;
        let vector = loaded
            .vector(&parsed.ticket)
            .await
            .map_err(|error| no_vector(&error))?;
        let choice = Choice {
            given: roster.as_ref(),
            server: triage.roster(),
            reserve: parsed.reserve,
            reservations: Some(loaded.reservations()),
        };
        // The time at which the decision is made, not the one at which the text began to wait.
        let now = Timestamp::now();
        let answer = WORKSPACE.with_borrow_mut(|workspace| {
            routed(triage, parsed, choice, vector.as_deref(), now, workspace)
        });
        answer.map(Response::new)
    }

    async fn assign_backlog(
        &self,
        request: Request<v1::AssignBacklogRequest>,
    ) -> Result<Response<v1::AssignBacklogResponse>, Status> {
        let loaded = self.loaded()?;
        let Ok(turn) = Arc::clone(&self.backlogs).try_acquire_owned() else {
            return Err(Status::resource_exhausted(
                "as many backlogs as can be are given out at the moment: try again shortly",
            ));
        };
        let parsed = backlog::parse(request.into_inner(), loaded.triage())?;
        let answer = backlog::answer(parsed, loaded, turn).await?;
        Ok(Response::new(answer))
    }

    async fn confirm_reservation(
        &self,
        request: Request<v1::ConfirmReservationRequest>,
    ) -> Result<Response<v1::ConfirmReservationResponse>, Status> {
        let request = request.into_inner();
        let answer =
            reservation::confirm(request, self.loaded()?.reservations(), Timestamp::now())?;
        Ok(Response::new(answer))
    }

    async fn release_reservation(
        &self,
        request: Request<v1::ReleaseReservationRequest>,
    ) -> Result<Response<v1::ReleaseReservationResponse>, Status> {
        let request = request.into_inner();
        let answer =
            reservation::release(request, self.loaded()?.reservations(), Timestamp::now())?;
        Ok(Response::new(answer))
    }
}
