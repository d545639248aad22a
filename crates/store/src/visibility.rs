//! Who may read what of a matter one may see: the one matrix, and what carries it out.
//!
//! Whether a unit sees a matter at all is a row of `matter_scope`, joined in SQL. Within it, each field
//! has a tier:
//!
//! | tier | who reads it |
//! |---|---|
//! | public, shared | everyone who sees the matter |
//! | procuratorate | those who work on matters at a procuratorate, and at the unit that wrote it |
//! | criminal | those who work on matters at a procuratorate or the police, and at the unit that wrote it |
//! | sealed | whoever wrote it; others for whom the seal was opened, until that ends (see [`crate::seal`]) |
//!
//! "Work on matters" means handler, leader, liaison or clerk; a viewer or a unit's administrator reads
//! the first row only. An act that is drafted and not yet approved is known to the unit that drafted it
//! and the unit that approves it. What is hidden is named as hidden (已脱敏), never shown as empty.

use std::collections::{BTreeMap, BTreeSet};

use procedure::definition::{Field, Procedure, Side, Tier};
use procedure::{Event, Matter, MatterId, Rules, UnitId, UserId, Value, What};
use serde::{Deserialize, Serialize};

use crate::scope::Scope;

/// Who opened a matter and who wrote each of its fields; follows from its events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The unit that opened it; none for the platform itself.
    pub opened_by: Option<UnitId>,
    /// The unit that wrote the field last; none for what the platform filled in.
    pub fields: BTreeMap<String, UnitId>,
    /// Who that was.
    #[serde(default)]
    pub by: BTreeMap<String, UserId>,
}

/// Who wrote a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Writer {
    /// The unit; none for the platform itself.
    pub unit: Option<UnitId>,
    /// The person.
    pub user: Option<UserId>,
}

/// Seals that were opened for a reader and are open still.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened(pub(crate) BTreeSet<(MatterId, String)>);

impl Opened {
    pub(crate) fn has(&self, matter: &MatterId, field: &str) -> bool {
        self.0.iter().any(|(open, id)| open == matter && id == field)
    }
}

impl Provenance {
    /// Takes in what happened; `drafted_by` is the unit whose draft takes effect with it.
    pub fn apply(&mut self, drafted_by: Option<UnitId>, event: &Event) {
        let (writer, fields) = match &event.what {
            What::Opened(opening) => {
                self.opened_by = event.by.unit;
                (Writer { unit: event.by.unit, user: event.by.user }, &opening.fields)
            }
            What::Acted(act) if act.drafted_by.is_some() => {
                (Writer { unit: drafted_by, user: act.drafted_by }, &act.input)
            }
            What::Acted(act) => (Writer { unit: event.by.unit, user: event.by.user }, &act.input),
            _ => return,
        };
        for field in fields.keys() {
            match writer.unit {
                Some(unit) => drop(self.fields.insert(field.clone(), unit)),
                None => drop(self.fields.remove(field)),
            }
            match writer.user {
                Some(user) => drop(self.by.insert(field.clone(), user)),
                None => drop(self.by.remove(field)),
            }
        }
    }

    /// Who wrote a field last.
    #[must_use]
    pub fn writer(&self, field: &str) -> Writer {
        Writer { unit: self.fields.get(field).copied(), user: self.by.get(field).copied() }
    }
}

/// Whether somebody may read a field of that tier, written by that person for that unit; `open` when its
/// seal was opened for the reader. Who informed is to be known to the fewest: what is sealed is read by
/// whoever wrote it, and by nobody else at the unit without asking.
#[must_use]
pub fn sees(tier: Tier, writer: Writer, scope: &Scope, open: bool) -> bool {
    let ours = writer.unit == Some(scope.unit);
    let procuratorate = scope.side == Side::Procuratorate;
    match tier {
        Tier::Public | Tier::Shared => true,
        Tier::Procuratorate => scope.works() && (ours || procuratorate),
        Tier::Criminal => scope.works() && (ours || procuratorate || scope.police),
        Tier::Sealed => scope.works() && (open || (ours && writer.user == Some(scope.user))),
    }
}

/// Whether reading a field of that tier is itself written down.
#[must_use]
pub fn is_sensitive(tier: Tier) -> bool {
    match tier {
        Tier::Public | Tier::Shared => false,
        Tier::Procuratorate | Tier::Criminal | Tier::Sealed => true,
    }
}

/// The same of a field by its id; what is known of no procedure is kept from everybody.
pub(crate) fn is_sensitive_field(procedure: Option<&Procedure>, field: &str) -> bool {
    is_sensitive(tier(procedure, field))
}

/// A matter with everything taken out that the reader may not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMatter {
    /// What is left.
    pub matter: Matter,
    /// Fields that hold something the reader may not read.
    pub masked: BTreeSet<String>,
    /// The same of the act that is drafted.
    pub masked_draft: BTreeSet<String>,
    /// Fields the reader does read and whose reading is written down.
    pub sensitive: BTreeSet<String>,
    /// Who wrote what.
    pub provenance: Provenance,
}

/// What the reader gets of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// What it holds.
    Value(&'a Value),
    /// It holds something, shown as 〔已脱敏〕.
    Masked,
}

