//! A document's three stages: [`Draft`] → [`Numbered`] → [`Sealed`].
//!
//! A draft is plain data that people edit. [`crate::Press::number`] makes it a numbered document when
//! nothing the law asks for is missing; [`crate::Press::print`] makes it bytes, which nothing can change.

use crate::layout::Layout;
use crate::number::{NumberPattern, OfficialNumber};
use crate::text::Text;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A document being written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The kind's id.
    pub kind: String,
    /// Who issues it, by full or fixed short name (发文机关署名).
    pub issuer: String,
    /// The words of the red head, when not the issuer's name (with 文件 in the form of a 文件).
    #[serde(default)]
    pub banner: Option<String>,
    /// The title; a line end is a break the author wants. Without one it is the kind's name.
    #[serde(default)]
    pub title: Option<String>,
    /// Whom it goes to (主送机关).
    #[serde(default)]
    pub to: Vec<String>,
    /// Who gets a copy (抄送机关).
    #[serde(default)]
    pub copies: Vec<String>,
    /// What it says, by item.
    #[serde(default)]
    pub items: BTreeMap<String, Text>,
    /// Names of what is enclosed (附件说明).
    #[serde(default)]
    pub annexes: Vec<String>,
    /// A note under the date (附注), such as whom to ask; without brackets.
    #[serde(default)]
    pub note: Option<String>,
    /// Who signs it off (签发人), on a document to a superior.
    #[serde(default)]
    pub signer: Option<String>,
    /// 份号, six digits.
    #[serde(default)]
    pub copy_no: Option<String>,
    /// 密级和保密期限, such as `机密★1年`.
    #[serde(default)]
    pub secrecy: Option<String>,
    /// 紧急程度, such as `特急`.
    #[serde(default)]
    pub urgency: Option<String>,
    /// Who prints and sends it (印发机关); the day is the day of issue.
    #[serde(default)]
    pub printed_by: Option<String>,
    /// How its number will be written, to show its place while there is none.
    #[serde(default)]
    pub pattern: Option<NumberPattern>,
}

impl Draft {
    /// A draft with nothing written yet.
    #[must_use]
    pub fn new(kind: &str, issuer: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            issuer: issuer.to_owned(),
            banner: None,
            title: None,
            to: Vec::new(),
            copies: Vec::new(),
            items: BTreeMap::new(),
            annexes: Vec::new(),
            note: None,
            signer: None,
            copy_no: None,
            secrecy: None,
            urgency: None,
            printed_by: None,
            pattern: None,
        }
    }
}

/// A document with its number and day: complete, and no longer edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    pub(crate) draft: Draft,
    pub(crate) number: Option<OfficialNumber>,
    pub(crate) issued_on: Date,
}

impl Numbered {
    /// What it says.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Its number; none for a kind that bears none.
    #[must_use]
    pub fn number(&self) -> Option<&OfficialNumber> {
        self.number.as_ref()
    }

    /// The day of issue (成文日期).
    #[must_use]
    pub fn issued_on(&self) -> Date {
        self.issued_on
    }
}

/// A document as it goes out: these bytes and no others.
#[derive(Debug, Clone)]
pub struct Sealed {
    pub(crate) pdf: Vec<u8>,
    pub(crate) sha256: String,
    pub(crate) layout: Layout,
}

impl Sealed {
    /// The PDF/A-2b.
    #[must_use]
    pub fn pdf(&self) -> &[u8] {
        &self.pdf
    }

    /// The same, given away.
    #[must_use]
    pub fn into_pdf(self) -> Vec<u8> {
        self.pdf
    }

    /// SHA-256 of the bytes, in lower-case hexadecimal: what a signature is made over.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// How many pages.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.layout.pages.len()
    }

    /// Where everything stands.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}
