//! Wrong rows of an imported table, as pages list them.

use store::import::RowError;

use crate::message::Language;

/// A value in a row that cannot be taken, and the mend.
#[derive(Debug)]
pub(crate) struct ErrorRow {
    pub(crate) line: u64,
    pub(crate) column: String,
    pub(crate) value: String,
    pub(crate) words: String,
}

impl ErrorRow {
    /// The first of them, at most `most`.
    pub(crate) fn first(errors: &[RowError], most: usize, language: Language) -> Vec<Self> {
        errors
            .iter()
            .take(most)
            .map(|error| Self {
                line: error.line,
                column: language.of(&error.label).to_owned(),
                value: error.value.clone(),
                words: language.of(&error.words).to_owned(),
            })
            .collect()
    }
}
