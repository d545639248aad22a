//! Computing everything again: the leaves from the rows they are about, the tree from the leaves, and
//! whether the checkpoints that were signed are still true; and the read tables from the events.
//!
//! What an audit finds was done behind the platform's back: its own tables refuse it. An audit proves
//! nothing to the other side; checkpoints that the other side's witness has signed do.

use std::collections::BTreeMap;

use calendar::Words;
use procedure::{MatterId, Rules};

use ::ledger::{Frontier, Hash, SignedCheckpoint};

use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::event::event_row;
use crate::ledger::entry::{HouseRow, MatterHead, Secret, of_event, of_house};
use crate::ledger::proof::hash;
use crate::ledger::{Appending, HEAD, head, read_table};
use crate::row::Row;
use crate::vault::Vault;

/// Leaves looked at before the next are read.
const LEAVES_AT_ONCE: i64 = 2_000;
/// Findings after which an audit stops naming them one by one.
pub const FINDINGS_MAX: usize = 100;

/// What an audit looked at and found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Audit {
    /// Leaves of the log.
    pub leaves: u64,
    /// Checkpoints that were signed.
    pub checkpoints: u64,
    /// Matters whose rows in the read tables were compared with their events.
    pub matters: u64,
    /// What is not as it was written; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many more.
    pub more: u64,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A leaf is missing, or there is one too many at its place.
    LeafMissing {
        /// The place.
        leaf: i64,
    },
    /// An event is not what its leaf says.
    EventChanged {
        /// The matter.
        matter: String,
        /// The event's number.
        number: i64,
        /// Its leaf.
        leaf: i64,
    },
    /// A leaf is about an event that is not there.
    EventGone {
        /// The matter.
        matter: String,
        /// The event's number.
        number: i64,
        /// Its leaf.
        leaf: i64,
    },
    /// There are events no leaf speaks of.
    EventsUnlogged {
        /// How many.
        number: i64,
    },
    /// An act of the administrators is not what its leaf says, or is gone.
    HouseChanged {
        /// Its number in the journal.
        id: i64,
        /// Its leaf.
        leaf: i64,
    },
    /// There are acts of the administrators no leaf speaks of.
    HouseUnlogged {
        /// How many.
        number: i64,
    },
    /// The head of the log does not follow from its leaves.
    HeadChanged,
    /// A hash kept for proofs does not follow from the leaves.
    TileChanged {
        /// Its level.
        level: i64,
        /// Its place there.
        place: i64,
    },
    /// A checkpoint that was signed is not true of these leaves: leaves before it were changed,
    /// taken away or put in, together with what they are about.
    CheckpointUntrue {
        /// Its size.
        size: u64,
    },
    /// A checkpoint was signed over more leaves than there are.
    CheckpointAhead {
        /// Its size.
        size: u64,
    },
    /// A row of a read table is not what the matter's events say, is missing, or is one too many.
    ReadTable {
        /// The table.
        table: String,
        /// The matter.
        matter: String,
    },
    /// A kept counter is not the sum over the matters.
    Counter {
        /// The unit.
        unit: i64,
        /// The counter.
        name: String,
        /// As stored.
        stored: i64,
        /// As it should be.
        computed: i64,
    },
}

