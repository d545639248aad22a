//! What is new (新动态): the matters one can see, those that changed last first.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use jiff::Timestamp;
use store::matter::{Filter, Page as Rows, Sort};

use crate::House;
use crate::error::WebError;
use crate::filters;
use crate::matter::look::Look;
use crate::matter::seal::{person, standing};
use crate::message::T;
use crate::parts::line::{Line, Reader};
use crate::parts::mark::minute;
use crate::session::{SeenUntil, SignedIn, with_seen};
use crate::shell::{Page, Shell};

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/news", get(show))
}

/// Most matters shown.
const ROWS_MAX: usize = 40;

/// What is new.
#[derive(Debug, Template)]
#[template(path = "news/page.html")]
struct NewsPage {
    t: T,
    shell: Shell,
    rows: Vec<(Line, bool)>,
    fresh: usize,
    /// What happened to what one's unit sealed, and to one's own applications.
    seals: Vec<Told>,
}

/// An application to read what is sealed.
#[derive(Debug)]
struct Told {
    href: String,
    who: String,
    at: String,
    standing: String,
}

/// Most applications shown.
const SEALS_MAX: usize = 10;

async fn seals(house: &House, who: &SignedIn) -> Result<Vec<Told>, WebError> {
    let (rules, directory) = (house.store.rules(), house.store.directory());
    let look = Look {
        rules: &rules,
        directory: &directory,
        scope: &who.scope,
        now: house.now(),
        language: who.language,
    };
    let told = house.store.seal_news(&who.scope).await?;
    let told = told.iter().take(SEALS_MAX).map(|one| Told {
        href: format!("/matters/{}#seals", one.matter),
        who: person(&look, one.unit, &one.user_name),
        at: minute(one.asked_at),
        standing: standing(&look, one),
    });
    Ok(told.collect())
}

/// `GET /news`: since the last look, what changed is marked.
async fn show(
    State(house): State<House>,
    who: SignedIn,
    SeenUntil(seen): SeenUntil,
) -> Result<Response, WebError> {
    let language = who.language;
    let reader = Reader::new(&house, language);
    let rules = house.store.rules();
    let mut matters = Vec::new();
    // A list of one procedure is read from its own index, however many matters there are.
    for procedure in rules.procedures() {
        let filter = Filter { procedure: procedure.id.clone(), ..Filter::default() };
        let page = Rows::first(u32::try_from(ROWS_MAX).unwrap_or(u32::MAX));
        let listing = house.store.matter_list(&who.scope, &filter, Sort::Changed, page).await?;
        matters.extend(listing.rows);
    }
    matters.sort_by_key(|row| std::cmp::Reverse(row.changed_at));
    matters.truncate(ROWS_MAX);
    let is_fresh = |at: Timestamp| seen.is_some_and(|seen| at > seen);
    let fresh = matters.iter().filter(|row| is_fresh(row.changed_at)).count();
    let title = language.t()("shell.news");
    let shell = house.shell(&who, "", title).await?.crumb_here(title);
    let page = NewsPage {
        seals: seals(&house, &who).await?,
        t: language.t(),
        shell,
        rows: matters
            .into_iter()
            .map(|row| {
                let fresh = is_fresh(row.changed_at);
                (reader.line(row), fresh)
            })
            .collect(),
        fresh,
    };
    Ok(with_seen(&house, Page(page).into_response()))
}
