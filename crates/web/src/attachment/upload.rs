//! Files in several pieces (断点续传): the core of tus 1.0 with its extensions *creation*, *expiration* and
//! *termination*, for our pages and for programs alike.
//!
//! `POST` begins a file (`Upload-Length`, and `filename` and perhaps `sha256` in `Upload-Metadata`) and
//! says its address; `HEAD` says how much has come; `PATCH` brings the next piece from there on. With the
//! last byte the file is an attachment: `Attachment-Sha256` says its hash, also to every later `HEAD`.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use calendar::Words;
use futures_util::StreamExt as _;
use store::Scope;
use store::attachment::{Partial, UploadError};

use super::filled;
use crate::House;
use crate::error::{WebError, nothing_to_show};
use crate::matter::value::size_words;
use crate::message::words;
use crate::session::escaped;

/// The version of the protocol that is spoken.
const VERSION: &str = "1.0.0";
/// What the bytes of a piece are called.
const PIECE: &str = "application/offset+octet-stream";
/// A connection that brings nothing for so long is given up; what it brought is kept.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Longest metadata taken, in bytes.
const METADATA_BYTES_MAX: usize = 4 * 1024;

const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const ATTACHMENT: HeaderName = HeaderName::from_static("attachment-id");
const SHA256: HeaderName = HeaderName::from_static("attachment-sha256");

/// Begins a file.
pub(crate) async fn begin(
    house: &House,
    scope: &Scope,
    headers: &HeaderMap,
) -> Result<Partial, WebError> {
    check_version(headers)?;
    let size = number(headers, &LENGTH).ok_or_else(|| WebError::bad("upload.length-missing"))?;
    let metadata = metadata(headers)?;
    let of = |wanted: &str| metadata.iter().find(|(name, _)| name == wanted).map(|(_, text)| text);
    let name = of("filename").map(String::as_str).unwrap_or_default();
    let sha256 = of("sha256").map(String::as_str);
    house.store.partial_begin(scope, name, size, sha256).await.map_err(refused)
}

/// A file on its way, or just arrived.
pub(crate) async fn look(
    house: &House,
    scope: &Scope,
    headers: &HeaderMap,
    id: &str,
) -> Result<Partial, WebError> {
    check_version(headers)?;
    house.store.partial_fetch(scope, id).await?.ok_or(WebError::NotFound)
}

/// Brings the next piece.
pub(crate) async fn append(
    house: &House,
    scope: &Scope,
    headers: &HeaderMap,
    id: &str,
    body: Body,
) -> Result<Partial, WebError> {
    check_version(headers)?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind != Some(PIECE) {
        return Err(WebError::Media(words("upload.media")));
    }
    let offset = number(headers, &OFFSET).ok_or_else(|| WebError::bad("upload.offset-missing"))?;
    let mut piece = house.store.partial_resume(scope, id, offset).await.map_err(refused)?;
    let mut pieces = body.into_data_stream();
    loop {
        match tokio::time::timeout(SILENCE_MAX, pieces.next()).await {
            Ok(Some(Ok(bytes))) => piece.write(&bytes).await.map_err(refused)?,
            Ok(None) => return piece.finish().await.map_err(refused),
            // What has come is put down when the piece is dropped.
            Ok(Some(Err(_))) => return Err(WebError::bad("error.bad-detail")),
            Err(_) => return Err(WebError::Slow),
        }
    }
}

/// Takes a file back.
pub(crate) async fn remove(
    house: &House,
    scope: &Scope,
    headers: &HeaderMap,
    id: &str,
) -> Result<Response, WebError> {
    check_version(headers)?;
    if house.store.partial_drop(scope, id).await? {
        let mut response = nothing_to_show();
        response.headers_mut().insert(RESUMABLE, HeaderValue::from_static(VERSION));
        Ok(response)
    } else {
        Err(WebError::NotFound)
    }
}

/// An answer that says in its headers how far a file has come, and what has become of it.
pub(crate) fn told(partial: &Partial, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers.insert(OFFSET, partial.offset_bytes.into());
    headers.insert(LENGTH, partial.size_bytes.into());
    let expires = partial.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let attachment = partial.attachment.as_ref();
    let facts = [
        (EXPIRES, Some(expires)),
        (ATTACHMENT, attachment.map(|file| escaped(&file.raw()))),
        (SHA256, attachment.map(|file| file.sha256.clone())),
    ];
    for (name, fact) in facts {
        if let Some(value) = fact.and_then(|fact| HeaderValue::from_str(&fact).ok()) {
            headers.insert(name, value);
        }
    }
    response
}

