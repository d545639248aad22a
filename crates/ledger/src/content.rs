//! What an entry says beyond its head, member by member, each of which can be shown or kept back.
//!
//! The entry holds a **commitment** to each member, not the member itself: a salted hash. Whoever
//! may see a member is handed its **opening** (salt and value) and can check it against the entry;
//! whoever may not see it learns nothing, not even by guessing, because each salt is derived from a
//! **seed** that stays with the platform. So one leaf serves the sender, who sees all of it, and the
//! reader from whom a sealed informant is kept.

use std::collections::BTreeMap;
use std::fmt;

use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::canonical;
use crate::error::ContentError;
use crate::hash::{Hash, MEMBER, SALT};
use crate::label::Label;

/// The most members of one entry.
pub const MEMBERS_MAX: usize = 256;

/// The most bytes of one member's canonical text.
pub const MEMBER_BYTES_MAX: usize = 1 << 20;

/// Sixteen random bytes, one draw for each entry, from which the salts of its members come. Whoever
/// has the seed of an entry can test guesses about its hidden members: keep it with the content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 16]);

impl Seed {
    /// Draws a seed.
    ///
    /// # Errors
    /// What the source of randomness says.
    pub fn generate<R: TryCryptoRng + ?Sized>(rng: &mut R) -> Result<Self, R::Error> {
        let mut bytes = [0; 16];
        rng.try_fill_bytes(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The salt of a member: SM3(0x03 ‖ seed ‖ length of the name ‖ name).
    fn salt(&self, name: &Label) -> Hash {
        Hash::of_parts(&[&[SALT], &self.0, &length(name), name.as_str().as_bytes()])
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(…)")
    }
}

/// The content of an entry, in the clear: only the platform holds it whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    seed: Seed,
    members: BTreeMap<Label, Member>,
}

#[derive(Debug, Clone, PartialEq)]
struct Member {
    value: Value,
    text: String,
}

impl Content {
    /// Puts members and seed together.
    ///
    /// # Errors
    /// [`ContentError`] for too many members, and for a value that has no canonical text or one
    /// longer than [`MEMBER_BYTES_MAX`].
    pub fn new(
        seed: Seed,
        members: impl IntoIterator<Item = (Label, Value)>,
    ) -> Result<Self, ContentError> {
        let mut texts = BTreeMap::new();
        for (name, value) in members {
            let text = member_text(&name, &value)?;
            texts.insert(name, Member { value, text });
            if texts.len() > MEMBERS_MAX {
                return Err(ContentError::TooMany);
            }
        }
        Ok(Self { seed, members: texts })
    }

    /// The commitments that go into the entry.
    #[must_use]
    pub fn commitments(&self) -> Commitments {
        let commit = |(name, member): (&Label, &Member)| {
            (name.clone(), commitment(&self.seed.salt(name), name, &member.text))
        };
        Commitments(self.members.iter().map(commit).collect())
    }

    /// The openings of the members `shown` says yes to.
    #[must_use]
    pub fn open(&self, shown: impl Fn(&Label) -> bool) -> Openings {
        self.members
            .iter()
            .filter(|(name, _)| shown(name))
            .map(|(name, member)| {
                let opening = Opening { salt: self.seed.salt(name), value: member.value.clone() };
                (name.clone(), opening)
            })
            .collect()
    }
}

/// What shows one member: with it the commitment can be computed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The member's salt.
    pub salt: Hash,
    /// Its value.
    pub value: Value,
}

/// Members shown, by name.
pub type Openings = BTreeMap<Label, Opening>;

/// The commitments of an entry, by member.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitments(BTreeMap<Label, Hash>);

impl Commitments {
    /// Members and commitments, by name.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Label, &Hash)> {
        self.0.iter()
    }

    /// Checks that each opening opens its commitment.
    ///
    /// # Errors
    /// [`ContentError`], naming the member that does not.
    pub fn check(&self, openings: &Openings) -> Result<(), ContentError> {
        for (name, opening) in openings {
            let stated = self.0.get(name).ok_or_else(|| ContentError::Unknown(name.clone()))?;
            let text = member_text(name, &opening.value)?;
            if commitment(&opening.salt, name, &text) != *stated {
                return Err(ContentError::Differs(name.clone()));
            }
        }
        Ok(())
    }
}

fn member_text(name: &Label, value: &Value) -> Result<String, ContentError> {
    let text = canonical::to_text(value)
        .map_err(|source| ContentError::Value { name: name.clone(), source })?;
    if text.len() > MEMBER_BYTES_MAX {
        return Err(ContentError::TooLong(name.clone()));
    }
    Ok(text)
}

/// SM3(0x02 ‖ salt ‖ length of the name ‖ name ‖ canonical text of the value).
fn commitment(salt: &Hash, name: &Label, text: &str) -> Hash {
    let parts: [&[u8]; 5] =
        [&[MEMBER], &salt.0, &length(name), name.as_str().as_bytes(), text.as_bytes()];
    Hash::of_parts(&parts)
}

/// The length of a name in bytes, as four bytes, big end first.
fn length(name: &Label) -> [u8; 4] {
    u32::try_from(name.as_str().len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn content() -> Content {
        let members = [
            ("informant".parse().unwrap(), json!("张某")),
            ("place".parse().unwrap(), json!("褒河")),
        ];
        Content::new(Seed([7; 16]), members).unwrap()
    }

    #[test]
    fn what_is_shown_is_checked_and_what_is_not_stays_hidden() {
        let content = content();
        let stated = content.commitments();
        let mut shown = content.open(|name| name.as_str() == "place");
        assert_eq!(shown.len(), 1);
        assert!(stated.check(&shown).is_ok());

        let place = "place".parse().unwrap();
        shown.entry(place).and_modify(|opening| opening.value = json!("汉江"));
        assert!(matches!(stated.check(&shown), Err(ContentError::Differs(_))));
    }

    #[test]
    fn a_salt_opens_only_its_own_member() {
        let content = content();
        let mut shown = content.open(|_| true);
        let salt = shown.get(&"informant".parse().unwrap()).unwrap().salt;
        shown.entry("place".parse().unwrap()).and_modify(|opening| opening.salt = salt);
        assert!(matches!(content.commitments().check(&shown), Err(ContentError::Differs(_))));
    }

    #[test]
    fn equal_values_under_other_seeds_do_not_show_that_they_are_equal() {
        let name: Label = "informant".parse().unwrap();
        let with = |seed| Content::new(Seed([seed; 16]), [(name.clone(), json!("张某"))]).unwrap();
        assert_ne!(with(1).commitments(), with(2).commitments());
    }

    #[test]
    fn a_seed_is_not_printed() {
        assert_eq!(format!("{:?}", Seed([7; 16])), "Seed(…)");
    }
}
