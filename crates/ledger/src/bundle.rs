//! A whole matter as exported: many files, and a manifest that names each and is signed.
//!
//! The [`Manifest`] is a signed note with a line for each file: size, SM3, path. A file longer than
//! one block has a line with the SM3 of each block besides, so that a change is found to the block.
//! [`Check`] takes the files one after another, in pieces of any size, and in the end says everything
//! that does not fit: files changed, missing or not listed, receipts that prove nothing, events that
//! are left out, attachments that are not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::Sha256;
use sm3::{Digest, Sm3};

use crate::checkpoint::{decimal, time};
use crate::entry::{Entry, FileHash};
use crate::error::{KeyError, ManifestError, ReceiptError, TrustError};
use crate::hash::Hash;
use crate::key::{KeyId, Signer};
use crate::label::{Instant, Label, Name};
use crate::note::SignedNote;
use crate::receipt::{RECEIPT_BYTES_MAX, Receipt};
use crate::trust::Keys;
use crate::verdict::Verdict;

/// The first line of a manifest.
pub const BUNDLE_VERSION: &str = "liandong-bundle/1";

/// The path of the manifest in the bundle; it does not list itself.
pub const MANIFEST_PATH: &str = "manifest.txt";

/// The path of what the log showed at the export ([`crate::Shown`]): its checkpoint, and every change of
/// its key, so that whoever has an earlier key can follow. Read it before the manifest.
pub const LOG_PATH: &str = "log.json";

/// Files under this path that end in `.json` are receipts.
pub const RECEIPTS_UNDER: &str = "receipts/";

/// The most bytes of a manifest.
pub const MANIFEST_BYTES_MAX: usize = 1 << 26;

/// The most bytes of a path.
pub const PATH_BYTES_MAX: usize = 512;

/// How many bytes make a block: a change is found to this.
pub const BLOCK_BYTES: u64 = 1 << 16;

/// What a bundle holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The log whose key signs.
    pub origin: Name,
    /// The matter exported.
    pub matter: Label,
    /// When it was exported, by the log's clock.
    pub at: Instant,
    /// The size of the log then: says which of its keys signs.
    pub size: u64,
    /// Events kept back from the holder, who may not know of them: the matter and the number.
    pub withheld: BTreeSet<(Label, u32)>,
    /// Files that events name and that are kept back from the holder.
    pub withheld_files: BTreeSet<FileHash>,
    /// The files, by path.
    pub files: BTreeMap<String, Listed>,
}

/// A file as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// How long.
    pub size_bytes: u64,
    /// SM3 of all of it.
    pub sm3: Hash,
    /// SM3 of each block of [`BLOCK_BYTES`], the last of which may be shorter; none for a file of
    /// one block or less.
    pub blocks: Vec<Hash>,
}

impl Listed {
    /// How a file whose bytes are at hand is listed.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hashing = Hashing::default();
        hashing.update(bytes);
        hashing.listed().0
    }

    /// How many blocks it has to have.
    fn blocks_expected(&self) -> u64 {
        if self.size_bytes <= BLOCK_BYTES { 0 } else { self.size_bytes.div_ceil(BLOCK_BYTES) }
    }
}

impl Manifest {
    /// The text that is signed.
    ///
    /// # Errors
    /// [`ManifestError::Path`] for a path that may not be in a manifest.
    pub fn text(&self) -> Result<String, ManifestError> {
        use std::fmt::Write as _;
        let mut text = String::new();
        let _ = writeln!(text, "{BUNDLE_VERSION}");
        let _ = writeln!(text, "log {}", self.origin);
        let _ = writeln!(text, "matter {}", self.matter);
        let _ = writeln!(text, "time {}", self.at.micros());
        let _ = writeln!(text, "size {}", self.size);
        for (matter, number) in &self.withheld {
            let _ = writeln!(text, "withheld {number} {matter}");
        }
        for hash in &self.withheld_files {
            let _ = writeln!(text, "withheld-file {hash}");
        }
        for (path, listed) in &self.files {
            if !is_path(path) {
                return Err(ManifestError::Path(path.clone()));
            }
            let _ = writeln!(text, "file {} {} {path}", listed.size_bytes, listed.sm3);
            for block in &listed.blocks {
                let _ = writeln!(text, "block {block}");
            }
        }
        Ok(text)
    }

