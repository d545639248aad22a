//! Matters as they are read: one with its family, and every list.

mod question;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use procedure::{Family, Matter, MatterId, Point, UnitId};

pub use self::question::keyset;

use self::question::Question;
use crate::db::Tx;
use crate::error::StoreError;
use crate::family::body;
use crate::projection::NEVER;
use crate::row::{Row, Value};
use crate::scope::Scope;
use crate::store::Store;
use crate::term;
use crate::visibility::{Provenance, SeenMatter, seen};

/// Most rows of one page.
pub const PAGE_ROWS_MAX: u32 = 200;
/// Days before an end from which it counts as near.
pub const NEAR_DAYS: i64 = 3;
/// How far matches are counted.
pub const COUNTED_MAX: i64 = 1_000;

/// A matter as its reader may see it, with its family.
#[derive(Debug, Clone)]
pub struct Sight {
    /// The matter.
    pub seen: SeenMatter,
    /// Every matter of its family that is in scope, itself included, oldest first.
    pub family: Vec<SeenMatter>,
    /// The whole family for [`procedure::offers`] and conditions; never to be shown.
    pub whole: Family,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatterRow {
    /// The matter.
    pub id: MatterId,
    /// The root of its family.
    pub root: MatterId,
    /// The matter it hangs under; none for a root.
    pub parent: Option<MatterId>,
    /// Its procedure.
    pub procedure: String,
    /// The version of the procedure it keeps.
    pub version: Date,
    /// Its number.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Whether that is an end.
    pub ended: bool,
    /// Who holds the pen.
    pub holder: Option<UnitId>,
    /// Who opened it; none for the platform itself.
    pub opener: Option<UnitId>,
    /// Its division.
    pub division: String,
    /// Its categories.
    pub categories: Vec<String>,
    /// Its severity.
    pub severity: String,
    /// Where, in words.
    pub place: String,
    /// Who pollutes.
    pub enterprise: String,
    /// Where, on the map.
    pub point: Option<Point>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Its version.
    pub events: u32,
    /// When the obligation that ends first ends; in the lists of what waits for the unit itself, the
    /// first of those it owes.
    pub due_at: Option<Timestamp>,
}

/// How urgent something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Light {
    /// An end has passed.
    Overdue,
    /// An end comes within [`NEAR_DAYS`] days.
    Near,
    /// An end comes later.
    OnTime,
    /// Nothing runs.
    None,
}

impl Light {
    /// The light of an end as it stands at an instant.
    #[must_use]
    pub fn of(due_at: Option<Timestamp>, now: Timestamp) -> Self {
        match due_at {
            None => Self::None,
            Some(due_at) if due_at <= now => Self::Overdue,
            Some(due_at) if due_at <= near(now) => Self::Near,
            Some(_) => Self::OnTime,
        }
    }
}

pub(crate) fn near(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * NEAR_DAYS)).unwrap_or(Timestamp::MAX)
}

/// What a list is narrowed to; the default is everything of a procedure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The procedure.
    pub procedure: String,
    /// The state.
    pub state: Option<String>,
    /// Whether it is over.
    pub ended: Option<bool>,
    /// How urgent it is.
    pub light: Option<Light>,
    /// A city (its six digits or the first four) or a county.
    pub division: Option<String>,
    /// A category.
    pub category: Option<String>,
    /// Who holds the pen.
    pub holder: Option<UnitId>,
    /// Who takes part.
    pub unit: Option<UnitId>,
    /// Words of its number, title and one-line fields.
    pub text: Option<String>,
    /// Opened at or after.
    pub opened_from: Option<Timestamp>,
    /// Opened before.
    pub opened_to: Option<Timestamp>,
}

/// In which order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Opened last, first.
    #[default]
    Newest,
    /// Opened first, first.
    Oldest,
    /// Changed last, first.
    Changed,
    /// The end that comes first, first.
    Due,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1.
    pub number: u32,
    /// How many rows a page has.
    pub rows: u32,
}

impl Page {
    /// The first page.
    #[must_use]
    pub fn first(rows: u32) -> Self {
        Self { number: 1, rows }
    }

    fn rows(self) -> i64 {
        self.rows.clamp(1, PAGE_ROWS_MAX).into()
    }

    fn skipped(self) -> i64 {
        i64::from(self.number.saturating_sub(1)) * self.rows()
    }

