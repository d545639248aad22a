//! Articles of law on a form: lines to type in, and the instruments that may be cited.

use std::collections::BTreeMap;

use calendar::{Instrument, Law};
use jiff::civil::Date;
use procedure::definition::Field;
use procedure::value::LawDays;
use procedure::{Matter, Value};

use super::field::Filled;
use crate::matter::look::Look;
use crate::message::Language;

/// The lines of a field of articles, with what may stand in them.
#[derive(Debug, Clone)]
pub(crate) struct Articles {
    /// One article each, then empty ones.
    pub(crate) lines: Vec<Line>,
    /// What is offered while typing.
    pub(crate) offered: Vec<Offered>,
    /// By the law of which day, and what applied when.
    pub(crate) notes: Vec<String>,
}

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Of the element; the first bears that of the field.
    pub(crate) id: String,
    pub(crate) text: String,
}

/// An instrument offered.
#[derive(Debug, Clone)]
pub(crate) struct Offered {
    /// The beginning of a citation.
    pub(crate) value: String,
    /// Since when, or until when, it is in force.
    pub(crate) words: String,
}

/// Lines there are at least.
const LINES_MIN: usize = 3;
/// Most instruments named in a note.
const NAMED_MAX: usize = 3;

impl Articles {
    pub(super) fn of(
        look: &Look<'_>,
        matter: Option<&Matter>,
        field: &Field,
        filled: &Filled,
    ) -> Self {
        let law = look.rules.law();
        let days = days(look, matter, field, filled);
        let may_cite = |one: &&Instrument| {
            one.in_force_on(days.decides) || days.conduct.is_some_and(|day| one.in_force_on(day))
        };
        let offered = law.instruments().filter(may_cite).map(|one| Offered {
            value: title(look, one),
            words: in_force_words(look, one.from, one.until),
        });
        let given = filled.input.get(&field.id).map_or(&[][..], Vec::as_slice);
        let mut texts: Vec<String> = given.iter().flat_map(|text| lines(look, law, text)).collect();
        let more = LINES_MIN.saturating_sub(texts.len()).max(1);
        texts.extend(std::iter::repeat_n(String::new(), more));
        let lines = texts.into_iter().enumerate().map(|(place, text)| {
            let id = match place {
                0 => format!("f-{}", field.id),
                place => format!("f-{}-{place}", field.id),
            };
            Line { id, text }
        });
        let mut notes = vec![look.fill("form.law-on", &[("day", &days.decides)])];
        notes.extend(days.conduct.and_then(|conduct| changed(look, law, days.decides, conduct)));
        Self { lines: lines.collect(), offered: offered.collect(), notes }
    }
}

/// The days whose law may be cited, by what the matter holds and what is typed on this form.
fn days(look: &Look<'_>, matter: Option<&Matter>, field: &Field, filled: &Filled) -> LawDays {
    let mut fields: BTreeMap<String, Value> = BTreeMap::new();
    for id in field.law_on.iter().chain(&field.conduct_on) {
        let typed = filled.input.get(id).and_then(|given| given.first());
        let typed = typed.and_then(|text| text.get(..10)).and_then(|text| text.parse().ok());
        let held = matter.and_then(|matter| matter.fields.get(id).cloned());
        fields.extend(typed.map(Value::Date).or(held).map(|value| (id.clone(), value)));
    }
    LawDays::of(field, &fields, look.today())
}

/// What was given, an article a line; what cites nothing stays as it was typed.
fn lines(look: &Look<'_>, law: &Law, text: &str) -> Vec<String> {
    match law.read_articles(text) {
        Ok(cited) => cited.iter().map(|one| look.of(&one.words(law))).collect(),
        Err(_) => vec![text.trim().to_owned()],
    }
}

fn title(look: &Look<'_>, instrument: &Instrument) -> String {
    match look.language {
        Language::Zh => format!("《{}》", instrument.name.zh),
        Language::En => instrument.name.en.clone(),
    }
}

fn in_force_words(look: &Look<'_>, from: Option<Date>, until: Option<Date>) -> String {
    match (from, until) {
        (_, Some(until)) => look.fill("form.law-until", &[("day", &until)]),
        (Some(from), None) => look.fill("form.law-from", &[("day", &from)]),
        (None, None) => String::new(),
    }
}

/// What applied on the day of the conduct and no longer applies, and what took its place.
fn changed(look: &Look<'_>, law: &Law, decides: Date, conduct: Date) -> Option<String> {
    let old: Vec<_> = law.in_force_on(conduct).filter(|one| !one.in_force_on(decides)).collect();
    if old.is_empty() {
        return None;
    }
    let mut new: Vec<&Instrument> = Vec::new();
    for next in old.iter().filter_map(|one| law.followers(one).find(|n| n.in_force_on(decides))) {
        if !new.iter().any(|known| known.id == next.id) {
            new.push(next);
        }
    }
    let named = |many: &[&Instrument]| {
        let names: Vec<_> = many
            .iter()
            .take(NAMED_MAX)
            .map(|one| {
                let days = in_force_words(look, one.from, one.until);
                if days.is_empty() {
                    return title(look, one);
                }
                look.fill("form.law-named", &[("name", &title(look, one)), ("days", &days)])
            })
            .collect();
        let names = names.join(look.comma());
        match many.len() {
            0..=NAMED_MAX => names,
            number => look.fill("form.law-more", &[("names", &names), ("number", &number)]),
        }
    };
    let (old, new) = (named(&old), named(&new));
    Some(look.fill("form.law-changed", &[("day", &conduct), ("old", &old), ("new", &new)]))
}
