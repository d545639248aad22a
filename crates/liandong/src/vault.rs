//! The file of the vault's master keys, and `liandong vault`: show it, put a new key into force.
//!
//! ```text
//! DATA/vault/key         the master keys, the one in force first; only the platform reads it
//! ```
//!
//! Whoever has a copy of the database and not this file reads nothing that is sealed; whoever has lost it
//! does not either. It belongs to no backup: a backup beside its key would be open.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendar::Words;
use jiff::Timestamp;
use store::randomness::{Randomness, SystemRandomness};
use store::vault::{MasterKeys, Vault, VaultError};
use store::{Clock as _, Database};

use crate::clock::SystemClock;
use crate::output::{Failure, Terminal};
use crate::serve::DATA;
use crate::settings::{PlaceFlags, Settings};

/// The arguments of `liandong vault`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Where the key file lies, and whether it opens the database  查看密钥
    Show(PlaceFlags),
    /// Put a new master key into force  更换主密钥
    #[command(after_help = "\
Stop the platform first. The data keys in the database are sealed under the new master key, and a new data
key seals what is written from then on; nothing else is rewritten. The old key stays in the file, below the
new one, for backups made before: take its line out when no such backup is kept any more.
先停止平台。数据库中的数据密钥改由新的主密钥封装，此后写入的内容使用新的数据密钥，已有内容不重写。旧密钥保留在
文件中新密钥之后，用于恢复此前的备份；此前的备份不再保留时，请删除该行。")]
    Rotate(PlaceFlags),
}

/// Runs it.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    match &arguments.command {
        Command::Show(place) => show(&place.resolve(DATA)?, terminal).await,
        Command::Rotate(place) => rotate(&place.resolve(DATA)?, terminal).await,
    }
}

/// Opens the vault of a migrated database. The key file is made at the first start; when the database has
/// something sealed, the file must be there and be the right one.
pub(crate) async fn open(
    settings: &Settings,
    database: &Database,
    randomness: Arc<dyn Randomness>,
    now: Timestamp,
) -> Result<(), Failure> {
    let path = settings.vault_key_file();
    let masters = match find(&path, database).await? {
        Some(masters) => masters,
        None => make(&path, &*randomness)?,
    };
    let opened = Vault::open(database, &masters, randomness, now).await;
    opened.map_err(|error| unopened(&path, error))
}

/// Opens the vault of a database that is only read; without a key file when nothing is sealed in it.
pub(crate) async fn open_to_read(settings: &Settings, database: &Database) -> Result<(), Failure> {
    let path = settings.vault_key_file();
    let Some(masters) = find(&path, database).await? else { return Ok(()) };
    Vault::open_to_read(database, &masters).await.map_err(|error| unopened(&path, error))
}

/// What has to be kept besides a backup, in words; none when nothing is sealed in the database.
pub(crate) async fn kept_besides(
    settings: &Settings,
    database: &Database,
) -> Result<Option<Words>, Failure> {
    let wanted = Vault::wanted(database).await.map_err(unread)?;
    if wanted.is_empty() {
        return Ok(None);
    }
    let shown = settings.vault_key_file().display().to_string();
    let wanted = wanted.join(" ");
    Ok(Some(Words::new(
        format!(
            "保密库密钥不在备份之中：请另行妥善保管 {shown}（密钥 {wanted}），勿与备份同放；没有它，密封的内容和附件不能恢复"
        ),
        format!(
            "the vault's key is not in the backup: keep {shown} (key {wanted}) safe, and elsewhere; without it \
             what is sealed, attachments included, cannot be restored"
        ),
    )))
}

/// The keys of the file, whatever is sealed; none when there is no file.
pub(crate) fn at_hand(path: &Path) -> Result<Option<MasterKeys>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => text.parse().map(Some).map_err(|error| unusable(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

/// The keys of the file; none when there is no file and nothing sealed.
async fn find(path: &Path, database: &Database) -> Result<Option<MasterKeys>, Failure> {
    let Some(masters) = at_hand(path)? else {
        let wanted = Vault::wanted(database).await.map_err(unread)?;
        return if wanted.is_empty() { Ok(None) } else { Err(missing(path, &wanted.join(" "))) };
    };
    let mode =
        std::fs::metadata(path).map_err(|error| unusable(path, &error))?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            "others on this machine can read the key file of the vault: chmod 600"
        );
    }
    Ok(Some(masters))
}

fn make(path: &Path, randomness: &dyn Randomness) -> Result<MasterKeys, Failure> {
    let masters = MasterKeys::generate(randomness)
        .map_err(|error| Failure::because("不能取得随机数", "cannot get random bytes", error))?;
    write(path, &masters)?;
    tracing::info!(path = %path.display(), key = masters.id(), "made the key of the vault");
    Ok(masters)
}

