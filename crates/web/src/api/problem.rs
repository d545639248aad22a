//! Errors as programs read them: `application/problem+json` (RFC 9457), in the language asked for.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use procedure::{Refusal, Why};
use schemars::JsonSchema;
use serde::Serialize;
use store::{ActError, DraftRef, Outage};

use super::ROOT;
use super::body::Json;
use super::view::{Bilingual, DraftName};
use crate::House;
use crate::error::{WebError, explained};
use crate::message::{Language, words};

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problem {
    /// The kind of problem: an address of this API that explains it.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: String,
    /// The status of the answer.
    status: u16,
    /// What happened, and what to do.
    detail: String,
    /// Which sort of rule refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// Articles the rule rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    basis: Vec<Article>,
    /// What is wrong with single members, fields or parameters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// The draft in which what was sent is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<String>,
    /// The number under which a failure is found in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// An article.
#[derive(Debug, Serialize, JsonSchema)]
struct Article {
    /// Its code, `instrument:article`.
    code: String,
    /// In full.
    words: String,
}

/// One fault.
#[derive(Debug, Serialize, JsonSchema)]
struct Fault {
    /// The field, `party.ID` for a party, else the member or parameter.
    field: String,
    /// What is wrong and what to do.
    detail: String,
}

/// A kind of problem.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProblemKind {
    /// Its address, as `type` of a problem.
    #[serde(rename = "type")]
    address: String,
    /// What it means and what to do.
    words: Bilingual,
}

/// Every kind of problem.
const KINDS: [&str; 29] = [
    "awaiting",
    "away",
    "bad-request",
    "condition",
    "conflict",
    "ended",
    "fields",
    "forbidden",
    "four-eyes",
    "full",
    "internal",
    "media-type",
    "method",
    "not-found",
    "nothing-drafted",
    "party",
    "read-only",
    "role",
    "signed-out",
    "slow",
    "stale",
    "state",
    "too-large",
    "too-many",
    "turn",
    "unknown",
    "version-needed",
    "password-first",
    "enrol-first",
];

fn kind(error: &WebError) -> &'static str {
    match error {
        WebError::NotFound => "not-found",
        WebError::Method => "method",
        WebError::SignedOut => "signed-out",
        WebError::PasswordFirst => "password-first",
        WebError::EnrolFirst => "enrol-first",
        WebError::Forged | WebError::Forbidden(_) => "forbidden",
        WebError::Refused(refusal) | WebError::Outdated(refusal) => why_id(refusal.why),
        WebError::VersionNeeded => "version-needed",
        WebError::Media(_) => "media-type",
        WebError::Bad(_) => "bad-request",
        WebError::TooLarge => "too-large",
        WebError::Conflict(_) => "conflict",
        WebError::TooMany(_) | WebError::TooFast { .. } => "too-many",
        WebError::Slow => "slow",
        WebError::Unavailable(Outage::Full, _) => "full",
        WebError::Unavailable(Outage::ReadOnly, _) => "read-only",
        WebError::Unavailable(Outage::Away, _) => "away",
        WebError::Internal(_) => "internal",
    }
}

/// The sort of rule that refused, as a refusal's JSON names it.
pub(super) fn why_id(why: Why) -> &'static str {
    match why {
        Why::Unknown => "unknown",
        Why::Ended => "ended",
        Why::State => "state",
        Why::Party => "party",
        Why::Role => "role",
        Why::Turn => "turn",
        Why::Awaiting => "awaiting",
        Why::NothingDrafted => "nothing-drafted",
        Why::FourEyes => "four-eyes",
        Why::Stale => "stale",
        Why::Condition => "condition",
        Why::Fields => "fields",
    }
}

/// The words of errors that on a page speak of the page.
fn own_detail(error: &WebError) -> Option<&'static str> {
    match error {
        WebError::Method => Some("api.method-detail"),
        WebError::SignedOut => Some("api.signed-out-detail"),
        WebError::TooLarge => Some("api.too-large-detail"),
        WebError::Slow => Some("api.slow-detail"),
        WebError::Unavailable(Outage::Away, _) => Some("api.away-detail"),
        WebError::Internal(_) => Some("api.internal-detail"),
        WebError::Refused(refusal) | WebError::Outdated(refusal) if refusal.why == Why::Stale => {
            Some("api.stale-detail")
        }
        _ => None,
    }
}

/// Whether a fault of ours has words about a page that a program does not have.
fn own_title(error: &WebError) -> Option<&'static str> {
    match error {
        WebError::Method => Some("api.method"),
        WebError::SignedOut => Some("api.signed-out"),
        WebError::Refused(refusal) if refusal.why == Why::Fields => Some("api.fields"),
        _ => None,
    }
}

/// What an error of an act leaves behind: where the input is kept.
#[derive(Debug, Clone)]
struct Kept(DraftRef);

/// An act that did not happen.
#[derive(Debug)]
pub(super) struct NotDone {
    error: WebError,
    kept: Option<DraftRef>,
}

impl NotDone {
    /// What the store said; `by_header` when the version seen came with `If-Match`.
    pub(super) fn of(error: ActError, by_header: bool) -> Self {
        match error {
            ActError::Refused(refused) => {
                let refusal: Box<Refusal> = Box::new(refused.refusal);
                let error = if by_header && refusal.why == Why::Stale {
                    WebError::Outdated(refusal)
                } else {
                    WebError::Refused(refusal)
                };
                Self { error, kept: refused.kept }
            }
            ActError::NotFound => WebError::NotFound.into(),
            ActError::KeyReused => WebError::Conflict(words("api.key-reused")).into(),
            ActError::Store(error) => WebError::from(error).into(),
        }
    }
}

