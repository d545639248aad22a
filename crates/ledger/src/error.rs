//! What can be wrong, a type a job. Every reader of foreign bytes ends here and never in a panic.

use crate::key::KeyId;
use crate::label::{Label, Name};
use crate::tile::Run;
use crate::tree::Place;

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a hash: 64 lower-case hexadecimal digits are")]
pub struct NotAHash;

/// The text is not `sha256:` or `sm3:` with 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the hash of a file: sha256: or sm3: and 64 lower-case hexadecimal digits are")]
pub struct NotAFileHash;

/// The text is empty, too long, or has control characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a label: 1 to 128 bytes without control characters are")]
pub struct NotALabel;

/// The text is empty, too long, or has white space, control characters or a plus sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a name: 1 to 128 bytes without white space, control characters and + are")]
pub struct NotAName;

/// The number is no instant this crate keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an instant: microseconds since 1970, from 0 to 2^53 - 1, are")]
pub struct NotAnInstant;

/// The text is not ten groups of five digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: ten groups of five digits are")]
pub struct NotAFingerprint;

/// A value without canonical JSON, or a text that is not canonical.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// A number that is not whole.
    #[error("a number that is not whole, or no reader keeps: {0}")]
    NotWhole(String),
    /// A whole number past ±(2⁵³ − 1).
    #[error("a number past 2^53 - 1: {0}")]
    TooLarge(i64),
    /// Lists and objects too deep in one another.
    #[error("lists and objects too deep in one another")]
    TooDeep,
    /// Longer than is read.
    #[error("{bytes} bytes where at most {bytes_max} are read")]
    TooLong {
        /// How long.
        bytes: usize,
        /// How long at most.
        bytes_max: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8 from byte {byte}")]
    NotUtf8 {
        /// The first byte that is not.
        byte: usize,
    },
    /// Not JSON.
    #[error("not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not spelled in the one canonical way.
    #[error("not canonical JSON: the first difference is at byte {byte}")]
    NotCanonical {
        /// The first byte that differs.
        byte: usize,
    },
}

/// Content that cannot be committed to, or an opening that does not open.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// More members than one entry holds.
    #[error("more members than one entry holds")]
    TooMany,
    /// A value longer than a member may be.
    #[error("the member {0} is too long")]
    TooLong(Label),
    /// A value without canonical JSON.
    #[error("the member {name} has no canonical JSON")]
    Value {
        /// The member.
        name: Label,
        /// Why.
        #[source]
        source: CanonicalError,
    },
    /// A member is shown that the entry does not have.
    #[error("the entry has no member {0}")]
    Unknown(Label),
    /// A member is shown with another value or salt than the entry was made with.
    #[error("the member {0} is not what the entry was made with")]
    Differs(Label),
}

