//! Backup while the platform runs, and restore: the whole house in one folder, for either engine.
//!
//! A backup is one moment of the database and the files that moment names:
//!
//! ```text
//! unfinished           while it is being made, and when that was broken off
//! manifest.json        what belongs to it, each with its SHA-256; written last
//! tables/NAME.jsonl    a row a line, a JSON array in the order of the columns in the manifest
//! files/ab/cdef….sealed  attachments as they lie sealed, named by the SHA-256 of what they hold; the key is
//!                      no part of it
//! ```
//!
//! It does not depend on the engine: a backup of SQLite can be restored into PostgreSQL, and the other
//! way round. Sessions are left out: after a restore everybody signs in anew.
//!
//! A backup that was broken off is gone on with in the same folder: the tables are those of the later
//! moment, and attachments that are there already are not copied again. A restore believes nothing: every
//! file is held against the manifest, nothing may be missing and nothing too much, and before it is
//! committed the log is computed again over what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::attachment::{is_hash, path_of, sealed_path_of, stored_hash};
use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::ledger::audit::audit_in;
use crate::migration;
use crate::randomness::hex;
use crate::row::Value;
use crate::vault::{MasterKeys, Vault};

/// The form of a backup this program writes.
const FORMAT: u32 = 1;
/// What lies in the folder of a backup until it is whole.
const UNFINISHED: &str = "unfinished";
const MANIFEST: &str = "manifest.json";
/// What ends the name of a file that is being copied.
const PART: &str = "part";
/// Rows restored with one statement after another before the next are read.
const ROWS_AT_ONCE: usize = 500;
/// Tables that are not part of a backup: what ends with the process, and work whose files are not kept.
const LEFT_OUT: [&str; 6] =
    ["migration", "session", "sign_in_half", "provider_visit", "job", "partial_upload"];

/// A table, and what must be known to fill it.
struct Table {
    name: &'static str,
    /// The key the database gives out.
    key: Option<&'static str>,
    /// A column that names another row of the same table; filled when all rows are there.
    of_itself: Option<&'static str>,
}

const fn table(name: &'static str) -> Table {
    Table { name, key: None, of_itself: None }
}

const fn keyed(name: &'static str, key: &'static str) -> Table {
    Table { name, key: Some(key), of_itself: None }
}

/// Every table in an order in which what is referred to comes first.
const TABLES: [Table; 36] = [
    Table { name: "unit", key: Some("unit_id"), of_itself: Some("parent_unit_id") },
    Table { name: "user_account", key: Some("user_id"), of_itself: Some("created_by_user_id") },
    table("user_role"),
    table("platform_role"),
    keyed("liaison_term", "liaison_term_id"),
    table("matter_keeper"),
    keyed("api_token", "api_token_id"),
    table("sign_in_guard"),
    table("second_factor"),
    table("recovery_code"),
    table("setting"),
    keyed("import_draft", "import_draft_id"),
    keyed("admin_event", "admin_event_id"),
    table("event"),
    table("matter"),
    table("matter_body"),
    table("matter_party"),
    table("matter_scope"),
    table("obligation"),
    table("unit_counter"),
    table("matter_term"),
    table("matter_number"),
    table("idempotency"),
    table("draft"),
    table("attachment"),
    table("attachment_upload"),
    table("matter_attachment"),
    table("calendar_table"),
    keyed("access_event", "access_event_id"),
    table("saved_view"),
    table("ledger_leaf"),
    table("ledger_tile"),
    table("ledger_head"),
    table("ledger_checkpoint"),
    table("vault_key"),
    keyed("seal_opening", "seal_opening_id"),
];

/// What belongs to a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its form.
    pub format: u32,
    /// When it was made.
    pub made_at: Timestamp,
    /// The newest step of the tables.
    pub migration: i64,
    /// Its tables.
    pub tables: BTreeMap<String, ManifestTable>,
    /// Its attachments that lie in the clear: SHA-256 and size.
    pub files: BTreeMap<String, u64>,
    /// Its attachments that lie sealed: SHA-256 of what they hold, and of the bytes that lie there.
    #[serde(default)]
    pub sealed: BTreeMap<String, String>,
}

