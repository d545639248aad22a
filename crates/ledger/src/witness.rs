//! A witness: the other side's own look at the log.
//!
//! A witness remembers the last checkpoint it cosigned, and cosigns another only after a proof that
//! the log has grown from it. What it is shown beside that it keeps as evidence: two checkpoints of one
//! size and two roots convict the log by themselves; a checkpoint whose growth is not proved is an
//! accusation that a proof, shown later, takes back.
//!
//! [`Witness`] is the state and the rules, without clock, disk or network. **Save the state durably
//! before handing out the cosignature**: a witness that forgets is none.

use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::checkpoint::SignedCheckpoint;
use crate::error::{
    CanonicalError, CheckpointError, KeyError, ProofError, RotationError, ShownError, StateError,
    TrustError,
};
use crate::key::{Purpose, Signer, Verifier};
use crate::label::{Instant, Name};
use crate::proof::{ConsistencyProof, Head};
use crate::rotation::{InForce, KeyChain, ProvedRotation};
use crate::trust::judge_log;

/// The version of a state.
pub const STATE_VERSION: &str = "liandong-witness/1";

/// The version of what a log shows its witnesses.
pub const SHOWN_VERSION: &str = "liandong-shown/1";

/// The version of evidence that is handed to others.
pub const EVIDENCE_VERSION: &str = "liandong-evidence/1";

/// The most bytes of a state.
pub const STATE_BYTES_MAX: usize = 1 << 24;

/// The most bytes of what a log shows.
pub const SHOWN_BYTES_MAX: usize = 1 << 20;

/// The most evidence kept; the oldest accusations make room for new ones.
pub const EVIDENCE_MAX: usize = 64;

/// What a log shows a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The checkpoint to be cosigned.
    pub checkpoint: SignedCheckpoint,
    /// From the last checkpoint the witness saw to this one, or, when this one is the smaller, from
    /// this one to that.
    pub consistency: ConsistencyProof,
    /// The changes of the log's key since then, with proofs for this checkpoint's tree.
    pub rotations: Vec<ProvedRotation>,
}

/// The JSON of what a log shows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownFile {
    shown: String,
    checkpoint: String,
    consistency: ConsistencyProof,
    rotations: Vec<ProvedRotation>,
}

impl Shown {
    /// Its text: canonical JSON.
    ///
    /// # Errors
    /// [`ShownError`] when a number is past 2⁵³ − 1.
    pub fn to_text(&self) -> Result<String, ShownError> {
        let file = ShownFile {
            shown: SHOWN_VERSION.to_owned(),
            checkpoint: self.checkpoint.to_string(),
            consistency: self.consistency.clone(),
            rotations: self.rotations.clone(),
        };
        Ok(canonical::to_text(&serde_json::to_value(file)?)?)
    }

    /// Reads what a log shows.
    ///
    /// # Errors
    /// [`ShownError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ShownError> {
        if bytes.len() > SHOWN_BYTES_MAX {
            let (bytes, bytes_max) = (bytes.len(), SHOWN_BYTES_MAX);
            return Err(CanonicalError::TooLong { bytes, bytes_max }.into());
        }
        let file: ShownFile = serde_json::from_slice(bytes)?;
        if file.shown != SHOWN_VERSION {
            return Err(ShownError::OtherVersion);
        }
        Ok(Self {
            checkpoint: SignedCheckpoint::parse(file.checkpoint.as_bytes())?,
            consistency: file.consistency,
            rotations: file.rotations,
        })
    }
}

/// A witness's memory of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    log: KeyChain,
    last: Option<Last>,
    evidence: Vec<SplitView>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Last {
    checkpoint: SignedCheckpoint,
    looked_at: Instant,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// The log has grown from what was seen before; here is the cosigned checkpoint.
    Cosigned {
        /// With the witness's line.
        checkpoint: Box<SignedCheckpoint>,
        /// Whether it was the first look, at which there was nothing to compare with.
        first: bool,
    },
    /// An older checkpoint than the last seen; nothing is signed and nothing is wrong.
    Behind {
        /// The size shown.
        shown: u64,
        /// The size seen before.
        seen: u64,
        /// Whether it was proved that what was seen has grown from it.
        proved: bool,
    },
    /// Two histories. Nothing is signed; both checkpoints are kept.
    SplitView(Box<SplitView>),
    /// Not this log's word; nothing is signed and nothing is kept.
    Refused(Refused),
}

/// Why a witness does not even look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It does not stand with the log's key.
    Trust(TrustError),
    /// A change of the log's key does not hold.
    Rotation(String),
}

