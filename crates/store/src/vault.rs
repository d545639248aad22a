//! The vault (保密库): what only some may read lies sealed in the database and on the disk, by SM4-GCM, under
//! keys that a copy of the database alone does not give.
//!
//! Two layers. A **master key** stands in a file outside the database ([`MasterKeys`]). It seals the
//! **data keys** of the table `vault_key`, and those seal everything else; each sealed text names its data
//! key. So a change of the master key seals a few rows anew and touches no event; after it, a data key made
//! with the new master key seals what is written from then on.
//!
//! Whatever is sealed is bound to its [`Place`]: moved to another row, field or matter it no longer opens.
//! What does not open is an error and never shown as something else.

pub mod field;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use aes_gcm::aead::array::Array;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{AesGcm, KeyInit as _};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sm3::Sm3;
use sm4::Sm4;
use zeroize::Zeroizing;

use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::migration;
use crate::randomness::{NoRandomness, Randomness, hex};

/// What begins a sealed text.
const MARK: &str = "sm4:";
/// Bytes of a key.
const KEY_BYTES: usize = 16;
/// Bytes of a nonce, drawn at random for each text.
const NONCE_BYTES: usize = 12;
/// The step that makes the table of data keys.
const STEP: i64 = 9;

pub(crate) type Cipher = AesGcm<Sm4, U12>;
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Where something sealed lies; it opens only there. Parts are told apart whatever they contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    /// A place in a table, or in something like one.
    #[must_use]
    pub fn new(table: &str) -> Self {
        Self(String::new()).at(table)
    }

    /// More closely: a key, a column, a field.
    #[must_use]
    pub fn at(mut self, part: impl fmt::Display) -> Self {
        let part = part.to_string();
        let length = part.len().to_string();
        self.0.extend([length.as_str(), ":", part.as_str()]);
        self
    }
}

/// Why something was not sealed or not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is not a sealed text.
    #[error("it is not sealed, or was cut short")]
    Form,
    /// Its data key is not there.
    #[error("data key {0} of the vault is not there")]
    NoKey(u32),
    /// It was changed, or lies where it does not belong.
    #[error("it was changed or does not belong where it lies")]
    NotGenuine,
    /// There are no keys to seal with.
    #[error("the vault has not been opened")]
    Closed,
    /// The machine gives no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

/// Why the vault does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// What the database holds was sealed under another master key.
    #[error("the database was sealed under master key {wanted}, which is not among those given")]
    WrongKey {
        /// Its id.
        wanted: String,
    },
    /// The master key is the right one, and the data key it sealed was changed.
    #[error("data key {id} in the table vault_key was changed")]
    Damaged {
        /// The data key.
        id: u32,
    },
    /// The machine gives no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key outside the database.
#[derive(Clone)]
struct MasterKey {
    id: String,
    bytes: KeyBytes,
    cipher: Cipher,
}

impl MasterKey {
    fn of(bytes: KeyBytes) -> Self {
        let id = hex(tag(bytes.as_slice(), b"liandong/vault/master").get(..8).unwrap_or_default());
        let cipher = cipher(&bytes);
        Self { id, bytes, cipher }
    }
}

/// The keys outside the database, the one in force first. As a text, a line each of 32 hexadecimal
/// digits; lines that begin with `#` say what it is.
#[derive(Clone)]
pub struct MasterKeys(Vec<MasterKey>);

/// A text that holds no master keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeysError {
    /// A line is neither a key nor a remark.
    #[error("line {line} is not a key of 32 hexadecimal digits")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// There is no key in it.
    #[error("there is no key in it")]
    Empty,
}

impl MasterKeys {
    /// One new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(randomness: &dyn Randomness) -> Result<Self, NoRandomness> {
        Ok(Self(vec![MasterKey::of(random_key(randomness)?)]))
    }

    /// The same keys with a new one in force before them.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn renewed(&self, randomness: &dyn Randomness) -> Result<Self, NoRandomness> {
        let mut keys = vec![MasterKey::of(random_key(randomness)?)];
        keys.extend(self.0.iter().cloned());
        Ok(Self(keys))
    }

    /// The id of the one in force; it tells nothing of the key.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }
}

