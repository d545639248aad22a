//! A print of a checkpoint short enough to be read out and written into minutes.

use std::fmt;
use std::str::FromStr;

use crate::error::NotAFingerprint;
use crate::hash::Hash;

/// How many groups of digits.
const GROUPS: usize = 10;

/// Ten groups of five decimal digits: 160 bits of an SM3 hash, each group 00000 to 65535. Equal
/// fingerprints mean one log, one size and one root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u16; GROUPS]);

impl Fingerprint {
    /// SM3("liandong/fingerprint/v1\n" ‖ origin, size and root lines), its first 20 bytes.
    pub(crate) fn of(head: &str) -> Self {
        let Hash(bytes) = Hash::of_parts(&[b"liandong/fingerprint/v1\n", head.as_bytes()]);
        let mut groups = [0; GROUPS];
        for (group, pair) in groups.iter_mut().zip(bytes.as_chunks::<2>().0) {
            *group = u16::from_be_bytes(*pair);
        }
        Self(groups)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, group) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{group:05}")?;
        }
        Ok(())
    }
}

/// Reads what somebody typed: spaces, line breaks and hyphens between digits do not count, and
/// full-width digits are digits.
impl FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digits: Vec<u32> = Vec::with_capacity(GROUPS * 5);
        for character in text.chars() {
            let digit = match character {
                '０'..='９' => Some(u32::from(character) - u32::from('０')),
                other => other.to_digit(10),
            };
            match digit {
                Some(digit) if digits.len() < GROUPS * 5 => digits.push(digit),
                None if character.is_whitespace() || "-－—".contains(character) => {}
                _ => return Err(NotAFingerprint),
            }
        }
        if digits.len() != GROUPS * 5 {
            return Err(NotAFingerprint);
        }
        let mut groups = [0; GROUPS];
        for (group, five) in groups.iter_mut().zip(digits.chunks_exact(5)) {
            let number = five.iter().fold(0, |number, digit| number * 10 + digit);
            *group = u16::try_from(number).map_err(|_| NotAFingerprint)?;
        }
        Ok(Self(groups))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_printed_is_recognised_however_it_was_typed() {
        let print = Fingerprint::of("log\n1\nroot\n");
        let shown = print.to_string();
        assert_eq!(shown.len(), 59);
        assert_eq!(shown.parse(), Ok(print));
        assert_eq!(shown.replace(' ', "\n - ").parse(), Ok(print));
        let wide: String = shown
            .chars()
            .map(|digit| digit.to_digit(10).map_or(digit, |n| char::from_u32(0xff10 + n).unwrap()))
            .collect();
        assert_eq!(wide.parse(), Ok(print));
        for bad in ["", "1", &format!("{shown} 1"), &"99999 ".repeat(10), &shown.replace(' ', "x")]
        {
            assert_eq!(bad.parse::<Fingerprint>(), Err(NotAFingerprint), "{bad}");
        }
    }
}
