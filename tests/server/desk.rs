//! A help desk of one or two people who take refunds, to see their places run out.

use std::io::Write as _;

use tempfile::NamedTempFile;
use triage::grpc::v1;

use crate::running::{Server, argument};
use crate::tickets::ticket;

/// What the sample policy sends to whoever knows refunds.
pub(crate) const REFUND: &str = "I sent the jacket back three weeks ago and still have not got my refund. When will \
                                 you pay the money back?";

/// A server with a roster of its own.
pub(crate) struct Desk {
    pub(crate) server: Server,
    /// The roster's file, which is gone with it.
    _roster: NamedTempFile,
}

impl Desk {
    /// A server whose agents, all of whom know refunds, have these ids and capacities.
    pub(crate) async fn start(agents: &[(&str, u32)], settings: &str) -> Self {
        let mut roster = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
        writeln!(roster, "version: 1\nagents:").unwrap();
        for (id, capacity) in agents {
            writeln!(
                roster,
                "  - {{id: {id}, presence: available, capacity: {capacity}, skills: {{refunds: 5, billing: 5, payments: 5}}}}"
            )
            .unwrap();
        }
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        writeln!(file, "{settings}").unwrap();
        let server = Server::start(&[
            "--roster",
            argument(roster.path()),
            "--config",
            argument(file.path()),
        ])
        .await;
        Self {
            server,
            _roster: roster,
        }
    }
}

/// A ticket about a refund.
pub(crate) fn refund(id: &str) -> v1::Ticket {
    v1::Ticket {
        id: id.to_owned(),
        ..ticket(REFUND)
    }
}

/// An agent who knows refunds, as a request has one.
pub(crate) fn agent(id: &str, capacity: u32) -> v1::Agent {
    v1::Agent {
        id: id.to_owned(),
        skills: [("refunds", 5), ("billing", 5), ("payments", 5)]
            .map(|(skill, level)| (skill.to_owned(), level))
            .into(),
        presence: v1::Presence::Available.into(),
        capacity,
        ..v1::Agent::default()
    }
}
