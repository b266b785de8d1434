//! Addresses to listen on.

use std::net::SocketAddr;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// Reads an address with a port.
pub(super) fn address<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(from)?)
}

/// Reads an address with a port, or nothing.
pub(super) fn address_or_empty<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(from)?;
    match text.is_empty() {
        true => Ok(None),
        false => parse(&text).map(Some),
    }
}

fn parse<E: Error>(text: &str) -> Result<SocketAddr, E> {
    let wrong = |_| {
        E::custom(format!(
            "'{text}' is no address with a port, such as 127.0.0.1:8080"
        ))
    };
    text.parse().map_err(wrong)
}
