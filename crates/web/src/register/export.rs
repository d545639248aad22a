//! A list as an Excel file: what is seen, with the same filters and columns.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use procedure::Procedure;
use store::Scope;
use store::job::Right;
use store::matter::{PAGE_ROWS_MAX, Page, Sort, Total};

use super::{Asked, Place, column, counterpart, nav_key};
use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};
use crate::job::ask::{Ask, Length};
use crate::job::export::{answer, begin, list_address};
use crate::job::sheet::Pour;
use crate::message::Language;
use crate::parts::line::Reader;
use crate::session::SignedIn;

/// `GET /register/export`, `GET /library/export` and `GET /{mechanism}/export`.
pub(super) async fn export(
    State(house): State<House>,
    who: SignedIn,
    uri: Uri,
    Query(query): Query,
) -> Result<Response, WebError> {
    let (ask, page) = asked(&house, &uri, &query)?;
    answer(&house, &who.account, &who.visitor, ask, list_address(&page, &query)).await
}

/// `POST` to the same: begun in the background, however long it is.
pub(super) async fn start(
    State(house): State<House>,
    who: SignedIn,
    uri: Uri,
    Query(query): Query,
) -> Result<Response, WebError> {
    let (ask, _) = asked(&house, &uri, &query)?;
    begin(&house, &who.account, &who.visitor, ask).await
}

/// What is asked for, and the address of the list.
fn asked(house: &House, uri: &Uri, query: &Fields) -> Result<(Ask, String), WebError> {
    let rules = house.store.rules();
    let place = Place::of(uri, query, &rules)?;
    place.procedure.ok_or(WebError::NotFound)?;
    let ask = Ask::Matters { place: place.id.to_owned(), query: query.query() };
    Ok((ask, format!("/{}", place.id)))
}

/// Looks at a list as its address names it.
fn look<V>(
    house: &House,
    place: &str,
    query: &str,
    see: impl FnOnce(&Place<'_>, &Procedure, &Fields) -> V,
) -> Result<V, WebError> {
    let rules = house.store.rules();
    let uri: Uri = format!("/{place}").parse().map_err(WebError::internal)?;
    let query = Fields::read(query.trim_start_matches('?').as_bytes());
    let place = Place::of(&uri, &query, &rules)?;
    let procedure = place.procedure.ok_or(WebError::NotFound)?;
    Ok(see(&place, procedure, &query))
}

/// What the list is called: that of the place and, where it holds several, of the procedure.
pub(crate) fn title(house: &House, place: &str, query: &str, language: Language) -> String {
    let said = look(house, place, query, |place, procedure, _| {
        let list = language.t()(nav_key(place.id));
        if place.procedures.len() > 1 {
            format!("{list}-{}", language.of(&procedure.name))
        } else {
            list.to_owned()
        }
    });
    // A procedure may have gone since it was asked for.
    said.unwrap_or_else(|_| language.t()(nav_key(place)).to_owned())
}

/// What narrows the list, in words.
pub(crate) fn filters(house: &House, place: &str, query: &str, language: Language) -> Vec<String> {
    let said = look(house, place, query, |_, procedure, query| {
        let reader = Reader::new(house, language);
        let asked = Asked::read(house, query, procedure);
        let chosen = asked.chosen(house, query, procedure, &reader);
        chosen.into_iter().map(|(words, _)| words).collect()
    });
    said.unwrap_or_default()
}

/// The headings.
pub(crate) fn columns(house: &House, place: &str, query: &str, language: Language) -> Vec<String> {
    let t = language.t();
    let chosen = look(house, place, query, |_, procedure, query| column::chosen(query, procedure));
    let chosen = chosen.unwrap_or_default();
    let title = std::iter::once(t("column.title").to_owned());
    title.chain(chosen.iter().map(|column| t(column.key()).to_owned())).collect()
}

fn scope(house: &House, right: &Right) -> Result<Scope, WebError> {
    let actor = right.actor.as_ref().ok_or_else(|| WebError::forbidden("error.no-unit"))?;
    Scope::of(actor, &house.directory()).ok_or_else(|| WebError::forbidden("error.no-unit"))
}

/// How many rows there are.
pub(crate) async fn length(
    house: &House,
    right: &Right,
    place: &str,
    query: &str,
) -> Result<Length, WebError> {
    let scope = scope(house, right)?;
    let filter = look(house, place, query, |_, procedure, query| {
        Asked::read(house, query, procedure).filter
    })?;
    let page = Page { number: 1, rows: 1 };
    let listing = house.store.matter_list(&scope, &filter, Sort::Newest, page).await?;
    Ok(match listing.total {
        Total::Exactly(rows) => Length::Exactly(rows),
        Total::MoreThan(rows) => Length::MoreThan(rows),
    })
}

/// The rows, in the order of opening.
pub(crate) async fn pour(
    house: &House,
    right: &Right,
    place: &str,
    query: &str,
    language: Language,
    pour: &Pour,
) -> Result<(), WebError> {
    let scope = scope(house, right)?;
    let (filter, columns) = look(house, place, query, |_, procedure, query| {
        (Asked::read(house, query, procedure).filter, column::chosen(query, procedure))
    })?;
    let reader = Reader::new(house, language);
    let mut after = None;
    loop {
        let rows =
            house.store.matter_export(&scope, &filter, after.as_ref(), PAGE_ROWS_MAX).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id.clone());
        let lines = counterpart::lines(house, &scope, &reader, rows).await?;
        let cells = lines.into_iter().map(|line| {
            let mut cells = vec![line.title.clone()];
            cells.extend(columns.iter().map(|column| column.text(&line)));
            cells
        });
        pour.rows(cells.collect()).await?;
    }
}
