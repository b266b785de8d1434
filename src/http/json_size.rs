//! How much memory a text of JSON takes once it is a message, told before it is one: three bytes may stand for an object
//! of hundreds.

use std::fmt::{self, Formatter};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Memory that a message may take, in bytes, and so many times the length of its text.
const ALLOWED_BYTES: usize = 64 << 20;
const ALLOWED_PER_BYTE: usize = 16;
/// Bytes of an object with some fields, and of any value in a list or an object.
const OBJECT_BYTES: usize = 768;
const VALUE_BYTES: usize = 64;

/// Looks at a text of JSON of `length` bytes.
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
        self.take(OBJECT_BYTES)?;
        while object.next_key::<IgnoredAny>()?.is_some() {
            self.take(VALUE_BYTES)?;
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
        self.take(text.len())
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