impl Finding {
    /// In words.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Self::LeafMissing { leaf } => Words::new(
                format!("日志第 {leaf} 条缺失或者错位"),
                format!("leaf {leaf} of the log is missing or misplaced"),
            ),
            Self::EventChanged { matter, number, leaf } => Words::new(
                format!("事项 {matter} 的第 {number} 条记录与日志第 {leaf} 条不符，已被改动"),
                format!(
                    "event {number} of matter {matter} is not what leaf {leaf} says: it was changed"
                ),
            ),
            Self::EventGone { matter, number, leaf } => Words::new(
                format!("日志第 {leaf} 条对应的事项 {matter} 第 {number} 条记录不见了"),
                format!("event {number} of matter {matter}, leaf {leaf}, is gone"),
            ),
            Self::EventsUnlogged { number } => Words::new(
                format!("有 {number} 条事项记录没有写入日志，不是经平台办理的"),
                format!("{number} event(s) are in no leaf: they did not come through the platform"),
            ),
            Self::HouseChanged { id, leaf } => Words::new(
                format!("审计日志第 {id} 条与日志第 {leaf} 条不符，已被改动或者删除"),
                format!("entry {id} of the journal is not what leaf {leaf} says, or is gone"),
            ),
            Self::HouseUnlogged { number } => Words::new(
                format!("审计日志有 {number} 条没有写入日志，不是经平台办理的"),
                format!(
                    "{number} entries of the journal are in no leaf: they did not come through the platform"
                ),
            ),
            Self::HeadChanged => Words::new(
                "日志末端与各条计算的结果不符",
                "the head of the log does not follow from its leaves",
            ),
            Self::TileChanged { level, place } => Words::new(
                format!("证明所用的散列（第 {level} 层第 {place} 个）与各条计算的结果不符"),
                format!(
                    "the hash kept at level {level}, place {place}, does not follow from the leaves"
                ),
            ),
            Self::CheckpointUntrue { size } => Words::new(
                format!("前 {size} 条已不是签名检查点所认定的那些：其中有增删改"),
                format!("the first {size} leaves are not those the signed checkpoint speaks of"),
            ),
            Self::CheckpointAhead { size } => Words::new(
                format!("签名检查点认定有 {size} 条，现在没有这么多：末尾被截去"),
                format!(
                    "a checkpoint was signed over {size} leaves, and there are fewer: the end was cut off"
                ),
            ),
            Self::ReadTable { table, matter } => Words::new(
                format!(
                    "数据表 {table} 中事项 {matter} 的行与该事项的记录不符（改动、缺少或者多出）"
                ),
                format!(
                    "table {table}: the rows of matter {matter} are not what its events say: changed, missing or too many"
                ),
            ),
            Self::Counter { unit, name, stored, computed } => Words::new(
                format!(
                    "数据表 unit_counter 中单位 {unit} 的计数 {name} 为 {stored}，应为 {computed}"
                ),
                format!(
                    "table unit_counter: counter {name} of unit {unit} is {stored} and should be {computed}"
                ),
            ),
        }
    }
}

impl Finding {
    /// A key for each kind of finding, for programs.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::LeafMissing { .. } => "leaf-missing",
            Self::EventChanged { .. } => "event-changed",
            Self::EventGone { .. } => "event-gone",
            Self::EventsUnlogged { .. } => "events-unlogged",
            Self::HouseChanged { .. } => "house-changed",
            Self::HouseUnlogged { .. } => "house-unlogged",
            Self::HeadChanged => "head-changed",
            Self::TileChanged { .. } => "tile-changed",
            Self::CheckpointUntrue { .. } => "checkpoint-untrue",
            Self::CheckpointAhead { .. } => "checkpoint-ahead",
            Self::ReadTable { .. } => "read-table",
            Self::Counter { .. } => "counter",
        }
    }
}

impl Audit {
    pub(crate) fn find(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Whether everything is as it was written.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Computes the whole log again, in one moment of the database.
///
/// # Errors
/// When the database fails, or holds what cannot be read at all.
pub async fn audit(database: &Database) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    log(&mut database.read().await?, &mut audit).await?;
    Ok(audit)
}

/// The same, and besides every read table again from the events by these rules, all in one moment of
/// the database.
///
/// # Errors
/// As [`audit`].
pub async fn audit_all(database: &Database, rules: &Rules) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    let mut tx = database.read().await?;
    log(&mut tx, &mut audit).await?;
    read_table::compare(&mut tx, rules, &mut audit).await?;
    Ok(audit)
}

async fn log(tx: &mut Tx, audit: &mut Audit) -> Result<(), StoreError> {
    // What cannot be opened would look as if it had been changed.
    if Vault::lacks_keys(tx).await? {
        return Err(StoreError::VaultClosed);
    }
    let (stored, secret) = head(tx, HEAD).await?;
    let mut checkpoints = checkpoints(tx).await?;
    audit.checkpoints = checkpoints.len() as u64;
    let mut tiles = tiles(tx).await?;
    let mut frontier = Frontier::new();
    let mut logged = Logged::default();
    let mut next = 0;
    loop {
        let leaves = leaves(tx, next).await?;
        let Some(last) = leaves.last() else { break };
        let after = last.place + 1;
        let said = said(tx, &secret, next, after).await?;
        for leaf in &leaves {
            if leaf.place != next {
                audit.find(Finding::LeafMissing { leaf: next });
            }
            next = leaf.place + 1;
            if let Some(finding) = leaf.differs(&said) {
                audit.find(finding);
            }
            logged.count(&leaf.kind);
            let mut kept = Vec::new();
            if frontier.append_keeping(leaf.hash, &mut kept).is_err() {
                break;
            }
            for kept in kept.iter().filter(|kept| kept.place.level > 0) {
                let level = i64::from(kept.place.level);
                let place = i64::try_from(kept.place.index).unwrap_or(i64::MAX);
                if tiles.remove(&(level, place)) != Some(kept.hash) {
                    audit.find(Finding::TileChanged { level, place });
                }
            }
            if let Some(root) = checkpoints.remove(&frontier.size())
                && root != frontier.root()
            {
                audit.find(Finding::CheckpointUntrue { size: frontier.size() });
            }
        }
    }
    audit.leaves = frontier.size();
    for (level, place) in tiles.into_keys() {
        audit.find(Finding::TileChanged { level, place });
    }
    for size in checkpoints.into_keys() {
        audit.find(Finding::CheckpointAhead { size });
    }
    if stored != frontier {
        audit.find(Finding::HeadChanged);
    }
    let events: i64 = tx.one("select count(*) from event", &[]).await?.unwrap_or(0);
    if events > logged.events {
        audit.find(Finding::EventsUnlogged { number: events - logged.events });
    }
    let acts: i64 = tx.one("select count(*) from admin_event", &[]).await?.unwrap_or(0);
    if acts > logged.acts {
        audit.find(Finding::HouseUnlogged { number: acts - logged.acts });
    }
    Ok(())
}

