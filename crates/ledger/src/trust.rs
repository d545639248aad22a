//! The keys one trusts, and what a checkpoint is worth under them.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::checkpoint::{SignedCheckpoint, decimal};
use crate::entry::Entry;
use crate::error::{KeyError, KeysError, RotationError, TrustError};
use crate::key::{KeyId, Purpose, Verifier};
use crate::label::{Instant, Name, Side};
use crate::note::{Signed, SignedNote};
use crate::proof::Head;
use crate::receipt::Receipt;
use crate::rotation::{InForce, KeyChain, ProvedRotation};
use crate::witness::Shown;

/// The first line of a list of keys.
pub const KEYS_VERSION: &str = "liandong-keys/1";

/// The most bytes of a list of keys.
pub const KEYS_BYTES_MAX: usize = 1 << 18;

/// The most witnesses one knows.
pub const WITNESSES_MAX: usize = 64;

/// The log and the witnesses one trusts. All that verifying needs, and public.
///
/// Written down, one a line (`Display` and `FromStr`); a line that begins with `#` is a remark:
///
/// ```text
/// liandong-keys/1
/// log 0 government liandong.hanzhong.example/2026+5e1c…+/2xp…
/// log 20852 government liandong.hanzhong.example/2026+b07a…+/2xp…
/// witness procuratorate jcy.hanzhong.example/witness+91d2…+/2xp…
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    log: KeyChain,
    side: Side,
    witnesses: Vec<WitnessKey>,
}

/// A witness's key and the side it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    /// The side.
    pub side: Side,
    /// The key.
    pub key: Verifier,
}

/// What a checkpoint is worth under the keys one trusts: the log has signed it, and so have these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The log.
    pub origin: Name,
    /// The side that keeps the log.
    pub side: Side,
    /// The log's key that signed.
    pub key: KeyId,
    /// Size and root.
    pub head: Head,
    /// When the checkpoint was made, by the log's clock.
    pub at: Option<Instant>,
    /// The witnesses that cosigned.
    pub witnesses: Vec<Witnessed>,
}

/// A witness's look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The witness.
    pub name: Name,
    /// Its side.
    pub side: Side,
    /// When it looked, by its own clock.
    pub at: Instant,
}

impl Standing {
    /// The witnesses of another side than the log's.
    pub fn of_the_other_side(&self) -> impl Iterator<Item = &Witnessed> {
        self.witnesses.iter().filter(|witness| witness.side != self.side)
    }

    /// The rule both sides agreed on: the log's key, and at least one witness of the other side.
    ///
    /// # Errors
    /// [`TrustError::NotWitnessed`].
    pub fn require_other_side(&self) -> Result<(), TrustError> {
        let witnessed = self.of_the_other_side().next().is_some();
        if witnessed { Ok(()) } else { Err(TrustError::NotWitnessed) }
    }
}

impl Keys {
    /// The log kept by `side` whose first key is this one, without witnesses yet.
    ///
    /// # Errors
    /// [`KeyError::OtherPurpose`] when it is none of a log.
    pub fn new(side: Side, first: Verifier) -> Result<Self, KeyError> {
        Ok(Self { log: KeyChain::new(first)?, side, witnesses: Vec::new() })
    }

    /// Adds a witness.
    ///
    /// # Errors
    /// [`KeyError::OtherPurpose`] when the key is none of a witness.
    pub fn witness(mut self, side: Side, key: Verifier) -> Result<Self, KeyError> {
        if key.purpose() != Purpose::Witness {
            return Err(KeyError::OtherPurpose);
        }
        self.witnesses.push(WitnessKey { side, key });
        Ok(self)
    }

    /// The log's keys.
    #[must_use]
    pub fn log(&self) -> &KeyChain {
        &self.log
    }

