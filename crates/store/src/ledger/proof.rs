//! Checkpoints and receipts: what the log says about itself to others.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use procedure::{Matter, MatterId};

use ::ledger::{
    Checkpoint, ConsistencyProof, Hash, Head, Instant, Keys, Name, Plan, Receipt, Shown,
    SignedCheckpoint, Signer, Tiles, TreeError,
};

use crate::db::{Database, Statement, Tx};
use crate::error::StoreError;
use crate::event::{EventWithLeaf, event_with_leaf};
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::ledger::entry::{MatterHead, of_event, unwritable};
use crate::ledger::{HEAD, head, key};
use crate::people::Authority;
use crate::row::Row;
use crate::scope::Scope;
use crate::store::Store;
use crate::visibility::{SeenEvent, seen_events};

/// So long every checkpoint is kept; of each earlier day of Beijing time the last one, and the last one a
/// witness has signed. Whoever holds a receipt has its checkpoint in it.
const ALL_KEPT_HOURS: i64 = 7 * 24;
/// Checkpoints looked at before the next are read.
const CHECKPOINTS_AT_ONCE: i64 = 5_000;

/// How the other side's look at the log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The newest checkpoint a witness has signed.
    pub witnessed: Option<SignedCheckpoint>,
    /// Since when a newer one waits for a witness; none when none does.
    pub waiting_since: Option<Timestamp>,
}

/// Computes what a plan asks for from the stored hashes; a run is at most one tile, read by the
/// primary key.
pub(crate) async fn computed<Made>(
    tx: &mut Tx,
    plan: Result<Plan<Made>, TreeError>,
) -> Result<Made, StoreError> {
    const LEAVES: &str =
        "select hash from ledger_leaf where leaf >= $1 and leaf < $2 order by leaf";
    const TILES: &str = "
        select hash from ledger_tile where level = $3 and place >= $1 and place < $2
         order by place";
    let plan = plan.map_err(unwritable)?;
    let mut tiles = Tiles::new();
    for run in plan.runs() {
        let start = i64::try_from(run.start).map_err(unwritable)?;
        let mut values = vec![start.into(), (start + i64::from(run.count)).into()];
        let rows = if run.level == 0 {
            tx.rows(LEAVES, &values).await?
        } else {
            values.push(i64::from(run.level).into());
            tx.rows(TILES, &values).await?
        };
        let hashes = rows.iter().map(|row| hash(row, 0)).collect::<Result<_, _>>()?;
        tiles.insert(*run, hashes).map_err(|error| StoreError::damaged("log", error))?;
    }
    plan.compute(&tiles).map_err(|error| StoreError::damaged("log", error))
}

/// A hash in a column.
pub(crate) fn hash(row: &Row, column: usize) -> Result<Hash, StoreError> {
    let bytes: Vec<u8> = row.get(column)?;
    let bytes = <[u8; 32]>::try_from(bytes)
        .map_err(|_| StoreError::damaged("log", "a hash has 32 bytes"))?;
    Ok(Hash(bytes))
}

fn note(row: &Row) -> Result<SignedCheckpoint, StoreError> {
    let text: String = row.get(0)?;
    SignedCheckpoint::parse(text.as_bytes())
        .map_err(|error| StoreError::damaged("checkpoint", error))
}

/// The newest checkpoint; by the primary key.
pub(crate) async fn newest(tx: &mut Tx) -> Result<Option<SignedCheckpoint>, StoreError> {
    const SQL: &str = "select note from ledger_checkpoint order by size desc limit 1";
    tx.row(SQL, &[]).await?.as_ref().map(note).transpose()
}

/// Takes away the checkpoints that were signed by a key that is lost, and says so in the journal; how
/// many. Whoever holds a receipt keeps its checkpoint in it.
///
/// # Errors
/// When the database fails.
pub async fn forget_checkpoints(
    database: &Database,
    lost: &Name,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut tx = database.write().await?;
    let number = tx.execute("delete from ledger_checkpoint", &[]).await?;
    let entry = AdminEntry {
        at: now,
        by: Authority::Program,
        act: AdminAct::LogKeyLost,
        target: Target::Platform,
        unit: None,
        detail: serde_json::json!({ "name": lost.as_str() }),
    };
    admin_event_append(&mut tx, entry).await?;
    tx.commit().await?;
    Ok(number)
}

