//! The unified social credit code (统一社会信用代码) of GB 32100-2015.
//!
//! Eighteen characters: who registered it (1), of what kind it is (1), the division (6 digits), the
//! code of the organisation itself (8, and their check character by GB 11714), and a check character
//! over all. I, O, S, V and Z are never used, since they look like digits or like one another.

use calendar::Words;

/// Characters by their value in the check.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Characters of a code.
pub const USCC_CHARS: usize = 18;
/// Weights of the organisation's own characters (GB 11714).
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Why a text is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAUscc {
    /// It has another number of characters.
    Length(usize),
    /// A character that no code has, and its place from 1.
    Character(char, usize),
    /// A character of the division, by its place from 1, that is no digit.
    Division(char, usize),
    /// The check character of the organisation's own code, the seventeenth, should be another.
    Organisation {
        /// What stands there.
        given: char,
        /// What its eight characters give.
        wanted: char,
    },
    /// The last character should be another.
    Check {
        /// What stands there.
        given: char,
        /// What the seventeen before it give.
        wanted: char,
    },
}

/// Reads a code: small letters become capitals, spaces and hyphens between groups fall away.
///
/// Full-width characters are to be made narrow before, see [`crate::value::narrow`].
///
/// # Errors
/// [`NotAUscc`] names the first thing that is wrong.
///
/// # Source
/// GB 32100-2015 (4.2 the places, 4.3 and annex A the check), GB 11714-1997 (the organisation's own).
pub fn read(text: &str) -> Result<String, NotAUscc> {
    let chars: Vec<char> = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if chars.len() != USCC_CHARS {
        return Err(NotAUscc::Length(chars.len()));
    }
    let mut places = Vec::with_capacity(USCC_CHARS);
    for (at, c) in chars.iter().enumerate() {
        let value = ALPHABET.iter().position(|known| char::from(*known) == *c);
        let value = value.and_then(|value| u32::try_from(value).ok());
        places.push(value.ok_or(NotAUscc::Character(*c, at + 1))?);
    }
    let division = chars.iter().enumerate().skip(2).take(6);
    if let Some((at, c)) = division.into_iter().find(|(_, c)| !c.is_ascii_digit()) {
        return Err(NotAUscc::Division(*c, at + 1));
    }
    let last = |at: usize| chars.get(at).copied().unwrap_or_default();
    let wanted = organisation_check(&chars);
    if last(16) != wanted {
        return Err(NotAUscc::Organisation { given: last(16), wanted });
    }
    let wanted = check(&places);
    if last(17) != wanted {
        return Err(NotAUscc::Check { given: last(17), wanted });
    }
    Ok(chars.into_iter().collect())
}

/// The character the organisation's eight give: 0 to 9, or X for ten.
fn organisation_check(chars: &[char]) -> char {
    let own = chars.iter().skip(8).zip(ORGANISATION_WEIGHTS);
    let sum: u32 = own.map(|(c, weight)| c.to_digit(36).unwrap_or(0) * weight).sum();
    match (11 - sum % 11) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or_default(),
    }
}

/// The character the first seventeen give.
fn check(places: &[u32]) -> char {
    let weights = std::iter::successors(Some(1_u32), |weight| Some(weight * 3 % 31));
    let sum: u32 = places.iter().take(17).zip(weights).map(|(value, weight)| value * weight).sum();
    let at = usize::try_from((31 - sum % 31) % 31).unwrap_or(0);
    ALPHABET.get(at).map_or('0', |c| char::from(*c))
}

impl NotAUscc {
    /// What is wrong, for the one who wrote it.
    #[must_use]
    pub fn words(self) -> Words {
        let (zh, en) = match self {
            Self::Length(number) => (
                format!("统一社会信用代码应为 {USCC_CHARS} 位，现有 {number} 位"),
                format!(
                    "a unified social credit code has {USCC_CHARS} characters; there are {number}"
                ),
            ),
            Self::Character(c @ ('I' | 'O' | 'Z' | 'S' | 'V'), at) => (
                format!(
                    "第 {at} 位“{c}”有误：统一社会信用代码不使用字母 I、O、Z、S、V，请核对是否应为数字"
                ),
                format!(
                    "character {at}, “{c}”, is wrong: the code never uses the letters I, O, Z, S and V; \
                     it may be a digit"
                ),
            ),
            Self::Character(c, at) => (
                format!("第 {at} 位“{c}”有误：只能使用数字和大写字母"),
                format!("character {at}, “{c}”, is wrong: only digits and letters are used"),
            ),
            Self::Division(c, at) => (
                format!("第 {at} 位“{c}”有误：第 3 至 8 位是登记机关行政区划码，应为数字"),
                format!("character {at}, “{c}”, is wrong: 3 to 8 name the division, in digits"),
            ),
            Self::Organisation { given, wanted } => (
                format!(
                    "第 9 至 17 位（主体标识码）校验不符：第 17 位是“{given}”，按前 8 位推算应为“{wanted}”，请核对第 9 至 17 位"
                ),
                format!(
                    "characters 9 to 17 (the organisation's own code) do not agree: the 17th is \
                     “{given}”, the eight before it give “{wanted}”; look at 9 to 17 again"
                ),
            ),
            Self::Check { given, wanted } => (
                format!(
                    "校验不符：第 18 位（校验码）是“{given}”，按前 17 位推算应为“{wanted}”，请逐位核对"
                ),
                format!(
                    "the check fails: the 18th character is “{given}”, the 17 before it give \
                     “{wanted}”; look at each again"
                ),
            ),
        };
        Words { zh, en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two published codes.
    const KNOWN: [&str; 2] = ["91350100M000100Y43", "914403001922038216"];

    #[test]
    fn published_codes_are_read() {
        for code in KNOWN {
            assert_eq!(read(code).as_deref(), Ok(code));
        }
    }

    #[test]
    fn small_letters_and_groups_are_put_right() {
        assert_eq!(read("91350100 m000100y-43").as_deref(), Ok("91350100M000100Y43"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(read("91350100M000100Y4"), Err(NotAUscc::Length(17)));
        assert_eq!(read("91350100M0001O0Y43"), Err(NotAUscc::Character('O', 14)));
        assert_eq!(read("91350100M000100Y4号"), Err(NotAUscc::Character('号', 18)));
        assert_eq!(read("913501A0M000100Y43"), Err(NotAUscc::Division('A', 7)));
        let organisation = NotAUscc::Organisation { given: '5', wanted: '4' };
        assert_eq!(read("91350100M000100Y53"), Err(organisation));
        let check = NotAUscc::Check { given: '4', wanted: '3' };
        assert_eq!(read("91350100M000100Y44"), Err(check));
        assert!(check.words().zh.contains("第 18 位（校验码）是“4”"));
        assert!(organisation.words().en.contains("the eight before it give “4”"));
    }

    #[test]
    fn any_one_wrong_character_is_found() {
        for code in KNOWN {
            for at in 0..USCC_CHARS {
                for other in ALPHABET.iter().map(|c| char::from(*c)) {
                    let mut chars: Vec<char> = code.chars().collect();
                    if chars[at] == other {
                        continue;
                    }
                    chars[at] = other;
                    let wrong: String = chars.into_iter().collect();
                    assert!(read(&wrong).is_err(), "{wrong}");
                }
            }
        }
    }
}
