//! The log's key changes inside the log: an entry names the new key, signed by the old one and by
//! the new one. Whoever trusts the first key and reads the changes knows which key is in force.
//!
//! A key is **in force** by the size of the tree, not by a clock: after a change at index *i*, every
//! checkpoint of more than *i* entries is the new key's. So nobody who finds an old key can sign a
//! newer checkpoint with it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::entry::ENTRY_VERSION;
use crate::error::{EntryError, KeyError, RotationError};
use crate::hash::Hash;
use crate::key::{Purpose, Signature, Signer, Verifier};
use crate::label::{Instant, Name};
use crate::proof::{Head, InclusionProof};

/// The most keys a log may have had.
pub const KEYS_MAX: usize = 256;

/// A change of the log's key: the content of one entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// The log.
    pub origin: Name,
    /// When.
    pub at: Instant,
    /// The key until now.
    pub old: Verifier,
    /// The key from here on.
    pub new: Verifier,
    /// The old key's signature.
    pub old_signature: Signature,
    /// The new key's signature: it is in the hands of whoever names it.
    pub new_signature: Signature,
}

impl Rotation {
    /// Makes a change of keys, signed by both.
    ///
    /// # Errors
    /// [`RotationError`] when a key is none of a log or of another log.
    pub fn new(old: &Signer, new: &Signer, at: Instant) -> Result<Self, RotationError> {
        let origin = old.verifier().name().clone();
        let statement = statement(&origin, at, old.verifier(), new.verifier());
        let rotation = Self {
            old: old.verifier().clone(),
            new: new.verifier().clone(),
            old_signature: old.sign(statement.as_bytes()).map_err(RotationError::Signature)?,
            new_signature: new.sign(statement.as_bytes()).map_err(RotationError::Signature)?,
            origin,
            at,
        };
        if rotation.new.name() != &rotation.origin {
            return Err(RotationError::OtherLog);
        }
        rotation.verify().map_err(RotationError::Signature)?;
        Ok(rotation)
    }

    /// Verifies both signatures. Whether the old key was in force is for [`KeyChain`] to say.
    ///
    /// # Errors
    /// [`KeyError`] when one is wrong, or a key is none of a log.
    pub fn verify(&self) -> Result<(), KeyError> {
        if self.old.purpose() != Purpose::Log || self.new.purpose() != Purpose::Log {
            return Err(KeyError::OtherPurpose);
        }
        let statement = statement(&self.origin, self.at, &self.old, &self.new);
        self.old.verify(statement.as_bytes(), &self.old_signature)?;
        self.new.verify(statement.as_bytes(), &self.new_signature)
    }

    pub(crate) fn to_entry_text(&self) -> Result<String, EntryError> {
        let mut value = serde_json::to_value(self)?;
        if let Value::Object(members) = &mut value {
            members.insert("entry".to_owned(), ENTRY_VERSION.into());
            members.insert("kind".to_owned(), "rotation".into());
        }
        Ok(canonical::to_text(&value)?)
    }
}

/// A change of keys and the proof that it stands in a tree: what a log shows its witnesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvedRotation {
    /// The change.
    pub rotation: Rotation,
    /// Its index.
    pub index: u64,
    /// That it stands there.
    pub inclusion: InclusionProof,
}

impl ProvedRotation {
    /// Verifies that the change stands in the tree `head`.
    ///
    /// # Errors
    /// [`RotationError`] when it is not proved.
    pub fn verify(&self, head: Head) -> Result<(), RotationError> {
        let text = self.rotation.to_entry_text().map_err(|_| RotationError::NotARotation)?;
        let leaf = Hash::leaf(text.as_bytes());
        self.inclusion.verify(leaf, self.index, head).map_err(RotationError::Proof)
    }
}

/// What both keys sign.
fn statement(origin: &Name, at: Instant, old: &Verifier, new: &Verifier) -> String {
    let micros = at.micros();
    format!("liandong/key-rotation/v1\nlog {origin}\ntime {micros}\nold {old}\nnew {new}\n")
}

/// The keys of a log, one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChain {
    origin: Name,
    /// Never empty; the first is in force from size 0, and the sizes ascend.
    keys: Vec<InForce>,
}

/// A key and the smallest size of a tree it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    /// The smallest size.
    pub from: u64,
    /// The key.
    pub key: Verifier,
}

impl KeyChain {
    /// The log whose first key is this one.
    ///
    /// # Errors
    /// [`KeyError::OtherPurpose`] when it is none of a log.
    pub fn new(first: Verifier) -> Result<Self, KeyError> {
        if first.purpose() != Purpose::Log {
            return Err(KeyError::OtherPurpose);
        }
        let origin = first.name().clone();
        Ok(Self { origin, keys: vec![InForce { from: 0, key: first }] })
    }

    /// From keys written down before; none when they are no chain.
    pub(crate) fn from_keys(keys: Vec<InForce>) -> Option<Self> {
        let first = keys.first()?;
        let origin = first.key.name().clone();
        let ascends = first.from == 0 && keys.is_sorted_by(|a, b| a.from < b.from);
        let one_log =
            keys.iter().all(|key| *key.key.name() == origin && key.key.purpose() == Purpose::Log);
        (ascends && one_log && keys.len() <= KEYS_MAX).then_some(Self { origin, keys })
    }

    /// The log.
    #[must_use]
    pub fn origin(&self) -> &Name {
        &self.origin
    }

    /// Every key with the size it is in force from, the first key first.
    #[must_use]
    pub fn keys(&self) -> &[InForce] {
        &self.keys
    }

    /// The key that signs a tree of this size.
    #[must_use]
    pub fn in_force(&self, size: u64) -> Option<&Verifier> {
        self.keys.iter().rev().find(|key| key.from <= size).map(|key| &key.key)
    }

    /// The chain with changes of keys that are proved to stand in the tree `head`, in the order of the
    /// log. A change that is known already must be the one that is known.
    ///
    /// # Errors
    /// [`RotationError`] when one does not follow from the key before it, or is not proved.
    pub(crate) fn followed(
        &self,
        proved: &[ProvedRotation],
        head: Head,
    ) -> Result<Self, RotationError> {
        let mut chain = self.clone();
        for proved in proved {
            let is_known = chain.keys.iter().any(|known| {
                known.from.checked_sub(1) == Some(proved.index) && known.key == proved.rotation.new
            });
            if !is_known {
                chain.extend(&proved.rotation, proved.index)?;
            }
            proved.verify(head)?;
        }
        Ok(chain)
    }

    /// Adds the change of keys that stands at `index` in the log. That it stands there is for the
    /// caller to prove ([`crate::Keys::follow`] does).
    pub(crate) fn extend(&mut self, rotation: &Rotation, index: u64) -> Result<(), RotationError> {
        if rotation.origin != self.origin || *rotation.new.name() != self.origin {
            return Err(RotationError::OtherLog);
        }
        let last = self.keys.last().ok_or(RotationError::OtherKey)?;
        if last.key != rotation.old {
            return Err(RotationError::OtherKey);
        }
        if last.from > index {
            return Err(RotationError::OutOfOrder);
        }
        if self.keys.len() >= KEYS_MAX {
            return Err(RotationError::TooMany);
        }
        rotation.verify().map_err(RotationError::Signature)?;
        let from = index.checked_add(1).ok_or(RotationError::OutOfOrder)?;
        self.keys.push(InForce { from, key: rotation.new.clone() });
        Ok(())
    }
}