/// Bytes that are no entry, or an entry without bytes.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Not canonical JSON.
    #[error("read an entry")]
    Canonical(#[from] CanonicalError),
    /// Not an object.
    #[error("an entry is an object")]
    NotAnObject,
    /// Another version of the encoding.
    #[error("an entry in another version of the encoding")]
    OtherVersion,
    /// Another kind than event, house or rotation.
    #[error("an entry of another kind")]
    OtherKind,
    /// A member is missing, unknown or of the wrong type.
    #[error("an entry whose members are not as they should be")]
    Members(#[from] serde_json::Error),
    /// More members of the content than one entry holds.
    #[error("more members than one entry holds")]
    TooManyMembers,
    /// More files than one entry names.
    #[error("more files than one entry names")]
    TooManyFiles,
}

/// A tree that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// No leaf fits any more.
    #[error("the tree is full")]
    Full,
    /// The bytes or hashes are no frontier.
    #[error("not the right edge of a tree")]
    NotAFrontier,
    /// Asked for what lies outside the tree.
    #[error("{index} lies outside a tree of {size} leaves")]
    Outside {
        /// The leaf, or the size of the old tree.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A run has not as many hashes as were asked for.
    #[error("{found} hashes where {} of level {} from {} were asked for", run.count, run.level, run.start)]
    WrongRun {
        /// The run.
        run: Run,
        /// How many came.
        found: usize,
    },
    /// A hash is needed that was not read.
    #[error("the hash {} of level {} is needed and was not read", place.index, place.level)]
    Missing {
        /// Where it stands.
        place: Place,
    },
}

/// A proof could not be computed from the storage.
#[derive(Debug, thiserror::Error)]
pub enum PlanError<E> {
    /// The storage failed.
    #[error("read stored hashes")]
    Storage(#[source] E),
    /// The storage gave other hashes than were asked for.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no such leaf.
    #[error("there is no leaf {index} in a tree of {size}")]
    NoSuchLeaf {
        /// The leaf.
        index: u64,
        /// The size.
        size: u64,
    },
    /// The newer tree is smaller.
    #[error("a tree of {old} leaves cannot have become one of {new}")]
    Shrunk {
        /// The size before.
        old: u64,
        /// The size after.
        new: u64,
    },
    /// The proof is too short for such a tree.
    #[error("the proof has too few hashes")]
    TooFewHashes,
    /// The proof is too long for such a tree.
    #[error("the proof has too many hashes")]
    TooManyHashes,
    /// The hashes lead to another root.
    #[error("the proof leads to another root")]
    OtherRoot,
}

/// A key that cannot be read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a private key in PKCS#8 on the SM2 curve.
    #[error("not an SM2 private key in PKCS#8 PEM")]
    NotAPrivateKey,
    /// Not a public key on the SM2 curve.
    #[error("not an SM2 public key")]
    NotAPublicKey,
    /// Not a verifier line.
    #[error("not a verifier line: name+id+key")]
    NotAVerifier,
    /// The id in a verifier line is not that of the key.
    #[error("the id in the verifier line is not that of the key")]
    OtherId,
    /// Longer than any key.
    #[error("too long for a key")]
    TooLong,
    /// The key could not be written.
    #[error("write the key")]
    Write,
    /// The key cannot sign.
    #[error("the key cannot sign")]
    CannotSign,
    /// The key is made for another purpose.
    #[error("the key is made for another purpose")]
    OtherPurpose,
    /// The signature is not this key's over this text.
    #[error("the signature is not this key's over this text")]
    BadSignature,
}

/// Bytes that are no signed note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than is read.
    #[error("the note is too long")]
    TooLong,
    /// Not UTF-8.
    #[error("the note is not UTF-8 from byte {byte}")]
    NotUtf8 {
        /// The first byte that is not.
        byte: usize,
    },
    /// A control character.
    #[error("the note has a control character at byte {byte}")]
    Control {
        /// Where.
        byte: usize,
    },
    /// No empty line with signatures after it.
    #[error("the note has no signatures")]
    Unsigned,
    /// More signatures than are read.
    #[error("the note has too many signatures")]
    TooManySignatures,
    /// A signature line that is none.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Which, from 1.
        line: usize,
    },
    /// The text cannot be a note's: it is empty, or does not end in a line feed.
    #[error("the text cannot be a note's")]
    Text,
}

/// A note that is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line is no origin.
    #[error("the first line of the checkpoint is no origin")]
    Origin,
    /// The second line is no size.
    #[error("the second line of the checkpoint is no size")]
    Size,
    /// The third line is no root.
    #[error("the third line of the checkpoint is no root hash")]
    Root,
    /// An extension line that may not be.
    #[error("line {line} of the checkpoint may not be")]
    Extension {
        /// Which, from 1.
        line: usize,
    },
    /// The key cannot sign or is made for another purpose.
    #[error("sign the checkpoint")]
    Key(#[source] KeyError),
    /// The key's name is not the checkpoint's origin.
    #[error("the key's name is not the checkpoint's origin")]
    OtherOrigin,
}

/// Why a checkpoint does not stand with the keys one trusts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// It is another log's.
    #[error("the checkpoint is of the log {found}, and the keys are of {expected}")]
    OtherLog {
        /// The log in the keys.
        expected: Name,
        /// The log in the checkpoint.
        found: Name,
    },
    /// The log's key in force at this size has not signed.
    #[error("the log's key {id} has not signed")]
    NotSigned {
        /// The key that should have.
        id: KeyId,
    },
    /// A known key's signature is wrong: the text was changed.
    #[error("the signature of {name} ({id}) is wrong")]
    BadSignature {
        /// Whose.
        name: Name,
        /// Which key.
        id: KeyId,
    },
    /// No witness of the other side has signed.
    #[error("no witness of the other side has signed")]
    NotWitnessed,
}

