//! Signing for several things at once: each by itself, each with its own answer.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use procedure::decide::{Command, Request, World, decide};
use procedure::{Matter, MatterId, Raw};
use store::ActError;
use store::matter::MatterRow;

use crate::House;
use crate::error::WebError;
use crate::fields::Fields;
use crate::filters;
use crate::form::no_new_id;
use crate::message::T;
use crate::parts::line::Reader;
use crate::parts::mark::{Light, end};
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
    /// What runs for our unit since then, each with its end.
    started: Vec<Started>,
}

/// Something that runs from the signature on.
#[derive(Debug, Clone)]
pub(super) struct Started {
    pub(super) words: String,
    pub(super) light: Light,
}

/// What would run for the reader's unit if a matter were signed for now; nothing where something must
/// be filled in first, or the rules would refuse.
pub(super) async fn starting(
    house: &House,
    who: &SignedIn,
    reader: &Reader,
    row: &MatterRow,
) -> Result<Vec<Started>, WebError> {
    let action = reader.signing_act(&row.procedure, row.version, &row.state);
    let Some(action) = action.filter(|action| action.fields().next().is_none()) else {
        return Ok(Vec::new());
    };
    let Some(sight) = house.store.matter_fetch(&who.scope, &row.id).await? else {
        return Ok(Vec::new());
    };
    let directory = house.directory();
    let world = World { rules: reader.rules(), directory: directory.as_ref(), now: house.now() };
    let command = Command::Act { action: action.id.clone(), input: Raw::new() };
    let request = Request { matter: row.id.clone(), seen: None, command };
    let before = sight.seen.matter.obligations.len();
    let decided = decide(world, sight.whole, &who.actor(), &request, &mut no_new_id());
    let after = decided.ok().and_then(|decision| decision.family.get(&row.id).cloned());
    Ok(after.map(|after| started(who, reader, &after, before)).unwrap_or_default())
}

/// What a matter's unit owes since it owed so many things.
fn started(who: &SignedIn, reader: &Reader, matter: &Matter, before: usize) -> Vec<Started> {
    let procedure = reader.rules().of(matter);
    let ours = matter.obligations.iter().skip(before).filter(|owed| owed.debtor == who.unit);
    ours.map(|owed| {
        let name = procedure.and_then(|one| one.obligation(&owed.kind)).map(|kind| &kind.name);
        let name = name.map_or(owed.kind.as_str(), |name| reader.language().of(name));
        let day = end(owed.due);
        Started {
            words: reader.language().fill("work.sign-due", &[("name", &name), ("day", &day)]),
            light: reader.light(owed.due),
        }
    })
    .collect()
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
        let before = matter.obligations.len();
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
        let after = match &refusal {
            None => house.store.matter_fetch(&who.scope, &id).await?,
            Some(_) => None,
        };
        let started = after.map(|after| started(&who, &reader, &after.seen.matter, before));
        rows.push(SignedRow {
            href: format!("/matters/{id}"),
            title: matter.title,
            number: matter.number,
            refusal,
            started: started.unwrap_or_default(),
        });
    }
    let title = language.say("work.signed");
    let shell = house
        .shell(&who, "home", title)
        .await?
        .crumb("/work/acknowledge", language.say("work.signing"))
        .crumb_here(title);
    Ok(Page(SignedPage { t: language.t(), shell, rows }).into_response())
}