#[derive(Default)]
struct Logged {
    events: i64,
    acts: i64,
}

impl Logged {
    fn count(&mut self, kind: &str) {
        match kind {
            "event" => self.events += 1,
            "house" => self.acts += 1,
            _ => {}
        }
    }
}

/// A leaf as it is stored.
struct Leaf {
    place: i64,
    kind: String,
    matter: String,
    number: i64,
    hash: Hash,
    /// Of an entry that is about no row.
    entry: Option<String>,
}

/// The leaves that follow from the rows, by what they are about; none of a row that is there and makes
/// no sense.
type Said = BTreeMap<(String, String, i64), Option<Hash>>;

impl Leaf {
    fn differs(&self, said: &Said) -> Option<Finding> {
        if let Some(entry) = &self.entry {
            let same = Hash::leaf(entry.as_bytes()) == self.hash;
            return (!same).then_some(Finding::LeafMissing { leaf: self.place });
        }
        let key = (self.kind.clone(), self.matter.clone(), self.number);
        let found = said.get(&key);
        if found == Some(&Some(self.hash)) {
            return None;
        }
        let (matter, number, leaf) = (self.matter.clone(), self.number, self.place);
        Some(match (self.kind.as_str(), found) {
            ("event", Some(_)) => Finding::EventChanged { matter, number, leaf },
            ("event", None) => Finding::EventGone { matter, number, leaf },
            _ => Finding::HouseChanged { id: number, leaf },
        })
    }
}

async fn leaves(tx: &mut Tx, from: i64) -> Result<Vec<Leaf>, StoreError> {
    const SQL: &str = "
        select leaf, kind, matter_id, number, hash, entry from ledger_leaf
         where leaf >= $1 order by leaf limit $2";
    let rows = tx.rows(SQL, &[from.into(), LEAVES_AT_ONCE.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Leaf {
                place: row.get(0)?,
                kind: row.get(1)?,
                matter: row.get(2)?,
                number: row.get(3)?,
                hash: hash(row, 4)?,
                entry: row.get(5)?,
            })
        })
        .collect()
}

/// What the rows behind a stretch of leaves say now. What can no longer be read says nothing.
async fn said(tx: &mut Tx, secret: &Secret, from: i64, to: i64) -> Result<Said, StoreError> {
    const EVENTS: &str = "
        select e.number, e.at, e.user_id, e.unit_id, e.body,
               e.matter_id, o.body
          from ledger_leaf l
          join event e on e.matter_id = l.matter_id and e.number = l.number
          join event o on o.matter_id = l.matter_id and o.number = 1
         where l.leaf >= $1 and l.leaf < $2 and l.kind = 'event'";
    const ACTS: &str = "
        select a.admin_event_id, a.at, a.user_id, a.unit_id, a.what, a.target_kind, a.target_id,
               a.detail
          from ledger_leaf l
          join admin_event a on a.admin_event_id = l.number
         where l.leaf >= $1 and l.leaf < $2 and l.kind = 'house'";
    let mut said = Said::new();
    let stretch = [from.into(), to.into()];
    for row in tx.rows(EVENTS, &stretch).await? {
        let (matter, opening): (String, String) = (row.get(5)?, row.get(6)?);
        let event = event_row(tx.vault(), &matter, &row).ok();
        let leaf = event.zip(MatterHead::read(&matter, &opening));
        let leaf = leaf.and_then(|(event, head)| of_event(secret, &head, &event).ok());
        let leaf = leaf.and_then(|(entry, _)| entry.leaf().ok());
        said.insert(("event".to_owned(), matter, row.get(0)?), leaf);
    }
    for row in tx.rows(ACTS, &stretch).await? {
        let leaf = house_row(&row).and_then(|act| of_house(secret, &act)).ok();
        let leaf = leaf.and_then(|entry| entry.leaf().ok());
        said.insert(("house".to_owned(), String::new(), row.get(0)?), leaf);
    }
    Ok(said)
}