/// A field that holds something.
#[derive(Debug, Clone, Copy)]
pub struct SeenField<'a> {
    /// The field.
    pub field: &'a Field,
    /// What the reader gets.
    pub value: Seen<'a>,
}

/// Takes out of a matter what somebody may not read. Without its procedure nothing is known of the
/// tiers, and every field is hidden.
#[must_use]
pub fn seen(
    rules: &Rules,
    matter: &Matter,
    provenance: &Provenance,
    scope: &Scope,
    opened: &Opened,
) -> SeenMatter {
    let procedure = rules.of(matter);
    let mut matter = matter.clone();
    let id_of_matter = matter.id.clone();
    let (mut masked, mut sensitive) = (BTreeSet::new(), BTreeSet::new());
    matter.fields.retain(|id, value| {
        let tier = tier(procedure, id);
        let open = opened.has(&id_of_matter, id);
        let read = sees(tier, provenance.writer(id), scope, open);
        if !read && !value.is_empty() {
            masked.insert(id.clone());
        }
        if read && is_sensitive(tier) && !value.is_empty() {
            sensitive.insert(id.clone());
        }
        read
    });
    let mut masked_draft = BTreeSet::new();
    matter.proposal = matter.proposal.filter(|draft| concerns(draft.unit, draft.waits_for, scope));
    if let Some(draft) = &mut matter.proposal {
        let writer = Writer { unit: Some(draft.unit), user: Some(draft.by) };
        draft.input.retain(|id, value| {
            let read = sees(tier(procedure, id), writer, scope, false);
            if !read && !value.is_empty() {
                masked_draft.insert(id.clone());
            }
            read
        });
    }
    SeenMatter { matter, masked, masked_draft, sensitive, provenance: provenance.clone() }
}

impl SeenMatter {
    /// Its fields that hold something, in the order of the procedure.
    pub fn fields<'a>(
        &'a self,
        procedure: &'a Procedure,
    ) -> impl Iterator<Item = SeenField<'a>> + 'a {
        procedure.fields.iter().filter_map(|field| {
            if self.masked.contains(&field.id) {
                return Some(SeenField { field, value: Seen::Masked });
            }
            let value = self.matter.fields.get(&field.id).filter(|value| !value.is_empty())?;
            Some(SeenField { field, value: Seen::Value(value) })
        })
    }
}

/// An event with everything taken out that the reader may not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    /// What is left.
    pub event: Event,
    /// Fields it filled in that the reader may not read.
    pub masked: BTreeSet<String>,
}

/// The events somebody may know of; drafts of other units are left out altogether.
#[must_use]
pub fn seen_events(
    rules: &Rules,
    matter: &Matter,
    events: Vec<Event>,
    scope: &Scope,
    opened: &Opened,
) -> Vec<SeenEvent> {
    let procedure = rules.of(matter);
    let mut seen = Vec::new();
    let mut draft: Option<(UnitId, UnitId)> = None;
    for mut event in events {
        match &event.what {
            What::Proposed(proposal) => draft = Some((proposal.unit, proposal.waits_for)),
            What::Approved { waits_for, .. } => {
                draft = draft.map(|(unit, _)| (unit, *waits_for));
            }
            _ => {}
        }
        let writer = match &event.what {
            What::Acted(act) if act.drafted_by.is_some() => {
                Writer { unit: draft.map(|(unit, _)| unit), user: act.drafted_by }
            }
            _ => Writer { unit: event.by.unit, user: event.by.user },
        };
        let is_draft = matches!(event.what, What::Proposed(_));
        let known = draft.is_some_and(|(unit, waits_for)| concerns(unit, waits_for, scope));
        let of_draft = match &event.what {
            What::Proposed(_) | What::Approved { .. } => true,
            What::Returned { .. } | What::TakenBack => {
                draft = None;
                true
            }
            What::Acted(act) => {
                if act.drafted_by.is_some() {
                    draft = None;
                }
                false
            }
            What::Opened(_)
            | What::Joined { .. }
            | What::Shown { .. }
            | What::Started(_)
            | What::Met { .. }
            | What::Suspended { .. }
            | What::Resumed { .. }
            | What::Extended { .. }
            | What::Ended { .. }
            | What::Lapsed { .. }
            | What::Recounted { .. }
            | What::Urged { .. } => false,
        };
        if of_draft && !known {
            continue;
        }
        let mut masked = BTreeSet::new();
        let fields = match &mut event.what {
            What::Opened(opening) => Some(&mut opening.fields),
            What::Acted(act) => Some(&mut act.input),
            What::Proposed(proposal) => Some(&mut proposal.input),
            _ => None,
        };
        if let Some(fields) = fields {
            fields.retain(|id, value| {
                let open = !is_draft && opened.has(&matter.id, id);
                let read = sees(tier(procedure, id), writer, scope, open);
                if !read && !value.is_empty() {
                    masked.insert(id.clone());
                }
                read
            });
        }
        seen.push(SeenEvent { event, masked });
    }
    seen
}

fn tier(procedure: Option<&Procedure>, field: &str) -> Tier {
    procedure.and_then(|procedure| procedure.field(field)).map_or(Tier::Sealed, |field| field.tier)
}

fn concerns(drafted: UnitId, approves: UnitId, scope: &Scope) -> bool {
    scope.unit == drafted || scope.unit == approves
}
