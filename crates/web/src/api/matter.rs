//! A matter (事项) as its reader sees it.

pub(super) mod access;
pub(super) mod event;
pub(super) mod list;

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use calendar::Words;
use jiff::Timestamp;
use procedure::decide::{World, offers, opening_refusal};
use procedure::definition::{FieldKind, ObligationKind, Procedure};
use procedure::matter::{Obligation, Source, Standing};
use procedure::{Matter, Refusal, Rules, UnitId, UserId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use store::Scope;
use store::access::AccessKind;
use store::directory::Directory;
use store::liaison::Person;
use store::matter::{Light, Sight};
use store::visibility::{Seen, SeenMatter};

use super::act::{addressed, etag};
use super::body::Json;
use super::caller::Caller;
use super::input::shown;
use super::limit::DeadlineView;
use super::problem::why_id;
use super::view::{
    Basis, Bilingual, Day, Id, Instant, MatterName, Moment, Named, PersonName, StateName, UnitName,
    basis, role, state_name,
};
use crate::House;
use crate::error::WebError;
use crate::matter::document_is_for;
use crate::matter::look::Look;
use crate::message::Language;

/// A matter.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MatterView {
    /// Its id.
    id: Id,
    /// Its procedure.
    procedure: Named,
    /// The version of the procedure it keeps to its end.
    procedure_version: Day,
    /// Its number.
    number: String,
    /// Its title.
    title: String,
    /// Its state.
    state: StateName,
    /// Whether it is over.
    ended: bool,
    /// Its version; what an act must name as seen.
    version: u32,
    /// The root of its family.
    root: Id,
    /// The matter it hangs under.
    parent: Option<Id>,
    /// The matter whose act opened it.
    origin: Option<Id>,
    /// When it was opened.
    opened_at: Instant,
    /// When it last changed.
    changed_at: Instant,
    /// The units that hold the pen.
    holders: Vec<UnitName>,
    /// Who takes part, by capacity.
    parties: Vec<PartyView>,
    /// Its fields by id; what the reader may not read says only that it is there.
    fields: BTreeMap<String, FieldView>,
    /// Who owes what to whom by when.
    obligations: Vec<ObligationView>,
    /// What might be done, and why not.
    actions: Vec<OfferView>,
    /// What might be opened under it, and why not.
    openings: Vec<OpeningView>,
    /// The draft that waits for approval.
    proposal: Option<ProposalView>,
    /// Matters under it, or opened by it.
    children: Vec<MatterName>,
    /// Documents made so far.
    documents: Vec<DocumentView>,
}

/// A capacity and the units that hold it.
#[derive(Debug, Serialize, JsonSchema)]
struct PartyView {
    /// The capacity.
    id: String,
    /// Its name.
    name: Bilingual,
    /// The units.
    units: Vec<UnitName>,
}

/// What the reader gets of a field.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum FieldView {
    /// What it holds.
    Open {
        /// Its kind, which says what the value looks like.
        kind: &'static str,
        /// What it holds.
        value: Value,
    },
    /// It holds something the reader may not read (已脱敏).
    Masked {
        /// Always true.
        masked: bool,
    },
}

impl FieldView {
    /// What one may not read.
    pub(super) const HIDDEN: Self = Self::Masked { masked: true };

    pub(super) fn open(
        procedure: Option<&Procedure>,
        id: &str,
        value: &procedure::Value,
        rules: &Rules,
        directory: &Directory,
    ) -> Self {
        let kind = procedure.and_then(|procedure| procedure.field(id)).map(|field| field.kind);
        Self::Open { kind: kind.map_or("", kind_id), value: shown(value, directory, rules.law()) }
    }
}

/// The id of a kind of field.
pub(super) fn kind_id(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text",
        FieldKind::LongText => "long-text",
        FieldKind::Boolean => "boolean",
        FieldKind::Date => "date",
        FieldKind::Instant => "instant",
        FieldKind::Integer => "integer",
        FieldKind::Choice => "choice",
        FieldKind::Choices => "choices",
        FieldKind::Unit => "unit",
        FieldKind::Division => "division",
        FieldKind::Point => "point",
        FieldKind::Files => "files",
        FieldKind::Articles => "articles",
    }
}

