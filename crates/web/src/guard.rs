//! What stands before every handler: who asks, whether a form is ours, how long it may take, and the
//! headers every answer carries.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use crate::House;
use crate::error::WebError;
use crate::fields::{FORM_BYTES_MAX, Fields, read_body};
use crate::pace::Asker;
use crate::session::{Seat, Visitor, recognise, settle};

/// Longest a page may take.
const PAGE_TIME_MAX: Duration = Duration::from_secs(30);
/// Longest an upload or an import may take.
const UPLOAD_TIME_MAX: Duration = Duration::from_secs(30 * 60);
/// Most bytes in which the token of a form with files must have come; it is its first field.
const TOKEN_WITHIN_BYTES: usize = 8 * 1024;
/// The header that carries the token when no form does.
const CSRF_HEADER: &str = "x-csrf-token";

/// No script or style but our own files, no frames, no foreign address.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; \
    form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
];

/// Puts the headers on that every answer carries.
pub(crate) async fn headers(State(house): State<House>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert_with(|| HeaderValue::from_static(value));
    }
    // What is shown to one person is kept by nobody, also not by a shared office browser's cache.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if house.settings.https {
        headers
            .entry(header::STRICT_TRANSPORT_SECURITY)
            .or_insert(HeaderValue::from_static("max-age=31536000; includeSubDomains"));
    }
    response
}

/// Recognises the asker, checks the token of what changes something, and sets a time.
pub(crate) async fn enter(State(house): State<House>, request: Request, next: Next) -> Response {
    match entered(&house, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn entered(house: &House, mut request: Request, next: Next) -> Result<Response, WebError> {
    let path = request.uri().path().to_owned();
    // Nothing has such a name, and not every database can be asked for it.
    if path.contains("%00") {
        return Err(WebError::NotFound);
    }
    // Programs bring a token of their own and no cookies; files and health need nobody.
    let program = path.starts_with("/api/");
    if program || path.starts_with("/static/") || path == "/healthz" {
        // Whose token it is, `Caller` finds out, and counts.
        if program && !request.headers().contains_key(header::AUTHORIZATION) {
            let asker = Asker::of_address(house, request.headers(), request.extensions());
            house.count_request(&asker)?;
        }
        return within(time_for(&path), next.run(request)).await;
    }
    let seat = request.extensions().get::<Seat>().cloned().unwrap_or_default();
    let visitor = match recognise(house, &mut request).await {
        Ok(visitor) => visitor,
        Err(error) => {
            // Whose it is cannot be told, but what was filled in is theirs and is given back.
            if changes(request.method()) && is_form(request.headers()) {
                seat.keep(Fields::read(&read_in_time(request.into_body()).await?));
            }
            return Err(error);
        }
    };
    house.count_request(&match &visitor.account {
        Some(account) => Asker::Account(account.session.person.id),
        None => Asker::of_address(house, request.headers(), request.extensions()),
    })?;
    if changes(request.method()) {
        if visitor.has_expired && crate::lapsed::is_kept(&path) {
            crate::lapsed::keep(house, &visitor, request).await?;
            return Err(WebError::SignedOut);
        }
        let is_behind_proxy = house.settings.trusts_proxy || house.settings.https;
        request = check_token(&visitor, &seat, is_behind_proxy, request).await?;
    }
    let shown = request.method() == Method::GET;
    request.extensions_mut().insert(visitor.clone());
    let response = within(time_for(&path), next.run(request)).await?;
    Ok(settle(house, &visitor, shown, response))
}

fn time_for(path: &str) -> Duration {
    let long =
        path.starts_with("/attachments") || path.contains("/import") || path.contains("/export");
    let program = path.starts_with("/api/") && path.contains("/attachments");
    // Without a script files come with the form itself.
    let form = path.starts_with("/open/") || path.contains("/actions/");
    if long || program || form { UPLOAD_TIME_MAX } else { PAGE_TIME_MAX }
}

async fn within(
    most: Duration,
    answer: impl Future<Output = Response>,
) -> Result<Response, WebError> {
    tokio::time::timeout(most, answer).await.map_err(|_| WebError::Slow)
}

fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A form from elsewhere has no token of ours.
async fn check_token(
    visitor: &Visitor,
    seat: &Seat,
    is_behind_proxy: bool,
    request: Request,
) -> Result<Request, WebError> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let is_ours = match header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        // An old browser. What the host is called behind a proxy, only the proxy knows.
        None => {
            is_behind_proxy
                || header("origin").is_none_or(|origin| {
                    let host = origin.split_once("://").map(|(_, host)| host);
                    host.is_some() && host == header(header::HOST.as_str())
                })
        }
    };
    if !is_ours {
        return Err(WebError::Forged);
    }
    if let Some(token) = header(CSRF_HEADER) {
        let is_ours = visitor.is_token(token);
        return if is_ours { Ok(Request::from_parts(parts, body)) } else { Err(WebError::Forged) };
    }
    let kind = header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    let has_files = kind.starts_with("multipart/form-data");
    if is_form(&parts.headers) {
        let body = read_in_time(body).await?;
        let form = Fields::read(&body);
        if !visitor.is_token(form.get("csrf")) {
            return Err(WebError::Forged);
        }
        seat.keep(form);
        return Ok(Request::from_parts(parts, Body::from(body)));
    }
    if !has_files {
        return Err(WebError::Forged);
    }
    let mut stream = body.into_data_stream();
    let mut begun = BytesMut::new();
    let until = Instant::now() + PAGE_TIME_MAX;
    while begun.len() < TOKEN_WITHIN_BYTES {
        match timeout_at(until, stream.next()).await.map_err(|_| WebError::Slow)? {
            Some(Ok(more)) => begun.extend_from_slice(&more),
            Some(Err(_)) => return Err(WebError::bad("error.bad-detail")),
            None => break,
        }
        if first_token(&begun).is_some() {
            break;
        }
    }
    if !first_token(&begun).is_some_and(|token| visitor.is_token(&token)) {
        return Err(WebError::Forged);
    }
    let begun = futures_util::stream::once(std::future::ready(Ok(begun.freeze())));
    Ok(Request::from_parts(parts, Body::from_stream(begun.chain(stream))))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// A form without files, which whoever sends it byte by byte does not keep open for ever.
async fn read_in_time(body: Body) -> Result<Bytes, WebError> {
    let read = read_body(body, FORM_BYTES_MAX);
    tokio::time::timeout(PAGE_TIME_MAX, read).await.map_err(|_| WebError::Slow)?
}

/// The token when it is the first field of a form with files and has come whole.
fn first_token(begun: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(begun);
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let (value, _) = rest.split_once("\r\n--")?;
    head.contains("name=\"csrf\"").then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_the_first_field_of_a_form_with_files() {
        let head = "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n";
        assert_eq!(first_token(format!("{head}abc\r\n--b\r\n").as_bytes()).as_deref(), Some("abc"));
        assert_eq!(first_token(format!("{head}ab").as_bytes()), None, "not yet whole");
        let other = head.replace("csrf", "file");
        assert_eq!(first_token(format!("{other}abc\r\n--b\r\n").as_bytes()), None);
    }
}
