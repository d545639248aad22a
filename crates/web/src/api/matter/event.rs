//! What happened to a matter, as far as the reader may know it.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use calendar::{Due, Extension};
use procedure::definition::Procedure;
use procedure::matter::What;
use procedure::{Event, Matter, Rules, UserId, Value as Held};
use schemars::JsonSchema;
use serde::Serialize;
use store::directory::Directory;
use store::liaison::Person;
use store::visibility::{SeenEvent, is_sensitive};

use super::super::ROOT;
use super::super::act::addressed;
use super::super::caller::Caller;
use super::super::paging::{ROWS_MAX, ROWS_USUAL, Rows};
use super::super::query::Asked;
use super::super::view::{
    Bilingual, Day, Id, Instant, Moment, Named, PersonName, StateName, UnitName, role, state_name,
};
use super::FieldView;
use crate::House;
use crate::error::WebError;
use crate::fields::Query;

/// Something that happened. Which members are there depends on `what`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(default)]
pub(in crate::api) struct EventView {
    /// Its place among the matter's events, from 1.
    number: u32,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
    /// Who; absent for the platform itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<PersonName>,
    /// For which unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<UnitName>,
    /// What: `opened`, `proposed`, `approved`, `returned`, `taken-back`, `acted`, `joined`, `shown`,
    /// `started`, `met`, `suspended`, `resumed`, `extended`, `ended`, `lapsed`, `recounted` or `urged`.
    what: &'static str,
    /// The action.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<Named>,
    /// The state before.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<StateName>,
    /// The state after.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<StateName>,
    /// What was filled in.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    input: BTreeMap<String, FieldView>,
    /// Who had drafted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    drafted_by: Option<PersonName>,
    /// Documents it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<Named>,
    /// The unit whose person approves next.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<UnitName>,
    /// The role of that person.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    /// Why, or with which words.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<String>,
    /// The capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<Named>,
    /// Units that joined or see the matter from here on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    units: Vec<UnitName>,
    /// The obligation.
    #[serde(skip_serializing_if = "Option::is_none")]
    obligation: Option<Owed>,
    /// The day its clock stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<Day>,
    /// Days that do not count, first and last.
    #[serde(skip_serializing_if = "Option::is_none")]
    excluded: Option<[Day; 2]>,
    /// By how much it was extended.
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_by: Option<Bilingual>,
    /// The end before.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_before: Option<Moment>,
    /// The end.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<Moment>,
    /// Whether the end is still provisional.
    #[serde(skip_serializing_if = "Option::is_none")]
    provisional: Option<bool>,
    /// The matter.
    matter: Option<Id>,
}

/// An obligation an event speaks of.
#[derive(Debug, Serialize, JsonSchema)]
struct Owed {
    /// Its number in the matter.
    number: u32,
    /// Its kind.
    kind: String,
    /// What is owed.
    name: Bilingual,
}

/// `GET /matters/{matter}/events`.
pub(in crate::api) async fn list(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Rows<EventView>, WebError> {
    let id = addressed(&id)?;
    let sight = house.store.matter_fetch(&caller.scope, &id).await?.ok_or(WebError::NotFound)?;
    let mut asked = Asked::of(query);
    let limit = asked.limit(ROWS_MAX, ROWS_USUAL);
    let after: u32 = asked.cursor(|text| text.parse().ok()).unwrap_or(0);
    asked.finish()?;
    let events = house.store.timeline(&caller.scope, &id).await?.ok_or(WebError::NotFound)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let read: Vec<SeenEvent> =
        events.into_iter().filter(|seen| seen.event.number > after).take(most + 1).collect();
    let page = read.get(..most).unwrap_or(&read);
    let rules = house.store.rules();
    let procedure = rules.of(&sight.seen.matter);
    super::note(&house, &caller, &sight.seen.matter, &sensitive(procedure, page)).await?;
    let people = house.people.person_list(&users(page)).await?;
    let directory = house.directory();
    let teller = Teller {
        rules: &rules,
        matter: &sight.seen.matter,
        directory: &directory,
        people: &people,
    };
    let path = format!("{ROOT}/matters/{id}/events");
    let mark = |seen: &SeenEvent| seen.event.number.to_string();
    Ok(Rows::cut(&path, asked.fields(), read, limit, mark, |seen| teller.tell(&seen)))
}

fn input(event: &Event) -> Option<&BTreeMap<String, Held>> {
    match &event.what {
        What::Opened(opening) => Some(&opening.fields),
        What::Proposed(proposal) => Some(&proposal.input),
        What::Acted(act) => Some(&act.input),
        _ => None,
    }
}

/// Sensitive fields these events show.
fn sensitive<'a>(procedure: Option<&Procedure>, events: &'a [SeenEvent]) -> BTreeSet<&'a str> {
    let tier = |id: &str| procedure.and_then(|procedure| procedure.field(id)).map(|one| one.tier);
    events
        .iter()
        .filter_map(|seen| input(&seen.event))
        .flat_map(BTreeMap::keys)
        .map(String::as_str)
        .filter(|id| tier(id).is_some_and(is_sensitive))
        .collect()
}

fn users(events: &[SeenEvent]) -> BTreeSet<UserId> {
    let named = events.iter().flat_map(|seen| {
        let drafter = match &seen.event.what {
            What::Acted(act) => act.drafted_by,
            _ => None,
        };
        seen.event.by.user.into_iter().chain(drafter)
    });
    named.collect()
}