fn house_row(row: &Row) -> Result<HouseRow, StoreError> {
    Ok(HouseRow {
        id: row.get(0)?,
        at: row.get(1)?,
        user: row.get(2)?,
        unit: row.get(3)?,
        what: row.get(4)?,
        target_kind: row.get(5)?,
        target_id: row.get(6)?,
        detail: serde_json::from_str(&row.get::<String>(7)?)
            .map_err(|error| StoreError::damaged("journal entry", error))?,
    })
}

impl MatterHead {
    /// From the body of the matter's first event.
    fn read(matter: &str, opening: &str) -> Option<Self> {
        let opening: serde_json::Value = serde_json::from_str(opening).ok()?;
        let text = |name: &str| opening.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            id: matter.parse::<MatterId>().ok()?,
            root: text("root")?,
            procedure: text("procedure")?,
            version: text("version")?,
        })
    }
}

async fn checkpoints(tx: &mut Tx) -> Result<BTreeMap<u64, Hash>, StoreError> {
    const SQL: &str = "select size, note from ledger_checkpoint order by size";
    let mut roots = BTreeMap::new();
    for row in tx.rows(SQL, &[]).await? {
        let note: String = row.get(1)?;
        let signed = SignedCheckpoint::parse(note.as_bytes());
        // A note that was made unreadable, or speaks of another size, is as good as untrue.
        let head = signed.map(|signed| signed.checkpoint().head);
        let size: u64 = row.get(0)?;
        let root = head.ok().filter(|head| head.size == size).map_or(Hash::empty(), |it| it.root);
        roots.insert(size, root);
    }
    Ok(roots)
}

async fn tiles(tx: &mut Tx) -> Result<BTreeMap<(i64, i64), Hash>, StoreError> {
    const SQL: &str = "select level, place, hash from ledger_tile";
    let rows = tx.rows(SQL, &[]).await?;
    rows.iter().map(|row| Ok(((row.get(0)?, row.get(1)?), hash(row, 2)?))).collect()
}

/// Appends what was there before there was a log: every event, matter by matter, then every act of
/// the administrators. Part of the step that makes the log.
pub(crate) async fn begin_with_what_is_there(tx: &mut Tx) -> Result<(), StoreError> {
    const EVENTS: &str = "
        select e.number, e.at, e.user_id, e.unit_id, e.body, e.matter_id, o.body
          from event e
          join event o on o.matter_id = e.matter_id and o.number = 1
         where e.matter_id > $1 or (e.matter_id = $1 and e.number > $2)
         order by e.matter_id, e.number limit $3";
    const ACTS: &str = "
        select admin_event_id, at, user_id, unit_id, what, target_kind, target_id, detail
          from admin_event where admin_event_id > $1 order by admin_event_id limit $2";
    let (mut matter, mut number) = (String::new(), 0_u32);
    loop {
        let after = [(&matter).into(), number.into(), LEAVES_AT_ONCE.into()];
        let rows = tx.rows(EVENTS, &after).await?;
        if rows.is_empty() {
            break;
        }
        let mut log = Appending::begin(tx).await?;
        for row in &rows {
            matter = row.get(5)?;
            let event = event_row(tx.vault(), &matter, row)?;
            number = event.number;
            let head = MatterHead::read(&matter, &row.get::<String>(6)?)
                .ok_or_else(|| StoreError::damaged("event", "the opening of a matter"))?;
            log.event_row(&head, &event, true)?;
        }
        tx.execute_all(&log.statements()).await?;
    }
    let mut last = 0_i64;
    loop {
        let rows = tx.rows(ACTS, &[last.into(), LEAVES_AT_ONCE.into()]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut log = Appending::begin(tx).await?;
        for row in &rows {
            let act = house_row(row)?;
            last = act.id;
            log.house(&act)?;
        }
        tx.execute_all(&log.statements()).await?;
    }
}