/// A table of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestTable {
    /// Its columns, in the order of the values.
    pub columns: Vec<String>,
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 of its file.
    pub sha256: String,
}

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something lies there already.
    #[error("{path} is not empty; a backup is written into a folder of its own")]
    FolderNotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The database to restore into is in use.
    #[error("the database is not empty; restore into a new one")]
    DatabaseNotEmpty,
    /// It was never finished, or is no backup.
    #[error("{path} holds no finished backup: there is no manifest.json that can be read")]
    NoManifest {
        /// The folder.
        path: PathBuf,
    },
    /// A newer program made it.
    #[error("the backup was made by a newer program (step {found}, this one knows {known})")]
    TooNew {
        /// The newest step of its tables.
        found: i64,
        /// The newest this program knows.
        known: i64,
    },
    /// A file of it is missing.
    #[error("{path} is missing")]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A file of it has changed, or ends too early.
    #[error("{path} is not what the manifest says: it was changed or cut off")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// A file lies there that the manifest does not name.
    #[error("{path} does not belong to the backup")]
    Extra {
        /// The file.
        path: PathBuf,
    },
    /// The log in it does not hold: it was changed before it was backed up, or the backup was made
    /// anew around a change.
    #[error("the log in the backup does not hold, {number} finding(s), the first: {first}")]
    LogBroken {
        /// How many findings.
        number: u64,
        /// The first.
        first: String,
    },
    /// Something broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::File { operation, path: path.to_owned(), source }
}

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What belongs to it.
    pub manifest: Manifest,
    /// How many of its attachments lay there from an attempt that was broken off.
    pub were_there: usize,
}

/// Makes a backup of this moment into a folder that is new or empty, or goes on with one that was broken
/// off there.
///
/// # Errors
/// [`BackupError`]; without a `manifest.json` what was written so far is no backup.
pub async fn backup(
    database: &Database,
    files: &Path,
    into: &Path,
    now: Timestamp,
) -> Result<Made, BackupError> {
    let tables_folder = into.join("tables");
    begin(into)?;
    std::fs::create_dir_all(&tables_folder)
        .map_err(failed("cannot make the folder", &tables_folder))?;
    let mut tx = database.read().await?;
    let migration = migration::newest(&mut tx).await?;
    let mut tables = BTreeMap::new();
    let mut named = BTreeSet::new();
    for name in tables_of(&mut tx).await? {
        let path = table_path(into, &name);
        let attachments = (name == "attachment").then_some(&mut named);
        tables.insert(name.clone(), write_table(&mut tx, &name, &path, attachments).await?);
    }
    drop(tx);
    // Every file the moment names was whole before that moment, and no file ever goes.
    let (mut kept, mut sealed, mut were_there) = (BTreeMap::new(), BTreeMap::new(), 0);
    for sha256 in named {
        let from = sealed_path_of(files, &sha256);
        if from.exists() {
            holds(database.vault(), files, &sha256)?;
            let to = sealed_path_of(&into.join("files"), &sha256);
            let stored = if to.exists() {
                were_there += 1;
                // Its name says nothing of the sealed bytes: it is what it should be when it is the same.
                hash_of(&from).ok_or_else(|| BackupError::Missing { path: from.clone() })?
            } else {
                copied(&from, &to, None)?.1
            };
            sealed.insert(sha256, stored);
            continue;
        }
        let (from, to) = (path_of(files, &sha256), path_of(&into.join("files"), &sha256));
        // It got its name when it was whole; what became of it since is looked at below.
        let size_bytes = match std::fs::metadata(&to) {
            Ok(facts) => {
                were_there += 1;
                facts.len()
            }
            Err(_) => copy(&from, &to, &sha256)?,
        };
        kept.insert(sha256, size_bytes);
    }
    let manifest =
        Manifest { format: FORMAT, made_at: now, migration, tables, files: kept, sealed };
    remove_extra(into, &manifest)?;
    held_against(into, &manifest)?;
    let (path, part) = (into.join(MANIFEST), into.join(MANIFEST).with_extension(PART));
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| StoreError::damaged("manifest", error))?;
    let written = std::fs::File::create(&part).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.map_err(failed("cannot write", &part))?;
    std::fs::rename(&part, &path).map_err(failed("cannot write", &path))?;
    let unfinished = into.join(UNFINISHED);
    std::fs::remove_file(&unfinished).map_err(failed("cannot remove", &unfinished))?;
    Ok(Made { manifest, were_there })
}

