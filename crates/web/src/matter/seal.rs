//! Opening what is sealed (启封): the application, the answer, and what the matter's page says of both.

use axum::extract::{Path, State as Given};
use axum::response::{IntoResponse as _, Response};
use procedure::FieldError;
use procedure::definition::Tier;
use store::seal::{SealError, SealOpening, may_answer};

use super::Room;
use super::look::Look;
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::Fields;
use crate::parts::input::{FormPage, Input, Inputs};
use crate::parts::mark::minute;
use crate::session::{Done, SignedIn};
use crate::shell::Page;

/// The applications on the matter's page.
pub(super) struct Seals {
    /// Sealed fields the reader may ask to read: their names and where to ask.
    pub(super) askable: Vec<(String, String)>,
    pub(super) openings: Vec<Opening>,
}

/// One application.
pub(crate) struct Opening {
    /// Who asks, and for which unit.
    pub(crate) who: String,
    pub(crate) field: String,
    pub(crate) reason: String,
    pub(crate) at: String,
    /// How it stands, in words.
    pub(crate) standing: String,
    /// Where it is answered; empty when the reader may not.
    pub(crate) answer: String,
}

/// What the page of a matter says; none where nothing is sealed and nobody has asked.
pub(super) async fn seals(
    house: &House,
    who: &SignedIn,
    room: &Room,
) -> Result<Option<Seals>, WebError> {
    let (look, matter) = (room.look(who), room.matter());
    let list = house.store.seal_list(&who.scope, &matter.id).await?.unwrap_or_default();
    let procedure = room.procedure()?;
    let asked = |field: &str| {
        list.iter()
            .any(|one| one.field == field && one.user == who.scope.user && one.answer.is_none())
    };
    let askable = procedure
        .fields
        .iter()
        .filter(|field| field.tier == Tier::Sealed && room.sight.seen.masked.contains(&field.id))
        .filter(|field| who.scope.works() && !asked(&field.id))
        .map(|field| (look.of(&field.label), format!("/matters/{}/seals/{}", matter.id, field.id)))
        .collect::<Vec<_>>();
    if askable.is_empty() && list.is_empty() {
        return Ok(None);
    }
    let openings = list.iter().map(|one| opening(&look, room, one)).collect();
    Ok(Some(Seals { askable, openings }))
}

fn opening(look: &Look<'_>, room: &Room, one: &SealOpening) -> Opening {
    let matter = room.matter();
    let label = room.procedure().ok().and_then(|procedure| procedure.field(&one.field));
    let may = may_answer(one, look.scope) && one.user != look.scope.user && one.answer.is_none();
    Opening {
        who: person(look, one.unit, &one.user_name),
        field: label.map_or_else(|| one.field.clone(), |field| look.of(&field.label)),
        reason: one.reason.clone(),
        at: minute(one.asked_at),
        standing: standing(look, one),
        answer: if may {
            format!("/matters/{}/openings/{}", matter.id, one.id)
        } else {
            String::new()
        },
    }
}

/// Somebody by unit and name.
pub(crate) fn person(look: &Look<'_>, unit: procedure::UnitId, name: &str) -> String {
    let unit = look.unit_short(unit);
    if name.is_empty() { unit } else { format!("{unit} · {name}") }
}

/// How an application stands, in words.
pub(crate) fn standing(look: &Look<'_>, one: &SealOpening) -> String {
    let Some(answer) = &one.answer else { return look.say("seal.waits") };
    let by = &answer.by_name;
    match answer.open_until {
        Some(until) if until > look.now => {
            look.fill("seal.open", &[("by", by), ("until", &minute(until))])
        }
        Some(until) => look.fill("seal.over", &[("by", by), ("until", &minute(until))]),
        None => look.fill("seal.kept", &[("by", by), ("why", &answer.refusal)]),
    }
}

/// A sealed field of the matter that the reader is told of and may not read.
fn masked<'r>(room: &'r Room, id: &str) -> Result<&'r procedure::definition::Field, WebError> {
    let field = room.procedure()?.field(id).filter(|field| field.tier == Tier::Sealed);
    field.filter(|_| room.sight.seen.masked.contains(id)).ok_or(WebError::NotFound)
}

/// `GET /matters/{matter}/seals/{field}`: the application.
pub(super) async fn form(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, field)): Path<(String, String)>,
) -> Result<Page<FormPage>, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    Ok(Page(ask_page(&house, &who, &room, &field, None).await?))
}