impl Store {
    /// The log's key; none when this store signs nothing.
    #[must_use]
    pub fn signer(&self) -> Option<Arc<Signer>> {
        self.inner().signer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Signs with this key from now on: the log's key was changed in the log.
    pub fn sign_with(&self, signer: Arc<Signer>) {
        *self.inner().signer.write().unwrap_or_else(PoisonError::into_inner) = Some(signer);
    }

    /// Signs how far the log has come, unless the newest checkpoint says so already; none when the
    /// store has no key, or nothing has happened yet.
    ///
    /// # Errors
    /// [`StoreError::LogKeyChanged`] when the log's key was changed and this store has not been given the
    /// new one (see [`Self::sign_with`]); when the database fails or is damaged.
    pub async fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        const KEEP: &str = "
            insert into ledger_checkpoint (size, note, made_at, witnesses) values ($1, $2, $3, 0)
            on conflict (size) do nothing";
        let Some(signer) = self.signer() else { return Ok(None) };
        let mut tx = self.read().await?;
        let (frontier, _) = head(&mut tx, HEAD).await?;
        if frontier.size() == 0 {
            return Ok(None);
        }
        let newest = newest(&mut tx).await?;
        let change = key::newest_change(&mut tx).await?;
        drop(tx);
        // What an old key signs beyond the change convicts the log: nothing is signed at all.
        if change.is_some_and(|change| change.rotation.new != *signer.verifier()) {
            return Err(StoreError::LogKeyChanged);
        }
        if let Some(newest) = newest.filter(|it| it.checkpoint().head.size == frontier.size()) {
            return Ok(Some(newest));
        }
        let now = self.now();
        let checkpoint = Checkpoint {
            origin: signer.verifier().name().clone(),
            head: Head { size: frontier.size(), root: frontier.root() },
            at: Instant::from_micros(now.as_microsecond()).ok(),
            extensions: Vec::new(),
        };
        let made = checkpoint.sign(&signer).map_err(unwritable)?;
        let size = i64::try_from(frontier.size()).map_err(unwritable)?;
        let values = vec![size.into(), made.to_string().into(), now.into()];
        self.write(vec![Statement::new(KEEP, values)]).await?;
        Ok(Some(made))
    }

    /// The newest checkpoint that was signed; none before the first.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn checkpoint_newest(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        newest(&mut self.read().await?).await
    }

    /// Forgets checkpoints that nothing rests on: all of the last days are kept, of each day before them
    /// the last, and the last a witness has signed. Says how many went.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn checkpoint_prune(&self) -> Result<u64, StoreError> {
        const OLD: &str = "
            select size, made_at, witnesses from ledger_checkpoint
             where made_at < $1 and size > $2 order by size limit $3";
        const FORGET: &str = "delete from ledger_checkpoint where size = $1";
        let kept = SignedDuration::from_hours(ALL_KEPT_HOURS);
        let before = self.now().checked_sub(kept).unwrap_or(Timestamp::UNIX_EPOCH);
        let (mut forgotten, mut after) = (0, -1_i64);
        // The day of the row before, and what of that day is kept so far.
        let mut day = None;
        let (mut last, mut watched) = (None, None);
        loop {
            let asked = [before.into(), after.into(), CHECKPOINTS_AT_ONCE.into()];
            let rows = self.read().await?.rows(OLD, &asked).await?;
            let mut forget = Vec::new();
            for row in &rows {
                let (size, at, witnesses): (i64, Timestamp, i64) =
                    (row.get(0)?, row.get(1)?, row.get(2)?);
                after = size;
                let its_day = calendar::local_date(at);
                if day.replace(its_day) != Some(its_day) {
                    (last, watched) = (None, None);
                }
                let kept = [last.replace(size), watched];
                if witnesses > 0 {
                    watched = Some(size);
                }
                let gone: BTreeSet<i64> = kept
                    .into_iter()
                    .flatten()
                    .filter(|it| ![last, watched].contains(&Some(*it)))
                    .collect();
                forget.extend(gone.into_iter().map(|it| Statement::new(FORGET, vec![it.into()])));
            }
            if !forget.is_empty() {
                forgotten += self.write(forget).await?;
            }
            if rows.is_empty() {
                return Ok(forgotten);
            }
        }
    }

    /// How the other side's look stands; by `ledger_checkpoint_witnessed` and the primary key.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn watch(&self) -> Result<Watch, StoreError> {
        const WITNESSED: &str = "
            select note from ledger_checkpoint where witnesses > 0 order by size desc limit 1";
        const WAITING: &str = "select min(made_at) from ledger_checkpoint where size > $1";
        let mut tx = self.read().await?;
        let found = tx.row(WITNESSED, &[]).await?;
        let witnessed = found.as_ref().map(note).transpose()?;
        let size = witnessed.as_ref().map_or(0, |it| it.checkpoint().head.size);
        let size = i64::try_from(size).map_err(unwritable)?;
        let row = tx.row(WAITING, &[size.into()]).await?;
        let waiting_since = row.map(|row| row.get::<Option<Timestamp>>(0)).transpose()?.flatten();
        Ok(Watch { witnessed, waiting_since })
    }

    /// What a witness that last saw `size` leaves is shown: the newest checkpoint, and that the log
    /// has grown from there. None before the first checkpoint.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn shown(&self, size: u64) -> Result<Option<Shown>, StoreError> {
        let mut tx = self.read().await?;
        let Some(checkpoint) = newest(&mut tx).await? else { return Ok(None) };
        let now = checkpoint.checkpoint().head.size;
        // One who saw more than we have has seen another log: that is for the witness to say.
        let plan = Plan::consistency(size.min(now), now);
        let consistency: ConsistencyProof = computed(&mut tx, plan).await?;
        // What stands before its last look it has followed.
        let rotations = key::proved(&mut tx, size, now).await?;
        Ok(Some(Shown { checkpoint, consistency, rotations }))
    }

    /// Takes in a checkpoint of ours that witnesses among these keys have signed too; whether they
    /// said anything new. Signatures of others, and wrong ones, count for nothing.
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn cosigned(
        &self,
        keys: &Keys,
        signed: &SignedCheckpoint,
    ) -> Result<bool, StoreError> {
        const FIND: &str = "select note from ledger_checkpoint where size = $1";
        const KEEP: &str = "update ledger_checkpoint set note = $2, witnesses = $3 where size = $1";
        let size = i64::try_from(signed.checkpoint().head.size).map_err(unwritable)?;
        let mut tx = self.read().await?;
        let found = tx.row(FIND, &[size.into()]).await?;
        let Some(mut ours) = found.as_ref().map(note).transpose()? else { return Ok(false) };
        drop(tx);
        if !keys.take_cosignatures(&mut ours, signed).unwrap_or(false) {
            return Ok(false);
        }
        let witnesses = i64::try_from(ours.note().signatures().len()).unwrap_or(1) - 1;
        let values = vec![size.into(), ours.to_string().into(), witnesses.into()];
        self.write(vec![Statement::new(KEEP, values)]).await?;
        Ok(true)
    }

    /// The receipt (回执) of an event: that it stands in the log, with as much of what it says as
    /// the reader may see. It is made for the newest checkpoint a witness has signed that reaches
    /// it, else for the newest. None when the event is out of scope, does not exist or is not yet
    /// under a checkpoint (see [`Self::checkpoint`]).
    ///
    /// # Errors
    /// When the database fails or is damaged.
    pub async fn receipt(
        &self,
        scope: &Scope,
        matter: &MatterId,
        number: u32,
    ) -> Result<Option<Receipt>, StoreError> {
        let mut tx = self.read().await?;
        let Some((found, _)) = crate::matter::body_in_scope(&mut tx, scope, matter).await? else {
            return Ok(None);
        };
        // Whether a draft may be known of depends on what happened before.
        let events = crate::event::event_list(&mut tx, matter).await?;
        let opened = self.opened(scope, [&found]).await?;
        let seen = seen_events(&self.rules(), &found, events, scope, &opened);
        let Some(seen) = seen.into_iter().find(|seen| seen.event.number == number) else {
            return Ok(None);
        };
        receipt_of(&mut tx, &found, &seen).await
    }
}