    /// Signs with the log's key.
    ///
    /// # Errors
    /// [`ManifestError`] for a path that may not be, or a key that is another log's.
    pub fn sign(&self, signer: &Signer) -> Result<SignedNote, ManifestError> {
        if *signer.verifier().name() != self.origin {
            return Err(ManifestError::Key(KeyError::OtherPurpose));
        }
        let mut note = SignedNote::unsigned(self.text()?)?;
        note.sign(signer).map_err(ManifestError::Key)?;
        Ok(note)
    }

    /// Reads a manifest, without trusting it: [`Check::new`] does.
    ///
    /// # Errors
    /// [`ManifestError`], naming the line.
    pub fn parse(bytes: &[u8]) -> Result<(Self, SignedNote), ManifestError> {
        let note = SignedNote::parse(bytes, MANIFEST_BYTES_MAX)?;
        let mut lines = note.text().trim_end_matches('\n').split('\n').zip(1..);
        let mut head = |prefix: &str, number: usize| {
            let line = lines.next().and_then(|(line, _)| line.strip_prefix(prefix));
            line.ok_or(ManifestError::Line { line: number })
        };
        let malformed = |line: usize| ManifestError::Line { line };
        if !head(BUNDLE_VERSION, 1)?.is_empty() {
            return Err(malformed(1));
        }
        let origin = head("log ", 2)?.parse().map_err(|_| malformed(2))?;
        let matter = head("matter ", 3)?.parse().map_err(|_| malformed(3))?;
        let at = time(head("time ", 4)?).ok_or(malformed(4))?;
        let size = decimal(head("size ", 5)?).ok_or(malformed(5))?;
        let (mut withheld, mut withheld_files) = (BTreeSet::new(), BTreeSet::new());
        let mut files: Vec<(String, Listed)> = Vec::new();
        for (line, number) in lines {
            if let Some(kept) = line.strip_prefix("withheld ") {
                withheld.insert(withheld_event(kept).ok_or(malformed(number))?);
                continue;
            }
            if let Some(kept) = line.strip_prefix("withheld-file ") {
                withheld_files.insert(kept.parse().map_err(|_| malformed(number))?);
                continue;
            }
            if let Some(block) = line.strip_prefix("block ") {
                let (_, listed) = files.last_mut().ok_or(malformed(number))?;
                listed.blocks.push(block.parse().map_err(|_| malformed(number))?);
                continue;
            }
            let (path, listed) = file_line(line).ok_or(malformed(number))?;
            let after = files.last().is_none_or(|(before, _)| *before < path);
            if !is_path(&path) || !after {
                return Err(ManifestError::Path(path));
            }
            files.push((path, listed));
        }
        for (path, listed) in &files {
            if u64::try_from(listed.blocks.len()).ok() != Some(listed.blocks_expected()) {
                return Err(ManifestError::Path(path.clone()));
            }
        }
        let files = files.into_iter().collect();
        let manifest = Self { origin, matter, at, size, withheld, withheld_files, files };
        // Lines out of order, or twice, are no manifest of ours.
        if manifest.text()? != note.text() {
            return Err(malformed(1));
        }
        Ok((manifest, note))
    }
}

fn file_line(line: &str) -> Option<(String, Listed)> {
    let (size_bytes, rest) = line.strip_prefix("file ")?.split_once(' ')?;
    let (sm3, path) = rest.split_once(' ')?;
    let (size_bytes, sm3) = (decimal(size_bytes)?, sm3.parse().ok()?);
    Some((path.to_owned(), Listed { size_bytes, sm3, blocks: Vec::new() }))
}

fn withheld_event(line: &str) -> Option<(Label, u32)> {
    let (number, matter) = line.split_once(' ')?;
    Some((matter.parse().ok()?, u32::try_from(decimal(number)?).ok()?))
}