/// Evidence of two histories: both checkpoints as the log signed them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitView {
    /// The one the witness had cosigned.
    pub seen: SignedCheckpoint,
    /// The one it was shown.
    pub shown: SignedCheckpoint,
    /// The proof that came with it and does not hold.
    pub proof: ConsistencyProof,
    /// When.
    pub at: Instant,
    /// How much it proves.
    pub why: WhySplit,
}

/// How much a split view proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhySplit {
    /// One size, two roots: the log signed two histories, whatever it may say.
    TwoRoots,
    /// Two sizes, and no proof that one grew into the other: the log is asked for one.
    NoProof,
}

impl SplitView {
    /// Checks evidence that somebody else shows: both checkpoints must be the log's; says whether
    /// they do show what `why` claims.
    ///
    /// # Errors
    /// [`TrustError`] when a checkpoint is not signed by the log.
    pub fn verify(&self, log: &KeyChain) -> Result<bool, TrustError> {
        for checkpoint in [&self.seen, &self.shown] {
            let said = checkpoint.checkpoint();
            judge_log(log, &said.origin, said.head.size, checkpoint.note())?;
        }
        let (seen, shown) = (self.seen.checkpoint().head, self.shown.checkpoint().head);
        Ok(match self.why {
            WhySplit::TwoRoots => seen.size == shown.size && seen.root != shown.root,
            WhySplit::NoProof => grown(seen, shown, &self.proof).is_err(),
        })
    }
}

/// Whether the larger of two trees is proved to have grown from the smaller.
fn grown(one: Head, other: Head, proof: &ConsistencyProof) -> Result<(), ProofError> {
    if one.size <= other.size { proof.verify(one, other) } else { proof.verify(other, one) }
}

impl Witness {
    /// A witness that has seen nothing yet. The first checkpoint it is shown it believes.
    ///
    /// # Errors
    /// [`KeyError::OtherPurpose`] when the key is none of a log.
    pub fn new(log: Verifier) -> Result<Self, KeyError> {
        Ok(Self::of(KeyChain::new(log)?))
    }

    /// The same for a log that has had several keys.
    #[must_use]
    pub fn of(log: KeyChain) -> Self {
        Self { log, last: None, evidence: Vec::new() }
    }

    /// The log it watches.
    #[must_use]
    pub fn origin(&self) -> &Name {
        self.log.origin()
    }

    /// The log's keys as far as it has seen them.
    #[must_use]
    pub fn log(&self) -> &KeyChain {
        &self.log
    }

    /// The last checkpoint it cosigned, and when.
    #[must_use]
    pub fn last(&self) -> Option<(&SignedCheckpoint, Instant)> {
        self.last.as_ref().map(|last| (&last.checkpoint, last.looked_at))
    }

    /// The size of the last checkpoint it cosigned, 0 before the first: what to ask a proof from.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.checkpoint.checkpoint().head.size)
    }

    /// What it holds against the log.
    #[must_use]
    pub fn evidence(&self) -> &[SplitView] {
        &self.evidence
    }

    /// Looks at what the log shows, and cosigns it when it has grown from what was seen before.
    /// After two roots of one size it cosigns nothing more: people have to decide.
    ///
    /// # Errors
    /// [`KeyError`] when `signer` is none of a witness or cannot sign; the state is unchanged.
    pub fn look(&mut self, shown: &Shown, signer: &Signer, at: Instant) -> Result<Look, KeyError> {
        if signer.verifier().purpose() != Purpose::Witness {
            return Err(KeyError::OtherPurpose);
        }
        if let Some(convicted) = self.evidence.iter().find(|kept| kept.why == WhySplit::TwoRoots) {
            return Ok(Look::SplitView(Box::new(convicted.clone())));
        }
        let said = shown.checkpoint.checkpoint();
        let log = match self.follow(&shown.rotations, said.head) {
            Ok(log) => log,
            Err(error) => return Ok(Look::Refused(Refused::Rotation(error.to_string()))),
        };
        if let Err(error) = judge_log(&log, &said.origin, said.head.size, shown.checkpoint.note()) {
            return Ok(Look::Refused(Refused::Trust(error)));
        }
        if let Some(last) = &self.last {
            let seen = last.checkpoint.checkpoint().head;
            let same = seen == said.head;
            let proved = same || grown(seen, said.head, &shown.consistency).is_ok();
            let nothing_offered = shown.consistency.hashes().is_empty();
            if said.head.size < seen.size && (proved || nothing_offered) {
                let (shown, seen) = (said.head.size, seen.size);
                return Ok(Look::Behind { shown, seen, proved });
            }
            if !proved {
                let two_roots = seen.size == said.head.size;
                let split = SplitView {
                    seen: last.checkpoint.clone(),
                    shown: shown.checkpoint.clone(),
                    proof: shown.consistency.clone(),
                    at,
                    why: if two_roots { WhySplit::TwoRoots } else { WhySplit::NoProof },
                };
                self.keep(split.clone());
                return Ok(Look::SplitView(Box::new(split)));
            }
        }
        let mut cosigned = shown.checkpoint.clone();
        cosigned.cosign(signer, at)?;
        let head = said.head;
        self.evidence.retain(|kept| kept.shown.checkpoint().head != head);
        self.log = log;
        let first = self.last.is_none();
        self.last = Some(Last { checkpoint: cosigned.clone(), looked_at: at });
        Ok(Look::Cosigned { checkpoint: Box::new(cosigned), first })
    }

    /// The log's keys with the changes it shows, each proved to stand in the tree it shows.
    fn follow(&self, shown: &[ProvedRotation], head: Head) -> Result<KeyChain, RotationError> {
        // What stands before the last look was signed for by the key known then.
        if shown.iter().any(|proved| proved.index < self.size()) {
            return Err(RotationError::OutOfOrder);
        }
        self.log.followed(shown, head)
    }

    fn keep(&mut self, split: SplitView) {
        let again = |kept: &SplitView| {
            let heads =
                |view: &SplitView| (view.seen.checkpoint().head, view.shown.checkpoint().head);
            heads(kept) == heads(&split)
        };
        if self.evidence.iter().any(again) {
            return;
        }
        if self.evidence.len() >= EVIDENCE_MAX {
            self.evidence.remove(0);
        }
        self.evidence.push(split);
    }
}

