//! Lists of matters: the register of problems (问题台账), what runs under each mechanism, and the library
//! (案件库) with the matters of every procedure.
//!
//! One list serves all: filters, sort, columns and pages stand in the address, so that a list can be
//! sent to a colleague, saved as a view, or exported as it is seen.

use askama::Template;
use axum::Router;
use axum::extract::State as Given;
use axum::http::{Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use calendar::start_of_day;
use jiff::civil::Date;
use procedure::definition::State;
use procedure::{Procedure, Rules};
use store::division::divisions;
use store::matter::{Filter, Light, Page as Rows, Sort, Total};
use store::view::{VIEW_NAME_CHARS_MAX, VIEW_QUERY_BYTES_MAX, VIEWS_MAX};

use self::column::{COLUMNS, Column};
use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};
use crate::filters;
use crate::mechanism::{MECHANISMS, Mechanism, of_clause};
use crate::message::{Language, T};
use crate::parts::input::Choice;
use crate::parts::line::{Line, Reader, is_category};
use crate::parts::pager::{PAGE_ROWS, Pager, page_number};
use crate::session::{Done, SignedIn, own_page};
use crate::shell::{Page, Shell};

mod column;
mod counterpart;
pub(crate) mod export;

pub(crate) fn routes() -> Router<House> {
    let mut router = Router::new()
        .route("/register", get(show))
        .route("/register/export", get(export::export).post(export::start))
        .route("/library", get(show))
        .route("/library/export", get(export::export).post(export::start))
        .route("/views", post(save_view))
        .route("/views/delete", post(delete_view));
    for mechanism in MECHANISMS {
        router = router
            .route(&format!("/{}", mechanism.id), get(show))
            .route(&format!("/{}/export", mechanism.id), get(export::export).post(export::start));
    }
    router
}

/// A list of matters.
#[derive(Debug, Template)]
#[template(path = "register/page.html")]
struct RegisterPage {
    t: T,
    shell: Shell,
    /// The address of the list.
    page: String,
    clause: &'static str,
    tabs: Vec<Tab>,
    procedure: String,
    openings: Vec<(String, String)>,
    form: FilterForm,
    sorts: Vec<Choice>,
    columns: Vec<(Column, String, bool)>,
    chosen: Vec<(String, String)>,
    /// What narrows nothing because it names nothing.
    not_understood: Vec<String>,
    total: String,
    shown_columns: Vec<(Column, String)>,
    rows: Vec<Line>,
    pager: Option<Pager>,
    is_filtered: bool,
    views: Vec<ViewLink>,
    query: String,
    export: String,
}

/// A procedure of the list.
#[derive(Debug)]
struct Tab {
    href: String,
    words: String,
    count: i64,
    is_here: bool,
}

#[derive(Debug)]
struct ViewLink {
    name: String,
    href: String,
}

/// What is asked for, in the words of the form.
#[derive(Debug)]
struct FilterForm {
    text: String,
    states: Vec<Choice>,
    lights: Vec<Choice>,
    categories: Vec<Choice>,
    division: String,
    unit: String,
    holder: String,
    from: String,
    to: String,
}

/// Which list an address names: the register, a mechanism or the library, and the procedures in it.
pub(crate) struct Place<'a> {
    id: &'static str,
    mechanism: Option<&'static Mechanism>,
    procedures: Vec<&'a Procedure>,
    procedure: Option<&'a Procedure>,
}

impl<'a> Place<'a> {
    fn of(uri: &Uri, query: &Fields, rules: &'a Rules) -> Result<Self, WebError> {
        let first = uri.path().split('/').nth(1).unwrap_or_default();
        let mechanism = MECHANISMS.iter().find(|one| one.id == first);
        let is_library = first == LIBRARY;
        let mut procedures: Vec<&Procedure> = rules
            .procedures()
            .filter(|one| match (mechanism, of_clause(&one.clause)) {
                _ if is_library => true,
                (Some(here), Some(there)) => here.id == there.id,
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            })
            .collect();
        // Roots first: the register opens on the problems, not on their parts. The library opens on the
        // cases: what other matters lead to, before what people open themselves.
        procedures.sort_by_key(|one| {
            let clause = of_clause(&one.clause).map(|there| there.clause);
            let by_people = is_library && one.opened_by_people;
            (
                is_library && clause.is_none(),
                by_people,
                is_library.then_some(clause),
                !one.is_root(),
            )
        });
        let procedure = match query.given("procedure") {
            Some(id) => {
                Some(*procedures.iter().find(|one| one.id == id).ok_or(WebError::NotFound)?)
            }
            None => procedures.first().copied(),
        };
        let id = mechanism.map_or(if is_library { LIBRARY } else { "register" }, |one| one.id);
        Ok(Self { id, mechanism, procedures, procedure })
    }
}

