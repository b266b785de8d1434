//! How much memory a message takes once it is decoded, told before that is done: two bytes on the wire may stand for a
//! struct of hundreds.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use tonic::Status;

use super::DESCRIPTORS;
use super::status::too_much;

/// A message of so many bytes takes no more than [`ALLOWED_BYTES`] whatever it holds, and is not looked at.
const SHORT_BYTES: usize = 64 << 10;
/// Memory that a message may take, in bytes, and so many times its length on the wire. What a policy, a roster or a
/// backlog of the size that is allowed takes is less.
const ALLOWED_BYTES: usize = 32 << 20;
const ALLOWED_PER_BYTE: usize = 4;
/// Bytes of what a struct holds in place of a text, list or map; and at most of anything that is no message.
const HANDLE_BYTES: usize = 24;
/// How deep messages lie in each other at most; those that lie deeper are refused when they are decoded.
const MAX_DEPTH: usize = 100;

static KINDS: LazyLock<Kinds> = LazyLock::new(Kinds::of_all_messages);

/// Looks at a message of the type `name` of package `triage.v1` before it is decoded. What is no message of that type passes: decoding it says
/// what is wrong.
///
/// # Errors
/// RESOURCE_EXHAUSTED if it would take more memory than is allowed: names the field that there is too much of.
pub(super) fn check(name: &str, wire: &[u8]) -> Result<(), Box<Status>> {
    if wire.len() <= SHORT_BYTES {
        return Ok(());
    }
    let Some(kind) = KINDS.pool.get_message_by_name(&format!("triage.v1.{name}")) else {
        return Ok(());
    };
    let allowed = allowed(wire.len());
    let mut left = Left { bytes: allowed };
    match left.take(&kind, wire, 0) {
        Ok(()) | Err(Stop::Malformed) => Ok(()),
        Err(Stop::TooMuch(path)) => Err(refusal(path, wire.len(), allowed)),
    }
}

/// Memory that a message of a length on the wire may take, in bytes.
fn allowed(length: usize) -> usize {
    ALLOWED_BYTES + ALLOWED_PER_BYTE * length
}

fn refusal(mut path: Vec<String>, length: usize, allowed: usize) -> Box<Status> {
    path.reverse();
    let problem = format!(
        "are more than is read of one message: its {length} bytes would take more than {} MiB of memory; send fewer at a \
         time",
        allowed >> 20
    );
    too_much(&path.join("."), &problem)
}

/// Why a look at a message ended before its end.
enum Stop {
    /// It is no message of its type.
    Malformed,
    /// It takes too much; the names of the fields that lead to what it has too much of, the innermost first.
    TooMuch(Vec<String>),
}

impl From<DecodeError> for Stop {
    fn from(_: DecodeError) -> Self {
        Self::Malformed
    }
}

/// Memory that is left for a message, in bytes.
struct Left {
    bytes: usize,
}

impl Left {
    /// Takes what a message within the message takes besides its own struct, which is part of what it lies in.
    fn take(
        &mut self,
        kind: &MessageDescriptor,
        mut wire: &[u8],
        depth: usize,
    ) -> Result<(), Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Malformed);
        }
        while !wire.is_empty() {
            let (number, form) = decode_key(&mut wire)?;
            let known = kind.get_field(number);
            let (Some(field), WireType::LengthDelimited) = (known, form) else {
                skip_field(form, number, &mut wire, DecodeContext::default())?;
                continue;
            };
            let length = usize::try_from(decode_varint(&mut wire)?).map_err(|_| Stop::Malformed)?;
            let (value, rest) = wire.split_at_checked(length).ok_or(Stop::Malformed)?;
            wire = rest;
            self.take_field(&field, value, depth)
                .map_err(|stop| match stop {
                    Stop::Malformed => Stop::Malformed,
                    Stop::TooMuch(mut path) => {
                        path.push(field.name().to_owned());
                        Stop::TooMuch(path)
                    }
                })?;
        }
        Ok(())
    }

    fn take_field(
        &mut self,
        field: &FieldDescriptor,
        value: &[u8],
        depth: usize,
    ) -> Result<(), Stop> {
        if field.is_list() || field.is_map() {
            self.take_bytes(KINDS.item_bytes(field))?;
        }
        match field.kind() {
            Kind::Message(kind) => self.take(&kind, value, depth + 1),
            _ => self.take_bytes(value.len()),
        }
    }

    fn take_bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or_else(|| Stop::TooMuch(Vec::new()))?;
        Ok(())
    }
}

/// The types of all messages.
struct Kinds {
    pool: DescriptorPool,
    /// Bytes of the struct of each by its full name.
    struct_bytes: HashMap<String, usize>,
}

impl Kinds {
    fn of_all_messages() -> Self {
        // Descriptors that cannot be read do not let a server start.
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap_or_default();
        let mut struct_bytes = HashMap::new();
        for kind in pool.all_messages() {
            measure(&kind, &mut struct_bytes);
        }
        Self { pool, struct_bytes }
    }

    /// Bytes that an item of a list or map takes besides what its texts and messages hold.
    fn item_bytes(&self, field: &FieldDescriptor) -> usize {
        let of = |kind: &MessageDescriptor| self.struct_bytes.get(kind.full_name()).copied();
        match field.kind() {
            // An entry lies in a node of a tree that may be half empty.
            Kind::Message(entry) if field.is_map() => 2 * of(&entry).unwrap_or(HANDLE_BYTES),
            Kind::Message(kind) => of(&kind).unwrap_or(HANDLE_BYTES),
            _ => HANDLE_BYTES,
        }
    }
}

/// At most how many bytes the struct of a message has; told of it and of all that it holds by their full names.
fn measure(kind: &MessageDescriptor, known: &mut HashMap<String, usize>) -> usize {
    if let Some(bytes) = known.get(kind.full_name()) {
        return *bytes;
    }
    // What holds itself holds a pointer.
    known.insert(kind.full_name().to_owned(), HANDLE_BYTES);
    let bytes = kind.fields().map(|field| match field.kind() {
        Kind::Message(kind) if !field.is_list() && !field.is_map() => measure(&kind, known),
        _ => HANDLE_BYTES,
    });
    let bytes = bytes.sum();
    known.insert(kind.full_name().to_owned(), bytes);
    bytes
}

#[cfg(test)]
mod tests;
