//! The log's key, and the list of keys by which others check it.
//!
//! ```text
//! DATA/ledger/key.pem         the log's private key; only the platform reads it. Keep a copy elsewhere.
//! DATA/ledger/keys.txt        the public keys of the log and of its witnesses; give it to everybody
//! DATA/ledger/next.pem        the key the log is about to change to; gone when it has
//! DATA/ledger/key-ID.pem      keys the log had before: only a backup from their time needs them
//! DATA/ledger/checkpoint.txt  the newest checkpoint, kept outside the database
//! ```

pub(crate) mod command;
mod memory;
mod rotate;

pub(crate) use self::memory::{Remembered, kept, remember};
pub(crate) use self::rotate::take_up;

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use ledger::{Keys, Name, Purpose, Signer};
use rand_core::{TryCryptoRng, TryRng};
use store::randomness::{NoRandomness, Randomness};

use crate::output::Failure;
use crate::settings::Settings;
use store::ledger::key::KeyChange;

const KEY: &str = "key.pem";
const KEYS: &str = "keys.txt";
/// The side that keeps the log unless the settings say otherwise.
const SIDE: &str = "government";

/// The log's key and the keys others check by.
pub(crate) struct LogKey {
    pub(crate) signer: Arc<Signer>,
    pub(crate) keys: Keys,
}

