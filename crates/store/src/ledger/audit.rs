//! Computing everything again: the leaves from the rows they are about, the tree from the leaves, and
//! whether the checkpoints that were signed are still true; the read tables from the events; and the
//! attachments from their bytes.
//!
//! What an audit finds was done behind the platform's back: its own tables refuse it. An audit proves
//! nothing to the other side; checkpoints that the other side's witness has signed do.

use std::collections::BTreeMap;
use std::path::Path;

use calendar::Words;
use procedure::{MatterId, Rules};

use ::ledger::{Frontier, Hash, Head, Keys, Rotation, SignedCheckpoint};

use crate::attachment::stored_hash;
use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::event::event_row;
use crate::ledger::entry::{HouseRow, MatterHead, Secret, of_event, of_house};
use crate::ledger::proof::hash;
use crate::ledger::{Appending, HEAD, head, key, read_table};
use crate::row::Row;
use crate::vault::{CLOSED, Vault};

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
    /// Attachments whose bytes were hashed again.
    pub files: u64,
    /// What is not as it was written; at most [`FINDINGS_MAX`].
    pub findings: Vec<Finding>,
    /// How many more.
    pub more: u64,
}

/// What an audit holds against the database beside the database itself.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The rules by which the events are played again.
    pub rules: &'a Rules,
    /// The log's public keys: what was signed must have been signed by them.
    pub keys: Option<&'a Keys>,
    /// The newest checkpoint as it is kept outside the database: an older database put in its place
    /// does not reach it.
    pub kept: Option<&'a SignedCheckpoint>,
    /// The folder of the attachments, to hash them again.
    pub files: Option<&'a Path>,
}

