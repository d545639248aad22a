//! Matters as they are read: one with its family, and every list.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use procedure::{Family, Matter, MatterId, Point, UnitId};

use crate::db::Tx;
use crate::error::StoreError;
use crate::family::body;
use crate::projection::{NEVER, counter};
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
/// How far the matches of one filter are counted to find the one that narrows most.
const NARROW_MAX: i64 = 2_000;
/// Matters a unit sees up to which a list goes through them all.
const SCOPE_SMALL_MAX: i64 = 20_000;
/// Most pairs of characters of one search.
const PAIRS_MAX: usize = 12;

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
    /// When the obligation that ends first ends.
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
    row.map(|row| body(&row, 0)).transpose()
}

macro_rules! columns {
    () => {
        "m.matter_id, m.root_id, m.parent_id, m.procedure_id, m.number, m.title, m.state, m.ended, \
         m.holder_unit_id, m.opener_unit_id, m.division_code, m.categories, m.severity, m.place, \
         m.enterprise, m.longitude_e6, m.latitude_e6, m.opened_at, m.changed_at, m.events, m.due_at"
    };
}

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
        let mut tx = self.read().await?;
        let rows = tx.rows(SQL, &[scope.unit.into(), matter.into()]).await?;
        drop(tx);
        let rules = self.rules();
        let (mut whole, mut family, mut asked) = (Vec::new(), Vec::new(), None);
        for row in &rows {
            let (found, provenance) = body(row, 0)?;
            if row.get(2)? {
                let seen = seen(&rules, &found, &provenance, scope);
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

    /// Matters in which the unit must sign for receipt (待签收), the end that comes first, first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_to_acknowledge(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        const SQL: &str = concat!(
            "select ",
            columns!(),
            "
              from matter_party p
              join matter m on m.matter_id = p.matter_id
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where p.unit_id = $1 and p.turn > 0 and p.turn = 2
             order by m.due_at, m.matter_id
             limit $2 offset $3"
        );
        self.matter_rows(SQL, scope, page).await
    }

    /// Matters whose pen the unit holds, the end that comes first, first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_my_turn(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        const SQL: &str = concat!(
            "select ",
            columns!(),
            "
              from matter_party p
              join matter m on m.matter_id = p.matter_id
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where p.unit_id = $1 and p.turn > 0
             order by m.due_at, m.matter_id
             limit $2 offset $3"
        );
        self.matter_rows(SQL, scope, page).await
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
        const SQL: &str = concat!(
            "select ",
            columns!(),
            "
              from matter m
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where m.approver_unit_id = $1
             order by m.changed_at, m.matter_id
             limit $2 offset $3"
        );
        self.matter_rows(SQL, scope, page).await
    }

    /// What the unit opened and is not over (跟踪), changed last first; by `matter_by_opener`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_list_tracking(
        &self,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        const SQL: &str = concat!(
            "select ",
            columns!(),
            "
              from matter m
              join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where m.opener_unit_id = $1 and m.ended = 0
             order by m.changed_at desc, m.matter_id desc
             limit $2 offset $3"
        );
        self.matter_rows(SQL, scope, page).await
    }

    async fn matter_rows(
        &self,
        sql: &str,
        scope: &Scope,
        page: Page,
    ) -> Result<Vec<MatterRow>, StoreError> {
        let [rows, skipped] = page.values();
        let mut tx = self.read().await?;
        tx.rows(sql, &[scope.unit.into(), rows, skipped]).await?.iter().map(matter_row).collect()
    }
}

/// What a list is driven by: the table whose rows are gone through.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Driver {
    /// Everything the unit sees of the procedure.
    Scope,
    /// Everything that carries a term.
    Term(String),
    /// Everything of the procedure in the order asked for.
    Order,
}

/// A list to be read: what it is narrowed to and what is gone through to find it.
struct Question<'a> {
    scope: &'a Scope,
    filter: &'a Filter,
    sort: Sort,
    now: Timestamp,
    words: String,
    terms: Vec<String>,
    driver: Driver,
    /// What the kept counters say of the list.
    known: Option<i64>,
    after: Option<MatterId>,
}

impl<'a> Question<'a> {
    async fn of(
        tx: &mut Tx,
        scope: &'a Scope,
        filter: &'a Filter,
        sort: Sort,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let words = filter.text.as_deref().map(term::normalised).unwrap_or_default();
        let terms = terms(filter, &words);
        let counts = counts(tx, scope, &filter.procedure).await?;
        let total: i64 = counts.states.values().sum();
        let mut narrowest: Option<(i64, &String)> = None;
        for term in &terms {
            const SQL: &str = "
                select count(*)
                  from (select 1 from matter_term where term = $1 limit $2) found";
            let found = tx.one(SQL, &[term.into(), NARROW_MAX.into()]).await?.unwrap_or(0);
            if narrowest.is_none_or(|(least, _)| found < least) {
                narrowest = Some((found, term));
            }
        }
        let in_order_of_opening = matches!(sort, Sort::Newest | Sort::Oldest);
        let one_procedure = !filter.procedure.is_empty();
        let driver = match narrowest {
            Some((found, term)) if found < NARROW_MAX && found <= total => {
                Driver::Term(term.clone())
            }
            _ if one_procedure && total <= SCOPE_SMALL_MAX => Driver::Scope,
            Some((_, term)) if in_order_of_opening => Driver::Term(term.clone()),
            _ if in_order_of_opening || !one_procedure => Driver::Scope,
            _ => Driver::Order,
        };
        let known = known(filter, &words, &counts, total);
        Ok(Self { scope, filter, sort, now, words, terms, driver, known, after: None })
    }