/// An obligation.
#[derive(Debug, Serialize, JsonSchema)]
struct ObligationView {
    /// Its number in the matter.
    number: u32,
    /// Its kind.
    kind: String,
    /// What is owed.
    name: Bilingual,
    /// `obligation`: an act owed; `period`: time that must pass.
    nature: &'static str,
    /// Who owes it.
    debtor: UnitName,
    /// To whom.
    creditor: UnitName,
    /// The limit it rests on; absent when its end is stated in a field.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<String>,
    /// The field that states its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    stated_in: Option<String>,
    /// What it runs from.
    from: Moment,
    /// The last day or instant.
    due: Moment,
    /// How it stands: `running`, `suspended`, `met`, `met-late`, `lapsed` or `ended`.
    standing: &'static str,
    /// How urgent it is: `overdue`, `near`, `on-time`, or `none` when its clock does not run.
    light: &'static str,
    /// The end crosses into a year whose holidays are not published.
    provisional: bool,
    /// The day its clock stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_on: Option<Day>,
    /// When it was met.
    #[serde(skip_serializing_if = "Option::is_none")]
    met_at: Option<Instant>,
    /// When it ran out.
    #[serde(skip_serializing_if = "Option::is_none")]
    lapsed_at: Option<Instant>,
    /// When it fell away.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
    /// When it was last urged.
    #[serde(skip_serializing_if = "Option::is_none")]
    urged_at: Option<Instant>,
    /// How the end was reached.
    explanation: Option<DeadlineView>,
}

/// Why something is refused.
#[derive(Debug, Serialize, JsonSchema)]
struct RefusalView {
    /// Which sort of rule.
    why: &'static str,
    /// The rule in words.
    words: Bilingual,
    /// Articles it rests on.
    basis: Vec<Basis>,
}

impl RefusalView {
    fn of(rules: &Rules, refusal: &Refusal) -> Self {
        Self {
            why: why_id(refusal.why),
            words: (&refusal.words).into(),
            basis: basis(rules, &refusal.basis),
        }
    }
}

