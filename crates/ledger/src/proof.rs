//! Proofs about the tree: that a leaf stands in it, and that one tree begins with another.
//!
//! A proof alone says nothing about the *size* of the tree beyond its own shape: two sizes can give
//! proofs of one shape. Size and root are bound together by the checkpoint that signs both, so
//! always take them from one [`crate::SignedCheckpoint`].

use serde::{Deserialize, Serialize};

use crate::error::ProofError;
use crate::hash::Hash;

/// The most hashes a proof holds: one more than the levels of the largest tree.
pub const PROOF_HASHES_MAX: usize = 64;

/// The hashes beside the way from a leaf to the root, lowest first (RFC 6962, 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InclusionProof(Vec<Hash>);

/// The hashes by which an old root and a new one can both be computed (RFC 6962, 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConsistencyProof(Vec<Hash>);

/// A tree as somebody states it: so many leaves, this root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The number of leaves.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl InclusionProof {
    /// A proof from its hashes.
    #[must_use]
    pub fn from_hashes(hashes: Vec<Hash>) -> Self {
        Self(hashes)
    }

    /// Its hashes, lowest first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// Verifies that `leaf` is the leaf `index` of the tree `head`.
    ///
    /// # Errors
    /// [`ProofError`]: why it is not proved.
    pub fn verify(&self, leaf: Hash, index: u64, head: Head) -> Result<(), ProofError> {
        if index >= head.size {
            return Err(ProofError::NoSuchLeaf { index, size: head.size });
        }
        self.check_length()?;
        let (mut at, mut last) = (index, head.size - 1);
        let mut hash = leaf;
        for beside in &self.0 {
            if last == 0 {
                return Err(ProofError::TooManyHashes);
            }
            if at % 2 == 1 || at == last {
                hash = Hash::node(beside, &hash);
                while at % 2 == 0 && at != 0 {
                    at >>= 1;
                    last >>= 1;
                }
            } else {
                hash = Hash::node(&hash, beside);
            }
            at >>= 1;
            last >>= 1;
        }
        if last != 0 {
            return Err(ProofError::TooFewHashes);
        }
        if hash == head.root { Ok(()) } else { Err(ProofError::OtherRoot) }
    }

    fn check_length(&self) -> Result<(), ProofError> {
        if self.0.len() > PROOF_HASHES_MAX { Err(ProofError::TooManyHashes) } else { Ok(()) }
    }
}

impl ConsistencyProof {
    /// A proof from its hashes.
    #[must_use]
    pub fn from_hashes(hashes: Vec<Hash>) -> Self {
        Self(hashes)
    }

    /// Its hashes.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }

    /// Verifies that the tree `new` begins with the tree `old`. Every tree begins with the empty
    /// one.
    ///
    /// # Errors
    /// [`ProofError`]: why it is not proved.
    pub fn verify(&self, old: Head, new: Head) -> Result<(), ProofError> {
        if old.size > new.size {
            return Err(ProofError::Shrunk { old: old.size, new: new.size });
        }
        if self.0.len() > PROOF_HASHES_MAX {
            return Err(ProofError::TooManyHashes);
        }
        if old.size == 0 || old.size == new.size {
            let same = if old.size == 0 { old.root == Hash::empty() } else { old == new };
            return match (same, self.0.is_empty()) {
                (_, false) => Err(ProofError::TooManyHashes),
                (false, true) => Err(ProofError::OtherRoot),
                (true, true) => Ok(()),
            };
        }
        // A complete old tree is its own first hash, and the proof leaves it out.
        let (first, rest) = if old.size.is_power_of_two() {
            (old.root, self.0.as_slice())
        } else {
            let (first, rest) = self.0.split_first().ok_or(ProofError::TooFewHashes)?;
            (*first, rest)
        };
        let (mut at, mut last) = (old.size - 1, new.size - 1);
        while at % 2 == 1 {
            at >>= 1;
            last >>= 1;
        }
        let (mut old_root, mut new_root) = (first, first);
        for beside in rest {
            if last == 0 {
                return Err(ProofError::TooManyHashes);
            }
            if at % 2 == 1 || at == last {
                old_root = Hash::node(beside, &old_root);
                new_root = Hash::node(beside, &new_root);
                while at % 2 == 0 && at != 0 {
                    at >>= 1;
                    last >>= 1;
                }
            } else {
                new_root = Hash::node(&new_root, beside);
            }
            at >>= 1;
            last >>= 1;
        }
        if last != 0 {
            return Err(ProofError::TooFewHashes);
        }
        if old_root == old.root && new_root == new.root {
            Ok(())
        } else {
            Err(ProofError::OtherRoot)
        }
    }
}
