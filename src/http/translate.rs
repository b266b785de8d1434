//! Messages between JSON and the wire, in the JSON mapping of Protocol Buffers.

use std::sync::LazyLock;

use bytes::Bytes;
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use serde::Deserialize;
use serde_path_to_error::{Deserializer, Track};
use tonic::Status;

use super::json_size;
use super::packed::Packed;
use crate::grpc::fairness::Aside;
use crate::grpc::status::{internal, too_much, wrong};

/// Longest fault that is told, in bytes: faults quote what was sent.
const MAX_TOLD_BYTES: usize = 400;
/// Longer texts and messages are read and written on a thread where that holds nobody up, in bytes.
const SHORT_BYTES: usize = 32 << 10;

/// What is not short takes much memory while it is translated, so only some are at a time.
static ASIDE: LazyLock<Aside> = LazyLock::new(Aside::new);

/// As [`to_wire`], without holding up the thread that asks.
///
/// # Errors
/// As it does.
pub(super) async fn read(
    kind: &MessageDescriptor,
    json: Bytes,
    first_line: usize,
) -> Result<Bytes, Status> {
    if json.len() <= SHORT_BYTES {
        return to_wire(kind, &json, first_line);
    }
    let kind = kind.clone();
    ASIDE.run(move || to_wire(&kind, &json, first_line)).await
}

/// What a body says that was `packed`, without holding up the thread that asks: little of it may be much.
///
/// # Errors
/// As [`Packed::unpack`].
pub(super) async fn unpack(packed: Packed, body: Bytes, max_bytes: usize) -> Result<Bytes, Status> {
    ASIDE.run(move || packed.unpack(&body, max_bytes)).await
}

/// As [`to_json`], without holding up the thread that asks.
///
/// # Errors
/// As it does.
pub(super) async fn write(kind: &MessageDescriptor, message: Bytes) -> Result<Vec<u8>, Status> {
    if message.len() <= SHORT_BYTES {
        return to_json(kind, message);
    }
    let kind = kind.clone();
    ASIDE.run(move || to_json(&kind, message)).await
}

/// The ticket's id in a text that is no message of that kind, as far as it can be told; else empty. Without holding up
/// the thread that asks.
pub(super) async fn ticket_id(json: Bytes) -> String {
    if json.len() <= SHORT_BYTES {
        return id_in(&json);
    }
    let id = ASIDE.run(move || Ok(id_in(&json))).await;
    id.unwrap_or_default()
}

fn id_in(json: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Line {
        ticket: Ticket,
    }
    #[derive(Deserialize)]
    struct Ticket {
        id: String,
    }
    let line = serde_json::from_slice(json);
    line.map_or_else(|_| String::new(), |line: Line| line.ticket.id)
}

/// Reads a message that begins in line `first_line`, counted from 1, of what was sent; gives its bytes on the wire.
///
/// # Errors
/// INVALID_ARGUMENT if it is no JSON, or not of this message; RESOURCE_EXHAUSTED if it would take too much memory: names
/// the field and the place.
pub fn to_wire(kind: &MessageDescriptor, json: &[u8], first_line: usize) -> Result<Bytes, Status> {
    if json.len() > SHORT_BYTES {
        check_size(json, first_line)?;
    }
    let mut text = serde_json::Deserializer::from_slice(json);
    let mut track = Track::new();
    let read = DynamicMessage::deserialize(kind.clone(), Deserializer::new(&mut text, &mut track));
    let message = read.map_err(|error| unreadable(field(track), &error, first_line))?;
    text.end()
        .map_err(|error| unreadable(None, &error, first_line))?;
    Ok(message.encode_to_vec().into())
}

/// Refuses a text that would take too much memory as a message. What is no JSON passes: reading it says what is wrong.
fn check_size(json: &[u8], first_line: usize) -> Result<(), Status> {
    let mut text = serde_json::Deserializer::from_slice(json);
    let mut track = Track::new();
    match json_size::check(Deserializer::new(&mut text, &mut track), json.len()) {
        Err(error) if error.is_data() => {
            let field = field(track).unwrap_or_default();
            Err(*too_much(&field, &fault(&error, first_line)))
        }
        _ => Ok(()),
    }
}

/// Writes a message that came over the wire as JSON: fields by their names in lower camel case, all but absent messages.
///
/// # Errors
/// INTERNAL if the message is not what it should be.
pub fn to_json(kind: &MessageDescriptor, message: Bytes) -> Result<Vec<u8>, Status> {
    let options = SerializeOptions::new().skip_default_fields(false);
    let mut json = Vec::with_capacity(2 * message.len());
    let written = DynamicMessage::decode(kind.clone(), message)
        .map_err(|error| error.to_string())
        .and_then(|message| {
            let mut serializer = serde_json::Serializer::new(&mut json);
            message
                .serialize_with_options(&mut serializer, &options)
                .map_err(|error| error.to_string())
        });
    match written {
        Ok(()) => Ok(json),
        Err(error) => {
            tracing::error!(%error, message = kind.full_name(), "an answer could not be written as JSON");
            Err(internal())
        }
    }
}

/// What is wrong with the text, in which field if it is in one, and where.
fn unreadable(field: Option<String>, error: &serde_json::Error, first_line: usize) -> Status {
    let fault = fault(error, first_line);
    match field {
        None => Status::invalid_argument(format!("the body cannot be read: {fault}")),
        Some(field) => *wrong(&field, &fault),
    }
}

/// The field that reading has come to; `None` if it is in none.
fn field(track: Track) -> Option<String> {
    let path = track.path();
    let any = path.iter().next().is_some();
    any.then(|| shortened(&path.to_string()))
}

/// What is wrong with the text and where.
fn fault(error: &serde_json::Error, first_line: usize) -> String {
    let told = error.to_string();
    // The place comes last; it is told with the lines counted from the first of all that was sent.
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = shortened(told.strip_suffix(&place).unwrap_or(&told));
    let line = (first_line + error.line()).saturating_sub(1);
    format!("{what}, at line {line} column {}", error.column())
}

fn shortened(text: &str) -> String {
    if text.len() <= MAX_TOLD_BYTES {
        return text.to_owned();
    }
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= MAX_TOLD_BYTES;
    let kept: String = text
        .char_indices()
        .take_while(fits)
        .map(|(_, c)| c)
        .collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests;
