//! Who read what only some may read, and who took something out of a matter: written down each time, and
//! read by those it concerns.

use std::collections::BTreeSet;

use jiff::Timestamp;
use procedure::{Matter, MatterId, Rules, UnitId, UserId};

use crate::db::Statement;
use crate::error::StoreError;
use crate::matter::{COUNTED_MAX, Page, Total, body_in_scope};
use crate::row::{Row, Value};
use crate::scope::Scope;
use crate::store::Store;
use crate::unit::side_id;
use crate::visibility::{Opened, Provenance, is_sensitive, sees};

/// How something was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessKind {
    /// Fields that only some may read were shown, on a page or to a program.
    Read,
    /// A document was opened, as it prints.
    Document,
    /// An attachment was taken.
    File,
    /// A receipt was taken.
    Receipt,
    /// The matter was taken as one file.
    Export,
}

impl AccessKind {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::Read, Self::Document, Self::File, Self::Receipt, Self::Export];

    /// Its id, as stored.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Document => "document",
            Self::File => "file",
            Self::Receipt => "receipt",
            Self::Export => "export",
        }
    }

    fn parse(id: &str) -> Result<Self, StoreError> {
        let found = Self::ALL.into_iter().find(|kind| kind.id() == id);
        found.ok_or_else(|| StoreError::damaged("kind of reading", id))
    }
}

/// What somebody did on one day, in one way and to the same fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRow {
    /// How.
    pub kind: AccessKind,
    /// When for the last time.
    pub at: Timestamp,
    /// How many times that day.
    pub times: u64,
    /// Who.
    pub user: UserId,
    /// Their name; empty when nobody has that account.
    pub user_name: String,
    /// The unit they acted for.
    pub unit: UnitId,
    /// The fields they read, as far as the asker may know of it; never empty for [`AccessKind::Read`].
    pub fields: Vec<String>,
}

/// A page of readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessList {
    /// Its rows, newest first.
    pub rows: Vec<AccessRow>,
    /// How many rows all pages have; [`Total::MoreThan`] when only the newest readings were looked at.
    pub total: Total,
}

impl Store {
    /// Writes down that somebody read fields that only some may read, or took something out of a matter.
    /// A reading of no such field leaves nothing.
    ///
    /// # Errors
    /// When the database fails; then nothing should be shown or handed out.
    pub async fn note_access(
        &self,
        scope: &Scope,
        matter: &MatterId,
        kind: AccessKind,
        fields: &[&str],
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            insert into access_event (at, user_id, unit_id, matter_id, fields, kind, day)
            values ($1, $2, $3, $4, $5, $6, $7)";
        if fields.is_empty() && kind == AccessKind::Read {
            return Ok(());
        }
        let now = self.now();
        let values: Vec<Value> = vec![
            now.into(),
            scope.user.into(),
            scope.unit.into(),
            matter.into(),
            fields.join(" ").into(),
            kind.id().into(),
            calendar::local_date(now).into(),
        ];
        self.write(vec![Statement { sql: SQL, values }]).await.map(drop)
    }

    /// Who read the sensitive fields of a matter or took something out of it, newest first: a row a person,
    /// day, way and fields. Of the newest readings as many as [`COUNTED_MAX`] are looked at, by
    /// `access_event_by_matter`. Whoever sees the matter is told of those fields that they may read
    /// themselves or that their own unit wrote, and of what their own side took out; none when the matter is
    /// out of scope or does not exist.
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
        let opened = self.opened(scope, [&found]).await?;
        let fields = concerned(&self.rules(), &found, &provenance, scope, &opened);
        let mut values = vec![
            matter.into(),
            side_id(scope.side).into(),
            (COUNTED_MAX + 1).into(),
            AccessKind::Read.id().into(),
        ];
        let mut either = vec!["(a.kind <> $4 and n.side = $2)".to_owned()];
        for field in &fields {
            // Ids of fields hold letters, digits and hyphens only: nothing to escape.
            values.push(format!("% {field} %").into());
            either.push(format!("' ' || a.fields || ' ' like ${}", values.len()));
        }
        let looked = format!(
            "select a.access_event_id, a.at, a.user_id, a.unit_id, a.fields, a.kind, a.day
               from access_event a
               join unit n on n.unit_id = a.unit_id
              where a.matter_id = $1 and ({})
              order by a.access_event_id desc
              limit $3",
            either.join(" or ")
        );
        let folded = "from looked group by user_id, unit_id, kind, fields, day";
        let counts = format!(
            "with looked as ({looked}) select count(*), (select count(*) from looked)
               from (select 1 as one {folded}) known"
        );
        let (groups, readings): (i64, i64) = match tx.row(&counts, &values).await? {
            Some(row) => (row.get(0)?, row.get(1)?),
            None => (0, 0),
        };
        let next = values.len() + 1;
        let sql = format!(
            "with looked as ({looked})
             select page.at, page.times, page.user_id, coalesce(u.display_name, ''), page.unit_id,
                    page.fields, page.kind
               from (select max(access_event_id) as last, max(at) as at, count(*) as times, user_id,
                            unit_id, kind, fields {folded}
                      order by last desc limit ${next} offset ${}) page
               left join user_account u on u.user_id = page.user_id
              order by page.last desc",
            next + 1
        );
        values.extend(page.values());
        let rows = tx.rows(&sql, &values).await?;
        let groups = u64::try_from(groups).unwrap_or(0);
        let total =
            if readings > COUNTED_MAX { Total::MoreThan(groups) } else { Total::Exactly(groups) };
        let rows = rows.iter().map(|row| access(row, &fields)).collect::<Result<_, _>>()?;
        Ok(Some(AccessList { rows, total }))
    }
}

/// The fields whose reading is written down and of whose readings somebody may know.
fn concerned(
    rules: &Rules,
    matter: &Matter,
    provenance: &Provenance,
    scope: &Scope,
    opened: &Opened,
) -> BTreeSet<String> {
    let fields = rules.of(matter).map_or(&[][..], |procedure| &procedure.fields);
    fields
        .iter()
        .filter(|field| is_sensitive(field.tier))
        .filter(|field| {
            let writer = provenance.writer(&field.id);
            let open = opened.has(&matter.id, &field.id);
            writer.unit == Some(scope.unit) || sees(field.tier, writer, scope, open)
        })
        .map(|field| field.id.clone())
        .collect()
}

fn access(row: &Row, concerned: &BTreeSet<String>) -> Result<AccessRow, StoreError> {
    let fields: String = row.get(5)?;
    Ok(AccessRow {
        at: row.get(0)?,
        times: row.get(1)?,
        user: row.get(2)?,
        user_name: row.get(3)?,
        unit: row.get(4)?,
        fields: fields
            .split(' ')
            .filter(|field| concerned.contains(*field))
            .map(str::to_owned)
            .collect(),
        kind: AccessKind::parse(&row.get::<String>(6)?)?,
    })
}
