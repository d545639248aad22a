//! Drafts (草稿): saved while they are written, listed, taken up again, thrown away.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use calendar::Words;
use procedure::{Matter, MatterId, Raw};
use store::draft::{DRAFT_BYTES_MAX, Draft, DraftBody};

use crate::House;
use crate::error::{WebError, nothing_to_show};
use crate::fields::{Fields, Query};
use crate::filters;
use crate::form::draft_body;
use crate::matter::look::Look;
use crate::message::T;
use crate::parts::mark::minute;
use crate::session::{Done, SignedIn};
use crate::shell::{Page, Shell};

/// The addresses of drafts.
pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/drafts", get(show))
        .route("/drafts/discard", post(discard))
        .route("/drafts/{kind}/{name}", post(save))
}

/// Where a form saves its draft; also the name of the browser's own copy.
pub(crate) fn address(form: &str, matter: Option<&MatterId>) -> String {
    match matter {
        Some(matter) => format!("/drafts/{form}?matter={matter}"),
        None => format!("/drafts/{form}"),
    }
}

/// Keeps what was filled in, over what was kept before; when nothing is filled in, nothing is kept.
/// Why an act was refused or sent back stays with its draft until the rules take it.
pub(crate) async fn keep(
    house: &House,
    who: &SignedIn,
    form: &str,
    matter: Option<MatterId>,
    body: DraftBody,
) -> Result<(), WebError> {
    let known = house.store.draft_fetch(who.user, form, matter.as_ref()).await?;
    let refusal = known.and_then(|draft| draft.refusal);
    keep_answered(house, who, form, matter, body, refusal).await
}

/// Keeps what was filled in together with what the rules answered; `None` when they would take it.
pub(crate) async fn keep_answered(
    house: &House,
    who: &SignedIn,
    form: &str,
    matter: Option<MatterId>,
    body: DraftBody,
    refusal: Option<Words>,
) -> Result<(), WebError> {
    if body.is_empty() {
        house.store.draft_delete(who.user, form, matter.as_ref()).await?;
        return Ok(());
    }
    let bytes = |raw: &Raw| raw.values().flatten().map(String::len).sum::<usize>();
    if body.title.len() + bytes(&body.parties) + bytes(&body.input) > DRAFT_BYTES_MAX {
        return Err(WebError::TooLarge);
    }
    let form = form.to_owned();
    let (unit, saved_at) = (who.unit, house.now());
    let draft = Draft { form, matter, unit, body, refusal, saved_at };
    Ok(house.store.draft_put(who.user, &draft).await?)
}

/// `POST /drafts/{kind}/{name}?matter={matter}`: every few seconds while a form is filled in.
async fn save(
    State(house): State<House>,
    who: SignedIn,
    Path((kind, name)): Path<(String, String)>,
    Query(query): Query,
    fields: Fields,
) -> Result<Response, WebError> {
    let matter = match query.given("matter") {
        Some(id) => Some(id.parse::<MatterId>().map_err(|_| WebError::NotFound)?),
        None => None,
    };
    if !is_known(&house, &kind, &name) {
        return Err(WebError::NotFound);
    }
    let body = draft_body(&fields, &house.directory());
    keep(&house, &who, &format!("{kind}/{name}"), matter, body).await?;
    Ok(nothing_to_show())
}

/// Whether a form of that name exists in any procedure.
fn is_known(house: &House, kind: &str, name: &str) -> bool {
    let rules = house.store.rules();
    match kind {
        "open" => rules.procedure(name).is_some(),
        "act" => rules.procedures().any(|procedure| procedure.action(name).is_some()),
        _ => false,
    }
}

/// A draft as one row.
struct Row {
    form: String,
    matter: String,
    title: String,
    about: String,
    about_href: String,
    /// Where it is taken up again; empty when its form is gone.
    href: String,
    unit: String,
    saved: String,
    /// Why the act was refused; empty for what was never sent.
    refusal: String,
    /// Its first words, to know it by.
    words: String,
}

