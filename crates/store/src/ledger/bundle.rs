//! A matter as one file (导出卷宗): a zip archive of receipts, attachments, documents, a page to read, what
//! the log shows, and a manifest signed with the log's key. What whoever takes it may not see is not in it, and the manifest says that
//! something was kept back, not what.
//!
//! The archive itself is made so that its bytes follow from its files and their order: stored, not
//! compressed, without times. So whoever checks it makes it again with [`Archive`] and finds any bit that
//! was changed, in the archive's own lists too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use procedure::{Matter, MatterId, Value, What};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use calendar::Words;

use ::ledger::bundle::{LOG_PATH, MANIFEST_PATH};
use ::ledger::{FileHash, Hashing, Instant, Label, Listed, Manifest, ManifestError, Receipt};

use crate::attachment::AttachmentFile;
use crate::error::StoreError;
use crate::ledger::entry::unwritable;
use crate::ledger::proof::receipt_of;
use crate::scope::Scope;
use crate::store::Store;
use crate::visibility::{SeenEvent, seen_events};

mod page;

/// The page to read.
pub const PAGE_PATH: &str = "index.html";
/// Under this lie the attachments.
pub const ATTACHMENTS_UNDER: &str = "attachments/";
/// Under this lie the documents.
pub const DOCUMENTS_UNDER: &str = "documents/";
/// Most characters of an attachment's own name in its path.
const NAME_CHARS_MAX: usize = 80;

/// Why a matter was not exported.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The store has no key of a log: nothing can be signed.
    #[error("this store signs nothing")]
    NoKey,
    /// The archive could not be written.
    #[error("write the archive")]
    Write(#[source] io::Error),
    /// The manifest could not be signed.
    #[error("sign the manifest")]
    Manifest(#[from] ManifestError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A page that goes with the matter: a document (文书) an act made, as the exporter may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosed {
    /// Whose document.
    pub matter: MatterId,
    /// Where it lies, under [`DOCUMENTS_UNDER`].
    pub path: String,
    /// What it is called.
    pub name: Words,
    /// The page.
    pub bytes: Vec<u8>,
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundled {
    /// Its number, for the file's name.
    pub number: String,
    /// Receipts in it.
    pub receipts: usize,
    /// Attachments in it.
    pub attachments: usize,
    /// Pages of documents in it.
    pub documents: usize,
    /// Events and attachments kept back from this reader.
    pub withheld: usize,
}

/// A zip archive whose bytes follow from its files and their order.
pub struct Archive<W: Write> {
    zip: ZipWriter<StreamWriter<W>>,
}

impl<W: Write> Archive<W> {
    /// Begins one; nothing is ever read back from `to`.
    pub fn new(to: W) -> Self {
        Self { zip: ZipWriter::new_stream(to).set_auto_large_file() }
    }

    /// Begins a file; its bytes are written after it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&mut self, path: &str) -> io::Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644);
        self.zip.start_file(path, options).map_err(io::Error::from)
    }

    /// Writes the archive's lists and hands back what it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> io::Result<W> {
        Ok(self.zip.finish().map_err(io::Error::from)?.into_inner())
    }
}

impl<W: Write> Write for Archive<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.zip.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.zip.flush()
    }
}

/// A file of the bundle being written, and listed by what was written.
struct Packing<'a, W: Write> {
    archive: Archive<W>,
    files: BTreeMap<String, Listed>,
    /// Told how many files are done, and of how many.
    told: &'a (dyn Fn(u64, u64) + Send + Sync),
    total: u64,
}

impl<W: Write> Packing<'_, W> {
    fn listed(&mut self, path: String, listed: Listed) {
        self.files.insert(path, listed);
        (self.told)(self.files.len() as u64, self.total);
    }

    fn put(&mut self, path: String, bytes: &[u8]) -> Result<(), BundleError> {
        self.archive.begin(&path).map_err(BundleError::Write)?;
        self.archive.write_all(bytes).map_err(BundleError::Write)?;
        self.listed(path, Listed::of(bytes));
        Ok(())
    }

    async fn copy(&mut self, path: String, mut from: AttachmentFile) -> Result<(), BundleError> {
        self.archive.begin(&path).map_err(BundleError::Write)?;
        let mut hashing = Hashing::default();
        while let Some(bytes) = from.next_piece().await.map_err(BundleError::Write)? {
            hashing.update(&bytes);
            self.archive.write_all(&bytes).map_err(BundleError::Write)?;
        }
        self.listed(path, hashing.listed().0);
        Ok(())
    }
}