/// A path that stays inside the bundle on every system: relative, with `/` between its parts, none
/// of which is empty, `.` or `..`; no control characters, `\` or `:`; and not the manifest's own.
fn is_path(path: &str) -> bool {
    path.len() <= PATH_BYTES_MAX
        && path != MANIFEST_PATH
        && !path.chars().any(|character| character.is_control() || "\\:".contains(character))
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Something in a bundle that is not as it should be.
#[derive(Debug)]
pub enum Difference {
    /// A file is listed and not there.
    Missing {
        /// The path.
        path: String,
    },
    /// A file is there and not listed, or there twice.
    NotListed {
        /// The path.
        path: String,
    },
    /// A file is longer or shorter than listed.
    Length {
        /// The path.
        path: String,
        /// As listed.
        listed: u64,
        /// As found.
        found: u64,
    },
    /// A file was changed, first between these bytes, counted from 0.
    Changed {
        /// The path.
        path: String,
        /// The first byte of the first block that differs.
        from: u64,
        /// The byte after its last.
        to: u64,
    },
    /// A receipt proves nothing.
    Receipt {
        /// The path.
        path: String,
        /// Why.
        error: Box<ReceiptError>,
    },
    /// A receipt holds and is of another matter's family.
    OtherMatter {
        /// The path.
        path: String,
    },
    /// Events of a matter are left out: their numbers are missing between others.
    EventsMissing {
        /// The matter.
        matter: Label,
        /// The numbers.
        sequences: Vec<u32>,
    },
    /// A file an event names is not in the bundle.
    FileMissing {
        /// The receipt that names it.
        path: String,
        /// Its hash.
        hash: FileHash,
    },
}

/// How many missing numbers of events are told one by one.
const SEQUENCES_TOLD_MAX: usize = 100;

/// Checks a bundle, file by file.
#[derive(Debug)]
pub struct Check<'keys> {
    keys: &'keys Keys,
    manifest: Manifest,
    key: KeyId,
    seen: BTreeSet<String>,
    hashes: BTreeSet<FileHash>,
    verdicts: BTreeMap<String, Verdict>,
    /// Each file an event names, with the receipt that names it.
    named: BTreeMap<FileHash, String>,
    sequences: BTreeMap<Label, BTreeSet<u32>>,
    differences: Vec<Difference>,
}

/// What came of checking a bundle.
#[derive(Debug)]
pub struct Checked {
    /// The manifest.
    pub manifest: Manifest,
    /// The log's key that signed it.
    pub key: KeyId,
    /// What the receipts prove, by path.
    pub verdicts: BTreeMap<String, Verdict>,
    /// Everything that is not as it should be; none when the bundle is whole.
    pub differences: Vec<Difference>,
}

impl<'keys> Check<'keys> {
    /// Begins with the manifest's bytes.
    ///
    /// # Errors
    /// [`ManifestError`] when it cannot be read, or is not signed by the log's key.
    pub fn new(manifest: &[u8], keys: &'keys Keys) -> Result<Self, ManifestError> {
        let (manifest, note) = Manifest::parse(manifest)?;
        let key = keys.judge_log(&manifest.origin, manifest.size, &note)?;
        Ok(Self {
            keys,
            manifest,
            key,
            seen: BTreeSet::new(),
            hashes: BTreeSet::new(),
            verdicts: BTreeMap::new(),
            named: BTreeMap::new(),
            sequences: BTreeMap::new(),
            differences: Vec::new(),
        })
    }

    /// Begins a file of the bundle, in whatever order; give its bytes to [`FileCheck::update`] and
    /// then it to [`Self::end`].
    #[must_use]
    pub fn begin(&self, path: &str) -> FileCheck {
        let is_receipt = is_receipt(path);
        FileCheck {
            path: path.to_owned(),
            hashing: Hashing::default(),
            receipt: is_receipt.then(Vec::new),
        }
    }