impl LogKey {
    /// Reads the key, or makes one at the first start. A database whose log another key has signed
    /// is refused: signing on with a new one, unasked, would look like another history.
    pub(crate) fn open(
        settings: &Settings,
        signed_by: Option<&Name>,
        changes: &[KeyChange],
        randomness: &dyn Randomness,
    ) -> Result<Self, Failure> {
        let folder = settings.ledger();
        let (key, keys) = (folder.join(KEY), folder.join(KEYS));
        let found = match (key.exists(), keys.exists()) {
            (false, false) => None,
            // A key that was made elsewhere and laid here before the first start.
            (true, false) if signed_by.is_none() => {
                let own = Self::of_key(settings, &key, randomness)?;
                command::replace(&keys, own.keys.to_string().as_bytes())
                    .map_err(|error| wrong(&keys, &error))?;
                Some(own)
            }
            _ => Some(Self::read(&key, &keys)?),
        };
        let ours = found.as_ref().map(|found| found.signer.verifier().name());
        if let Some(theirs) = signed_by.filter(|theirs| ours.is_none_or(|ours| ours != *theirs)) {
            let shown = folder.display();
            return Err(Failure::failed(
                format!(
                    "数据库的日志由“{theirs}”签名，而 {shown} 中没有这把密钥；请放回原数据目录中的 ledger \
                     目录。密钥确已遗失的，用 liandong ledger restart 另起签名"
                ),
                format!(
                    "the log in this database was signed by `{theirs}`, and its key is not in {shown}; put \
                     back the folder `ledger` of the old data folder. If it is lost, `liandong ledger restart` \
                     begins to sign anew"
                ),
            ));
        }
        if let Some(found) = found {
            found.stands_with(changes, &keys)?;
            return Ok(found);
        }
        let unmade = |error: std::io::Error| {
            let shown = folder.display();
            Failure::failed(
                format!("不能建立日志密钥 {shown}：{error}"),
                format!("cannot make the key of the log in {shown}: {error}"),
            )
        };
        let made = Self::make(settings, randomness)?;
        crate::house::make_private(&folder).map_err(unmade)?;
        let pem = made.signer.to_pkcs8_pem().map_err(odd)?;
        let mut private = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&key)
            .map_err(unmade)?;
        let mut public = File::create_new(&keys).map_err(unmade)?;
        private.write_all(pem.as_bytes()).and_then(|()| private.sync_all()).map_err(unmade)?;
        let list = made.keys.to_string();
        public.write_all(list.as_bytes()).and_then(|()| public.sync_all()).map_err(unmade)?;
        tracing::info!(log = %made.signer.verifier().name(), "made the key of the log");
        Ok(made)
    }

    fn make(settings: &Settings, randomness: &dyn Randomness) -> Result<Self, Failure> {
        let mut dice = Dice(randomness);
        let name = named(settings, &mut dice)?;
        let signer = Signer::generate(name, Purpose::Log, &mut dice).map_err(odd)?;
        Self::first(settings, signer)
    }

    /// The same with a private key that lies there.
    fn of_key(
        settings: &Settings,
        key: &Path,
        randomness: &dyn Randomness,
    ) -> Result<Self, Failure> {
        let name = named(settings, &mut Dice(randomness))?;
        let signer = Signer::from_pem(name, Purpose::Log, &read(key)?)
            .map_err(|error| wrong(key, &error))?;
        Self::first(settings, signer)
    }

    fn first(settings: &Settings, signer: Signer) -> Result<Self, Failure> {
        let side = match &settings.ledger_side {
            Some(side) => side.clone(),
            None => SIDE.parse().map_err(odd)?,
        };
        let keys = Keys::new(side, signer.verifier().clone()).map_err(odd)?;
        Ok(Self { signer: Arc::new(signer), keys })
    }

    /// The key and the list as they lie there now.
    pub(crate) fn found(settings: &Settings) -> Result<Self, Failure> {
        let folder = settings.ledger();
        Self::read(&folder.join(KEY), &folder.join(KEYS))
    }

    /// The list of keys alone, for whoever signs nothing.
    pub(crate) fn keys(settings: &Settings) -> Result<Keys, Failure> {
        command::read(&settings.ledger().join(KEYS)).map(|(_, keys)| keys)
    }

    /// Whether the list of keys and the changes the log has say the same. With a key more or a key fewer
    /// than the log has, nothing that is signed would stand.
    fn stands_with(&self, changes: &[KeyChange], keys: &Path) -> Result<(), Failure> {
        let listed = self.keys.log().keys();
        let listed = listed.iter().skip(1).map(|it| (it.from.saturating_sub(1), &it.key));
        if listed.eq(changes.iter().map(|change| (change.index, &change.rotation.new))) {
            return Ok(());
        }
        let (shown, log) = (keys.display(), changes.len());
        let list = self.keys.log().keys().len() - 1;
        Err(Failure::failed(
            format!(
                "日志中有 {log} 次密钥更换，{shown} 中有 {list} 次，二者不符：数据库与密钥目录不是同一时间的。请放回\
                 同一时间的备份；确实无法找回的，把密钥目录移走后用 liandong ledger restart 另起签名"
            ),
            format!(
                "the log has {log} change(s) of its key and {shown} has {list}, or others: the database and the \
                 keys are not of one time. Put back both from one backup; if that is impossible, move the folder \
                 of keys away and use `liandong ledger restart`"
            ),
        ))
    }

    fn read(key: &Path, keys: &Path) -> Result<Self, Failure> {
        let keys_are = read(keys)?.parse::<Keys>().map_err(|error| wrong(keys, &error))?;
        let newest =
            keys_are.log().in_force(u64::MAX).or(keys_are.log().keys().last().map(|it| &it.key));
        let newest = newest.ok_or_else(|| wrong(keys, &"no key of a log"))?;
        let signer = Signer::from_pem(newest.name().clone(), Purpose::Log, &read(key)?)
            .map_err(|error| wrong(key, &error))?;
        if signer.verifier() != newest {
            return Err(wrong(key, &format!("it is not the newest key of {}", keys.display())));
        }
        Ok(Self { signer: Arc::new(signer), keys: keys_are })
    }
}

/// The log's name: as set, or one made up.
fn named(settings: &Settings, dice: &mut Dice<'_>) -> Result<Name, Failure> {
    settings.ledger_name.clone().map_or_else(|| made_up(dice), Ok)
}

/// A name nobody else has.
fn made_up(dice: &mut Dice<'_>) -> Result<Name, Failure> {
    let number = dice
        .try_next_u32()
        .map_err(|error| Failure::because("不能取得随机数", "cannot get random bytes", error))?;
    format!("liandong-{number:08x}").parse().map_err(odd)
}

fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    let shown = path.display();
    Failure::failed(
        format!("日志密钥文件 {shown} 不能使用：{why}；请从备份恢复"),
        format!("the log's key file {shown} cannot be used: {why}; put it back from your copy"),
    )
}

fn odd(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::because("不能建立日志密钥", "cannot make the key of the log", error)
}

/// The platform's randomness as the library of keys asks for it.
pub(crate) struct Dice<'a>(pub(crate) &'a dyn Randomness);

impl TryRng for Dice<'_> {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes)
    }
}

impl TryCryptoRng for Dice<'_> {}