impl From<WebError> for NotDone {
    fn from(error: WebError) -> Self {
        Self { error, kept: None }
    }
}

impl From<store::StoreError> for NotDone {
    fn from(error: store::StoreError) -> Self {
        WebError::from(error).into()
    }
}

impl IntoResponse for NotDone {
    fn into_response(self) -> Response {
        let mut response = self.error.into_response();
        if let Some(kept) = self.kept {
            response.extensions_mut().insert(Kept(kept));
        }
        response
    }
}

/// What an error must know of whoever asked.
#[derive(Debug)]
pub(crate) struct Asker {
    language: Language,
    brought_token: bool,
}

impl Asker {
    /// By the headers of the request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self {
            language: language(headers),
            brought_token: headers.contains_key(header::AUTHORIZATION),
        }
    }

    /// The answer to an error, which stands in the place of `answer`.
    pub(crate) fn told(
        &self,
        house: &House,
        error: &WebError,
        reference: Option<String>,
        answer: &Response,
    ) -> Response {
        let kept = answer.extensions().get::<Kept>();
        let problem = self.problem(house, error, reference, kept);
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let mut response = explained(error, body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        headers.insert(header::VARY, HeaderValue::from_static("accept-language, authorization"));
        if let Some(allowed) = answer.headers().get(header::ALLOW) {
            headers.insert(header::ALLOW, allowed.clone());
        }
        if matches!(error, WebError::SignedOut) {
            let challenge = if self.brought_token {
                "Bearer realm=\"liandong\", error=\"invalid_token\""
            } else {
                "Bearer realm=\"liandong\""
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }

    fn problem(
        &self,
        house: &House,
        error: &WebError,
        reference: Option<String>,
        kept: Option<&Kept>,
    ) -> Problem {
        let language = self.language;
        let title = own_title(error).map_or_else(|| error.title(), words);
        let detail = own_detail(error).map_or_else(|| error.detail(), words);
        let mut problem = Problem {
            kind: address(kind(error)),
            title: language.of(&title).to_owned(),
            status: error.status().as_u16(),
            detail: language.of(&detail).to_owned(),
            why: None,
            basis: Vec::new(),
            errors: Vec::new(),
            draft: kept
                .map(|Kept(draft)| DraftName::of(draft.form.clone(), draft.matter.clone()))
                .map(|name| name.address()),
            reference,
        };
        if let WebError::Refused(refusal) | WebError::Outdated(refusal) = error {
            let rules = house.store.rules();
            let cited = rules.law().citations_on(&refusal.basis, house.today());
            let article = |cited: &calendar::Citation| Article {
                code: cited.code(),
                words: language.of(&cited.words).to_owned(),
            };
            problem.why = Some(why_id(refusal.why));
            problem.basis = cited.iter().map(article).collect();
            problem.errors = refusal
                .fields
                .iter()
                .map(|fault| Fault {
                    field: fault.field.clone(),
                    detail: language.of(&fault.words).to_owned(),
                })
                .collect();
        }
        problem
    }
}

fn address(kind: &str) -> String {
    format!("{ROOT}/problems/{kind}")
}

/// The language a program asked for; Chinese when it did not say.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let given = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let weight = |wanted: &str| {
        let ranges = given.unwrap_or_default().split(',');
        let weights = ranges.filter_map(|range| {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let tag = tag.trim().to_ascii_lowercase();
            let fits = tag == wanted || tag.starts_with(&format!("{wanted}-"));
            let weight = parameter.trim().strip_prefix("q=")?.parse::<f32>().ok()?;
            fits.then_some(weight)
        });
        weights.fold(0.0_f32, f32::max)
    };
    if weight("en") > weight("zh") { Language::En } else { Language::Zh }
}

/// `GET /problems`.
pub(super) async fn list() -> Json<Vec<ProblemKind>> {
    Json(KINDS.iter().map(|kind| explanation(kind)).collect())
}

/// `GET /problems/{problem}`.
pub(super) async fn show(
    State(_): State<House>,
    Path(id): Path<String>,
) -> Result<Json<ProblemKind>, WebError> {
    let kind = KINDS.iter().find(|kind| **kind == id).ok_or(WebError::NotFound)?;
    Ok(Json(explanation(kind)))
}

fn explanation(kind: &str) -> ProblemKind {
    let words = words(&format!("api.problem.{kind}"));
    ProblemKind { address: address(kind), words: Bilingual::from(&words) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_asked_for_most_is_spoken_and_chinese_otherwise() {
        let asked = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text));
            language(&headers)
        };
        assert_eq!(language(&HeaderMap::new()), Language::Zh);
        assert_eq!(asked("en"), Language::En);
        assert_eq!(asked("en-GB,en;q=0.9,zh;q=0.8"), Language::En);
        assert_eq!(asked("zh-CN,zh;q=0.9,en;q=0.8"), Language::Zh);
        for other in ["fr", "*", "en;q=0", "en;q=x", ""] {
            assert_eq!(asked(other), Language::Zh, "{other:?}");
        }
    }

    #[test]
    fn every_kind_of_problem_is_explained() {
        for kind in KINDS {
            assert!(crate::message::is_known(&format!("api.problem.{kind}")), "{kind}");
        }
        let all = [
            Why::Unknown,
            Why::Ended,
            Why::State,
            Why::Party,
            Why::Role,
            Why::Turn,
            Why::Awaiting,
            Why::NothingDrafted,
            Why::FourEyes,
            Why::Stale,
            Why::Condition,
            Why::Fields,
        ];
        for why in all {
            assert!(KINDS.contains(&why_id(why)));
            assert_eq!(serde_json::to_value(why).unwrap(), why_id(why));
        }
    }
}
