//! Entries: what one leaf of the log says, and the bytes that say it.
//!
//! The bytes of an entry are the canonical JSON ([`crate::canonical`]) of one object; `docs/ledger.md`
//! lists its members for whoever writes a second implementation. The leaf is
//! [`Hash::leaf`] of those bytes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

use crate::canonical::{self, INTEGER_MAX};
use crate::content::{Commitments, MEMBERS_MAX};
use crate::error::{CanonicalError, EntryError, NotAFileHash};
use crate::hash::Hash;
use crate::hex;
use crate::label::{Instant, Label};
use crate::rotation::Rotation;

/// The version of the encoding; the member `entry` of every entry.
pub const ENTRY_VERSION: &str = "liandong-entry/1";

/// The most bytes of an entry.
pub const ENTRY_BYTES_MAX: usize = 1 << 17;

/// The most files one entry names.
pub const FILES_MAX: usize = 256;

/// What one leaf says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Something happened to a matter.
    Event(Event),
    /// Something happened to the platform itself.
    House(HouseAct),
    /// The log's key changed.
    Rotation(Box<Rotation>),
}

/// Something that happened to a matter (事项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The matter's id.
    pub matter: Label,
    /// The event's place among the matter's events, from 1.
    pub sequence: u32,
    /// The id of the root of the matter's family; its own when it is a root.
    pub root: Label,
    /// The procedure it runs.
    pub procedure: Label,
    /// The version of the procedure.
    pub version: Label,
    /// Who acted.
    pub actor: Actor,
    /// What they did.
    pub action: Label,
    /// When.
    pub at: Instant,
    /// What they filled in, reasons included: commitments, opened by a receipt.
    pub content: Commitments,
    /// The files that belong to it.
    pub files: BTreeSet<FileHash>,
}

/// Something that happened to the platform itself: a grant, a reset, a change of settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HouseAct {
    /// Its place among such acts, from 1.
    pub sequence: u32,
    /// Who acted.
    pub actor: Actor,
    /// What they did.
    pub action: Label,
    /// When.
    pub at: Instant,
    /// To whom and how: commitments.
    pub content: Commitments,
    /// The files that belong to it.
    pub files: BTreeSet<FileHash>,
}

/// Who acted. Neither is known by name: names are members of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actor {
    /// The user's id; none when the platform itself acted.
    pub user: Option<i64>,
    /// The id of the unit the user acted for; none when the platform itself acted.
    pub unit: Option<i64>,
}

/// The hash by which a file is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileHash {
    /// SHA-256: the address of an attachment.
    Sha256([u8; 32]),
    /// SM3.
    Sm3(Hash),
}

impl Entry {
    /// The canonical bytes.
    ///
    /// # Errors
    /// [`EntryError`] when an id is past ±(2⁵³ − 1), or there are too many members or files.
    pub fn to_text(&self) -> Result<String, EntryError> {
        match self {
            Self::Event(event) => event.to_text(),
            Self::House(act) => act.to_text(),
            Self::Rotation(rotation) => rotation.to_entry_text(),
        }
    }

    /// The leaf's hash.
    ///
    /// # Errors
    /// As [`Self::to_text`].
    pub fn leaf(&self) -> Result<Hash, EntryError> {
        Ok(Hash::leaf(self.to_text()?.as_bytes()))
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// [`EntryError`] for anything but the bytes [`Self::to_text`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let entry = Self::from_value(canonical::parse(bytes, ENTRY_BYTES_MAX)?)?;
        match canonical::first_difference(entry.to_text()?.as_bytes(), bytes) {
            None => Ok(entry),
            Some(byte) => Err(CanonicalError::NotCanonical { byte }.into()),
        }
    }

    /// From the JSON of an entry. Does not look whether its text was canonical: the caller does.
    pub(crate) fn from_value(value: Value) -> Result<Self, EntryError> {
        let Value::Object(mut members) = value else { return Err(EntryError::NotAnObject) };
        if members.remove("entry").as_ref().and_then(Value::as_str) != Some(ENTRY_VERSION) {
            return Err(EntryError::OtherVersion);
        }
        let kind = members.remove("kind");
        let rest = Value::Object(members);
        Ok(match kind.as_ref().and_then(Value::as_str) {
            Some("event") => Self::Event(serde_json::from_value(rest)?),
            Some("house") => Self::House(serde_json::from_value(rest)?),
            Some("rotation") => Self::Rotation(Box::new(serde_json::from_value(rest)?)),
            _ => return Err(EntryError::OtherKind),
        })
    }

    /// When it happened.
    #[must_use]
    pub fn at(&self) -> Instant {
        match self {
            Self::Event(event) => event.at,
            Self::House(act) => act.at,
            Self::Rotation(rotation) => rotation.at,
        }
    }

