//! Names of things: an id of one kind never fits where another is wanted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

numbered! {
    /// A unit (单位): a department, a procuratorate, a court.
    UnitId,
    /// A user (用户): one person's account.
    UserId,
}

/// A matter (事项): a UUID version 7, so that ids sort by the time of opening.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MatterId(String);

impl MatterId {
    /// The text form: 36 characters, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MatterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text given is not the id of a matter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a matter: {0:?}")]
pub struct NotAMatterId(pub String);

impl FromStr for MatterId {
    type Err = NotAMatterId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
            });
        if shape { Ok(Self(text.to_owned())) } else { Err(NotAMatterId(text.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_form_names_a_matter() {
        assert!("0190b6a0-0000-7000-8000-00000000000a".parse::<MatterId>().is_ok());
        for wrong in ["", "0190b6a0", "0190B6A0-0000-7000-8000-00000000000a", "../../etc/passwd"] {
            assert!(wrong.parse::<MatterId>().is_err(), "{wrong}");
        }
    }
}