/// The answer to a piece.
pub(crate) fn taken(partial: &Partial) -> Response {
    told(partial, nothing_to_show())
}

/// The answer with the address of a file that was begun.
pub(crate) fn located(address: &str, response: Response) -> Response {
    let mut response = response.into_response();
    if let Ok(address) = HeaderValue::from_str(address) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    response
}

/// Whoever names no version is taken to speak ours.
fn check_version(headers: &HeaderMap) -> Result<(), WebError> {
    match headers.get(RESUMABLE) {
        Some(version) if version != VERSION => Err(WebError::bad("upload.version")),
        _ => Ok(()),
    }
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// `name base64,name base64`: what is said of a file.
fn metadata(headers: &HeaderMap) -> Result<Vec<(String, String)>, WebError> {
    let wrong = || WebError::bad("upload.metadata");
    let Some(given) = headers.get(METADATA) else { return Ok(Vec::new()) };
    let given = given.to_str().map_err(|_| wrong())?;
    if given.len() > METADATA_BYTES_MAX {
        return Err(wrong());
    }
    let pair = |one: &str| {
        let (name, value) = one.trim().split_once(' ').unwrap_or((one.trim(), ""));
        let value = STANDARD.decode(value.trim()).ok()?;
        Some((name.to_owned(), String::from_utf8(value).ok()?))
    };
    given
        .split(',')
        .filter(|one| !one.trim().is_empty())
        .map(|one| pair(one).ok_or_else(wrong))
        .collect()
}

/// Why a file in pieces does not go on, as it is answered.
fn refused(error: UploadError) -> WebError {
    match error {
        UploadError::Gone => WebError::NotFound,
        UploadError::Offset { stands_at } => {
            WebError::Conflict(filled("upload.offset", "at", &stands_at.to_string()))
        }
        UploadError::TooLarge { .. } | UploadError::Overrun { .. } => WebError::TooLarge,
        UploadError::Kind { media_type } => {
            WebError::Media(filled("attachment.kind", "found", &media_type))
        }
        UploadError::Empty => WebError::bad("attachment.empty"),
        UploadError::Name => WebError::bad("attachment.name"),
        UploadError::Digest => WebError::bad("upload.digest"),
        UploadError::Infected => WebError::bad("attachment.infected"),
        UploadError::NotScanned => WebError::bad("attachment.not-scanned"),
        UploadError::TooMany => WebError::TooMany(words("upload.too-many")),
        UploadError::Store(error) => error.into(),
    }
}

/// The words of a fault that only a file in pieces can have; none for the others.
pub(super) fn own_words(error: &UploadError) -> Option<Words> {
    match error {
        UploadError::Gone => Some(words("error.not-found-detail")),
        UploadError::Offset { stands_at } => {
            Some(filled("upload.offset", "at", &stands_at.to_string()))
        }
        UploadError::Overrun { size_bytes } => {
            Some(filled("attachment.too-big", "max", &size_words(*size_bytes)))
        }
        UploadError::Digest => Some(words("upload.digest")),
        UploadError::TooMany => Some(words("upload.too-many")),
        UploadError::TooLarge { .. }
        | UploadError::Kind { .. }
        | UploadError::Empty
        | UploadError::Name
        | UploadError::Infected
        | UploadError::NotScanned
        | UploadError::Store(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Option<Vec<(String, String)>> {
        let mut headers = HeaderMap::new();
        headers.insert(METADATA, HeaderValue::from_str(text).unwrap());
        metadata(&headers).ok()
    }

    #[test]
    fn metadata_is_names_with_base64() {
        let pairs = said("filename 5oql5ZGKLnBkZg==, sha256 YWJj,is_confidential").unwrap();
        assert_eq!(pairs[0], ("filename".to_owned(), "报告.pdf".to_owned()));
        assert_eq!(pairs[1], ("sha256".to_owned(), "abc".to_owned()));
        assert_eq!(pairs[2], ("is_confidential".to_owned(), String::new()));
        assert_eq!(said(""), Some(Vec::new()));
        for wrong in ["filename !!", "filename /w==", &"a,".repeat(3_000)] {
            assert!(said(wrong).is_none(), "{wrong}");
        }
    }
}
