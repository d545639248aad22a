//! Canonical JSON: one text for one value, so that a hash of the text is a hash of the value.
//!
//! This is RFC 8785 (JSON Canonicalization Scheme) with one thing taken away: numbers are whole
//! and within ±(2⁵³ − 1), so that no implementer has to print floating-point numbers alike.
//! Members are sorted by the UTF-16 code units of their names, there is no white space, and a
//! string escapes only what JSON demands.

use serde_json::Value;

use crate::error::CanonicalError;

/// The largest whole number, and, negated, the smallest: 2⁵³ − 1, what every JSON reader keeps.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// How deep lists and objects may lie in one another.
pub const DEPTH_MAX: usize = 64;

/// The canonical text of a value.
///
/// ```
/// let value = serde_json::json!({ "b": [1, true], "a": "汉中\n" });
/// assert_eq!(ledger::canonical::to_text(&value)?, r#"{"a":"汉中\n","b":[1,true]}"#);
/// # Ok::<(), ledger::CanonicalError>(())
/// ```
///
/// # Errors
/// [`CanonicalError`] for a number that is not whole or too large, and for nesting deeper than
/// [`DEPTH_MAX`].
pub fn to_text(value: &Value) -> Result<String, CanonicalError> {
    let mut out = String::new();
    push(value, &mut out)?;
    Ok(out)
}

/// Appends the canonical text of a value.
pub(crate) fn push(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    push_at(value, out, 0)
}

fn push_at(value: &Value, out: &mut String, depth: usize) -> Result<(), CanonicalError> {
    if depth > DEPTH_MAX {
        return Err(CanonicalError::TooDeep);
    }
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            let whole =
                number.as_i64().ok_or_else(|| CanonicalError::NotWhole(number.to_string()))?;
            if !(-INTEGER_MAX..=INTEGER_MAX).contains(&whole) {
                return Err(CanonicalError::TooLarge(whole));
            }
            push_integer(whole, out);
        }
        Value::String(text) => push_string(text, out),
        Value::Array(values) => {
            out.push('[');
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                push_at(value, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (place, (name, value)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                push_string(name, out);
                out.push(':');
                push_at(value, out, depth + 1)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Appends a whole number in decimal.
pub(crate) fn push_integer(whole: i64, out: &mut String) {
    out.push_str(&whole.to_string());
}

/// Appends a string with its quotes and the escapes of RFC 8785.
pub(crate) fn push_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{08}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{0c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                out.push_str("\\u00");
                let mut byte = [0; 1];
                character.encode_utf8(&mut byte);
                crate::hex::push(&byte, out);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Reads a text that must be canonical to the byte: the same value spelled in any other way, with
/// white space, a member twice, or an unneeded escape, is refused.
///
/// # Errors
/// [`CanonicalError`], naming the first byte that differs when the text is JSON but not canonical.
pub fn parse(bytes: &[u8], bytes_max: usize) -> Result<Value, CanonicalError> {
    if bytes.len() > bytes_max {
        return Err(CanonicalError::TooLong { bytes: bytes.len(), bytes_max });
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| CanonicalError::NotUtf8 { byte: error.valid_up_to() })?;
    let value: Value = serde_json::from_str(text).map_err(CanonicalError::NotJson)?;
    let canonical = to_text(&value)?;
    match first_difference(canonical.as_bytes(), bytes) {
        None => Ok(value),
        Some(byte) => Err(CanonicalError::NotCanonical { byte }),
    }
}

/// The place of the first byte in which two texts differ; none when they are one.
pub(crate) fn first_difference(one: &[u8], other: &[u8]) -> Option<usize> {
    if one == other {
        return None;
    }
    let place = one.iter().zip(other).position(|(a, b)| a != b);
    Some(place.unwrap_or_else(|| one.len().min(other.len())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_sorted_by_utf16_as_in_rfc_8785() {
        // The example of section 3.2.3, by code units: "\r" "1" "\u{80}" "ö" "€" "😀" "דּ".
        let value = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis"
        });
        assert_eq!(
            to_text(&value).unwrap(),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\",\
             \"\u{f6}\":\"Latin Small Letter O With Diaeresis\",\"\u{20ac}\":\"Euro Sign\",\
             \"\u{1f600}\":\"Emoji: Grinning Face\",\
             \"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}"
        );
    }

    #[test]
    fn only_what_must_be_escaped_is() {
        let value = json!("\u{20ac}$\u{0f}\nA'B\"\\\\\"/\u{7f}\u{8}\u{c}\t");
        assert_eq!(
            to_text(&value).unwrap(),
            "\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\\b\\f\\t\""
        );
    }

    #[test]
    fn numbers_are_whole_and_fit_every_reader() {
        assert_eq!(to_text(&json!([0, -1, INTEGER_MAX])).unwrap(), "[0,-1,9007199254740991]");
        assert!(matches!(to_text(&json!(1.0)), Err(CanonicalError::NotWhole(_))));
        assert!(matches!(to_text(&json!(u64::MAX)), Err(CanonicalError::NotWhole(_))));
        assert!(matches!(to_text(&json!(INTEGER_MAX + 1)), Err(CanonicalError::TooLarge(_))));
        assert!(matches!(to_text(&json!(i64::MIN)), Err(CanonicalError::TooLarge(_))));
    }

    #[test]
    fn another_spelling_is_named_by_its_first_byte() {
        assert!(parse(br#"{"a":1,"b":2}"#, 100).is_ok());
        for (text, byte) in [
            (&br#"{"b":2,"a":1}"#[..], 2),
            (br#"{"a": 1}"#, 5),
            (
                br#"{"a":1}
"#,
                7,
            ),
            (br#"{"a":1,"a":1}"#, 6),
            (br#"{"a":"\u0041"}"#, 6),
        ] {
            let found = parse(text, 100);
            assert!(
                matches!(found, Err(CanonicalError::NotCanonical { byte: at }) if at == byte),
                "{} gave {found:?}",
                String::from_utf8_lossy(text)
            );
        }
        assert!(matches!(parse(b"-0", 100), Err(CanonicalError::NotWhole(_))));
        assert!(matches!(
            parse(b"[1]", 2),
            Err(CanonicalError::TooLong { bytes: 3, bytes_max: 2 })
        ));
        assert!(matches!(parse(b"\"\xff\"", 9), Err(CanonicalError::NotUtf8 { byte: 1 })));
    }

    #[test]
    fn deep_nesting_is_refused_before_the_stack_ends() {
        let deep = "[".repeat(DEPTH_MAX + 2) + &"]".repeat(DEPTH_MAX + 2);
        assert!(matches!(parse(deep.as_bytes(), 1000), Err(CanonicalError::TooDeep)));
        let deeper = "[".repeat(10_000) + &"]".repeat(10_000);
        assert!(matches!(parse(deeper.as_bytes(), 100_000), Err(CanonicalError::NotJson(_))));
    }
}
