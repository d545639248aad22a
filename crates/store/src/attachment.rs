//! Attachments: files by the hash of their bytes, written once, opened only in scope.
//!
//! The bytes lie sealed in `FILES/ab/cdef….sealed` (see [`sealed`]), named by the SHA-256 of what they are in
//! the clear; a file on its way in lies in `FILES/incoming`, one that comes in several pieces in `FILES/partial`, and is moved when it is whole.
//! The database learns of it after that, so that what it names is always there.

use std::collections::BTreeMap;
use std::io::{Read, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use procedure::MatterId;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};

use crate::access::AccessKind;
use crate::db::Statement;
use crate::error::StoreError;
use crate::family::body;
use crate::randomness::{hex, secret};
use crate::scope::Scope;
use crate::store::{Inner, Store};
use crate::vault::{Place, Vault};
use crate::visibility::{is_sensitive_field, seen, sees};

mod kind;
mod partial;
mod preview;
mod scan;
mod sealed;

use self::kind::{SNIFFED_BYTES, Tail, is_what_it_says, media_type};
use self::sealed::{HEAD_BYTES, Sealer, no_randomness, place_of};

pub(crate) use self::sealed::{Reading, sealed_path_of};

pub use preview::{PREVIEW_PIXELS_MAX, Taken, is_picture};
pub use scan::{Scanned, Scanner};
pub use sealed::AttachmentFile;

pub use partial::{PARTIAL_BYTES_TIMES, PARTIAL_KEPT, PARTIALS_MAX, Partial, Piece};

/// Longest name of a file, in characters.
pub const FILE_NAME_CHARS_MAX: usize = 150;
/// Most matters looked through to find one that opens a file.
const MATTERS_MAX: i64 = 50;

/// A file that is whole and known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its type, told from its bytes.
    pub media_type: String,
    /// Its name.
    pub name: String,
    /// When it was stored.
    pub stored_at: Timestamp,
}

impl Attachment {
    /// How a form names it: `sha256|size|name`.
    #[must_use]
    pub fn raw(&self) -> String {
        format!("{}|{}|{}", self.sha256, self.size_bytes, self.name)
    }
}

/// Why a file was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// It is larger than allowed.
    #[error("the file is larger than {most_bytes} bytes")]
    TooLarge {
        /// The most allowed.
        most_bytes: u64,
    },
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Its kind is not taken, or its bytes are not what its name says.
    #[error("files of this kind are not taken: {media_type}")]
    Kind {
        /// What it is.
        media_type: String,
    },
    /// Its name says nothing.
    #[error("the file has no usable name")]
    Name,
    /// It is not on its way, or no longer.
    #[error("no such file is on its way")]
    Gone,
    /// The piece does not begin where the file stands.
    #[error("the file stands at byte {stands_at}")]
    Offset {
        /// Where the next piece must begin.
        stands_at: u64,
    },
    /// More came than was announced.
    #[error("more came than the {size_bytes} bytes announced")]
    Overrun {
        /// How many were announced.
        size_bytes: u64,
    },
    /// The hash announced is not that of its bytes, or is none.
    #[error("the hash announced is not that of the bytes")]
    Digest,
    /// The person has too many files on their way, or too much.
    #[error("too many files are on their way")]
    TooMany,
    /// Something harmful was found in it.
    #[error("something harmful was found in the file")]
    Infected,
    /// It could not be looked at for harmful content, and so was not taken.
    #[error("the file could not be looked at for harmful content")]
    NotScanned,
    /// Something broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file on its way in. Dropped before [`Upload::finish`], it leaves nothing behind.
pub struct Upload {
    store: Store,
    scope: Scope,
    name: String,
    file: File,
    path: Incoming,
    hash: Sha256,
    sealer: Sealer,
    size_bytes: u64,
    beginning: Vec<u8>,
    tail: Tail,
}

/// A file that goes when it was not moved.
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        // After the move there is nothing left to remove.
        drop(std::fs::remove_file(&self.0));
    }
}

