//! What is out of the ordinary about a day, for the hint beside a date while it is chosen.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use jiff::civil::Date;

use crate::House;
use crate::error::WebError;
use crate::session::{Account, Visitor};

/// `GET /rules/days/{day}`: `{"words":"2026-10-01为节假日（国庆节）"}`; no words for a day worked as usual.
pub(super) async fn day(
    State(house): State<House>,
    _: Account,
    visitor: Visitor,
    Path(day): Path<String>,
) -> Result<Response, WebError> {
    let day: Date = day.parse().map_err(|_| WebError::NotFound)?;
    let words = house.store.rules().calendar().day_words(day);
    let words = words.map(|words| visitor.language.of(&words).to_owned()).unwrap_or_default();
    let body = serde_json::json!({ "words": words }).to_string();
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
