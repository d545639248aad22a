//! By what a matter is found: pairs of characters of its words, and marks for what lists filter by.
//!
//! Both lie in `matter_term`, so that every list is read in the order of opening from one short index,
//! however many matters there are. A mark begins with a sign that no pair of characters contains.

use std::collections::BTreeSet;

use procedure::UnitId;

/// Longest text that is searched, in characters; the rest is not indexed.
const WORDS_CHARS_MAX: usize = 400;

/// Text as it is searched: lower case, half width, everything else than letters and digits a space.
#[must_use]
pub fn normalised(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    for letter in text.chars().take(WORDS_CHARS_MAX) {
        let half = match u32::from(letter) {
            wide @ 0xFF01..=0xFF5E => char::from_u32(wide - 0xFEE0).unwrap_or(letter),
            _ => letter,
        };
        if half.is_alphanumeric() {
            words.extend(half.to_lowercase());
        } else if !words.ends_with(' ') && !words.is_empty() {
            words.push(' ');
        }
    }
    words.truncate(words.trim_end().len());
    words
}

/// Every pair of neighbouring characters in normalised text.
#[must_use]
pub fn pairs(words: &str) -> BTreeSet<String> {
    let mut pairs = BTreeSet::new();
    for run in words.split(' ') {
        let letters: Vec<char> = run.chars().collect();
        for pair in letters.windows(2) {
            pairs.insert(pair.iter().collect());
        }
    }
    pairs
}

/// The mark of matters in a state.
#[must_use]
pub fn state(procedure: &str, state: &str) -> String {
    format!("={procedure}/{state}")
}

/// The mark of matters that are over, or not.
#[must_use]
pub fn ended(procedure: &str, ended: bool) -> String {
    format!("{}{procedure}", if ended { '~' } else { '!' })
}

/// The mark of matters of a category.
#[must_use]
pub fn category(procedure: &str, category: &str) -> String {
    format!("#{procedure}/{category}")
}

/// The mark of matters in a division: four digits for a city, six for a county.
#[must_use]
pub fn division(procedure: &str, code: &str) -> String {
    format!("@{procedure}/{code}")
}

/// The mark of matters in which a unit takes part.
#[must_use]
pub fn party(procedure: &str, unit: UnitId) -> String {
    format!("&{procedure}/{unit}")
}

/// The mark of matters whose pen a unit holds.
#[must_use]
pub fn holder(procedure: &str, unit: UnitId) -> String {
    format!("^{procedure}/{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_searched_whatever_their_width_and_case() {
        assert_eq!(normalised("问题〔2026〕12号 ＡＢＣ公司"), "问题 2026 12号 abc公司");
        assert_eq!(normalised("。，"), "");
    }

    #[test]
    fn a_pair_never_spans_two_words() {
        let pairs = pairs("汉台 污染");
        assert_eq!(pairs.into_iter().collect::<Vec<_>>(), ["汉台", "污染"]);
    }
}
