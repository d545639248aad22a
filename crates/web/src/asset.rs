//! Static files (样式、脚本、图标), embedded in the program and addressed by their content.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::error::{WebError, not_modified};

/// `GET /static/{name}`: a file for ever when its hash is asked for, else checked again each time.
pub(crate) async fn show(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let asset = find(&name).ok_or(WebError::NotFound)?;
    let etag = format!("\"{}\"", asset.hash);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let named = query.as_deref() == Some(&format!("v={}", asset.hash));
    let keep = if named { "public, max-age=31536000, immutable" } else { "no-cache" };
    let facts = [
        (header::ETAG, etag.clone()),
        (header::CACHE_CONTROL, keep.to_owned()),
        (header::CONTENT_TYPE, asset.kind.to_owned()),
    ];
    if known.is_some_and(|known| {
        known.split(',').any(|one| one.trim().trim_start_matches("W/") == etag)
    }) {
        return Ok((not_modified(), facts).into_response());
    }
    Ok((facts, Bytes::from_static(asset.bytes)).into_response())
}

/// The address of a file with its hash, so that it may be kept for ever.
#[must_use]
pub fn address(name: &str) -> String {
    match find(name) {
        Some(asset) => format!("/static/{name}?v={}", asset.hash),
        None => format!("/static/{name}"),
    }
}

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    hash: String,
}

fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Digits of the hash that go into the address.
const HASH_DIGITS: usize = 12;

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(name, kind, bytes)| {
            let digest = Sha256::digest(bytes);
            let mut hash = String::new();
            for byte in digest.iter().take(HASH_DIGITS / 2) {
                // Writing to a string cannot fail.
                let _ = write!(hash, "{byte:02x}");
            }
            Asset { name, kind, bytes, hash }
        })
        .collect()
});

const FILES: [(&str, &str, &[u8]); 6] = [
    ("app.css", "text/css; charset=utf-8", include_bytes!("../static/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_bytes!("../static/app.js")),
    ("upload.js", "text/javascript; charset=utf-8", include_bytes!("../static/upload.js")),
    ("map.js", "text/javascript; charset=utf-8", include_bytes!("../static/map.js")),
    ("htmx.min.js", "text/javascript; charset=utf-8", include_bytes!("../static/htmx.min.js")),
    ("icons.svg", "image/svg+xml; charset=utf-8", include_bytes!("../static/icons.svg")),
];
