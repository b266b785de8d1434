//! Who calls, what they may call, and how often: one layer around all services, before a request's body is read. It
//! is the only place where that is decided.
//!
//! A caller is known by a token or certificate that the settings list, or by a token that somebody trusted has signed.
//! Each call needs a scope, by one table of all calls. Tokens are never logged, and not kept either: what is compared
//! is their SHA-256.

mod answer;
mod call_log;
mod caller;
mod connection;
mod gate;
mod jwt;
mod layer;
mod limits;
mod listed;
mod method;
mod refusal;
mod scope;

pub use call_log::{ADMIN_CALLS, CALL_LOG};
pub use caller::{BadName, Caller, CallerName, Credential};
pub use connection::{Connection, Fingerprint, NoFingerprint};
pub use gate::{Access, AccessConfig, AdminCalls};
pub use jwt::{JwtConfig, JwtFault, KeysError, KeysLooked};
pub use layer::{AccessFuture, AccessLayer, AccessService};
pub use limits::LimitConfig;
pub use listed::{Listed, NoRandomness, new_token};
pub use method::{Method, Need};
pub use scope::{Scope, Scopes, UnknownScope};
