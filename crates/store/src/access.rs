//! Who read what only some may read: written down with each reading, and read by those it concerns.

use std::collections::BTreeSet;

use jiff::Timestamp;
use procedure::{Matter, MatterId, Rules, UnitId, UserId};

use crate::db::Statement;
use crate::error::StoreError;
use crate::matter::{COUNTED_MAX, Page, Total, body_in_scope};
use crate::row::{Row, Value};
use crate::scope::Scope;
use crate::store::Store;
use crate::visibility::{Provenance, is_sensitive, sees};

/// A reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub user: UserId,
    /// Their name; empty when nobody has that account.
    pub user_name: String,
    /// The unit they acted for.
    pub unit: UnitId,
    /// The fields they read, as far as the asker may know of it; never empty.
    pub fields: Vec<String>,
}

/// A page of readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessList {
    /// Its rows, newest first.
    pub rows: Vec<AccessRow>,
    /// How many rows all pages have.
    pub total: Total,
}

impl Store {
    /// Writes down that somebody read fields that only some may read.
    ///
    /// # Errors
    /// When the database fails; then the fields should not be shown.
    pub async fn note_access(
        &self,
        scope: &Scope,
        matter: &MatterId,
        fields: &[&str],
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            insert into access_event (at, user_id, unit_id, matter_id, fields)
            values ($1, $2, $3, $4, $5)";
        if fields.is_empty() {
            return Ok(());
        }
        let values: Vec<Value> = vec![
            self.now().into(),
            scope.user.into(),
            scope.unit.into(),
            matter.into(),
            fields.join(" ").into(),
        ];
        self.write(vec![Statement { sql: SQL, values }]).await.map(drop)
    }

    /// Who read the sensitive fields of a matter, newest first; by `access_event_by_matter`. Whoever
    /// sees the matter is told of those fields that they may read themselves or that their own unit
    /// wrote; none when the matter is out of scope or does not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn access_list(
        &self,
        scope: &Scope,
        matter: &MatterId,
        page: Page,
    ) -> Result<Option<AccessList>, StoreError> {
        let mut tx = self.read().await?;
        let Some((found, provenance)) = body_in_scope(&mut tx, scope, matter).await? else {
            return Ok(None);
        };
        let fields = concerned(&self.rules(), &found, &provenance, scope);
        if fields.is_empty() {
            return Ok(Some(AccessList { rows: Vec::new(), total: Total::Exactly(0) }));
        }
        let mut values = vec![matter.into()];
        let mut either = Vec::new();
        for field in &fields {
            // Ids of fields hold letters, digits and hyphens only: nothing to escape.
            values.push(format!("% {field} %").into());
            either.push(format!("' ' || a.fields || ' ' like ${}", values.len()));
        }
        let found =
            format!("from access_event a where a.matter_id = $1 and ({})", either.join(" or "));
        let next = values.len() + 1;
        let number = format!("select count(*) from (select 1 as one {found} limit ${next}) known");
        let counted = [values.clone(), vec![(COUNTED_MAX + 1).into()]].concat();
        let known: i64 = tx.one(&number, &counted).await?.unwrap_or(0);
        let sql = format!(
            "select page.at, page.user_id, coalesce(u.display_name, ''), page.unit_id, page.fields
               from (select a.access_event_id, a.at, a.user_id, a.unit_id, a.fields {found}
                      order by a.access_event_id desc limit ${next} offset ${}) page
               left join user_account u on u.user_id = page.user_id
              order by page.access_event_id desc",
            next + 1
        );
        values.extend(page.values());
        let found = tx.rows(&sql, &values).await?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let total = if known > COUNTED_MAX {
            Total::MoreThan(count(COUNTED_MAX))
        } else {
            Total::Exactly(count(known))
        };
        let rows = found.iter().map(|row| access(row, &fields)).collect::<Result<_, _>>()?;
        Ok(Some(AccessList { rows, total }))
    }
}

/// The fields whose reading is written down and of whose readings somebody may know.
fn concerned(
    rules: &Rules,
    matter: &Matter,
    provenance: &Provenance,
    scope: &Scope,
) -> BTreeSet<String> {
    let fields = rules.of(matter).map_or(&[][..], |procedure| &procedure.fields);
    fields
        .iter()
        .filter(|field| is_sensitive(field.tier))
        .filter(|field| {
            let writer = provenance.fields.get(&field.id).copied();
            writer == Some(scope.unit) || sees(field.tier, writer, scope)
        })
        .map(|field| field.id.clone())
        .collect()
}

fn access(row: &Row, concerned: &BTreeSet<String>) -> Result<AccessRow, StoreError> {
    let fields: String = row.get(4)?;
    Ok(AccessRow {
        at: row.get(0)?,
        user: row.get(1)?,
        user_name: row.get(2)?,
        unit: row.get(3)?,
        fields: fields
            .split(' ')
            .filter(|field| concerned.contains(*field))
            .map(str::to_owned)
            .collect(),
    })
}
