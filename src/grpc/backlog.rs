//! Backlogs: a request for many tickets, each of which is answered or fails by itself. All but waiting for sentence
//! vectors is done on threads of its own: 20,000 tickets take long even to read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use rayon::prelude::*;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::spawn_blocking;
use tonic::Status;
use tracing::Span;

use super::request::refuse_reserving;
use super::reservation::{message, not_reserved};
use super::roster_edit::given_roster;
use super::status::{Violations, internal, no_vector};
use super::waiting_ticket::{WaitingTicket, waiting_ticket};
use super::{answer, v1};
use crate::classifier::{Classification, Workspace};
use crate::live::Loaded;
use crate::routing::{
    Assigned, Backlog, BacklogError, Decision, MAX_BACKLOG, Place, Reservations, Roster, Waiting,
    assign_backlog,
};
use crate::triage::{Triage, deciding_words, known_labels};

/// A request, read.
struct Parsed {
    /// Each ticket's id as it came.
    ids: Vec<String>,
    /// Each ticket, or why it cannot be answered.
    tickets: Vec<Result<WaitingTicket, v1::ItemError>>,
    roster: Option<Roster>,
    reserve: bool,
}

/// A ticket of which all is known that a decision needs.
struct Ready {
    /// Its place in the request.
    index: usize,
    waiting: WaitingTicket,
    classification: Classification,
    deciding_words: Vec<String>,
}

/// A ticket that can be answered, with its place in the request and its sentence vector if that was made elsewhere.
type Sound = (usize, WaitingTicket, Option<Vec<f32>>);

/// Answers a request. `turn` is held for as long as that takes, whether the caller waits or not.
///
/// # Errors
/// INVALID_ARGUMENT or RESOURCE_EXHAUSTED for what concerns all tickets, or if they ask for agents in too many ways;
/// INTERNAL if a thread panicked.
pub(super) async fn answer(
    request: v1::AssignBacklogRequest,
    loaded: Arc<Loaded>,
    turn: OwnedSemaphorePermit,
) -> Result<v1::AssignBacklogResponse, Status> {
    let (reader, span) = (Arc::clone(&loaded), Span::current());
    let reading = spawn_blocking(move || {
        let parsed = span.in_scope(|| parse(request, reader.triage()))?;
        Ok::<_, Status>((parsed, turn))
    });
    let (mut parsed, turn) = reading.await.map_err(|_panic| internal())??;
    let mut sound = Vec::with_capacity(parsed.tickets.len());
    let mut items: Vec<v1::BacklogItem> = Vec::with_capacity(parsed.tickets.len());
    for (index, (ticket_id, ticket)) in parsed
        .ids
        .drain(..)
        .zip(parsed.tickets.drain(..))
        .enumerate()
    {
        let mut item = v1::BacklogItem {
            ticket_id,
            ..v1::BacklogItem::default()
        };
        match ticket {
            Err(error) => item.error = Some(error),
            Ok(waiting) => match vector(&waiting, &loaded).await {
                Err(status) => item.error = Some(item_error(&status)),
                Ok(vector) => sound.push((index, waiting, vector)),
            },
        }
        items.push(item);
    }
    // Dropping the answer's receiver tells that the caller is gone.
    let (caller, answer) = oneshot::channel();
    let span = Span::current();
    spawn_blocking(move || {
        let _turn = turn;
        let _span = span.entered();
        let done = give_out_all(sound, items, &parsed, &loaded, &caller);
        // There is nobody left to tell otherwise.
        let _ = caller.send(done);
    });
    answer.await.map_err(|_panic| internal())?
}