/// The JSON of a state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateFile {
    state: String,
    log: Vec<InForce>,
    last: Option<LastFile>,
    evidence: Vec<SplitFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastFile {
    checkpoint: String,
    looked_at: Instant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitFile {
    seen: String,
    shown: String,
    proof: ConsistencyProof,
    at: Instant,
    why: WhySplit,
}

impl SplitFile {
    fn of(split: &SplitView) -> Self {
        Self {
            seen: split.seen.to_string(),
            shown: split.shown.to_string(),
            proof: split.proof.clone(),
            at: split.at,
            why: split.why,
        }
    }

    fn read(self) -> Result<SplitView, CheckpointError> {
        Ok(SplitView {
            seen: SignedCheckpoint::parse(self.seen.as_bytes())?,
            shown: SignedCheckpoint::parse(self.shown.as_bytes())?,
            proof: self.proof,
            at: self.at,
            why: self.why,
        })
    }
}

/// The JSON of evidence that is handed to others.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceFile {
    evidence: String,
    seen: String,
    shown: String,
    proof: ConsistencyProof,
    at: Instant,
    why: WhySplit,
}

impl SplitView {
    /// Its text, to be handed to others: JSON, indented.
    ///
    /// # Errors
    /// [`StateError::NotJson`], which does not happen.
    pub fn to_text(&self) -> Result<String, StateError> {
        let SplitFile { seen, shown, proof, at, why } = SplitFile::of(self);
        let evidence = EVIDENCE_VERSION.to_owned();
        let file = EvidenceFile { evidence, seen, shown, proof, at, why };
        let mut text = serde_json::to_string_pretty(&file).map_err(StateError::NotJson)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads evidence; whether it stands says [`Self::verify`].
    ///
    /// # Errors
    /// [`StateError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StateError> {
        if bytes.len() > STATE_BYTES_MAX {
            return Err(StateError::TooLong);
        }
        let file: EvidenceFile = serde_json::from_slice(bytes).map_err(StateError::NotJson)?;
        let EvidenceFile { evidence, seen, shown, proof, at, why } = file;
        if evidence != EVIDENCE_VERSION {
            return Err(StateError::OtherVersion);
        }
        SplitFile { seen, shown, proof, at, why }
            .read()
            .map_err(|_| StateError::Contradiction("its checkpoints cannot be read"))
    }
}

