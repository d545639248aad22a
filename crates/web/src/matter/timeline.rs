//! What happened to a matter, in words: one moment an act, with what followed from it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use procedure::definition::Procedure;
use procedure::matter::{Act, Event, Obligation, What};
use procedure::value::FileRef;
use procedure::{Matter, UserId, Value};
use store::visibility::{Seen, SeenEvent};

use super::look::{Look, day};
use super::value::{Attached, Entry};
use crate::parts::mark::{end, hour, minute};

/// The names of people, as far as they are known.
pub(crate) type Names = BTreeMap<UserId, String>;

/// One act and what followed from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    /// The event that opened it.
    pub(crate) event: u32,
    /// Where its receipt is; empty when there is none on this page.
    pub(crate) receipt: String,
    /// The matter it happened to, when it is not the page's own.
    pub(crate) matter: Option<Link>,
    pub(crate) datetime: String,
    pub(crate) day: String,
    pub(crate) hour: String,
    /// `other` for the other units, `system`, `lapse`, or nothing for the reader's own unit.
    pub(crate) class: &'static str,
    pub(crate) title: String,
    /// What the title is about; may be empty.
    pub(crate) about: String,
    /// Who, of which unit.
    pub(crate) who: String,
    /// What was said with it: a reason, an urging.
    pub(crate) said: String,
    /// What was filled in.
    pub(crate) entries: Vec<Entry>,
    /// What followed.
    pub(crate) follows: Vec<String>,
    pub(crate) documents: Vec<Link>,
}

/// A link with its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) href: String,
    pub(crate) words: String,
}

/// What happened, newest first.
pub(crate) fn moments(
    look: &Look<'_>,
    matter: &Matter,
    events: &[SeenEvent],
    names: &Names,
) -> Vec<Moment> {
    let mut moments: Vec<Moment> = Vec::new();
    let mut last = None;
    for seen in events {
        let event = &seen.event;
        let opens = begins(&event.what) || last != Some((event.at, event.by));
        // Being let in is nobody's act, and the first to see a matter is whoever opened it.
        if opens && matches!(event.what, What::Shown { .. }) {
            continue;
        }
        if opens {
            moments.push(moment(look, matter, event, names));
            last = Some((event.at, event.by));
        }
        if let Some(moment) = moments.last_mut() {
            moment.add(look, matter, seen, opens);
        }
    }
    moments.reverse();
    moments
}

/// Whether an event stands for itself rather than following from the one before.
fn begins(what: &What) -> bool {
    match what {
        What::Opened(_)
        | What::Proposed(_)
        | What::Approved { .. }
        | What::Returned { .. }
        | What::TakenBack
        | What::Acted(_)
        | What::Lapsed { .. }
        | What::Recounted { .. }
        | What::Urged { .. } => true,
        What::Joined { .. }
        | What::Shown { .. }
        | What::Started(_)
        | What::Met { .. }
        | What::Suspended { .. }
        | What::Resumed { .. }
        | What::Extended { .. }
        | What::Ended { .. } => false,
    }
}

fn moment(look: &Look<'_>, matter: &Matter, event: &Event, names: &Names) -> Moment {
    let at = calendar::SHANGHAI.to_datetime(event.at);
    Moment {
        at: event.at,
        event: event.number,
        datetime: at.strftime("%Y-%m-%dT%H:%M").to_string(),
        day: day(event.at),
        hour: hour(event.at),
        class: class(look, matter, event),
        who: who(look, event, names),
        ..Moment::default()
    }
}