/// Reads a request.
#[allow(clippy::result_large_err)] // the protocol's own error
fn parse(request: v1::AssignBacklogRequest, triage: &Triage) -> Result<Parsed, Status> {
    let mut violations = Violations::default();
    let count = request.tickets.len();
    if count > MAX_BACKLOG {
        violations.too_large(
            "tickets",
            format!("{count} tickets, at most {MAX_BACKLOG} are allowed"),
        );
    }
    if request.reserve && request.roster.is_some() {
        refuse_reserving(&mut violations);
    }
    violations.into_result().map_err(|status| *status)?;
    let roster = request.roster.map(|roster| given_roster(roster, triage));
    let roster = roster.transpose().map_err(|status| *status)?;
    let known = known_labels(triage.bundle());
    let mut ids = Vec::with_capacity(count);
    let mut tickets = Vec::with_capacity(count);
    let mut seen = BTreeSet::new();
    for message in request.tickets {
        let id = message.ticket.as_ref().map(|ticket| ticket.id.clone());
        let id = id.unwrap_or_default();
        let is_new = id.is_empty() || seen.insert(id.clone());
        tickets.push(match waiting_ticket(message, request.reserve, &known) {
            Err(status) => Err(item_error(&status)),
            Ok(_) if !is_new => {
                let what = format!("ticket.id: '{id}' is given twice: keep one");
                Err(item_error(&Status::invalid_argument(what)))
            }
            Ok(ticket) => Ok(ticket),
        });
        ids.push(id);
    }
    Ok(Parsed {
        ids,
        tickets,
        roster,
        reserve: request.reserve,
    })
}

/// Classifies the tickets, gives them out and completes their items. Places are taken at the end, and none for a caller
/// who is gone.
#[allow(clippy::result_large_err)] // the protocol's own error
fn give_out_all<T>(
    sound: Vec<Sound>,
    mut items: Vec<v1::BacklogItem>,
    parsed: &Parsed,
    loaded: &Loaded,
    caller: &oneshot::Sender<T>,
) -> Result<v1::AssignBacklogResponse, Status> {
    let moment = (Timestamp::now(), Instant::now());
    let (triage, reservations) = (loaded.triage(), loaded.reservations());
    let ready = classify(sound, triage);
    let (assigned, holders) =
        give_out(&ready, parsed.roster.as_ref(), triage, reservations, moment)
            .map_err(|error| Status::resource_exhausted(error.to_string()))?;
    if parsed.reserve
        && let Some(roster) = triage.roster()
    {
        if caller.is_closed() {
            return Err(Status::cancelled("the caller is gone"));
        }
        // Before any is taken: a place given back may be the one that a ticket before it was given.
        for ((one, assigned), holder) in ready.iter().zip(&assigned).zip(&holders) {
            if holder.is_some() && *holder != assigned.decision.agent {
                let ticket_id = &one.waiting.ticket.id;
                // Where it is not held any more, or another call got another one, nothing is to be given back.
                let _ = reservations.release(ticket_id, holder.as_deref(), moment.1);
            }
        }
        let mut order: Vec<usize> = (0..ready.len()).collect();
        order.sort_by_key(|&place| assigned[place].turn);
        for place in order {
            let item = &mut items[ready[place].index];
            let decision = &assigned[place].decision;
            let holder = holders[place].as_deref();
            let places = (roster, &**reservations);
            match take_place(&item.ticket_id, decision, holder, places, moment) {
                Ok(reservation) => item.reservation = reservation,
                Err(status) => item.error = Some(item_error(&status)),
            }
        }
    }
    for (ready, assigned) in ready.into_iter().zip(assigned) {
        fill(&mut items[ready.index], &ready, assigned);
    }
    Ok(v1::AssignBacklogResponse {
        items,
        model_version: triage.model_version().to_owned(),
        policy_version: triage.policy_version().to_owned(),
    })
}

/// The sentence vector of a ticket that the model is to classify, where that takes threads of its own. One after the
/// other, so that a backlog does not crowd out single tickets.
async fn vector(ticket: &WaitingTicket, loaded: &Loaded) -> Result<Option<Vec<f32>>, Status> {
    if ticket.known.is_some() {
        return Ok(None);
    }
    let vector = loaded.vector(&ticket.ticket).await;
    vector.map_err(|error| no_vector(&error))
}