struct Teller<'a> {
    rules: &'a Rules,
    matter: &'a Matter,
    directory: &'a Directory,
    people: &'a BTreeMap<UserId, Person>,
}

impl Teller<'_> {
    fn tell(&self, seen: &SeenEvent) -> EventView {
        let event = &seen.event;
        let procedure = self.rules.of(self.matter);
        let mut view = EventView {
            number: event.number,
            at: Some(event.at.into()),
            by: event.by.user.map(|user| PersonName::of(self.people, user)),
            unit: event.by.unit.map(|unit| UnitName::of(self.directory, unit)),
            matter: Some((&self.matter.id).into()),
            ..EventView::default()
        };
        if let Some(fields) = input(event) {
            view.input = fields
                .iter()
                .map(|(id, value)| {
                    (id.clone(), FieldView::open(procedure, id, value, self.rules, self.directory))
                })
                .collect();
            view.input.extend(seen.masked.iter().map(|id| (id.clone(), FieldView::HIDDEN)));
        }
        self.tell_what(procedure, &event.what, &mut view);
        view
    }

    fn tell_what(&self, procedure: Option<&Procedure>, what: &What, view: &mut EventView) {
        let action = |id: &str| {
            Named::new(id, procedure.and_then(|one| one.action(id)).map(|one| &one.name))
        };
        let unit = |unit| UnitName::of(self.directory, unit);
        let due = |due: Due| Some(Moment::from(due));
        match what {
            What::Opened(opening) => {
                view.what = "opened";
                view.to = Some(state_name(procedure, &opening.state));
            }
            What::Proposed(proposal) => {
                view.what = "proposed";
                view.action = Some(action(&proposal.action));
                view.waits_for = Some(unit(proposal.waits_for));
                view.role = Some(role(proposal.role));
            }
            What::Approved { waits_for, role: of } => {
                view.what = "approved";
                view.waits_for = Some(unit(*waits_for));
                view.role = Some(role(*of));
            }
            What::Returned { reason } => {
                view.what = "returned";
                view.words = Some(reason.clone());
            }
            What::TakenBack => view.what = "taken-back",
            What::Acted(act) => {
                view.what = "acted";
                view.action = Some(action(&act.action));
                view.from = Some(state_name(procedure, &act.from));
                view.to = Some(state_name(procedure, &act.to));
                view.drafted_by = act.drafted_by.map(|user| PersonName::of(self.people, user));
                let document = |kind: &String| {
                    let words = procedure.and_then(|one| one.document(kind));
                    Named::new(kind, words.map(|document| &document.name))
                };
                view.documents = act.documents.iter().map(document).collect();
            }
            What::Joined { party, unit: joined } => {
                view.what = "joined";
                let words = procedure.and_then(|one| one.parties.get(party));
                view.party = Some(Named::new(party, words.map(|party| &party.name)));
                view.units = vec![unit(*joined)];
            }
            What::Shown { units } => {
                view.what = "shown";
                view.units = units.iter().map(|one| unit(*one)).collect();
            }
            What::Started(owed) => {
                view.what = "started";
                view.obligation = self.owed(procedure, owed.number);
                view.due = due(owed.due);
                view.provisional = Some(owed.provisional);
            }
            What::Met { obligation } => self.tell_owed(procedure, "met", *obligation, view),
            What::Suspended { obligation, on } => {
                self.tell_owed(procedure, "suspended", *obligation, view);
                view.on = Some((*on).into());
            }
            What::Resumed { obligation, excluded, due: to } => {
                self.tell_owed(procedure, "resumed", *obligation, view);
                view.excluded = excluded.map(|(from, until)| [from.into(), until.into()]);
                view.due = due(*to);
            }
            What::Extended { obligation, by, due: to } => {
                self.tell_owed(procedure, "extended", *obligation, view);
                let Extension { number, unit, .. } = by;
                view.extended_by = Some(Bilingual::from(&unit.words(*number)));
                view.due = due(*to);
            }
            What::Ended { obligation } => self.tell_owed(procedure, "ended", *obligation, view),
            What::Lapsed { obligation, .. } => {
                self.tell_owed(procedure, "lapsed", *obligation, view);
            }
            What::Recounted { obligation, before, due: to, provisional } => {
                self.tell_owed(procedure, "recounted", *obligation, view);
                view.due_before = due(*before);
                view.due = due(*to);
                view.provisional = Some(*provisional);
            }
            What::Urged { obligation, words } => {
                self.tell_owed(procedure, "urged", *obligation, view);
                view.words = Some(words.clone());
            }
        }
    }

    fn tell_owed(
        &self,
        procedure: Option<&Procedure>,
        what: &'static str,
        number: u32,
        view: &mut EventView,
    ) {
        view.what = what;
        view.obligation = self.owed(procedure, number);
    }

    fn owed(&self, procedure: Option<&Procedure>, number: u32) -> Option<Owed> {
        let owed = self.matter.obligations.iter().find(|owed| owed.number == number)?;
        let words = procedure.and_then(|one| one.obligation(&owed.kind)).map(|kind| &kind.name);
        let Named { id, name } = Named::new(&owed.kind, words);
        Some(Owed { number, kind: id, name })
    }
}
