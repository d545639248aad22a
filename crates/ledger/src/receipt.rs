//! Receipts (回执): the proof, offline and with public keys only, that an entry stands in the log.
//!
//! A receipt is one line of canonical JSON: the entry, the openings of the members the holder may
//! see, the index, the inclusion proof, and the signed checkpoint. [`Receipt::verify`] answers with a
//! [`Verdict`] that says what is proved and what is not.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::checkpoint::SignedCheckpoint;
use crate::content::Openings;
use crate::entry::Entry;
use crate::error::{CanonicalError, ReceiptError};
use crate::proof::InclusionProof;
use crate::rotation::ProvedRotation;
use crate::trust::Keys;
use crate::verdict::Verdict;

/// The version of receipts; the member `receipt` of every one.
pub const RECEIPT_VERSION: &str = "liandong-receipt/1";

/// The most bytes of a receipt.
pub const RECEIPT_BYTES_MAX: usize = 1 << 23;

/// An entry with all that proves it.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// What the leaf says.
    pub entry: Entry,
    /// The members of its content that are shown.
    pub openings: Openings,
    /// The leaf's index, from 0.
    pub index: u64,
    /// That it stands there in the checkpoint's tree.
    pub inclusion: InclusionProof,
    /// Size and root, signed.
    pub checkpoint: SignedCheckpoint,
    /// Every change of the log's key up to there, in the order of the log: whoever has an earlier key
    /// follows them to the one that signed. None while the log has its first key.
    pub rotations: Vec<ProvedRotation>,
}

/// The JSON of a receipt.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    receipt: String,
    entry: Value,
    openings: Openings,
    index: u64,
    inclusion: InclusionProof,
    checkpoint: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rotations: Vec<ProvedRotation>,
}

impl Receipt {
    /// The receipt's text: canonical JSON without a line feed at the end.
    ///
    /// # Errors
    /// [`ReceiptError`] when the entry or a value has no canonical text.
    pub fn to_text(&self) -> Result<String, ReceiptError> {
        let file = File {
            receipt: RECEIPT_VERSION.to_owned(),
            entry: serde_json::from_str(&self.entry.to_text()?)?,
            openings: self.openings.clone(),
            index: self.index,
            inclusion: self.inclusion.clone(),
            checkpoint: self.checkpoint.to_string(),
            rotations: self.rotations.clone(),
        };
        Ok(canonical::to_text(&serde_json::to_value(file)?)?)
    }

    /// Reads a receipt. One line feed at the end is let pass; any other change of the text, white
    /// space included, is named by its byte.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let value = canonical::parse(bytes, RECEIPT_BYTES_MAX)?;
        if value.get("receipt").and_then(Value::as_str) != Some(RECEIPT_VERSION) {
            return Err(ReceiptError::OtherVersion);
        }
        let file: File = serde_json::from_value(value)?;
        let receipt = Self {
            entry: Entry::from_value(file.entry)?,
            openings: file.openings,
            index: file.index,
            inclusion: file.inclusion,
            checkpoint: SignedCheckpoint::parse(file.checkpoint.as_bytes())?,
            rotations: file.rotations,
        };
        // What the types would spell otherwise (files out of order, say) is no receipt of ours.
        match canonical::first_difference(receipt.to_text()?.as_bytes(), bytes) {
            None => Ok(receipt),
            Some(byte) => Err(CanonicalError::NotCanonical { byte }.into()),
        }
    }

    /// Verifies everything that can be verified offline and says what it proves. Whether a witness
    /// of the other side must have signed is for the caller: see
    /// [`crate::Standing::require_other_side`] on the verdict's standing.
    ///
    /// # Errors
    /// [`ReceiptError`]: why it proves nothing.
    pub fn verify(&self, keys: &Keys) -> Result<Verdict, ReceiptError> {
        let leaf = self.entry.leaf()?;
        if let Some(content) = self.entry.content() {
            content.check(&self.openings)?;
        } else if let Some(name) = self.openings.keys().next() {
            return Err(crate::ContentError::Unknown(name.clone()).into());
        }
        if let Entry::Rotation(rotation) = &self.entry {
            rotation.verify().map_err(ReceiptError::Rotation)?;
        }
        let followed = keys.followed(&self.rotations, self.checkpoint.checkpoint().head);
        let followed = followed.map_err(ReceiptError::Keys)?;
        let standing = followed.judge(&self.checkpoint)?;
        self.inclusion.verify(leaf, self.index, standing.head)?;
        Ok(Verdict::of(self, standing, followed.newer_than(keys)))
    }
}
