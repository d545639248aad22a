//! Whether the read tables are what the events say: every family played again from its events, and its
//! rows compared with those that are there.
//!
//! What a row should be is asked of [`Projection`], which writes them, by the statements with which it
//! would write a new matter: a column it learns to write is compared from then on.

use std::collections::{BTreeMap, BTreeSet};

use procedure::{Event, Family, MatterId, Rules, UnitId};

use crate::attachment::open_file_name;
use crate::db::{Statement, Tx};
use crate::error::StoreError;
use crate::event::event;
use crate::family::body;
use crate::ledger::audit::{Audit, Finding};
use crate::projection::{self, Counts, Projection};
use crate::row::{Row, Value};
use crate::vault::Vault;
use crate::visibility::Provenance;

/// Families whose ids are read at once.
const ROOTS_AT_ONCE: i64 = 500;
/// Tables whose rows follow from what the events have made of the matter.
const TABLES: [&str; 6] =
    ["matter", "matter_body", "matter_party", "matter_scope", "obligation", "matter_term"];
/// The table whose rows follow from all the matter ever was: a file that was replaced stays openable.
const FILES: &str = "matter_attachment";
/// Tables that sum up over all matters.
const SUMS: [&str; 2] = ["unit_counter", "matter_number"];

/// Every read table: each is compared with the events, row by row.
pub fn read_tables() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().chain([FILES]).chain(SUMS)
}

/// Every other table, and why an audit does not compute it again.
pub const SOURCES: [(&str, &str); 33] = [
    ("event", "what everything follows from; each row is a leaf of the log"),
    ("admin_event", "each row is a leaf of the log"),
    ("ledger_leaf", "the log itself; computed from the events"),
    ("ledger_tile", "the log itself; computed from the leaves"),
    ("ledger_head", "the log itself; computed from the leaves, and the secret of its salts"),
    ("ledger_checkpoint", "signed; compared with the leaves"),
    ("unit", "the administrators' word; their acts are in the log"),
    ("user_account", "the administrators' word; their acts are in the log"),
    ("user_role", "the administrators' word; their acts are in the log"),
    ("platform_role", "the administrators' word; their acts are in the log"),
    ("liaison_term", "the administrators' word; their acts are in the log"),
    ("setting", "the administrators' word; their acts are in the log"),
    ("api_token", "the administrators' word; their acts are in the log"),
    ("calendar_table", "as published; its loading is in the log"),
    ("matter_keeper", "a unit's own arrangement"),
    ("session", "who is signed in at the moment"),
    ("second_factor", "a person's own; its making and its end are in the log"),
    ("recovery_code", "a person's own; each works once"),
    ("sign_in_half", "who is signing in at the moment"),
    ("provider_visit", "who is at the identity provider at the moment"),
    ("sign_in_guard", "who failed to sign in lately"),
    ("import_draft", "a preview waiting to be confirmed"),
    ("idempotency", "answers kept for some days"),
    ("draft", "what is filled in and not yet done"),
    ("attachment", "files by their hash; the bytes are hashed again"),
    ("attachment_upload", "who put a file there before any act named it"),
    ("access_event", "who looked; nothing follows from it"),
    ("saved_view", "a person's own"),
    ("job", "long work, kept for some days"),
    ("partial_upload", "files on their way in"),
    ("vault_key", "keys of what is sealed, sealed in turn; what they seal opens or does not"),
    ("seal_opening", "who asked to read what is sealed; each step is in the log"),
    ("migration", "the steps the tables have taken"),
];

/// The rows a family should have, or has, by table and matter.
type Rows = BTreeMap<(String, String), Vec<Vec<Value>>>;

/// Compares them all; one family after another, so that memory does not grow with their number.
pub(crate) async fn compare(
    tx: &mut Tx,
    rules: &Rules,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    const ROOTS: &str = "
        select distinct root_id from matter where root_id > $1 order by root_id limit $2";
    let mut sums = Sums::default();
    let mut last = String::new();
    loop {
        let roots = tx.rows(ROOTS, &[(&last).into(), ROOTS_AT_ONCE.into()]).await?;
        if roots.is_empty() {
            break;
        }
        for row in &roots {
            last = row.get(0)?;
            family(tx, rules, &last, &mut sums, audit).await?;
        }
    }
    strays(tx, audit).await?;
    counters(tx, sums.counts, audit).await?;
    numbers(tx, sums.numbers, audit).await
}