/// `GET /register` and `GET /{mechanism}`.
async fn show(
    Given(house): Given<House>,
    who: SignedIn,
    uri: Uri,
    Query(query): Query,
) -> Result<Response, WebError> {
    let language = who.language;
    let rules = house.store.rules();
    let place = Place::of(&uri, &query, &rules)?;
    let title = language.t()(nav_key(place.id));
    let Some(procedure) = place.procedure else {
        return Ok(Page(without_procedure(&house, &who, &place, title).await?).into_response());
    };
    let reader = Reader::new(&house, language);
    let asked = Asked::read(&house, &query, procedure);
    let number = page_number(&query);
    let page = Rows { number, rows: PAGE_ROWS };
    let listing = house.store.matter_list(&who.scope, &asked.filter, asked.sort, page).await?;
    let counters = house.store.counters(who.unit).await?;
    let address = format!("/{}", place.id);
    let tabs = place
        .procedures
        .iter()
        .map(|one| Tab {
            href: format!("{address}?procedure={}", one.id),
            words: language.of(&one.name).to_owned(),
            count: counters.live.get(&one.id).copied().unwrap_or(0),
            is_here: one.id == procedure.id,
        })
        .collect();
    let shown = listing.rows.len();
    let (mut total, rows_total) = counted(language, listing.total);
    if !asked.is_filtered {
        let live = counters.live.get(&procedure.id).copied().unwrap_or(0);
        total.push_str(&language.with("register.of-which-live", "n", live));
    }
    let pager = (shown > 0 || number > 1)
        .then(|| Pager::new(language, &query, number, PAGE_ROWS, shown, rows_total));
    let shown_columns = column::chosen(&query, procedure);
    let words = |column: Column| language.t()(column.key()).to_owned();
    let views = house.store.view_list(who.user, &address).await?;
    let kept = query.without(&["page"]);
    let openings = place
        .procedures
        .iter()
        .filter(|one| one.opened_by_people && one.is_root() && who.is(one.open.role))
        .map(|one| (format!("/open/{}", one.id), language.of(&one.open.name).to_owned()))
        .collect();
    let shell = house.shell(&who, place.id, title).await?.crumb_here(title).wide();
    Ok(Page(RegisterPage {
        t: language.t(),
        shell,
        clause: place.mechanism.map_or("", |one| one.clause),
        tabs,
        procedure: procedure.id.clone(),
        openings,
        sorts: asked.sorts(language),
        columns: COLUMNS
            .iter()
            .map(|column| (*column, words(*column), shown_columns.contains(column)))
            .collect(),
        chosen: asked.chosen(&house, &query, procedure, &reader),
        not_understood: asked.not_understood(language, &query),
        is_filtered: asked.is_filtered,
        form: asked.form(&house, &query, procedure, &reader),
        total,
        shown_columns: shown_columns.iter().map(|column| (*column, words(*column))).collect(),
        rows: counterpart::lines(&house, &who.scope, &reader, listing.rows).await?,
        pager,
        views: views
            .into_iter()
            .map(|view| ViewLink { href: format!("{address}{}", view.query), name: view.name })
            .collect(),
        export: format!("{address}/export{}", kept.query()),
        query: kept.query(),
        page: address,
    })
    .into_response())
}

/// How many there are, in words and for the pager.
pub(crate) fn counted(language: Language, total: Total) -> (String, crate::parts::pager::Rows) {
    let whole = |total: u64| i64::try_from(total).unwrap_or(i64::MAX);
    match total {
        Total::Exactly(total) => {
            let words = language.with("register.total", "n", whole(total));
            (words, crate::parts::pager::Rows::Exactly(whole(total)))
        }
        Total::MoreThan(total) => {
            let words = language.with("register.total-more", "n", whole(total));
            (words, crate::parts::pager::Rows::MoreThan(whole(total)))
        }
    }
}