/// Puts the file in its place whole, readable by nobody else.
fn write(path: &Path, masters: &MasterKeys) -> Result<(), Failure> {
    let unmade = |error: std::io::Error| {
        let shown = path.display();
        Failure::failed(
            format!("不能写入保密库密钥文件 {shown}：{error}"),
            format!("cannot write the key file of the vault {shown}: {error}"),
        )
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unmade)?;
    }
    let new = PathBuf::from(format!("{}.new", path.display()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .map_err(unmade)?;
    file.write_all(masters.to_text().as_bytes()).map_err(unmade)?;
    file.sync_all().map_err(unmade)?;
    std::fs::rename(&new, path).map_err(unmade)
}

async fn show(settings: &Settings, terminal: Terminal) -> Result<(), Failure> {
    let database = Database::open_to_read(&settings.database()).await.map_err(unread)?;
    let path = settings.vault_key_file();
    let shown = path.display();
    let Some(masters) = find(&path, &database).await? else {
        terminal.say(&Words::new(
            format!("没有密封内容，也没有密钥文件；平台启动时在 {shown} 建立"),
            format!("nothing is sealed and there is no key file; the platform makes {shown} at its start"),
        ));
        return Ok(());
    };
    Vault::open_to_read(&database, &masters).await.map_err(|error| unopened(&path, error))?;
    let id = masters.id();
    terminal.say(&Words::new(
        format!("密钥文件 {shown}，现行主密钥 {id}，可以打开数据库中的密封内容"),
        format!(
            "key file {shown}, master key {id} in force; it opens what is sealed in the database"
        ),
    ));
    Ok(())
}

async fn rotate(settings: &Settings, terminal: Terminal) -> Result<(), Failure> {
    let database = Database::open(&settings.database()).await.map_err(unread)?;
    let path = settings.vault_key_file();
    let now = SystemClock.now();
    store::migration::migrate(&database, now).await.map_err(unread)?;
    let masters = find(&path, &database).await?.ok_or_else(|| missing(&path, "-"))?;
    // A wrong file must not be written over.
    Vault::open_to_read(&database, &masters).await.map_err(|error| unopened(&path, error))?;
    let renewed = masters
        .renewed(&SystemRandomness)
        .map_err(|error| Failure::because("不能取得随机数", "cannot get random bytes", error))?;
    // The file first: it opens the database before and after.
    write(&path, &renewed)?;
    let keys = Vault::rotate(&database, &renewed, &SystemRandomness, now)
        .await
        .map_err(|error| unopened(&path, error))?;
    let (shown, old, new) = (path.display(), masters.id(), renewed.id());
    terminal.say(&Words::new(
        format!(
            "主密钥已由 {old} 更换为 {new}，{keys} 把数据密钥已改由新密钥封装。{shown} 已更新，请重新备存；旧密钥仍在其中，\
             供恢复此前的备份"
        ),
        format!(
            "master key {new} has taken the place of {old}; {keys} data key(s) are sealed under it. {shown} has \
             changed: keep a new copy. The old key is still in it, for backups made before"
        ),
    ));
    Ok(())
}

fn missing(path: &Path, wanted: &str) -> Failure {
    let shown = path.display();
    Failure::failed(
        format!(
            "找不到保密库密钥文件 {shown}：数据库中有密封内容，须用密钥 {wanted} 打开。请放回备存的密钥文件，或者用 \
             vault-key-file 指明其位置"
        ),
        format!(
            "the key file of the vault {shown} is missing: the database holds what only key {wanted} opens. Put \
             back your copy of the file, or say where it is by vault-key-file"
        ),
    )
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    let shown = path.display();
    Failure::failed(
        format!("保密库密钥文件 {shown} 不能使用：{error}"),
        format!("the key file of the vault {shown} cannot be used: {error}"),
    )
}

fn unopened(path: &Path, error: VaultError) -> Failure {
    let shown = path.display();
    match error {
        VaultError::WrongKey { wanted } => Failure::failed(
            format!(
                "密钥文件 {shown} 不是这个数据库的：数据库须用密钥 {wanted} 打开。请放回备存的密钥文件"
            ),
            format!(
                "the key file {shown} is not this database's: it takes key {wanted} to open it. Put back your \
                 copy of the file"
            ),
        ),
        VaultError::Damaged { id } => Failure::failed(
            format!(
                "数据库 vault_key 表中的数据密钥 {id} 已被改动，{shown} 不能将其打开；请从备份恢复"
            ),
            format!(
                "data key {id} in the table vault_key was changed, and {shown} does not open it; restore a \
                 backup"
            ),
        ),
        error @ (VaultError::Randomness(_) | VaultError::Store(_)) => {
            Failure::because("打不开保密库", "cannot open the vault", error)
        }
    }
}

fn unread(error: store::StoreError) -> Failure {
    Failure::because("打不开数据库", "cannot open the database", error)
}
