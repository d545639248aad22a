//! Checkpoints: so many entries, this root, signed (C2SP tlog-checkpoint).
//!
//! ```text
//! liandong.hanzhong.example/2026      origin: which log, and its key's name
//! 20852                               size: how many entries
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2…=      root: over all of them
//! time 1767225600000000               extension: when it was made
//!
//! — liandong.hanzhong.example/2026 …
//! — jcy.hanzhong.example/witness …
//! ```

use std::fmt::{self, Write as _};

use base64ct::{Base64, Encoding};

use crate::error::{CheckpointError, KeyError, NoteError};
use crate::fingerprint::Fingerprint;
use crate::hash::Hash;
use crate::key::{Signer, Verifier, decode_base64};
use crate::label::{Instant, Name};
use crate::note::SignedNote;
use crate::proof::Head;
use crate::tree::SIZE_MAX;

/// The most bytes of a checkpoint, its signatures included.
pub const CHECKPOINT_BYTES_MAX: usize = 1 << 16;

/// The most extension lines.
pub const EXTENSIONS_MAX: usize = 16;

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Name,
    /// How many entries it has, and the root over them.
    pub head: Head,
    /// When it was made, by the log's clock.
    pub at: Option<Instant>,
    /// Lines of others, kept as they are.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// The text that is signed.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.head_text();
        if let Some(at) = self.at {
            let _ = writeln!(text, "time {}", at.micros());
        }
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    fn head_text(&self) -> String {
        let root = Base64::encode_string(&self.head.root.0);
        format!("{}\n{}\n{root}\n", self.origin, self.head.size)
    }

    /// Reads the text.
    ///
    /// # Errors
    /// [`CheckpointError`], naming the line.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(NoteError::Text)?.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let origin = next().parse().map_err(|_| CheckpointError::Origin)?;
        let size = decimal(next()).filter(|size| *size <= SIZE_MAX).ok_or(CheckpointError::Size)?;
        let root = decode_base64(next())
            .and_then(|bytes| bytes.try_into().ok())
            .map(Hash)
            .ok_or(CheckpointError::Root)?;
        let mut checkpoint =
            Self { origin, head: Head { size, root }, at: None, extensions: Vec::new() };
        for (place, line) in lines.enumerate() {
            let malformed = CheckpointError::Extension { line: place + 4 };
            if line.is_empty() || place >= EXTENSIONS_MAX {
                return Err(malformed);
            }
            match line.strip_prefix("time ") {
                // The time is ours, so it has one spelling and one place.
                Some(micros) if place == 0 => checkpoint.at = Some(time(micros).ok_or(malformed)?),
                Some(_) => return Err(malformed),
                None => checkpoint.extensions.push(line.to_owned()),
            }
        }
        Ok(checkpoint)
    }

    /// Signs with the log's key.
    ///
    /// # Errors
    /// [`CheckpointError`] when the key is another log's or none of a log, or an extension cannot
    /// stand in a checkpoint.
    pub fn sign(self, signer: &Signer) -> Result<SignedCheckpoint, CheckpointError> {
        if *signer.verifier().name() != self.origin {
            return Err(CheckpointError::OtherOrigin);
        }
        let mut note = SignedNote::unsigned(self.text())?;
        if Self::parse_text(note.text())? != self {
            return Err(CheckpointError::Extension { line: 4 });
        }
        note.sign(signer).map_err(CheckpointError::Key)?;
        Ok(SignedCheckpoint { checkpoint: self, note })
    }

    /// A short print of origin, size and root: for the minutes of a meeting.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.head_text())
    }
}

/// A number without sign, leading zeros or anything else.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Microseconds since 1970 as [`decimal`].
pub(crate) fn time(text: &str) -> Option<Instant> {
    let micros = i64::try_from(decimal(text)?).ok()?;
    Instant::from_micros(micros).ok()
}

/// A checkpoint with its signatures, none of which has been verified: [`crate::Keys::judge`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError`] for anything that is not exactly a checkpoint with a signature.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(bytes, CHECKPOINT_BYTES_MAX)?;
        Ok(Self { checkpoint: Checkpoint::parse_text(note.text())?, note })
    }

    /// What it says.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note it is.
    #[must_use]
    pub fn note(&self) -> &SignedNote {
        &self.note
    }

    /// Adds a witness's cosignature. A witness that keeps a state calls [`crate::Witness::look`],
    /// which looks before it signs.
    ///
    /// # Errors
    /// [`KeyError`] when the key is none of a witness or cannot sign.
    pub fn cosign(&mut self, signer: &Signer, at: Instant) -> Result<(), KeyError> {
        self.note.cosign(signer, at)
    }

    /// Takes over another copy's signature of one key, which the caller has verified.
    pub(crate) fn take(&mut self, other: &Self, verifier: &Verifier) -> bool {
        self.note.take(&other.note, verifier)
    }

    /// Takes over signatures from another copy; says whether it was a copy of the same text.
    pub fn merge(&mut self, other: &Self) -> bool {
        self.note.merge(&other.note)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}