impl<'a> Against<'a> {
    /// Only these rules.
    #[must_use]
    pub fn rules(rules: &'a Rules) -> Self {
        Self { rules, keys: None, kept: None, files: None }
    }
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
    /// A checkpoint bears no signature of the log's key in force, or cannot be read.
    CheckpointForged {
        /// Its size.
        size: u64,
    },
    /// The checkpoint kept outside the database is not true of these leaves: the database is another
    /// one, or an older one.
    KeptUntrue {
        /// Its size.
        size: u64,
    },
    /// A leaf that should be a change of the log's key is none that follows from the key before.
    KeyChangeUntrue {
        /// The leaf.
        leaf: i64,
    },
    /// The bytes of an attachment are not those whose hash it bears, or are gone.
    FileChanged {
        /// Its SHA-256.
        sha256: String,
        /// Whether it is gone.
        is_gone: bool,
    },
    /// The last number given out is not that of any matter, or not the last.
    Number {
        /// The first part.
        prefix: String,
        /// The year.
        year: i64,
        /// As stored.
        stored: i64,
        /// As it should be.
        computed: i64,
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
    #[expect(clippy::too_many_lines, reason = "a sentence in two languages for each finding")]
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
            Self::CheckpointForged { size } => Words::new(
                format!("检查点（第 {size} 条）没有日志密钥的有效签名，不是平台签署的"),
                format!(
                    "the checkpoint of {size} leaves is not signed by the log's key: the platform did not make it"
                ),
            ),
            Self::KeptUntrue { size } => Words::new(
                format!(
                    "平台目录中另存的检查点（第 {size} 条）与数据库不符：数据库被换成了旧的或者另外的，或者末尾被截去"
                ),
                format!(
                    "the checkpoint kept beside the database ({size} leaves) is not true of it: another or an older \
                     database was put in its place, or its end was cut off"
                ),
            ),
            Self::KeyChangeUntrue { leaf } => Words::new(
                format!("日志第 {leaf} 条不是由当时在用的密钥签名的密钥更换"),
                format!(
                    "leaf {leaf} is no change of the log's key signed by the key then in force"
                ),
            ),
            Self::FileChanged { sha256, is_gone: true } => Words::new(
                format!("附件 {sha256} 的文件不见了"),
                format!("the file of attachment {sha256} is gone"),
            ),
            Self::FileChanged { sha256, is_gone: false } => Words::new(
                format!("附件 {sha256} 的文件内容已被改动"),
                format!("the bytes of attachment {sha256} were changed"),
            ),
            Self::Number { prefix, year, stored, computed } => Words::new(
                format!(
                    "数据表 matter_number 中 {prefix}〔{year}〕的末号为 {stored}，应为 {computed}"
                ),
                format!(
                    "table matter_number: the last number of {prefix}〔{year}〕 is {stored} and should be {computed}"
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
            Self::CheckpointForged { .. } => "checkpoint-forged",
            Self::KeptUntrue { .. } => "kept-untrue",
            Self::KeyChangeUntrue { .. } => "key-change-untrue",
            Self::FileChanged { .. } => "file-changed",
            Self::Number { .. } => "number",
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
    audit_in(&mut database.read().await?).await
}

/// The same inside a transaction that is not yet committed.
pub(crate) async fn audit_in(tx: &mut Tx) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    log(tx, None, None, &mut audit).await?;
    Ok(audit)
}

/// As [`audit`], and besides every read table again from the events, all in one moment of the database; and
/// whatever else it is held against.
///
/// # Errors
/// As [`audit`].
pub async fn audit_all(database: &Database, against: Against<'_>) -> Result<Audit, StoreError> {
    let mut audit = Audit::default();
    let mut tx = database.read().await?;
    let kept = against.kept.map(|kept| kept.checkpoint().head);
    log(&mut tx, against.keys, kept, &mut audit).await?;
    read_table::compare(&mut tx, against.rules, &mut audit).await?;
    if let Some(folder) = against.files {
        files(&mut tx, folder, &mut audit).await?;
    }
    Ok(audit)
}

async fn log(
    tx: &mut Tx,
    keys: Option<&Keys>,
    kept_outside: Option<Head>,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    // What cannot be opened would look as if it had been changed.
    if Vault::lacks_keys(tx).await? {
        return Err(StoreError::VaultClosed);
    }
    let (stored, secret) = head(tx, HEAD).await?;
    let mut checkpoints = checkpoints(tx, keys, audit).await?;
    let mut kept_is_true = kept_outside.is_none_or(|kept| kept.size == 0);
    let mut change: Option<Rotation> = None;
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
            match (leaf.kind.as_str(), &leaf.entry) {
                ("rotation", Some(entry)) => {
                    let next = key::follows(change.as_ref(), entry, leaf.hash);
                    let next = next.filter(|next| is_known(keys, next, leaf.place));
                    if next.is_none() {
                        audit.find(Finding::KeyChangeUntrue { leaf: leaf.place });
                    }
                    change = next.or(change);
                }
                _ => {
                    if let Some(finding) = leaf.differs(&said) {
                        audit.find(finding);
                    }
                }
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
            kept_is_true |=
                kept_outside == Some(Head { size: frontier.size(), root: frontier.root() });
        }
    }
    if let Some(kept) = kept_outside.filter(|_| !kept_is_true) {
        audit.find(Finding::KeptUntrue { size: kept.size });
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
        let key = (self.kind.clone(), self.matter.clone(), self.number);
        let found = said.get(&key);
        if found == Some(&Some(self.hash)) {
            return None;
        }
        let (matter, number, leaf) = (self.matter.clone(), self.number, self.place);
        Some(match (self.kind.as_str(), found) {
            ("event", Some(_)) => Finding::EventChanged { matter, number, leaf },
            ("event", None) => Finding::EventGone { matter, number, leaf },
            ("rotation", _) => Finding::KeyChangeUntrue { leaf },
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

/// Whether a change of keys at a leaf is one the list of keys has; without a list, any is.
fn is_known(keys: Option<&Keys>, change: &Rotation, leaf: i64) -> bool {
    keys.is_none_or(|keys| {
        let mut known = keys.log().keys().iter();
        known.any(|it| it.from.checked_sub(1) == u64::try_from(leaf).ok() && it.key == change.new)
    })
}

/// The roots that were signed, by size.
async fn checkpoints(
    tx: &mut Tx,
    keys: Option<&Keys>,
    audit: &mut Audit,
) -> Result<BTreeMap<u64, Hash>, StoreError> {
    const SQL: &str = "select size, note from ledger_checkpoint order by size";
    let mut roots = BTreeMap::new();
    for row in tx.rows(SQL, &[]).await? {
        let (size, note): (u64, String) = (row.get(0)?, row.get(1)?);
        let signed = SignedCheckpoint::parse(note.as_bytes()).ok();
        let is_signed = signed
            .as_ref()
            .is_some_and(|signed| keys.is_none_or(|keys| keys.judge(signed).is_ok()));
        if !is_signed {
            audit.find(Finding::CheckpointForged { size });
        }
        // A note that was made unreadable, or speaks of another size, is as good as untrue.
        let head = signed.map(|signed| signed.checkpoint().head);
        let root = head.filter(|head| head.size == size).map_or(Hash::empty(), |it| it.root);
        roots.insert(size, root);
    }
    audit.checkpoints = roots.len() as u64;
    Ok(roots)
}

/// Hashes every attachment again, one after another.
async fn files(tx: &mut Tx, folder: &Path, audit: &mut Audit) -> Result<(), StoreError> {
    const SQL: &str = "select sha256 from attachment where sha256 > $1 order by sha256 limit $2";
    let mut last = String::new();
    loop {
        let rows = tx.rows(SQL, &[(&last).into(), LEAVES_AT_ONCE.into()]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            last = row.get(0)?;
            let (sha256, folder) = (last.clone(), folder.to_owned());
            let vault = tx.shared_vault();
            let found = tokio::task::spawn_blocking(move || {
                stored_hash(vault.get().unwrap_or(&CLOSED), &folder, &sha256)
            })
            .await;
            let found = found.ok().flatten();
            audit.files += 1;
            if found.as_deref() != Some(last.as_str()) {
                let (sha256, is_gone) = (last.clone(), found.is_none());
                audit.find(Finding::FileChanged { sha256, is_gone });
            }
        }
    }
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