    /// Ends a file.
    pub fn end(&mut self, file: FileCheck) {
        let FileCheck { path, hashing, receipt } = file;
        let (found, sha256) = hashing.listed();
        self.hashes.extend([sha256, FileHash::Sm3(found.sm3)]);
        let listed = self.manifest.files.get(&path);
        let Some(listed) = listed.filter(|_| self.seen.insert(path.clone())) else {
            self.differences.push(Difference::NotListed { path });
            return;
        };
        if let Some(difference) = difference(&path, listed, &found) {
            self.differences.push(difference);
        }
        if let Some(bytes) = receipt {
            self.receipt(path, &bytes);
        }
    }

    fn receipt(&mut self, path: String, bytes: &[u8]) {
        let receipt = Receipt::parse(bytes);
        let verified = receipt.and_then(|receipt| Ok((receipt.verify(self.keys)?, receipt)));
        match verified {
            Err(error) => {
                self.differences.push(Difference::Receipt { path, error: Box::new(error) });
            }
            Ok((verdict, receipt)) => {
                if let Entry::Event(event) = &receipt.entry {
                    if event.matter != self.manifest.matter && event.root != self.manifest.matter {
                        self.differences.push(Difference::OtherMatter { path: path.clone() });
                    }
                    let sequences = self.sequences.entry(event.matter.clone()).or_default();
                    sequences.insert(event.sequence);
                }
                for hash in receipt.entry.files() {
                    self.named.entry(*hash).or_insert_with(|| path.clone());
                }
                self.verdicts.insert(path, verdict);
            }
        }
    }

    /// Says what came of it, when every file has been given.
    #[must_use]
    pub fn finish(mut self) -> Checked {
        for path in self.manifest.files.keys().filter(|path| !self.seen.contains(*path)) {
            self.differences.push(Difference::Missing { path: path.clone() });
        }
        for (matter, sequences) in &self.sequences {
            let last = sequences.last().copied().unwrap_or(0);
            let withheld = |number| self.manifest.withheld.contains(&(matter.clone(), number));
            let missing: Vec<u32> = (1..last)
                .filter(|number| !sequences.contains(number) && !withheld(*number))
                .take(SEQUENCES_TOLD_MAX)
                .collect();
            if !missing.is_empty() {
                let matter = matter.clone();
                self.differences.push(Difference::EventsMissing { matter, sequences: missing });
            }
        }
        for (hash, path) in &self.named {
            if !self.hashes.contains(hash) && !self.manifest.withheld_files.contains(hash) {
                let path = path.clone();
                self.differences.push(Difference::FileMissing { path, hash: *hash });
            }
        }
        Checked {
            manifest: self.manifest,
            key: self.key,
            verdicts: self.verdicts,
            differences: self.differences,
        }
    }
}

fn is_receipt(path: &str) -> bool {
    path.starts_with(RECEIPTS_UNDER)
        && path.rsplit_once('.').is_some_and(|(_, extension)| extension == "json")
}

/// How a file found differs from the file listed, told by the first block that differs.
fn difference(path: &str, listed: &Listed, found: &Listed) -> Option<Difference> {
    if listed == found {
        return None;
    }
    let path = path.to_owned();
    if listed.size_bytes != found.size_bytes {
        let (listed, found) = (listed.size_bytes, found.size_bytes);
        return Some(Difference::Length { path, listed, found });
    }
    let block = listed.blocks.iter().zip(&found.blocks).position(|(one, other)| one != other);
    let from = block.and_then(|block| u64::try_from(block).ok()).unwrap_or(0) * BLOCK_BYTES;
    let to = if block.is_some() { from + BLOCK_BYTES } else { u64::MAX };
    Some(Difference::Changed { path, from, to: to.min(listed.size_bytes) })
}

/// A file being read.
#[derive(Debug)]
pub struct FileCheck {
    path: String,
    hashing: Hashing,
    /// The bytes of a receipt, as far as one may be long.
    receipt: Option<Vec<u8>>,
}

impl FileCheck {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hashing.update(bytes);
        if let Some(receipt) = &mut self.receipt {
            // One byte more than a receipt may have makes it too long to be read.
            let room = (RECEIPT_BYTES_MAX + 2).saturating_sub(receipt.len());
            receipt.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        }
    }
}