/// The address of the library.
const LIBRARY: &str = "library";

/// The words of a place in the navigation.
fn nav_key(id: &str) -> &'static str {
    match id {
        "notification" => "nav.notification",
        "supervision" => "nav.supervision",
        "correction" => "nav.correction",
        "transfer" => "nav.transfer",
        "evidence" => "nav.evidence",
        "meeting" => "nav.meeting",
        "sharing" => "nav.sharing",
        LIBRARY => "nav.library",
        _ => "nav.register",
    }
}

/// What was asked for, as the store understands it.
pub(crate) struct Asked {
    pub(crate) filter: Filter,
    pub(crate) sort: Sort,
    is_filtered: bool,
}

/// Fields of the address that narrow the list.
const NARROWING: [&str; 9] =
    ["q", "state", "light", "category", "division", "unit", "holder", "from", "to"];

/// The sorts an address can name, beside none.
const SORTS: [&str; 4] = ["newest", "oldest", "changed", "due"];

impl Asked {
    pub(crate) fn read(house: &House, query: &Fields, procedure: &Procedure) -> Self {
        let directory = house.directory();
        let unit = |name: &str| {
            let text = query.given(name)?;
            procedure::Directory::find(directory.as_ref(), text)
        };
        let state = query.get("state");
        let rules = house.store.rules();
        let (ended, state) = match state {
            "open" => (Some(false), None),
            "ended" => (Some(true), None),
            "" => (None, None),
            one => {
                let states = states_of(&rules, procedure);
                (None, states.iter().find(|state| state.id == one).map(|state| state.id.clone()))
            }
        };
        let day = |name: &str| query.parsed::<Date>(name);
        let division = query
            .given("division")
            .and_then(|text| divisions().find(text))
            .map(|division| division.code.clone());
        let filter = Filter {
            procedure: procedure.id.clone(),
            state,
            ended,
            light: light_read(query.get("light")),
            division,
            category: query
                .given("category")
                .filter(|id| is_category(&rules, id))
                .map(str::to_owned),
            holder: unit("holder"),
            unit: unit("unit"),
            text: query.given("q").map(str::to_owned),
            opened_from: day("from").map(start_of_day),
            opened_to: day("to").and_then(|day| day.tomorrow().ok()).map(start_of_day),
        };
        let sort = match query.get("sort") {
            "oldest" => Sort::Oldest,
            "changed" => Sort::Changed,
            "due" => Sort::Due,
            _ => Sort::Newest,
        };
        let is_filtered = NARROWING.iter().any(|name| query.given(name).is_some());
        Self { filter, sort, is_filtered }
    }

    fn sorts(&self, language: Language) -> Vec<Choice> {
        let t = language.t();
        let here = match self.sort {
            Sort::Newest => "",
            Sort::Oldest => "oldest",
            Sort::Changed => "changed",
            Sort::Due => "due",
        };
        let all = [
            ("", t("register.sort-newest")),
            ("oldest", t("register.sort-oldest")),
            ("changed", t("register.sort-changed")),
            ("due", t("register.sort-due")),
        ];
        Choice::all(all.map(|(id, words)| (id.to_owned(), words.to_owned())), here)
    }