fn class(look: &Look<'_>, matter: &Matter, event: &Event) -> &'static str {
    let is_default = |number: u32| {
        let owed = matter.obligations.iter().find(|owed| owed.number == number);
        owed.is_some_and(|owed| owed.nature == procedure::definition::ObligationKind::Obligation)
    };
    match (&event.what, event.by.unit) {
        (What::Lapsed { obligation, .. }, _) if is_default(*obligation) => "lapse",
        (_, None) => "system",
        (_, Some(unit)) if unit == look.scope.unit => "",
        (_, Some(_)) => "other",
    }
}

/// Who acted, with their unit; the platform itself when nobody did.
fn who(look: &Look<'_>, event: &Event, names: &Names) -> String {
    let Some(unit) = event.by.unit else { return look.say("matter.timeline.system") };
    let unit = look.unit(unit);
    let mut who = match event.by.user.and_then(|user| names.get(&user)) {
        Some(name) => format!("{unit} · {name}"),
        None => unit,
    };
    let drafter = match &event.what {
        What::Acted(act) => act.drafted_by.and_then(|user| names.get(&user)),
        _ => None,
    };
    if let Some(name) = drafter {
        who.push_str(&look.fill("matter.timeline.drafted-by", &[("name", name)]));
    }
    who
}

impl Moment {
    /// The same on the page of the problem: what was done, to which matter, by whom.
    pub(crate) fn short(self, look: &Look<'_>, matter: &Matter) -> Self {
        let words = format!("{} {}", look.kind(matter), matter.number);
        let href = format!("/matters/{}", matter.id);
        let about = if self.about == matter.title { String::new() } else { self.about };
        Self {
            matter: Some(Link { href, words }),
            about,
            entries: Vec::new(),
            follows: self.follows.into_iter().take(1).collect(),
            ..self
        }
    }

    /// Takes in an event: as the act itself when it opens the moment, else as what followed.
    fn add(&mut self, look: &Look<'_>, matter: &Matter, seen: &SeenEvent, opens: bool) {
        let procedure = look.procedure(matter);
        match &seen.event.what {
            What::Opened(opening) => {
                let name = procedure.map(|procedure| look.of(&procedure.open.name));
                self.title = name.unwrap_or_else(|| opening.procedure.clone());
                self.about.clone_from(&opening.title);
                self.entries = entries(look, procedure, &opening.fields, seen);
            }
            What::Proposed(proposal) => {
                let name = look.action(matter, &proposal.action);
                self.title = look.fill("matter.timeline.proposed", &[("action", &name)]);
                self.about = look.fill(
                    "matter.timeline.waits",
                    &[
                        ("unit", &look.unit(proposal.waits_for)),
                        ("role", &look.role(proposal.role)),
                    ],
                );
                self.entries = entries(look, procedure, &proposal.input, seen);
            }
            What::Approved { waits_for, role } => {
                self.title = look.say("matter.timeline.approved");
                self.about = look.fill(
                    "matter.timeline.waits",
                    &[("unit", &look.unit(*waits_for)), ("role", &look.role(*role))],
                );
            }
            What::Returned { reason } => {
                self.title = look.say("matter.timeline.returned");
                self.said.clone_from(reason);
            }
            What::TakenBack => self.title = look.say("matter.timeline.taken-back"),
            What::Acted(act) => self.add_act(look, matter, act, seen),
            What::Urged { obligation, words } => {
                let name = name(look, matter, *obligation);
                self.title = look.fill("matter.timeline.urged", &[("name", &name)]);
                self.said.clone_from(words);
            }
            What::Lapsed { .. } | What::Recounted { .. } => {
                self.title = follow(look, matter, &seen.event.what).unwrap_or_default();
            }
            other => {
                let words = follow(look, matter, other);
                if opens {
                    self.title = words.unwrap_or_default();
                } else {
                    self.follows.extend(words);
                }
            }
        }
    }

    fn add_act(&mut self, look: &Look<'_>, matter: &Matter, act: &Act, seen: &SeenEvent) {
        self.title = look.action(matter, &act.action);
        self.entries = entries(look, look.procedure(matter), &act.input, seen);
        if act.from != act.to {
            let (from, to) = (look.state_of(matter, &act.from), look.state_of(matter, &act.to));
            self.follows.push(look.fill("matter.timeline.state", &[("from", &from), ("to", &to)]));
        }
        self.documents = act
            .documents
            .iter()
            .filter(|kind| super::document_is_for(look, matter, kind))
            .map(|kind| Link {
                href: format!("/matters/{}/documents/{}/{kind}", matter.id, seen.event.number),
                words: look.document(matter, kind),
            })
            .collect();
    }
}

/// What was filled in, as far as the reader may know it, in the order of the procedure.
fn entries(
    look: &Look<'_>,
    procedure: Option<&Procedure>,
    input: &BTreeMap<String, Value>,
    seen: &SeenEvent,
) -> Vec<Entry> {
    let fields = procedure.map(|procedure| procedure.fields.as_slice()).unwrap_or_default();
    let entry = |field: &procedure::definition::Field| {
        if seen.masked.contains(&field.id) {
            return Some(Entry::of(look, field, Seen::Masked));
        }
        let value = input.get(&field.id).filter(|value| !value.is_empty())?;
        Some(Entry::of(look, field, Seen::Value(value)))
    };
    fields.iter().filter_map(entry).collect()
}

/// The name of an obligation of a matter by its number.
pub(crate) fn name(look: &Look<'_>, matter: &Matter, number: u32) -> String {
    matter
        .obligations
        .iter()
        .find(|owed| owed.number == number)
        .map_or_else(|| format!("#{number}"), |owed| look.obligation(matter, &owed.kind))
}

/// What followed from an act, in one sentence; `None` for what is an act itself.
fn follow(look: &Look<'_>, matter: &Matter, what: &What) -> Option<String> {
    let of = |number: &u32| name(look, matter, *number);
    let fill = |key: &str, number: &u32, on: &dyn std::fmt::Display| {
        Some(look.fill(key, &[("name", &of(number)), ("day", on)]))
    };
    match what {
        What::Joined { party, unit } => Some(look.fill(
            "matter.timeline.joined",
            &[("party", &look.party(matter, party)), ("unit", &look.unit(*unit))],
        )),
        What::Shown { units } => {
            Some(look.fill("matter.timeline.shown", &[("units", &look.units(units))]))
        }
        What::Started(owed) => Some(started(look, matter, owed, "matter.timeline.started")),
        What::Met { obligation } => fill("matter.timeline.met", obligation, &""),
        What::Suspended { obligation, on } => fill("matter.timeline.suspended", obligation, on),
        What::Resumed { obligation, due, .. } => {
            fill("matter.timeline.resumed", obligation, &end(*due))
        }
        What::Extended { obligation, by, due } => Some(look.fill(
            "matter.timeline.extended",
            &[
                ("name", &of(obligation)),
                ("number", &look.of(&by.unit.words(by.number))),
                ("day", &end(*due)),
            ],
        )),
        What::Ended { obligation } => fill("matter.timeline.ended", obligation, &""),
        What::Lapsed { obligation, .. } => {
            let owed = matter.obligations.iter().find(|owed| owed.number == *obligation);
            let is_period = owed
                .is_some_and(|owed| owed.nature == procedure::definition::ObligationKind::Period);
            let key = if is_period { "matter.timeline.over" } else { "matter.timeline.lapsed" };
            let on = owed.map(|owed| end(owed.due)).unwrap_or_default();
            fill(key, obligation, &on)
        }
        What::Recounted { obligation, before, due, .. } => Some(look.fill(
            "matter.timeline.recounted",
            &[("name", &of(obligation)), ("before", &end(*before)), ("day", &end(*due))],
        )),
        What::Opened(_)
        | What::Proposed(_)
        | What::Approved { .. }
        | What::Returned { .. }
        | What::TakenBack
        | What::Acted(_)
        | What::Urged { .. } => None,
    }
}

/// An obligation that starts, in the words of a key with `name`, `debtor`, `creditor`, `day`.
pub(crate) fn started(look: &Look<'_>, matter: &Matter, owed: &Obligation, key: &str) -> String {
    look.fill(
        key,
        &[
            ("name", &look.obligation(matter, &owed.kind)),
            ("debtor", &look.unit_short(owed.debtor)),
            ("creditor", &look.unit_short(owed.creditor)),
            ("day", &end(owed.due)),
        ],
    )
}

/// A file somebody handed in: what, where, who, when.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    pub(crate) file: Attached,
    pub(crate) field: String,
    pub(crate) who: String,
    pub(crate) at: String,
}

/// Every file handed in that the reader may see, newest first; each once.
pub(crate) fn materials(
    look: &Look<'_>,
    matter: &Matter,
    events: &[SeenEvent],
    names: &Names,
) -> Vec<Material> {
    let mut found: Vec<(FileRef, Material)> = Vec::new();
    for seen in events {
        let input = match &seen.event.what {
            What::Opened(opening) => &opening.fields,
            What::Acted(act) => &act.input,
            _ => continue,
        };
        for (id, value) in input {
            let Value::Files(files) = value else { continue };
            for file in files {
                if found.iter().any(|(known, _)| known == file) {
                    continue;
                }
                let label = look
                    .procedure(matter)
                    .and_then(|procedure| procedure.field(id))
                    .map_or_else(|| id.clone(), |field| look.of(&field.label));
                let material = Material {
                    file: Attached::of(file),
                    field: label,
                    who: who(look, &seen.event, names),
                    at: minute(seen.event.at),
                };
                found.push((file.clone(), material));
            }
        }
    }
    found.reverse();
    found.into_iter().map(|(_, material)| material).collect()
}
