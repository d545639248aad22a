//! Attachments: files by the hash of their bytes, written once, opened only in scope.
//!
//! The bytes lie in `FILES/ab/cdef…`, named by their SHA-256; a file on its way in lies in
//! `FILES/incoming`, one that comes in several pieces in `FILES/partial`, and is moved when it is whole.
//! The database learns of it after that, so that what it names is always there.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use procedure::MatterId;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use crate::db::Statement;
use crate::error::StoreError;
use crate::family::body;
use crate::randomness::{hex, secret};
use crate::scope::Scope;
use crate::store::{Inner, Store};
use crate::vault::{Place, Vault};
use crate::visibility::seen;

mod partial;

pub use partial::{PARTIAL_BYTES_TIMES, PARTIAL_KEPT, PARTIALS_MAX, Partial, Piece};

/// Longest name of a file, in characters.
pub const FILE_NAME_CHARS_MAX: usize = 150;
/// Bytes at the beginning of a file that tell its type.
const SNIFFED_BYTES: usize = 512;
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
    size_bytes: u64,
    beginning: Vec<u8>,
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
        let file = File::create_new(&path).await.map_err(|source| failed(&path, source))?;
        Ok(Upload {
            store: self.clone(),
            scope: scope.clone(),
            name,
            file,
            path: Incoming(path),
            hash: Sha256::new(),
            size_bytes: 0,
            beginning: Vec::with_capacity(SNIFFED_BYTES),
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
    ) -> Result<Option<(Attachment, File)>, StoreError> {
        const SQL: &str =
            "select size_bytes, media_type, stored_at from attachment where sha256 = $1";
        let Some(name) = self.attachment_name(scope, sha256).await? else { return Ok(None) };
        let row = self.read().await?.row(SQL, &[sha256.into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let path = path_of(&self.inner().files, sha256);
        let file = File::open(&path).await.map_err(|source| failed(&path, source))?;
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
    async fn attachment_name(
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
            let seen = seen(&rules, &matter, &provenance, scope);
            let open = if let Some(field) = field.strip_prefix('~') {
                let draft = seen.matter.proposal.as_ref();
                draft.is_some_and(|draft| draft.input.contains_key(field))
            } else {
                // A file that has been replaced stays open to those who read its field.
                let tier = rules.of(&matter).and_then(|procedure| procedure.field(&field));
                let writer = provenance.fields.get(&field).copied();
                tier.is_some_and(|field| crate::visibility::sees(field.tier, writer, scope))
            };
            if open {
                return open_file_name(tx.vault(), sha256, row.get(1)?).map(Some);
            }
        }
        Ok(None)
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
        self.hash.update(bytes);
        self.file.write_all(bytes).await.map_err(|source| failed(&self.path.0, source).into())
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
        let broken = |source| failed(&self.path.0, source);
        self.file.flush().await.map_err(broken)?;
        self.file.sync_all().await.map_err(broken)?;
        let sha256 = hex(&self.hash.finalize());
        let inner = self.store.inner();
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
        Ok(attachment)
    }
}

/// Moves a whole file to its place. One that lies there already has the same bytes.
async fn place(inner: &Inner, from: &Path, sha256: &str) -> Result<(), StoreError> {
    let to = path_of(&inner.files, sha256);
    if let Some(folder) = to.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(|source| failed(folder, source))?;
        tokio::fs::rename(from, &to).await.map_err(|source| failed(&to, source))?;
        // The folder too, or the name could be gone after a power cut.
        let folder = File::open(folder).await.map_err(|source| failed(&to, source))?;
        folder.sync_all().await.map_err(|source| failed(&to, source))?;
    }
    Ok(())
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

/// The hash of the bytes that lie where those of a hash should; none when nothing can be read there.
pub(crate) fn stored_hash(files: &Path, sha256: &str) -> Option<String> {
    crate::backup::hash_of(&path_of(files, sha256))
}

/// Where the bytes of a hash lie.
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

/// What a file is by its first bytes, and whether its name says the same.
fn media_type(name: &str, beginning: &[u8]) -> Result<&'static str, UploadError> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    let refuse = |media_type: &str| Err(UploadError::Kind { media_type: media_type.to_owned() });
    for (first, at, media_type, endings) in KINDS {
        if beginning.get(at..).is_some_and(|rest| rest.starts_with(first)) {
            let fits = endings.iter().find(|(known, _)| *known == ending);
            return match fits {
                Some((_, media_type)) => Ok(media_type),
                None => refuse(media_type),
            };
        }
    }
    let text = !beginning.contains(&0)
        && match std::str::from_utf8(beginning) {
            Ok(_) => true,
            // A character may be cut at the end of what was looked at.
            Err(error) => error.error_len().is_none(),
        };
    match ending.as_str() {
        "txt" if text => Ok("text/plain; charset=utf-8"),
        "csv" if text => Ok("text/csv; charset=utf-8"),
        // Tables of Chinese offices are often in GB 18030.
        "csv" | "txt" if !beginning.contains(&0) => Ok("text/plain"),
        _ => refuse("application/octet-stream"),
    }
}

type Kind = (&'static [u8], usize, &'static str, &'static [(&'static str, &'static str)]);

/// First bytes, where they stand, what they are, and the endings that go with them.
const KINDS: [Kind; 12] = [
    (b"%PDF-", 0, "application/pdf", &[("pdf", "application/pdf")]),
    (b"\xFF\xD8\xFF", 0, "image/jpeg", &[("jpg", "image/jpeg"), ("jpeg", "image/jpeg")]),
    (b"\x89PNG\r\n\x1A\n", 0, "image/png", &[("png", "image/png")]),
    (b"GIF8", 0, "image/gif", &[("gif", "image/gif")]),
    (b"WEBP", 8, "image/webp", &[("webp", "image/webp")]),
    (b"BM", 0, "image/bmp", &[("bmp", "image/bmp")]),
    (
        b"ftyp",
        4,
        "video/mp4",
        &[
            ("mp4", "video/mp4"),
            ("m4v", "video/mp4"),
            ("mov", "video/quicktime"),
            ("heic", "image/heic"),
            ("m4a", "audio/mp4"),
        ],
    ),
    (b"ID3", 0, "audio/mpeg", &[("mp3", "audio/mpeg")]),
    (
        b"PK\x03\x04",
        0,
        "application/zip",
        &[
            ("zip", "application/zip"),
            ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
            ("ofd", "application/ofd"),
            ("wps", "application/vnd.ms-works"),
        ],
    ),
    (
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        0,
        "application/x-ole-storage",
        &[
            ("doc", "application/msword"),
            ("xls", "application/vnd.ms-excel"),
            ("ppt", "application/vnd.ms-powerpoint"),
            ("wps", "application/vnd.ms-works"),
            ("et", "application/vnd.ms-excel"),
        ],
    ),
    (
        b"7z\xBC\xAF\x27\x1C",
        0,
        "application/x-7z-compressed",
        &[("7z", "application/x-7z-compressed")],
    ),
    (b"Rar!\x1A\x07", 0, "application/vnd.rar", &[("rar", "application/vnd.rar")]),
];

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

    #[test]
    fn what_is_not_what_its_name_says_is_refused() {
        assert_eq!(media_type("a.PDF", b"%PDF-1.7").unwrap(), "application/pdf");
        assert!(media_type("a.pdf", b"<html>").is_err());
        assert!(media_type("a.jpg", b"%PDF-1.7").is_err());
        assert!(media_type("a.exe", b"MZ\x90\x00").is_err());
        assert!(media_type("a.html", b"<html>").is_err());
        assert!(media_type("a.svg", b"<svg onload='x'>").is_err());
        assert_eq!(
            media_type("表.csv", "名称,日期".as_bytes()).unwrap(),
            "text/csv; charset=utf-8"
        );
        assert_eq!(media_type("表.csv", b"\xC3\xFB\xB3\xC6,1").unwrap(), "text/plain");
    }
}