impl Store {
    /// Begins to take in a file of that name.
    ///
    /// # Errors
    /// [`UploadError::Name`], or when the disk fails.
    pub async fn attachment_begin(&self, scope: &Scope, name: &str) -> Result<Upload, UploadError> {
        let inner = self.inner();
        let name = file_name(name).ok_or(UploadError::Name)?;
        let random = secret(&*inner.randomness).map_err(|error| StoreError::Database {
            operation: "get random bytes".to_owned(),
            source: Box::new(error),
        })?;
        let path = inner.files.join("incoming").join(random);
        let sealer = Sealer::new(&*inner.randomness).map_err(no_randomness)?;
        let mut file = File::create_new(&path).await.map_err(|source| failed(&path, source))?;
        file.write_all(&[0; HEAD_BYTES]).await.map_err(|source| failed(&path, source))?;
        Ok(Upload {
            store: self.clone(),
            scope: scope.clone(),
            name,
            file,
            path: Incoming(path),
            hash: Sha256::new(),
            sealer,
            size_bytes: 0,
            beginning: Vec::with_capacity(SNIFFED_BYTES),
            tail: Tail::default(),
        })
    }

    /// A file somebody may open: their unit's own, or one a matter in scope shows them.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn attachment_open(
        &self,
        scope: &Scope,
        sha256: &str,
    ) -> Result<Option<(Attachment, AttachmentFile)>, StoreError> {
        const SQL: &str =
            "select size_bytes, media_type, stored_at from attachment where sha256 = $1";
        let Some(name) = self.attachment_name(scope, sha256).await? else { return Ok(None) };
        let row = self.read().await?.row(SQL, &[sha256.into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let (database, files) = (self.database().clone(), self.inner().files.clone());
        let hash = sha256.to_owned();
        let reading = blocking(move || Reading::open(database.vault(), &files, &hash)).await?;
        let file = reading
            .map(AttachmentFile::new)
            .map_err(|source| failed(&sealed_path_of(&self.inner().files, sha256), source))?;
        let attachment = Attachment {
            sha256: sha256.to_owned(),
            size_bytes: row.get(0)?,
            media_type: row.get(1)?,
            name,
            stored_at: row.get(2)?,
        };
        Ok(Some((attachment, file)))
    }

    /// Under which name somebody may open a file.
    pub(crate) async fn attachment_name(
        &self,
        scope: &Scope,
        sha256: &str,
    ) -> Result<Option<String>, StoreError> {
        const OWN: &str = "
            select name from attachment_upload
             where sha256 = $1 and (user_id = $2 or unit_id = $3)
             order by case when user_id = $2 then 0 else 1 end";
        const NAMED: &str = "
            select a.field, a.name, b.body, b.provenance
              from matter_attachment a
              join matter m on m.matter_id = a.matter_id
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
              join matter_body b on b.root_id = m.root_id and b.matter_id = m.matter_id
             where a.sha256 = $2
             limit $3";
        let mut tx = self.read().await?;
        let own = [sha256.into(), scope.user.into(), scope.unit.into()];
        if let Some(name) = tx.one(OWN, &own).await? {
            return open_file_name(tx.vault(), sha256, name).map(Some);
        }
        let values = [scope.unit.into(), sha256.into(), MATTERS_MAX.into()];
        let rules = self.rules();
        for row in tx.rows(NAMED, &values).await? {
            let field: String = row.get(0)?;
            let (matter, provenance) = body(tx.vault(), &row, 2)?;
            let opened = self.opened(scope, [&matter]).await?;
            let seen = seen(&rules, &matter, &provenance, scope, &opened);
            let open = if let Some(field) = field.strip_prefix('~') {
                let draft = seen.matter.proposal.as_ref();
                draft.is_some_and(|draft| draft.input.contains_key(field))
            } else {
                // A file that has been replaced stays open to those who read its field.
                let tier = rules.of(&matter).and_then(|procedure| procedure.field(&field));
                let is_open = opened.has(&matter.id, &field);
                let writer = provenance.writer(&field);
                tier.is_some_and(|field| sees(field.tier, writer, scope, is_open))
            };
            if open {
                return open_file_name(tx.vault(), sha256, row.get(1)?).map(Some);
            }
        }
        Ok(None)
    }

    /// Writes down that somebody takes a file of fields that only some may read.
    ///
    /// # Errors
    /// When the database fails; then the file should not be handed out.
    pub async fn attachment_note(&self, scope: &Scope, sha256: &str) -> Result<(), StoreError> {
        const SQL: &str = "
            select a.matter_id, a.field, b.body, b.provenance
              from matter_attachment a
              join matter m on m.matter_id = a.matter_id
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
              join matter_body b on b.root_id = m.root_id and b.matter_id = m.matter_id
             where a.sha256 = $2
             limit $3";
        let values = [scope.unit.into(), sha256.into(), MATTERS_MAX.into()];
        let rules = self.rules();
        let mut read = BTreeMap::<MatterId, Vec<String>>::new();
        for row in self.database().rows(SQL, &values).await? {
            let field: String = row.get(1)?;
            let field = field.strip_prefix('~').unwrap_or(&field).to_owned();
            let (matter, _) = body(self.database().vault(), &row, 2)?;
            if is_sensitive_field(rules.of(&matter), &field) {
                read.entry(row.get(0)?).or_default().push(field);
            }
        }
        for (matter, fields) in &read {
            let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
            self.note_access(scope, matter, AccessKind::File, &fields).await?;
        }
        Ok(())
    }

    /// The matters in scope that name a file, at most 50.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn attachment_matters(
        &self,
        scope: &Scope,
        sha256: &str,
    ) -> Result<Vec<MatterId>, StoreError> {
        const SQL: &str = "
            select distinct a.matter_id
              from matter_attachment a
              join matter m on m.matter_id = a.matter_id
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where a.sha256 = $2
             limit $3";
        let values = [scope.unit.into(), sha256.into(), MATTERS_MAX.into()];
        self.read().await?.rows(SQL, &values).await?.iter().map(|row| row.get(0)).collect()
    }
}