    fn page(&self, page: Page) -> (String, Vec<Value>) {
        let mut statement = Statement::default();
        let id = self.inner(&mut statement);
        let (key, order) = match self.sort {
            Sort::Newest => (id, "desc"),
            Sort::Oldest => (id, "asc"),
            Sort::Changed => ("m.changed_at", "desc"),
            Sort::Due => ("m.due_at", "asc"),
        };
        let last = if key == id { String::new() } else { format!(", {id} {order}") };
        let limit = statement.bind(page.rows());
        let offset = statement.bind(page.skipped());
        let outer = match self.sort {
            Sort::Newest => "m.matter_id desc",
            Sort::Oldest => "m.matter_id",
            Sort::Changed => "m.changed_at desc, m.matter_id desc",
            Sort::Due => "m.due_at, m.matter_id",
        };
        let sql = format!(
            "select {} from (select {id} as matter_id {} order by {key} {order}{last} \
             limit {limit} offset {offset}) page \
             join matter m on m.matter_id = page.matter_id order by {outer}",
            columns!(),
            statement.sql(),
        );
        (sql, statement.values)
    }

    async fn total(&self, tx: &mut Tx, page: Page, rows: usize) -> Result<Total, StoreError> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let seen = page.skipped() + rows;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        if let Some(known) = self.known {
            return Ok(Total::Exactly(count(known)));
        }
        if rows < page.rows() && (rows > 0 || page.number <= 1) {
            return Ok(Total::Exactly(count(seen)));
        }
        if seen > COUNTED_MAX {
            return Ok(Total::MoreThan(count(seen)));
        }
        let mut statement = Statement::default();
        self.inner(&mut statement);
        let limit = statement.bind(COUNTED_MAX + 1);
        let sql =
            format!("select count(*) from (select 1 {} limit {limit}) found", statement.sql());
        let found: i64 = tx.one(&sql, &statement.values).await?.unwrap_or(0);
        Ok(if found > COUNTED_MAX {
            Total::MoreThan(count(COUNTED_MAX))
        } else {
            Total::Exactly(count(found))
        })
    }

    /// The tables gone through and what must hold; says which column is the matter's id.
    ///
    /// `cross join` keeps SQLite to this order; PostgreSQL finds its own.
    fn inner(&self, statement: &mut Statement) -> &'static str {
        let filter = self.filter;
        let unit = statement.bind(self.scope.unit);
        let procedure =
            (!filter.procedure.is_empty()).then(|| statement.bind(filter.procedure.as_str()));
        let of_matter = filter.state.is_some()
            || filter.ended.is_some()
            || filter.light.is_some()
            || filter.opened_from.is_some()
            || filter.opened_to.is_some()
            || !self.words.is_empty()
            || procedure.is_none()
            || matches!(self.sort, Sort::Changed | Sort::Due);
        let id = match &self.driver {
            Driver::Scope => {
                statement.from("matter_scope s");
                if of_matter {
                    statement.from("matter m");
                    statement.must("m.matter_id = s.matter_id".to_owned());
                }
                "s.matter_id"
            }
            Driver::Term(term) => {
                statement.from("matter_term d");
                let term = statement.bind(term.as_str());
                statement.must(format!("d.term = {term}"));
                if of_matter {
                    statement.from("matter m");
                    statement.must("m.matter_id = d.matter_id".to_owned());
                }
                statement.from("matter_scope s");
                statement.must("s.matter_id = d.matter_id".to_owned());
                "d.matter_id"
            }
            Driver::Order => {
                statement.from("matter m");
                statement.from("matter_scope s");
                statement.must("s.matter_id = m.matter_id".to_owned());
                "m.matter_id"
            }
        };
        statement.must(format!("s.unit_id = {unit}"));
        match &procedure {
            Some(procedure) => {
                statement.must(format!("s.procedure_id = {procedure}"));
                if of_matter {
                    statement.must(format!("m.procedure_id = {procedure}"));
                }
            }
            None => statement.must("s.procedure_id = m.procedure_id".to_owned()),
        }
        if let Some(after) = &self.after {
            let after = statement.bind(after);
            statement.must(format!("{id} > {after}"));
        }
        self.conditions(statement, id);
        id
    }

    fn conditions(&self, statement: &mut Statement, id: &str) {
        let filter = self.filter;
        if let Some(state) = &filter.state {
            let state = statement.bind(state.as_str());
            statement.must(format!("m.state = {state}"));
        }
        if let Some(ended) = filter.ended {
            let ended = statement.bind(ended);
            statement.must(format!("m.ended = {ended}"));
        }
        if let Some(light) = filter.light {
            let mut due = |compare: &str, than: i64| {
                let than = statement.bind(than);
                statement.must(format!("m.due_at {compare} {than}"));
            };
            let (now, near) = (self.now.as_microsecond(), near(self.now).as_microsecond());
            match light {
                Light::Overdue => due("<=", now),
                Light::Near => {
                    due(">", now);
                    due("<=", near);
                }
                Light::OnTime => {
                    due(">", near);
                    due("<", NEVER);
                }
                Light::None => due("=", NEVER),
            }
        }
        if let Some(from) = filter.opened_from {
            let from = statement.bind(from);
            statement.must(format!("m.opened_at >= {from}"));
        }
        if let Some(to) = filter.opened_to {
            let to = statement.bind(to);
            statement.must(format!("m.opened_at < {to}"));
        }
        for word in self.words.split(' ').filter(|word| !word.is_empty()) {
            // Normalised words hold letters and digits only: nothing to escape.
            let word = statement.bind(format!("%{word}%"));
            statement.must(format!("m.words like {word}"));
        }
        for term in &self.terms {
            // The matter's own row is at hand for these.
            let is_driver = self.driver == Driver::Term(term.clone());
            if is_driver || term.starts_with(['=', '!', '~']) {
                continue;
            }
            let term = statement.bind(term.as_str());
            statement.must(format!(
                "exists (select 1 from matter_term t where t.term = {term} and t.matter_id = {id})"
            ));
        }
    }
}