/// An event as it goes into the bundle.
pub(crate) struct Packed {
    pub(crate) seen: SeenEvent,
    pub(crate) receipt_path: String,
    pub(crate) receipt: Receipt,
}

/// A matter as it goes into the bundle.
pub(crate) struct PackedMatter {
    pub(crate) matter: Matter,
    pub(crate) events: Vec<Packed>,
}

/// An attachment the events show.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) path: String,
    pub(crate) name: String,
}

impl Store {
    /// Writes a matter as one file, as far as the reader may see it: with its family when it is the root
    /// of one. None when it is out of scope or does not exist; `to` is handed back. An attachment that is
    /// being read keeps nobody else waiting; writing to `to` may block, so give it a file or a pipe.
    ///
    /// # Errors
    /// [`BundleError`]; what was written until then is of no use.
    pub async fn bundle<W: Write + Send>(
        &self,
        scope: &Scope,
        matter: &MatterId,
        to: W,
    ) -> Result<Option<(W, Bundled)>, BundleError> {
        self.bundle_with(scope, matter, &[], &|_, _| {}, to).await
    }

    /// The same with documents; `told` hears how many files are done, and of how many.
    ///
    /// # Errors
    /// As [`Self::bundle`].
    pub async fn bundle_with<W: Write + Send>(
        &self,
        scope: &Scope,
        matter: &MatterId,
        documents: &[Enclosed],
        told: &(dyn Fn(u64, u64) + Send + Sync),
        to: W,
    ) -> Result<Option<(W, Bundled)>, BundleError> {
        let Some(sight) = self.matter_fetch(scope, matter).await? else { return Ok(None) };
        let signer = self.signer().ok_or(BundleError::NoKey)?;
        // So that the newest events have receipts too.
        let Some(newest) = self.checkpoint().await? else { return Ok(None) };
        let asked = &sight.seen.matter;
        let whole = asked.id == asked.root;
        let mut gathered = Gathered::default();
        for seen in sight.family.iter().filter(|seen| whole || seen.matter.id == asked.id) {
            self.gather(scope, &seen.matter.id, &mut gathered).await?;
        }

        let receipts: usize = gathered.matters.iter().map(|matter| matter.events.len()).sum();
        // What the log shows, and the page.
        let total = gathered.attachments.len() + documents.len() + receipts + 2;
        let (archive, files) = (Archive::new(to), BTreeMap::new());
        let mut packing = Packing { archive, files, told, total: total as u64 };
        if let Some(log) = self.shown(0).await? {
            let text = log.to_text().map_err(unwritable)?;
            packing.put(LOG_PATH.to_owned(), text.as_bytes())?;
        }
        let mut shown = BTreeMap::new();
        for (sha256, name) in &gathered.attachments {
            let Some((_, file)) = self.attachment_open(scope, sha256).await? else {
                continue;
            };
            let path = attachment_path(sha256, name);
            packing.copy(path.clone(), file).await?;
            shown.insert(sha256.clone(), Shown { path, name: name.clone() });
        }
        // What an event names and the reader may not open is named as kept back.
        for file in &gathered.named {
            let open = matches!(file, FileHash::Sha256(_))
                && shown.keys().any(|sha256| format!("sha256:{sha256}") == file.to_string());
            if !open {
                gathered.withheld_files.insert(*file);
            }
        }
        for document in documents {
            packing.put(document.path.clone(), &document.bytes)?;
        }
        for packed in gathered.matters.iter().flat_map(|matter| &matter.events) {
            let text = packed.receipt.to_text().map_err(unwritable)?;
            packing.put(packed.receipt_path.clone(), text.as_bytes())?;
        }
        let at = Instant::try_from(self.now()).map_err(unwritable)?;
        let page = page::Page {
            rules: &self.rules(),
            directory: &self.directory(),
            asked,
            matters: &gathered.matters,
            attachments: &shown,
            documents,
            withheld: gathered.withheld.len() + gathered.withheld_files.len(),
            checkpoint: newest.checkpoint(),
            at,
        };
        packing.put(PAGE_PATH.to_owned(), page.html().as_bytes())?;
        let bundled = Bundled {
            number: asked.number.clone(),
            receipts,
            attachments: shown.len(),
            documents: documents.len(),
            withheld: gathered.withheld.len() + gathered.withheld_files.len(),
        };
        let manifest = Manifest {
            origin: signer.verifier().name().clone(),
            matter: asked.id.as_str().parse().map_err(unwritable)?,
            at,
            size: newest.checkpoint().head.size,
            withheld: gathered.withheld,
            withheld_files: gathered.withheld_files,
            files: packing.files,
        };
        let note = manifest.sign(&signer)?.to_string();
        let mut archive = packing.archive;
        archive.begin(MANIFEST_PATH).map_err(BundleError::Write)?;
        archive.write_all(note.as_bytes()).map_err(BundleError::Write)?;
        Ok(Some((archive.finish().map_err(BundleError::Write)?, bundled)))
    }

