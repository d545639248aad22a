//! Words people read, always in both languages.

use serde::{Deserialize, Serialize};

/// One text in Chinese and in English; both are written by people, neither is a translation
/// made by the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese (simplified, official style).
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Puts the two texts together.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// Whether neither language says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.zh.is_empty() && self.en.is_empty()
    }

    /// Whether one language is there and the other is missing: always a mistake in a rule file.
    #[must_use]
    pub fn is_half(&self) -> bool {
        self.zh.trim().is_empty() != self.en.trim().is_empty()
    }
}
