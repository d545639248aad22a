//! Whether the read tables are what the events say: every family played again from its events, and its
//! rows compared with those that are there.
//!
//! What a row should be is asked of [`Projection`], which writes them, by the statements with which it
//! would write a new matter: a column it learns to write is compared from then on.

use std::collections::{BTreeMap, BTreeSet};

use procedure::{Event, Family, MatterId, Rules, UnitId};

use crate::db::{Statement, Tx};
use crate::error::StoreError;
use crate::event::event;
use crate::family::body;
use crate::ledger::audit::{Audit, Finding};
use crate::projection::{Counts, Projection};
use crate::row::{Row, Value};
use crate::vault::Vault;
use crate::visibility::Provenance;

/// Families whose ids are read at once.
const ROOTS_AT_ONCE: i64 = 500;
/// Tables whose rows follow from the events row by row. A matter's files are no such table: one that was
/// replaced stays openable.
const TABLES: [&str; 6] =
    ["matter", "matter_body", "matter_party", "matter_scope", "obligation", "matter_term"];

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
    let mut counts = Counts::new();
    let mut last = String::new();
    loop {
        let roots = tx.rows(ROOTS, &[(&last).into(), ROOTS_AT_ONCE.into()]).await?;
        if roots.is_empty() {
            break;
        }
        for row in &roots {
            last = row.get(0)?;
            family(tx, rules, &last, &mut counts, audit).await?;
        }
    }
    strays(tx, audit).await?;
    counters(tx, counts, audit).await
}

/// One family.
async fn family(
    tx: &mut Tx,
    rules: &Rules,
    root: &str,
    counts: &mut Counts,
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
        projection.count(counts);
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
    for (table, matter) in differs {
        audit.find(Finding::ReadTable { table, matter });
    }
    audit.matters += played.family.matters().count() as u64;
    Ok(())
}

/// A family as its events tell it.
struct Played {
    family: Family,
    provenance: BTreeMap<MatterId, Provenance>,
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
        let mut played = Self { family: Family::default(), provenance: BTreeMap::new(), matters };
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
    for table in TABLES.iter().filter(|table| **table != "matter") {
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

/// The rows a table has of the matters of a family, in these columns, by matter.
async fn rows_there(
    tx: &mut Tx,
    table: &str,
    columns: &str,
    root: &str,
) -> Result<Rows, StoreError> {
    let place = columns.split(',').position(|column| column.trim() == "matter_id").unwrap_or(0);
    let which = match table {
        "matter" | "matter_body" => "root_id = $1",
        _ => "matter_id in (select m.matter_id from matter m where m.root_id = $1)",
    };
    let sql = format!("select {columns} from {table} where {which}");
    let mut rows = Rows::new();
    for row in tx.rows(&sql, &[root.into()]).await? {
        let matter: String = row.get(place)?;
        rows.entry((table.to_owned(), matter)).or_default().push(row.0);
    }
    Ok(rows)
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
