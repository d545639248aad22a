//! Files that come in several pieces (断点续传): begun with their name and size, sent piece by piece from
//! where the last one ended, and an attachment like any other once they are whole.
//!
//! The bytes lie in `FILES/partial`, and the length of the file alone says how far it has come: what a
//! broken connection or a killed program had delivered counts. Every piece is written under a lock of the
//! file and only where the sender says it stands, so of two senders one is refused. The hash is taken of
//! what lies on the disk when the last byte has come. Until then it lies there hidden by a stream cipher,
//! which does not change its length; whole, it is sealed like any other.

use std::fs::OpenOptions;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use aes_gcm::aead::array::Array;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use sm4::Sm4;

use super::{
    Attachment, HEAD_BYTES, SNIFFED_BYTES, Sealer, Tail, UploadError, blocking, content, failed,
    file_name, is_hash, is_what_it_says, media_type, noting, open_file_name, place, place_of, scan,
    seal_file_name,
};
use crate::db::Statement;
use crate::error::StoreError;
use crate::randomness::{hex, secret};
use crate::row::{Row, Value};
use crate::scope::Scope;
use crate::store::Store;
use crate::vault::{KeyBytes, Vault};

/// Most files of one person that may be on their way at once.
pub const PARTIALS_MAX: u32 = 40;
/// All files of one person that are on their way may be so many times as large as one may be.
pub const PARTIAL_BYTES_TIMES: u64 = 10;
/// What has come is kept so long after the last piece; so is the answer to the last piece.
pub const PARTIAL_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// The end is put off when less than this is left of it.
const PUT_OFF_WHEN: SignedDuration = SignedDuration::from_hours(23);
/// Bytes gathered before they are written.
const WRITTEN_BYTES: usize = 256 * 1024;
/// Bytes hashed at once.
const HASHED_BYTES: usize = 1024 * 1024;
/// Files swept away in one turn.
const SWEPT_MAX: i64 = 500;

/// A file on its way, or just arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partial {
    /// Its id, which nobody can guess.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How large it will be.
    pub size_bytes: u64,
    /// How much has come.
    pub offset_bytes: u64,
    /// When it is forgotten unless more comes.
    pub expires_at: Timestamp,
    /// What it has become, when it is whole.
    pub attachment: Option<Attachment>,
    told_sha256: Option<String>,
}

/// A piece on its way in. What has come when it is dropped is kept.
pub struct Piece {
    store: Store,
    scope: Scope,
    partial: Partial,
    path: PathBuf,
    key: KeyBytes,
    gathered: Vec<u8>,
}

enum Appended {
    Well,
    /// Somebody else has written: the file stands there now.
    Moved(u64),
    Gone,
}

impl Store {
    /// Begins a file of that name and size. `sha256` is what the sender says its hash will be.
    ///
    /// # Errors
    /// [`UploadError::Empty`], [`UploadError::TooLarge`], [`UploadError::Name`],
    /// [`UploadError::Digest`] when the hash is none, [`UploadError::TooMany`].
    pub async fn partial_begin(
        &self,
        scope: &Scope,
        name: &str,
        size_bytes: u64,
        sha256: Option<&str>,
    ) -> Result<Partial, UploadError> {
        const SQL: &str = "
            insert into partial_upload (upload_id, user_id, unit_id, name, size_bytes, told_sha256,
                                        started_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8)";
        const HELD: &str = "
            select count(*), cast(coalesce(sum(size_bytes), 0) as bigint)
              from partial_upload
             where user_id = $1 and expires_at > $2 and sha256 is null";
        let inner = self.inner();
        let name = file_name(name).ok_or(UploadError::Name)?;
        if size_bytes == 0 {
            return Err(UploadError::Empty);
        }
        let most_bytes = inner.file_bytes_max;
        if size_bytes > most_bytes {
            return Err(UploadError::TooLarge { most_bytes });
        }
        let told = sha256.map(str::to_lowercase);
        if told.as_deref().is_some_and(|told| !is_hash(told)) {
            return Err(UploadError::Digest);
        }
        let now = inner.now();
        let held = self.read().await?.row(HELD, &[scope.user.into(), now.into()]).await?;
        if let Some(row) = held {
            let (count, bytes): (u32, u64) = (row.get(0)?, row.get(1)?);
            let room = most_bytes.saturating_mul(PARTIAL_BYTES_TIMES);
            if count >= PARTIALS_MAX || bytes.saturating_add(size_bytes) > room {
                return Err(UploadError::TooMany);
            }
        }
        let id = secret(&*inner.randomness).map_err(|error| StoreError::Database {
            operation: "get random bytes".to_owned(),
            source: Box::new(error),
        })?;
        let expires_at = now.checked_add(PARTIAL_KEPT).unwrap_or(Timestamp::MAX);
        let values: Vec<Value> = vec![
            (&id).into(),
            scope.user.into(),
            scope.unit.into(),
            seal_file_name(inner.database.vault(), &id, &name)?.into(),
            whole(size_bytes).into(),
            told.clone().into(),
            now.into(),
            expires_at.into(),
        ];
        // Known before it lies there: what nobody knows would never be swept away.
        self.write(vec![Statement { sql: SQL, values }]).await?;
        let path = self.partial_path(&id);
        let made = path.clone();
        blocking(move || {
            if let Some(folder) = made.parent() {
                std::fs::create_dir_all(folder)?;
            }
            OpenOptions::new().write(true).create_new(true).open(&made).map(drop)
        })
        .await?
        .map_err(|source| failed(&path, source))?;
        Ok(Partial {
            id,
            name,
            size_bytes,
            offset_bytes: 0,
            expires_at,
            attachment: None,
            told_sha256: told,
        })
    }

