//! Why places are not taken, confirmed or released.

/// Why no place was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReserveError {
    /// The ticket has no id that it could be known by again.
    #[error("a ticket needs an id for a place to be held for it")]
    NoTicketId,
    /// Too many are held.
    #[error("{most} places are held already: confirm or release them")]
    TooMany {
        /// How many may be.
        most: usize,
    },
    /// Somebody else took it since the agents were looked at.
    #[error("the place with agent '{agent}' was taken in the meantime: try again")]
    Gone {
        /// The agent.
        agent: String,
    },
}

/// Why a place cannot be confirmed or released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldError {
    /// None is held.
    #[error(
        "no place is held for ticket '{ticket}': it was confirmed or released, its time ran out, or its agent left"
    )]
    NotHeld {
        /// The ticket.
        ticket: String,
    },
    /// Another agent's is.
    #[error("the place for ticket '{ticket}' is with agent '{holder}', not with '{asked}'")]
    OtherAgent {
        /// The ticket.
        ticket: String,
        /// Whose place is held.
        holder: String,
        /// Who was named.
        asked: String,
    },
}
