//! The one place where it is decided whether a call may go on.

use std::io;
use std::path::Path;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request};
use serde::Deserialize;
use tonic::Status;

use super::call_log::{Call, CallLog, Logged};
use super::caller::{Caller, Credential};
use super::jwt::{Jwt, JwtConfig, KeysError, KeysLooked};
use super::limits::{Client, LimitConfig, Limits, UnderWay};
use super::listed::{Callers, Listed};
use super::method::{Method, Need};
use super::refusal::Refusal;
use super::{Connection, Fingerprint};
use crate::metrics::Metrics;

/// The header that carries a request's id.
const REQUEST_ID: &str = "x-request-id";

/// Where calls of operators are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminCalls {
    /// Where credentials are asked for; without any in the settings, on addresses that only this machine can reach.
    Loopback,
    /// On any address, whether credentials are asked for or not.
    Anywhere,
    /// Nowhere.
    Nowhere,
}

/// Who may call what, and how often.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// Tokens.
    pub tokens: Vec<Listed>,
    /// Certificates of clients.
    pub certificates: Vec<Listed>,
    /// Who signs tokens besides; `None` if nobody does.
    pub jwt: Option<JwtConfig>,
    /// Limits for each client.
    pub limits: LimitConfig,
    /// Where calls of operators are answered.
    pub admin_calls: AdminCalls,
}

impl AccessConfig {
    /// Whether callers send tokens of any kind.
    #[must_use]
    pub fn has_tokens(&self) -> bool {
        !self.tokens.is_empty() || self.jwt.is_some()
    }
}

/// Decides who may call what. All listeners share one.
#[derive(Debug)]
pub struct Access {
    tokens: Callers,
    certificates: Callers,
    jwt: Option<Jwt>,
    limits: Limits,
    admin_calls: AdminCalls,
    log: Arc<CallLog>,
}

/// What a call that may go on takes along.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) caller: Option<Caller>,
    pub(super) under_way: Option<UnderWay>,
    pub(super) logged: Option<Logged>,
}

impl Access {
    /// Reads what the settings name. Calls of operators are told of in the server's log.
    ///
    /// # Errors
    /// If the file of keys cannot be used.
    pub fn load(config: &AccessConfig) -> Result<Self, KeysError> {
        Ok(Self {
            tokens: Callers::new(&config.tokens, Credential::Token),
            certificates: Callers::new(&config.certificates, Credential::Certificate),
            jwt: config.jwt.as_ref().map(Jwt::load).transpose()?,
            limits: Limits::new(config.limits),
            admin_calls: config.admin_calls,
            log: Arc::default(),
        })
    }

    /// Writes calls of operators into a file of `folder` as well, from now on. Lines that it cannot take are counted in
    /// `metrics`.
    ///
    /// # Errors
    /// If the operating system gives no thread for it.
    pub fn with_call_log(self, folder: &Path, metrics: Metrics) -> io::Result<Self> {
        let log = Arc::new(CallLog::start(folder, metrics)?);
        Ok(Self { log, ..self })
    }

    /// Looks at the file of keys and takes its keys over, if there is one.
    ///
    /// # Errors
    /// If it cannot be used; the keys in force stay.
    pub fn reload_keys(&self) -> Result<KeysLooked, KeysError> {
        let Some(jwt) = &self.jwt else {
            return Ok(KeysLooked::Unchanged);
        };
        jwt.reload()
    }

    /// Counts a request that is no call against the address that it came from.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED if it sends too many.
    #[allow(clippy::result_large_err)] // the protocol's own error
    pub fn count_address(&self, connection: Option<&Connection>) -> Result<(), Status> {
        let network = connection.and_then(Connection::network);
        let counted = self.count(&Client::at(network));
        counted.map_err(|refusal| refusal.status())
    }

    /// Whether anybody has to say who is calling.
    fn asks_for_credentials(&self) -> bool {
        !self.tokens.is_empty() || !self.certificates.is_empty() || self.jwt.is_some()
    }

    /// Decides about a request by its head.
    pub(super) fn enter<B>(&self, request: &Request<B>) -> Result<Entry, Refusal> {
        let method = Method::of(request.uri().path());
        let connection = request.extensions().get::<Connection>();
        let scopes = match method.need {
            Need::NothingAtAll => return Ok(Entry::unnoticed()),
            Need::NoScope => {
                let network = connection.and_then(Connection::network);
                self.count(&Client::at(network))?;
                return Ok(Entry::unnoticed());
            }
            Need::OneOf(scopes) => scopes,
        };
        let log = |caller: Option<&Caller>| {
            method.is_logged().then(|| {
                let id = request.headers().get(REQUEST_ID);
                self.log.begin(Call {
                    caller,
                    method: method.name,
                    request_id: id.and_then(|id| id.to_str().ok()).unwrap_or_default(),
                    peer: connection.and_then(|connection| connection.peer),
                })
            })
        };
        let caller = match self.identify(request.headers(), connection) {
            Ok(caller) => caller,
            Err(refusal) => {
                if let Some(logged) = log(None) {
                    logged.refuse(refusal.code());
                }
                return Err(refusal);
            }
        };
        let logged = log(caller.as_ref());
        let client = match &caller {
            Some(caller) => Client::from(caller),
            None => Client::at(connection.and_then(Connection::network)),
        };
        let admitted = self
            .count(&client)
            .and_then(|()| match &caller {
                Some(caller) if !caller.scopes.meets(scopes) => Err(Refusal::NoScope {
                    caller: caller.clone(),
                    needed: scopes,
                }),
                _ if method.is_admin() => self.answers_operators(caller.as_ref(), connection),
                _ => Ok(()),
            })
            .and_then(|()| {
                let begun = self.limits.begin(client);
                begun.map_err(|_| Refusal::TooManyAtOnce)
            });
        match admitted {
            Ok(under_way) => Ok(Entry {
                caller,
                under_way,
                logged,
            }),
            Err(refusal) => {
                match logged {
                    Some(logged) if caller.is_some() && refusal.is_of_rights() => {
                        logged.deny(refusal.code());
                    }
                    Some(logged) => logged.refuse(refusal.code()),
                    None => {}
                }
                Err(refusal)
            }
        }
    }