    /// A file on its way, or just arrived, of the same person acting for the same unit; none when it is
    /// another's, never began or is forgotten.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn partial_fetch(
        &self,
        scope: &Scope,
        id: &str,
    ) -> Result<Option<Partial>, StoreError> {
        const SQL: &str = "
            select p.name, p.size_bytes, p.told_sha256, p.expires_at, p.sha256, a.media_type,
                   a.stored_at
              from partial_upload p
              left join attachment a on a.sha256 = p.sha256
             where p.upload_id = $1 and p.user_id = $2 and p.unit_id = $3 and p.expires_at > $4";
        if !is_hash(id) {
            return Ok(None);
        }
        let values = [id.into(), scope.user.into(), scope.unit.into(), self.inner().now().into()];
        let Some(row) = self.read().await?.row(SQL, &values).await? else { return Ok(None) };
        let mut partial = partial(self.database().vault(), id, &row)?;
        if partial.attachment.is_none() {
            let path = self.partial_path(id);
            match tokio::fs::metadata(&path).await {
                Ok(facts) => partial.offset_bytes = facts.len(),
                // Taken away, or whole a moment ago and not yet known: to be begun anew.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(failed(&path, source)),
            }
        }
        Ok(Some(partial))
    }

    /// Goes on with a file from where it stands.
    ///
    /// # Errors
    /// [`UploadError::Gone`], or [`UploadError::Offset`] when it stands elsewhere.
    pub async fn partial_resume(
        &self,
        scope: &Scope,
        id: &str,
        offset_bytes: u64,
    ) -> Result<Piece, UploadError> {
        const PUT_OFF: &str = "update partial_upload set expires_at = $1 where upload_id = $2";
        let mut partial = self.partial_fetch(scope, id).await?.ok_or(UploadError::Gone)?;
        if partial.offset_bytes != offset_bytes || partial.attachment.is_some() {
            return Err(UploadError::Offset { stands_at: partial.offset_bytes });
        }
        let now = self.inner().now();
        if partial.expires_at.duration_since(now) < PUT_OFF_WHEN {
            partial.expires_at = now.checked_add(PARTIAL_KEPT).unwrap_or(Timestamp::MAX);
            let values = vec![partial.expires_at.into(), id.into()];
            self.write(vec![Statement { sql: PUT_OFF, values }]).await?;
        }
        Ok(Piece {
            store: self.clone(),
            scope: scope.clone(),
            path: self.partial_path(id),
            key: self.key_of(id)?,
            partial,
            gathered: Vec::with_capacity(WRITTEN_BYTES),
        })
    }

    /// Takes a file back that is on its way; says whether there was one. What has become an attachment
    /// stays.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn partial_drop(&self, scope: &Scope, id: &str) -> Result<bool, StoreError> {
        let Some(partial) = self.partial_fetch(scope, id).await? else { return Ok(false) };
        self.partial_remove(&partial.id).await?;
        Ok(true)
    }

    async fn partial_remove(&self, id: &str) -> Result<(), StoreError> {
        const SQL: &str = "delete from partial_upload where upload_id = $1";
        let path = self.partial_path(id);
        match tokio::fs::remove_file(&path).await {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed(&path, source)),
        }
        self.write(vec![Statement { sql: SQL, values: vec![id.into()] }]).await.map(drop)
    }

    /// Forgets files whose time is over, by `partial_upload_by_expiry`; says how many.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn partial_sweep(&self) -> Result<u64, StoreError> {
        const SQL: &str = "select upload_id from partial_upload where expires_at <= $1 limit $2";
        let values = [self.inner().now().into(), SWEPT_MAX.into()];
        let rows = self.read().await?.rows(SQL, &values).await?;
        for row in &rows {
            self.partial_remove(&row.get::<String>(0)?).await?;
        }
        Ok(rows.len() as u64)
    }

    fn partial_path(&self, id: &str) -> PathBuf {
        self.inner().files.join("partial").join(id)
    }

    /// Makes an attachment of a file that is whole.
    async fn partial_finish(
        &self,
        scope: &Scope,
        partial: &Partial,
    ) -> Result<Attachment, UploadError> {
        const WHOLE: &str = "update partial_upload set sha256 = $1 where upload_id = $2";
        let path = self.partial_path(&partial.id);
        let read = path.clone();
        let inner = self.inner();
        let random = secret(&*inner.randomness).map_err(super::no_randomness)?;
        let whole = super::Incoming(inner.files.join("incoming").join(random));
        let (database, to, key) =
            (self.database().clone(), whole.0.clone(), self.key_of(&partial.id)?);
        let sealer = Sealer::new(&*inner.randomness).map_err(super::no_randomness)?;
        let made = blocking(move || sealed(database.vault(), &read, &key, sealer, &to)).await?;
        let Whole { sha256, beginning, tail } = made.map_err(|source| failed(&path, source))?;
        let told = partial.told_sha256.as_ref();
        let judged = if told.is_some_and(|told| *told != sha256) {
            Err(UploadError::Digest)
        } else {
            media_type(&partial.name, &beginning).and_then(|media_type| {
                is_what_it_says(media_type, tail.bytes())?;
                Ok(media_type)
            })
        };
        let judged = match judged {
            Ok(media_type) => {
                scan::scan(inner, || content(inner, &whole.0, &sha256)).await.map(|()| media_type)
            }
            Err(error) => Err(error),
        };
        let media_type = match judged {
            Ok(media_type) => media_type,
            Err(error) => {
                self.partial_remove(&partial.id).await?;
                return Err(error);
            }
        };
        place(inner, &whole.0, &sha256).await?;
        let attachment = Attachment {
            sha256,
            size_bytes: partial.size_bytes,
            media_type: media_type.to_owned(),
            name: partial.name.clone(),
            stored_at: inner.now(),
        };
        let mut statements = noting(inner.database.vault(), scope, &attachment)?;
        let values = vec![(&attachment.sha256).into(), (&partial.id).into()];
        statements.push(Statement { sql: WHOLE, values });
        self.write(statements).await?;
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(&path, error).into());
            }
            _ => {}
        }
        self.preview_later(&attachment.sha256, &attachment.media_type);
        Ok(attachment)
    }

    /// The key a file is kept under while it is on its way.
    fn key_of(&self, id: &str) -> Result<KeyBytes, StoreError> {
        let key = self.database().vault().key_on_the_way(id);
        key.map_err(|error| StoreError::damaged("vault", error))
    }
}

