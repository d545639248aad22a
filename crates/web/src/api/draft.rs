//! Drafts (草稿): what is filled in and not done yet, also what was refused.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use procedure::decide::{TITLE_CHARS_MAX, WORDS_CHARS_MAX};
use procedure::definition::Action;
use procedure::{Procedure, Raw, Rules};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};
use store::draft::{DRAFT_BYTES_MAX, Draft, DraftBody};

use super::body::{Faults, Json, Members};
use super::caller::Caller;
use super::input::{drafted, read_fields, read_parties};
use super::paging::Rows;
use super::view::{Bilingual, DraftName, Id, Instant};
use crate::House;
use crate::error::{WebError, nothing_to_show};
use crate::message::Language;

/// A draft.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DraftView {
    /// Its name in an address.
    id: String,
    /// What it is for: `act/ACTION`, `open/PROCEDURE`, `return` or `urge/NUMBER`.
    form: String,
    /// The matter acted on, or the one a new one is to hang under.
    matter: Option<Id>,
    /// The title of a matter to be opened; may be empty.
    title: String,
    /// Its parties, by capacity: units as they were given.
    parties: BTreeMap<String, Vec<String>>,
    /// Fields; a reason stands under `reason`, the words of an urging under `words`.
    input: BTreeMap<String, Value>,
    /// Why the act was refused, when that is how it became a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Bilingual>,
    /// When it was saved.
    saved_at: Instant,
}

/// `GET /drafts`: those of the person for this unit, newest first.
pub(super) async fn list(
    State(house): State<House>,
    caller: Caller,
) -> Result<Rows<DraftView>, WebError> {
    let rules = house.store.rules();
    let mut drafts = house.store.draft_list(caller.user()).await?;
    drafts.retain(|draft| draft.unit == caller.scope.unit);
    let mut rows = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let procedure = procedure_of(&house, &caller, &rules, &draft).await?;
        rows.push(view(procedure.as_ref(), &draft));
    }
    Ok(Rows::all(rows))
}

