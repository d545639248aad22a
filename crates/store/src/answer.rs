//! What the writer answers.

use procedure::{MatterId, Refusal};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;

/// Longest idempotency key, in characters.
const KEY_CHARS_MAX: usize = 100;

/// A key that makes a request sent twice act once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Reads a key: 1 to 100 visible ASCII characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=KEY_CHARS_MAX).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| Self(text.to_owned()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An act that took effect and is durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The matter acted on, or opened.
    pub matter: MatterId,
    /// The root of its family.
    pub root: MatterId,
    /// Its number.
    pub number: String,
    /// Its state now.
    pub state: String,
    /// Its version now.
    pub events: u32,
    /// Matters opened by the act, the one asked for included.
    pub opened: Vec<MatterId>,
    /// Whether this is the answer of an earlier request with the same key.
    #[serde(default, skip_serializing)]
    pub repeated: bool,
}

/// Where the input of a refused act is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRef {
    /// The form.
    pub form: String,
    /// The matter; none when one was to be opened as a root.
    pub matter: Option<MatterId>,
}

/// A refused act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub refusal: Refusal,
    /// Where what was filled in is kept; none when nothing was.
    pub kept: Option<DraftRef>,
}

/// Why an act did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// The rules say no.
    #[error("refused: {}", .0.refusal)]
    Refused(Box<Refused>),
    /// There is no such matter, or it is out of the actor's scope: alike.
    #[error("there is no such matter")]
    NotFound,
    /// The key came with another request before.
    #[error("the key was used for another request")]
    KeyReused,
    /// Something broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}
