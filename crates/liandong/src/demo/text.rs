//! What people write: texts by field from `data/demo/texts.toml`, and a value for any field that must
//! be filled in.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use procedure::Raw;
use procedure::definition::{Action, Field, FieldKind, Procedure};
use serde::Deserialize;

use super::chance::Chance;
use super::{DemoError, fault};

/// `data/demo/texts.toml`.
const TEXTS_TOML: &str = include_str!("../../../../data/demo/texts.toml");
/// What begins the name of a text where the text itself is to be given.
const NAMED: &str = "text:";
/// How far off a day is that lies ahead and that nobody says more about.
const AHEAD_DAYS: i32 = 30;

/// Texts by field.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    texts: BTreeMap<String, Vec<String>>,
}

/// What stands for the names in braces.
pub(super) type Names = BTreeMap<&'static str, String>;

/// A text with its names filled in, twice over: what a name stands for may hold names itself.
pub(super) fn filled(text: &str, names: &Names) -> String {
    let once = |text: &str| {
        names.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    };
    once(&once(text))
}

impl Texts {
    /// Reads the file.
    pub(super) fn read() -> Result<Self, DemoError> {
        toml::from_str(TEXTS_TOML).map_err(|error| fault("data/demo/texts.toml", error.to_string()))
    }

    /// A text of that name.
    pub(super) fn pick(&self, name: &str, names: &Names, chance: &mut Chance) -> Option<String> {
        let texts = self.texts.get(name)?;
        chance.pick(texts).map(|text| filled(text, names))
    }

    /// What is filled in for an act: what is given, and for the rest of what must be given a text of
    /// that field or a value of its kind.
    pub(super) fn input(
        &self,
        procedure: &Procedure,
        action: &Action,
        given: &Raw,
        today: Date,
        names: &Names,
        chance: &mut Chance,
    ) -> Raw {
        let mut input = Raw::new();
        for id in action.fields() {
            if let Some(values) = given.get(id) {
                let mut values = values.clone();
                for value in &mut values {
                    if let Some(name) = value.strip_prefix(NAMED) {
                        *value = self.pick(name, names, chance).unwrap_or_default();
                    }
                }
                input.insert(id.clone(), values);
            } else if action.input.contains(id)
                && let Some(field) = procedure.field(id)
            {
                let text = self
                    .pick(&format!("{}.{id}", action.id), names, chance)
                    .or_else(|| self.pick(id, names, chance))
                    .unwrap_or_else(|| usual(field, today, chance));
                input.insert(id.clone(), vec![text]);
            }
        }
        input
    }
}

fn usual(field: &Field, today: Date, chance: &mut Chance) -> String {
    let day = if field.future { today.saturating_add(AHEAD_DAYS.days()) } else { today };
    match field.kind {
        FieldKind::Text | FieldKind::LongText => "如实记录。".to_owned(),
        FieldKind::Date => day.to_string(),
        FieldKind::Instant => format!("{day}T09:30"),
        FieldKind::Integer => field.min.unwrap_or(1).max(1).to_string(),
        FieldKind::Choice | FieldKind::Choices => {
            chance.pick(&field.options).map(|option| option.id.clone()).unwrap_or_default()
        }
        // Nothing sensible can be made up; the rules will say that it is missing.
        FieldKind::Articles
        | FieldKind::Boolean
        | FieldKind::Unit
        | FieldKind::Division
        | FieldKind::Point
        | FieldKind::Files => String::new(),
    }
}
