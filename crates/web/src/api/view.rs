//! What several answers show: texts in both languages, days and instants, units, people, states.

use std::borrow::Cow;

use calendar::{Due, Trigger, Words};
use jiff::Timestamp;
use jiff::civil::Date;
use procedure::definition::{RoleName, Side};
use procedure::{Matter, MatterId, Procedure, Rules, UnitId, UserId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use store::directory::Directory;
use store::liaison::Person;

use super::ROOT;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $format:expr),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(transparent)]
        pub(super) struct $name(String);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $format
            }
        }
    )+};
}

texts! {
    /// A day in Asia/Shanghai, `2026-03-02`.
    Day: json_schema!({ "type": "string", "format": "date" }),
    /// An instant, `2026-03-02T09:30:00+08:00`.
    Instant: json_schema!({ "type": "string", "format": "date-time" }),
    /// A whole day, or an instant where hours count.
    Moment: json_schema!({
        "type": "string",
        "anyOf": [{ "format": "date" }, { "format": "date-time" }]
    }),
    /// The id of a matter.
    Id: json_schema!({ "type": "string", "format": "uuid" }),
}

impl From<Date> for Day {
    fn from(day: Date) -> Self {
        Self(day.to_string())
    }
}

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(Due::At(at).to_string())
    }
}

impl From<Due> for Moment {
    fn from(due: Due) -> Self {
        Self(due.to_string())
    }
}

impl From<Trigger> for Moment {
    fn from(trigger: Trigger) -> Self {
        Self(trigger.to_string())
    }
}

impl From<&MatterId> for Id {
    fn from(id: &MatterId) -> Self {
        Self(id.to_string())
    }
}

/// One text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Bilingual {
    /// Chinese.
    pub(super) zh: String,
    /// English.
    pub(super) en: String,
}

impl From<&Words> for Bilingual {
    fn from(words: &Words) -> Self {
        Self { zh: words.zh.clone(), en: words.en.clone() }
    }
}

impl Bilingual {
    /// None when neither language says anything.
    pub(super) fn given(words: &Words) -> Option<Self> {
        (!words.is_empty()).then(|| Self::from(words))
    }

    /// The same text whatever the language: an id without words.
    pub(super) fn plain(text: &str) -> Self {
        Self { zh: text.to_owned(), en: text.to_owned() }
    }
}

/// An id with its words.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Named {
    /// The id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: Bilingual,
}

impl Named {
    pub(super) fn new(id: &str, words: Option<&Words>) -> Self {
        let name = words.map_or_else(|| Bilingual::plain(id), Bilingual::from);
        Self { id: id.to_owned(), name }
    }
}

/// An article.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct Basis {
    /// Its code, `instrument:article`.
    pub(super) code: String,
    /// In full.
    pub(super) name: Bilingual,
}

/// Articles in full.
pub(super) fn basis(rules: &Rules, codes: &[String]) -> Vec<Basis> {
    let full = |code: &String| {
        let citation = rules.law().citation(code);
        let name = citation.map(|citation| Bilingual::from(&citation.words));
        Basis { code: code.clone(), name: name.unwrap_or_else(|| Bilingual::plain(code)) }
    };
    codes.iter().map(full).collect()
}

/// A unit by name.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct UnitName {
    /// Its id on this platform.
    pub(super) id: i64,
    /// Its code; empty when the directory no longer has the unit.
    pub(super) code: String,
    /// Its name.
    pub(super) name: String,
}

impl UnitName {
    pub(super) fn of(directory: &Directory, unit: UnitId) -> Self {
        let code = directory.get(unit).map(|unit| unit.code.clone()).unwrap_or_default();
        Self { id: unit.0, code, name: directory.name(unit) }
    }
}

/// A person by name.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct PersonName {
    /// Their id on this platform.
    pub(super) id: i64,
    /// Their name; empty when the account is unknown.
    pub(super) name: String,
}

impl PersonName {
    pub(super) fn of(people: &std::collections::BTreeMap<UserId, Person>, user: UserId) -> Self {
        let name = people.get(&user).map(|person| person.display_name.clone());
        Self { id: user.0, name: name.unwrap_or_default() }
    }
}

/// The state of a matter.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct StateName {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: Bilingual,
}

/// A state of a procedure, also one that the newest version no longer has.
pub(super) fn state_name(procedure: Option<&Procedure>, state: &str) -> StateName {
    let words = procedure.and_then(|procedure| procedure.state(state)).map(|state| &state.name);
    let Named { id, name } = Named::new(state, words);
    StateName { id, name }
}

/// Another matter of the family.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct MatterName {
    /// Its id.
    id: Id,
    /// Its procedure.
    procedure: String,
    /// Its number.
    number: String,
    /// Its title.
    title: String,
    /// Its state.
    state: StateName,
    /// Whether it is over.
    ended: bool,
    /// The matter it hangs under.
    parent: Option<Id>,
    /// Its version.
    version: u32,
}

impl MatterName {
    pub(super) fn of(rules: &Rules, matter: &Matter) -> Self {
        Self {
            id: (&matter.id).into(),
            procedure: matter.procedure.clone(),
            number: matter.number.clone(),
            title: matter.title.clone(),
            state: state_name(rules.of(matter), &matter.state),
            ended: matter.ended,
            parent: matter.parent.as_ref().map(Id::from),
            version: matter.events,
        }
    }
}

/// The id of a side.
pub(super) fn side(side: Side) -> &'static str {
    store::unit::side_id(side)
}

/// The id of a role.
pub(super) fn role(role: RoleName) -> &'static str {
    match role {
        RoleName::Handler => "handler",
        RoleName::Leader => "leader",
        RoleName::Liaison => "liaison",
        RoleName::Clerk => "clerk",
        RoleName::Viewer => "viewer",
        RoleName::UnitAdmin => "unit-admin",
    }
}

/// The name of a draft in an address: `act.reply@MATTER`, `open.problem`, `return@MATTER`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DraftName {
    /// The form, as the store files it: `act/reply`.
    pub(super) form: String,
    /// The matter.
    pub(super) matter: Option<MatterId>,
}

impl DraftName {
    pub(super) fn of(form: String, matter: Option<MatterId>) -> Self {
        Self { form, matter }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let (form, matter) = match text.split_once('@') {
            Some((form, matter)) => (form, Some(matter.parse().ok()?)),
            None => (text, None),
        };
        let is_form = form.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        });
        (is_form && !form.is_empty()).then(|| Self { form: form.replacen('.', "/", 1), matter })
    }

    pub(super) fn text(&self) -> String {
        let form = self.form.replacen('/', ".", 1);
        match &self.matter {
            Some(matter) => format!("{form}@{matter}"),
            None => form,
        }
    }

    pub(super) fn address(&self) -> String {
        format!("{ROOT}/drafts/{}", self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_found_again_by_its_name() {
        let matter = "0190b6a0-0000-7000-8000-00000000000a";
        for text in ["open.problem", &format!("act.reply@{matter}"), &format!("urge.2@{matter}")] {
            let name = DraftName::read(text).unwrap();
            assert_eq!(name.text(), text);
        }
        let name = DraftName::read("open.administrative-public-interest-case").unwrap();
        assert_eq!(name.form, "open/administrative-public-interest-case");
        for wrong in ["", "@", "act.reply@x", "../x", "act/reply", "ACT"] {
            assert_eq!(DraftName::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_instant_stands_in_legal_time() {
        let at: Timestamp = "2026-03-02T01:30:00Z".parse().unwrap();
        assert_eq!(Instant::from(at).0, "2026-03-02T09:30:00+08:00");
    }
}
