//! Days and instants, and the one place where one becomes the other.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Legal time in China: UTC+8 all year. Summer time ended in 1991, before any rule kept here, so a
/// fixed offset is exact and no zone database is needed.
pub const SHANGHAI: Offset = Offset::constant(8);

/// The civil date in Asia/Shanghai at an instant.
#[must_use]
pub fn local_date(at: Timestamp) -> Date {
    SHANGHAI.to_datetime(at).date()
}

/// 00:00 in Asia/Shanghai at the beginning of a day.
///
/// Saturates at the ends of the representable range (the years -9999 and 9999).
#[must_use]
pub fn start_of_day(day: Date) -> Timestamp {
    SHANGHAI.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(if day.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// What sets a period running. Days suffice for periods of days and months; a period of hours
/// needs the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A civil date in Asia/Shanghai: the day of receipt, of decision, of publication …
    Day(Date),
    /// The exact instant.
    Instant(Timestamp),
}

impl Trigger {
    /// The civil date in Asia/Shanghai, whichever way the trigger was given.
    #[must_use]
    pub fn date(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Instant(at) => local_date(at),
        }
    }
}

/// The end of a period: a whole day, or an instant for periods of hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The last day in time; it ends at 24:00 Asia/Shanghai.
    On(Date),
    /// The last instant in time.
    At(Timestamp),
}

impl Due {
    /// The civil date in Asia/Shanghai on which the period ends.
    #[must_use]
    pub fn date(self) -> Date {
        match self {
            Self::On(day) => day,
            Self::At(at) => local_date(at),
        }
    }

    /// The instant from which an act is late: 24:00 Asia/Shanghai of the last day, or the instant
    /// itself.
    #[must_use]
    pub fn ends_at(self) -> Timestamp {
        match self {
            Self::On(day) => day.tomorrow().map_or(Timestamp::MAX, start_of_day),
            Self::At(at) => at,
        }
    }

    /// Whether it has passed. "Due today" is not overdue.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        match self {
            Self::On(_) => now >= self.ends_at(),
            Self::At(at) => now > at,
        }
    }

    /// The same end so many days later; for dates people agreed on, which no rule rolls.
    #[must_use]
    pub fn later_by(self, days: i64) -> Self {
        let span = jiff::Span::new().try_days(days).unwrap_or_default();
        match self {
            Self::On(day) => Self::On(day.saturating_add(span)),
            Self::At(at) => Self::At(
                SHANGHAI.to_timestamp(SHANGHAI.to_datetime(at).saturating_add(span)).unwrap_or(at),
            ),
        }
    }
}

/// `2026-10-01`, or `2026-10-01T16:30:00+08:00`.
impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(day) => write!(f, "{day}"),
            Self::At(at) => f.write_str(&instant_text(*at)),
        }
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Instant(at) => f.write_str(&instant_text(*at)),
        }
    }
}

fn instant_text(at: Timestamp) -> String {
    DateTimePrinter::new().timestamp_with_offset_to_string(&at, SHANGHAI)
}

/// A day (ten characters) or an instant with its offset: anything else is refused, because a
/// time without an offset would have to be guessed at.
enum Parsed {
    Day(Date),
    Instant(Timestamp),
}

fn parse_moment(text: &str) -> Result<Parsed, jiff::Error> {
    if text.len() == 10 { text.parse().map(Parsed::Day) } else { text.parse().map(Parsed::Instant) }
}

impl FromStr for Due {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match parse_moment(text)? {
            Parsed::Day(day) => Self::On(day),
            Parsed::Instant(at) => Self::At(at),
        })
    }
}

impl FromStr for Trigger {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match parse_moment(text)? {
            Parsed::Day(day) => Self::Day(day),
            Parsed::Instant(at) => Self::Instant(at),
        })
    }
}

impl Serialize for Due {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