impl Piece {
    /// Takes in the next bytes.
    ///
    /// # Errors
    /// [`UploadError::Overrun`] when they are more than were announced; [`UploadError::Offset`] when
    /// somebody else has gone on with the file meanwhile; [`UploadError::Kind`] as soon as its
    /// beginning tells.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        let come = self.partial.offset_bytes + self.gathered.len() as u64 + bytes.len() as u64;
        if come > self.partial.size_bytes {
            self.gathered.clear();
            return Err(UploadError::Overrun { size_bytes: self.partial.size_bytes });
        }
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= WRITTEN_BYTES { self.put_down().await } else { Ok(()) }
    }

    /// Puts down what has come; the file is an attachment when that was the last of it.
    ///
    /// # Errors
    /// As [`Self::write`], and [`UploadError::Digest`] when its hash is not the one announced. A file
    /// whose kind or hash is wrong is thrown away.
    pub async fn finish(mut self) -> Result<Partial, UploadError> {
        self.put_down().await?;
        if self.partial.offset_bytes == self.partial.size_bytes {
            let attachment = self.store.partial_finish(&self.scope, &self.partial).await?;
            self.partial.attachment = Some(attachment);
        }
        Ok(self.partial.clone())
    }

    async fn put_down(&mut self) -> Result<(), UploadError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let bytes = std::mem::take(&mut self.gathered);
        let (path, at) = (self.path.clone(), self.partial.offset_bytes);
        let key = self.key.clone();
        let (appended, bytes) = blocking(move || {
            let appended = append(&path, &key, at, &bytes);
            (appended, bytes)
        })
        .await?;
        match appended.map_err(|source| failed(&self.path, source))? {
            Appended::Well => {}
            Appended::Moved(stands_at) => return Err(UploadError::Offset { stands_at }),
            Appended::Gone => return Err(UploadError::Gone),
        }
        let begun = at < SNIFFED_BYTES as u64;
        self.partial.offset_bytes += bytes.len() as u64;
        if begun && self.partial.offset_bytes >= SNIFFED_BYTES as u64 {
            self.judge().await?;
        }
        self.gathered = bytes;
        self.gathered.clear();
        Ok(())
    }

    /// Refuses a file of the wrong kind before the rest of it is sent.
    async fn judge(&mut self) -> Result<(), UploadError> {
        let (path, key) = (self.path.clone(), self.key.clone());
        let beginning = blocking(move || beginning(&path, &key))
            .await?
            .map_err(|source| failed(&self.path, source))?;
        if let Err(error) = media_type(&self.partial.name, &beginning) {
            self.store.partial_remove(&self.partial.id).await?;
            return Err(error);
        }
        Ok(())
    }
}