/// An action somebody might do.
#[derive(Debug, Serialize, JsonSchema)]
struct OfferView {
    /// The action.
    id: String,
    /// Its name.
    name: Bilingual,
    /// Whether it has consequences one should look at before.
    consequential: bool,
    /// How many steps of approval follow.
    approvals: usize,
    /// Why it may not be done now; absent when it may.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// A procedure that might be opened under the matter.
#[derive(Debug, Serialize, JsonSchema)]
struct OpeningView {
    /// The procedure.
    procedure: String,
    /// The act of opening.
    name: Bilingual,
    /// Why it may not be opened now; absent when it may.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// A draft that waits for approval.
#[derive(Debug, Serialize, JsonSchema)]
struct ProposalView {
    /// The action.
    action: Named,
    /// What was filled in.
    input: BTreeMap<String, FieldView>,
    /// Who drafted it.
    by: PersonName,
    /// For which unit.
    unit: UnitName,
    /// When.
    at: Instant,
    /// How many steps are approved.
    approved: usize,
    /// The unit whose person must approve now.
    waits_for: UnitName,
    /// The role that person must have.
    role: &'static str,
    /// Whether the reader may approve it.
    may_approve: bool,
}

/// A document that was made.
#[derive(Debug, Serialize, JsonSchema)]
struct DocumentView {
    /// Its kind.
    kind: String,
    /// Its name.
    name: Bilingual,
    /// The event that made it.
    event: u32,
    /// When.
    at: Instant,
}

/// What a view of a matter is made with.
struct Desk<'a> {
    rules: &'a Rules,
    directory: &'a Directory,
    scope: &'a Scope,
    now: Timestamp,
    people: &'a BTreeMap<UserId, Person>,
}

/// `GET /matters/{matter}`.
pub(super) async fn show(
    State(house): State<House>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, WebError> {
    let id = addressed(&id)?;
    let sight = house.store.matter_fetch(&caller.scope, &id).await?.ok_or(WebError::NotFound)?;
    let drafter = sight.seen.matter.proposal.as_ref().map(|proposal| proposal.by);
    let people = match drafter {
        Some(user) => house.people.person_list(&BTreeSet::from([user])).await?,
        None => BTreeMap::new(),
    };
    let read: BTreeSet<&str> = sight.seen.sensitive.iter().map(String::as_str).collect();
    note(&house, &caller, &sight.seen.matter, &read).await?;
    let (rules, directory) = (house.store.rules(), house.directory());
    let desk = Desk {
        rules: &rules,
        directory: &directory,
        scope: &caller.scope,
        now: house.now(),
        people: &people,
    };
    let view = desk.view(&sight)?;
    let mut response = Json(view).into_response();
    response.headers_mut().insert(header::ETAG, etag(sight.seen.matter.events));
    Ok(response)
}

/// Writes down which sensitive fields are about to be shown.
pub(super) async fn note(
    house: &House,
    caller: &Caller,
    matter: &Matter,
    fields: &BTreeSet<&str>,
) -> Result<(), WebError> {
    if !fields.is_empty() {
        let fields: Vec<&str> = fields.iter().copied().collect();
        house.store.note_access(&caller.scope, &matter.id, AccessKind::Read, &fields).await?;
    }
    Ok(())
}

impl Desk<'_> {
    fn view(&self, sight: &Sight) -> Result<MatterView, WebError> {
        let matter = &sight.seen.matter;
        let procedure = self.rules.of(matter).ok_or_else(|| {
            WebError::internal(format!("no procedure {} {}", matter.procedure, matter.version))
        })?;
        let holder = procedure.state(&matter.state).and_then(|state| state.holder.as_deref());
        let open = sight.seen.fields(procedure).map(|seen| {
            let view = match seen.value {
                Seen::Value(value) => FieldView::open(
                    Some(procedure),
                    &seen.field.id,
                    value,
                    self.rules,
                    self.directory,
                ),
                Seen::Masked => FieldView::HIDDEN,
            };
            (seen.field.id.clone(), view)
        });
        let children = sight.family.iter().map(|seen| &seen.matter).filter(|other| {
            other.parent.as_ref() == Some(&matter.id) || other.origin.as_ref() == Some(&matter.id)
        });
        Ok(MatterView {
            id: (&matter.id).into(),
            procedure: Named::new(&procedure.id, Some(&procedure.name)),
            procedure_version: procedure.version.into(),
            number: matter.number.clone(),
            title: matter.title.clone(),
            state: state_name(Some(procedure), &matter.state),
            ended: matter.ended,
            version: matter.events,
            root: (&matter.root).into(),
            parent: matter.parent.as_ref().map(Id::from),
            origin: matter.origin.as_ref().map(Id::from),
            opened_at: matter.opened_at.into(),
            changed_at: matter.changed_at.into(),
            holders: self.units(holder.map_or(&[][..], |party| matter.party(party))),
            parties: self.parties(procedure, matter),
            fields: open.collect(),
            obligations: matter
                .obligations
                .iter()
                .map(|owed| self.obligation(procedure, matter, owed))
                .collect(),
            actions: self.offers(sight),
            openings: self.openings(matter),
            proposal: self.proposal(procedure, &sight.seen),
            children: children.map(|child| MatterName::of(self.rules, child)).collect(),
            documents: self.documents(procedure, matter),
        })
    }

    fn unit(&self, unit: UnitId) -> UnitName {
        UnitName::of(self.directory, unit)
    }

    fn units(&self, units: &[UnitId]) -> Vec<UnitName> {
        units.iter().map(|unit| self.unit(*unit)).collect()
    }

    fn parties(&self, procedure: &Procedure, matter: &Matter) -> Vec<PartyView> {
        let held = procedure.parties.iter().filter(|(id, _)| !matter.party(id).is_empty());
        held.map(|(id, party)| PartyView {
            id: id.clone(),
            name: (&party.name).into(),
            units: self.units(matter.party(id)),
        })
        .collect()
    }

    fn obligation(
        &self,
        procedure: &Procedure,
        matter: &Matter,
        owed: &Obligation,
    ) -> ObligationView {
        let words = procedure.obligation(&owed.kind).map(|kind| &kind.name);
        let (limit, stated_in) = match &owed.source {
            Source::Limit { limit, .. } => (Some(limit.clone()), None),
            Source::Stated { field } => (None, Some(field.clone())),
        };
        let explained = procedure::decide::explain(self.rules, matter, owed);
        ObligationView {
            number: owed.number,
            kind: owed.kind.clone(),
            name: words.map_or_else(|| Bilingual::plain(&owed.kind), Bilingual::from),
            nature: match owed.nature {
                ObligationKind::Obligation => "obligation",
                ObligationKind::Period => "period",
            },
            debtor: self.unit(owed.debtor),
            creditor: self.unit(owed.creditor),
            limit,
            stated_in,
            from: owed.trigger.into(),
            due: owed.due.into(),
            standing: standing_id(owed.standing()),
            light: light_id(light_of(owed, self.now)),
            provisional: owed.provisional,
            suspended_on: owed.suspended_on.map(Day::from),
            met_at: owed.met_at.map(Instant::from),
            lapsed_at: owed.lapsed_at.map(Instant::from),
            ended_at: owed.ended_at.map(Instant::from),
            urged_at: owed.urged_at.map(Instant::from),
            explanation: explained.as_ref().map(DeadlineView::from),
        }
    }

    fn world(&self) -> World<'_> {
        World { rules: self.rules, directory: self.directory, now: self.now }
    }

