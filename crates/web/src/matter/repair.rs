//! What is to be repaired, with its proof: photos and readings before and after.
//!
//! Any matter whose procedure asks for photos before and after is shown so; no procedure is known here
//! by name.

use procedure::definition::FieldKind;
use procedure::{Matter, Procedure, Value};
use store::visibility::{Seen, SeenMatter};

use super::clock::next_light;
use super::look::Look;
use super::value::{Attached, Entry, Shown, words};
use crate::parts::mark::{Light, State};

/// A thing to be repaired.
#[derive(Debug, Clone)]
pub(crate) struct Repair {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) state: State,
    pub(crate) light: Option<Light>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) readings: Vec<Reading>,
    pub(crate) before: Vec<Attached>,
    pub(crate) after: Vec<Attached>,
}

/// A reading and what it was of.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) label: String,
    pub(crate) value: String,
}

const BEFORE: &str = "before-";
const AFTER: &str = "after-";

/// Whether a procedure is about something repaired that photos before and after prove.
pub(crate) fn is_repair(procedure: &Procedure) -> bool {
    let asks = |beginning: &str| {
        procedure
            .fields
            .iter()
            .any(|field| field.kind == FieldKind::Files && field.id.starts_with(beginning))
    };
    asks(BEFORE) && asks(AFTER)
}

/// The repairs among a matter itself, its children and those its actions opened.
pub(crate) fn repairs(look: &Look<'_>, matter: &Matter, family: &[SeenMatter]) -> Vec<Repair> {
    let mine = family.iter().filter(|other| {
        let one = &other.matter;
        one.id == matter.id
            || one.parent.as_ref() == Some(&matter.id)
            || one.origin.as_ref() == Some(&matter.id)
    });
    mine.filter_map(|seen| {
        let procedure = look.procedure(&seen.matter).filter(|procedure| is_repair(procedure))?;
        let mut repair = repair(look, seen, procedure);
        // On its own page the rest stands above.
        if seen.matter.id == matter.id {
            repair.entries.clear();
        }
        Some(repair)
    })
    .collect()
}

/// What a repair is about: the first thing written down in it. `None` for any other matter.
pub(crate) fn about(look: &Look<'_>, seen: &SeenMatter) -> Option<String> {
    let procedure = look.procedure(&seen.matter).filter(|procedure| is_repair(procedure))?;
    match seen.fields(procedure).next()?.value {
        Seen::Value(Value::Text(text)) => Some(text.clone()),
        Seen::Value(_) | Seen::Masked => None,
    }
}

fn repair(look: &Look<'_>, seen: &SeenMatter, procedure: &Procedure) -> Repair {
    let matter = &seen.matter;
    let (mut entries, mut readings) = (Vec::new(), Vec::new());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let mut title = matter.title.clone();
    for (place, one) in seen.fields(procedure).enumerate() {
        let (field, is_before) = (one.field, one.field.id.starts_with(BEFORE));
        let is_proof = is_before || field.id.starts_with(AFTER);
        match one.value {
            Seen::Value(Value::Files(files)) if is_proof => {
                let pile = if is_before { &mut before } else { &mut after };
                pile.extend(files.iter().map(Attached::of));
            }
            Seen::Value(value) if is_proof => readings
                .push(Reading { label: look.of(&field.label), value: words(look, field, value) }),
            // The first thing written down says what it is about.
            Seen::Value(Value::Text(text)) if place == 0 => title.clone_from(text),
            value => entries.push(Entry { wide: true, ..Entry::of(look, field, value) }),
        }
    }
    entries.retain(|entry| !matches!(entry.shown, Shown::Files(_)));
    Repair {
        href: format!("/matters/{}", matter.id),
        title,
        state: State { word: look.state(matter), ended: matter.ended },
        light: next_light(look, matter),
        entries,
        readings,
        before,
        after,
    }
}