impl Upload {
    /// Takes in the next bytes.
    ///
    /// # Errors
    /// [`UploadError::TooLarge`], or when the disk fails.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.size_bytes += bytes.len() as u64;
        let most_bytes = self.store.inner().file_bytes_max;
        if self.size_bytes > most_bytes {
            return Err(UploadError::TooLarge { most_bytes });
        }
        let missing = SNIFFED_BYTES.saturating_sub(self.beginning.len());
        self.beginning.extend(bytes.iter().take(missing));
        self.tail.push(bytes);
        self.hash.update(bytes);
        let sealed = self.sealer.push(bytes).map_err(|source| failed(&self.path.0, source))?;
        self.file.write_all(&sealed).await.map_err(|source| failed(&self.path.0, source).into())
    }

    /// Makes the file durable and known.
    ///
    /// # Errors
    /// [`UploadError`]; then nothing stays.
    pub async fn finish(mut self) -> Result<Attachment, UploadError> {
        if self.size_bytes == 0 {
            return Err(UploadError::Empty);
        }
        let media_type = media_type(&self.name, &self.beginning)?;
        is_what_it_says(media_type, self.tail.bytes())?;
        let broken = |source| failed(&self.path.0, source);
        let sha256 = hex(&self.hash.finalize());
        let inner = self.store.inner();
        let vault = inner.database.vault();
        let (last, head) = self.sealer.finish(vault, &place_of(&sha256)).map_err(broken)?;
        self.file.write_all(&last).await.map_err(broken)?;
        self.file.seek(SeekFrom::Start(0)).await.map_err(broken)?;
        self.file.write_all(&head).await.map_err(broken)?;
        self.file.flush().await.map_err(broken)?;
        self.file.sync_all().await.map_err(broken)?;
        scan::scan(inner, || content(inner, &self.path.0, &sha256)).await?;
        place(inner, &self.path.0, &sha256).await?;
        let stored_at = inner.now();
        let attachment = Attachment {
            sha256,
            size_bytes: self.size_bytes,
            media_type: media_type.to_owned(),
            name: self.name,
            stored_at,
        };
        self.store.write(noting(inner.database.vault(), &self.scope, &attachment)?).await?;
        self.store.preview_later(&attachment.sha256, &attachment.media_type);
        Ok(attachment)
    }
}

/// What a sealed file that is not yet in its place holds, in the clear.
fn content(inner: &Inner, path: &Path, sha256: &str) -> std::io::Result<Box<dyn Read + Send>> {
    let file = std::fs::File::open(path)?;
    Ok(Box::new(Reading::sealed(inner.database.vault(), &place_of(sha256), file)?))
}

/// Moves a whole file to its place. One that lies there already holds the same; in the clear it lies there
/// no more.
async fn place(inner: &Inner, from: &Path, sha256: &str) -> Result<(), StoreError> {
    let to = sealed_path_of(&inner.files, sha256);
    if let Some(folder) = to.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(|source| failed(folder, source))?;
        tokio::fs::rename(from, &to).await.map_err(|source| failed(&to, source))?;
        // The folder too, or the name could be gone after a power cut.
        let folder = File::open(folder).await.map_err(|source| failed(&to, source))?;
        folder.sync_all().await.map_err(|source| failed(&to, source))?;
    }
    match tokio::fs::remove_file(path_of(&inner.files, sha256)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(&to, error)),
        _ => Ok(()),
    }
}

