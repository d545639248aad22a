//! Obligations (应办) as they are read: what a unit owes, what it is owed, what ends when.

use calendar::Due;
use jiff::Timestamp;
use jiff::civil::Date;
use procedure::matter::Standing;
use procedure::{MatterId, UnitId};

use crate::error::StoreError;
use crate::matter::{Light, Page};
use crate::projection::standing_id;
use crate::row::Row;
use crate::scope::Scope;
use crate::store::Store;

/// Most ends shown in a stretch of days.
pub const DUE_ROWS_MAX: i64 = 500;

/// An obligation with the matter it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObligationRow {
    /// Its matter.
    pub matter: MatterId,
    /// The root of that matter's family.
    pub root: MatterId,
    /// Its place among the matter's obligations.
    pub number: u32,
    /// The matter's procedure.
    pub procedure: String,
    /// Its kind, an id in the procedure.
    pub kind: String,
    /// Who owes it.
    pub debtor: UnitId,
    /// To whom.
    pub creditor: UnitId,
    /// The limit it rests on; none when its end is stated in the matter.
    pub limit: Option<String>,
    /// What it runs from.
    pub started_at: Timestamp,
    /// The last day or instant.
    pub due: Due,
    /// How it stands.
    pub standing: Standing,
    /// Whether the end crosses into a year whose holidays are not published.
    pub provisional: bool,
    /// The day its clock stopped, while it is stopped.
    pub suspended_on: Option<Date>,
    /// When it ran out.
    pub lapsed_at: Option<Timestamp>,
    /// When it was last urged.
    pub urged_at: Option<Timestamp>,
    /// The matter's number.
    pub matter_number: String,
    /// The matter's title.
    pub title: String,
    /// The matter's state.
    pub state: String,
    /// The matter's version.
    pub events: u32,
    /// The version of the procedure the matter keeps.
    pub version: Date,
}

impl ObligationRow {
    /// Its light at an instant; none while its clock is stopped.
    #[must_use]
    pub fn light(&self, now: Timestamp) -> Light {
        let running = self.suspended_on.is_none();
        Light::of(running.then(|| self.due.ends_at()), now)
    }
}

macro_rules! columns {
    () => {
        "o.matter_id, m.root_id, o.number, o.procedure_id, o.kind, o.debtor_unit_id, \
         o.creditor_unit_id, o.limit_id, o.started_at, o.due_on, o.due_at, o.standing, o.provisional, \
         o.suspended_on, o.lapsed_at, o.urged_at, m.number, m.title, m.state, m.events, \
         m.version"
    };
}

macro_rules! open_of {
    ($unit:literal, $more:literal, $limits:literal) => {
        concat!(
            "select ",
            columns!(),
            " from obligation o
              join matter m on m.matter_id = o.matter_id
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = o.procedure_id and s.matter_id = o.matter_id
             where o.",
            $unit,
            " = $1 and o.is_open = 1 and o.nature = 'obligation'",
            $more,
            " order by o.due_at, o.matter_id, o.number ",
            $limits
        )
    };
}

// After the macros it is written with.
pub mod keyset;

const OWED_BY_US: &str = open_of!("debtor_unit_id", "", "limit $2 offset $3");
const OWED_TO_US: &str =
    open_of!("creditor_unit_id", " and o.debtor_unit_id <> $1", "limit $2 offset $3");

/// The lists of the 工作台 with the index each goes through, as [`crate::matter::WORKBENCH`].
pub const WORKBENCH: [(&str, &str); 2] =
    [("obligation_open_by_debtor", OWED_BY_US), ("obligation_open_by_creditor", OWED_TO_US)];

impl Store {
    /// What the unit owes (我方应办), soonest first; by `obligation_open_by_debtor`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn obligation_list_owed_by_us(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<ObligationRow>, StoreError> {
        self.obligation_rows(OWED_BY_US, scope, page).await
    }

    /// What the unit is owed (他方应办), soonest first; by `obligation_open_by_creditor`. What a unit
    /// owes itself stands only among what it owes.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn obligation_list_owed_to_us(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<ObligationRow>, StoreError> {
        self.obligation_rows(OWED_TO_US, scope, page).await
    }

    /// Open obligations of the unit, either way, that end on the days from one to another, both
    /// included; at most [`DUE_ROWS_MAX`] each way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn obligation_list_due(
        &self,
        scope: &Scope,
        from: Date,
        to: Date,
    ) -> Result<Vec<ObligationRow>, StoreError> {
        const OURS: &str =
            open_of!("debtor_unit_id", " and o.due_at > $2 and o.due_at <= $3", "limit $4");
        const THEIRS: &str = open_of!(
            "creditor_unit_id",
            " and o.debtor_unit_id <> $1 and o.due_at > $2 and o.due_at <= $3",
            "limit $4"
        );
        let values = [
            scope.unit.into(),
            calendar::start_of_day(from).into(),
            Due::On(to).ends_at().into(),
            DUE_ROWS_MAX.into(),
        ];
        let mut tx = self.read().await?;
        let mut rows = tx.rows(OURS, &values).await?;
        rows.extend(tx.rows(THEIRS, &values).await?);
        let mut rows = rows.iter().map(obligation_row).collect::<Result<Vec<_>, _>>()?;
        rows.sort_by_key(|row| row.due.ends_at());
        Ok(rows)
    }

    async fn obligation_rows(
        &self,
        sql: &str,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<ObligationRow>, StoreError> {
        let [rows, skipped] = page.values();
        let rows = self.database().rows(sql, &[scope.unit.into(), rows, skipped]).await?;
        rows.iter().map(obligation_row).collect()
    }
}

fn obligation_row(row: &Row) -> Result<ObligationRow, StoreError> {
    let (on, at): (Date, Timestamp) = (row.get(9)?, row.get(10)?);
    let day = Due::On(on);
    let standing: String = row.get(11)?;
    Ok(ObligationRow {
        matter: row.get(0)?,
        root: row.get(1)?,
        number: row.get(2)?,
        procedure: row.get(3)?,
        kind: row.get(4)?,
        debtor: row.get(5)?,
        creditor: row.get(6)?,
        limit: row.get(7)?,
        started_at: row.get(8)?,
        due: if day.ends_at() == at { day } else { Due::At(at) },
        standing: standing_read(&standing)?,
        provisional: row.get(12)?,
        suspended_on: row.get(13)?,
        lapsed_at: row.get(14)?,
        urged_at: row.get(15)?,
        matter_number: row.get(16)?,
        title: row.get(17)?,
        state: row.get(18)?,
        events: row.get(19)?,
        version: row.get(20)?,
    })
}

fn standing_read(id: &str) -> Result<Standing, StoreError> {
    const ALL: [Standing; 6] = [
        Standing::Running,
        Standing::Suspended,
        Standing::Met,
        Standing::MetLate,
        Standing::Lapsed,
        Standing::Ended,
    ];
    ALL.into_iter()
        .find(|standing| standing_id(*standing) == id)
        .ok_or_else(|| StoreError::damaged("standing", id.to_owned()))
}