/// Takes a folder that is new, empty, or holds a backup that was broken off.
fn begin(into: &Path) -> Result<(), BackupError> {
    // All the secrets of the house lie in it.
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(into).map_err(failed("cannot make the folder", into))?;
    let unfinished = into.join(UNFINISHED);
    let mut there = std::fs::read_dir(into).map_err(failed("cannot read the folder", into))?;
    if there.next().is_some() && (!unfinished.is_file() || into.join(MANIFEST).exists()) {
        return Err(BackupError::FolderNotEmpty { path: into.to_owned() });
    }
    std::fs::write(&unfinished, "").map_err(failed("cannot write", &unfinished))?;
    Ok(())
}

/// Takes away what an earlier moment, or a copy that was broken off, has left.
fn remove_extra(into: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    for path in extra(into, manifest)? {
        std::fs::remove_file(&path).map_err(failed("cannot remove", &path))?;
    }
    Ok(())
}

async fn tables_of(tx: &mut Tx) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(tx.engine().tables(), &[]).await?;
    let mut names = Vec::new();
    for row in &rows {
        let name: String = row.get(0)?;
        if !LEFT_OUT.contains(&name.as_str()) {
            names.push(name);
        }
    }
    Ok(names)
}

async fn columns_of(tx: &mut Tx, table: &str) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(tx.engine().columns(), &[table.into()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

async fn write_table(
    tx: &mut Tx,
    name: &str,
    path: &Path,
    mut attachments: Option<&mut BTreeSet<String>>,
) -> Result<ManifestTable, StoreError> {
    let columns = columns_of(tx, name).await?;
    let file = std::fs::File::create(path).map_err(failed("cannot write", path))?;
    let mut file = BufWriter::new(file);
    let (mut hash, mut rows) = (Sha256::new(), 0);
    let sql = format!("select {} from {name}", columns.join(", "));
    tx.each(&sql, &[], |row| {
        let values: Vec<_> = row.0.iter().map(to_json).collect();
        let mut line =
            serde_json::to_vec(&values).map_err(|error| StoreError::damaged("row", error))?;
        line.push(b'\n');
        hash.update(&line);
        rows += 1;
        if let (Some(named), Some(Value::Text(sha256))) = (&mut attachments, row.0.first()) {
            named.insert(sha256.clone());
        }
        file.write_all(&line).map_err(failed("cannot write", path))
    })
    .await?;
    let file =
        file.into_inner().map_err(|error| failed("cannot write", path)(error.into_error()))?;
    file.sync_all().map_err(failed("cannot write", path))?;
    Ok(ManifestTable { columns, rows, sha256: hex(&hash.finalize()) })
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Bytes(bytes) => serde_json::json!({ "hex": hex(bytes) }),
    }
}

fn from_json(value: serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Null => Some(Value::Null),
        serde_json::Value::Number(number) => number.as_i64().map(Value::Int),
        serde_json::Value::String(text) => Some(Value::Text(text)),
        serde_json::Value::Object(bytes) => {
            let text = bytes.get("hex")?.as_str()?;
            let digits = text.as_bytes().chunks(2);
            let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            digits.map(byte).collect::<Option<_>>().map(Value::Bytes)
        }
        serde_json::Value::Bool(_) | serde_json::Value::Array(_) => None,
    }
}

/// Proves that a sealed attachment holds what its name says, when its key is at hand.
fn holds(vault: &Vault, files: &Path, sha256: &str) -> Result<(), BackupError> {
    if !vault.has_keys() {
        return Ok(());
    }
    match stored_hash(vault, files, sha256) {
        Some(found) if found == sha256 => Ok(()),
        _ => Err(BackupError::Damaged { path: sealed_path_of(files, sha256) }),
    }
}