/// What makes the database know of a file that is in its place.
fn noting(
    vault: &Vault,
    scope: &Scope,
    attachment: &Attachment,
) -> Result<Vec<Statement>, StoreError> {
    const FILE: &str = "
        insert into attachment (sha256, size_bytes, media_type, stored_at) values ($1, $2, $3, $4)
        on conflict (sha256) do nothing";
    const UPLOAD: &str = "
        insert into attachment_upload (sha256, user_id, unit_id, name, uploaded_at)
        values ($1, $2, $3, $4, $5)
        on conflict (sha256, user_id) do update
           set unit_id = excluded.unit_id, name = excluded.name, uploaded_at = excluded.uploaded_at";
    let size = i64::try_from(attachment.size_bytes).unwrap_or(i64::MAX);
    let file = vec![
        (&attachment.sha256).into(),
        size.into(),
        (&attachment.media_type).into(),
        attachment.stored_at.into(),
    ];
    let upload = vec![
        (&attachment.sha256).into(),
        scope.user.into(),
        scope.unit.into(),
        seal_file_name(vault, &attachment.sha256, &attachment.name)?.into(),
        attachment.stored_at.into(),
    ];
    Ok(vec![Statement { sql: FILE, values: file }, Statement { sql: UPLOAD, values: upload }])
}

/// A file's name as it is stored: it may say as much as the file, and which field it will belong to is
/// not known when it comes.
pub(crate) fn seal_file_name(vault: &Vault, key: &str, name: &str) -> Result<String, StoreError> {
    vault
        .seal(&name_place(key), name.as_bytes())
        .map_err(|error| StoreError::damaged("name of a file", error))
}

/// A stored name in the clear.
pub(crate) fn open_file_name(vault: &Vault, key: &str, name: String) -> Result<String, StoreError> {
    vault.open_column("name of a file", &name_place(key), name)
}

fn name_place(key: &str) -> Place {
    Place::new("file_name").at(key)
}

/// The hash of what the file of a hash holds in the clear: empty when it does not open, none when there is
/// no file.
pub(crate) fn stored_hash(vault: &Vault, files: &Path, sha256: &str) -> Option<String> {
    let mut reading = match Reading::open(vault, files, sha256) {
        Ok(reading) => reading,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(_) => return Some(String::new()),
    };
    let (mut hash, mut part) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match reading.read(&mut part) {
            Ok(0) => return Some(hex(&hash.finalize())),
            Ok(read) => hash.update(part.get(..read).unwrap_or_default()),
            Err(_) => return Some(String::new()),
        }
    }
}

/// 64 lower-case hexadecimal digits: a SHA-256, or an id of ours.
#[must_use]
pub fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Where the bytes of a hash lie in the clear, when they were stored before there was a vault.
pub(crate) fn path_of(files: &Path, sha256: &str) -> PathBuf {
    let (folder, rest) = sha256.split_at_checked(2).unwrap_or(("", sha256));
    files.join(folder).join(rest)
}

/// The last part of a name, without what could mislead: folders, control characters, changes of
/// direction, the sign that parts a file's name in a form.
fn file_name(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .map(|c| if c == '|' { '_' } else { c })
        .filter(|c| !c.is_control() && !matches!(*c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
        .collect();
    let clean = clean.trim().trim_matches('.');
    let length = clean.chars().count();
    // The end of a name tells its kind: a long one is cut in front.
    let kept: String = clean.chars().skip(length.saturating_sub(FILE_NAME_CHARS_MAX)).collect();
    (!kept.is_empty()).then_some(kept)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Database {
        operation: "wait for the disk".to_owned(),
        source: Box::new(error),
    })
}

fn failed(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::File {
        operation: "cannot keep or open an attachment",
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_only_what_it_shows() {
        assert_eq!(file_name("../../etc/整改 照片.jpg").unwrap(), "整改 照片.jpg");
        assert_eq!(file_name("C:\\temp\\a|b.pdf").unwrap(), "a_b.pdf");
        assert_eq!(file_name("txt.\u{202E}fdp.exe").unwrap(), "txt.fdp.exe");
        assert!(file_name("..").is_none());
        assert!(file_name("  ").is_none());
        assert_eq!(file_name(&format!("{}.pdf", "长".repeat(400))).unwrap().chars().count(), 150);
    }
}
