//! Signed notes: a text, and who signs for it (C2SP signed-note).
//!
//! ```text
//! text, one line or more
//!
//! — name base64(key id ‖ signature)
//! — another base64(key id ‖ signature)
//! ```
//!
//! A reader never looks at the text before a key it trusts has signed it; so this module reads and
//! writes, and [`crate::Keys`] trusts.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::error::{KeyError, NoteError};
use crate::key::{KeyId, Purpose, Signature, Signer, Verifier, decode_base64};
use crate::label::{Instant, Name};

/// The most signatures a note may have.
pub const SIGNATURES_MAX: usize = 32;

/// The most bytes of one signature line.
pub const SIGNATURE_LINE_BYTES_MAX: usize = 1024;

/// A text with signatures, none of which has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// One line of signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// Who claims to sign.
    pub name: Name,
    /// With which key.
    pub id: KeyId,
    /// The signature, in the form the key's purpose gives it.
    pub bytes: Vec<u8>,
}

/// What a signature says beyond the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// A log's signature: the text.
    Plain,
    /// A witness's: the text, and when it looked.
    At(Instant),
}

impl SignedNote {
    /// A note without signatures yet. The text is one or more lines, each ended by a line feed.
    ///
    /// # Errors
    /// [`NoteError::Text`] when it is not so, [`NoteError::Control`] for a control character.
    pub fn unsigned(text: String) -> Result<Self, NoteError> {
        if text.len() < 2 || !text.ends_with('\n') {
            return Err(NoteError::Text);
        }
        no_control(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`NoteError`] for anything that is not exactly a note with at least one signature.
    pub fn parse(bytes: &[u8], bytes_max: usize) -> Result<Self, NoteError> {
        if bytes.len() > bytes_max {
            return Err(NoteError::TooLong);
        }
        let note = std::str::from_utf8(bytes)
            .map_err(|error| NoteError::NotUtf8 { byte: error.valid_up_to() })?;
        no_control(note)?;
        // The text may have empty lines of its own: the last one ends it.
        let end = note.rfind("\n\n").ok_or(NoteError::Unsigned)?;
        let (text, signatures) = note.split_at(end + 1);
        let signatures = signatures.strip_prefix('\n').unwrap_or_default();
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Unsigned)?;
        let mut note = Self::unsigned(text.to_owned())?;
        for (place, line) in lines.split('\n').enumerate() {
            if place >= SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            let line = signature_line(line).ok_or(NoteError::SignatureLine { line: place + 1 })?;
            note.signatures.push(line);
        }
        Ok(note)
    }

    /// The text, its last line feed included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in their order.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a log's signature.
    ///
    /// # Errors
    /// [`KeyError`] when the key is none of a log or cannot sign.
    pub fn sign(&mut self, signer: &Signer) -> Result<(), KeyError> {
        let verifier = signer.verifier();
        if verifier.purpose() != Purpose::Log {
            return Err(KeyError::OtherPurpose);
        }
        let signature = signer.sign(self.text.as_bytes())?;
        self.put(verifier, signature.0.to_vec());
        Ok(())
    }

    /// Adds a witness's cosignature, made at `at` (whole seconds count).
    ///
    /// # Errors
    /// [`KeyError`] when the key is none of a witness or cannot sign.
    pub fn cosign(&mut self, signer: &Signer, at: Instant) -> Result<(), KeyError> {
        let verifier = signer.verifier();
        if verifier.purpose() != Purpose::Witness {
            return Err(KeyError::OtherPurpose);
        }
        let seconds = at.seconds();
        let signature = signer.sign(self.cosigned(seconds).as_bytes())?;
        self.put(verifier, [&seconds.to_be_bytes()[..], &signature.0].concat());
        Ok(())
    }

    /// Takes over the signatures of the same text that this note lacks, as far as there is room.
    /// Says whether it was the same text.
    pub fn merge(&mut self, other: &Self) -> bool {
        if other.text != self.text {
            return false;
        }
        for line in &other.signatures {
            if !self.signatures.contains(line) && self.signatures.len() < SIGNATURES_MAX {
                self.signatures.push(line.clone());
            }
        }
        true
    }

    /// Takes over another copy's signature of one key, which the caller has verified; says whether
    /// there was one that this note lacked.
    pub(crate) fn take(&mut self, other: &Self, verifier: &Verifier) -> bool {
        let is_its =
            |line: &&SignatureLine| (&line.name, line.id) == (verifier.name(), verifier.id());
        let Some(line) = other.signatures.iter().find(is_its) else { return false };
        if self.signatures.contains(line) || other.text != self.text {
            return false;
        }
        self.put(verifier, line.bytes.clone());
        true
    }

    /// One signature a key, the newest.
    fn put(&mut self, verifier: &Verifier, bytes: Vec<u8>) {
        let (name, id) = (verifier.name().clone(), verifier.id());
        self.signatures.retain(|line| (&line.name, line.id) != (&name, id));
        self.signatures.push(SignatureLine { name, id, bytes });
    }

    /// What a key says about the text: none when it has not signed.
    ///
    /// # Errors
    /// [`KeyError::BadSignature`] when there is a line of this key that does not verify.
    pub fn signed_by(&self, verifier: &Verifier) -> Result<Option<Signed>, KeyError> {
        let mut found = None;
        for line in &self.signatures {
            if (&line.name, line.id) == (verifier.name(), verifier.id()) {
                found = Some(self.verify(verifier, &line.bytes)?);
            }
        }
        Ok(found)
    }

    fn verify(&self, verifier: &Verifier, bytes: &[u8]) -> Result<Signed, KeyError> {
        match verifier.purpose() {
            Purpose::Log => {
                let signature = bytes.try_into().map_err(|_| KeyError::BadSignature)?;
                verifier.verify(self.text.as_bytes(), &Signature(signature))?;
                Ok(Signed::Plain)
            }
            Purpose::Witness => {
                let (seconds, signature) =
                    bytes.split_first_chunk::<8>().ok_or(KeyError::BadSignature)?;
                let seconds = u64::from_be_bytes(*seconds);
                let signature = signature.try_into().map_err(|_| KeyError::BadSignature)?;
                verifier.verify(self.cosigned(seconds).as_bytes(), &Signature(signature))?;
                let at = Instant::from_seconds(seconds).map_err(|_| KeyError::BadSignature)?;
                Ok(Signed::At(at))
            }
        }
    }

    /// What a witness signs (C2SP tlog-cosignature, v1).
    fn cosigned(&self, seconds: u64) -> String {
        format!("cosignature/v1\ntime {seconds}\n{}", self.text)
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        for line in &self.signatures {
            let bytes = [&line.id.0[..], &line.bytes].concat();
            writeln!(f, "— {} {}", line.name, Base64::encode_string(&bytes))?;
        }
        Ok(())
    }
}

fn no_control(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        None => Ok(()),
        Some(byte) => Err(NoteError::Control { byte }),
    }
}

fn signature_line(line: &str) -> Option<SignatureLine> {
    if line.len() > SIGNATURE_LINE_BYTES_MAX {
        return None;
    }
    let (name, signature) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = decode_base64(signature)?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    if bytes.is_empty() {
        return None;
    }
    Some(SignatureLine { name: name.parse().ok()?, id: KeyId(*id), bytes: bytes.to_vec() })
}