    pub(crate) fn values(self) -> [Value; 2] {
        [self.rows().into(), self.skipped().into()]
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// So many.
    Exactly(u64),
    /// More than so many; counting all would take too long.
    MoreThan(u64),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Its rows.
    pub rows: Vec<MatterRow>,
    /// How many rows all pages have.
    pub total: Total,
}

/// A matter's body when it is in scope.
pub(crate) async fn body_in_scope(
    tx: &mut Tx,
    scope: &Scope,
    matter: &MatterId,
) -> Result<Option<(Matter, Provenance)>, StoreError> {
    const SQL: &str = "
        select b.body, b.provenance
          from matter m
          join matter_scope s
            on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
          join matter_body b on b.root_id = m.root_id and b.matter_id = m.matter_id
         where m.matter_id = $2";
    let row = tx.row(SQL, &[scope.unit.into(), matter.into()]).await?;
    row.map(|row| body(tx.vault(), &row, 0)).transpose()
}

macro_rules! columns {
    () => {
        columns!("m.due_at")
    };
    ($due:literal) => {
        concat!(
            "m.matter_id, m.root_id, m.parent_id, m.procedure_id, m.number, m.title, m.state, \
             m.ended, m.holder_unit_id, m.opener_unit_id, m.division_code, m.categories, m.severity, \
             m.place, m.enterprise, m.longitude_e6, m.latitude_e6, m.opened_at, m.changed_at, \
             m.events, ",
            $due,
            ", m.version"
        )
    };
}

use columns;

fn matter_row(row: &Row) -> Result<MatterRow, StoreError> {
    let point = match (row.get::<Option<i64>>(15)?, row.get::<Option<i64>>(16)?) {
        (Some(longitude), Some(latitude)) => {
            let degrees = |e6| i32::try_from(e6).map_err(|e| StoreError::damaged("place", e));
            Some(Point { longitude_e6: degrees(longitude)?, latitude_e6: degrees(latitude)? })
        }
        _ => None,
    };
    let due_at: i64 = row.get(20)?;
    let categories: String = row.get(11)?;
    Ok(MatterRow {
        id: row.get(0)?,
        root: row.get(1)?,
        parent: row.get(2)?,
        procedure: row.get(3)?,
        version: row.get(21)?,
        number: row.get(4)?,
        title: row.get(5)?,
        state: row.get(6)?,
        ended: row.get(7)?,
        holder: row.get(8)?,
        opener: row.get(9)?,
        division: row.get(10)?,
        categories: categories.split_whitespace().map(str::to_owned).collect(),
        severity: row.get(12)?,
        place: row.get(13)?,
        enterprise: row.get(14)?,
        point,
        opened_at: row.get(17)?,
        changed_at: row.get(18)?,
        events: row.get(19)?,
        due_at: if due_at == NEVER { None } else { Some(row.get(20)?) },
    })
}

/// The lists of the 工作台: the unit is `$1`, `$2` rows after `$3`. Each goes through its index in the
/// order of the list.
mod workbench {
    macro_rules! list {
        ($due:literal, $from:literal, $which:literal, $order:literal) => {
            concat!(
                "select ",
                columns!($due),
                " from ",
                $from,
                " join matter_scope s on s.unit_id = $1 and s.procedure_id = m.procedure_id and \
                 s.matter_id = m.matter_id where ",
                $which,
                " order by ",
                $order,
                " limit $2 offset $3"
            )
        };
    }

    pub(super) const TO_ACKNOWLEDGE: &str = list!(
        "p.due_at",
        "matter_party p join matter m on m.matter_id = p.matter_id",
        "p.unit_id = $1 and p.turn = 2",
        "p.due_at, p.matter_id"
    );
    pub(super) const MY_TURN: &str = list!(
        "p.due_at",
        "matter_party p join matter m on m.matter_id = p.matter_id",
        "p.unit_id = $1 and p.turn > 0",
        "p.due_at, p.matter_id"
    );
    pub(super) const TO_APPROVE: &str =
        list!("m.due_at", "matter m", "m.approver_unit_id = $1", "m.changed_at, m.matter_id");
    pub(super) const TRACKING: &str = list!(
        "m.due_at",
        "matter m",
        "m.tracker_unit_id = $1",
        "m.changed_at desc, m.matter_id desc"
    );
}

/// The lists of the 工作台 with the index each goes through, the unit being `$1`; for tests and for
/// finding out why one is slow.
pub const WORKBENCH: [(&str, &str); 4] = [
    ("matter_party_to_acknowledge", workbench::TO_ACKNOWLEDGE),
    ("matter_party_by_turn", workbench::MY_TURN),
    ("matter_by_approver", workbench::TO_APPROVE),
    ("matter_by_tracker", workbench::TRACKING),
];

impl Store {
    /// A matter with its family; none when it is out of scope or does not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_fetch(
        &self,
        scope: &Scope,
        matter: &MatterId,
    ) -> Result<Option<Sight>, StoreError> {
        const SQL: &str = "
            select b.body, b.provenance, s.matter_id is not null
              from matter asked
              join matter_scope may
                on may.unit_id = $1 and may.procedure_id = asked.procedure_id
               and may.matter_id = asked.matter_id
              join matter_body b on b.root_id = asked.root_id
              join matter m on m.matter_id = b.matter_id
              left join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where asked.matter_id = $2
             order by b.matter_id";
        let rows = self.database().rows(SQL, &[scope.unit.into(), matter.into()]).await?;
        let rules = self.rules();
        let (mut whole, mut family, mut asked) = (Vec::new(), Vec::new(), None);
        let mut read = Vec::new();
        for row in &rows {
            read.push((body(self.database().vault(), row, 0)?, row.get::<bool>(2)?));
        }
        let opened = self.opened(scope, read.iter().map(|((found, _), _)| found)).await?;
        for ((found, provenance), is_seen) in read {
            if is_seen {
                let seen = seen(&rules, &found, &provenance, scope, &opened);
                if found.id == *matter {
                    asked = Some(seen.clone());
                }
                family.push(seen);
            }
            whole.push(found);
        }
        Ok(asked.map(|seen| Sight { seen, family, whole: Family::new(whole) }))
    }