fn classify(sound: Vec<Sound>, triage: &Triage) -> Vec<Ready> {
    let bundle = triage.bundle();
    let shows_words = triage.policy().shows_deciding_words();
    let classified = sound.into_par_iter().map_init(
        Workspace::default,
        |workspace, (index, mut waiting, vector)| {
            let known = waiting.known.take();
            let by_model = known.is_none();
            let classification = known.unwrap_or_else(|| {
                let text = waiting.ticket.text();
                let classifier = &bundle.classifier;
                match vector {
                    Some(vector) => classifier.classify_with_vector(&text, &vector, workspace),
                    None => classifier.classify(&text, workspace),
                }
            });
            let deciding_words = match shows_words && by_model {
                true => deciding_words(bundle, &waiting.ticket, &classification, workspace),
                false => Vec::new(),
            };
            Ready {
                index,
                waiting,
                classification,
                deciding_words,
            }
        },
    );
    classified.collect()
}

/// What the tickets come to, and who held a place for each before.
fn give_out(
    ready: &[Ready],
    given: Option<&Roster>,
    triage: &Triage,
    reservations: &Reservations,
    (now, at): (Timestamp, Instant),
) -> Result<(Vec<Assigned>, Vec<Option<String>>), BacklogError> {
    let (server, holders) = match (given, triage.roster()) {
        (None, Some(roster)) => {
            let ids: Vec<&str> = ready
                .iter()
                .map(|one| one.waiting.ticket.id.as_str())
                .collect();
            let (roster, holders) = reservations.snapshot(roster, &ids, at);
            (Some(roster), holders)
        }
        (Some(_), _) | (None, None) => (None, vec![None; ready.len()]),
    };
    let waiting: Vec<Waiting<'_>> = ready
        .iter()
        .zip(&holders)
        .map(|(one, holder)| Waiting {
            ticket: &one.waiting.ticket,
            classification: &one.classification,
            waited: one.waiting.waited,
            deciding_words: &one.deciding_words,
            holder: holder.as_deref(),
        })
        .collect();
    let assigned = assign_backlog(&Backlog {
        waiting: &waiting,
        roster: given.or(server.as_deref()),
        policy: triage.policy(),
        now,
    })?;
    Ok((assigned, holders))
}

/// Takes the place that a decision is for, if it is for one; `holder` had one for the ticket before.
#[allow(clippy::result_large_err)] // the protocol's own error
fn take_place(
    ticket_id: &str,
    decision: &Decision,
    holder: Option<&str>,
    (roster, reservations): (&Arc<Roster>, &Reservations),
    (now, at): (Timestamp, Instant),
) -> Result<Option<v1::Reservation>, Status> {
    let Some(agent_id) = &decision.agent else {
        return Ok(None);
    };
    let place = Place {
        ticket_id,
        agent_id,
        beyond_capacity: decision.last_resort,
        holder,
    };
    let taken = reservations.take_place(place, roster, now, at);
    let taken = taken.map_err(|error| not_reserved(&error))?;
    Ok(Some(message(taken)))
}

fn fill(item: &mut v1::BacklogItem, ready: &Ready, assigned: Assigned) {
    if let Some(topic) = &ready.classification.topic {
        item.topic.clone_from(&topic.label);
        item.topic_confidence = topic.confidence;
    }
    item.turn = answer::saturate(assigned.turn);
    item.aged_priority = u32::from(assigned.aged_priority);
    if item.error.is_none() {
        item.fitting_agents = answer::saturate(assigned.fitting_agents);
        item.made_room = assigned.made_room;
        item.decision = Some(answer::decision(assigned.decision, false));
    }
}

fn item_error(status: &Status) -> v1::ItemError {
    v1::ItemError {
        code: status.code().into(),
        message: status.message().to_owned(),
    }
}
