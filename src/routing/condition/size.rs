//! How large a value of a condition can become.

use crate::ticket::{
    MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTES, MAX_ID_BYTES, MAX_SUBJECT_BYTES, MAX_TAGS,
};

/// Most attributes, tags or facets, and the longest id, label or tag, in bytes.
const ENTRIES: u64 = larger(MAX_TAGS, MAX_ATTRIBUTES);
pub(super) const NAME: u64 = MAX_ID_BYTES as u64;

/// Longest subject and longest value of an attribute, in bytes.
pub(super) const LONG_TEXT: u64 = larger(MAX_SUBJECT_BYTES, MAX_ATTRIBUTE_BYTES);

const fn larger(a: usize, b: usize) -> u64 {
    (if a > b { a } else { b }) as u64
}

/// Making a value, besides its bytes.
pub(super) const VALUE: u64 = 64;

/// What a value takes at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Size {
    /// So many bytes.
    Flat(u64),
    /// So many elements, each of this size at most.
    List(u64, Box<Size>),
}

impl Size {
    /// All of it, written out.
    pub(super) fn total(&self) -> u64 {
        match self {
            Self::Flat(bytes) => VALUE.saturating_add(*bytes),
            Self::List(count, item) => VALUE.saturating_add(count.saturating_mul(item.total())),
        }
    }

    /// Elements, or bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            Self::Flat(length) | Self::List(length, _) => *length,
        }
    }

    /// An element.
    pub(super) fn item(&self) -> Self {
        match self {
            Self::Flat(bytes) => Self::Flat(*bytes),
            Self::List(_, item) => (**item).clone(),
        }
    }

    /// What either fits into.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Flat(a), Self::Flat(b)) => Self::Flat(a.max(b)),
            (Self::List(a, one), Self::List(b, two)) => {
                Self::List(a.max(b), Box::new(one.or(*two)))
            }
            (a, b) if a.total() < b.total() => b,
            (a, _) => a,
        }
    }

    /// One behind the other.
    pub(super) fn then(self, other: Self) -> Self {
        match (self, other) {
            (Self::Flat(a), Self::Flat(b)) => Self::Flat(a.saturating_add(b)),
            (Self::List(a, one), Self::List(b, two)) => {
                Self::List(a.saturating_add(b), Box::new(one.or(*two)))
            }
            (a, b) => Self::Flat(a.total().saturating_add(b.total())),
        }
    }
}

/// A field of the ticket or the customer.
pub(super) fn field(name: &str) -> Size {
    match name {
        "subject" => Size::Flat(LONG_TEXT),
        "tags" => Size::List(ENTRIES, Box::new(Size::Flat(NAME))),
        "attributes" => entries(LONG_TEXT),
        _ => Size::Flat(NAME),
    }
}

/// A map of texts of this length.
pub(super) fn entries(value: u64) -> Size {
    Size::List(ENTRIES, Box::new(Size::Flat(NAME + value)))
}

/// As a size.
pub(super) fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
