//! A small world: a log kept by the government, witnesses, and a memory that stores what is to be
//! stored and nothing else.

use std::collections::BTreeMap;
use std::convert::Infallible;

use ledger::{
    Actor, Checkpoint, ConsistencyProof, Content, Entry, Event, FileHash, Frontier, Hash, Head,
    InclusionProof, Instant, Kept, Keys, Nodes, Place, Plan, Purpose, Receipt, Run, Seed, Shown,
    SignedCheckpoint, Signer,
};
use serde_json::{Value, json};

/// Randomness that is the same in every run: SM3 of a name and a counter.
pub(crate) struct Dice {
    name: &'static str,
    rolls: u64,
}

impl Dice {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, rolls: 0 }
    }
}

impl rand_core::TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> {
        for chunk in to.chunks_mut(32) {
            self.rolls += 1;
            let Hash(bytes) = Hash::of(format!("{} {}", self.name, self.rolls).as_bytes());
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Dice {}

/// What a database would hold: hashes of stored levels.
#[derive(Clone, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<Place, Hash>);

impl Nodes for Memory {
    type Error = Infallible;

    fn read(&self, run: Run) -> Result<Vec<Hash>, Infallible> {
        let place = |index| Place { level: run.level, index };
        let indices = run.start..run.start + u64::from(run.count);
        Ok(indices.map(|index| self.0[&place(index)]).collect())
    }
}

/// A log with its memory.
#[derive(Clone, Default)]
pub(crate) struct Log {
    pub(crate) frontier: Frontier,
    pub(crate) memory: Memory,
}

impl Log {
    pub(crate) fn append(&mut self, leaf: Hash) -> u64 {
        let mut kept: Vec<Kept> = Vec::new();
        let index = self.frontier.append_keeping(leaf, &mut kept).unwrap();
        self.memory.0.extend(kept.into_iter().map(|kept| (kept.place, kept.hash)));
        index
    }

    /// A log with leaves of no meaning.
    pub(crate) fn of(leaves: u64) -> Self {
        let mut log = Self::default();
        for number in 0..leaves {
            log.append(leaf(number));
        }
        log
    }

    pub(crate) fn head(&self) -> Head {
        Head { size: self.frontier.size(), root: self.frontier.root() }
    }

    pub(crate) fn inclusion(&self, index: u64) -> InclusionProof {
        self.inclusion_at(index, self.frontier.size())
    }

    pub(crate) fn inclusion_at(&self, index: u64, size: u64) -> InclusionProof {
        Plan::inclusion(index, size).unwrap().compute_from(&self.memory).unwrap()
    }

    pub(crate) fn consistency(&self, old: u64) -> ConsistencyProof {
        let new = self.frontier.size();
        Plan::consistency(old, new).unwrap().compute_from(&self.memory).unwrap()
    }

    pub(crate) fn checkpoint(&self, signer: &Signer) -> SignedCheckpoint {
        let origin = signer.verifier().name().clone();
        let at = Some(at(self.frontier.size()));
        let checkpoint = Checkpoint { origin, head: self.head(), at, extensions: Vec::new() };
        checkpoint.sign(signer).unwrap()
    }

    /// What the log shows a witness that has seen `seen` entries.
    pub(crate) fn show(&self, signer: &Signer, seen: u64) -> Shown {
        Shown {
            checkpoint: self.checkpoint(signer),
            consistency: self.consistency(seen),
            rotations: Vec::new(),
        }
    }
}

pub(crate) fn leaf(number: u64) -> Hash {
    Hash::leaf(format!("entry {number}").as_bytes())
}

/// 2026-01-01 08:00 in Beijing, and so many seconds.
pub(crate) fn at(seconds: u64) -> Instant {
    Instant::from_seconds(1_767_225_600 + seconds).unwrap()
}

pub(crate) fn log_signer() -> Signer {
    let name = "liandong.hanzhong.example/2026".parse().unwrap();
    Signer::generate(name, Purpose::Log, &mut Dice::new("log")).unwrap()
}

pub(crate) fn next_log_signer() -> Signer {
    let name = "liandong.hanzhong.example/2026".parse().unwrap();
    Signer::generate(name, Purpose::Log, &mut Dice::new("next log")).unwrap()
}

pub(crate) fn witness_signer() -> Signer {
    let name = "jcy.hanzhong.example/witness".parse().unwrap();
    Signer::generate(name, Purpose::Witness, &mut Dice::new("witness")).unwrap()
}

/// A witness the government set up itself.
pub(crate) fn own_witness_signer() -> Signer {
    let name = "hbj.hanzhong.example/witness".parse().unwrap();
    Signer::generate(name, Purpose::Witness, &mut Dice::new("own witness")).unwrap()
}

/// The keys everybody has: the government's log, the procuratorate's witness, and one of its own.
pub(crate) fn keys() -> Keys {
    let (government, procuratorate) =
        ("government".parse().unwrap(), "procuratorate".parse().unwrap());
    Keys::new("government".parse().unwrap(), log_signer().verifier().clone())
        .unwrap()
        .witness(procuratorate, witness_signer().verifier().clone())
        .unwrap()
        .witness(government, own_witness_signer().verifier().clone())
        .unwrap()
}

pub(crate) const MATTER: &str = "019b7a1c-5c00-7000-8000-00000000002a";

pub(crate) fn content(sequence: u32) -> Content {
    let members: [(&str, Value); 4] = [
        ("informant", json!("张某")),
        ("place", json!({ "division": "610702", "name": "褒河\n右岸" })),
        ("reason", json!("巡查发现排污口")),
        ("urgent", json!(false)),
    ];
    let members = members.map(|(name, value)| (name.parse().unwrap(), value));
    Content::new(Seed([u8::try_from(sequence).unwrap(); 16]), members).unwrap()
}

pub(crate) fn event(sequence: u32) -> Event {
    Event {
        matter: MATTER.parse().unwrap(),
        sequence,
        root: MATTER.parse().unwrap(),
        procedure: "suggestion".parse().unwrap(),
        version: "2021-07-01".parse().unwrap(),
        actor: Actor { user: Some(7), unit: Some(3) },
        action: "serve".parse().unwrap(),
        at: at(u64::from(sequence)),
        content: content(sequence).commitments(),
        files: [FileHash::Sha256([0xab; 32])].into(),
    }
}

/// A log with `before` other leaves, three events of one matter and `after` others; the receipts
/// of the events, everything shown, cosigned by the other side.
pub(crate) fn receipts(before: u64, after: u64) -> (Log, Vec<Receipt>) {
    let mut log = Log::of(before);
    let entries: Vec<Entry> = (1..=3).map(|sequence| Entry::Event(event(sequence))).collect();
    let indices: Vec<u64> = entries.iter().map(|entry| log.append(entry.leaf().unwrap())).collect();
    for number in 0..after {
        log.append(leaf(1_000_000 + number));
    }
    let mut checkpoint = log.checkpoint(&log_signer());
    checkpoint.cosign(&witness_signer(), at(9_000)).unwrap();
    let receipts = entries
        .into_iter()
        .zip(indices)
        .zip(1..)
        .map(|((entry, index), sequence)| Receipt {
            openings: content(sequence).open(|_| true),
            inclusion: log.inclusion(index),
            checkpoint: checkpoint.clone(),
            rotations: Vec::new(),
            entry,
            index,
        })
        .collect();
    (log, receipts)
}

/// The text with the bit flipped.
pub(crate) fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    changed[bit / 8] ^= 1 << (bit % 8);
    changed
}