impl FromStr for MasterKeys {
    type Err = MasterKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = key_of(line).ok_or(MasterKeysError::Line { line: index + 1 })?;
            keys.push(MasterKey::of(key));
        }
        if keys.is_empty() { Err(MasterKeysError::Empty) } else { Ok(Self(keys)) }
    }
}

impl MasterKeys {
    /// The text of their file. It is the secret: for that file only.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = String::from(
            "# 联动保密库主密钥：首行为现行密钥。遗失后密封内容不能恢复，请另行妥善保管，勿与数据库备份同放。\n\
             # Master keys of Liandong's vault, the one in force first. Without them what is sealed is lost:\n\
             # keep a copy, and not beside the backups of the database.\n",
        );
        for key in &self.0 {
            text.push_str(&hex(&*key.bytes));
            text.push('\n');
        }
        Zeroizing::new(text)
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

/// A key in the database, unsealed.
struct DataKey {
    bytes: KeyBytes,
    cipher: Cipher,
}

/// The vault, open.
pub struct Vault {
    keys: BTreeMap<u32, DataKey>,
    randomness: Option<Arc<dyn Randomness>>,
}

/// What a database has whose vault nobody opened.
pub(crate) static CLOSED: LazyLock<Vault> =
    LazyLock::new(|| Vault { keys: BTreeMap::new(), randomness: None });

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("keys", &self.keys.keys()).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the vault of a migrated database and leaves it with the database (see
    /// [`Database::vault`]). The first time a data key is made; data keys sealed under an older of the
    /// master keys are sealed under the one in force.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open(
        database: &Database,
        masters: &MasterKeys,
        randomness: Arc<dyn Randomness>,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let mut tx = database.write().await?;
        if rows(&mut tx).await?.is_empty() {
            add(&mut tx, 1, masters, &*randomness, now).await?;
        }
        let keys = unsealed(&mut tx, masters, Some(&*randomness)).await?;
        tx.commit().await?;
        database.keep_vault(Self { keys, randomness: Some(randomness) });
        Ok(())
    }

    /// The same to read only: a database without data keys has nothing sealed.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn open_to_read(database: &Database, masters: &MasterKeys) -> Result<(), VaultError> {
        Self::open_in(&mut database.read().await?, database, masters).await
    }

    /// The same inside a transaction that is not yet committed, which may have brought the data keys.
    pub(crate) async fn open_in(
        tx: &mut Tx,
        database: &Database,
        masters: &MasterKeys,
    ) -> Result<(), VaultError> {
        let keys = if migration::newest(tx).await? < STEP {
            BTreeMap::new()
        } else {
            unsealed(tx, masters, None).await?
        };
        database.keep_vault(Self { keys, randomness: None });
        Ok(())
    }

    /// Takes a new master key into force (see [`MasterKeys::renewed`]): every data key is sealed under it,
    /// and a new data key made for what is written from now on. Nobody else may be using the database:
    /// they would not know the new data key. Says how many data keys there are.
    ///
    /// # Errors
    /// [`VaultError`]; then the old master key is still the one in force.
    pub async fn rotate(
        database: &Database,
        masters: &MasterKeys,
        randomness: &dyn Randomness,
        now: Timestamp,
    ) -> Result<usize, VaultError> {
        let mut tx = database.write().await?;
        let keys = unsealed(&mut tx, masters, Some(randomness)).await?;
        let next = keys.last_key_value().map_or(1, |(id, _)| id + 1);
        add(&mut tx, next, masters, randomness, now).await?;
        tx.commit().await?;
        Ok(keys.len() + 1)
    }

    /// The master keys, by their ids, under which the data keys of a database lie; none when it has
    /// nothing sealed yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn wanted(database: &Database) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "select distinct master from vault_key order by master";
        let mut tx = database.read().await?;
        if migration::newest(&mut tx).await? < STEP {
            return Ok(Vec::new());
        }
        tx.rows(SQL, &[]).await?.iter().map(|row| row.get(0)).collect()
    }

    /// Whether the database has something sealed that no key here opens.
    pub(crate) async fn lacks_keys(tx: &mut Tx) -> Result<bool, StoreError> {
        Ok(migration::newest(tx).await? >= STEP
            && rows(tx).await?.iter().any(|row| !tx.vault().keys.contains_key(&row.id)))
    }

    /// Whether there are keys to open with.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether there are keys to seal with.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.keys.is_empty() && self.randomness.is_some()
    }

    /// Seals bytes for a place, as a text.
    ///
    /// # Errors
    /// [`SealError::Closed`] or [`SealError::Randomness`].
    pub fn seal(&self, place: &Place, plain: &[u8]) -> Result<String, SealError> {
        let (id, sealed) = self.seal_bytes(place, plain)?;
        Ok(format!("{MARK}{id}:{}", Base64UrlUnpadded::encode_string(&sealed)))
    }

    /// Opens what [`Self::seal`] made for that place.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_sealed(&self, place: &Place, sealed: &str) -> Result<Vec<u8>, SealError> {
        let rest = sealed.strip_prefix(MARK).ok_or(SealError::Form)?;
        let (id, text) = rest.split_once(':').ok_or(SealError::Form)?;
        let id = id.parse().map_err(|_| SealError::Form)?;
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| SealError::Form)?;
        self.open_bytes(id, place, &bytes)
    }

    /// Seals bytes as bytes; says under which data key.
    pub(crate) fn seal_bytes(
        &self,
        place: &Place,
        plain: &[u8],
    ) -> Result<(u32, Vec<u8>), SealError> {
        let (id, key) = self.keys.last_key_value().ok_or(SealError::Closed)?;
        let randomness = self.randomness.as_deref().ok_or(SealError::Closed)?;
        Ok((*id, seal(&key.cipher, place, plain, randomness)?))
    }

    /// Opens what [`Self::seal_bytes`] made.
    pub(crate) fn open_bytes(
        &self,
        id: u32,
        place: &Place,
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let key = self.keys.get(&id).ok_or(SealError::NoKey(id))?;
        open(&key.cipher, place, sealed)
    }

    /// A key of its own for a file that is on its way in, the same each time; it outlives every change of
    /// keys.
    pub(crate) fn key_on_the_way(&self, id: &str) -> Result<KeyBytes, SealError> {
        let (_, first) = self.keys.first_key_value().ok_or(SealError::Closed)?;
        let own = tag(&tag(first.bytes.as_slice(), b"liandong/vault/on-the-way"), id.as_bytes());
        let (key, _) = own.split_first_chunk().ok_or(SealError::Closed)?;
        Ok(Zeroizing::new(*key))
    }

    /// Opens a text.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_text(&self, place: &Place, sealed: &str) -> Result<String, SealError> {
        String::from_utf8(self.open_sealed(place, sealed)?).map_err(|_| SealError::NotGenuine)
    }

    /// A column that is sealed, or was written before there was a vault and is still in the clear.
    pub(crate) fn open_column(
        &self,
        what: &'static str,
        place: &Place,
        text: String,
    ) -> Result<String, StoreError> {
        if !is_sealed(&text) {
            return Ok(text);
        }
        self.open_text(place, &text).map_err(|error| StoreError::damaged(what, error))
    }

    /// A mark by which the same bytes are known again, and which nobody without the vault can compute:
    /// a plain hash of few possibilities would give them away. It outlives every change of keys.
    ///
    /// # Errors
    /// [`SealError::Closed`].
    pub fn mark(&self, bytes: &[u8]) -> Result<String, SealError> {
        let (_, first) = self.keys.first_key_value().ok_or(SealError::Closed)?;
        Ok(hex(&tag(&tag(first.bytes.as_slice(), b"liandong/vault/mark"), bytes)))
    }
}

