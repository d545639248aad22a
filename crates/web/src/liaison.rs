//! The liaison book (联络簿): who receives and signs for each unit, and how to reach them.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use store::division::divisions;
use store::liaison::Person;
use store::unit::{LINES, Unit, line_words, side_words};

use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};
use crate::filters;
use crate::job::ask::{Ask, Length};
use crate::job::export::{answer, begin, list_address};
use crate::job::sheet::Pour;
use crate::message::{Language, T};
use crate::parts::input::Choice;
use crate::parts::pager::{PAGE_ROWS, Pager, Rows, page_number};
use crate::session::{Account, SignedIn, Visitor};
use crate::shell::{Page, Shell};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/liaisons", get(show)).route("/liaisons/export", get(export).post(start))
}

/// The liaison book.
#[derive(Debug, Template)]
#[template(path = "liaison/page.html")]
struct LiaisonPage {
    t: T,
    shell: Shell,
    text: String,
    division: String,
    sides: Vec<Choice>,
    lines: Vec<Choice>,
    only_missing: bool,
    total: String,
    rows: Vec<Row>,
    pager: Option<Pager>,
    export: String,
}

#[derive(Debug)]
struct Row {
    href: String,
    unit: String,
    side: String,
    division: String,
    liaison: String,
    title: String,
    phone: String,
}

/// `GET /liaisons`.
async fn show(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    who: Result<SignedIn, WebError>,
    Query(query): Query,
) -> Result<Page<LiaisonPage>, WebError> {
    let language = visitor.language;
    let t = language.t();
    // Without any filter a unit's own surroundings come first.
    let here = who.as_ref().ok().and_then(|who| own_division(&house, who));
    let asked = match &here {
        Some(here) if query.pairs().next().is_none() => query.with("division", here),
        _ => query.clone(),
    };
    let rows = rows(&house, &asked, language).await?;
    let number = page_number(&query);
    let skipped = usize::try_from((number - 1) * PAGE_ROWS).unwrap_or(usize::MAX);
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let shown: Vec<Row> = rows.into_iter().skip(skipped).take(PAGE_ROWS as usize).collect();
    let pager = (!shown.is_empty() || number > 1).then(|| {
        Pager::new(language, &asked, number, PAGE_ROWS, shown.len(), Rows::Exactly(total))
    });
    let title = t("nav.liaison");
    let shell = match &who {
        Ok(who) => house.shell(who, "liaison", title).await?,
        Err(_) => Shell::of(&house, &visitor, "liaison", title),
    };
    let all = || std::iter::once((String::new(), t("page.all").to_owned()));
    let sides = ["government", "procuratorate", "court"].into_iter().filter_map(|id| {
        let side = store::unit::side_read(id)?;
        Some((id.to_owned(), language.of(&side_words(side)).to_owned()))
    });
    let lines =
        LINES.iter().map(|(id, _, _)| ((*id).to_owned(), language.of(&line_words(id)).to_owned()));
    Ok(Page(LiaisonPage {
        t,
        shell: shell.crumb_here(title).wide(),
        text: asked.get("q").to_owned(),
        division: asked.get("division").to_owned(),
        sides: Choice::all(all().chain(sides), asked.get("side")),
        lines: Choice::all(all().chain(lines), asked.get("line")),
        only_missing: asked.has("missing"),
        total: language.with("liaison.total", "n", total),
        rows: shown,
        pager,
        export: format!("/liaisons/export{}", asked.without(&["page"]).query()),
    }))
}

/// The county or city one works in.
fn own_division(house: &House, who: &SignedIn) -> Option<String> {
    let directory = house.directory();
    let unit = directory.get(who.unit)?;
    let division = divisions().get(&unit.division_code)?;
    Some(division.name.clone())
}

