//! Open obligations from where the last page ended, so that a page stays right while rows are added.

use jiff::Timestamp;
use procedure::MatterId;

use super::{ObligationRow, obligation_row};
use crate::error::StoreError;
use crate::matter::PAGE_ROWS_MAX;
use crate::scope::Scope;
use crate::store::Store;

/// Whose obligations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the unit owes (我方应办).
    Us,
    /// What others owe it (他方应办).
    Them,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Microseconds of the last one's end.
    pub due: i64,
    /// Its matter.
    pub matter: MatterId,
    /// Its number there.
    pub number: u32,
}

impl Mark {
    /// Where a page ends with this row.
    #[must_use]
    pub fn of(row: &ObligationRow) -> Self {
        let due = row.due.ends_at().as_microsecond();
        Self { due, matter: row.matter.clone(), number: row.number }
    }
}

impl Store {
    /// Open obligations after a mark, soonest first, at most `rows` and never more than one over
    /// [`PAGE_ROWS_MAX`]; by `obligation_open_by_debtor` or `obligation_open_by_creditor`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn obligation_list_after(
        &self,
        scope: &Scope,
        side: Side,
        after: Option<&Mark>,
        rows: u32,
    ) -> Result<Vec<ObligationRow>, StoreError> {
        const US: &str = open_of!(
            "debtor_unit_id",
            " and (o.due_at, o.matter_id, o.number) > ($2, $3, $4)",
            "limit $5"
        );
        const THEM: &str = open_of!(
            "creditor_unit_id",
            " and o.debtor_unit_id <> $1 and (o.due_at, o.matter_id, o.number) > ($2, $3, $4)",
            "limit $5"
        );
        let sql = match side {
            Side::Us => US,
            Side::Them => THEM,
        };
        let beginning = Timestamp::MIN.as_microsecond();
        let (due, matter, number) = match after {
            Some(mark) => (mark.due, mark.matter.as_str(), mark.number),
            None => (beginning, "", 0),
        };
        let limit = i64::from(rows.clamp(1, PAGE_ROWS_MAX + 1));
        let values = [scope.unit.into(), due.into(), matter.into(), number.into(), limit.into()];
        self.database().rows(sql, &values).await?.iter().map(obligation_row).collect()
    }
}
