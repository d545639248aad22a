//! The answer "no": which rule says so, in words for the one who asked.

use calendar::Words;
use serde::Serialize;

use crate::value::FieldError;

/// Why the rules refuse an act. A full answer, not a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The kind of rule, for machines.
    pub why: Why,
    /// The rule in words, and what to do.
    pub words: Words,
    /// `instrument:article` it rests on; empty for rules of the platform itself.
    pub basis: Vec<String>,
    /// What is wrong with single fields; only with [`Why::Fields`].
    pub fields: Vec<FieldError>,
}

/// The kinds of rules that refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The procedure knows no such act.
    Unknown,
    /// The matter is over.
    Ended,
    /// The act is not possible in this state.
    State,
    /// The actor's unit is not the party that may do it.
    Party,
    /// The actor lacks the role.
    Role,
    /// Another party holds the pen.
    Turn,
    /// A draft waits for approval first.
    Awaiting,
    /// Nothing waits for approval.
    NothingDrafted,
    /// Whoever drafted may not approve.
    FourEyes,
    /// The matter has changed since it was looked at.
    Stale,
    /// A condition of the procedure does not hold.
    Condition,
    /// Fields are missing or wrong.
    Fields,
}

impl Refusal {
    /// A refusal in both languages, each made a full sentence.
    #[must_use]
    pub fn new(why: Why, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            why,
            words: Words { zh: ended(zh.into(), '。'), en: ended(begun(&en.into()), '.') },
            basis: Vec::new(),
            fields: Vec::new(),
        }
    }

    /// Why, in a few sentences, for whoever reads it later without the form beside it.
    #[must_use]
    pub fn in_full(&self) -> Words {
        if self.fields.is_empty() {
            return self.words.clone();
        }
        let joined = |all: Vec<&str>, between: &str| {
            let all: Vec<_> = all.iter().map(|one| one.trim_end_matches(['。', '.'])).collect();
            all.join(between)
        };
        let zh = joined(self.fields.iter().map(|one| one.words.zh.as_str()).collect(), "；");
        let en = joined(self.fields.iter().map(|one| one.words.en.as_str()).collect(), "; ");
        Words { zh: ended(zh, '。'), en: ended(begun(&en), '.') }
    }

    /// Fields are missing or wrong.
    #[must_use]
    pub fn of_fields(fields: Vec<FieldError>) -> Self {
        let many = fields.len();
        let mut refusal = Self::new(
            Why::Fields,
            format!("有 {many} 处需要修改，已填内容均已保留"),
            format!("{many} to correct; nothing you entered is lost"),
        );
        refusal.fields = fields;
        refusal
    }
}

/// A sentence with its stop, whether or not it had one.
fn ended(mut sentence: String, stop: char) -> String {
    if !sentence.is_empty() && !sentence.ends_with(['。', '！', '？', '.', '!', '?']) {
        sentence.push(stop);
    }
    sentence
}

/// A sentence that begins with a capital letter.
fn begun(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.words.en)?;
        self.fields.iter().try_for_each(|error| write!(f, "; {}: {}", error.field, error.words.en))
    }
}

impl std::error::Error for Refusal {}
