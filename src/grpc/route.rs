//! One ticket routed: its request read, its sentence vector made, classified, decided. Route, BatchRoute and StreamRoute
//! all answer through this.

use std::cell::Cell;
use std::sync::Arc;

use jiff::Timestamp;
use tonic::Status;

use super::fairness::Aside;
use super::request::{RouteTicket, Wanted, refuse_reserving};
use super::reservation::Choice;
use super::roster_edit::given_roster;
use super::status::{Violations, no_vector};
use super::{SPANS, answer, explanation, request, reservation, v1};
use crate::classifier::{Classification, Workspace};
use crate::live::Loaded;
use crate::model::Bundle;
use crate::routing::{Decision, Roster};
use crate::ticket::Ticket;
use crate::triage::Triage;

/// A longer text takes more than about a millisecond to classify, in bytes.
const MAX_INLINE_BYTES: usize = 4_096;
/// A larger roster of a request takes more than about a millisecond to read and to choose from, in agents.
const MAX_INLINE_AGENTS: usize = 100;

thread_local! {
    /// Boxed, since it is taken out for each ticket and is large.
    static WORKSPACE: Cell<Option<Box<Workspace>>> = const { Cell::new(None) };
}

/// A request that was read, with all that its decision needs.
#[derive(Debug)]
pub(super) struct Prepared {
    loaded: Arc<Loaded>,
    parsed: RouteTicket,
    /// The roster that is chosen from in place of the server's.
    roster: Option<Arc<Roster>>,
    /// The text's sentence vector, if it was made elsewhere.
    vector: Option<Vec<f32>>,
}

impl Prepared {
    /// Reads a request that is to be answered by `loaded`. `shared` is the roster that requests without one of their
    /// own choose from in place of the server's.
    ///
    /// # Errors
    /// INVALID_ARGUMENT or RESOURCE_EXHAUSTED with every violation; RESOURCE_EXHAUSTED if too many texts wait for the
    /// sentence encoder.
    pub(super) async fn read(
        request: v1::RouteRequest,
        loaded: Arc<Loaded>,
        shared: Option<&Arc<Roster>>,
        aside: &Aside,
    ) -> Result<Self, Status> {
        let agents = request.roster.as_ref().map_or(0, |own| own.agents.len());
        let (parsed, own) = if agents > MAX_INLINE_AGENTS {
            let loaded = Arc::clone(&loaded);
            aside.run(move || parse(request, loaded.triage())).await?
        } else {
            parse(request, loaded.triage())?
        };
        let roster = own.map(Arc::new).or_else(|| shared.cloned());
        if parsed.reserve && roster.is_some() {
            let mut violations = Violations::default();
            refuse_reserving(&mut violations);
            violations.into_result().map_err(|status| *status)?;
        }
        let vector = loaded.vector(&parsed.ticket).await;
        Ok(Self {
            parsed,
            roster,
            vector: vector.map_err(|error| no_vector(&error))?,
            loaded,
        })
    }

    /// Classifies and decides, at this moment.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED or ABORTED if a place was to be reserved and cannot be.
    pub(super) async fn answer(self, aside: &Aside) -> Result<v1::RouteResponse, Status> {
        let agents = self.roster.as_ref().map_or(0, |own| own.agents().len());
        if is_long(&self.parsed.ticket) || agents > MAX_INLINE_AGENTS {
            aside.run(move || self.answer_here()).await
        } else {
            self.answer_here()
        }
    }

    #[allow(clippy::result_large_err)] // the protocol's own error
    fn answer_here(self) -> Result<v1::RouteResponse, Status> {
        let triage = self.loaded.triage();
        let choice = Choice {
            given: self.roster.as_deref(),
            server: triage.roster(),
            reserve: self.parsed.reserve,
            reservations: Some(self.loaded.reservations()),
        };
        // The time at which the decision is made, not the one at which the text began to wait.
        let now = Timestamp::now();
        let (vector, waited) = (self.vector.as_deref(), self.parsed.waited);
        let note = |ticket: &Ticket, classification: &Classification, decision: &Decision| {
            let routed = Some((decision, now, waited));
            self.loaded.note(ticket, classification, routed);
        };
        let times = (now, note);
        with_workspace(|workspace| routed(triage, self.parsed, choice, vector, times, workspace))
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
    let (parsed, roster) = parse(request, triage)?;
    let choice = Choice {
        given: roster.as_ref(),
        server: triage.roster(),
        reserve: parsed.reserve,
        reservations: None,
    };
    let unnoted = |_: &Ticket, _: &Classification, _: &Decision| {};
    routed(triage, parsed, choice, None, (now, unnoted), workspace)
}

/// The answer to a request to route. `vector` is the text's sentence vector if it was made elsewhere; `note` is told
/// what came of the ticket.
#[allow(clippy::result_large_err)] // the protocol's own error
fn routed(
    triage: &Triage,
    parsed: RouteTicket,
    choice: Choice<'_>,
    vector: Option<&[f32]>,
    (now, note): (Timestamp, impl FnOnce(&Ticket, &Classification, &Decision)),
    workspace: &mut Workspace,
) -> Result<v1::RouteResponse, Status> {
    let ticket = parsed.ticket;
    let bundle = triage.bundle();
    let classification = classification(bundle, &ticket, vector, workspace);
    let times = (now, parsed.waited);
    let (decision, reservation) =
        triage.decide_by(&ticket, &classification, times, workspace, |input| {
            let _traced = tracing::info_span!(target: SPANS, "decide").entered();
            choice.decide(input)
        })?;
    note(&ticket, &classification, &decision);
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

/// A request to route by this model, with the roster that it has.
#[allow(clippy::result_large_err)] // the protocol's own error
fn parse(
    request: v1::RouteRequest,
    triage: &Triage,
) -> Result<(RouteTicket, Option<Roster>), Status> {
    let (parsed, roster) = request::route(request).map_err(|status| *status)?;
    explanation::check(&parsed.wanted, &triage.bundle().classifier).map_err(|status| *status)?;
    let roster = roster.map(|roster| given_roster(roster, triage));
    Ok((parsed, roster.transpose().map_err(|status| *status)?))
}

/// What the model says of a ticket.
pub(super) fn classification(
    bundle: &Bundle,
    ticket: &Ticket,
    vector: Option<&[f32]>,
    workspace: &mut Workspace,
) -> Classification {
    let _traced = tracing::info_span!(target: SPANS, "classify").entered();
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
pub(super) fn explained(
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

/// Whether a ticket's text takes more than about a millisecond to classify.
pub(super) fn is_long(ticket: &Ticket) -> bool {
    ticket.subject.len() + ticket.body.len() > MAX_INLINE_BYTES
}

/// Does `work` with this thread's buffers. A panic leaves the thread with fresh ones.
pub(super) fn with_workspace<T>(work: impl FnOnce(&mut Workspace) -> T) -> T {
    let mut workspace = WORKSPACE.take().unwrap_or_default();
    let done = work(&mut workspace);
    WORKSPACE.set(Some(workspace));
    done
}
