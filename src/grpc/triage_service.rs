//! `TriageService`: Classify and Route.

use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use super::request::Wanted;
use super::status::not_loaded;
use super::v1::triage_service_server::TriageService;
use super::{answer, request, v1};
use crate::classifier::{Classification, Workspace};
use crate::model::Bundle;
use crate::ticket::Ticket;
use crate::triage::Triage;

thread_local! {
    /// Classification takes microseconds and runs on the thread that read the request.
    static WORKSPACE: RefCell<Workspace> = RefCell::new(Workspace::default());
}

/// Answers with whatever model, policy and roster are loaded when a request comes.
#[derive(Debug, Clone)]
pub struct TriageApi {
    loaded: Arc<ArcSwapOption<Triage>>,
}

impl TriageApi {
    /// A service over `loaded`, which may be empty at first.
    #[must_use]
    pub fn new(loaded: Arc<ArcSwapOption<Triage>>) -> Self {
        Self { loaded }
    }

    fn loaded(&self) -> Result<Arc<Triage>, Status> {
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
    let (ticket, wanted) = request::classify(request).map_err(|status| *status)?;
    let classification = bundle.classifier.classify(&ticket.text(), workspace);
    let classification = explained(bundle, &classification, &ticket, wanted, workspace);
    Ok(v1::ClassifyResponse {
        ticket_id: ticket.id,
        classification: Some(classification),
        model_version: bundle.version.clone(),
    })
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
    let parsed = request::route(request).map_err(|status| *status)?;
    let ticket = parsed.ticket;
    let routed = triage.route(&ticket, now, parsed.waited, workspace);
    let classification = explained(
        triage.bundle(),
        &routed.classification,
        &ticket,
        parsed.wanted,
        workspace,
    );
    tracing::debug!(
        rule = %routed.decision.rule,
        queue = routed.decision.queue,
        requires_human = routed.decision.requires_human,
        "routed"
    );
    Ok(v1::RouteResponse {
        ticket_id: ticket.id,
        classification: Some(classification),
        decision: Some(answer::decision(routed.decision, parsed.trace)),
        model_version: triage.model_version().to_owned(),
        policy_version: triage.policy_version().to_owned(),
    })
}

/// A classification as a message, with the words that decided if they are wanted.
fn explained(
    bundle: &Bundle,
    classification: &Classification,
    ticket: &Ticket,
    wanted: Wanted,
    workspace: &mut Workspace,
) -> v1::Classification {
    let text = if wanted.evidence {
        ticket.text()
    } else {
        String::new()
    };
    answer::classification(classification, ticket, wanted, |kind, label| {
        bundle.classifier.evidence(&text, kind, label, workspace)
    })
}

#[tonic::async_trait]
impl TriageService for TriageApi {
    async fn classify(
        &self,
        request: Request<v1::ClassifyRequest>,
    ) -> Result<Response<v1::ClassifyResponse>, Status> {
        let triage = self.loaded()?;
        WORKSPACE
            .with_borrow_mut(|workspace| classify(triage.bundle(), request.into_inner(), workspace))
            .map(Response::new)
    }

    async fn route(
        &self,
        request: Request<v1::RouteRequest>,
    ) -> Result<Response<v1::RouteResponse>, Status> {
        let triage = self.loaded()?;
        WORKSPACE
            .with_borrow_mut(|workspace| {
                route(&triage, request.into_inner(), Timestamp::now(), workspace)
            })
            .map(Response::new)
    }
}
