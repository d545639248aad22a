//! Small types that cannot be wrong: names, labels, sides, instants.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::canonical::INTEGER_MAX;
use crate::error::{NotALabel, NotAName, NotAnInstant};

/// The most bytes of a [`Label`] or a [`Name`].
pub const LABEL_BYTES_MAX: usize = 128;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident, $error:ident, $is:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is: fn(char) -> bool = $is;
                let fits = !text.is_empty() && text.len() <= LABEL_BYTES_MAX;
                if fits && text.chars().all(is) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

texts! {
    /// A short text that names something in the caller's words: a matter, a procedure, an action,
    /// a member of the content. One to [`LABEL_BYTES_MAX`] bytes of UTF-8, no control characters.
    Label, NotALabel, |character| !character.is_control();

    /// The name of a key and of the log it signs for, e.g. `liandong.hanzhong.example/2026`: one
    /// to [`LABEL_BYTES_MAX`] bytes of UTF-8 without white space, control characters and `+`.
    Name, NotAName, |character| {
        !character.is_control() && !character.is_whitespace() && character != '+'
    };
}

/// The side a key belongs to, e.g. `government` or `procuratorate`: no white space, no `+`.
pub type Side = Name;

/// An instant in whole microseconds since 1970-01-01T00:00:00Z, from 0 to 2⁵³ − 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since 1970 in UTC.
    ///
    /// # Errors
    /// [`NotAnInstant`] before 1970 or past 2⁵³ − 1 (in the year 2255).
    pub fn from_micros(micros: i64) -> Result<Self, NotAnInstant> {
        if (0..=INTEGER_MAX).contains(&micros) { Ok(Self(micros)) } else { Err(NotAnInstant) }
    }

    /// From whole seconds since 1970 in UTC.
    ///
    /// # Errors
    /// As [`Self::from_micros`].
    pub fn from_seconds(seconds: u64) -> Result<Self, NotAnInstant> {
        i64::try_from(seconds)
            .ok()
            .and_then(|seconds| seconds.checked_mul(1_000_000))
            .ok_or(NotAnInstant)
            .and_then(Self::from_micros)
    }

    /// Microseconds since 1970 in UTC.
    #[must_use]
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 in UTC.
    #[must_use]
    pub fn seconds(self) -> u64 {
        u64::try_from(self.0 / 1_000_000).unwrap_or(0)
    }

    /// As people in China write it, in Beijing time.
    #[must_use]
    pub fn zh(self) -> String {
        self.format("%Y年%-m月%-d日 %H:%M:%S（北京时间）")
    }

    /// In Beijing time, in English.
    #[must_use]
    pub fn en(self) -> String {
        self.format("%Y-%m-%d %H:%M:%S (Beijing time)")
    }

    fn format(self, how: &str) -> String {
        // China has kept one offset since 1992, and the log is younger.
        let beijing = Offset::constant(8);
        Timestamp::from_microsecond(self.0).map_or_else(
            |_| self.0.to_string(),
            |at| beijing.to_datetime(at).strftime(how).to_string(),
        )
    }
}

impl TryFrom<Timestamp> for Instant {
    type Error = NotAnInstant;

    /// Drops what is smaller than a microsecond.
    fn try_from(at: Timestamp) -> Result<Self, Self::Error> {
        Self::from_micros(at.as_microsecond())
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_micros(i64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_beijing_time() {
        let at = Instant::from_micros(1_767_225_600_000_000).unwrap();
        assert_eq!(at.zh(), "2026年1月1日 08:00:00（北京时间）");
        assert_eq!(at.en(), "2026-01-01 08:00:00 (Beijing time)");
        assert_eq!(Instant::from_seconds(at.seconds()), Ok(at));
        assert_eq!(Instant::from_micros(-1), Err(NotAnInstant));
        assert_eq!(Instant::from_seconds(u64::MAX), Err(NotAnInstant));
        assert!(!Instant::from_micros(INTEGER_MAX).unwrap().zh().is_empty());
    }

    #[test]
    fn names_have_no_room_for_tricks() {
        assert!("联动.汉中/2026".parse::<Name>().is_ok());
        for bad in ["", "a b", "a+b", "a\nb", "a\u{3000}b", "a\u{0}", &"x".repeat(129)] {
            assert_eq!(bad.parse::<Name>(), Err(NotAName), "{bad:?}");
        }
        assert!("检察建议 2021".parse::<Label>().is_ok());
        assert_eq!("a\tb".parse::<Label>(), Err(NotALabel));
    }
}
