//! A page that only says something: an error, an empty place.

use askama::Template;

use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::filters;
use crate::message::T;
use crate::session::{Visitor, escaped};
use crate::shell::Shell;

/// The page of an error.
#[derive(Debug, Template)]
#[template(path = "parts/blank.html")]
pub(crate) struct Blank {
    t: T,
    shell: Shell,
    icon: &'static str,
    title: String,
    lines: Vec<String>,
    basis: Vec<String>,
    reference: Option<String>,
    sign_in: Option<String>,
    /// Where the page is tried again.
    retry: Option<String>,
    again: Option<Again>,
}

/// A form that was not taken in and may be sent once more, as it was sent.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) address: String,
    pub(crate) fields: Fields,
}

impl Blank {
    pub(crate) fn of_error(
        house: &House,
        visitor: &Visitor,
        icon: &'static str,
        error: &WebError,
        reference: Option<String>,
        back: Option<String>,
        again: Option<Again>,
    ) -> Self {
        let language = visitor.language;
        let title = language.of(&error.title()).to_owned();
        let mut lines = vec![language.of(&error.detail()).to_owned()];
        let mut basis = Vec::new();
        match error {
            WebError::NotFound => lines.push(language.say("error.not-found-more").to_owned()),
            WebError::Refused(refusal) | WebError::Outdated(refusal) => {
                lines.extend(
                    refusal.fields.iter().map(|field| language.of(&field.words).to_owned()),
                );
                let rules = house.store.rules();
                let cited = rules.law().citations_on(&refusal.basis, house.today());
                basis.extend(cited.iter().map(|one| language.of(&one.words).to_owned()));
            }
            WebError::Slow | WebError::Unavailable(..) if again.is_some() => {
                lines.push(language.say("error.again-detail").to_owned());
            }
            WebError::Slow
            | WebError::Unavailable(..)
            | WebError::Method
            | WebError::SignedOut
            | WebError::PasswordFirst
            | WebError::EnrolFirst
            | WebError::Forged
            | WebError::Forbidden(_)
            | WebError::Bad(_)
            | WebError::TooLarge
            | WebError::Conflict(_)
            | WebError::TooMany(_)
            | WebError::TooFast { .. }
            | WebError::VersionNeeded
            | WebError::Media(_)
            | WebError::Internal(_) => {}
        }
        let is_signed_out = matches!(error, WebError::SignedOut);
        let retry = back.clone().filter(|_| !is_signed_out);
        let sign_in = is_signed_out.then(|| {
            back.map_or_else(
                || "/sign-in".to_owned(),
                |back| format!("/sign-in?next={}", escaped(&back)),
            )
        });
        let shell = Shell::of(house, visitor, "", &title).crumb_here(&title);
        Self { t: language.t(), shell, icon, title, lines, basis, reference, sign_in, retry, again }
    }
}