/// `GET /drafts/{draft}`.
pub(super) async fn show(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<DraftView>, WebError> {
    let name = DraftName::read(&id).ok_or(WebError::NotFound)?;
    let rules = house.store.rules();
    let draft = fetch(&house, &caller, &name).await?.ok_or(WebError::NotFound)?;
    let procedure = procedure_of(&house, &caller, &rules, &draft).await?;
    Ok(Json(view(procedure.as_ref(), &draft)))
}

async fn fetch(
    house: &House,
    caller: &Caller,
    name: &DraftName,
) -> Result<Option<Draft>, WebError> {
    let draft = house.store.draft_fetch(caller.user(), &name.form, name.matter.as_ref()).await?;
    // A token of one unit knows nothing of what the person does for another.
    Ok(draft.filter(|draft| draft.unit == caller.scope.unit))
}

/// `PUT /drafts/{draft}`: saved as it is, for the rules to judge later; only names are checked.
pub(super) async fn put(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    mut members: Members,
) -> Result<Json<DraftView>, WebError> {
    let name = DraftName::read(&id).ok_or(WebError::NotFound)?;
    let rules = house.store.rules();
    let form = Form::of(&house, &caller, &rules, &name).await?;
    let title = members.text("title").unwrap_or_default();
    let (parties, input) = (members.object("parties"), members.object("input"));
    if !matches!(form, Form::Open(_)) {
        for (member, is_empty) in [("title", title.is_empty()), ("parties", parties.is_empty())] {
            if !is_empty {
                members.wrong(member, "api.only-opening");
            }
        }
    }
    let parties = match &form {
        Form::Open(procedure) => read_parties(procedure, parties, members.faults()),
        Form::Act(..) | Form::Words(_) => Raw::new(),
    };
    let input = form.read(input, members.faults());
    members.finish()?;
    let body = DraftBody { title, parties, input };
    let bytes = |raw: &Raw| raw.values().flatten().map(String::len).sum::<usize>();
    if body.title.len() + bytes(&body.parties) + bytes(&body.input) > DRAFT_BYTES_MAX {
        return Err(WebError::TooLarge);
    }
    let draft = Draft {
        form: name.form,
        matter: name.matter,
        unit: caller.scope.unit,
        body,
        refusal: None,
        saved_at: house.now(),
    };
    house.store.draft_put(caller.user(), &draft).await?;
    Ok(Json(view(form.procedure(), &draft)))
}

/// `DELETE /drafts/{draft}`.
pub(super) async fn delete(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let name = DraftName::read(&id).ok_or(WebError::NotFound)?;
    fetch(&house, &caller, &name).await?.ok_or(WebError::NotFound)?;
    house.store.draft_delete(caller.user(), &name.form, name.matter.as_ref()).await?;
    Ok(nothing_to_show())
}

/// What a draft is for.
enum Form {
    Act(Box<Procedure>, Box<Action>),
    Open(Box<Procedure>),
    /// Words alone, under that name.
    Words(&'static str),
}

impl Form {
    /// The form of a name; what does not exist or is out of scope is not found.
    async fn of(
        house: &House,
        caller: &Caller,
        rules: &Rules,
        name: &DraftName,
    ) -> Result<Self, WebError> {
        let matter = match &name.matter {
            Some(id) => {
                let sight = house.store.matter_fetch(&caller.scope, id).await?;
                Some(sight.ok_or(WebError::NotFound)?.seen.matter)
            }
            None => None,
        };
        let (kind, rest) = name.form.split_once('/').unwrap_or((&name.form, ""));
        match (kind, &matter) {
            ("act", Some(matter)) => {
                let procedure = rules.of(matter).ok_or(WebError::NotFound)?;
                let action = procedure.action(rest).filter(|action| !action.by_system());
                let action = action.ok_or(WebError::NotFound)?;
                Ok(Self::Act(Box::new(procedure.clone()), Box::new(action.clone())))
            }
            ("open", _) => {
                let procedure = rules.opening(rest, house.today());
                let procedure = procedure.filter(|procedure| procedure.opened_by_people);
                Ok(Self::Open(Box::new(procedure.ok_or(WebError::NotFound)?.clone())))
            }
            ("return", Some(_)) if rest.is_empty() => Ok(Self::Words("reason")),
            ("urge", Some(_)) if rest.parse::<u32>().is_ok() => Ok(Self::Words("words")),
            _ => Err(WebError::NotFound),
        }
    }

    fn procedure(&self) -> Option<&Procedure> {
        match self {
            Self::Act(procedure, _) | Self::Open(procedure) => Some(procedure),
            Self::Words(_) => None,
        }
    }

    fn read(&self, given: Map<String, Value>, faults: &mut Faults) -> Raw {
        match self {
            Self::Act(procedure, action) => read_fields(procedure, action, given, faults),
            Self::Open(procedure) => read_fields(procedure, &procedure.open, given, faults),
            Self::Words(member) => {
                let mut raw = Raw::new();
                for (name, value) in given {
                    match value {
                        Value::String(text) if name == *member => {
                            if text.chars().count() > WORDS_CHARS_MAX {
                                faults.tell(&name, "api.too-long", &[("most", &WORDS_CHARS_MAX)]);
                            }
                            raw.insert(name, vec![text]);
                        }
                        _ if name == *member => faults.tell(&name, "api.want-text", &[]),
                        _ => faults.unknown(&name, &name, [*member]),
                    }
                }
                raw
            }
        }
    }
}

/// The procedure whose fields a draft fills in, as far as the caller may know it.
async fn procedure_of(
    house: &House,
    caller: &Caller,
    rules: &Rules,
    draft: &Draft,
) -> Result<Option<Procedure>, WebError> {
    if let Some(id) = draft.form.strip_prefix("open/") {
        return Ok(rules.opening(id, house.today()).cloned());
    }
    let Some(matter) = &draft.matter else { return Ok(None) };
    let sight = house.store.matter_fetch(&caller.scope, matter).await?;
    Ok(sight.and_then(|sight| rules.of(&sight.seen.matter).cloned()))
}

fn view(procedure: Option<&Procedure>, draft: &Draft) -> DraftView {
    DraftView {
        id: DraftName::of(draft.form.clone(), draft.matter.clone()).text(),
        form: draft.form.clone(),
        matter: draft.matter.as_ref().map(Id::from),
        title: draft.body.title.clone(),
        parties: draft.body.parties.clone(),
        input: drafted(procedure, &draft.body.input),
        refusal: draft.refusal.as_ref().map(Bilingual::from),
        saved_at: draft.saved_at.into(),
    }
}

/// The body of a draft.
pub(super) fn schema(_: &Rules, language: Language) -> Value {
    let say = |member: &str| json!(language.say(&format!("api.member.{member}")));
    json!({
        "type": "object",
        "properties": {
            "title": { "type": "string", "maxLength": TITLE_CHARS_MAX, "description": say("title") },
            "parties": {
                "type": "object",
                "description": say("parties"),
                "additionalProperties": {
                    "anyOf": [
                        { "$ref": "#/components/schemas/UnitGiven" },
                        { "type": "array", "items": { "$ref": "#/components/schemas/UnitGiven" } },
                    ],
                },
            },
            "input": {
                "type": "object",
                "description": say("input"),
                "additionalProperties": true,
            },
        },
        "additionalProperties": false,
    })
}