    /// The commitments to its content; none for the change of a key.
    #[must_use]
    pub fn content(&self) -> Option<&Commitments> {
        match self {
            Self::Event(event) => Some(&event.content),
            Self::House(act) => Some(&act.content),
            Self::Rotation(_) => None,
        }
    }

    /// The files it names.
    pub fn files(&self) -> impl Iterator<Item = &FileHash> {
        let files = match self {
            Self::Event(event) => Some(&event.files),
            Self::House(act) => Some(&act.files),
            Self::Rotation(_) => None,
        };
        files.into_iter().flatten()
    }
}

impl Event {
    fn to_text(&self) -> Result<String, EntryError> {
        let mut out = Writer::begin(&self.action, self.actor, self.at, &self.content, &self.files)?;
        out.string("kind", "event");
        out.string("matter", self.matter.as_str());
        out.string("procedure", self.procedure.as_str());
        out.string("root", self.root.as_str());
        out.integer("sequence", self.sequence.into())?;
        out.string("version", self.version.as_str());
        Ok(out.end())
    }
}

impl HouseAct {
    fn to_text(&self) -> Result<String, EntryError> {
        let mut out = Writer::begin(&self.action, self.actor, self.at, &self.content, &self.files)?;
        out.string("kind", "house");
        out.integer("sequence", self.sequence.into())?;
        Ok(out.end())
    }
}

/// Writes the members of an entry, in the order canonical JSON has them, without building a
/// [`Value`] first: every act of the platform goes through here.
struct Writer(String);

impl Writer {
    /// Writes the members that come first: from `action` to `files`.
    fn begin(
        action: &Label,
        actor: Actor,
        at: Instant,
        content: &Commitments,
        files: &BTreeSet<FileHash>,
    ) -> Result<Self, EntryError> {
        if content.iter().len() > MEMBERS_MAX {
            return Err(EntryError::TooManyMembers);
        }
        if files.len() > FILES_MAX {
            return Err(EntryError::TooManyFiles);
        }
        let mut out = Self(String::with_capacity(512 + 96 * content.iter().len()));
        out.0.push('{');
        out.string("action", action.as_str());
        out.name("actor");
        out.0.push('{');
        out.optional("unit", actor.unit)?;
        out.optional("user", actor.user)?;
        out.close('}');
        out.integer("at", at.micros())?;
        out.name("content");
        out.0.push('{');
        let mut members: Vec<(&Label, &Hash)> = content.iter().collect();
        members.sort_by(|(a, _), (b, _)| a.as_str().encode_utf16().cmp(b.as_str().encode_utf16()));
        for (name, commitment) in members {
            out.name(name.as_str());
            out.0.push('"');
            hex::push(&commitment.0, &mut out.0);
            out.0.push_str("\",");
        }
        out.close('}');
        out.string("entry", ENTRY_VERSION);
        out.name("files");
        out.0.push('[');
        for file in files {
            canonical::push_string(&file.to_string(), &mut out.0);
            out.0.push(',');
        }
        out.close(']');
        Ok(out)
    }

    fn name(&mut self, name: &str) {
        canonical::push_string(name, &mut self.0);
        self.0.push(':');
    }

    fn string(&mut self, name: &str, text: &str) {
        self.name(name);
        canonical::push_string(text, &mut self.0);
        self.0.push(',');
    }

    fn integer(&mut self, name: &str, whole: i64) -> Result<(), CanonicalError> {
        if !(-INTEGER_MAX..=INTEGER_MAX).contains(&whole) {
            return Err(CanonicalError::TooLarge(whole));
        }
        self.name(name);
        canonical::push_integer(whole, &mut self.0);
        self.0.push(',');
        Ok(())
    }

    fn optional(&mut self, name: &str, whole: Option<i64>) -> Result<(), CanonicalError> {
        if let Some(whole) = whole {
            return self.integer(name, whole);
        }
        self.name(name);
        self.0.push_str("null,");
        Ok(())
    }

    /// Closes a list or an object, in place of the comma after its last member.
    fn close(&mut self, with: char) {
        if self.0.ends_with(',') {
            self.0.pop();
        }
        self.0.push(with);
        self.0.push(',');
    }

    fn end(mut self) -> String {
        self.close('}');
        self.0.pop();
        self.0
    }
}

impl fmt::Display for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(bytes) => write!(f, "sha256:{}", hex::encode(bytes)),
            Self::Sm3(hash) => write!(f, "sm3:{hash}"),
        }
    }
}

impl FromStr for FileHash {
    type Err = NotAFileHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hash = match text.split_once(':') {
            Some(("sha256", digits)) => hex::decode(digits).map(Self::Sha256),
            Some(("sm3", digits)) => digits.parse().ok().map(Self::Sm3),
            _ => None,
        };
        hash.ok_or(NotAFileHash)
    }
}

impl Serialize for FileHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