/// Lines that are no list of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// Longer than is read.
    #[error("the list of keys is too long")]
    TooLong,
    /// The first line does not say what it is.
    #[error("the first line of a list of keys is {:?}", crate::trust::KEYS_VERSION)]
    OtherVersion,
    /// A line that is none.
    #[error("line {line} of the list of keys is malformed")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// No key of the log.
    #[error("the list of keys has no key of the log")]
    NoLog,
}

/// A change of keys that does not hold.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// It is another log's.
    #[error("the change of keys is another log's")]
    OtherLog,
    /// It replaces another key than the one in force.
    #[error("the change of keys replaces a key that is not in force")]
    OtherKey,
    /// It stands before the change it should follow.
    #[error("the changes of keys are out of order")]
    OutOfOrder,
    /// More changes than are followed.
    #[error("too many changes of keys")]
    TooMany,
    /// One of its two signatures is wrong, or a key is of the wrong purpose.
    #[error("a signature of the change of keys does not hold")]
    Signature(#[source] KeyError),
    /// It is not proved to stand in the log.
    #[error("the change of keys is not proved to stand in the log")]
    Proof(#[source] ProofError),
    /// The checkpoint it leads to does not stand.
    #[error("the checkpoint the changes of keys lead to does not stand")]
    Checkpoint(#[source] TrustError),
    /// The receipt is not of a change of keys.
    #[error("the receipt is not of a change of keys")]
    NotARotation,
    /// The receipt does not hold.
    #[error("the receipt of the change of keys does not hold")]
    Receipt(#[source] Box<ReceiptError>),
}

/// Why a receipt proves nothing. [`ReceiptError::zh`] says it in Chinese.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The text is not canonical JSON.
    #[error("read the receipt")]
    Canonical(#[from] CanonicalError),
    /// Another version.
    #[error("a receipt in another version")]
    OtherVersion,
    /// A member is missing, unknown or of the wrong type.
    #[error("a receipt whose members are not as they should be")]
    Members(#[from] serde_json::Error),
    /// The entry is none.
    #[error("the receipt's entry cannot be read")]
    Entry(#[from] EntryError),
    /// The checkpoint is none.
    #[error("the receipt's checkpoint cannot be read")]
    Checkpoint(#[from] CheckpointError),
    /// A member shown is not what the entry was made with.
    #[error("the content shown is not the content recorded")]
    Content(#[from] ContentError),
    /// The entry is not proved to stand in the log.
    #[error("the entry is not proved to stand in the log")]
    Proof(#[from] ProofError),
    /// The checkpoint does not stand with the keys.
    #[error("the checkpoint does not stand with the keys given")]
    Trust(#[from] TrustError),
    /// The change of keys it carries is not signed by both keys.
    #[error("the change of keys is not signed by both keys")]
    Rotation(#[source] KeyError),
    /// A change of the log's key that comes with it cannot be followed.
    #[error("a change of the log's key that comes with it does not hold")]
    Keys(#[source] RotationError),
}

/// Bytes that are not what a log shows its witnesses.
#[derive(Debug, thiserror::Error)]
pub enum ShownError {
    /// Too long, or without canonical JSON.
    #[error("read or write what the log shows")]
    Canonical(#[from] CanonicalError),
    /// Not JSON, or a member is missing, unknown or of the wrong type.
    #[error("what the log shows is not as it should be")]
    Members(#[from] serde_json::Error),
    /// Another version.
    #[error("what the log shows is in another version")]
    OtherVersion,
    /// The checkpoint is none.
    #[error("the checkpoint the log shows cannot be read")]
    Checkpoint(#[from] CheckpointError),
}

/// A witness's state that cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Longer than is read.
    #[error("the state is too long")]
    TooLong,
    /// Not the JSON of a state.
    #[error("read the witness's state")]
    NotJson(#[source] serde_json::Error),
    /// Another version.
    #[error("a witness's state in another version")]
    OtherVersion,
    /// The parts do not fit one another.
    #[error("the witness's state contradicts itself: {0}")]
    Contradiction(&'static str),
}

/// A manifest that cannot be read, written or trusted.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A line that is none.
    #[error("line {line} of the manifest is malformed")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// A path that may not be, or paths out of order or twice.
    #[error("the path {0:?} may not be in a manifest, or not there")]
    Path(String),
    /// The key cannot sign or is made for another purpose.
    #[error("sign the manifest")]
    Key(#[source] KeyError),
    /// It is another log's, or the signature does not hold.
    #[error("the manifest does not stand with the keys given")]
    Trust(#[from] TrustError),
}
