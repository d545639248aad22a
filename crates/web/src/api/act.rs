//! Acts: opening a matter, doing an action, answering a draft, urging.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use procedure::decide::{TITLE_CHARS_MAX, WORDS_CHARS_MAX};
use procedure::{Command, MatterId, OpenRequest, Raw, Request, Rules};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::{Done, Key};

use super::ROOT;
use super::body::{Json, Members};
use super::caller::Caller;
use super::input::{chosen_parties, input_schema, matter_id, read_fields, read_parties};
use super::problem::NotDone;
use super::view::Id;
use crate::House;
use crate::error::{WebError, created};
use crate::message::Language;

/// The header that makes a request sent twice act once.
const KEY: &str = "idempotency-key";
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An act that took effect.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DoneView {
    /// The matter acted on, or opened.
    matter: Id,
    /// The root of its family.
    root: Id,
    /// Its number.
    number: String,
    /// The id of its state now.
    state: String,
    /// Its version now.
    version: u32,
    /// Matters the act opened.
    opened: Vec<Id>,
}

fn done(done: &Done) -> Response {
    let view = DoneView {
        matter: (&done.matter).into(),
        root: (&done.root).into(),
        number: done.number.clone(),
        state: done.state.clone(),
        version: done.events,
        opened: done.opened.iter().map(Id::from).collect(),
    };
    let mut response = Json(view).into_response();
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag(done.events));
    if done.repeated {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The version of a matter as an entity tag.
pub(super) fn etag(version: u32) -> HeaderValue {
    // Digits and quotes always make a header.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The key of a request, which must be there.
fn key(headers: &HeaderMap) -> Result<Key, WebError> {
    let given = headers.get(KEY).ok_or_else(|| WebError::bad("api.key-needed"))?;
    let key = given.to_str().ok().and_then(Key::parse);
    key.ok_or_else(|| WebError::bad("api.key-wrong"))
}

/// Which version of the matter a program has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    /// `None` when whichever it is will do.
    version: Option<u32>,
    by_header: bool,
}

/// By `If-Match`, or by `seen` in the body.
fn seen(headers: &HeaderMap, members: &mut Members) -> Result<Seen, WebError> {
    let told = members.version("seen");
    let Some(given) = headers.get(header::IF_MATCH) else {
        return Ok(Seen { version: told, by_header: false });
    };
    let given = given.to_str().unwrap_or_default().trim();
    let version = given.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let version = match version.map(str::parse::<u32>) {
        Some(Ok(version)) => Some(version),
        _ if given == "*" => None,
        // The tag of something else: no version of this matter.
        _ => return Err(WebError::bad("api.if-match-wrong")),
    };
    if told.is_some_and(|told| version != Some(told)) {
        members.wrong("seen", "api.seen-twice");
    }
    Ok(Seen { version, by_header: true })
}

/// The same, where looking before acting is asked for.
fn seen_needed(headers: &HeaderMap, members: &mut Members) -> Result<Seen, WebError> {
    let seen = seen(headers, members)?;
    if seen.version.is_none() && !seen.by_header { Err(WebError::VersionNeeded) } else { Ok(seen) }
}

async fn acted(
    house: &House,
    caller: &Caller,
    request: Request,
    key: Key,
    by_header: bool,
) -> Result<Response, NotDone> {
    match house.store.act(&caller.actor, request, Some(key)).await {
        Ok(what) => Ok(done(&what)),
        Err(error) => Err(NotDone::of(error, by_header)),
    }
}

/// The id in an address; what is no id leads nowhere.
pub(super) fn addressed(id: &str) -> Result<MatterId, WebError> {
    matter_id(id).ok_or(WebError::NotFound)
}

/// `POST /matters/{matter}/actions/{action}`.
pub(super) async fn act(
    State(house): State<House>,
    caller: Caller,
    Path((matter, action)): Path<(String, String)>,
    headers: HeaderMap,
    mut members: Members,
) -> Result<Response, NotDone> {
    let matter = addressed(&matter)?;
    let sight = house.store.matter_fetch(&caller.scope, &matter).await?;
    let sight = sight.ok_or(WebError::NotFound)?;
    let rules = house.store.rules();
    let procedure = rules.of(&sight.seen.matter).ok_or(WebError::NotFound)?;
    let key = key(&headers)?;
    let seen = seen_needed(&headers, &mut members)?;
    let given = members.object("input");
    let input = match procedure.action(&action).filter(|action| !action.by_system()) {
        Some(action) => read_fields(procedure, action, given, members.faults()),
        // The rules say that there is no such act.
        None => Raw::new(),
    };
    members.finish()?;
    let command = Command::Act { action, input };
    let request = Request { matter, seen: seen.version, command };
    acted(&house, &caller, request, key, seen.by_header).await
}

/// `POST /matters/{matter}/proposal/approve`.
pub(super) async fn approve(
    State(house): State<House>,
    caller: Caller,
    Path(matter): Path<String>,
    headers: HeaderMap,
    members: Members,
) -> Result<Response, NotDone> {
    answer(&house, &caller, &matter, &headers, members, Command::Approve).await
}

/// `POST /matters/{matter}/proposal/take-back`.
pub(super) async fn take_back(
    State(house): State<House>,
    caller: Caller,
    Path(matter): Path<String>,
    headers: HeaderMap,
    members: Members,
) -> Result<Response, NotDone> {
    answer(&house, &caller, &matter, &headers, members, Command::TakeBack).await
}

/// `POST /matters/{matter}/proposal/return`.
pub(super) async fn send_back(
    State(house): State<House>,
    caller: Caller,
    Path(matter): Path<String>,
    headers: HeaderMap,
    mut members: Members,
) -> Result<Response, NotDone> {
    let reason = members.needed_text("reason");
    answer(&house, &caller, &matter, &headers, members, Command::Return { reason }).await
}

async fn answer(
    house: &House,
    caller: &Caller,
    matter: &str,
    headers: &HeaderMap,
    mut members: Members,
    command: Command,
) -> Result<Response, NotDone> {
    let matter = addressed(matter)?;
    in_sight(house, caller, &matter).await?;
    let key = key(headers)?;
    let seen = seen_needed(headers, &mut members)?;
    members.finish()?;
    let request = Request { matter, seen: seen.version, command };
    acted(house, caller, request, key, seen.by_header).await
}

/// What is out of scope looks like what does not exist, before anything else is said of the request.
async fn in_sight(house: &House, caller: &Caller, matter: &MatterId) -> Result<(), NotDone> {
    let sight = house.store.matter_fetch(&caller.scope, matter).await?;
    if sight.is_some() { Ok(()) } else { Err(WebError::NotFound.into()) }
}

/// `POST /matters/{matter}/obligations/{number}/urge`.
pub(super) async fn urge(
    State(house): State<House>,
    caller: Caller,
    Path((matter, number)): Path<(String, String)>,
    headers: HeaderMap,
    mut members: Members,
) -> Result<Response, NotDone> {
    let matter = addressed(&matter)?;
    let obligation = number.parse().map_err(|_| WebError::NotFound)?;
    in_sight(&house, &caller, &matter).await?;
    let key = key(&headers)?;
    let seen = seen(&headers, &mut members)?;
    let words = members.needed_text("words");
    members.finish()?;
    let command = Command::Urge { obligation, words };
    let request = Request { matter, seen: seen.version, command };
    acted(&house, &caller, request, key, seen.by_header).await
}

/// `POST /matters`: opens one.
pub(super) async fn open(
    State(house): State<House>,
    caller: Caller,
    headers: HeaderMap,
    mut members: Members,
) -> Result<Response, NotDone> {
    let key = key(&headers)?;
    let rules = house.store.rules();
    let id = members.needed_text("procedure");
    let title = members.text("title").unwrap_or_default();
    let parent = members.text("parent");
    let (parties, fields) = (members.object("parties"), members.object("input"));
    let procedure =
        rules.opening(&id, house.today()).filter(|procedure| procedure.opened_by_people);
    let Some(procedure) = procedure else {
        if !id.is_empty() {
            let openable = rules.procedures().filter(|one| one.opened_by_people);
            members.faults().unknown("procedure", &id, openable.map(|one| one.id.as_str()));
        }
        members.finish()?;
        return Err(WebError::NotFound.into());
    };
    let parties = read_parties(procedure, parties, members.faults());
    let input = read_fields(procedure, &procedure.open, fields, members.faults());
    let parent = match parent {
        None => None,
        Some(text) => {
            let parent = matter_id(&text);
            let is_seen = match &parent {
                Some(parent) => house.store.matter_fetch(&caller.scope, parent).await?.is_some(),
                None => false,
            };
            if !is_seen {
                members.wrong("parent", "api.no-matter");
            }
            parent
        }
    };
    members.finish()?;
    let request = OpenRequest { procedure: id, parent, title, parties, input };
    match house.store.open_matter(&caller.actor, request, Some(key)).await {
        Ok(what) => {
            let mut response = created(done(&what));
            let address = format!("{ROOT}/matters/{}", what.matter);
            if let Ok(address) = HeaderValue::from_str(&address) {
                response.headers_mut().insert(header::LOCATION, address);
            }
            Ok(response)
        }
        Err(error) => Err(NotDone::of(error, false)),
    }
}

/// The body of an act: what is filled in, for each action of each procedure.
pub(super) fn act_schema(rules: &Rules, language: Language) -> Value {
    let inputs: Vec<Value> = acts(rules)
        .map(|(procedure, action)| json!({ "$ref": reference("Act", procedure, Some(action)) }))
        .collect();
    json!({
        "type": "object",
        "properties": { "input": { "anyOf": inputs }, "seen": version_schema(language) },
        "additionalProperties": false,
    })
}

/// The body of an opening: one shape for each procedure people open.
pub(super) fn open_schema(rules: &Rules, _: Language) -> Value {
    let ids: Vec<&str> = openings(rules).map(|procedure| procedure.id.as_str()).collect();
    let shapes: Vec<Value> =
        ids.iter().map(|id| json!({ "$ref": reference("Open", id, None) })).collect();
    let mapping: serde_json::Map<String, Value> =
        ids.iter().map(|id| ((*id).to_owned(), json!(reference("Open", id, None)))).collect();
    json!({
        "oneOf": shapes,
        "discriminator": { "propertyName": "procedure", "mapping": mapping },
    })
}

/// The body that says no more than which version was seen.
pub(super) fn seen_schema(_: &Rules, language: Language) -> Value {
    json!({
        "type": "object",
        "properties": { "seen": version_schema(language) },
        "additionalProperties": false,
    })
}

/// The body of sending back.
pub(super) fn return_schema(_: &Rules, language: Language) -> Value {
    words_schema("reason", language)
}

/// The body of urging.
pub(super) fn urge_schema(_: &Rules, language: Language) -> Value {
    words_schema("words", language)
}

fn words_schema(name: &str, language: Language) -> Value {
    let text = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": WORDS_CHARS_MAX,
        "description": language.say(&format!("api.member.{name}")),
    });
    json!({
        "type": "object",
        "properties": { name: text, "seen": version_schema(language) },
        "required": [name],
        "additionalProperties": false,
    })
}