    fn count(&self, client: &Client) -> Result<(), Refusal> {
        let counted = self.limits.count(client);
        counted.map_err(|wait| Refusal::TooOften { wait })
    }

    /// Whether calls of operators are answered to this caller, who has the scope or need not have any.
    fn answers_operators(
        &self,
        caller: Option<&Caller>,
        connection: Option<&Connection>,
    ) -> Result<(), Refusal> {
        match self.admin_calls {
            AdminCalls::Nowhere => Err(Refusal::AdminNowhere),
            AdminCalls::Anywhere => Ok(()),
            AdminCalls::Loopback if caller.is_some() => Ok(()),
            AdminCalls::Loopback if connection.is_some_and(Connection::is_local) => Ok(()),
            AdminCalls::Loopback => Err(Refusal::AdminNotHere),
        }
    }

    /// Who calls; `None` where nobody has to say. A call that cannot be told at a glance to come from a known caller
    /// counts against its address, so that guessing and the checking of signatures have their limit too.
    fn identify(
        &self,
        headers: &HeaderMap,
        connection: Option<&Connection>,
    ) -> Result<Option<Caller>, Refusal> {
        if !self.asks_for_credentials() {
            return Ok(None);
        }
        let count = || self.count(&Client::at(connection.and_then(Connection::network)));
        let token = match bearer(headers) {
            Ok(token) => token,
            Err(refusal) => {
                count()?;
                return Err(refusal);
            }
        };
        let Some(token) = token else {
            let certificate = connection.and_then(|connection| connection.certificate);
            let known = certificate
                .as_ref()
                .and_then(|one| self.certificates.find(one));
            if let Some(caller) = known {
                return Ok(Some(caller.clone()));
            }
            count()?;
            return Err(match certificate {
                Some(_) => Refusal::UnknownCertificate,
                None => Refusal::NoCredentials,
            });
        };
        let fingerprint = Fingerprint::of(token.as_bytes());
        if let Some(caller) = self.tokens.find(&fingerprint) {
            return Ok(Some(caller.clone()));
        }
        if let Some(caller) = self.jwt.as_ref().and_then(|jwt| jwt.known(&fingerprint)) {
            return Ok(Some(caller));
        }
        count()?;
        let jwt = self.jwt.as_ref().ok_or(Refusal::UnknownToken)?;
        Ok(Some(jwt.verify(token, fingerprint)?))
    }
}

impl Entry {
    /// Of a call that is neither counted nor logged.
    fn unnoticed() -> Self {
        Self {
            caller: None,
            under_way: None,
            logged: None,
        }
    }
}

/// The token of the request; `None` if it has none.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let token = token_of(value).filter(|_| values.next().is_none());
    token.map(Some).ok_or(Refusal::BadHeader)
}

/// What follows the word "Bearer", whose case does not matter.
fn token_of(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim_matches(' ');
    let is_one_word = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    (scheme.eq_ignore_ascii_case("bearer") && is_one_word).then_some(token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let value = |value: &&str| (AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        values.iter().map(value).collect()
    }

    #[test]
    fn one_bearer_token_is_read_and_anything_else_refused() {
        assert_eq!(bearer(&headers(&[])), Ok(None));
        for good in ["Bearer abc", "bearer abc", "BEARER  abc "] {
            assert_eq!(bearer(&headers(&[good])), Ok(Some("abc")), "{good}");
        }
        for bad in [
            "",
            "abc",
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Basic abc",
            "Bearer\tabc",
        ] {
            assert_eq!(bearer(&headers(&[bad])), Err(Refusal::BadHeader), "{bad}");
        }
        let two = headers(&["Bearer abc", "Bearer abc"]);
        assert_eq!(bearer(&two), Err(Refusal::BadHeader));
        let mut other = HeaderMap::new();
        other.insert(
            AUTHORIZATION,
            HeaderValue::from_bytes(b"Bearer \xff").unwrap(),
        );
        assert_eq!(bearer(&other), Err(Refusal::BadHeader));
    }

    proptest! {
        #[test]
        fn what_is_read_was_sent_and_is_one_word(value in "[Bb]earer {1,3}[!-~ ]{0,20}|[ -~]{0,30}") {
            if let Ok(token) = bearer(&headers(&[&value])) {
                let token = token.unwrap();
                prop_assert!(!token.is_empty() && !token.contains(' '));
                prop_assert!(value.trim_end().ends_with(token));
            }
        }
    }
}
