//! How much memory a request takes once it is decoded, told before that is done: two bytes on the wire may stand for a
//! struct of hundreds.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use tonic::Status;

use super::DESCRIPTORS;
use super::status::too_much;

/// A request of so many bytes takes no more than [`ALLOWED_BYTES`] whatever it holds, and is not measured.
const SHORT_BYTES: usize = 64 << 10;
/// Memory that a request may take, in bytes, and so many times its length on the wire. Policies, rosters, backlogs and
/// training data of the sizes that are allowed take less.
const ALLOWED_BYTES: usize = 128 << 20;
const ALLOWED_PER_BYTE: usize = 4;
/// Bytes of what a struct holds in place of a text, list or map; and at most of anything that is no message.
const HANDLE_BYTES: usize = 24;
/// So many times its own size is what an item takes: lists grow by doubling, and nodes of maps may be half empty.
const ROOM: usize = 2;
/// Room for so many items is made with the first one of a list, and of a map.
const FIRST_IN_LIST: usize = 4;
const FIRST_IN_MAP: usize = 12;
/// Fewest bytes of a text that has any.
const MIN_TEXT: usize = 16;
/// How deep messages lie in each other at most; those that lie deeper are refused when they are decoded.
const MAX_DEPTH: usize = 100;

static REQUESTS: LazyLock<Types> = LazyLock::new(Types::of_requests);

/// Measures a request of the type `name` of package `triage.v1` before it is decoded. What is no message of that type
/// passes, since decoding it says what is wrong; so does what is no request.
///
/// # Errors
/// RESOURCE_EXHAUSTED if it would take more memory than is allowed: names the field that there is too much of.
pub(crate) fn check(name: &str, wire: &[u8]) -> Result<(), Box<Status>> {
    if wire.len() <= SHORT_BYTES {
        return Ok(());
    }
    let Some(&of) = REQUESTS.by_name.get(name) else {
        return Ok(());
    };
    let allowed = ALLOWED_BYTES + ALLOWED_PER_BYTE * wire.len();
    let mut left = Left { bytes: allowed };
    match left.take(of, wire, 0) {
        Ok(()) | Err(Stop::Malformed) => Ok(()),
        Err(Stop::TooMuch(path)) => Err(refusal(path, wire.len(), allowed)),
    }
}

fn refusal(mut path: Vec<&str>, length: usize, allowed: usize) -> Box<Status> {
    path.reverse();
    let problem = format!(
        "are more than is read of one message: its {length} bytes would take more than {} MiB of memory; send fewer at a \
         time",
        allowed >> 20
    );
    too_much(&path.join("."), &problem)
}

/// Why measuring ended before the message did.
enum Stop {
    /// It is no message of its type.
    Malformed,
    /// It takes too much; the names of the fields that lead to what it has too much of, the innermost first.
    TooMuch(Vec<&'static str>),
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
    /// Takes what a message of type `of` takes besides its own struct, which is part of what it lies in.
    fn take(&mut self, of: usize, mut wire: &[u8], depth: usize) -> Result<(), Stop> {
        let fields = REQUESTS.fields.get(of).filter(|_| depth <= MAX_DEPTH);
        let fields = fields.ok_or(Stop::Malformed)?;
        // A bit for each field of a number below 64 that there was; others begin anew each time.
        let mut begun = 0_u64;
        while !wire.is_empty() {
            let (number, form) = decode_key(&mut wire)?;
            let (Some(field), WireType::LengthDelimited) = (fields.get(&number), form) else {
                skip_field(form, number, &mut wire, DecodeContext::default())?;
                continue;
            };
            let length = usize::try_from(decode_varint(&mut wire)?).map_err(|_| Stop::Malformed)?;
            let (value, rest) = wire.split_at_checked(length).ok_or(Stop::Malformed)?;
            wire = rest;
            let bit = 1_u64.checked_shl(number).unwrap_or(0);
            let item_bytes = match begun & bit {
                0 => field.first_bytes,
                _ => field.item_bytes,
            };
            begun |= bit;
            let taken = match field.message {
                Some(of) => self
                    .take_bytes(item_bytes)
                    .and_then(|()| self.take(of, value, depth + 1)),
                None if value.is_empty() => self.take_bytes(item_bytes),
                None => self.take_bytes(item_bytes + value.len().max(MIN_TEXT)),
            };
            taken.map_err(|stop| match stop {
                Stop::Malformed => Stop::Malformed,
                Stop::TooMuch(mut path) => {
                    path.extend(field.name.as_deref());
                    Stop::TooMuch(path)
                }
            })?;
        }
        Ok(())
    }

    fn take_bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or_else(|| Stop::TooMuch(Vec::new()))?;
        Ok(())
    }
}