impl Witness {
    /// The state's text: JSON, indented, for people may have to read it.
    ///
    /// # Errors
    /// [`StateError::NotJson`], which does not happen.
    pub fn to_text(&self) -> Result<String, StateError> {
        let file = StateFile {
            state: STATE_VERSION.to_owned(),
            log: self.log.keys().to_vec(),
            last: self.last.as_ref().map(|last| LastFile {
                checkpoint: last.checkpoint.to_string(),
                looked_at: last.looked_at,
            }),
            evidence: self.evidence.iter().map(SplitFile::of).collect(),
        };
        let mut text = serde_json::to_string_pretty(&file).map_err(StateError::NotJson)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads a state, and checks that its checkpoints are the log's.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, StateError> {
        if bytes.len() > STATE_BYTES_MAX {
            return Err(StateError::TooLong);
        }
        let file: StateFile = serde_json::from_slice(bytes).map_err(StateError::NotJson)?;
        if file.state != STATE_VERSION {
            return Err(StateError::OtherVersion);
        }
        let log = KeyChain::from_keys(file.log)
            .ok_or(StateError::Contradiction("its keys are no chain of a log's keys"))?;
        let last = file.last.map(|last| read_last(&log, &last)).transpose()?;
        if file.evidence.len() > EVIDENCE_MAX {
            return Err(StateError::TooLong);
        }
        let mut evidence = Vec::new();
        for split in file.evidence {
            let split = split
                .read()
                .map_err(|_| StateError::Contradiction("its evidence cannot be read"))?;
            evidence.push(split);
        }
        Ok(Self { log, last, evidence })
    }
}

fn read_last(log: &KeyChain, last: &LastFile) -> Result<Last, StateError> {
    let checkpoint = SignedCheckpoint::parse(last.checkpoint.as_bytes())
        .map_err(|_| StateError::Contradiction("its last checkpoint cannot be read"))?;
    let said = checkpoint.checkpoint();
    judge_log(log, &said.origin, said.head.size, checkpoint.note())
        .map_err(|_| StateError::Contradiction("its last checkpoint is not the log's"))?;
    Ok(Last { checkpoint, looked_at: last.looked_at })
}

impl Look {
    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Cosigned { checkpoint, first: true } => {
                format!("首次查验，以此为起点，已副署：{}", checkpoint.checkpoint().minutes_zh())
            }
            Self::Cosigned { checkpoint, first: false } => {
                format!("此前所见均未被改动，已副署：{}", checkpoint.checkpoint().minutes_zh())
            }
            Self::Behind { shown, seen, proved } => format!(
                "出示的是旧检查点（第{shown}条），此前已查验到第{seen}条，未副署{}",
                if *proved { "；两者一致" } else { "；未附证明，不作判断" }
            ),
            Self::SplitView(split) => split.zh(),
            Self::Refused(Refused::Trust(error)) => {
                format!("不是所见证日志的有效签名，未副署：{}", error.zh())
            }
            Self::Refused(Refused::Rotation(_)) => "更换日志密钥的证明不成立，未副署".to_owned(),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        match self {
            Self::Cosigned { checkpoint, first: true } => {
                format!(
                    "first look, taken as the start; cosigned: {}",
                    checkpoint.checkpoint().minutes_en()
                )
            }
            Self::Cosigned { checkpoint, first: false } => format!(
                "nothing seen before was changed; cosigned: {}",
                checkpoint.checkpoint().minutes_en()
            ),
            Self::Behind { shown, seen, proved } => format!(
                "an old checkpoint (entry {shown}; entry {seen} was seen before); not cosigned; {}",
                if *proved { "the two agree" } else { "no proof came with it, so no judgement" }
            ),
            Self::SplitView(split) => split.en(),
            Self::Refused(Refused::Trust(error)) => {
                format!("not the word of the log that is watched; not cosigned: {error}")
            }
            Self::Refused(Refused::Rotation(error)) => {
                format!("the change of the log's key is not proved; not cosigned: {error}")
            }
        }
    }
}

impl SplitView {
    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        let (seen, shown) = (self.seen.checkpoint(), self.shown.checkpoint());
        let both = format!("此前所见：{}；现所出示：{}", seen.minutes_zh(), shown.minutes_zh());
        match self.why {
            WhySplit::TwoRoots => format!(
                "【严重】日志对同样的条数签署了两份不同的历史，记录已被改动，停止副署，两份均已留存。{both}"
            ),
            WhySplit::NoProof => format!(
                "【警告】日志未能证明现所出示的由此前所见增长而来，未副署，两份均已留存，请要求日志方补充证明。{both}"
            ),
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        let (seen, shown) = (self.seen.checkpoint(), self.shown.checkpoint());
        let both = format!("seen before: {}; shown now: {}", seen.minutes_en(), shown.minutes_en());
        match self.why {
            WhySplit::TwoRoots => format!(
                "ALARM: the log signed two histories of one length; entries were changed; nothing more \
                 is cosigned and both are kept. {both}"
            ),
            WhySplit::NoProof => format!(
                "WARNING: the log does not prove that what it shows has grown from what was seen; not \
                 cosigned, both are kept, ask the log's side for a proof. {both}"
            ),
        }
    }
}