    /// The matter of that number, when it is in scope; by `matter_number_once`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_find(
        &self,
        scope: &Scope,
        number: &str,
    ) -> Result<Option<MatterId>, StoreError> {
        const SQL: &str = "
            select m.matter_id
              from matter m
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where m.number = $2";
        self.read().await?.one(SQL, &[scope.unit.into(), number.into()]).await
    }

    /// A page of a list of matters.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list(
        &self,
        scope: &Scope,
        filter: &Filter,
        sort: Sort,
        page: Page,
    ) -> Result<Listing, StoreError> {
        let mut tx = self.read().await?;
        let question = Question::of(&mut tx, scope, filter, sort, self.now()).await?;
        let (sql, values) = question.page(page);
        let rows: Vec<_> =
            tx.rows(&sql, &values).await?.iter().map(matter_row).collect::<Result<_, _>>()?;
        let total = question.total(&mut tx, page, rows.len()).await?;
        Ok(Listing { rows, total })
    }

    /// The statement a page of a list is read with, and its plan; for tests and for finding out why a
    /// list is slow.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_plan(
        &self,
        scope: &Scope,
        filter: &Filter,
        sort: Sort,
        page: Page,
    ) -> Result<Vec<String>, StoreError> {
        let mut tx = self.read().await?;
        let question = Question::of(&mut tx, scope, filter, sort, self.now()).await?;
        let (sql, values) = question.page(page);
        let explain = tx.engine().explain();
        let rows = tx.rows(&format!("{explain}{sql}"), &values).await?;
        let text = |row: &Row| {
            row.0.iter().rev().find_map(|value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
        };
        Ok(rows.iter().filter_map(text).collect())
    }

    /// Matters of every procedure whose words contain the text, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_search(
        &self,
        scope: &Scope,
        text: &str,
        page: Page,
    ) -> Result<Listing, StoreError> {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        if term::normalised(text).is_empty() {
            return Ok(Listing { rows: Vec::new(), total: Total::Exactly(0) });
        }
        self.matter_list(scope, &filter, Sort::Newest, page).await
    }

    /// Matters of a list in the order of opening after one of them, for exports that go through all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_export(
        &self,
        scope: &Scope,
        filter: &Filter,
        after: Option<&MatterId>,
        rows: u32,
    ) -> Result<Vec<MatterRow>, StoreError> {
        let mut tx = self.read().await?;
        let mut question = Question::of(&mut tx, scope, filter, Sort::Oldest, self.now()).await?;
        question.after = after.cloned();
        let (sql, values) = question.page(Page { number: 1, rows });
        tx.rows(&sql, &values).await?.iter().map(matter_row).collect()
    }

    /// Matters in which the unit must sign for receipt (待签收), what it must do first, first; by
    /// `matter_party_to_acknowledge`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_to_acknowledge(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        self.matter_rows(workbench::TO_ACKNOWLEDGE, scope, page).await
    }

    /// Matters whose pen the unit holds (待我方推进), what it must do first, first; by
    /// `matter_party_by_turn`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_my_turn(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        self.matter_rows(workbench::MY_TURN, scope, page).await
    }

    /// Drafts that wait for the unit's approval, oldest first; by `matter_by_approver`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_to_approve(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        self.matter_rows(workbench::TO_APPROVE, scope, page).await
    }

    /// What the unit opened or sent, is not over and lies with somebody else now (跟踪), changed last
    /// first; by `matter_by_tracker`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_tracking(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        self.matter_rows(workbench::TRACKING, scope, page).await
    }

    async fn matter_rows(
        &self,
        sql: &str,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        let [rows, skipped] = page.values();
        let found = self.database().rows(sql, &[scope.unit.into(), rows, skipped]).await?;
        found.iter().map(matter_row).collect()
    }
}
