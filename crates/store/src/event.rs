//! Events: what happened, as rows that are never changed.

use std::collections::BTreeMap;

use procedure::{By, Event, MatterId, What};

use crate::db::{Statement, Tx};
use crate::error::StoreError;
use crate::family::body;
use crate::ledger::Appending;
use crate::ledger::entry::{EventRow, MatterHead};
use crate::row::Row;
use crate::scope::Scope;
use crate::store::Store;
use crate::vault::Vault;
use crate::vault::field::event_from_text;
use crate::visibility::{SeenEvent, seen_events};

/// The statements that append events, each with its body as it is stored and the leaf it is in the log.
pub(crate) fn append(
    events: &[(MatterHead, Event, String)],
    log: &mut Appending,
    into: &mut Vec<Statement>,
) -> Result<(), StoreError> {
    const SQL: &str = "
        insert into event (matter_id, number, at, user_id, unit_id, what, body, leaf)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    for (matter, event, body) in events {
        let leaf = log.event(matter, event)?;
        let row = vec![
            (&matter.id).into(),
            event.number.into(),
            event.at.into(),
            event.by.user.into(),
            event.by.unit.into(),
            what_id(&event.what).into(),
            body.into(),
            leaf.into(),
        ];
        into.push(Statement::new(SQL, row));
    }
    Ok(())
}

/// Every event of a matter, oldest first, whoever asks; by the primary key.
pub(crate) async fn event_list(tx: &mut Tx, matter: &MatterId) -> Result<Vec<Event>, StoreError> {
    const SQL: &str =
        "select number, at, user_id, unit_id, body from event where matter_id = $1 order by number";
    let rows = tx.rows(SQL, &[matter.into()]).await?;
    rows.iter().map(|row| event(tx.vault(), matter.as_str(), row)).collect()
}

/// An event as the log speaks of it.
pub(crate) struct EventWithLeaf {
    pub(crate) row: EventRow,
    pub(crate) leaf: i64,
}

/// One event and its leaf; by the primary key, and for an event older than the log by
/// `ledger_leaf_was_there`.
pub(crate) async fn event_with_leaf(
    tx: &mut Tx,
    matter: &MatterId,
    number: u32,
) -> Result<Option<EventWithLeaf>, StoreError> {
    const SQL: &str = "
        select number, at, user_id, unit_id, body, leaf from event
         where matter_id = $1 and number = $2";
    const WAS_THERE: &str =
        "select leaf from ledger_leaf where matter_id = $1 and number = $2 and was_there = 1";
    let key = [matter.into(), number.into()];
    let Some(row) = tx.row(SQL, &key).await? else { return Ok(None) };
    let leaf = match row.get(5)? {
        Some(leaf) => Some(leaf),
        None => tx.one(WAS_THERE, &key).await?,
    };
    let row = event_row(tx.vault(), matter.as_str(), &row)?;
    Ok(leaf.map(|leaf| EventWithLeaf { row, leaf }))
}

/// An event's columns `number, at, user_id, unit_id, body`, without asking what its body means.
pub(crate) fn event_row(vault: &Vault, matter: &str, row: &Row) -> Result<EventRow, StoreError> {
    let number = row.get(0)?;
    Ok(EventRow {
        number,
        at: row.get(1)?,
        user: row.get(2)?,
        unit: row.get(3)?,
        body: event_from_text(vault, matter, number, &row.get::<String>(4)?)?,
    })
}

/// An event's columns `number, at, user_id, unit_id, body`.
pub(crate) fn event(vault: &Vault, matter: &str, row: &Row) -> Result<Event, StoreError> {
    let number = row.get(0)?;
    Ok(Event {
        number,
        at: row.get(1)?,
        by: By { user: row.get(2)?, unit: row.get(3)? },
        what: event_from_text(vault, matter, number, &row.get::<String>(4)?)?,
    })
}

impl Store {
    /// What happened to a matter as far as the reader may know it, oldest first; none when it is out
    /// of scope or does not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn timeline(
        &self,
        scope: &Scope,
        matter: &MatterId,
    ) -> Result<Option<Vec<SeenEvent>>, StoreError> {
        let mut tx = self.read().await?;
        let Some((found, _)) = crate::matter::body_in_scope(&mut tx, scope, matter).await? else {
            return Ok(None);
        };
        let events = event_list(&mut tx, matter).await?;
        drop(tx);
        let opened = self.opened(scope, [&found]).await?;
        Ok(Some(seen_events(&self.rules(), &found, events, scope, &opened)))
    }

    /// What happened to every matter of a family that the reader may see, as [`Self::timeline`] tells
    /// it of one; nothing when the root is out of scope or does not exist. By `matter_by_root` and the
    /// primary key of `event`; `cross join` keeps SQLite to that order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn timelines(
        &self,
        scope: &Scope,
        root: &MatterId,
    ) -> Result<BTreeMap<MatterId, Vec<SeenEvent>>, StoreError> {
        const MATTERS: &str = "
            select b.body, b.provenance
              from matter m
             cross join matter_scope s
             cross join matter_body b
             where m.root_id = $2 and s.unit_id = $1 and s.procedure_id = m.procedure_id
               and s.matter_id = m.matter_id and b.root_id = $2 and b.matter_id = m.matter_id";
        const EVENTS: &str = "
            select e.number, e.at, e.user_id, e.unit_id, e.body, e.matter_id
              from matter m
             cross join matter_scope s
             cross join event e
             where m.root_id = $2 and s.unit_id = $1 and s.procedure_id = m.procedure_id
               and s.matter_id = m.matter_id and e.matter_id = m.matter_id
             order by e.matter_id, e.number";
        let asked = [scope.unit.into(), root.into()];
        let mut tx = self.read().await?;
        let bodies = tx.rows(MATTERS, &asked).await?;
        let rows = tx.rows(EVENTS, &asked).await?;
        drop(tx);
        let mut events = BTreeMap::<MatterId, Vec<Event>>::new();
        for row in &rows {
            let matter: MatterId = row.get(5)?;
            let event = event(self.database().vault(), matter.as_str(), row)?;
            events.entry(matter).or_default().push(event);
        }
        let rules = self.rules();
        let mut seen = BTreeMap::new();
        let mut matters = Vec::new();
        for row in &bodies {
            matters.push(body(self.database().vault(), row, 0)?.0);
        }
        let opened = self.opened(scope, &matters).await?;
        for matter in matters {
            let own = events.remove(&matter.id).unwrap_or_default();
            let told = seen_events(&rules, &matter, own, scope, &opened);
            seen.insert(matter.id, told);
        }
        Ok(seen)
    }
}

fn what_id(what: &What) -> &'static str {
    match what {
        What::Opened(_) => "opened",
        What::Proposed(_) => "proposed",
        What::Approved { .. } => "approved",
        What::Returned { .. } => "returned",
        What::TakenBack => "taken-back",
        What::Acted(_) => "acted",
        What::Joined { .. } => "joined",
        What::Shown { .. } => "shown",
        What::Started(_) => "started",
        What::Met { .. } => "met",
        What::Suspended { .. } => "suspended",
        What::Resumed { .. } => "resumed",
        What::Extended { .. } => "extended",
        What::Ended { .. } => "ended",
        What::Lapsed { .. } => "lapsed",
        What::Recounted { .. } => "recounted",
        What::Urged { .. } => "urged",
    }
}
