//! Lists of matters from where the last page ended, so that a page stays right while rows are added.

use procedure::MatterId;

use super::super::{Filter, MatterRow, PAGE_ROWS_MAX, Sort, columns, matter_row};
use super::{Question, Statement};
use crate::error::StoreError;
use crate::projection::NEVER;
use crate::row::Value;
use crate::scope::Scope;
use crate::store::Store;

/// Where a page ended: the last matter, and what it was ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Microseconds of what the order goes by; 0 in the order of opening.
    pub key: i64,
    /// The last matter.
    pub matter: MatterId,
}

impl Mark {
    /// Where a page ends with this row.
    #[must_use]
    pub fn of(row: &MatterRow, sort: Sort) -> Self {
        let key = match sort {
            Sort::Newest | Sort::Oldest => 0,
            Sort::Changed => row.changed_at.as_microsecond(),
            Sort::Due => row.due_at.map_or(NEVER, jiff::Timestamp::as_microsecond),
        };
        Self { key, matter: row.id.clone() }
    }
}

impl Store {
    /// The matters of a list after a mark, at most `rows` and never more than one over
    /// [`PAGE_ROWS_MAX`], so that a reader knows whether more follow. Without a procedure every
    /// narrowing holds too, by the matter's own row.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_after(
        &self,
        scope: &Scope,
        filter: &Filter,
        sort: Sort,
        after: Option<&Mark>,
        rows: u32,
    ) -> Result<Vec<MatterRow>, StoreError> {
        let mut tx = self.read().await?;
        let question = Question::of(&mut tx, scope, filter, sort, self.now()).await?;
        let (sql, values) = question.after(after, rows);
        tx.rows(&sql, &values).await?.iter().map(matter_row).collect()
    }
}

impl Question<'_> {
    fn after(&self, mark: Option<&Mark>, rows: u32) -> (String, Vec<Value>) {
        let mut statement = Statement::default();
        let id = self.inner(&mut statement);
        if self.filter.procedure.is_empty() {
            self.conditions_of_any(&mut statement, id);
        }
        let (key, order) = match self.sort {
            Sort::Newest => (None, "desc"),
            Sort::Oldest => (None, "asc"),
            Sort::Changed => (Some("m.changed_at"), "desc"),
            Sort::Due => (Some("m.due_at"), "asc"),
        };
        if let Some(mark) = mark {
            let compare = if order == "desc" { "<" } else { ">" };
            match key {
                None => {
                    let matter = statement.bind(&mark.matter);
                    statement.must(format!("{id} {compare} {matter}"));
                }
                Some(key) => {
                    let at = statement.bind(mark.key);
                    let matter = statement.bind(&mark.matter);
                    statement.must(format!("({key}, {id}) {compare} ({at}, {matter})"));
                }
            }
        }
        let by = |id: &str| match key {
            None => format!("{id} {order}"),
            Some(key) => format!("{key} {order}, {id} {order}"),
        };
        let limit = statement.bind(i64::from(rows.clamp(1, PAGE_ROWS_MAX + 1)));
        let sql = format!(
            "select {} from (select {id} as matter_id {} order by {} limit {limit}) page \
             join matter m on m.matter_id = page.matter_id order by {}",
            columns!(),
            statement.sql(),
            by(id),
            by("m.matter_id"),
        );
        (sql, statement.values)
    }

    /// Narrowings that have terms only within a procedure.
    fn conditions_of_any(&self, statement: &mut Statement, id: &str) {
        let filter = self.filter;
        if let Some(holder) = filter.holder {
            let holder = statement.bind(holder);
            statement.must(format!("m.holder_unit_id = {holder}"));
        }
        if let Some(unit) = filter.unit {
            let unit = statement.bind(unit);
            statement.must(format!(
                "exists (select 1 from matter_party p \
                 where p.matter_id = {id} and p.unit_id = {unit})"
            ));
        }
        if let Some(division) = &filter.division {
            // A province, city or county is the beginning of the codes within it.
            let area = match division.len() {
                6 => division.trim_end_matches("00"),
                _ => division,
            };
            let area = statement.bind(format!("{area}%"));
            statement.must(format!("m.division_code like {area}"));
        }
        if let Some(category) = &filter.category {
            let category = statement.bind(format!("% {category} %"));
            statement.must(format!("(' ' || m.categories || ' ') like {category}"));
        }
    }
}
