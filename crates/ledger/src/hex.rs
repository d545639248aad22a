//! Lower-case hexadecimal, the one spelling of bytes in the JSON of this crate.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends the digits of `bytes` to `out`.
pub(crate) fn push(bytes: &[u8], out: &mut String) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            out.push(DIGITS.get(usize::from(nibble)).map_or('0', |digit| char::from(*digit)));
        }
    }
}

/// The digits of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    push(bytes, &mut out);
    out
}

/// Exactly `N` bytes from exactly `2 * N` lower-case digits.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(out)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_and_other_spellings_are_refused() {
        let bytes: [u8; 4] = [0x00, 0x1f, 0xa0, 0xff];
        assert_eq!(encode(&bytes), "001fa0ff");
        assert_eq!(decode("001fa0ff"), Some(bytes));
        for other in ["001FA0FF", "001fa0f", "001fa0ff0", "001fa0fg", " 01fa0ff"] {
            assert_eq!(decode::<4>(other), None, "{other}");
        }
    }
}
