//! The record of both sides, for programs: receipts for whoever sees the matter; what a witness needs
//! for anybody, because it says nothing about any matter.

use ::ledger::SignedCheckpoint;
use ::ledger::checkpoint::CHECKPOINT_BYTES_MAX;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use procedure::MatterId;
use store::access::AccessKind;

use super::caller::Caller;
use crate::House;
use crate::error::{WebError, nothing_to_show};
use crate::fields::{Query, read_body};
use crate::message::words;

fn text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// `GET /matters/{matter}/receipts/{event}`: byte for byte as it was signed for.
pub(super) async fn receipt(
    State(house): State<House>,
    caller: Caller,
    Path((matter, event)): Path<(String, String)>,
) -> Result<Response, WebError> {
    house.keys()?;
    let matter: MatterId = matter.parse().map_err(|_| WebError::NotFound)?;
    let event: u32 = event.parse().map_err(|_| WebError::NotFound)?;
    let receipt = house.receipt(&caller.scope, &matter, event).await?;
    let sight =
        house.store.matter_fetch(&caller.scope, &matter).await?.ok_or(WebError::NotFound)?;
    let names = receipt.openings.keys().filter_map(|name| name.as_str().split_once('/'));
    let read: Vec<&str> =
        names.map(|(_, id)| id).filter(|id| sight.seen.sensitive.contains(*id)).collect();
    house.store.note_access(&caller.scope, &matter, AccessKind::Receipt, &read).await?;
    Ok(json(receipt.to_text().map_err(WebError::internal)?))
}

/// `GET /ledger/keys`.
pub(super) async fn keys(State(house): State<House>) -> Result<Response, WebError> {
    Ok(text(house.keys()?.to_string()))
}

/// `GET /ledger/checkpoint`.
pub(super) async fn checkpoint(State(house): State<House>) -> Result<Response, WebError> {
    house.keys()?;
    let newest = house.store.checkpoint_newest().await?.ok_or(WebError::NotFound)?;
    Ok(text(newest.to_string()))
}

/// `GET /ledger/shown`.
pub(super) async fn shown(
    State(house): State<House>,
    Query(query): Query,
) -> Result<Response, WebError> {
    house.keys()?;
    let size = query.parsed::<u64>("size").unwrap_or(0);
    let shown = house.store.shown(size).await?.ok_or(WebError::NotFound)?;
    Ok(json(shown.to_text().map_err(WebError::internal)?))
}

/// `POST /ledger/cosignatures`. Whose signature it is says the signature itself.
pub(super) async fn cosign(
    State(house): State<House>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, WebError> {
    let keys = house.keys()?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/plain")) {
        return Err(WebError::Media(words("api.media-text")));
    }
    let body = read_body(body, CHECKPOINT_BYTES_MAX).await?;
    let signed = SignedCheckpoint::parse(&body).map_err(|_| WebError::bad("api.no-checkpoint"))?;
    // A witness that says again what it has said is told the same as before.
    let known = keys.judge(&signed).is_ok_and(|standing| !standing.witnesses.is_empty());
    if house.store.cosigned(&keys, &signed).await? || known {
        return Ok(nothing_to_show());
    }
    Err(WebError::bad("api.no-checkpoint"))
}