    /// The events of a matter the reader may know of, each with its receipt.
    async fn gather(
        &self,
        scope: &Scope,
        id: &MatterId,
        into: &mut Gathered,
    ) -> Result<(), BundleError> {
        let mut tx = self.read().await?;
        let Some((matter, _)) = crate::matter::body_in_scope(&mut tx, scope, id).await? else {
            return Ok(());
        };
        let events = crate::event::event_list(&mut tx, id).await?;
        let all: BTreeSet<u32> = events.iter().map(|event| event.number).collect();
        let label: Label = id.as_str().parse().map_err(unwritable)?;
        let mut packed = Vec::new();
        let mut later = u32::MAX;
        let opened = self.opened(scope, [&matter]).await?;
        for seen in seen_events(&self.rules(), &matter, events, scope, &opened) {
            let number = seen.event.number;
            // One that happened meanwhile is under no checkpoint yet, and none after it is.
            let Some(receipt) = receipt_of(&mut tx, &matter, &seen).await? else {
                later = later.min(number);
                continue;
            };
            into.named.extend(receipt.entry.files().copied());
            into.attachments(&seen);
            let receipt_path = format!("receipts/{id}/{number:05}.json");
            packed.push(Packed { seen, receipt_path, receipt });
        }
        let told: BTreeSet<u32> = packed.iter().map(|packed| packed.seen.event.number).collect();
        let kept = all.difference(&told).filter(|number| **number < later);
        into.withheld.extend(kept.map(|number| (label.clone(), *number)));
        into.matters.push(PackedMatter { matter, events: packed });
        Ok(())
    }
}

/// What goes into a bundle.
#[derive(Default)]
struct Gathered {
    matters: Vec<PackedMatter>,
    /// Attachments the reader is shown, with their names, by SHA-256.
    attachments: BTreeMap<String, String>,
    /// Files the entries name, shown or not.
    named: BTreeSet<FileHash>,
    withheld: BTreeSet<(Label, u32)>,
    withheld_files: BTreeSet<FileHash>,
}

impl Gathered {
    fn attachments(&mut self, seen: &SeenEvent) {
        for value in fields(&seen.event.what).into_iter().flat_map(BTreeMap::values) {
            let Value::Files(files) = value else { continue };
            for file in files {
                self.attachments.entry(file.sha256.clone()).or_insert_with(|| file.name.clone());
            }
        }
    }
}

/// What was filled in with an event.
pub(crate) fn fields(what: &What) -> Option<&BTreeMap<String, Value>> {
    match what {
        What::Opened(opening) => Some(&opening.fields),
        What::Acted(act) => Some(&act.input),
        What::Proposed(proposal) => Some(&proposal.input),
        _ => None,
    }
}

/// Where an attachment lies: its hash keeps names apart, its own name tells people what it is.
fn attachment_path(sha256: &str, name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() || "\\/:*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let skipped = clean.chars().count().saturating_sub(NAME_CHARS_MAX);
    let clean: String = clean.chars().skip(skipped).collect();
    let short = sha256.get(..16).unwrap_or(sha256);
    format!("{ATTACHMENTS_UNDER}{short}-{clean}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_bytes() {
        let made = || {
            let mut archive = Archive::new(Vec::new());
            archive.begin("a/b.txt").unwrap();
            archive.write_all("内容".as_bytes()).unwrap();
            archive.finish().unwrap()
        };
        assert_eq!(made(), made());
    }

    #[test]
    fn a_name_stays_in_its_folder() {
        let path = attachment_path(&"ab".repeat(32), "../C:\\照片|1.jpg");
        assert_eq!(path, "attachments/abababababababab-.._C__照片_1.jpg");
        assert!(attachment_path("ab", &"长".repeat(500)).len() < 300);
    }
}