    fn offers(&self, sight: &Sight) -> Vec<OfferView> {
        // Conditions look at fields the reader may not read; a draft of another unit stays unknown.
        let seen = &sight.seen.matter;
        let mut matter = sight.whole.get(&seen.id).unwrap_or(seen).clone();
        matter.proposal.clone_from(&seen.proposal);
        let offer = |offer: procedure::Offer<'_>| OfferView {
            id: offer.action.id.clone(),
            name: (&offer.action.name).into(),
            consequential: offer.action.consequential,
            approvals: offer.action.approvals.len(),
            refusal: offer.refusal.map(|refusal| RefusalView::of(self.rules, &refusal)),
        };
        offers(self.world(), &sight.whole, &matter, &self.scope.actor())
            .into_iter()
            .map(offer)
            .collect()
    }

    fn openings(&self, matter: &Matter) -> Vec<OpeningView> {
        let actor = self.scope.actor();
        self.rules
            .openable(Some(&matter.procedure))
            .map(|procedure| {
                let refusal = opening_refusal(self.world(), procedure, Some(matter), &actor);
                OpeningView {
                    procedure: procedure.id.clone(),
                    name: (&procedure.open.name).into(),
                    refusal: refusal.map(|refusal| RefusalView::of(self.rules, &refusal)),
                }
            })
            .collect()
    }

    fn proposal(&self, procedure: &Procedure, seen: &SeenMatter) -> Option<ProposalView> {
        let draft = seen.matter.proposal.as_ref()?;
        let words: Option<&Words> = procedure.action(&draft.action).map(|action| &action.name);
        let input = draft.input.iter().map(|(id, value)| {
            (id.clone(), FieldView::open(Some(procedure), id, value, self.rules, self.directory))
        });
        let hidden = seen.masked_draft.iter().map(|id| (id.clone(), FieldView::HIDDEN));
        let input = input.chain(hidden);
        Some(ProposalView {
            action: Named::new(&draft.action, words),
            input: input.collect(),
            by: PersonName::of(self.people, draft.by),
            unit: self.unit(draft.unit),
            at: draft.at.into(),
            approved: draft.approved,
            waits_for: self.unit(draft.waits_for),
            role: role(draft.role),
            may_approve: draft.waits_for == self.scope.unit
                && self.scope.roles.contains(&draft.role)
                && draft.by != self.scope.user,
        })
    }

    fn documents(&self, procedure: &Procedure, matter: &Matter) -> Vec<DocumentView> {
        let look = Look {
            rules: self.rules,
            directory: self.directory,
            scope: self.scope,
            now: self.now,
            language: Language::default(),
        };
        let made =
            matter.documents.iter().filter(|made| document_is_for(&look, matter, &made.kind));
        made.map(|made| DocumentView {
            kind: made.kind.clone(),
            name: procedure
                .document(&made.kind)
                .map_or_else(|| Bilingual::plain(&made.kind), |kind| (&kind.name).into()),
            event: made.event,
            at: made.at.into(),
        })
        .collect()
    }
}

/// How urgent an obligation is; one whose clock does not run is not.
fn light_of(owed: &Obligation, now: Timestamp) -> Light {
    match owed.standing() {
        Standing::Running => Light::of(Some(owed.ends_at()), now),
        Standing::Lapsed if owed.is_open() => Light::Overdue,
        Standing::Lapsed
        | Standing::Suspended
        | Standing::Met
        | Standing::MetLate
        | Standing::Ended => Light::None,
    }
}

/// The id of a light.
pub(super) fn light_id(light: Light) -> &'static str {
    match light {
        Light::Overdue => "overdue",
        Light::Near => "near",
        Light::OnTime => "on-time",
        Light::None => "none",
    }
}

/// The id of a standing.
pub(super) fn standing_id(standing: Standing) -> &'static str {
    match standing {
        Standing::Running => "running",
        Standing::Suspended => "suspended",
        Standing::Met => "met",
        Standing::MetLate => "met-late",
        Standing::Lapsed => "lapsed",
        Standing::Ended => "ended",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_hidden_says_only_that_it_is_there() {
        assert_eq!(serde_json::to_value(FieldView::HIDDEN).unwrap(), json!({ "masked": true }));
    }

    #[test]
    fn kinds_of_fields_are_named_as_in_the_files() {
        for kind in [FieldKind::LongText, FieldKind::Choices, FieldKind::Point, FieldKind::Files] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind_id(kind));
        }
    }
}