/// Whether a text has been sealed. Nothing we store in the clear begins like one.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

struct VaultRow {
    id: u32,
    master: String,
    sealed: Vec<u8>,
}

async fn rows(tx: &mut Tx) -> Result<Vec<VaultRow>, StoreError> {
    const SQL: &str = "select vault_key_id, master, sealed from vault_key order by vault_key_id";
    tx.rows(SQL, &[])
        .await?
        .iter()
        .map(|row| Ok(VaultRow { id: row.get(0)?, master: row.get(1)?, sealed: row.get(2)? }))
        .collect()
}

async fn unsealed(
    tx: &mut Tx,
    masters: &MasterKeys,
    anew: Option<&dyn Randomness>,
) -> Result<BTreeMap<u32, DataKey>, VaultError> {
    const SQL: &str = "update vault_key set master = $2, sealed = $3 where vault_key_id = $1";
    let mut keys = BTreeMap::new();
    for row in rows(tx).await? {
        let VaultRow { id, master, sealed } = row;
        let known = masters.0.iter().find(|key| key.id == master);
        let known = known.ok_or(VaultError::WrongKey { wanted: master })?;
        let damaged = || VaultError::Damaged { id };
        let bytes =
            Zeroizing::new(open(&known.cipher, &key_place(id), &sealed).map_err(|_| damaged())?);
        let bytes: KeyBytes =
            Zeroizing::new(<[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| damaged())?);
        if let (Some(randomness), Some(first)) = (anew, masters.0.first())
            && first.id != known.id
        {
            let sealed =
                seal(&first.cipher, &key_place(id), &*bytes, randomness).map_err(|_| damaged())?;
            tx.execute(SQL, &[id.into(), (&first.id).into(), sealed.into()]).await?;
        }
        let cipher = cipher(&bytes);
        keys.insert(id, DataKey { bytes, cipher });
    }
    Ok(keys)
}