async fn ask_page(
    house: &House,
    who: &SignedIn,
    room: &Room,
    field: &str,
    wrong: Option<(&Fields, &[FieldError])>,
) -> Result<FormPage, WebError> {
    let (look, matter) = (room.look(who), room.matter());
    let label = look.of(&masked(room, field)?.label);
    let title = look.fill("seal.ask-title", &[("field", &label)]);
    let here = format!("/matters/{}", matter.id);
    let shell = room.shell(house, who, &title).await?.crumb(&here, &matter.number);
    let reason = Input::area(who.language, "reason", "seal.reason")
        .help(who.language, "seal.reason-help")
        .required();
    let mut inputs = Inputs::new(who.language, vec![reason]);
    if let Some((fields, errors)) = wrong {
        inputs = inputs.filled(fields).wrong(who.language, errors);
    }
    let action = format!("{here}/seals/{field}");
    Ok(FormPage::new(shell.crumb_here(&title), &action, "seal.ask", inputs)
        .intro(look.say("seal.ask-about"))
        .cancel(here))
}

/// `POST /matters/{matter}/seals/{field}`.
pub(super) async fn ask(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, field)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let matter = &room.matter().id;
    match house.store.seal_ask(&who.scope, matter, &field, fields.get("reason")).await {
        Ok(_) => Ok(Done::to(format!("/matters/{matter}#seals"), "seal.asked").into_response()),
        Err(SealError::Field(error)) => {
            let page = ask_page(&house, &who, &room, &field, Some((&fields, &[error]))).await?;
            Ok(unprocessable(Page(page)))
        }
        Err(error) => Err(not_done(error)),
    }
}

/// `GET /matters/{matter}/openings/{number}`: the answer to an application.
pub(super) async fn look(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, number)): Path<(String, i64)>,
) -> Result<Page<FormPage>, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    Ok(Page(answer_page(&house, &who, &room, number, None).await?))
}

async fn answer_page(
    house: &House,
    who: &SignedIn,
    room: &Room,
    number: i64,
    wrong: Option<(&Fields, &[FieldError])>,
) -> Result<FormPage, WebError> {
    let (look, matter) = (room.look(who), room.matter());
    let list = house.store.seal_list(&who.scope, &matter.id).await?.unwrap_or_default();
    let one = list.iter().find(|one| one.id == number && may_answer(one, &who.scope));
    let one = one.ok_or(WebError::NotFound)?;
    let shown = opening(&look, room, one);
    let title = look.fill("seal.answer-title", &[("field", &shown.field)]);
    let here = format!("/matters/{}", matter.id);
    let shell = room.shell(house, who, &title).await?.crumb(&here, &matter.number);
    let choices = [("", "seal.choose"), ("open", "seal.answer-open"), ("keep", "seal.answer-keep")]
        .map(|(id, key)| (id.to_owned(), look.say(key)));
    let chosen = wrong.map_or("", |(fields, _)| fields.get("answer"));
    let choices = crate::parts::input::Choice::all(choices, chosen);
    let answer = Input::choice(who.language, "answer", "seal.answer", choices).required();
    let refusal = Input::area(who.language, "refusal", "seal.refusal")
        .help(who.language, "seal.refusal-help");
    let mut inputs = Inputs::new(who.language, vec![answer, refusal]);
    if let Some((fields, errors)) = wrong {
        inputs = inputs.filled(fields).wrong(who.language, errors);
    }
    let action = format!("{here}/openings/{number}");
    let asked = look.fill("seal.who-asks", &[("who", &shown.who), ("at", &shown.at)]);
    let why = look.fill("seal.why", &[("reason", &shown.reason)]);
    let hours = house.people.settings().get(store::setting::Setting::SealHours);
    Ok(FormPage::new(shell.crumb_here(&title), &action, "seal.send", inputs)
        .intro(asked)
        .intro(why)
        .intro(look.fill("seal.answer-about", &[("hours", &hours)]))
        .cancel(here))
}

/// `POST /matters/{matter}/openings/{number}`.
pub(super) async fn answer(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, number)): Path<(String, i64)>,
    fields: Fields,
) -> Result<Response, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let matter = &room.matter().id;
    let answered = match fields.get("answer") {
        "open" => house.store.seal_open(&who.scope, matter, number).await.map(|_| "seal.opened"),
        "keep" => {
            let kept = house.store.seal_keep(&who.scope, matter, number, fields.get("refusal"));
            kept.await.map(|()| "seal.kept-done")
        }
        _ => {
            let words = crate::message::words("seal.choose-first");
            Err(SealError::Field(FieldError { field: "answer".to_owned(), words }))
        }
    };
    match answered {
        Ok(key) => Ok(Done::to(format!("/matters/{matter}#seals"), key).into_response()),
        Err(SealError::Field(error)) => {
            let page = answer_page(&house, &who, &room, number, Some((&fields, &[error]))).await?;
            Ok(unprocessable(Page(page)))
        }
        Err(error) => Err(not_done(error)),
    }
}

fn not_done(error: SealError) -> WebError {
    match error {
        SealError::NotFound => WebError::NotFound,
        SealError::Field(error) => WebError::Bad(error.words),
        SealError::Refused(words) => WebError::Forbidden(words),
        SealError::Store(error) => error.into(),
    }
}
