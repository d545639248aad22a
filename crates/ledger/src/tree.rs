//! The append-only Merkle tree in the shape of RFC 6962, with SM3.
//!
//! [`Frontier`] is all that appending needs: how many leaves there are, and the hashes on the right
//! edge. What proofs need besides is kept by the caller, and only at every eighth level (see
//! [`crate::tile`]): [`Frontier::append_keeping`] says which hashes those are.

use crate::error::TreeError;
use crate::hash::Hash;

/// The most leaves a tree holds: what a JSON number can count (2⁵³ − 1).
pub const SIZE_MAX: u64 = (1 << 53) - 1;

/// Every level that is a multiple of this one is stored.
pub const STORED_EVERY: u8 = 8;

/// A place in the tree: the root of the complete subtree over the 2^`level` leaves from
/// `index` · 2^`level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Height above the leaves, which are at 0.
    pub level: u8,
    /// Counted from the left, from 0.
    pub index: u64,
}

/// A hash that is to be stored: a leaf's, or that of a complete subtree at a stored level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Where it stands.
    pub place: Place,
    /// What stands there; it never changes.
    pub hash: Hash,
}

/// The right edge of a tree: enough to append to it and to know its root, in O(log n) each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees the leaves fall into, largest first: one for each bit set
    /// in `size`.
    edge: Vec<Hash>,
}

impl Frontier {
    /// A tree without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut from_the_right = self.edge.iter().rev();
        let Some(last) = from_the_right.next() else { return Hash::empty() };
        from_the_right.fold(*last, |right, left| Hash::node(left, &right))
    }

    /// Appends a leaf and says which index it has, from 0.
    ///
    /// # Errors
    /// [`TreeError::Full`] at [`SIZE_MAX`].
    pub fn append(&mut self, leaf: Hash) -> Result<u64, TreeError> {
        self.append_each(leaf, |_| {})
    }

    /// Appends a leaf and adds what is to be stored to `keep`: the leaf itself, and each complete
    /// subtree at a stored level that it completes.
    ///
    /// # Errors
    /// [`TreeError::Full`] at [`SIZE_MAX`].
    pub fn append_keeping(&mut self, leaf: Hash, keep: &mut Vec<Kept>) -> Result<u64, TreeError> {
        self.append_each(leaf, |kept| keep.push(kept))
    }

    fn append_each(&mut self, leaf: Hash, mut keep: impl FnMut(Kept)) -> Result<u64, TreeError> {
        if self.size >= SIZE_MAX {
            return Err(TreeError::Full);
        }
        let mut place = Place { level: 0, index: self.size };
        let mut hash = leaf;
        keep(Kept { place, hash });
        // While the subtree is a right child, its left sibling is the last of the edge.
        while place.index % 2 == 1
            && let Some(left) = self.edge.pop()
        {
            hash = Hash::node(&left, &hash);
            place = Place { level: place.level + 1, index: place.index / 2 };
            if place.level.is_multiple_of(STORED_EVERY) {
                keep(Kept { place, hash });
            }
        }
        self.edge.push(hash);
        self.size += 1;
        Ok(self.size - 1)
    }

    /// The bytes to store: the size as eight bytes, big end first, then the edge, largest subtree
    /// first.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for hash in &self.edge {
            bytes.extend_from_slice(&hash.0);
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`TreeError::NotAFrontier`] when the bytes are no such thing.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TreeError> {
        let (size, hashes) = bytes.split_first_chunk::<8>().ok_or(TreeError::NotAFrontier)?;
        let (chunks, rest) = hashes.as_chunks::<32>();
        Self::from_edge(u64::from_be_bytes(*size), chunks.iter().map(|hash| Hash(*hash)).collect())
            .filter(|_| rest.is_empty())
            .ok_or(TreeError::NotAFrontier)
    }

    /// A frontier from its parts, when there is one hash for each bit set in `size`.
    pub(crate) fn from_edge(size: u64, edge: Vec<Hash>) -> Option<Self> {
        let expected = usize::try_from(size.count_ones()).ok()?;
        (size <= SIZE_MAX && edge.len() == expected).then_some(Self { size, edge })
    }
}

/// Builds a tree anew from the bytes of its entries, in order.
///
/// # Errors
/// [`TreeError::Full`] past [`SIZE_MAX`].
pub fn rebuild<E: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<Frontier, TreeError> {
    let mut frontier = Frontier::new();
    for entry in entries {
        frontier.append(Hash::leaf(entry.as_ref()))?;
    }
    Ok(frontier)
}