    fn form(
        &self,
        house: &House,
        query: &Fields,
        procedure: &Procedure,
        reader: &Reader,
    ) -> FilterForm {
        let language = reader.language();
        let t = language.t();
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(id, words)| ((*id).to_owned(), (*words).to_owned())).collect()
        };
        let mut states = owned(&[
            ("", t("page.all")),
            ("open", t("register.open")),
            ("ended", t("register.ended")),
        ]);
        states.extend(
            states_of(reader.rules(), procedure)
                .into_iter()
                .map(|state| (state.id.clone(), language.of(&state.name).to_owned())),
        );
        let lights = owned(&[
            ("", t("page.all")),
            ("overdue", t("register.overdue")),
            ("near", t("register.near")),
            ("on-time", t("register.on-time")),
            ("none", t("register.none")),
        ]);
        let mut categories = owned(&[("", t("page.all"))]);
        categories
            .extend(reader.categories().iter().map(|(id, words)| (id.clone(), words.clone())));
        let directory = house.directory();
        let unit = |name: &str, found: Option<procedure::UnitId>| {
            found.map_or_else(|| query.get(name).to_owned(), |unit| directory.name(unit))
        };
        FilterForm {
            text: query.get("q").to_owned(),
            states: Choice::all(states, query.get("state")),
            lights: Choice::all(lights, query.get("light")),
            categories: Choice::all(categories, query.get("category")),
            division: query.get("division").to_owned(),
            unit: unit("unit", self.filter.unit),
            holder: unit("holder", self.filter.holder),
            from: query.get("from").to_owned(),
            to: query.get("to").to_owned(),
        }
    }

    /// Whether the list is narrower for a field of the address: a name nobody bears narrows nothing.
    fn narrows(&self, name: &str) -> bool {
        match name {
            "state" => self.filter.state.is_some() || self.filter.ended.is_some(),
            "light" => self.filter.light.is_some(),
            "category" => self.filter.category.is_some(),
            "division" => self.filter.division.is_some(),
            "unit" => self.filter.unit.is_some(),
            "holder" => self.filter.holder.is_some(),
            "from" => self.filter.opened_from.is_some(),
            "to" => self.filter.opened_to.is_some(),
            _ => true,
        }
    }

    /// Says of each name that names nothing that the list is not narrowed by it, and of days the wrong
    /// way round that nothing lies between them.
    fn not_understood(&self, language: Language, query: &Fields) -> Vec<String> {
        let told = NARROWING.iter().filter(|name| !self.narrows(name)).filter_map(|name| {
            let given = query.given(name)?;
            let key = match *name {
                "division" => "register.no-division",
                "from" | "to" => "register.no-day",
                "state" => "register.no-state",
                "light" => "register.no-light",
                "category" => "register.no-category",
                _ => "register.no-unit",
            };
            Some(language.with(key, "given", given))
        });
        let is_unsorted = query.given("sort").filter(|sort| !SORTS.contains(sort));
        let unsorted = is_unsorted.map(|given| language.with("register.no-sort", "given", given));
        let (from, to) = (self.filter.opened_from, self.filter.opened_to);
        let is_backwards = from.zip(to).is_some_and(|(from, to)| from >= to);
        let backwards = is_backwards.then(|| language.say("register.from-after-to").to_owned());
        told.chain(unsorted).chain(backwards).collect()
    }

    /// What narrows the list in words, each with the address of the list without it.
    fn chosen(
        &self,
        house: &House,
        query: &Fields,
        procedure: &Procedure,
        reader: &Reader,
    ) -> Vec<(String, String)> {
        let form = self.form(house, query, procedure, reader);
        let picked = |choices: &[Choice]| {
            choices
                .iter()
                .find(|one| one.is_chosen && !one.id.is_empty())
                .map(|one| one.words.clone())
        };
        let t = reader.language().t();
        let said = |name: &'static str| -> Option<String> {
            let given = query.given(name).filter(|_| self.narrows(name))?;
            Some(match name {
                "state" => picked(&form.states)?,
                "light" => picked(&form.lights)?,
                "category" => picked(&form.categories)?,
                "unit" => form.unit.clone(),
                "holder" => form.holder.clone(),
                "from" => format!("{} {given}", t("register.from")),
                "to" => format!("{} {given}", t("register.to")),
                _ => given.to_owned(),
            })
        };
        NARROWING
            .iter()
            .filter_map(|name| {
                let rest = query.without(&[name, "page"]).query();
                let href = if rest.is_empty() { "?".to_owned() } else { rest };
                said(name).map(|words| (words, href))
            })
            .collect()
    }
}

/// The states a matter of a procedure can stand in, those of the newest version first: what was opened
/// under an older one still stands in its states.
fn states_of<'a>(rules: &'a Rules, procedure: &Procedure) -> Vec<&'a State> {
    let mut found: Vec<&State> = Vec::new();
    for state in rules.versions(&procedure.id).iter().rev().flat_map(|version| &version.states) {
        if !found.iter().any(|known| known.id == state.id) {
            found.push(state);
        }
    }
    found
}

fn light_read(id: &str) -> Option<Light> {
    match id {
        "overdue" => Some(Light::Overdue),
        "near" => Some(Light::Near),
        "on-time" => Some(Light::OnTime),
        "none" => Some(Light::None),
        _ => None,
    }
}

