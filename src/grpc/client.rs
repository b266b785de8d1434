//! Our own types as requests, for the commands that call a server.

use jiff::SignedDuration;

use super::v1;
use crate::ticket::{Channel, Ticket};

/// A ticket as a message.
#[must_use]
pub fn ticket(ticket: Ticket) -> v1::Ticket {
    v1::Ticket {
        id: ticket.id,
        channel: ticket
            .channel
            .map_or(v1::Channel::Unspecified, channel)
            .into(),
        subject: ticket.subject,
        body: ticket.body,
        language: ticket.language.unwrap_or_default(),
        tags: ticket.tags,
        attributes: ticket.attributes,
        customer: Some(v1::Customer {
            id: ticket.customer.id,
            tier: ticket.customer.tier,
            attributes: ticket.customer.attributes,
        }),
        last_agent_id: ticket.last_agent_id.unwrap_or_default(),
    }
}

/// A length of time as a message.
#[must_use]
pub fn duration(duration: SignedDuration) -> prost_types::Duration {
    prost_types::Duration {
        seconds: duration.as_secs(),
        nanos: duration.subsec_nanos(),
    }
}

fn channel(channel: Channel) -> v1::Channel {
    match channel {
        Channel::Email => v1::Channel::Email,
        Channel::Chat => v1::Channel::Chat,
        Channel::WebForm => v1::Channel::WebForm,
        Channel::Phone => v1::Channel::Phone,
        Channel::Social => v1::Channel::Social,
        Channel::Sms => v1::Channel::Sms,
        Channel::AppReview => v1::Channel::AppReview,
    }
}
