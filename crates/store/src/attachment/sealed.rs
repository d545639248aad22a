//! Attachments as they lie on the disk: sealed piece by piece, so that one of any size is read as it is
//! sent, and none of it lies in the clear at any time.
//!
//! ```text
//! "LDF1" · data key, 4 bytes · the file's own key, sealed, 44 bytes · pieces of 64 KiB, each with its tag
//! ```
//!
//! Each file has a key of its own, sealed under the vault's and bound to the hash of what the file holds in
//! the clear, which is its name: a file put in another's place does not open. The nonce of a piece is its
//! number and whether it is the last (the STREAM construction), so that none is moved, left out or cut off
//! unnoticed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use aes_gcm::aead::Aead as _;
use aes_gcm::aead::array::Array;

use crate::error::StoreError;
use crate::randomness::{NoRandomness, Randomness};
use crate::vault::{Cipher, KeyBytes, Place, SealError, Vault, cipher, random_key};

/// What begins a sealed file.
const MARK: &[u8; 4] = b"LDF1";
/// Bytes before the first piece.
pub(crate) const HEAD_BYTES: usize = 4 + 4 + 12 + 16 + 16;
/// Bytes of a piece in the clear.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes its tag adds.
const TAG_BYTES: usize = 16;

/// Seals a file as it comes in.
pub(crate) struct Sealer {
    key: KeyBytes,
    cipher: Cipher,
    number: u32,
    pending: Vec<u8>,
}

impl Sealer {
    pub(crate) fn new(randomness: &dyn Randomness) -> Result<Self, NoRandomness> {
        let key = random_key(randomness)?;
        Ok(Self { cipher: cipher(&key), key, number: 0, pending: Vec::new() })
    }

    /// Takes in bytes; says what is to be written.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        self.pending.extend_from_slice(bytes);
        let mut sealed = Vec::new();
        // The last piece is known to be the last only when nothing comes after it.
        while self.pending.len() > PIECE_BYTES {
            let rest = self.pending.split_off(PIECE_BYTES);
            let piece = std::mem::replace(&mut self.pending, rest);
            sealed.extend(self.piece(&piece, false)?);
        }
        Ok(sealed)
    }

    /// The last piece, and the head, which is written over the place kept for it.
    pub(crate) fn finish(
        mut self,
        vault: &Vault,
        place: &Place,
    ) -> io::Result<(Vec<u8>, [u8; HEAD_BYTES])> {
        let piece = std::mem::take(&mut self.pending);
        let last = self.piece(&piece, true)?;
        let (id, sealed) = vault.seal_bytes(place, self.key.as_slice()).map_err(broken)?;
        let head = [MARK.as_slice(), &id.to_be_bytes(), &sealed].concat();
        let head = head.try_into().map_err(|_| broken(SealError::Form))?;
        Ok((last, head))
    }

    fn piece(&mut self, bytes: &[u8], is_last: bool) -> io::Result<Vec<u8>> {
        let sealed = self.cipher.encrypt(&Array(nonce(self.number, is_last)), bytes);
        self.number = self.number.checked_add(1).ok_or_else(|| broken(SealError::Form))?;
        sealed.map_err(|_| broken(SealError::Form))
    }
}

/// A file that is read in the clear, sealed on the disk or older than the vault.
pub(crate) enum Reading {
    Plain(File),
    Sealed { file: File, cipher: Box<Cipher>, number: u32, left: u64, piece: Vec<u8>, at: usize },
}

