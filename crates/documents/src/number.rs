//! Official numbers (发文字号): 代字, year in 〔〕, number without leading zeros.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

/// How a unit's numbers of one kind are written, such as `陕检建〔{year}〕{number}号`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NumberPattern {
    before: String,
    after: String,
}

/// An official number as it stands on paper.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficialNumber(String);

/// What is wrong with a number or its pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANumber {
    /// The pattern is not `代字〔{year}〕{number}号`.
    #[error("a pattern is words, then 〔{{year}}〕, then {{number}}号: “{0}” is not")]
    Pattern(String),
    /// The number is not `代字〔2026〕12号`.
    #[error(
        "a number is words, a year in 〔〕 and a number without leading zeros before 号: “{0}” is not"
    )]
    Number(String),
}

const YEAR: &str = "〔{year}〕";
const NUMBER: &str = "{number}号";
/// The most characters before the year.
const WORDS_MAX: usize = 20;

impl NumberPattern {
    /// The number `number` of `year`.
    #[must_use]
    pub fn number(&self, year: i16, number: NonZeroU32) -> OfficialNumber {
        OfficialNumber(format!("{}〔{year}〕{}{number}号", self.before, self.after))
    }

    /// What stands on a draft, before a number is drawn.
    #[must_use]
    pub fn blank(&self, year: i16) -> String {
        format!("{}〔{year}〕{}　号", self.before, self.after)
    }
}

impl FromStr for NumberPattern {
    type Err = NotANumber;

    fn from_str(pattern: &str) -> Result<Self, NotANumber> {
        let wrong = || NotANumber::Pattern(pattern.to_owned());
        let (before, rest) = pattern.split_once(YEAR).ok_or_else(wrong)?;
        let after = rest.strip_suffix(NUMBER).ok_or_else(wrong)?;
        let plain = |words: &str| {
            words.chars().all(char::is_alphanumeric)
                && !words.chars().any(|character| character.is_ascii_digit())
        };
        let words = before.chars().count();
        // Between year and number only 第 or a letter stands, if anything.
        if (1..=WORDS_MAX).contains(&words)
            && plain(before)
            && plain(after)
            && after.chars().count() <= 2
        {
            Ok(Self { before: before.to_owned(), after: after.to_owned() })
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for NumberPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{YEAR}{}{NUMBER}", self.before, self.after)
    }
}

impl OfficialNumber {
    /// The number as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OfficialNumber {
    type Err = NotANumber;

    fn from_str(number: &str) -> Result<Self, NotANumber> {
        let wrong = || NotANumber::Number(number.to_owned());
        let (before, rest) = number.split_once('〔').ok_or_else(wrong)?;
        let (year, rest) = rest.split_once('〕').ok_or_else(wrong)?;
        let rest = rest.strip_suffix('号').ok_or_else(wrong)?;
        let digits = rest.trim_start_matches(|character: char| !character.is_ascii_digit());
        let between = rest.strip_suffix(digits).unwrap_or_default();
        let year_is_one = year.len() == 4
            && year.bytes().all(|byte| byte.is_ascii_digit())
            && (year.starts_with("19") || year.starts_with("20"));
        let counted = !digits.is_empty()
            && digits.len() <= 9
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        // The words of a number obey the rules of its pattern.
        let pattern: Result<NumberPattern, _> = format!("{before}{YEAR}{between}{NUMBER}").parse();
        if year_is_one && counted && pattern.is_ok() {
            Ok(Self(number.to_owned()))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for OfficialNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

macro_rules! as_text {
    ($($kind:ty),*) => {$(
        impl TryFrom<String> for $kind {
            type Error = NotANumber;

            fn try_from(text: String) -> Result<Self, NotANumber> {
                text.parse()
            }
        }

        impl From<$kind> for String {
            fn from(value: $kind) -> Self {
                value.to_string()
            }
        }
    )*};
}

as_text!(NumberPattern, OfficialNumber);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_hexagonal_brackets_and_no_leading_zero() {
        let pattern: NumberPattern = "陕检建〔{year}〕{number}号".parse().unwrap();
        let twelve = NonZeroU32::new(12).unwrap();
        assert_eq!(pattern.number(2026, twelve).as_str(), "陕检建〔2026〕12号");
        assert_eq!(pattern.blank(2026), "陕检建〔2026〕　号");
        assert_eq!(pattern.number(2026, twelve).as_str().parse(), Ok(pattern.number(2026, twelve)));
        for wrong in [
            "陕检建[2026]12号",
            "陕检建（2026）12号",
            "陕检建〔2026〕012号",
            "陕检建〔26〕1号",
            "〔2026〕1号",
            "陕检建〔2026〕号",
            "陕检建〔2026〕1",
        ] {
            assert_eq!(
                wrong.parse::<OfficialNumber>(),
                Err(NotANumber::Number(wrong.into())),
                "{wrong}"
            );
        }
        for wrong in ["陕检建[{year}]{number}号", "{year}{number}", "陕检〔{year}〕no. {number}号"]
        {
            assert!(wrong.parse::<NumberPattern>().is_err(), "{wrong}");
        }
    }
}
