//! SM3 hashes, each with a byte before it that says what was hashed, so that a leaf can never be
//! taken for a node, nor a commitment for either.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sm3::{Digest, Sm3};

use crate::error::NotAHash;
use crate::hex;

/// An SM3 hash (GB/T 32905): 32 bytes, shown as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

/// Before the bytes of an entry.
pub(crate) const LEAF: u8 = 0x00;
/// Before two hashes.
pub(crate) const NODE: u8 = 0x01;
/// Before the parts of a commitment to a member of an entry's content.
pub(crate) const MEMBER: u8 = 0x02;
/// Before the parts of a member's salt.
pub(crate) const SALT: u8 = 0x03;

impl Hash {
    /// The plain SM3 of some bytes: of a file, never of a tree's part.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sm3::digest(bytes).into())
    }

    /// The hash of an entry: SM3(0x00 ‖ bytes).
    #[must_use]
    pub fn leaf(entry: &[u8]) -> Self {
        Self::of_parts(&[&[LEAF], entry])
    }

    /// The hash above two others: SM3(0x01 ‖ left ‖ right).
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        // One slice of 65 bytes: the hasher copies it into its own buffer once.
        let mut bytes = [NODE; 65];
        let (_, hashes) = bytes.split_at_mut(1);
        let (one, other) = hashes.split_at_mut(32);
        one.copy_from_slice(&left.0);
        other.copy_from_slice(&right.0);
        Self::of(&bytes)
    }

    /// The root of a tree without entries: SM3 of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self::of(&[])
    }

    /// SM3 over some parts, one after another.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = Sm3::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self).ok_or(NotAHash)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_standard_come_out() {
        // GB/T 32905-2016, appendix A.
        assert_eq!(
            Hash::of(b"abc").to_string(),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
        assert_eq!(
            Hash::of(&b"abcd".repeat(16)).to_string(),
            "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
        );
    }

    #[test]
    fn a_leaf_is_never_a_node() {
        let (left, right) = (Hash::of(b"l"), Hash::of(b"r"));
        let both = [left.0, right.0].concat();
        assert_eq!(Hash::node(&left, &right), Hash::of_parts(&[&[1], &both]));
        assert_ne!(Hash::node(&left, &right), Hash::leaf(&both));
        assert_eq!(Hash::leaf(b"x"), Hash::of(b"\x00x"));
    }

    #[test]
    fn a_hash_is_spelled_in_one_way() {
        let hash = Hash::of(b"abc");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().to_uppercase().parse::<Hash>(), Err(NotAHash));
    }
}