async fn rows(house: &House, query: &Fields, language: Language) -> Result<Vec<Row>, WebError> {
    let directory = house.directory();
    let liaisons = house.people.liaison_list_all().await?;
    let text = query.get("q").to_lowercase();
    let side = store::unit::side_read(query.get("side"));
    let line = query.get("line");
    let within = query.given("division").and_then(|text| divisions().find(text));
    let table = divisions();
    let fits = |unit: &Unit, person: Option<&Person>| {
        unit.active
            && side.is_none_or(|side| unit.side == side)
            && (line.is_empty() || unit.line == line)
            && within.is_none_or(|area| {
                unit.division_code == area.code || table.is_within(&unit.division_code, &area.code)
            })
            && (!query.has("missing") || person.is_none())
            && (text.is_empty()
                || unit.name.to_lowercase().contains(&text)
                || unit.short_name.to_lowercase().contains(&text)
                || person.is_some_and(|one| one.display_name.to_lowercase().contains(&text)))
    };
    let mut units: Vec<&Unit> =
        directory.all().filter(|unit| fits(unit, liaisons.get(&unit.id))).collect();
    units.sort_by(|a, b| {
        (&a.division_code, a.side, &a.code).cmp(&(&b.division_code, b.side, &b.code))
    });
    Ok(units
        .into_iter()
        .map(|unit| {
            let person = liaisons.get(&unit.id);
            let division = table.get(&unit.division_code);
            Row {
                href: format!("/units/{}", unit.id),
                unit: unit.name.clone(),
                side: language.of(&side_words(unit.side)).to_owned(),
                division: division.map(|division| division.name.clone()).unwrap_or_default(),
                liaison: person.map(|one| one.display_name.clone()).unwrap_or_default(),
                title: person.map(|one| one.title.clone()).unwrap_or_default(),
                phone: person
                    .map(|one| one.phone.clone())
                    .filter(|phone| !phone.is_empty())
                    .unwrap_or_else(|| unit.phone.clone()),
            }
        })
        .collect())
}

/// `GET /liaisons/export`.
async fn export(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, WebError> {
    let ask = Ask::Liaisons { query: query.query() };
    answer(&house, &account, &visitor, ask, list_address("/liaisons", &query)).await
}

/// `POST` to the same: begun in the background.
async fn start(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, WebError> {
    begin(&house, &account, &visitor, Ask::Liaisons { query: query.query() }).await
}

/// Rows poured at once.
const GROUP_ROWS: usize = 500;

fn read(query: &str) -> Fields {
    Fields::read(query.trim_start_matches('?').as_bytes())
}

/// What narrows the book, in words.
pub(crate) fn filters(query: &str, language: Language) -> Vec<String> {
    let query = read(query);
    let mut filters = Vec::new();
    filters.extend(query.given("q").map(str::to_owned));
    filters.extend(query.given("division").map(str::to_owned));
    let side = store::unit::side_read(query.get("side"));
    filters.extend(side.map(|side| language.of(&side_words(side)).to_owned()));
    filters.extend(query.given("line").map(|line| language.of(&line_words(line)).to_owned()));
    if query.has("missing") {
        filters.push(language.say("liaison.none").to_owned());
    }
    filters
}

/// The headings of the file.
pub(crate) fn columns(language: Language) -> Vec<String> {
    let t = language.t();
    let heads = [
        t("liaison.unit"),
        t("liaison.side"),
        t("unit.division"),
        t("unit.liaison"),
        t("account.job"),
        t("account.phone"),
    ];
    heads.map(str::to_owned).to_vec()
}

/// How many rows there are.
pub(crate) async fn length(house: &House, query: &str) -> Result<Length, WebError> {
    let rows = rows(house, &read(query), Language::Zh).await?;
    Ok(Length::Exactly(u64::try_from(rows.len()).unwrap_or(u64::MAX)))
}

/// The rows of the file.
pub(crate) async fn pour(
    house: &House,
    query: &str,
    language: Language,
    pour: &Pour,
) -> Result<(), WebError> {
    let rows = rows(house, &read(query), language).await?;
    let cells: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| vec![row.unit, row.side, row.division, row.liaison, row.title, row.phone])
        .collect();
    for group in cells.chunks(GROUP_ROWS) {
        pour.rows(group.to_vec()).await?;
    }
    Ok(())
}