impl Drop for Piece {
    /// The connection broke: what it had brought is kept, so that little is sent twice.
    fn drop(&mut self) {
        if !self.gathered.is_empty() {
            // When the disk refuses, the sender is told by where the file stands.
            drop(append(&self.path, &self.key, self.partial.offset_bytes, &self.gathered));
        }
    }
}

fn append(path: &Path, key: &KeyBytes, at: u64, bytes: &[u8]) -> std::io::Result<Appended> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Appended::Gone),
        Err(error) => return Err(error),
    };
    // Let go when the file is closed.
    file.lock()?;
    let stands_at = file.metadata()?.len();
    if stands_at != at {
        return Ok(Appended::Moved(stands_at));
    }
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = bytes.to_vec();
    hide(key, at, &mut bytes)?;
    file.write_all(&bytes)?;
    Ok(Appended::Well)
}

/// Hides bytes that stand at a place of a file on its way, or shows them again: SM4 in counter mode, so that
/// the file is as long as what has come. Whether they are what was sent, its hash tells when it is whole.
fn hide(key: &KeyBytes, at: u64, bytes: &mut [u8]) -> std::io::Result<()> {
    let mut stream = Ctr128BE::<Sm4>::new(&Array(**key), &Array([0; 16]));
    stream.try_seek(at).map_err(std::io::Error::other)?;
    stream.try_apply_keystream(bytes).map_err(std::io::Error::other)
}

fn beginning(path: &Path, key: &KeyBytes) -> std::io::Result<Vec<u8>> {
    let mut begun = Vec::with_capacity(SNIFFED_BYTES);
    std::fs::File::open(path)?.take(SNIFFED_BYTES as u64).read_to_end(&mut begun)?;
    hide(key, 0, &mut begun)?;
    Ok(begun)
}

/// A file that has come, sealed.
struct Whole {
    sha256: String,
    beginning: Vec<u8>,
    tail: Tail,
}

/// Seals what has come into a file of its own, made durable.
fn sealed(
    vault: &Vault,
    path: &Path,
    key: &KeyBytes,
    mut sealer: Sealer,
    to: &Path,
) -> std::io::Result<Whole> {
    let mut file = std::fs::File::open(path)?;
    let mut into = OpenOptions::new().write(true).create_new(true).open(to)?;
    into.write_all(&[0; HEAD_BYTES])?;
    let (mut hash, mut part, mut beginning) = (Sha256::new(), vec![0; HASHED_BYTES], Vec::new());
    let (mut tail, mut at) = (Tail::default(), 0);
    loop {
        let read = file.read(&mut part)?;
        let bytes = part.get_mut(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hide(key, at, bytes)?;
        at += bytes.len() as u64;
        let missing = SNIFFED_BYTES.saturating_sub(beginning.len());
        beginning.extend(bytes.iter().take(missing));
        tail.push(bytes);
        hash.update(&*bytes);
        into.write_all(&sealer.push(bytes)?)?;
    }
    let sha256 = hex(&hash.finalize());
    let (last, head) = sealer.finish(vault, &place_of(&sha256))?;
    into.write_all(&last)?;
    into.seek(SeekFrom::Start(0))?;
    into.write_all(&head)?;
    into.sync_all()?;
    Ok(Whole { sha256, beginning, tail })
}

fn partial(vault: &Vault, id: &str, row: &Row) -> Result<Partial, StoreError> {
    let name = open_file_name(vault, id, row.get(0)?)?;
    let size_bytes = row.get(1)?;
    let attachment = match row.get::<Option<String>>(4)? {
        Some(sha256) => Some(Attachment {
            sha256,
            size_bytes,
            media_type: row.get(5)?,
            name: name.clone(),
            stored_at: row.get(6)?,
        }),
        None => None,
    };
    Ok(Partial {
        id: id.to_owned(),
        offset_bytes: if attachment.is_some() { size_bytes } else { 0 },
        name,
        size_bytes,
        told_sha256: row.get(2)?,
        expires_at: row.get(3)?,
        attachment,
    })
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