/// Hashes a file as a whole and by blocks.
#[derive(Debug, Clone, Default)]
pub struct Hashing {
    size_bytes: u64,
    sha256: Sha256,
    sm3: Sm3,
    block: Sm3,
    in_block: usize,
    blocks: Vec<Hash>,
}

impl Hashing {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        const BLOCK: usize = 1 << 16;
        let mut rest = bytes;
        self.sha256.update(bytes);
        self.sm3.update(bytes);
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.in_block));
            self.block.update(now);
            self.in_block += now.len();
            self.size_bytes += now.len() as u64;
            if self.in_block == BLOCK {
                self.end_block();
            }
            rest = later;
        }
    }

    fn end_block(&mut self) {
        self.blocks.push(Hash(self.block.finalize_reset().into()));
        self.in_block = 0;
    }

    /// How the file is listed, and the address by which attachments are known.
    #[must_use]
    pub fn listed(mut self) -> (Listed, FileHash) {
        if self.in_block > 0 {
            self.end_block();
        }
        if self.size_bytes <= BLOCK_BYTES {
            self.blocks.clear();
        }
        let listed = Listed {
            size_bytes: self.size_bytes,
            sm3: Hash(self.sm3.finalize().into()),
            blocks: self.blocks,
        };
        (listed, FileHash::Sha256(self.sha256.finalize().into()))
    }
}

impl Checked {
    /// Whether everything is as it should be.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether every receipt is witnessed by the other side.
    ///
    /// # Errors
    /// [`TrustError::NotWitnessed`].
    pub fn require_other_side(&self) -> Result<(), TrustError> {
        self.verdicts.values().try_for_each(|verdict| verdict.standing.require_other_side())
    }
}

impl Difference {
    /// A key for each kind of difference, for programs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing",
            Self::NotListed { .. } => "not-listed",
            Self::Length { .. } => "length",
            Self::Changed { .. } => "changed",
            Self::Receipt { .. } => "receipt",
            Self::OtherMatter { .. } => "other-matter",
            Self::EventsMissing { .. } => "events-missing",
            Self::FileMissing { .. } => "file-missing",
        }
    }

    /// In Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Missing { path } => format!("缺少文件：{path}"),
            Self::NotListed { path } => format!("清单上没有的文件，或者文件重复：{path}"),
            Self::Length { path, listed, found } => {
                format!("文件长度不符：{path}，应为{listed}字节，实为{found}字节")
            }
            Self::Changed { path, from, to } => {
                format!("文件有改动：{path}，在第{}至第{to}字节之间", from + 1)
            }
            Self::Receipt { path, error } => format!("回执不能成立：{path}，{}", error.zh()),
            Self::OtherMatter { path } => format!("回执属于其他事项：{path}"),
            Self::EventsMissing { matter, sequences } => {
                format!("事项{matter}缺少第{}个事件", numbers(sequences, "、"))
            }
            Self::FileMissing { path, hash } => {
                format!("缺少附件：{path}所载文件指纹{hash}")
            }
        }
    }

    /// In English.
    #[must_use]
    pub fn en(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { path } => write!(f, "file missing: {path}"),
            Self::NotListed { path } => write!(f, "file not in the manifest, or twice: {path}"),
            Self::Length { path, listed, found } => {
                write!(f, "file of another length: {path}, {found} bytes where {listed} are listed")
            }
            Self::Changed { path, from, to } => {
                write!(f, "file changed: {path}, between bytes {} and {to}", from + 1)
            }
            Self::Receipt { path, error } => write!(f, "receipt proves nothing: {path}, {error}"),
            Self::OtherMatter { path } => write!(f, "receipt of another matter: {path}"),
            Self::EventsMissing { matter, sequences } => {
                write!(f, "events {} of matter {matter} are missing", numbers(sequences, ", "))
            }
            Self::FileMissing { path, hash } => {
                write!(f, "attachment missing: {path} names {hash}")
            }
        }
    }
}

fn numbers(numbers: &[u32], between: &str) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
}