/// Copies a file and proves that its bytes are those of its name.
fn copy(from: &Path, to: &Path, sha256: &str) -> Result<u64, BackupError> {
    let (size, found) = copied(from, to, Some(sha256))?;
    if found == sha256 { Ok(size) } else { Err(BackupError::Damaged { path: from.to_owned() }) }
}

/// Copies a file; says its size and the SHA-256 of its bytes. It gets its name when it is whole, and is what
/// it is to be, where that is known.
fn copied(from: &Path, to: &Path, wanted: Option<&str>) -> Result<(u64, String), BackupError> {
    let Ok(mut source) = std::fs::File::open(from) else {
        return Err(BackupError::Missing { path: from.to_owned() });
    };
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(failed("cannot make the folder", folder))?;
    }
    let part = to.with_extension(PART);
    let mut target = std::fs::File::create(&part).map_err(failed("cannot write", &part))?;
    let (mut hash, mut size, mut some) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = source.read(&mut some).map_err(failed("cannot read", from))?;
        let bytes = some.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        size += bytes.len() as u64;
        target.write_all(bytes).map_err(failed("cannot write", &part))?;
    }
    target.sync_all().map_err(failed("cannot write", &part))?;
    let found = hex(&hash.finalize());
    if wanted.is_none_or(|wanted| wanted == found) {
        std::fs::rename(&part, to).map_err(failed("cannot write", to))?;
    }
    Ok((size, found))
}

/// Proves that a backup is whole and unchanged, and that nothing else lies in its folder.
///
/// # Errors
/// [`BackupError::NoManifest`], [`BackupError::TooNew`], [`BackupError::Missing`],
/// [`BackupError::Damaged`] or [`BackupError::Extra`].
pub fn verify(from: &Path) -> Result<Manifest, BackupError> {
    let path = from.join(MANIFEST);
    let text = std::fs::read(&path);
    let manifest: Option<Manifest> = text.ok().and_then(|text| serde_json::from_slice(&text).ok());
    let manifest = manifest.ok_or_else(|| BackupError::NoManifest { path: from.to_owned() })?;
    if manifest.format > FORMAT || manifest.migration > migration::NEWEST {
        return Err(BackupError::TooNew { found: manifest.migration, known: migration::NEWEST });
    }
    // The names become paths.
    let is_name =
        |name: &String| name.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase());
    let mut hashes = manifest.files.keys().chain(manifest.sealed.keys());
    if !hashes.all(|name| is_hash(name)) || !manifest.tables.keys().all(is_name) {
        return Err(BackupError::Damaged { path });
    }
    held_against(from, &manifest)?;
    match extra(from, &manifest)?.into_iter().next() {
        Some(path) => Err(BackupError::Extra { path }),
        None => Ok(manifest),
    }
}

/// Where the rows of a table lie.
fn table_path(folder: &Path, name: &str) -> PathBuf {
    folder.join("tables").join(format!("{name}.jsonl"))
}

/// Where each attachment lies in a folder of files, and the SHA-256 of what lies there.
fn attachments<'a>(
    files: &'a Path,
    manifest: &'a Manifest,
) -> impl Iterator<Item = (PathBuf, &'a String)> {
    let clear = manifest.files.keys().map(|hash| (path_of(files, hash), hash));
    let sealed = manifest.sealed.iter();
    clear.chain(sealed.map(|(hash, stored)| (sealed_path_of(files, hash), stored)))
}

/// Holds every file against the manifest.
fn held_against(from: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let tables = manifest.tables.iter();
    let tables = tables.map(|(name, table)| (table_path(from, name), &table.sha256));
    for (path, sha256) in tables.chain(attachments(&from.join("files"), manifest)) {
        match hash_of(&path) {
            Some(found) if found == *sha256 => {}
            Some(_) => return Err(BackupError::Damaged { path }),
            None => return Err(BackupError::Missing { path }),
        }
    }
    Ok(())
}