/// What is summed up over all matters.
#[derive(Default)]
struct Sums {
    counts: Counts,
    /// The last number of a matter by first part and year.
    numbers: BTreeMap<(String, i64), i64>,
}

impl Sums {
    /// Takes in a matter's number, e.g. `问题〔2026〕12号`.
    fn number(&mut self, number: &str) {
        let read = number.split_once('〔').and_then(|(prefix, rest)| {
            let (year, rest) = rest.split_once('〕')?;
            let number: i64 = rest.strip_suffix('号')?.parse().ok()?;
            Some(((prefix.to_owned(), year.parse().ok()?), number))
        });
        if let Some((key, number)) = read {
            let last = self.numbers.entry(key).or_default();
            *last = number.max(*last);
        }
    }
}

/// One family.
async fn family(
    tx: &mut Tx,
    rules: &Rules,
    root: &str,
    sums: &mut Sums,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let played = Played::read(tx, root, audit).await?;
    let mut columns = BTreeMap::<String, String>::new();
    let mut should = Rows::new();
    for matter in played.family.matters() {
        let provenance = played.provenance.get(&matter.id).cloned().unwrap_or_default();
        let projection = Projection::bodiless(rules, &played.family, matter, &provenance);
        // What a body means is compared, not how it is spelled.
        let projection = projection.with_body((String::new(), String::new()));
        projection.count(&mut sums.counts);
        sums.number(&matter.number);
        let mut statements = Vec::new();
        projection.write(None, &mut statements);
        for statement in &statements {
            let Some(insert) = Insert::read(statement) else { continue };
            columns.entry(insert.table.clone()).or_insert(insert.columns);
            let rows = should.entry((insert.table, matter.id.as_str().to_owned())).or_default();
            rows.extend(insert.rows);
        }
    }
    let mut differs = BTreeSet::new();
    for table in TABLES {
        let Some(columns) = columns.get(table) else { continue };
        let mut is = rows_there(tx, table, columns, root).await?;
        for matter in &played.matters {
            let key = (table.to_owned(), matter.clone());
            let (mut wanted, mut found) =
                (should.remove(&key).unwrap_or_default(), is.remove(&key).unwrap_or_default());
            let same = if table == "matter_body" {
                played.is_body(tx.vault(), matter, found)
            } else {
                wanted.sort_by(|one, other| order(one, other));
                found.sort_by(|one, other| order(one, other));
                wanted == found
            };
            if !same {
                differs.insert(key);
            }
        }
        differs.extend(is.into_keys());
    }
    for matter in files_differ(tx, &played, root).await? {
        differs.insert((FILES.to_owned(), matter));
    }
    for (table, matter) in differs {
        audit.find(Finding::ReadTable { table, matter });
    }
    audit.matters += played.family.matters().count() as u64;
    Ok(())
}

/// The matters of a family whose rows of files are not those of all the matter ever was.
async fn files_differ(
    tx: &mut Tx,
    played: &Played,
    root: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let mut is = BTreeMap::<String, BTreeMap<(String, String), String>>::new();
    for row in rows_of(tx, FILES, "matter_id, field, sha256, name", root).await? {
        let (field, sha256): (String, String) = (row.get(1)?, row.get(2)?);
        // A name that cannot be opened is not the name that was written.
        let name = open_file_name(tx.vault(), &sha256, row.get(3)?).unwrap_or_default();
        is.entry(row.get(0)?).or_default().insert((field, sha256), name);
    }
    let should = played.files.iter().map(|(id, files)| (id.as_str().to_owned(), files));
    let mut differs = BTreeSet::new();
    for (matter, files) in should.filter(|(_, files)| !files.is_empty()) {
        if is.remove(&matter).as_ref() != Some(files) {
            differs.insert(matter);
        }
    }
    differs.extend(is.into_keys());
    Ok(differs)
}

/// A family as its events tell it.
struct Played {
    family: Family,
    provenance: BTreeMap<MatterId, Provenance>,
    /// Every file each matter ever named, by field and hash, under the name it had first.
    files: BTreeMap<MatterId, BTreeMap<(String, String), String>>,
    /// Every matter the read tables say belongs to it.
    matters: BTreeSet<String>,
}