fn version_schema(language: Language) -> Value {
    let words = language.say("api.member.seen");
    json!({ "type": "integer", "minimum": 0, "description": words })
}

/// The schemas of what is filled in, by their names among the components.
pub(super) fn input_schemas(rules: &Rules, language: Language) -> Vec<(String, Value)> {
    let acts = rules.procedures().flat_map(|procedure| {
        procedure.actions.iter().filter(|action| !action.by_system()).map(move |action| {
            let name = format!("Act.{}.{}", procedure.id, action.id);
            (name, input_schema(procedure, action, language))
        })
    });
    let opens = openings(rules).map(|procedure| {
        let unit = || json!({ "$ref": "#/components/schemas/UnitGiven" });
        let party = |party: &procedure::definition::Party| {
            let mut schema = if party.many {
                json!({ "anyOf": [unit(), { "type": "array", "items": unit() }] })
            } else {
                unit()
            };
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("title".to_owned(), json!(language.of(&party.name)));
            }
            (party.id.clone(), schema)
        };
        let parties: serde_json::Map<String, Value> =
            chosen_parties(procedure).map(party).collect();
        let needed: Vec<&str> = chosen_parties(procedure)
            .filter(|party| !party.optional)
            .map(|party| party.id.as_str())
            .collect();
        let title = json!({
            "type": "string",
            "maxLength": TITLE_CHARS_MAX,
            "description": language.say("api.member.title"),
        });
        let parent = json!({
            "type": "string",
            "format": "uuid",
            "description": language.say("api.member.parent"),
        });
        let mut members = vec!["procedure", "input"];
        members.push(if procedure.is_root() { "title" } else { "parent" });
        if !needed.is_empty() {
            members.push("parties");
        }
        let schema = json!({
            "type": "object",
            "title": language.of(&procedure.open.name),
            "properties": {
                "procedure": { "const": procedure.id },
                "title": title,
                "parent": parent,
                "parties": {
                    "type": "object",
                    "properties": parties,
                    "required": needed,
                    "additionalProperties": false,
                },
                "input": input_schema(procedure, &procedure.open, language),
            },
            "required": members,
            "additionalProperties": false,
        });
        (format!("Open.{}", procedure.id), schema)
    });
    acts.chain(opens).collect()
}

fn acts(rules: &Rules) -> impl Iterator<Item = (&str, &str)> {
    rules.procedures().flat_map(|procedure| {
        let acts = procedure.actions.iter().filter(|action| !action.by_system());
        acts.map(|action| (procedure.id.as_str(), action.id.as_str()))
    })
}

fn openings(rules: &Rules) -> impl Iterator<Item = &procedure::Procedure> {
    rules.procedures().filter(|procedure| procedure.opened_by_people)
}

fn reference(kind: &str, procedure: &str, action: Option<&str>) -> String {
    let action = action.map(|action| format!(".{action}")).unwrap_or_default();
    format!("#/components/schemas/{kind}.{procedure}{action}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_must_come_with_every_act() {
        let mut headers = HeaderMap::new();
        assert!(matches!(key(&headers), Err(WebError::Bad(_))));
        headers.insert(KEY, HeaderValue::from_static("a b"));
        assert!(matches!(key(&headers), Err(WebError::Bad(_))));
        headers.insert(KEY, HeaderValue::from_static("9f1c"));
        assert_eq!(key(&headers).unwrap().as_str(), "9f1c");
    }
}
