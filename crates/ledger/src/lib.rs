//! The record that neither side has to trust the other's administrator for.
//!
//! Everything that happens becomes an **entry** of one append-only log. The log's keeper signs how
//! many entries there are and what the root over them is (a **checkpoint**); a **witness** on the other
//! side cosigns it only if the log has grown from what the witness saw before. Whoever holds a
//! **receipt** can prove, offline and with public keys only, that an entry stood in that log.
//!
//! Read in this order:
//!
//! 1. [`entry`]: what one leaf says, byte for byte; [`content`] for what can be kept back.
//! 2. [`tree`], [`proof`]: the Merkle tree; [`tile`] for how proofs come from storage.
//! 3. [`key`], [`note`], [`checkpoint`]: who signs what; [`rotation`] when a key changes.
//! 4. [`trust`]: the keys one trusts, and what a checkpoint is worth under them.
//! 5. [`receipt`], [`verdict`], [`bundle`]: what the holder of a file can prove.
//! 6. [`witness`]: the other side's look.
//!
//! `docs/ledger.md` says the same to whoever writes a second implementation, with test vectors.
//!
//! Nothing here reads a clock, a file, a network, a database or a source of randomness: times and
//! randomness are arguments. Every reader of foreign bytes has a named limit and ends in a typed
//! error.
//!
//! ```
//! use ledger::{Checkpoint, Entry, Frontier, Head, Instant, Keys, Plan, Receipt, Tiles};
//! # use ledger::{Actor, Content, Event, Purpose, Seed, Signer};
//! # struct Dice(u8);
//! # impl rand_core::TryRng for Dice {
//! #     type Error = std::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { unreachable!() }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { unreachable!() }
//! #     fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
//! #         self.0 += 1; to.fill(self.0); Ok(())
//! #     }
//! # }
//! # impl rand_core::TryCryptoRng for Dice {}
//! # let mut randomness = Dice(0);
//! let signer = Signer::generate("log.example".parse()?, Purpose::Log, &mut randomness)?;
//! let keys = Keys::new("government".parse()?, signer.verifier().clone())?;
//!
//! // An act: its entry becomes the next leaf, in the act's own transaction.
//! let content = Content::new(
//!     Seed::generate(&mut randomness)?,
//!     [("place".parse()?, serde_json::json!("褒河"))],
//! )?;
//! let entry = Entry::Event(Event {
//!     matter: "0190b3c4-0000-7000-8000-000000000001".parse()?,
//!     sequence: 1,
//!     root: "0190b3c4-0000-7000-8000-000000000001".parse()?,
//!     procedure: "problem".parse()?,
//!     version: "2019-03-01".parse()?,
//!     actor: Actor { user: Some(7), unit: Some(3) },
//!     action: "open".parse()?,
//!     at: Instant::from_micros(1_767_225_600_000_000)?,
//!     content: content.commitments(),
//!     files: [].into(),
//! });
//! let mut frontier = Frontier::new();
//! let index = frontier.append(entry.leaf()?)?;
//!
//! // Now and then: a checkpoint.
//! let head = Head { size: frontier.size(), root: frontier.root() };
//! let origin = signer.verifier().name().clone();
//! let checkpoint = Checkpoint { origin, head, at: None, extensions: vec![] }.sign(&signer)?;
//!
//! // For whoever asks: a receipt, and what it proves.
//! let receipt = Receipt {
//!     inclusion: Plan::inclusion(index, head.size)?.compute(&Tiles::new())?,
//!     openings: content.open(|_| true),
//!     entry,
//!     index,
//!     checkpoint,
//!     rotations: vec![],
//! };
//! let verdict = Receipt::parse(receipt.to_text()?.as_bytes())?.verify(&keys)?;
//! assert_eq!(verdict.proved[0].key(), "stood");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod bundle;
pub mod canonical;
pub mod checkpoint;
pub mod content;
pub mod entry;
mod error;
pub mod fingerprint;
mod hash;
mod hex;
pub mod key;
mod label;
pub mod note;
pub mod proof;
pub mod receipt;
pub mod rotation;
pub mod tile;
pub mod tree;
pub mod trust;
pub mod verdict;
pub mod witness;

pub use bundle::{Check, Checked, Difference, FileCheck, Hashing, Listed, Manifest};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use content::{Commitments, Content, Opening, Openings, Seed};
pub use entry::{Actor, Entry, Event, FileHash, HouseAct};
pub use error::{
    CanonicalError, CheckpointError, ContentError, EntryError, KeyError, KeysError, ManifestError,
    NotAFileHash, NotAFingerprint, NotAHash, NotALabel, NotAName, NotAnInstant, NoteError,
    PlanError, ProofError, ReceiptError, RotationError, ShownError, StateError, TreeError,
    TrustError,
};
pub use fingerprint::Fingerprint;
pub use hash::Hash;
pub use key::{DISTINGUISHING_ID, KeyId, Purpose, Signature, Signer, Verifier};
pub use label::{Instant, LABEL_BYTES_MAX, Label, Name, Side};
pub use note::{SignatureLine, Signed, SignedNote};
pub use proof::{ConsistencyProof, Head, InclusionProof};
pub use receipt::Receipt;
pub use rotation::{InForce, KeyChain, ProvedRotation, Rotation};
pub use tile::{Nodes, Plan, Run, Tiles};
pub use tree::{Frontier, Kept, Place, rebuild};
pub use trust::{Keys, Standing, WitnessKey, Witnessed};
pub use verdict::{NotProved, Proved, Verdict};
pub use witness::{Look, Refused, Shown, SplitView, WhySplit, Witness};
