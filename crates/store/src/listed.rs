//! What a list shows of a matter beside its own row: who takes part in it, and what runs below it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use procedure::{MatterId, UnitId};

use crate::error::StoreError;
use crate::matter::{MatterRow, PAGE_ROWS_MAX};
use crate::projection::NEVER;
use crate::row::Value;
use crate::scope::Scope;
use crate::store::Store;

/// What stands beside a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// Units by capacity.
    pub parties: BTreeMap<String, Vec<UnitId>>,
    /// Where nothing runs in the matter itself: what ends first in the matters below it.
    pub below: Option<Below>,
}

/// A matter below, with its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Below {
    /// Its procedure.
    pub procedure: String,
    /// The version of the procedure it keeps.
    pub version: Date,
    /// When the obligation that ends first in it ends.
    pub due_at: Timestamp,
}

/// A matter of a family, as far as its clock goes.
struct Member {
    parent: Option<MatterId>,
    below: Option<Below>,
}

impl Store {
    /// What stands beside the rows of a page, at most [`PAGE_ROWS_MAX`] of them: their parties by the
    /// key of `matter_party`, what runs below them by `matter_by_root`; nothing that is out of scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_beside(
        &self,
        scope: &Scope,
        rows: &[MatterRow],
    ) -> Result<BTreeMap<MatterId, Beside>, StoreError> {
        let rows = rows.get(..PAGE_ROWS_MAX as usize).unwrap_or(rows);
        let mut beside: BTreeMap<MatterId, Beside> =
            rows.iter().map(|row| (row.id.clone(), Beside::default())).collect();
        if rows.is_empty() {
            return Ok(beside);
        }
        let mut tx = self.read().await?;
        let (sql, values) = parties(scope, rows.iter().map(|row| &row.id));
        for row in tx.rows(&sql, &values).await? {
            let (matter, party, unit): (MatterId, String, UnitId) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            if let Some(one) = beside.get_mut(&matter) {
                one.parties.entry(party).or_default().push(unit);
            }
        }
        let waiting: Vec<&MatterRow> =
            rows.iter().filter(|row| row.due_at.is_none() && !row.ended).collect();
        let roots: BTreeSet<&MatterId> = waiting.iter().map(|row| &row.root).collect();
        if roots.is_empty() {
            return Ok(beside);
        }
        let mut members = BTreeMap::new();
        let (sql, values) = families(scope, roots.into_iter());
        for row in tx.rows(&sql, &values).await? {
            let due_at: i64 = row.get(4)?;
            let below = if due_at == NEVER {
                None
            } else {
                Some(Below { procedure: row.get(2)?, version: row.get(3)?, due_at: row.get(4)? })
            };
            members.insert(row.get::<MatterId>(0)?, Member { parent: row.get(1)?, below });
        }
        for row in waiting {
            if let Some(one) = beside.get_mut(&row.id) {
                one.below = soonest(&members, &row.id);
            }
        }
        Ok(beside)
    }
}

/// What ends first of all that hangs under a matter, at any depth.
fn soonest(members: &BTreeMap<MatterId, Member>, above: &MatterId) -> Option<Below> {
    let hangs = |member: &Member| {
        let mut parent = member.parent.as_ref();
        // A family is a tree; the bound only guards against a damaged one.
        for _ in 0..members.len() {
            match parent {
                Some(id) if id == above => return true,
                Some(id) => parent = members.get(id).and_then(|member| member.parent.as_ref()),
                None => return false,
            }
        }
        false
    };
    let open = members.values().filter(|member| hangs(member));
    open.filter_map(|member| member.below.as_ref()).min_by_key(|below| below.due_at).cloned()
}

/// The question after the parties of some matters. It begins with the few that are asked about, never
/// with the many the unit sees: SQLite keeps the order of a `cross join`.
#[must_use]
pub fn parties<'a>(
    scope: &Scope,
    matters: impl Iterator<Item = &'a MatterId>,
) -> (String, Vec<Value>) {
    let (places, values) = bound(scope, matters);
    let sql = format!(
        "select p.matter_id, p.party, p.unit_id
           from matter_party p
          cross join matter m
          cross join matter_scope s
          where p.matter_id in ({places}) and m.matter_id = p.matter_id
            and s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
          order by p.matter_id, p.party, p.unit_id"
    );
    (sql, values)
}

/// The question after everything under some roots; begins with them, like [`parties`].
#[must_use]
pub fn families<'a>(
    scope: &Scope,
    roots: impl Iterator<Item = &'a MatterId>,
) -> (String, Vec<Value>) {
    let (places, values) = bound(scope, roots);
    let sql = format!(
        "select m.matter_id, m.parent_id, m.procedure_id, m.version, m.due_at
           from matter m
          cross join matter_scope s
          where m.root_id in ({places})
            and s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id"
    );
    (sql, values)
}

/// The scope's unit as `$1`, then a placeholder for each matter.
fn bound<'a>(scope: &Scope, matters: impl Iterator<Item = &'a MatterId>) -> (String, Vec<Value>) {
    let mut values = vec![Value::from(scope.unit)];
    let mut places = Vec::new();
    for matter in matters {
        values.push(matter.into());
        places.push(format!("${}", values.len()));
    }
    (places.join(", "), values)
}