/// Makes a data key; another process that starts at the same moment may have been first.
async fn add(
    tx: &mut Tx,
    id: u32,
    masters: &MasterKeys,
    randomness: &dyn Randomness,
    now: Timestamp,
) -> Result<(), VaultError> {
    const SQL: &str = "
        insert into vault_key (vault_key_id, master, sealed, made_at) values ($1, $2, $3, $4)
        on conflict (vault_key_id) do nothing";
    let bytes = random_key(randomness)?;
    let wanted = || VaultError::WrongKey { wanted: String::new() };
    let first = masters.0.first().ok_or_else(wanted)?;
    let sealed = seal(&first.cipher, &key_place(id), &*bytes, randomness).map_err(|_| wanted())?;
    tx.execute(SQL, &[id.into(), (&first.id).into(), sealed.into(), now.into()]).await?;
    Ok(())
}

fn key_place(id: u32) -> Place {
    Place::new("vault_key").at(id)
}

fn seal(
    cipher: &Cipher,
    place: &Place,
    plain: &[u8],
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_BYTES];
    randomness.fill(&mut nonce)?;
    let payload = Payload { msg: plain, aad: place.0.as_bytes() };
    // It fails only for more bytes than memory holds.
    let sealed = cipher.encrypt(&Array(nonce), payload).map_err(|_| SealError::Form)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(cipher: &Cipher, place: &Place, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Form)?;
    let payload = Payload { msg: sealed, aad: place.0.as_bytes() };
    cipher.decrypt(&Array(*nonce), payload).map_err(|_| SealError::NotGenuine)
}

pub(crate) fn cipher(key: &KeyBytes) -> Cipher {
    Cipher::new(&Array(**key))
}

/// HMAC with SM3.
fn tag(key: &[u8], bytes: &[u8]) -> [u8; 32] {
    // Any length of key will do.
    let mac = Hmac::<Sm3>::new_from_slice(key).map(|mac| mac.chain_update(bytes));
    mac.map_or([0; 32], |mac| mac.finalize().into_bytes().into())
}

pub(crate) fn random_key(randomness: &dyn Randomness) -> Result<KeyBytes, NoRandomness> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    randomness.fill(&mut *bytes)?;
    Ok(bytes)
}

