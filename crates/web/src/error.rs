//! Every answer that is not what was asked for: the only place where status codes stand.
//!
//! A handler returns a [`WebError`]; [`dress`] turns it into a designed page, or into
//! `application/problem+json` (RFC 9457) for programs.

use std::sync::Arc;

use askama::Template as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use calendar::Words;
use procedure::{Refusal, Why};
use store::people::{PeopleError, PeopleRefusal};
use store::randomness::NoRandomness;
use store::{Outage, StoreError};

use crate::House;
use crate::message::{Language, words};
use crate::parts::blank::{Again, Blank};
use crate::session::{Address, PASSWORD_PAGE, SECOND_FACTOR_PAGE, Visitor, escaped};

/// Seconds after which a database that does not answer is asked again.
const AWAY_SECONDS: u64 = 10;
/// Seconds after which it is tried again whether there is space.
const FULL_SECONDS: u64 = 60;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// It does not exist, or the asker may not know that it does: alike.
    #[error("not found")]
    NotFound,
    /// The address exists, the method does not.
    #[error("method not allowed")]
    Method,
    /// Nobody is signed in.
    #[error("not signed in")]
    SignedOut,
    /// The password must be changed before anything else.
    #[error("the password must be changed first")]
    PasswordFirst,
    /// A second factor must be set up before anything else.
    #[error("a second factor must be set up first")]
    EnrolFirst,
    /// The token of the form is missing or not the session's.
    #[error("the form is not from this session")]
    Forged,
    /// Signed in, but this page is for others.
    #[error("forbidden: {}", .0.en)]
    Forbidden(Words),
    /// The rules say no.
    #[error("refused: {0}")]
    Refused(Box<Refusal>),
    /// The version a program named is no longer the matter's (`If-Match`).
    #[error("outdated: {0}")]
    Outdated(Box<Refusal>),
    /// A program did not say which version it has seen.
    #[error("the version seen is missing")]
    VersionNeeded,
    /// A body of a kind that is not taken.
    #[error("unsupported media type: {}", .0.en)]
    Media(Words),
    /// The request cannot be understood.
    #[error("bad request: {}", .0.en)]
    Bad(Words),
    /// More bytes than are taken.
    #[error("too large")]
    TooLarge,
    /// Something changed in between, or the same key was used for something else.
    #[error("conflict: {}", .0.en)]
    Conflict(Words),
    /// Too many attempts.
    #[error("too many requests: {}", .0.en)]
    TooMany(Words),
    /// More requests than are taken in a minute; come again after so many seconds.
    #[error("too many requests; wait {wait_seconds} s")]
    TooFast {
        /// Seconds after which one more is taken.
        wait_seconds: u64,
    },
    /// Not done in time.
    #[error("the request took too long")]
    Slow,
    /// Nothing is taken in for the moment; logged as what broke.
    #[error("unavailable: {0}")]
    Unavailable(Outage, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something broke; logged once, in `dress`, under a reference number.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl WebError {
    /// Something broke.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// This page is for others, in the words of a message key.
    #[must_use]
    pub fn forbidden(key: &str) -> Self {
        Self::Forbidden(words(key))
    }

    /// The request cannot be understood, in the words of a message key.
    #[must_use]
    pub fn bad(key: &str) -> Self {
        Self::Bad(words(key))
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forged | Self::Forbidden(_) | Self::PasswordFirst | Self::EnrolFirst => {
                StatusCode::FORBIDDEN
            }
            Self::Refused(refusal) => refusal_status(refusal.why),
            Self::Outdated(_) => StatusCode::PRECONDITION_FAILED,
            Self::VersionNeeded => StatusCode::PRECONDITION_REQUIRED,
            Self::Media(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooMany(_) | Self::TooFast { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(Outage::Full, _) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Slow | Self::Unavailable(Outage::ReadOnly | Outage::Away, _) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, in a few words.
    #[must_use]
    pub fn title(&self) -> Words {
        match self {
            Self::NotFound => words("error.not-found"),
            Self::Method => words("error.method"),
            Self::SignedOut => words("error.signed-out"),
            Self::Forged => words("error.forged"),
            Self::PasswordFirst => words("error.password-first"),
            Self::EnrolFirst => words("error.enrol-first"),
            Self::Forbidden(_) => words("error.forbidden"),
            Self::Refused(refusal) if refusal.why == Why::Stale => words("error.stale"),
            Self::Refused(_) => words("error.refused"),
            Self::Outdated(_) => words("error.stale"),
            Self::VersionNeeded => words("api.version-needed"),
            Self::Media(_) => words("api.media"),
            Self::Bad(_) => words("error.bad"),
            Self::TooLarge => words("error.too-large"),
            Self::Conflict(_) => words("error.conflict"),
            Self::TooMany(_) | Self::TooFast { .. } => words("error.too-many"),
            Self::Slow => words("error.slow"),
            Self::Unavailable(Outage::Full, _) => words("error.full"),
            Self::Unavailable(Outage::ReadOnly, _) => words("error.read-only"),
            Self::Unavailable(Outage::Away, _) => words("error.away"),
            Self::Internal(_) => words("error.internal"),
        }
    }

    /// What it means and what to do next.
    #[must_use]
    pub fn detail(&self) -> Words {
        match self {
            Self::NotFound => words("error.not-found-detail"),
            Self::Method => words("error.method-detail"),
            Self::SignedOut => words("error.signed-out-detail"),
            Self::Forged => words("error.forged-detail"),
            Self::PasswordFirst => words("error.password-first-detail"),
            Self::EnrolFirst => words("error.enrol-first-detail"),
            Self::Refused(refusal) | Self::Outdated(refusal) => refusal.words.clone(),
            Self::VersionNeeded => words("api.version-needed-detail"),
            Self::Forbidden(words)
            | Self::Bad(words)
            | Self::Media(words)
            | Self::Conflict(words)
            | Self::TooMany(words) => words.clone(),
            Self::TooFast { wait_seconds } => Words::new(
                Language::Zh.with("error.too-fast-detail", "n", *wait_seconds),
                Language::En.with("error.too-fast-detail", "n", *wait_seconds),
            ),
            Self::TooLarge => words("error.too-large-detail"),
            Self::Slow => words("error.slow-detail"),
            Self::Unavailable(Outage::Full, _) => words("error.full-detail"),
            Self::Unavailable(Outage::ReadOnly, _) => words("error.read-only-detail"),
            Self::Unavailable(Outage::Away, _) => words("error.away-detail"),
            Self::Internal(_) => words("error.internal-detail"),
        }
    }

    /// Whether somebody tried what they may not, which those who watch over the program should see.
    /// What does not exist, or is none of the asker's, is not told apart and is too common.
    fn is_turned_away(&self) -> bool {
        match self {
            Self::Forged | Self::Forbidden(_) | Self::TooMany(_) | Self::TooFast { .. } => true,
            Self::NotFound
            | Self::Method
            | Self::SignedOut
            | Self::PasswordFirst
            | Self::EnrolFirst
            | Self::Refused(_)
            | Self::Outdated(_)
            | Self::VersionNeeded
            | Self::Media(_)
            | Self::Bad(_)
            | Self::TooLarge
            | Self::Conflict(_)
            | Self::Slow
            | Self::Unavailable(..)
            | Self::Internal(_) => false,
        }
    }

    /// Seconds after which the same may be asked again; none when waiting does not help.
    fn wait_seconds(&self) -> Option<u64> {
        match self {
            Self::TooFast { wait_seconds } => Some(*wait_seconds),
            Self::Slow | Self::Unavailable(Outage::Away, _) => Some(AWAY_SECONDS),
            Self::Unavailable(Outage::Full | Outage::ReadOnly, _) => Some(FULL_SECONDS),
            _ => None,
        }
    }

    /// Whether the very same form may be sent once more: it acts once under its key.
    fn may_be_sent_again(&self) -> bool {
        matches!(self, Self::Slow | Self::Unavailable(..))
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::NotFound | Self::Method => "missing",
            Self::SignedOut => "expired",
            Self::Forged | Self::Forbidden(_) | Self::PasswordFirst | Self::EnrolFirst => {
                "forbidden"
            }
            Self::Refused(_)
            | Self::Outdated(_)
            | Self::VersionNeeded
            | Self::Media(_)
            | Self::Bad(_)
            | Self::TooLarge
            | Self::Conflict(_)
            | Self::TooMany(_)
            | Self::TooFast { .. } => "warning",
            Self::Slow | Self::Unavailable(..) | Self::Internal(_) => "error",
        }
    }

    /// The error an answer without words stands for.
    fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::Method,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::Media(words("error.bad-detail")),
            _ if status.is_client_error() => Self::bad("error.bad-detail"),
            _ => Self::internal(format!("an answer without words: {status}")),
        }
    }
}

fn refusal_status(why: Why) -> StatusCode {
    match why {
        Why::Unknown => StatusCode::NOT_FOUND,
        Why::Party | Why::Role | Why::FourEyes => StatusCode::FORBIDDEN,
        Why::Ended | Why::State | Why::Turn | Why::Awaiting | Why::NothingDrafted | Why::Stale => {
            StatusCode::CONFLICT
        }
        Why::Condition | Why::Fields => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

impl From<Refusal> for WebError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error.outage() {
            Some(outage) => Self::Unavailable(outage, error.into()),
            None if matches!(error, StoreError::Timeout { .. }) => {
                tracing::warn!(%error, "the database is busy");
                Self::Slow
            }
            None => Self::internal(error),
        }
    }
}

impl From<PeopleError> for WebError {
    fn from(error: PeopleError) -> Self {
        match error {
            // Absent or not for this person: alike.
            PeopleError::NotFound(_) => Self::NotFound,
            PeopleError::Refused(refusal) => of_people(&refusal),
            PeopleError::Fields(_) | PeopleError::Rows(_) => {
                Self::Bad(error.words().unwrap_or_default())
            }
            PeopleError::Store(error) => error.into(),
            PeopleError::Password(_) | PeopleError::Randomness(_) => Self::internal(error),
        }
    }
}

fn of_people(refusal: &PeopleRefusal) -> WebError {
    match refusal {
        PeopleRefusal::NotPermitted { .. }
        | PeopleRefusal::NotOfTheUnit
        | PeopleRefusal::ToOneself
        | PeopleRefusal::SeparateDuties
        | PeopleRefusal::OtherAdministrator { .. }
        | PeopleRefusal::SignInWrong
        | PeopleRefusal::SignInClosed
        | PeopleRefusal::HalfOver
        | PeopleRefusal::ProviderUnknown { .. }
        | PeopleRefusal::NotYourPost => WebError::Forbidden(refusal.words()),
        PeopleRefusal::SignInLocked { .. } => WebError::TooMany(refusal.words()),
        PeopleRefusal::AdministratorsExist
        | PeopleRefusal::LastAdministrator { .. }
        | PeopleRefusal::RoleHeld
        | PeopleRefusal::RoleNotHeld
        | PeopleRefusal::UnitClosed
        | PeopleRefusal::UnitOwes { .. }
        | PeopleRefusal::UserClosed
        | PeopleRefusal::LiaisonHeld { .. }
        | PeopleRefusal::LiaisonByHandover
        | PeopleRefusal::NotLiaison
        | PeopleRefusal::StillLiaison { .. }
        | PeopleRefusal::Stale
        | PeopleRefusal::PreviewGone
        | PeopleRefusal::SecondFactorHeld
        | PeopleRefusal::NoSecondFactor
        | PeopleRefusal::TooMany { .. } => WebError::Conflict(refusal.words()),
    }
}

impl From<NoRandomness> for WebError {
    fn from(error: NoRandomness) -> Self {
        Self::internal(error)
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// What the asker already has is still right.
pub(crate) fn not_modified() -> StatusCode {
    StatusCode::NOT_MODIFIED
}

/// Done; there is nothing to show.
#[must_use]
pub fn nothing_to_show() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// Something new was made.
#[must_use]
pub fn created(answer: impl IntoResponse) -> Response {
    (StatusCode::CREATED, answer).into_response()
}

/// A page shown again because something in its form must be corrected; nothing is lost.
#[must_use]
pub fn unprocessable(answer: impl IntoResponse) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, answer).into_response()
}

/// A page that answers with the status of the error it explains.
#[must_use]
pub fn explained(error: &WebError, answer: impl IntoResponse) -> Response {
    (error.status(), answer).into_response()
}

/// Whether the database answers; for those who watch over the program.
pub(crate) fn health(is_well: bool) -> Response {
    if is_well {
        (StatusCode::OK, "ok\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
    }
}

/// Whether a program asks, not a person.
fn wants_json(path: &str, headers: &HeaderMap) -> bool {
    path.starts_with("/api/")
        || headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("json") && !accept.contains("text/html"))
        || headers.contains_key("x-file-name")
}

/// Gives every error its page, or its `problem+json`.
pub(crate) async fn dress(State(house): State<House>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let json = wants_json(&path, request.headers());
    let program = path.starts_with("/api/").then(|| crate::api::Asker::of(request.headers()));
    let back = request
        .uri()
        .path_and_query()
        .filter(|_| request.method() == axum::http::Method::GET || crate::lapsed::is_form(&path))
        .map(|whole| whole.as_str().to_owned());
    let from = Address::of(&house, request.headers(), request.extensions());
    let has_token = request.headers().contains_key(header::AUTHORIZATION);
    let seat = crate::session::Seat::default();
    let mut request = request;
    request.extensions_mut().insert(seat.clone());
    let response = next.run(request).await;
    let status = response.status();
    // Those who watch over the program are answered in one plain line.
    if !(status.is_client_error() || status.is_server_error()) || path == "/healthz" {
        return response;
    }
    let told = response.extensions().get::<Arc<WebError>>().cloned();
    let error = match told {
        Some(error) => error,
        // A page that is shown again with its errors has its own words already.
        None if response.headers().get(header::CONTENT_TYPE).is_some_and(is_page) => {
            return response;
        }
        None => Arc::new(WebError::of_status(status)),
    };
    let reference = match &*error {
        WebError::Internal(cause) | WebError::Unavailable(_, cause) => {
            let reference = house.reference();
            tracing::error!(reference, path, error = cause.as_ref(), "the request failed");
            Some(reference)
        }
        _ => None,
    };
    let visitor = seat.visitor();
    if error.is_turned_away() || has_token && matches!(*error, WebError::SignedOut) {
        let user = visitor.as_ref().and_then(|visitor| visitor.account.as_ref());
        let user = user.map(|account| account.session.person.id.0);
        let status = error.status().as_u16();
        tracing::info!(status, path, user, address = from.0, why = %error, "a request was refused");
    }
    let mut told = if let Some(asker) = program {
        asker.told(&house, &error, reference, &response)
    } else if json {
        problem(&error, reference, visitor.as_ref())
    } else if let Some(elsewhere) = elsewhere(&error, visitor.as_ref(), back.as_deref()) {
        elsewhere
    } else {
        let again = error.may_be_sent_again().then(|| seat.form()).flatten();
        let again = again.map(|form| Again { address: path, fields: form });
        page(&house, &error, reference, visitor, back, again)
    };
    if let Some(seconds) = error.wait_seconds() {
        told.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    told
}

/// Where somebody goes who must do something else first.
fn elsewhere(error: &WebError, visitor: Option<&Visitor>, back: Option<&str>) -> Option<Response> {
    match error {
        WebError::PasswordFirst => Some(Redirect::to(PASSWORD_PAGE).into_response()),
        WebError::EnrolFirst => Some(Redirect::to(SECOND_FACTOR_PAGE).into_response()),
        // Whoever was signed in and is no longer is told so; whoever was not goes to the door.
        WebError::SignedOut if !visitor.is_some_and(|visitor| visitor.has_expired) => {
            let next = back.filter(|back| *back != "/").map(escaped);
            let next = next.map_or_else(String::new, |next| format!("?next={next}"));
            Some(Redirect::to(&format!("/sign-in{next}")).into_response())
        }
        _ => None,
    }
}

/// Whether an answer has words of its own already.
fn is_page(kind: &axum::http::HeaderValue) -> bool {
    const OWN: [&str; 3] = ["text/html", "application/problem+json", "application/json"];
    kind.to_str().is_ok_and(|kind| OWN.iter().any(|own| kind.starts_with(own)))
}

fn problem(error: &WebError, reference: Option<String>, visitor: Option<&Visitor>) -> Response {
    let language = visitor.map(|visitor| visitor.language).unwrap_or_default();
    let mut body = serde_json::json!({
        "type": "about:blank",
        "status": error.status().as_u16(),
        "title": language.of(&error.title()),
        "detail": language.of(&error.detail()),
    });
    if let (Some(body), WebError::Refused(refusal)) = (body.as_object_mut(), error) {
        body.insert("why".to_owned(), serde_json::json!(refusal.why));
        body.insert("words".to_owned(), serde_json::json!(refusal.words));
        body.insert("basis".to_owned(), serde_json::json!(refusal.basis));
        body.insert("fields".to_owned(), serde_json::json!(refusal.fields));
    }
    if let (Some(body), Some(reference)) = (body.as_object_mut(), reference) {
        body.insert("reference".to_owned(), serde_json::json!(reference));
    }
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (error.status(), kind, body.to_string()).into_response()
}

fn page(
    house: &House,
    error: &WebError,
    reference: Option<String>,
    visitor: Option<Visitor>,
    back: Option<String>,
    again: Option<Again>,
) -> Response {
    let visitor = visitor.unwrap_or_default();
    let back = back.filter(|_| error.may_be_sent_again() || matches!(error, WebError::SignedOut));
    let blank = Blank::of_error(house, &visitor, error.icon(), error, reference, back, again);
    match blank.render() {
        Ok(html) => (error.status(), Html(html)).into_response(),
        Err(failure) => {
            tracing::error!(error = &failure as &dyn std::error::Error, "the error page failed");
            error.status().into_response()
        }
    }
}
