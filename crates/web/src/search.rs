//! The one search box: numbers, titles, enterprises, Chinese words; units beside.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use store::matter::Page as Rows;

use crate::House;
use crate::error::WebError;
use crate::fields::Query;
use crate::filters;
use crate::message::T;
use crate::parts::line::{Line, Reader};
use crate::parts::pager::{PAGE_ROWS, Pager, page_number};
use crate::register::counted;
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/search", get(show))
}

/// What was found.
#[derive(Debug, Template)]
#[template(path = "search/page.html")]
struct SearchPage {
    t: T,
    shell: Shell,
    asked: String,
    exact: Option<String>,
    total: String,
    lines: Vec<Line>,
    units: Vec<(String, String)>,
    pager: Option<Pager>,
}

/// Units named beside the matters.
const UNITS: usize = 8;
/// Longest text searched for, in characters.
const TEXT_CHARS_MAX: usize = 100;

/// `GET /search?q=`.
async fn show(
    State(house): State<House>,
    who: SignedIn,
    Query(query): Query,
) -> Result<Page<SearchPage>, WebError> {
    let language = who.language;
    let text: String = query.get("q").chars().take(TEXT_CHARS_MAX).collect();
    let number = page_number(&query);
    let page = Rows { number, rows: PAGE_ROWS };
    let reader = Reader::new(&house, language);
    let listing = house.store.matter_search(&who.scope, &text, page).await?;
    let exact = house.store.matter_find(&who.scope, &text).await?;
    let directory = house.directory();
    let units = directory.suggest(&text, None, UNITS);
    let (words, total) = counted(language, listing.total);
    let shown = listing.rows.len();
    let pager = (shown > 0 || number > 1)
        .then(|| Pager::new(language, &query, number, PAGE_ROWS, shown, total));
    let title = language.say("search.title");
    let mut shell = house.shell(&who, "", title).await?.crumb_here(title);
    shell.searched.clone_from(&text);
    Ok(Page(SearchPage {
        t: language.t(),
        shell,
        exact: exact.map(|id| format!("/matters/{id}")),
        total: words,
        lines: listing.rows.into_iter().map(|row| reader.line(row)).collect(),
        units: units
            .into_iter()
            .map(|unit| (format!("/units/{}", unit.id), unit.name.clone()))
            .collect(),
        pager,
        asked: text,
    }))
}
