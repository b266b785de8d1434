//! What a caller may do: a few scopes, and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What a caller may be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To have tickets classified.
    Classify,
    /// To have tickets classified and routed.
    Route,
    /// To train models.
    Train,
    /// To look at and change policy, roster and models.
    Admin,
}

/// No scope has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no scope: use classify, route, train or admin")]
pub struct UnknownScope(String);

impl Scope {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Classify, Self::Route, Self::Train, Self::Admin];

    /// Its name in settings and tokens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Classify => "classify",
            Self::Route => "route",
            Self::Train => "train",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Classify => 1,
            Self::Route => 2,
            Self::Train => 4,
            Self::Admin => 8,
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.as_str() == name)
            .ok_or_else(|| UnknownScope(name.escape_debug().to_string()))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// A set of these.
    #[must_use]
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut bits = 0;
        let mut rest = scopes;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Whether it holds none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether both hold at least one and the same.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Those in it, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL
            .into_iter()
            .filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Those named in `words`. Words that are no scope here are left out: a token may be meant for others as well.
    pub(super) fn among<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        words
            .into_iter()
            .filter_map(|word| word.parse().ok())
            .collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    /// Their names, with "or" between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.iter().enumerate() {
            let before = if index == 0 { "" } else { " or " };
            write!(f, "{before}{}", scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<'de> Deserialize<'de> for Scopes {
    /// A list of at least one.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let scopes: Self = Vec::<Scope>::deserialize(deserializer)?
            .into_iter()
            .collect();
        if scopes.is_empty() {
            return Err(D::Error::custom(
                "is empty: give at least one of classify, route, train, admin",
            ));
        }
        Ok(scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
            let read: Scopes = serde_json::from_str(&format!("[\"{}\"]", scope.as_str())).unwrap();
            assert_eq!(read, Scopes::of(&[scope]));
        }
        for wrong in ["", "Admin", "admin ", "root", "classify,route"] {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
        for wrong in ["[]", "[\"root\"]", "\"admin\"", "[1]", "null"] {
            assert!(serde_json::from_str::<Scopes>(wrong).is_err(), "{wrong}");
        }
        let both = Scopes::of(&[Scope::Admin, Scope::Train]);
        assert_eq!(both.to_string(), "train or admin");
    }

    #[test]
    fn sets_meet_where_they_share_a_scope() {
        let some = Scopes::among(["openid", "route", "route", "Admin", "train"]);
        assert_eq!(some, Scopes::of(&[Scope::Train, Scope::Route]));
        for scope in Scope::ALL {
            let shared = some.iter().any(|one| one == scope);
            assert_eq!(some.meets(Scopes::of(&[scope])), shared);
        }
        assert!(Scopes::among(["openid"]).is_empty());
    }
}
