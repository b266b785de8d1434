//! How much memory a text of JSON takes once it is a message, told before it is one: three bytes may stand for an object
//! of hundreds.

use std::fmt::{self, Formatter};

use prost_reflect::{MapKey, Value};
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Memory that a message may take, in bytes, and so many times the length of its text.
const ALLOWED_BYTES: usize = 64 << 20;
const ALLOWED_PER_BYTE: usize = 16;
/// Bytes of a value in a list, which grows by doubling.
const VALUE_BYTES: usize = 2 * size_of::<Value>();
/// So many fields of an object lie in the node of a tree that the first of them makes, and the bytes of that.
const NODE_FIELDS: usize = 11;
const NODE_BYTES: usize = NODE_FIELDS * (size_of::<Value>() + size_of::<u64>()) + 32;
/// Bytes of each further field, which are those of a map: its table may be half empty.
const ENTRY_BYTES: usize = 2 * (size_of::<(MapKey, Value)>() + 16);
/// Fewest bytes of a text that has any.
const MIN_TEXT: usize = 16;

/// Measures a text of JSON of `length` bytes.
///
/// # Errors
/// If it would take more memory than is allowed, where it is too much; or if it is no JSON.
pub(super) fn check<'a, D: Deserializer<'a>>(json: D, length: usize) -> Result<(), D::Error> {
    let bytes = ALLOWED_BYTES + ALLOWED_PER_BYTE * length;
    let mut left = Left {
        bytes,
        mebibytes: bytes >> 20,
    };
    left.deserialize(json)
}

/// Memory that is left for a text, in bytes, of that many.
struct Left {
    bytes: usize,
    mebibytes: usize,
}

impl Left {
    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        let left = self.bytes.checked_sub(bytes).ok_or_else(|| {
            E::custom(format_args!(
                "more than is read of one message: it would take more than {} MiB of memory; send fewer at a time",
                self.mebibytes
            ))
        });
        self.bytes = left?;
        Ok(())
    }
}

impl<'a> DeserializeSeed<'a> for &mut Left {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for &mut Left {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut object: A) -> Result<(), A::Error> {
        let mut fields = 0;
        while object.next_key::<IgnoredAny>()?.is_some() {
            self.take(match fields {
                0 => NODE_BYTES,
                1..NODE_FIELDS => 0,
                _ => ENTRY_BYTES,
            })?;
            fields += 1;
            object.next_value_seed(&mut *self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(&mut *self)?.is_some() {
            self.take(VALUE_BYTES)?;
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        match text.len() {
            0 => Ok(()),
            length => self.take(length.max(MIN_TEXT)),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}