    /// The side that keeps the log.
    #[must_use]
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// The witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[WitnessKey] {
        &self.witnesses
    }

    /// Takes over from another copy of a checkpoint what witnesses known here have signed, each
    /// verified, and nothing else. Says whether that was anything new.
    ///
    /// # Errors
    /// [`TrustError`] when a witness known here has a wrong signature there.
    pub fn take_cosignatures(
        &self,
        to: &mut SignedCheckpoint,
        from: &SignedCheckpoint,
    ) -> Result<bool, TrustError> {
        let mut new = false;
        for WitnessKey { key, .. } in &self.witnesses {
            let wrong = |_| TrustError::BadSignature { name: key.name().clone(), id: key.id() };
            if from.note().signed_by(key).map_err(wrong)?.is_some() {
                new |= to.take(from, key);
            }
        }
        Ok(new)
    }

    /// Says what a checkpoint is worth. Signatures of unknown keys count for nothing; a wrong
    /// signature of a known key is refused, because then somebody changed the text.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn judge(&self, signed: &SignedCheckpoint) -> Result<Standing, TrustError> {
        let checkpoint = signed.checkpoint();
        let key = self.judge_log(&checkpoint.origin, checkpoint.head.size, signed.note())?;
        let mut witnesses = Vec::new();
        for witness in &self.witnesses {
            if let Some(Signed::At(at)) = signed_by(signed.note(), &witness.key)? {
                let (name, side) = (witness.key.name().clone(), witness.side.clone());
                witnesses.push(Witnessed { name, side, at });
            }
        }
        Ok(Standing {
            origin: checkpoint.origin.clone(),
            side: self.side.clone(),
            key,
            head: checkpoint.head,
            at: checkpoint.at,
            witnesses,
        })
    }

    /// The log's key that signed a note about a tree of this size.
    pub(crate) fn judge_log(
        &self,
        origin: &Name,
        size: u64,
        note: &SignedNote,
    ) -> Result<KeyId, TrustError> {
        judge_log(&self.log, origin, size, note)
    }

    /// These keys and those to which changes of the log's key lead, each proved to stand in the tree
    /// `head`. Worth no more than the signature of the last of them under that tree: have
    /// [`Self::judge`] look at the checkpoint that says `head`.
    ///
    /// # Errors
    /// [`RotationError`] when a change does not follow from the key before it, or is not proved.
    pub fn followed(&self, proved: &[ProvedRotation], head: Head) -> Result<Self, RotationError> {
        let log = self.log.followed(proved, head)?;
        Ok(Self { log, side: self.side.clone(), witnesses: self.witnesses.clone() })
    }

    /// These keys and those the log's newest checkpoint leads to: the checkpoint stands with the last.
    ///
    /// # Errors
    /// [`RotationError`] when a change does not hold, or the checkpoint is not signed by the key the
    /// changes lead to.
    pub fn followed_to(&self, shown: &Shown) -> Result<Self, RotationError> {
        let followed = self.followed(&shown.rotations, shown.checkpoint.checkpoint().head)?;
        followed.judge(&shown.checkpoint).map_err(RotationError::Checkpoint)?;
        Ok(followed)
    }

    /// The log's keys that are not among the older ones, each with the smallest size it signs.
    #[must_use]
    pub fn newer_than(&self, older: &Self) -> &[InForce] {
        self.log.keys().get(older.log.keys().len()..).unwrap_or_default()
    }

    /// Follows changes of the log's key, given as receipts in the order of the log: each must be
    /// signed by the key before it, and stand in a checkpoint of the key then in force.
    ///
    /// Whoever steals a key that is in force can sign such a change. A witness that has seen the
    /// log's own checkpoints since will not cosign theirs.
    ///
    /// # Errors
    /// [`RotationError`]; then nothing is followed.
    pub fn follow(&mut self, receipts: &[Receipt]) -> Result<(), RotationError> {
        let mut followed = self.clone();
        for receipt in receipts {
            let Entry::Rotation(rotation) = &receipt.entry else {
                return Err(RotationError::NotARotation);
            };
            followed.log.extend(rotation, receipt.index)?;
        }
        for receipt in receipts {
            receipt.verify(&followed).map_err(|error| RotationError::Receipt(Box::new(error)))?;
        }
        *self = followed;
        Ok(())
    }
}

/// The key of the chain that signed a note about a tree of this size.
pub(crate) fn judge_log(
    log: &KeyChain,
    origin: &Name,
    size: u64,
    note: &SignedNote,
) -> Result<KeyId, TrustError> {
    if origin != log.origin() {
        return Err(TrustError::OtherLog { expected: log.origin().clone(), found: origin.clone() });
    }
    let other = || TrustError::OtherLog { expected: log.origin().clone(), found: origin.clone() };
    let key = log.in_force(size).ok_or_else(other)?;
    match signed_by(note, key)? {
        Some(_) => Ok(key.id()),
        None => Err(TrustError::NotSigned { id: key.id() }),
    }
}

fn signed_by(note: &SignedNote, key: &Verifier) -> Result<Option<Signed>, TrustError> {
    note.signed_by(key)
        .map_err(|_| TrustError::BadSignature { name: key.name().clone(), id: key.id() })
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{KEYS_VERSION}\n");
        for InForce { from, key } in self.log.keys() {
            writeln!(text, "log {from} {} {key}", self.side)?;
        }
        for WitnessKey { side, key } in &self.witnesses {
            writeln!(text, "witness {side} {key}")?;
        }
        f.write_str(&text)
    }
}

impl FromStr for Keys {
    type Err = KeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > KEYS_BYTES_MAX {
            return Err(KeysError::TooLong);
        }
        let mut lines = text.lines().zip(1..);
        if lines.next().map(|(line, _)| line) != Some(KEYS_VERSION) {
            return Err(KeysError::OtherVersion);
        }
        let mut log: Vec<InForce> = Vec::new();
        let mut log_side: Option<Side> = None;
        let mut witnesses = Vec::new();
        for (line, number) in lines {
            let malformed = KeysError::Line { line: number };
            let mut words = line.split_whitespace();
            match words.next() {
                None => continue,
                Some(word) if word.starts_with('#') => continue,
                Some("log") => {
                    let from = words.next().and_then(decimal).ok_or(malformed)?;
                    let side: Side =
                        words.next().and_then(|side| side.parse().ok()).ok_or(malformed)?;
                    let key = words.next().and_then(|key| key.parse().ok()).ok_or(malformed)?;
                    if log_side.get_or_insert_with(|| side.clone()) != &side {
                        return Err(malformed);
                    }
                    log.push(InForce { from, key });
                    if KeyChain::from_keys(log.clone()).is_none() {
                        return Err(malformed);
                    }
                }
                Some("witness") => {
                    let side = words.next().and_then(|side| side.parse().ok()).ok_or(malformed)?;
                    let key: Verifier =
                        words.next().and_then(|key| key.parse().ok()).ok_or(malformed)?;
                    if key.purpose() != Purpose::Witness || witnesses.len() >= WITNESSES_MAX {
                        return Err(malformed);
                    }
                    witnesses.push(WitnessKey { side, key });
                }
                Some(_) => return Err(malformed),
            }
            if words.next().is_some() {
                return Err(malformed);
            }
        }
        let (Some(log), Some(side)) = (KeyChain::from_keys(log), log_side) else {
            return Err(KeysError::NoLog);
        };
        Ok(Self { log, side, witnesses })
    }
}
