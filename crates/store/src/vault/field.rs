//! Fields that only some may read, within the JSON of events and matters: the value of each is replaced by
//! `{"is":"sealed","value":"sm4:…"}`. Everything else stays as it is, and so does what the log commits to,
//! which is computed from the values in the clear.

use procedure::definition::Procedure;
use procedure::{Event, Matter, MatterId};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

use super::{Place, Vault};
use crate::error::StoreError;
use crate::ledger::bundle::fields;
use crate::visibility::is_sensitive_field;

/// Stands in the JSON of whatever holds a sealed field, and of nothing else: within a text the quotes
/// would be escaped.
const MARK: &str = r#""is":"sealed""#;
/// The members of an event's body and of a matter whose own members are fields.
const FIELDS: [&str; 2] = ["fields", "input"];

/// The body of an event as it is stored.
pub(crate) fn event_to_text(
    vault: &Vault,
    procedure: Option<&Procedure>,
    matter: &MatterId,
    event: &Event,
) -> Result<String, StoreError> {
    let damaged = |error| StoreError::damaged("event", error);
    let filled_in = fields(&event.what).into_iter().flatten();
    let any = filled_in
        .into_iter()
        .any(|(id, value)| !value.is_empty() && is_sensitive_field(procedure, id));
    if !any {
        return serde_json::to_string(&event.what).map_err(damaged);
    }
    let mut body = serde_json::to_value(&event.what).map_err(damaged)?;
    let place = event_place(matter, event.number);
    each_fields(&mut body, |name, members| {
        seal_members(vault, procedure, &place.clone().at(name), members)
    })?;
    serde_json::to_string(&body).map_err(damaged)
}

/// What an event's stored body says in the clear.
///
/// # Errors
/// When it is no body of an event, or a sealed field does not open.
pub fn event_from_text<T: DeserializeOwned>(
    vault: &Vault,
    matter: &str,
    number: u32,
    text: &str,
) -> Result<T, StoreError> {
    read("event", text, |body| {
        let place = Place::new("event").at(matter).at(number);
        each_fields(body, |name, members| open_members(vault, &place.clone().at(name), members))
    })
}

/// A matter as it is stored.
pub(crate) fn matter_to_text(
    vault: &Vault,
    procedure: Option<&Procedure>,
    matter: &Matter,
) -> Result<String, StoreError> {
    let damaged = |error| StoreError::damaged("matter", error);
    let drafted = matter.proposal.iter().flat_map(|draft| &draft.input);
    let any = matter
        .fields
        .iter()
        .chain(drafted)
        .any(|(id, value)| !value.is_empty() && is_sensitive_field(procedure, id));
    if !any {
        return serde_json::to_string(matter).map_err(damaged);
    }
    let mut body = serde_json::to_value(matter).map_err(damaged)?;
    each_fields_of_matter(&mut body, |place, members| {
        seal_members(vault, procedure, place, members)
    })?;
    serde_json::to_string(&body).map_err(damaged)
}

/// A stored matter in the clear.
///
/// # Errors
/// When it is no matter, or a sealed field does not open.
pub fn matter_from_text(vault: &Vault, text: &str) -> Result<Matter, StoreError> {
    read("matter", text, |body| {
        each_fields_of_matter(body, |place, members| open_members(vault, place, members))
    })
}

fn event_place(matter: &MatterId, number: u32) -> Place {
    Place::new("event").at(matter.as_str()).at(number)
}

/// Almost nothing is sealed: what is not is read at once.
fn read<T: DeserializeOwned>(
    what: &'static str,
    text: &str,
    open: impl FnOnce(&mut Json) -> Result<(), StoreError>,
) -> Result<T, StoreError> {
    let damaged = |error| StoreError::damaged(what, error);
    if !text.contains(MARK) {
        return serde_json::from_str(text).map_err(damaged);
    }
    let mut json = serde_json::from_str(text).map_err(damaged)?;
    open(&mut json)?;
    serde_json::from_value(json).map_err(damaged)
}

fn each_fields(
    json: &mut Json,
    mut visit: impl FnMut(&str, &mut Map<String, Json>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for name in FIELDS {
        if let Some(members) = json.get_mut(name).and_then(Json::as_object_mut) {
            visit(name, members)?;
        }
    }
    Ok(())
}

fn each_fields_of_matter(
    json: &mut Json,
    mut visit: impl FnMut(&Place, &mut Map<String, Json>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let id = json.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
    let place = Place::new("matter_body").at(id);
    each_fields(json, |name, members| visit(&place.clone().at(name), members))?;
    if let Some(draft) = json.get_mut("proposal") {
        let place = place.at("proposal");
        each_fields(draft, |name, members| visit(&place.clone().at(name), members))?;
    }
    Ok(())
}

fn seal_members(
    vault: &Vault,
    procedure: Option<&Procedure>,
    place: &Place,
    members: &mut Map<String, Json>,
) -> Result<(), StoreError> {
    for (field, value) in members.iter_mut().filter(|(id, _)| is_sensitive_field(procedure, id)) {
        let plain =
            serde_json::to_vec(value).map_err(|error| StoreError::damaged("field", error))?;
        let sealed = vault
            .seal(&place.clone().at(field), &plain)
            .map_err(|error| StoreError::damaged("field", error))?;
        *value = serde_json::json!({ "is": "sealed", "value": sealed });
    }
    Ok(())
}

fn open_members(
    vault: &Vault,
    place: &Place,
    members: &mut Map<String, Json>,
) -> Result<(), StoreError> {
    for (field, value) in members.iter_mut() {
        if value.get("is").and_then(Json::as_str) != Some("sealed") {
            continue;
        }
        let sealed = value.get("value").and_then(Json::as_str).unwrap_or_default();
        let plain = vault
            .open_sealed(&place.clone().at(field), sealed)
            .map_err(|error| StoreError::damaged("sealed field", error))?;
        *value = serde_json::from_slice(&plain)
            .map_err(|error| StoreError::damaged("sealed field", error))?;
    }
    Ok(())
}
