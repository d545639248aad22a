//! A form that was sent after its session had run out: what was filled in becomes its person's draft.
//!
//! Nothing else is opened by the old session, and nothing of it is shown: whoever sits at the machine by
//! then must sign in, and finds the form as it was sent.

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::header;
use procedure::MatterId;

use crate::House;
use crate::error::WebError;
use crate::fields::{FORM_BYTES_MAX, Fields, read_body};
use crate::form::draft_body;
use crate::session::{Account, SignedIn, Visitor};

/// A form whose contents are kept as a draft.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    form: String,
    matter: Option<MatterId>,
}

/// Whether what is sent to that address is kept as a draft.
pub(crate) fn is_kept(path: &str) -> bool {
    place(path, &Fields::default()).is_some()
}

/// Whether such a form is shown at the same address.
pub(crate) fn is_form(path: &str) -> bool {
    is_kept(path) && !path.starts_with("/drafts/")
}

fn place(path: &str, query: &Fields) -> Option<Place> {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let named = |name: &str| match query.given(name) {
        Some(id) => id.parse().ok().map(Some),
        None => Some(None),
    };
    Some(match parts.as_slice() {
        ["open", procedure] => {
            Place { form: format!("open/{procedure}"), matter: named("parent")? }
        }
        ["matters", matter, "actions", action] => {
            Place { form: format!("act/{action}"), matter: Some(matter.parse().ok()?) }
        }
        ["matters", matter, "proposal"] => {
            Place { form: "return".to_owned(), matter: Some(matter.parse().ok()?) }
        }
        ["drafts", kind @ ("open" | "act"), name] => {
            Place { form: format!("{kind}/{name}"), matter: named("matter")? }
        }
        _ => return None,
    })
}

/// Keeps what an expired session's form brings, when it is one and its token is that session's.
///
/// # Errors
/// When the database fails, or the form is too large.
pub(crate) async fn keep(
    house: &House,
    visitor: &Visitor,
    request: Request,
) -> Result<(), WebError> {
    let Some(token) = visitor.expired_token() else { return Ok(()) };
    let query = Fields::read(request.uri().query().unwrap_or_default().as_bytes());
    let Some(place) = place(request.uri().path(), &query) else { return Ok(()) };
    let Some(session) = house.people.session_lapsed(token).await? else { return Ok(()) };
    let fields = read(house, request).await?;
    let lapsed = visitor.with_csrf(&session.csrf);
    if !lapsed.is_token(fields.get("csrf")) {
        return Ok(());
    }
    let account = Account { session: session.into() };
    let Some(who) = SignedIn::of(house, account, lapsed) else { return Ok(()) };
    let body = draft_body(&fields, &house.directory());
    crate::draft::keep(house, &who, &place.form, place.matter, body).await
}

/// The fields of a form; files that came with it are let go, and chosen again.
async fn read(house: &House, request: Request) -> Result<Fields, WebError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        return Fields::from_request(request, house).await;
    }
    let wrong = |_| WebError::bad("error.bad-detail");
    let (parts, body) = request.into_parts();
    let body = read_body(body, FORM_BYTES_MAX).await?;
    let request = Request::from_parts(parts, Body::from(body));
    let mut form = Multipart::from_request(request, house)
        .await
        .map_err(|_| WebError::bad("error.bad-detail"))?;
    let mut pairs = Vec::new();
    while let Some(field) = form.next_field().await.map_err(wrong)? {
        if field.file_name().is_none() {
            let name = field.name().unwrap_or_default().to_owned();
            pairs.push((name, field.text().await.map_err(wrong)?));
        }
    }
    Ok(Fields::of(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_that_have_drafts_are_kept() {
        let matter = "0190b6a0-0000-7000-8000-00000000000a";
        for (path, form) in [
            ("/open/problem".to_owned(), "open/problem"),
            (format!("/matters/{matter}/actions/reply"), "act/reply"),
            (format!("/matters/{matter}/proposal"), "return"),
            ("/drafts/act/reply".to_owned(), "act/reply"),
        ] {
            let found = place(&path, &Fields::default());
            assert_eq!(found.map(|place| place.form).as_deref(), Some(form), "{path}");
        }
        for other in
            ["/", "/sign-in", "/account/password", "/matters/x/actions/reply", "/drafts/x/y"]
        {
            assert_eq!(place(other, &Fields::default()), None, "{other}");
        }
        assert!(is_form("/open/problem") && !is_form("/drafts/open/problem"));
    }
}