#[derive(Template)]
#[template(path = "draft/page.html")]
struct DraftsPage {
    t: T,
    shell: Shell,
    rows: Vec<Row>,
}

/// `GET /drafts`.
async fn show(State(house): State<House>, who: SignedIn) -> Result<Page<DraftsPage>, WebError> {
    let title = who.language.say("draft.title").to_owned();
    let shell = house.shell(&who, "home", &title).await?.crumb_here(&title);
    let (rules, directory) = (house.store.rules(), house.directory());
    let look = Look {
        rules: &rules,
        directory: &directory,
        scope: &who.scope,
        now: house.now(),
        language: who.language,
    };
    let drafts = house.store.draft_list(who.user).await?;
    let mut matters: BTreeMap<MatterId, Matter> = BTreeMap::new();
    for id in drafts.iter().filter_map(|draft| draft.matter.as_ref()) {
        if !matters.contains_key(id)
            && let Some(sight) = house.store.matter_fetch(&who.scope, id).await?
        {
            matters.insert(id.clone(), sight.seen.matter);
        }
    }
    let rows = drafts.into_iter().map(|draft| row(&look, draft, &matters)).collect();
    Ok(Page(DraftsPage { t: who.language.t(), shell, rows }))
}

fn row(look: &Look<'_>, draft: Draft, matters: &BTreeMap<MatterId, Matter>) -> Row {
    let matter = draft.matter.as_ref().and_then(|id| matters.get(id));
    let id = draft.matter.as_ref().map(ToString::to_string).unwrap_or_default();
    let (kind, name) = draft.form.split_once('/').unwrap_or((draft.form.as_str(), ""));
    let (title, href) = match (kind, matter) {
        ("act", Some(matter)) => {
            (look.action(matter, name), format!("/matters/{id}/actions/{name}"))
        }
        ("open", _) => {
            let procedure = look.rules.procedure(name);
            let title = procedure.map(|procedure| look.of(&procedure.open.name));
            let under = if id.is_empty() { String::new() } else { format!("?parent={id}") };
            (title.unwrap_or_else(|| name.to_owned()), format!("/open/{name}{under}"))
        }
        ("return", Some(_)) => {
            (look.say("matter.proposal.return"), format!("/matters/{id}/proposal"))
        }
        (_, Some(_)) => (look.say("draft.other"), format!("/matters/{id}")),
        (_, None) => (look.say("draft.other"), String::new()),
    };
    let about = match matter {
        Some(matter) => format!("{} {}", matter.number, matter.title),
        None => draft.body.title.clone(),
    };
    Row {
        matter: id.clone(),
        title,
        about,
        about_href: matter.map(|_| format!("/matters/{id}")).unwrap_or_default(),
        href,
        unit: look.unit_short(draft.unit),
        saved: minute(draft.saved_at),
        refusal: draft.refusal.as_ref().map(|words: &Words| look.of(words)).unwrap_or_default(),
        words: first_words(&draft.body),
        form: draft.form,
    }
}

/// Characters of a draft shown in the list.
const FIRST_WORDS_CHARS: usize = 60;

/// The longest thing written, cut short: what one knows a draft by.
fn first_words(body: &DraftBody) -> String {
    let texts = body.input.values().flatten().filter(|text| !text.contains('|'));
    let longest = texts.max_by_key(|text| text.chars().count()).map_or("", String::as_str);
    let words: String = longest.chars().take(FIRST_WORDS_CHARS).collect();
    if words.len() < longest.len() { format!("{words}…") } else { words }
}

/// `POST /drafts/discard`: throws one away.
async fn discard(
    State(house): State<House>,
    who: SignedIn,
    fields: Fields,
) -> Result<Response, WebError> {
    let matter = match fields.given("matter") {
        Some(id) => Some(id.parse::<MatterId>().map_err(|_| WebError::NotFound)?),
        None => None,
    };
    house.store.draft_delete(who.user, fields.get("form"), matter.as_ref()).await?;
    Ok(Done::to("/drafts", "draft.discarded").into_response())
}