impl Played {
    async fn read(tx: &mut Tx, root: &str, audit: &mut Audit) -> Result<Self, StoreError> {
        const MATTERS: &str = "select matter_id from matter where root_id = $1";
        const EVENTS: &str = "
            select e.number, e.at, e.user_id, e.unit_id, e.body, e.matter_id
              from matter m
              join event e on e.matter_id = m.matter_id
             where m.root_id = $1
             order by e.matter_id, e.number";
        let matters = tx.rows(MATTERS, &[root.into()]).await?;
        let matters = matters.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        let mut played = Self {
            family: Family::default(),
            provenance: BTreeMap::new(),
            files: BTreeMap::new(),
            matters,
        };
        let mut unreadable = BTreeSet::new();
        for row in tx.rows(EVENTS, &[root.into()]).await? {
            let matter: String = row.get(5)?;
            match (event(tx.vault(), &matter, &row), matter.parse()) {
                (Ok(event), Ok(id)) => played.happen(&id, &event),
                _ => drop(unreadable.insert(matter)),
            }
        }
        for matter in unreadable {
            audit.find(Finding::ReadTable { table: "event".to_owned(), matter });
        }
        Ok(played)
    }

    fn happen(&mut self, id: &MatterId, event: &Event) {
        let drafted = self.family.get(id).and_then(|matter| matter.proposal.as_ref());
        let drafted = drafted.map(|proposal| proposal.unit);
        self.provenance.entry(id.clone()).or_default().apply(drafted, event);
        self.family.apply(id, event);
        let named = self.family.get(id).map(projection::files).unwrap_or_default();
        let files = self.files.entry(id.clone()).or_default();
        for (key, name) in named {
            files.entry(key).or_insert(name);
        }
    }

    /// Whether the stored body means what the events say: a body that an older version of the program
    /// wrote may be spelled otherwise.
    fn is_body(&self, vault: &Vault, matter: &str, found: Vec<Vec<Value>>) -> bool {
        let Ok(id) = matter.parse::<MatterId>() else { return false };
        let said = self.family.get(&id);
        let [row] = <[Vec<Value>; 1]>::try_from(found).unwrap_or_default();
        // The columns are root, matter, body, provenance.
        let stored = body(vault, &Row(row), 2).ok();
        let written = self.provenance.get(&id).cloned().unwrap_or_default();
        said.is_some_and(|matter| stored == Some((matter.clone(), written)))
    }
}

/// Rows of the tables that belong to no matter, and matters that have events and no row.
async fn strays(tx: &mut Tx, audit: &mut Audit) -> Result<(), StoreError> {
    const UNREAD: &str = "
        select e.matter_id from event e
         where e.number = 1
           and not exists (select 1 from matter m where m.matter_id = e.matter_id)";
    for row in tx.rows(UNREAD, &[]).await? {
        audit.find(Finding::ReadTable { table: "matter".to_owned(), matter: row.get(0)? });
    }
    for table in TABLES.iter().chain([&FILES]).filter(|table| **table != "matter") {
        let sql = format!(
            "select distinct t.matter_id from {table} t
              where not exists (select 1 from matter m where m.matter_id = t.matter_id)"
        );
        for row in tx.rows(&sql, &[]).await? {
            audit.find(Finding::ReadTable { table: (*table).to_owned(), matter: row.get(0)? });
        }
    }
    Ok(())
}

/// The kept counters against the sum over all matters.
async fn counters(tx: &mut Tx, mut counts: Counts, audit: &mut Audit) -> Result<(), StoreError> {
    const SQL: &str = "select unit_id, name, number from unit_counter";
    for row in tx.rows(SQL, &[]).await? {
        let (unit, name): (UnitId, String) = (row.get(0)?, row.get(1)?);
        let stored: i64 = row.get(2)?;
        let computed = counts.remove(&(unit, name.clone())).unwrap_or(0);
        if stored != computed {
            audit.find(Finding::Counter { unit: unit.0, name, stored, computed });
        }
    }
    for ((unit, name), computed) in counts.into_iter().filter(|(_, number)| *number != 0) {
        audit.find(Finding::Counter { unit: unit.0, name, stored: 0, computed });
    }
    Ok(())
}

