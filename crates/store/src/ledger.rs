//! The two-sided record: every event of a matter and every act of the administrators is a leaf of one
//! append-only log, written in the act's own transaction.
//!
//! [`entry`] says what a leaf says, [`proof`] makes checkpoints and receipts, [`key`] changes the log's key,
//! [`bundle`] is a matter as one file, [`audit`] computes everything again. The arithmetic is the crate `ledger`'s.

use procedure::{Event, Matter};

use ::ledger::{Entry, Frontier, Hash, Kept, Rotation};

use crate::db::{Statement, Tx};
use crate::error::StoreError;
use crate::ledger::entry::{EventRow, HouseRow, MatterHead, Secret, unwritable};
use crate::row::Value;

pub mod audit;
pub mod bundle;
pub(crate) mod entry;
pub mod key;
pub mod last;
pub mod proof;
pub mod read_table;

/// Leaves that are being appended in one transaction. While it lasts nobody else appends.
pub(crate) struct Appending {
    frontier: Frontier,
    secret: Secret,
    statements: Vec<Statement>,
    is_mute: bool,
}

/// How far the log has come, and its secret.
pub(crate) async fn head(tx: &mut Tx, sql: &str) -> Result<(Frontier, Secret), StoreError> {
    let row = tx.row(sql, &[]).await?.ok_or_else(|| unwritable("the log has no head"))?;
    let bytes: Vec<u8> = row.get(0)?;
    let frontier = if bytes.is_empty() {
        Frontier::new()
    } else {
        Frontier::from_bytes(&bytes).map_err(|error| StoreError::damaged("log", error))?
    };
    Ok((frontier, Secret(row.get(1)?)))
}

/// Reads the head of the log.
pub(crate) const HEAD: &str = "select frontier, secret from ledger_head where name = 'log'";

impl Appending {
    /// Begins; in a transaction that may write. Other processes wait until it ends: nobody may
    /// append to the same place.
    pub(crate) async fn begin(tx: &mut Tx) -> Result<Self, StoreError> {
        let sql = tx.engine().lock_rows(HEAD);
        let (frontier, secret) = head(tx, &sql).await?;
        Ok(Self { frontier, secret, statements: Vec::new(), is_mute: false })
    }

    /// Appends nothing: what a commit costs without the log is measured so.
    pub(crate) fn mute() -> Self {
        let (frontier, secret) = (Frontier::new(), Secret(Vec::new()));
        Self { frontier, secret, statements: Vec::new(), is_mute: true }
    }

    /// Appends an event of a matter; says its leaf.
    pub(crate) fn event(&mut self, matter: &MatterHead, event: &Event) -> Result<i64, StoreError> {
        if self.is_mute {
            return Ok(0);
        }
        let body = serde_json::to_value(&event.what)
            .map_err(|error| StoreError::damaged("event", error))?;
        let row = EventRow {
            number: event.number,
            at: event.at,
            user: event.by.user.map(|user| user.0),
            unit: event.by.unit.map(|unit| unit.0),
            body,
        };
        self.event_row(matter, &row, false)
    }

    /// The same from the columns of its row.
    pub(crate) fn event_row(
        &mut self,
        matter: &MatterHead,
        event: &EventRow,
        was_there: bool,
    ) -> Result<i64, StoreError> {
        let (entry, _) = entry::of_event(&self.secret, matter, event)?;
        self.append(&entry, "event", (&matter.id).into(), event.number.into(), was_there)
    }

    /// Appends an act of the administrators.
    pub(crate) fn house(&mut self, act: &HouseRow) -> Result<i64, StoreError> {
        let entry = entry::of_house(&self.secret, act)?;
        self.append(&entry, "house", "".into(), act.id, false)
    }

    /// Appends a change of the log's key. It is about no row: its leaf keeps what it says.
    pub(crate) fn rotation(&mut self, rotation: Rotation) -> Result<u64, StoreError> {
        const KEEP: &str = "
            insert into ledger_leaf (leaf, kind, matter_id, number, hash, was_there, entry)
            values ($1, 'rotation', '', $1, $2, 0, $3)";
        let entry = Entry::Rotation(Box::new(rotation));
        let (hash, text) =
            (entry.leaf().map_err(unwritable)?, entry.to_text().map_err(unwritable)?);
        let leaf = self.place(hash)?;
        let values = vec![leaf.into(), hash.0.as_slice().into(), text.into()];
        self.statements.push(Statement::new(KEEP, values));
        u64::try_from(leaf).map_err(unwritable)
    }

    fn append(
        &mut self,
        entry: &Entry,
        kind: &str,
        matter: Value,
        number: i64,
        was_there: bool,
    ) -> Result<i64, StoreError> {
        const LEAF: &str = "
            insert into ledger_leaf (leaf, kind, matter_id, number, hash, was_there)
            values ($1, $2, $3, $4, $5, $6)";
        let hash = entry.leaf().map_err(unwritable)?;
        let leaf = self.place(hash)?;
        let hash = Value::from(hash.0.as_slice());
        let values = vec![leaf.into(), kind.into(), matter, number.into(), hash, was_there.into()];
        self.statements.push(Statement::new(LEAF, values));
        Ok(leaf)
    }

    /// The place of the next leaf, with the hashes above that are kept for proofs.
    fn place(&mut self, hash: Hash) -> Result<i64, StoreError> {
        const TILE: &str = "insert into ledger_tile (level, place, hash) values ($1, $2, $3)";
        let mut keep: Vec<Kept> = Vec::new();
        let leaf = self.frontier.append_keeping(hash, &mut keep).map_err(unwritable)?;
        // The leaf itself has its own table.
        for kept in keep.iter().filter(|kept| kept.place.level > 0) {
            let place = i64::try_from(kept.place.index).map_err(unwritable)?;
            let hash = Value::from(kept.hash.0.as_slice());
            let values = vec![i64::from(kept.place.level).into(), place.into(), hash];
            self.statements.push(Statement::new(TILE, values));
        }
        i64::try_from(leaf).map_err(unwritable)
    }

    /// The statements that make it so.
    pub(crate) fn statements(mut self) -> Vec<Statement> {
        const HEAD: &str = "update ledger_head set frontier = $1 where name = 'log'";
        if self.is_mute {
            return Vec::new();
        }
        self.statements.push(Statement::new(HEAD, vec![self.frontier.to_bytes().into()]));
        self.statements
    }
}

impl MatterHead {
    pub(crate) fn of(matter: &Matter) -> Self {
        Self {
            id: matter.id.clone(),
            root: matter.root.as_str().to_owned(),
            procedure: matter.procedure.clone(),
            version: matter.version.to_string(),
        }
    }
}
