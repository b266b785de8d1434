//! Tickets that any sensible model of the sample help desk reads alike, and requests made of them.

use triage::grpc::v1;

/// A ticket's words, its topic, and where the sample policy sends it.
pub(crate) struct Sample {
    pub(crate) body: &'static str,
    pub(crate) topic: &'static str,
    pub(crate) queue: &'static str,
    /// A skill that is required.
    pub(crate) skill: &'static str,
    /// The rules that may decide, by urgency.
    pub(crate) rules: &'static [&'static str],
}

pub(crate) const SMOKE: &str =
    "There is smoke coming out of the kettle and it burnt my child's hand";

pub(crate) const SAMPLES: [Sample; 6] = [
    Sample {
        body: SMOKE,
        topic: "safety/incident",
        queue: "safety_desk",
        skill: "safety",
        rules: &["safety"],
    },
    Sample {
        body: "I sent the jacket back three weeks ago and still have not got my refund. When will you pay the \
               money back?",
        topic: "billing/refund",
        queue: "billing",
        skill: "refunds",
        rules: &["refund"],
    },
    Sample {
        body: "My parcel is late. It should have been delivered on Monday and tracking has not moved",
        topic: "delivery/delay",
        queue: "logistics",
        skill: "delivery",
        rules: &["delivery", "parcel-trouble"],
    },
    Sample {
        body: "I forgot my password and cannot log in to my account, the reset link does not arrive",
        topic: "account/login",
        queue: "front_line",
        skill: "identity",
        rules: &["password-help", "locked-out"],
    },
    Sample {
        body: "Please send me the invoice for my order, I need a VAT receipt",
        topic: "billing/invoice",
        queue: "billing",
        skill: "billing",
        rules: &["invoice"],
    },
    Sample {
        body: "Someone logged in to my account and changed my email, I have been hacked, please lock my account",
        topic: "account/security",
        queue: "security",
        skill: "fraud",
        rules: &["account-takeover", "account-security"],
    },
];

/// A ticket with these words.
pub(crate) fn ticket(body: &str) -> v1::Ticket {
    v1::Ticket {
        id: "t-1".to_owned(),
        body: body.to_owned(),
        ..v1::Ticket::default()
    }
}

/// A request to classify these words.
pub(crate) fn classify(body: &str) -> v1::ClassifyRequest {
    v1::ClassifyRequest {
        ticket: Some(ticket(body)),
        options: None,
    }
}

/// A request to route these words.
pub(crate) fn route(body: &str) -> v1::RouteRequest {
    v1::RouteRequest {
        ticket: Some(ticket(body)),
        ..v1::RouteRequest::default()
    }
}