/// The last numbers given out against the numbers there are.
async fn numbers(
    tx: &mut Tx,
    mut numbers: BTreeMap<(String, i64), i64>,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    const SQL: &str = "select prefix, year, last from matter_number";
    for row in tx.rows(SQL, &[]).await? {
        let (prefix, year, stored): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let computed = numbers.remove(&(prefix.clone(), year)).unwrap_or(0);
        if stored != computed {
            audit.find(Finding::Number { prefix, year, stored, computed });
        }
    }
    for ((prefix, year), computed) in numbers {
        audit.find(Finding::Number { prefix, year, stored: 0, computed });
    }
    Ok(())
}

/// The rows a table has of the matters of a family, in these columns, by matter.
async fn rows_there(
    tx: &mut Tx,
    table: &str,
    columns: &str,
    root: &str,
) -> Result<Rows, StoreError> {
    let place = columns.split(',').position(|column| column.trim() == "matter_id").unwrap_or(0);
    let mut rows = Rows::new();
    for row in rows_of(tx, table, columns, root).await? {
        let matter: String = row.get(place)?;
        rows.entry((table.to_owned(), matter)).or_default().push(row.0);
    }
    Ok(rows)
}

async fn rows_of(
    tx: &mut Tx,
    table: &str,
    columns: &str,
    root: &str,
) -> Result<Vec<Row>, StoreError> {
    let which = match table {
        "matter" | "matter_body" => "root_id = $1",
        _ => "matter_id in (select m.matter_id from matter m where m.root_id = $1)",
    };
    let sql = format!("select {columns} from {table} where {which}");
    tx.rows(&sql, &[root.into()]).await
}

fn order(one: &[Value], other: &[Value]) -> std::cmp::Ordering {
    let key = |value: &Value| match value {
        Value::Null => (0, 0, String::new()),
        Value::Int(number) => (1, *number, String::new()),
        Value::Text(text) => (2, 0, text.clone()),
        Value::Bytes(bytes) => (3, 0, crate::randomness::hex(bytes)),
    };
    one.iter().map(key).cmp(other.iter().map(key))
}

/// A statement `insert into TABLE (COLUMNS) values ($1, …), (…) …`, read.
struct Insert {
    table: String,
    columns: String,
    rows: Vec<Vec<Value>>,
}

impl Insert {
    /// None for another statement, or one into a table that is not compared.
    fn read(statement: &Statement) -> Option<Self> {
        let sql = statement.sql.trim_start().strip_prefix("insert into ")?;
        let (table, rest) = sql.split_once('(')?;
        let table = TABLES.iter().find(|known| **known == table.trim())?;
        let (columns, rest) = rest.split_once(')')?;
        let values = rest.trim_start().strip_prefix("values")?;
        let values = values.split_once("on conflict").map_or(values, |(values, _)| values);
        let mut rows = Vec::new();
        for row in values.split(')').filter_map(|row| row.split_once('(')) {
            let value = |place: &str| {
                let place: usize = place.trim().strip_prefix('$')?.parse().ok()?;
                statement.values.get(place.checked_sub(1)?).cloned()
            };
            rows.push(row.1.split(',').map(value).collect::<Option<_>>()?);
        }
        Some(Self { table: (*table).to_owned(), columns: columns.to_owned(), rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insert_of_one_row_or_several_is_read() {
        let values = vec!["m".into(), "a".into(), "b".into()];
        let sql = "\n  insert into matter_term (matter_id, term)\n values ($1, $2), ($1, $3)";
        let read = Insert::read(&Statement::new(sql, values.clone())).unwrap();
        assert_eq!(
            (read.table.as_str(), read.columns.as_str()),
            ("matter_term", "matter_id, term")
        );
        let row = |term: &str| vec![Value::from("m"), Value::from(term)];
        assert_eq!(read.rows, [row("a"), row("b")]);
        let sql = "insert into matter_body (x, y) values ($1, $2)
                   on conflict (x) do update set y = excluded.y";
        assert_eq!(Insert::read(&Statement::new(sql, values.clone())).unwrap().rows, [row("a")]);
        let other = "insert into matter_attachment (x) values ($1)";
        assert!(Insert::read(&Statement::new(other, values)).is_none());
    }
}