/// The receipt of an event of a matter, as far as the reader who sees so much of it may have it.
pub(crate) async fn receipt_of(
    tx: &mut Tx,
    matter: &Matter,
    seen: &SeenEvent,
) -> Result<Option<Receipt>, StoreError> {
    const WITNESSED: &str = "
        select note from ledger_checkpoint where size > $1 and witnesses > 0
         order by size desc limit 1";
    let number = seen.event.number;
    let Some(EventWithLeaf { row, leaf }) = event_with_leaf(tx, &matter.id, number).await? else {
        return Ok(None);
    };
    let witnessed = tx.row(WITNESSED, &[leaf.into()]).await?.as_ref().map(note).transpose()?;
    let checkpoint = match witnessed {
        Some(checkpoint) => checkpoint,
        None => match newest(tx).await? {
            Some(newest) => newest,
            None => return Ok(None),
        },
    };
    let index = u64::try_from(leaf).map_err(unwritable)?;
    let size = checkpoint.checkpoint().head.size;
    if index >= size {
        return Ok(None);
    }
    let (_, secret) = head(tx, HEAD).await?;
    let (entry, content) = of_event(&secret, &MatterHead::of(matter), &row)?;
    let openings = content.open(|name| {
        let field = name.as_str().split_once('/').map(|(_, field)| field);
        field.is_none_or(|field| !seen.masked.contains(field))
    });
    let inclusion = computed(tx, Plan::inclusion(index, size)).await?;
    let rotations = key::proved(tx, 0, size).await?;
    Ok(Some(Receipt { entry, openings, index, inclusion, checkpoint, rotations }))
}

/// The newest checkpoint that was signed, without a store; none before the first.
///
/// # Errors
/// When the database fails or is damaged.
pub async fn checkpoint_newest(
    database: &Database,
) -> Result<Option<SignedCheckpoint>, StoreError> {
    newest(&mut database.read().await?).await
}
