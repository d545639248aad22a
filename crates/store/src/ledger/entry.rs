//! What the leaves say, computed from the rows they are about and from nothing else: so whoever has
//! the rows can compute them again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use procedure::MatterId;
use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use ::ledger::{Actor, Content, Entry, Event, FileHash, HouseAct, Instant, Label, Seed};

use crate::error::StoreError;

/// Members of an event's body whose own members are committed to one by one, because not everybody
/// may see each.
const ONE_BY_ONE: [&str; 2] = ["input", "fields"];
/// The member that names what happened.
const WHAT: &str = "what";

/// What the salts of a log's leaves are drawn from.
#[derive(Clone)]
pub(crate) struct Secret(pub(crate) Vec<u8>);

/// What an event's leaf says of the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MatterHead {
    pub(crate) id: MatterId,
    pub(crate) root: String,
    pub(crate) procedure: String,
    pub(crate) version: String,
}

/// The other columns of an event.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) number: u32,
    pub(crate) at: Timestamp,
    pub(crate) user: Option<i64>,
    pub(crate) unit: Option<i64>,
    /// The body, read.
    pub(crate) body: Json,
}

/// An act of the administrators, as its row has it.
#[derive(Debug, Clone)]
pub(crate) struct HouseRow {
    pub(crate) id: i64,
    pub(crate) at: Timestamp,
    pub(crate) user: Option<i64>,
    pub(crate) unit: Option<i64>,
    pub(crate) what: String,
    pub(crate) target_kind: String,
    pub(crate) target_id: String,
    pub(crate) detail: Json,
}

impl Secret {
    fn seed(&self, kind: &str, matter: &str, number: i64) -> Seed {
        let mut hash = Sha256::new();
        hash.update(&self.0);
        hash.update(format!("{kind} {matter} {number}"));
        let digest: [u8; 32] = hash.finalize().into();
        let (seed, _) = digest.split_first_chunk().unwrap_or((&[0; 16], &[]));
        Seed(*seed)
    }
}

/// The entry of an event and what it says in the clear.
pub(crate) fn of_event(
    secret: &Secret,
    matter: &MatterHead,
    event: &EventRow,
) -> Result<(Entry, Content), StoreError> {
    let mut rest = Map::new();
    let mut members = Vec::new();
    let mut files = BTreeSet::new();
    let mut action = "event".to_owned();
    for (name, value) in event.body.as_object().into_iter().flatten() {
        match value {
            Json::String(what) if name == WHAT => action.clone_from(what),
            Json::Object(fields) if ONE_BY_ONE.contains(&name.as_str()) => {
                for (field, value) in fields {
                    files_of(value, &mut files);
                    members.push((label(&format!("{name}/{field}"))?, value.clone()));
                }
            }
            _ => drop(rest.insert(name.clone(), value.clone())),
        }
    }
    if let Some(Json::String(act)) = rest.get("action") {
        action = format!("{action}/{act}");
    }
    members.push((label(WHAT)?, Json::Object(rest)));
    let id = matter.id.as_str();
    let content =
        Content::new(secret.seed("event", id, event.number.into()), members).map_err(unwritable)?;
    let entry = Entry::Event(Event {
        matter: label(id)?,
        sequence: event.number,
        root: label(&matter.root)?,
        procedure: label(&matter.procedure)?,
        version: label(&matter.version)?,
        actor: Actor { user: event.user, unit: event.unit },
        action: label(&action)?,
        at: instant(event.at)?,
        content: content.commitments(),
        files,
    });
    Ok((entry, content))
}

/// The entry of an act of the administrators.
pub(crate) fn of_house(secret: &Secret, act: &HouseRow) -> Result<Entry, StoreError> {
    let target = serde_json::json!({ "kind": act.target_kind, "id": act.target_id });
    let members = [(label("target")?, target), (label("detail")?, act.detail.clone())];
    let content = Content::new(secret.seed("house", "", act.id), members).map_err(unwritable)?;
    Ok(Entry::House(HouseAct {
        sequence: u32::try_from(act.id).map_err(unwritable)?,
        actor: Actor { user: act.user, unit: act.unit },
        action: label(&act.what)?,
        at: instant(act.at)?,
        content: content.commitments(),
        files: BTreeSet::new(),
    }))
}

/// The attachments a value names: what a field of files holds, by its shape.
fn files_of(value: &Json, into: &mut BTreeSet<FileHash>) {
    let files = value.get("value").and_then(Json::as_array);
    for file in files.into_iter().flatten() {
        let hash = file.get("sha256").and_then(Json::as_str);
        into.extend(hash.and_then(|hash| format!("sha256:{hash}").parse::<FileHash>().ok()));
    }
}

fn label(text: &str) -> Result<Label, StoreError> {
    text.parse().map_err(unwritable)
}

fn instant(at: Timestamp) -> Result<Instant, StoreError> {
    Instant::from_micros(at.as_microsecond()).map_err(unwritable)
}

/// What cannot be put into the log is not done at all.
pub(crate) fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Database { operation: "write into the log".to_owned(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(body: Json) -> (Entry, Content) {
        let matter = MatterHead {
            id: "0190b3c4-0000-7000-8000-000000000001".parse().unwrap(),
            root: "0190b3c4-0000-7000-8000-000000000001".to_owned(),
            procedure: "problem".to_owned(),
            version: "2019-03-01".to_owned(),
        };
        let at = "2026-03-02T01:00:00Z".parse().unwrap();
        let row = EventRow { number: 2, at, user: Some(7), unit: Some(3), body };
        of_event(&Secret(vec![7; 32]), &matter, &row).unwrap()
    }

    #[test]
    fn fields_are_committed_to_one_by_one_and_files_are_named() {
        let hash = "ab".repeat(32);
        let (entry, content) = event(json!({
            "what": "acted", "action": "reply", "from": "served", "to": "replied",
            "input": {
                "text": { "is": "text", "value": "已整改" },
                "photos": { "is": "files", "value": [{ "sha256": hash, "name": "1.jpg", "size_bytes": 9 }] },
            },
        }));
        let Entry::Event(said) = &entry else { panic!("an event") };
        assert_eq!(said.action.as_str(), "acted/reply");
        let names: Vec<&str> = said.content.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["input/photos", "input/text", "what"]);
        assert_eq!(said.files.len(), 1);
        let shown = content.open(|name| name.as_str() != "input/text");
        assert!(said.content.check(&shown).is_ok());
        assert!(!serde_json::to_string(&shown).unwrap().contains("已整改"));
    }

    #[test]
    fn another_body_another_leaf() {
        let leaf = |to: &str| event(json!({ "what": "acted", "to": to })).0.leaf().unwrap();
        assert_eq!(leaf("a"), leaf("a"));
        assert_ne!(leaf("a"), leaf("b"));
    }
}