/// The types of requests and of what lies in them.
#[derive(Default)]
struct Types {
    /// The fields of each type by their numbers.
    fields: Vec<BTreeMap<u32, Field>>,
    /// Bytes of the struct of each type.
    struct_bytes: Vec<usize>,
    /// Places of all types by their full names.
    places: HashMap<String, usize>,
    /// Those of requests by their names in the package.
    by_name: HashMap<String, usize>,
}

/// A field of a message.
struct Field {
    /// `None` in an entry of a map, which no caller knows by name.
    name: Option<String>,
    /// Bytes that the first value takes, and each further one, besides what its texts and messages hold: none where the
    /// struct has room for it.
    first_bytes: usize,
    item_bytes: usize,
    /// The type's place if it is a message.
    message: Option<usize>,
}

impl Types {
    fn of_requests() -> Self {
        // Descriptors that cannot be read do not let a server start.
        let pool = DescriptorPool::decode(DESCRIPTORS).unwrap_or_default();
        let mut types = Self::default();
        for service in pool.services() {
            for method in service.methods() {
                let place = types.add(&method.input());
                types
                    .by_name
                    .insert(method.input().name().to_owned(), place);
            }
        }
        types
    }

    /// Adds a type and what lies in it, unless it is there; its place.
    fn add(&mut self, kind: &MessageDescriptor) -> usize {
        if let Some(&place) = self.places.get(kind.full_name()) {
            return place;
        }
        let place = self.fields.len();
        self.places.insert(kind.full_name().to_owned(), place);
        self.fields.push(BTreeMap::new());
        // What holds itself holds a pointer to it.
        self.struct_bytes.push(HANDLE_BYTES);
        let mut struct_bytes = 0;
        let mut fields = BTreeMap::new();
        for field in kind.fields() {
            let (message, value_bytes) = self.value(&field);
            let is_many = field.is_list() || field.is_map();
            struct_bytes += if is_many { HANDLE_BYTES } else { value_bytes };
            let field_of = Field {
                name: (!kind.is_map_entry()).then(|| field.name().to_owned()),
                first_bytes: match (field.is_list(), field.is_map()) {
                    (true, _) => FIRST_IN_LIST * value_bytes,
                    (_, true) => FIRST_IN_MAP * value_bytes,
                    _ => 0,
                },
                item_bytes: if is_many { ROOM * value_bytes } else { 0 },
                message,
            };
            fields.insert(field.number(), field_of);
        }
        if let Some(of) = self.fields.get_mut(place) {
            *of = fields;
        }
        if let Some(bytes) = self.struct_bytes.get_mut(place) {
            *bytes = struct_bytes;
        }
        place
    }

    /// The type's place if a field's values are messages, and the bytes that one of them takes at most.
    fn value(&mut self, field: &FieldDescriptor) -> (Option<usize>, usize) {
        match field.kind() {
            Kind::Message(kind) => {
                let place = self.add(&kind);
                let bytes = self.struct_bytes.get(place).copied();
                (Some(place), bytes.unwrap_or(HANDLE_BYTES))
            }
            _ => (None, HANDLE_BYTES),
        }
    }
}

#[cfg(test)]
mod tests;
