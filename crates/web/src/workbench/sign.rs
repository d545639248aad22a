//! Signing for several things at once: each by itself, each with its own answer.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use procedure::{Command, MatterId, Raw, Request};
use store::ActError;

use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::filters;
use crate::message::T;
use crate::parts::line::Reader;
use crate::session::SignedIn;
use crate::shell::{Page, Shell};

/// Most matters signed for at once.
const AT_ONCE_MAX: usize = 100;

/// What became of each.
#[derive(Debug, Template)]
#[template(path = "workbench/signed.html")]
struct SignedPage {
    t: T,
    shell: Shell,
    rows: Vec<SignedRow>,
}

#[derive(Debug)]
struct SignedRow {
    href: String,
    title: String,
    number: String,
    /// None when it is signed for.
    refusal: Option<String>,
}

/// `POST /work/acknowledge`.
pub(super) async fn sign(
    State(house): State<House>,
    who: SignedIn,
    form: Fields,
) -> Result<Response, WebError> {
    let language = who.language;
    let reader = Reader::new(&house, language);
    let chosen: BTreeSet<MatterId> =
        form.all("matter").filter_map(|id| id.parse().ok()).take(AT_ONCE_MAX).collect();
    if chosen.is_empty() {
        return Ok(Redirect::to("/work/acknowledge").into_response());
    }
    let mut rows = Vec::new();
    for id in chosen {
        // What is not theirs to see is left out, as if it did not exist.
        let Some(sight) = house.store.matter_fetch(&who.scope, &id).await? else { continue };
        let matter = sight.seen.matter;
        let action = reader.signing_act(&matter.procedure, matter.version, &matter.state);
        let refusal = match action {
            None => Some(language.say("work.sign-not-now").to_owned()),
            Some(action) => {
                let command = Command::Act { action: action.id.clone(), input: Raw::new() };
                let request = Request { matter: id.clone(), seen: Some(matter.events), command };
                match house.store.act(&who.actor(), request, None).await {
                    Ok(_) => None,
                    Err(ActError::Refused(refused)) => {
                        Some(language.of(&refused.refusal.words).to_owned())
                    }
                    Err(ActError::NotFound | ActError::KeyReused) => {
                        Some(language.say("work.sign-not-now").to_owned())
                    }
                    Err(ActError::Store(error)) => return Err(error.into()),
                }
            }
        };
        let href = format!("/matters/{id}");
        rows.push(SignedRow { href, title: matter.title, number: matter.number, refusal });
    }
    let title = language.say("work.signed");
    let shell = house
        .shell(&who, "home", title)
        .await?
        .crumb("/work/acknowledge", language.say("work.signing"))
        .crumb_here(title);
    Ok(Page(SignedPage { t: language.t(), shell, rows }).into_response())
}