fn key_of(line: &str) -> Option<KeyBytes> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if line.len() != 2 * KEY_BYTES || !line.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(line.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::SystemRandomness;

    fn bytes(text: &str) -> Vec<u8> {
        text.as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }

    fn vault(ids: &[u32]) -> Vault {
        let key = |id: &u32| {
            let bytes = Zeroizing::new([u8::try_from(*id).unwrap(); KEY_BYTES]);
            (*id, DataKey { cipher: cipher(&bytes), bytes })
        };
        Vault { keys: ids.iter().map(key).collect(), randomness: Some(Arc::new(SystemRandomness)) }
    }

    /// RFC 8998 appendix A.1.
    #[test]
    fn sm4_gcm_is_that_of_the_standard() {
        let key: [u8; 16] = bytes("0123456789ABCDEFFEDCBA9876543210").try_into().unwrap();
        let nonce: [u8; 12] = bytes("00001234567800000000ABCD").try_into().unwrap();
        let plain = bytes(concat!(
            "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD",
            "EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA"
        ));
        let aad = bytes("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2");
        let sealed = Cipher::new(&Array(key))
            .encrypt(&Array(nonce), Payload { msg: &plain, aad: &aad })
            .unwrap();
        assert_eq!(
            hex(&sealed).to_uppercase(),
            concat!(
                "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735",
                "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D",
                "83DE3541E4C2B58177E065A9BF7B62EC"
            )
        );
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let vault = vault(&[1]);
        let place = Place::new("event").at("m").at(12);
        let sealed = vault.seal(&place, "张某".as_bytes()).unwrap();
        assert!(is_sealed(&sealed) && !sealed.contains("张某"));
        assert_eq!(vault.open_text(&place, &sealed).unwrap(), "张某");
        assert_ne!(vault.seal(&place, "张某".as_bytes()).unwrap(), sealed);
        for elsewhere in [Place::new("event").at("m1").at(2), Place::new("event").at("m").at(13)] {
            assert_eq!(vault.open_text(&elsewhere, &sealed), Err(SealError::NotGenuine));
        }
    }

    #[test]
    fn what_was_changed_does_not_open() {
        let vault = vault(&[1]);
        let place = Place::new("event");
        let sealed = vault.seal(&place, b"informant").unwrap();
        for at in MARK.len() + 2..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            if let Some(byte) = changed.get_mut(at) {
                *byte = if *byte == b'A' { b'B' } else { b'A' };
            }
            let changed = String::from_utf8(changed).unwrap();
            assert!(vault.open_sealed(&place, &changed).is_err(), "byte {at}");
        }
        for cut in 0..sealed.len() {
            assert!(vault.open_sealed(&place, sealed.get(..cut).unwrap()).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_newer_key_seals_and_the_older_still_opens() {
        let place = Place::new("draft");
        let old = vault(&[1]).seal(&place, b"x").unwrap();
        let both = vault(&[1, 2]);
        assert_eq!(both.open_sealed(&place, &old).unwrap(), b"x");
        let new = both.seal(&place, b"x").unwrap();
        assert!(new.starts_with("sm4:2:"));
        assert_eq!(vault(&[1]).open_sealed(&place, &new), Err(SealError::NoKey(2)));
        assert_eq!(both.mark(b"x").unwrap(), vault(&[1]).mark(b"x").unwrap());
        assert_ne!(both.mark(b"x").unwrap(), both.mark(b"y").unwrap());
    }

    #[test]
    fn a_closed_vault_seals_nothing() {
        assert_eq!(CLOSED.seal(&Place::new("draft"), b"x"), Err(SealError::Closed));
    }

    #[test]
    fn the_file_of_master_keys_is_read_as_it_is_written() {
        let one = MasterKeys::generate(&SystemRandomness).unwrap();
        let two = one.renewed(&SystemRandomness).unwrap();
        let read: MasterKeys = two.to_text().parse().unwrap();
        assert_eq!(read.id(), two.id());
        assert_ne!(two.id(), one.id());
        assert_eq!(format!("{read:?}"), format!("{two:?}"));
        assert!(!format!("{two:?}").contains(&hex(&*two.0.first().unwrap().bytes)));
        assert_eq!("# x\n\n".parse::<MasterKeys>().unwrap_err(), MasterKeysError::Empty);
        let line = "# x\n00112233".parse::<MasterKeys>().unwrap_err();
        assert_eq!(line, MasterKeysError::Line { line: 2 });
    }
}
