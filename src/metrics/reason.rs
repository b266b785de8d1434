//! The values that labels of our own choice may have.

/// What was to be reloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// The model.
    Model,
    /// The policy.
    Policy,
    /// The roster.
    Roster,
    /// Certificate and key of the server, and the authorities of clients.
    Tls,
    /// The keys that tokens are verified with.
    JwtKeys,
}

impl Reload {
    pub(super) const ALL: [Self; 5] = [
        Self::Model,
        Self::Policy,
        Self::Roster,
        Self::Tls,
        Self::JwtKeys,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Policy => "policy",
            Self::Roster => "roster",
            Self::Tls => "tls",
            Self::JwtKeys => "jwt_keys",
        }
    }
}

/// What came of a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The new one is in force.
    TakenOver,
    /// The new one is unusable; the old one stays.
    Refused,
}

impl Outcome {
    pub(super) const ALL: [Self; 2] = [Self::TakenOver, Self::Refused];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::TakenOver => "taken_over",
            Self::Refused => "refused",
        }
    }
}

/// Why a request was refused although nothing was wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// The server was at as many requests as it may be.
    Overload,
    /// The caller sent more requests in a while than it may.
    RateLimit,
    /// The caller had as many requests in flight as it may.
    CallerConcurrency,
    /// As many texts as may waited for the sentence encoder.
    EncoderQueue,
    /// As many bytes as may had come of messages that had not come whole.
    ArrivingBytes,
}

impl Shed {
    pub(super) const ALL: [Self; 5] = [
        Self::Overload,
        Self::RateLimit,
        Self::CallerConcurrency,
        Self::EncoderQueue,
        Self::ArrivingBytes,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Overload => "overload",
            Self::RateLimit => "rate_limit",
            Self::CallerConcurrency => "caller_concurrency",
            Self::EncoderQueue => "encoder_queue",
            Self::ArrivingBytes => "arriving_bytes",
        }
    }
}

/// How a training job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// There is a new model.
    Succeeded,
    /// There is none.
    Failed,
    /// Somebody cancelled it.
    Cancelled,
}

impl JobEnd {
    pub(super) const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Cancelled];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a candidate model said of a ticket, beside the model that serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shadowed {
    /// The same.
    Agreed,
    /// Something else.
    Disagreed,
    /// Nothing: there was no time to ask it.
    Skipped,
}

impl Shadowed {
    pub(super) const ALL: [Self; 3] = [Self::Agreed, Self::Disagreed, Self::Skipped];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Disagreed => "disagreed",
            Self::Skipped => "skipped",
        }
    }
}