/// A statement in the making.
#[derive(Default)]
struct Statement {
    tables: Vec<&'static str>,
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Statement {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn from(&mut self, table: &'static str) {
        self.tables.push(table);
    }

    fn must(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    fn sql(&self) -> String {
        format!("from {} where {}", self.tables.join(" cross join "), self.conditions.join(" and "))
    }
}

fn terms(filter: &Filter, words: &str) -> Vec<String> {
    let procedure = filter.procedure.as_str();
    let mut terms = Vec::new();
    if !procedure.is_empty() {
        terms.extend(filter.holder.map(|unit| term::holder(procedure, unit)));
        terms.extend(filter.unit.map(|unit| term::party(procedure, unit)));
        terms.extend(filter.category.as_ref().map(|id| term::category(procedure, id)));
        let division = filter
            .division
            .as_deref()
            .map(|code| code.strip_suffix("00").filter(|city| city.len() == 4).unwrap_or(code));
        // The province is everything.
        terms.extend(
            division
                .filter(|code| !code.ends_with("00") && code.len() > 2)
                .map(|code| term::division(procedure, code)),
        );
        terms.extend(filter.state.as_ref().map(|state| term::state(procedure, state)));
        terms.extend(filter.ended.map(|ended| term::ended(procedure, ended)));
    }
    terms.extend(term::pairs(words).into_iter().take(PAIRS_MAX));
    terms
}

struct Counts {
    states: BTreeMap<String, i64>,
    live: i64,
}

/// The kept counters of what a unit sees of a procedure; of all procedures when none is named.
async fn counts(tx: &mut Tx, scope: &Scope, procedure: &str) -> Result<Counts, StoreError> {
    const SQL: &str = "
        select name, number from unit_counter where unit_id = $1 and name >= $2 and name < $3";
    // `0` follows `/`.
    let (from, to) = if procedure.is_empty() {
        ("state/".to_owned(), "state0".to_owned())
    } else {
        (format!("{}{procedure}/", counter::STATE), format!("{}{procedure}0", counter::STATE))
    };
    let rows = tx.rows(SQL, &[scope.unit.into(), (&from).into(), to.into()]).await?;
    let mut states = BTreeMap::new();
    for row in rows {
        let name: String = row.get(0)?;
        let state = name.strip_prefix(&from).unwrap_or_default().to_owned();
        states.insert(state, row.get(1)?);
    }
    const LIVE: &str = "select number from unit_counter where unit_id = $1 and name = $2";
    let name = format!("{}{procedure}", counter::LIVE);
    let live = tx.one(LIVE, &[scope.unit.into(), name.into()]).await?.unwrap_or(0);
    Ok(Counts { states, live })
}

/// What the kept counters alone can say of the list.
fn known(filter: &Filter, words: &str, counts: &Counts, total: i64) -> Option<i64> {
    let narrowed = filter.light.is_some()
        || filter.division.is_some()
        || filter.category.is_some()
        || filter.holder.is_some()
        || filter.unit.is_some()
        || filter.opened_from.is_some()
        || filter.opened_to.is_some()
        || !words.is_empty()
        || filter.procedure.is_empty();
    if narrowed {
        return None;
    }
    match (&filter.state, filter.ended) {
        (None, None) => Some(total),
        (Some(state), None) => Some(counts.states.get(state).copied().unwrap_or(0)),
        (None, Some(false)) => Some(counts.live),
        (None, Some(true)) => Some(total - counts.live),
        (Some(_), Some(_)) => None,
    }
}