/// What lies in the folder and is not named by the manifest.
fn extra(from: &Path, manifest: &Manifest) -> Result<Vec<PathBuf>, BackupError> {
    let mut named: BTreeSet<PathBuf> =
        manifest.tables.keys().map(|name| table_path(from, name)).collect();
    named.extend(attachments(&from.join("files"), manifest).map(|(path, _)| path));
    named.extend([from.join(MANIFEST), from.join(UNFINISHED)]);
    let (mut found, mut folders) = (Vec::new(), vec![from.to_owned()]);
    while let Some(folder) = folders.pop() {
        let unread = || failed("cannot read the folder", &folder);
        for entry in std::fs::read_dir(&folder).map_err(unread())? {
            let entry = entry.map_err(unread())?;
            if entry.file_type().map_err(unread())?.is_dir() {
                folders.push(entry.path());
            } else if !named.contains(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn hash_of(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let (mut hash, mut part) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut part).ok()? {
            0 => return Some(hex(&hash.finalize())),
            read => hash.update(part.get(..read)?),
        }
    }
}

/// Whether a restore computes the log again before anything is kept.
#[derive(Debug, Clone, Copy)]
pub enum LogCheck<'keys> {
    /// It does, with these keys for what is sealed; a log that does not hold is not restored.
    With(Option<&'keys MasterKeys>),
    /// It does not: there is nothing better than this backup.
    Without,
}

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What belongs to it.
    pub manifest: Manifest,
    /// Whether the log was computed again: it cannot be without the keys of what is sealed.
    pub log_was_checked: bool,
}

/// Restores a backup that [`verify`] found whole into an empty database and a folder of files; nothing is
/// kept of the attempt when it fails.
///
/// # Errors
/// [`BackupError::Damaged`] when it was changed since; [`BackupError::DatabaseNotEmpty`],
/// [`BackupError::LogBroken`].
pub async fn restore(
    from: &Path,
    manifest: Manifest,
    database: &Database,
    files: &Path,
    check: LogCheck<'_>,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    let restored = restore_as_it_was(from, manifest, database, files, check, now).await?;
    migration::migrate(database, now).await?;
    Ok(restored)
}

/// The same, with the tables as they were at the step at which the backup was made: a database as an
/// older program has left it.
///
/// # Errors
/// As [`restore`].
pub async fn restore_as_it_was(
    from: &Path,
    manifest: Manifest,
    database: &Database,
    files: &Path,
    check: LogCheck<'_>,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    let known = tables();
    if let Some(name) = manifest.tables.keys().find(|name| !known.contains(name.as_str())) {
        return Err(BackupError::Damaged { path: table_path(from, name) });
    }
    let mut copied = Vec::new();
    let restored = async {
        let kept = from.join("files");
        let sources = attachments(&kept, &manifest);
        for ((source, sha256), (target, _)) in sources.zip(attachments(files, &manifest)) {
            if !target.exists() {
                copied.push(target.clone());
            }
            copy(&source, &target, sha256)?;
        }
        restore_tables(from, &manifest, database, check, now).await
    }
    .await;
    if restored.is_err() {
        for path in copied {
            // What failed is told, not this: a file nothing names harms nobody.
            drop(std::fs::remove_file(&path));
            drop(std::fs::remove_file(path.with_extension(PART)));
            drop(path.parent().map(std::fs::remove_dir));
        }
        drop(std::fs::remove_dir(files));
    }
    restored.map(|log_was_checked| Restored { manifest, log_was_checked })
}

async fn restore_tables(
    from: &Path,
    manifest: &Manifest,
    database: &Database,
    check: LogCheck<'_>,
    now: Timestamp,
) -> Result<bool, BackupError> {
    migration::migrate_to(database, manifest.migration, now).await?;
    let mut tx = database.write().await?;
    if manifest.tables.contains_key("ledger_head") {
        // The log goes on from where it was, not from the beginning a new database has.
        tx.execute("delete from ledger_head where length(frontier) = 0", &[]).await?;
    }
    if migration::newest(&mut tx).await? != manifest.migration {
        return Err(BackupError::DatabaseNotEmpty);
    }
    for table in &TABLES {
        let Some(listed) = manifest.tables.get(table.name) else { continue };
        let sql = format!("select count(*) from (select 1 from {} limit 1) found", table.name);
        if tx.one::<i64>(&sql, &[]).await? != Some(0) {
            return Err(BackupError::DatabaseNotEmpty);
        }
        let path = table_path(from, table.name);
        read_table(&mut tx, table, listed, &path).await?;
    }
    let log_was_checked = check_log(&mut tx, database, manifest, check).await?;
    tx.commit().await?;
    Ok(log_was_checked)
}

/// Computes the log again where that can be done; says whether it was.
async fn check_log(
    tx: &mut Tx,
    database: &Database,
    manifest: &Manifest,
    check: LogCheck<'_>,
) -> Result<bool, BackupError> {
    // An older log is looked at once its tables are those of this program.
    let LogCheck::With(masters) = check else { return Ok(false) };
    if manifest.migration != migration::NEWEST {
        return Ok(false);
    }
    if let Some(masters) = masters
        && let Err(error) = Vault::open_in(tx, database, masters).await
    {
        tracing::warn!(%error, "the keys at hand do not open what is sealed in the backup");
    }
    match audit_in(tx).await {
        Ok(found) => match found.findings.first() {
            None => Ok(true),
            Some(first) => Err(BackupError::LogBroken {
                number: found.findings.len() as u64 + found.more,
                first: first.words().en,
            }),
        },
        Err(StoreError::VaultClosed) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn read_table(
    tx: &mut Tx,
    table: &Table,
    listed: &ManifestTable,
    path: &Path,
) -> Result<(), BackupError> {
    let name = table.name;
    let known = columns_of(tx, name).await?;
    if listed.columns.iter().any(|column| !known.contains(column)) {
        return Err(BackupError::Damaged { path: path.to_owned() });
    }
    let place = |wanted: &str| listed.columns.iter().position(|column| column == wanted);
    let places: Vec<_> = (1..=listed.columns.len()).map(|place| format!("${place}")).collect();
    let insert = format!(
        "insert into {name} ({}) values ({})",
        listed.columns.join(", "),
        places.join(", ")
    );
    let later = table.of_itself.and_then(place).zip(table.key.and_then(place));
    let mut references = Vec::new();
    let file = std::fs::File::open(path).map_err(failed("cannot read", path))?;
    let mut rows = Vec::with_capacity(ROWS_AT_ONCE);
    for line in BufReader::new(file).lines() {
        let line = line.map_err(failed("cannot read", path))?;
        let values: Option<Vec<Value>> = serde_json::from_str::<Vec<serde_json::Value>>(&line)
            .ok()
            .and_then(|values| values.into_iter().map(from_json).collect());
        let mut values = values
            .filter(|values| values.len() == listed.columns.len())
            .ok_or_else(|| BackupError::Damaged { path: path.to_owned() })?;
        if let Some((of_itself, key)) = later
            && let Some(reference) = values.get_mut(of_itself)
        {
            let reference = std::mem::replace(reference, Value::Null);
            let key = values.get(key).cloned().unwrap_or(Value::Null);
            if reference != Value::Null {
                references.push(vec![reference, key]);
            }
        }
        rows.push(values);
        if rows.len() == ROWS_AT_ONCE {
            tx.execute_many(&insert, &rows).await?;
            rows.clear();
        }
    }
    tx.execute_many(&insert, &rows).await?;
    if let (Some(of_itself), Some(key)) = (table.of_itself, table.key) {
        let update = format!("update {name} set {of_itself} = $1 where {key} = $2");
        tx.execute_many(&update, &references).await?;
    }
    if let Some(sql) = table.key.and_then(|key| tx.engine().next_key(name, key)) {
        tx.rows(&sql, &[]).await?;
    }
    Ok(())
}

/// Every table a backup carries; a test holds it against the database's own list.
#[must_use]
pub fn tables() -> BTreeSet<&'static str> {
    TABLES.iter().map(|table| table.name).chain(LEFT_OUT).collect()
}
