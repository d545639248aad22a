//! Backup while the platform runs, and restore: the whole house in one folder, for either engine.
//!
//! A backup is one moment of the database and the files that moment names:
//!
//! ```text
//! manifest.json        what belongs to it, each with its SHA-256; written last
//! tables/NAME.jsonl    a row a line, a JSON array in the order of the columns in the manifest
//! files/ab/cdef….sealed  attachments as they lie sealed, named by the SHA-256 of what they hold; the key is
//!                      no part of it
//! ```
//!
//! It does not depend on the engine: a backup of SQLite can be restored into PostgreSQL, and the other
//! way round. Sessions are left out: after a restore everybody signs in anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::attachment::{path_of, sealed_path_of, stored_hash};
use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::migration;
use crate::randomness::hex;
use crate::row::Value;
use crate::vault::Vault;

/// The form of a backup this program writes.
const FORMAT: u32 = 1;
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
    /// A file of it is missing or has changed.
    #[error("{path} is missing or is not what the manifest says")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Something broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn failed(operation: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::File { operation, path: path.to_owned(), source }
}

/// Makes a backup of this moment into a folder that is new or empty.
///
/// # Errors
/// [`BackupError`]; without a `manifest.json` what was written so far is no backup.
pub async fn backup(
    database: &Database,
    files: &Path,
    into: &Path,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    let tables_folder = into.join("tables");
    // All the secrets of the house lie in it.
    let mut private = DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(into).map_err(failed("cannot make the folder", into))?;
    let mut there = std::fs::read_dir(into).map_err(failed("cannot read the folder", into))?;
    if there.next().is_some() {
        return Err(BackupError::FolderNotEmpty { path: into.to_owned() });
    }
    std::fs::create_dir_all(&tables_folder)
        .map_err(failed("cannot make the folder", &tables_folder))?;
    let mut tx = database.read().await?;
    let migration = migration::newest(&mut tx).await?;
    let mut tables = BTreeMap::new();
    let mut named = BTreeSet::new();
    for name in tables_of(&mut tx).await? {
        let path = tables_folder.join(format!("{name}.jsonl"));
        let attachments = (name == "attachment").then_some(&mut named);
        tables.insert(name.clone(), write_table(&mut tx, &name, &path, attachments).await?);
    }
    drop(tx);
    // Every file the moment names was whole before that moment, and no file ever goes.
    let (mut kept, mut sealed) = (BTreeMap::new(), BTreeMap::new());
    for sha256 in named {
        let from = sealed_path_of(files, &sha256);
        if from.exists() {
            holds(database.vault(), files, &sha256)?;
            let to = sealed_path_of(&into.join("files"), &sha256);
            let (_, stored) = copied(&from, &to)?;
            sealed.insert(sha256, stored);
            continue;
        }
        let (from, to) = (path_of(files, &sha256), path_of(&into.join("files"), &sha256));
        kept.insert(sha256.clone(), copy(&from, &to, &sha256)?);
    }
    let manifest =
        Manifest { format: FORMAT, made_at: now, migration, tables, files: kept, sealed };
    let path = into.join("manifest.json");
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| StoreError::damaged("manifest", error))?;
    std::fs::write(&path, text).map_err(failed("cannot write", &path))?;
    Ok(manifest)
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
    let file = std::fs::File::create_new(path).map_err(failed("cannot write", path))?;
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
    let (size, found) = copied(from, to)?;
    if found == sha256 { Ok(size) } else { Err(BackupError::Damaged { path: from.to_owned() }) }
}

/// Copies a file; says its size and the SHA-256 of its bytes.
fn copied(from: &Path, to: &Path) -> Result<(u64, String), BackupError> {
    let damaged = || BackupError::Damaged { path: from.to_owned() };
    let mut source = std::fs::File::open(from).map_err(|_| damaged())?;
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(failed("cannot make the folder", folder))?;
    }
    let mut target = std::fs::File::create(to).map_err(failed("cannot write", to))?;
    let (mut hash, mut size, mut part) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let read = source.read(&mut part).map_err(failed("cannot read", from))?;
        let bytes = part.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        size += bytes.len() as u64;
        target.write_all(bytes).map_err(failed("cannot write", to))?;
    }
    target.sync_all().map_err(failed("cannot write", to))?;
    Ok((size, hex(&hash.finalize())))
}

/// Proves that a backup is whole and unchanged.
///
/// # Errors
/// [`BackupError::NoManifest`], [`BackupError::TooNew`] or [`BackupError::Damaged`].
pub fn verify(from: &Path) -> Result<Manifest, BackupError> {
    let text = std::fs::read(from.join("manifest.json"));
    let manifest: Option<Manifest> = text.ok().and_then(|text| serde_json::from_slice(&text).ok());
    let manifest = manifest.ok_or_else(|| BackupError::NoManifest { path: from.to_owned() })?;
    if manifest.format > FORMAT || manifest.migration > migration::NEWEST {
        return Err(BackupError::TooNew { found: manifest.migration, known: migration::NEWEST });
    }
    for (name, table) in &manifest.tables {
        let path = from.join("tables").join(format!("{name}.jsonl"));
        if hash_of(&path).as_ref() != Some(&table.sha256) {
            return Err(BackupError::Damaged { path });
        }
    }
    let clear = manifest.files.keys().map(|hash| (path_of(&from.join("files"), hash), hash));
    let sealed = manifest.sealed.iter();
    let sealed = sealed.map(|(hash, stored)| (sealed_path_of(&from.join("files"), hash), stored));
    for (path, stored) in clear.chain(sealed) {
        if hash_of(&path).as_ref() != Some(stored) {
            return Err(BackupError::Damaged { path });
        }
    }
    Ok(manifest)
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

/// Restores a backup into an empty database and a folder of files; nothing is kept of the attempt
/// when it fails, except files, which harm nobody.
///
/// # Errors
/// As [`verify`], and [`BackupError::DatabaseNotEmpty`].
pub async fn restore(
    from: &Path,
    database: &Database,
    files: &Path,
    now: Timestamp,
) -> Result<Manifest, BackupError> {
    let manifest = verify(from)?;
    let known = tables();
    if let Some(name) = manifest.tables.keys().find(|name| !known.contains(name.as_str())) {
        return Err(BackupError::Damaged {
            path: from.join("tables").join(format!("{name}.jsonl")),
        });
    }
    for sha256 in manifest.files.keys() {
        let (source, target) = (path_of(&from.join("files"), sha256), path_of(files, sha256));
        copy(&source, &target, sha256)?;
    }
    for (sha256, stored) in &manifest.sealed {
        let source = sealed_path_of(&from.join("files"), sha256);
        copy(&source, &sealed_path_of(files, sha256), stored)?;
    }
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
        let path = from.join("tables").join(format!("{}.jsonl", table.name));
        read_table(&mut tx, table, listed, &path).await?;
    }
    tx.commit().await?;
    migration::migrate(database, now).await?;
    Ok(manifest)
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
