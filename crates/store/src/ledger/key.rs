//! The log's key changes in the log itself (更换日志密钥): an entry that the old key and the new one have
//! signed. From there on the new key signs, and whoever had the old one follows.

use ::ledger::{
    Entry, Hash, InclusionProof, Instant, Plan, ProvedRotation, Rotation, RotationError, Signer,
};
use jiff::Timestamp;

use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::ledger::Appending;
use crate::ledger::entry::unwritable;
use crate::ledger::proof::computed;
use crate::people::Authority;

/// Why the key was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The log was changed to another key than the one given as the old.
    #[error("the log's key in force is {in_force}, not the one given")]
    NotInForce {
        /// The id of the key in force.
        in_force: String,
    },
    /// The two keys do not fit.
    #[error("make the change of keys")]
    Rotation(#[from] RotationError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change of the log's key as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// Its leaf, from 0.
    pub index: u64,
    /// What it says.
    pub rotation: Rotation,
}

/// Every change of the log's key from a leaf on, in the order of the log; by `ledger_leaf_rotation`, at
/// most [`::ledger::rotation::KEYS_MAX`].
pub(crate) async fn changes(tx: &mut Tx, from: u64) -> Result<Vec<KeyChange>, StoreError> {
    const SQL: &str = "
        select leaf, entry from ledger_leaf where kind = 'rotation' and leaf >= $1
         order by leaf limit $2";
    let most = i64::try_from(::ledger::rotation::KEYS_MAX).map_err(unwritable)?;
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut changes = Vec::new();
    for row in tx.rows(SQL, &[from.into(), most.into()]).await? {
        let text: String = row.get(1)?;
        let entry = Entry::parse(text.as_bytes())
            .map_err(|error| StoreError::damaged("change of the log's key", error))?;
        let Entry::Rotation(rotation) = entry else {
            return Err(StoreError::damaged("change of the log's key", "it is another entry"));
        };
        changes.push(KeyChange { index: row.get(0)?, rotation: *rotation });
    }
    Ok(changes)
}

/// The last change of the log's key; none while the log has its first.
pub(crate) async fn newest_change(tx: &mut Tx) -> Result<Option<KeyChange>, StoreError> {
    const SQL: &str = "select coalesce(max(leaf), -1) from ledger_leaf where kind = 'rotation'";
    let leaf: i64 = tx.one(SQL, &[]).await?.unwrap_or(-1);
    let Ok(leaf) = u64::try_from(leaf) else { return Ok(None) };
    Ok(changes(tx, leaf).await?.pop())
}

/// The changes from a leaf on that a tree of so many leaves has, each with the proof that it has it.
pub(crate) async fn proved(
    tx: &mut Tx,
    from: u64,
    size: u64,
) -> Result<Vec<ProvedRotation>, StoreError> {
    let mut proved = Vec::new();
    for KeyChange { index, rotation } in changes(tx, from).await? {
        if index < size {
            let inclusion: InclusionProof = computed(tx, Plan::inclusion(index, size)).await?;
            proved.push(ProvedRotation { rotation, index, inclusion });
        }
    }
    Ok(proved)
}

/// Every change of the log's key, in the order of the log.
///
/// # Errors
/// When the database fails or is damaged.
pub async fn key_changes(database: &Database) -> Result<Vec<KeyChange>, StoreError> {
    changes(&mut database.read().await?, 0).await
}

/// Changes the log's key in the log, and says so in the journal; the leaf of the change. From the next
/// leaf on only the new key signs: whoever calls has put it where it outlasts a power cut.
///
/// # Errors
/// [`RotateError`]; then nothing was changed.
pub async fn rotate(
    database: &Database,
    old: &Signer,
    new: &Signer,
    now: Timestamp,
) -> Result<u64, RotateError> {
    let at = Instant::try_from(now).map_err(unwritable)?;
    let rotation = Rotation::new(old, new, at)?;
    let (before, after) = (rotation.old.id().to_string(), rotation.new.id().to_string());
    let mut tx = database.write().await?;
    // First the lock: nobody else changes the key meanwhile.
    let mut log = Appending::begin(&mut tx).await?;
    if let Some(newest) = newest_change(&mut tx).await?
        && newest.rotation.new != rotation.old
    {
        return Err(RotateError::NotInForce { in_force: newest.rotation.new.id().to_string() });
    }
    let index = log.rotation(rotation)?;
    tx.execute_all(&log.statements()).await?;
    let entry = AdminEntry {
        at: now,
        by: Authority::Program,
        act: AdminAct::LogKeyChanged,
        target: Target::Platform,
        unit: None,
        detail: serde_json::json!({ "old": before, "new": after, "leaf": index }),
    };
    admin_event_append(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(index)
}

/// Whether a leaf kept with its entry is a change of keys that follows from the one before.
pub(crate) fn follows(before: Option<&Rotation>, entry: &str, leaf: Hash) -> Option<Rotation> {
    let Ok(Entry::Rotation(rotation)) = Entry::parse(entry.as_bytes()) else { return None };
    let is_next = before.is_none_or(|before| before.new == rotation.old);
    let holds = is_next && Hash::leaf(entry.as_bytes()) == leaf && rotation.verify().is_ok();
    holds.then_some(*rotation)
}
