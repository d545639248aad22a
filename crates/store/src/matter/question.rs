//! How a list is found: what is gone through, so that no list costs more than its page.
//!
//! Every condition that has a term (see [`crate::term`]) has a list of matters in the order of opening.
//! The shortest one is gone through; when all are long, matches are close together and any will do.

pub mod keyset;

use std::collections::BTreeMap;

use jiff::Timestamp;
use procedure::MatterId;

use super::{COUNTED_MAX, Filter, Light, Page, Sort, Total, columns, near};
use crate::db::Tx;
use crate::error::StoreError;
use crate::projection::{NEVER, counter};
use crate::row::Value;
use crate::scope::Scope;
use crate::term;

/// How far the matches of one filter are counted to find the one that narrows most.
const NARROW_MAX: i64 = 2_000;
/// Matters a unit sees up to which a list goes through them all.
const SCOPE_SMALL_MAX: i64 = 20_000;
/// Most pairs of characters of one search.
const PAIRS_MAX: usize = 12;

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
pub(super) struct Question<'a> {
    scope: &'a Scope,
    filter: &'a Filter,
    sort: Sort,
    now: Timestamp,
    words: String,
    terms: Vec<String>,
    driver: Driver,
    /// What the kept counters say of the list.
    known: Option<i64>,
    pub(super) after: Option<MatterId>,
}

impl<'a> Question<'a> {
    pub(super) async fn of(
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

    pub(super) fn page(&self, page: Page) -> (String, Vec<Value>) {
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

    pub(super) async fn total(
        &self,
        tx: &mut Tx,
        page: Page,
        rows: usize,
    ) -> Result<Total, StoreError> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let seen = page.skipped() + rows;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        if let Some(known) = self.known {
            return Ok(Total::Exactly(count(known)));
        }
        if rows < page.rows() && (rows > 0 || page.number <= 1) {
            return Ok(Total::Exactly(count(seen)));
        }
        if seen > COUNTED_MAX && rows > 0 {
            return Ok(Total::MoreThan(count(seen)));
        }
        let mut statement = Statement::default();
        let id = self.inner(&mut statement);
        let limit = statement.bind(COUNTED_MAX + 1);
        // The order the table is gone through anyway: without it PostgreSQL first reads all of it.
        let order = match self.driver {
            Driver::Term(_) => format!("order by {id} desc"),
            Driver::Scope | Driver::Order => String::new(),
        };
        let sql = format!(
            "select count(*) from (select 1 {} {order} limit {limit}) found",
            statement.sql()
        );
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
        let of_matter = self.reads_matter();
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

    /// Whether the matter's own row must be read to know whether it is in the list. What terms can
    /// answer alone is quicker without it.
    fn reads_matter(&self) -> bool {
        let filter = self.filter;
        filter.light.is_some()
            || filter.opened_from.is_some()
            || filter.opened_to.is_some()
            || !self.words.is_empty()
            || filter.procedure.is_empty()
            || matches!(self.sort, Sort::Changed | Sort::Due)
    }

    fn conditions(&self, statement: &mut Statement, id: &str) {
        let filter = self.filter;
        let of_matter = self.reads_matter();
        if let Some(state) = filter.state.as_ref().filter(|_| of_matter) {
            let state = statement.bind(state.as_str());
            statement.must(format!("m.state = {state}"));
        }
        if let Some(ended) = filter.ended.filter(|_| of_matter) {
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
            let is_driver = matches!(&self.driver, Driver::Term(driver) if driver == term);
            // The matter's own row, when it is at hand, has answered for these.
            if is_driver || (of_matter && term.starts_with(['=', '!', '~'])) {
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
    const LIVE: &str = "select number from unit_counter where unit_id = $1 and name = $2";
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