impl Reading {
    /// Opens the file of a hash, as it lies in a folder of attachments.
    pub(crate) fn open(vault: &Vault, files: &Path, sha256: &str) -> io::Result<Self> {
        let path = sealed_path_of(files, sha256);
        match File::open(&path) {
            Ok(file) => Self::sealed(vault, &place_of(sha256), file),
            // Written before there was a vault.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                File::open(super::path_of(files, sha256)).map(Self::Plain)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a sealed file.
    pub(crate) fn sealed(vault: &Vault, place: &Place, mut file: File) -> io::Result<Self> {
        let mut head = [0; HEAD_BYTES];
        file.read_exact(&mut head)?;
        let rest = head.strip_prefix(MARK.as_slice()).ok_or_else(|| broken(SealError::Form))?;
        let (id, sealed) = rest.split_first_chunk().ok_or_else(|| broken(SealError::Form))?;
        let key = vault.open_bytes(u32::from_be_bytes(*id), place, sealed).map_err(broken)?;
        let key = <[u8; 16]>::try_from(key.as_slice()).map_err(|_| broken(SealError::Form))?;
        let cipher = Box::new(cipher(&KeyBytes::new(key)));
        let left = file.metadata()?.len().saturating_sub(HEAD_BYTES as u64);
        Ok(Self::Sealed { file, cipher, number: 0, left, piece: Vec::new(), at: 0 })
    }
}

impl Read for Reading {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Self::Sealed { file, cipher, number, left, piece, at } = self else {
            let Self::Plain(file) = self else { return Ok(0) };
            return file.read(into);
        };
        if *at == piece.len() && *left > 0 {
            let bytes = usize::try_from(*left).unwrap_or(usize::MAX).min(PIECE_BYTES + TAG_BYTES);
            let mut sealed = vec![0; bytes];
            file.read_exact(&mut sealed)?;
            *left -= bytes as u64;
            let opened = cipher.decrypt(&Array(nonce(*number, *left == 0)), sealed.as_slice());
            *piece = opened.map_err(|_| broken(SealError::NotGenuine))?;
            *number = number.checked_add(1).ok_or_else(|| broken(SealError::Form))?;
            *at = 0;
        }
        let rest = piece.get(*at..).unwrap_or_default();
        let read = rest.len().min(into.len());
        if let (Some(from), Some(to)) = (rest.get(..read), into.get_mut(..read)) {
            to.copy_from_slice(from);
        }
        *at += read;
        Ok(read)
    }
}

/// An attachment somebody may open, in the clear, read as it is needed.
pub struct AttachmentFile(Option<Reading>);

impl AttachmentFile {
    pub(crate) fn new(reading: Reading) -> Self {
        Self(Some(reading))
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// When the disk fails, or what lies there was changed.
    pub async fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(mut reading) = self.0.take() else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; PIECE_BYTES];
            let read = reading.read(&mut piece);
            (
                reading,
                read.map(|read| {
                    piece.truncate(read);
                    piece
                }),
            )
        });
        let (reading, piece) = read.await.map_err(io::Error::other)?;
        self.0 = Some(reading);
        piece.map(|piece| (!piece.is_empty()).then_some(piece))
    }

    /// All of it; for small files.
    ///
    /// # Errors
    /// As [`Self::next_piece`].
    pub async fn read_all(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next_piece().await? {
            all.extend(piece);
        }
        Ok(all)
    }
}

/// Where the sealed bytes of a hash lie.
pub(crate) fn sealed_path_of(files: &Path, sha256: &str) -> PathBuf {
    let mut path = super::path_of(files, sha256).into_os_string();
    path.push(".sealed");
    path.into()
}

/// To what an attachment's key is bound.
pub(crate) fn place_of(sha256: &str) -> Place {
    Place::new("attachment").at(sha256)
}

fn nonce(number: u32, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (_, end) = nonce.split_at_mut(7);
    for (to, from) in end.iter_mut().zip(number.to_be_bytes().into_iter().chain([is_last.into()])) {
        *to = from;
    }
    nonce
}

fn broken(error: SealError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// What broke while a file was sealed or opened.
pub(crate) fn no_randomness(error: NoRandomness) -> StoreError {
    StoreError::Database { operation: "get random bytes".to_owned(), source: Box::new(error) }
}