/// The page of a mechanism that has no procedure on the platform yet.
#[derive(Debug, Template)]
#[template(path = "register/without.html")]
struct WithoutPage {
    t: T,
    shell: Shell,
    clause: &'static str,
    asks: &'static str,
    now: &'static str,
    icon: &'static str,
    elsewhere: Vec<(String, String)>,
}

async fn without_procedure(
    house: &House,
    who: &SignedIn,
    place: &Place<'_>,
    title: &'static str,
) -> Result<WithoutPage, WebError> {
    let language = who.language;
    let t = language.t();
    let (asks, now) = match place.id {
        "notification" => ("mechanism.notification", "mechanism.now"),
        "supervision" => ("mechanism.supervision", "mechanism.now"),
        "correction" => ("mechanism.correction", "mechanism.now"),
        "transfer" => ("mechanism.transfer", "mechanism.now"),
        "evidence" => ("mechanism.evidence", "mechanism.now"),
        "meeting" => ("mechanism.meeting", "mechanism.now"),
        "sharing" => ("mechanism.sharing", "mechanism.sharing-now"),
        _ => ("mechanism.register", "mechanism.now"),
    };
    let rules = house.store.rules();
    let elsewhere = rules
        .procedures()
        .map(|one| {
            let place = of_clause(&one.clause).map_or("register", |place| place.id);
            let href = format!("/{place}?procedure={}", one.id);
            (href, language.of(&one.name).to_owned())
        })
        .collect();
    Ok(WithoutPage {
        t,
        shell: house.shell(who, place.id, title).await?.crumb_here(title),
        clause: place.mechanism.map_or("", |one| one.clause),
        asks: t(asks),
        now: t(now),
        icon: place.mechanism.map_or("register", |one| one.id),
        elsewhere,
    })
}

/// `POST /views`: keeps the list as it is under a name.
async fn save_view(
    Given(house): Given<House>,
    who: SignedIn,
    form: Fields,
) -> Result<Done, WebError> {
    let (page, name) = (own_page(form.get("page")), form.get("name"));
    let query = Fields::read(form.get("query").trim_start_matches('?').as_bytes()).query();
    let length = name.chars().count();
    if length == 0 || length > VIEW_NAME_CHARS_MAX || query.len() > VIEW_QUERY_BYTES_MAX {
        return Err(WebError::bad("register.view-name-wrong"));
    }
    let held = house.store.view_list(who.user, &page).await?;
    let is_new = !held.iter().any(|view| view.name == name);
    if is_new && i64::try_from(held.len()).unwrap_or(i64::MAX) >= VIEWS_MAX {
        return Err(WebError::bad("register.views-full"));
    }
    house.store.view_put(who.user, &page, name, &query).await?;
    Ok(Done::about(format!("{page}{query}"), "register.view-saved", name))
}

/// `POST /views/delete`.
async fn delete_view(
    Given(house): Given<House>,
    who: SignedIn,
    form: Fields,
) -> Result<Done, WebError> {
    let page = own_page(form.get("page"));
    house.store.view_delete(who.user, &page, form.get("name")).await?;
    Ok(Done::about(page, "register.view-deleted", form.get("name")))
}

/// An answer that is saved as a file.
pub(crate) fn file(kind: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let name = crate::session::escaped(name);
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}

/// The kind of an Excel file.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[cfg(test)]
mod tests {
    use procedure::Source;

    use super::*;

    #[test]
    fn states_of_older_versions_can_still_be_asked_for() {
        let old = include_str!("../../store/tests/it/trouble.toml");
        let new = old.replace("2019-02-12", "2026-01-01").replace("\"found\"", "\"entered\"");
        let (law, calendar) = calendar::embedded().unwrap();
        let codes = include_str!("../../../law/codes.toml");
        let files = [
            Source { path: "old.toml", text: old },
            Source { path: "new.toml", text: &new },
            Source { path: "letter.toml", text: include_str!("../../store/tests/it/letter.toml") },
        ];
        let codes = Source { path: "codes.toml", text: codes };
        let rules = Rules::read(&files, codes, law, calendar).unwrap();
        let newest = rules.procedure("trouble").unwrap();
        let states = states_of(&rules, newest);
        let ids: Vec<&str> = states.iter().map(|state| state.id.as_str()).collect();
        assert_eq!(ids, ["entered", "closed", "found"]);
        let version = "2019-02-12".parse().unwrap();
        assert!(rules.version("trouble", version).unwrap().state("found").is_some());
    }
}
