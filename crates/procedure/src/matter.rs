//! A matter, what happens to it, and the family it stands in.
//!
//! [`Matter`] is what [`Matter::apply`] makes of its events; nothing else changes it.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Due, Extension, Trigger};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::definition::{ObligationKind, RoleName, Side};
use crate::id::{MatterId, UnitId, UserId};
use crate::value::{FileRef, Value};

/// A matter (事项): one run of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    /// Its id.
    pub id: MatterId,
    /// Its procedure.
    pub procedure: String,
    /// The version of the procedure it keeps to its end.
    pub version: Date,
    /// Its number on the platform, e.g. `问题〔2026〕12号`.
    pub number: String,
    /// Its title.
    pub title: String,
    /// The state it stands in.
    pub state: String,
    /// Whether that state is an end.
    pub ended: bool,
    /// The root of its family (the problem); itself when it is the root.
    pub root: MatterId,
    /// The matter it hangs under.
    pub parent: Option<MatterId>,
    /// The matter whose action opened it, when that is not the parent.
    pub origin: Option<MatterId>,
    /// Units by capacity.
    pub parties: BTreeMap<String, Vec<UnitId>>,
    /// Fields by id.
    pub fields: BTreeMap<String, Value>,
    /// Obligations in the order they started; their place is their number.
    pub obligations: Vec<Obligation>,
    /// An act drafted and waiting for approval.
    pub proposal: Option<Proposal>,
    /// Documents made so far.
    pub documents: Vec<Made>,
    /// When each state was first reached.
    pub reached: BTreeMap<String, Timestamp>,
    /// Units that have been let in so far; a unit once let in stays.
    pub seen_by: BTreeSet<UnitId>,
    /// How many events it has: its version counter.
    pub events: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// An obligation (应办): who owes what to whom by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// Its place among the matter's obligations.
    pub number: u32,
    /// Its kind, an id in the procedure.
    pub kind: String,
    /// Whether running out is a default.
    pub nature: ObligationKind,
    /// Who owes it.
    pub debtor: UnitId,
    /// To whom.
    pub creditor: UnitId,
    /// What its end rests on.
    pub source: Source,
    /// What it runs from.
    pub trigger: Trigger,
    /// Days that do not count, both ends included.
    pub excluded: Vec<(Date, Date)>,
    /// Extensions of its limit that were granted.
    pub extensions: Vec<Extension>,
    /// The last day or instant, as it stands now.
    pub due: Due,
    /// Whether `due` crosses into a year whose holidays are not published (暂定).
    pub provisional: bool,
    /// The day its clock stopped, while it is stopped.
    pub suspended_on: Option<Date>,
    /// When it was met.
    pub met_at: Option<Timestamp>,
    /// When it ran out.
    pub lapsed_at: Option<Timestamp>,
    /// When it fell away.
    pub ended_at: Option<Timestamp>,
    /// When it was last urged (催办).
    pub urged_at: Option<Timestamp>,
}

/// What the end of an obligation rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Source {
    /// A limit of law in the version of that day.
    Limit {
        /// The limit.
        limit: String,
        /// Its version.
        version: Date,
    },
    /// A date stated in a field.
    Stated {
        /// The field.
        field: String,
    },
}

/// How an obligation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its clock runs.
    Running,
    /// Its clock is stopped.
    Suspended,
    /// Met in time.
    Met,
    /// Met after it had run out.
    MetLate,
    /// Ran out and still owed; or, a period, over.
    Lapsed,
    /// Fell away.
    Ended,
}

impl Obligation {
    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match (self.met_at, self.lapsed_at, self.ended_at, self.suspended_on) {
            (Some(_), Some(_), _, _) => Standing::MetLate,
            (Some(_), None, _, _) => Standing::Met,
            (None, Some(_), None, _) => Standing::Lapsed,
            (None, _, Some(_), _) => Standing::Ended,
            (None, None, None, Some(_)) => Standing::Suspended,
            (None, None, None, None) => Standing::Running,
        }
    }

    /// Whether it is neither met nor fallen away nor, being a period, over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.met_at.is_none()
            && self.ended_at.is_none()
            && (self.nature == ObligationKind::Obligation || self.lapsed_at.is_none())
    }

    /// Whether its clock runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.standing() == Standing::Running
    }

    /// The instant after which it has run out.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.due.ends_at()
    }
}

/// An act drafted by a handler, waiting for those who approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The action.
    pub action: String,
    /// What was filled in.
    pub input: BTreeMap<String, Value>,
    /// Who drafted it.
    pub by: UserId,
    /// Their unit.
    pub unit: UnitId,
    /// When.
    pub at: Timestamp,
    /// How many steps have been approved.
    pub approved: usize,
    /// The unit whose person must approve now.
    pub waits_for: UnitId,
    /// The role that person must have.
    pub role: RoleName,
}

/// A document an act made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its kind.
    pub kind: String,
    /// The event that made it.
    pub event: u32,
    /// When.
    pub at: Timestamp,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// For which unit.
    pub unit: UnitId,
    /// With which roles there.
    pub roles: BTreeSet<RoleName>,
}

/// Who is named in an event; the platform itself has neither user nor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The person.
    pub user: Option<UserId>,
    /// Their unit.
    pub unit: Option<UnitId>,
}

impl By {
    /// The platform itself.
    pub const SYSTEM: Self = Self { user: None, unit: None };
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        Self { user: Some(actor.user), unit: Some(actor.unit) }
    }
}

/// Something that happened to a matter; never changed, never removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its place among the matter's events, from 1.
    pub number: u32,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: By,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// The matter was opened.
    Opened(Box<Opening>),
    /// An act was drafted and waits for approval.
    Proposed(Box<Proposal>),
    /// One step of approval was given; the next waits.
    Approved {
        /// The unit whose person must approve next.
        waits_for: UnitId,
        /// The role that person must have.
        role: RoleName,
    },
    /// The draft was sent back.
    Returned {
        /// Why.
        reason: String,
    },
    /// The one who drafted took it back.
    TakenBack,
    /// An act took effect.
    Acted(Box<Act>),
    /// A unit joined as a party.
    Joined {
        /// The capacity.
        party: String,
        /// The unit.
        unit: UnitId,
    },
    /// Units see the matter from here on.
    Shown {
        /// They.
        units: Vec<UnitId>,
    },
    /// An obligation started.
    Started(Box<Obligation>),
    /// It was met.
    Met {
        /// Its number.
        obligation: u32,
    },
    /// Its clock stopped.
    Suspended {
        /// Its number.
        obligation: u32,
        /// On which day.
        on: Date,
    },
    /// Its clock went on.
    Resumed {
        /// Its number.
        obligation: u32,
        /// The days that do not count, when there are any.
        excluded: Option<(Date, Date)>,
        /// The new end.
        due: Due,
    },
    /// It was extended.
    Extended {
        /// Its number.
        obligation: u32,
        /// By how much.
        by: Extension,
        /// The new end.
        due: Due,
    },
    /// It fell away.
    Ended {
        /// Its number.
        obligation: u32,
    },
    /// It ran out.
    Lapsed {
        /// Its number.
        obligation: u32,
        /// How the due day was reached, as it was reckoned then.
        steps: Vec<calendar::Step>,
    },
    /// A holiday table was loaded and the end moved or became certain.
    Recounted {
        /// Its number.
        obligation: u32,
        /// The end before.
        before: Due,
        /// The end now.
        due: Due,
        /// Whether it is still provisional.
        provisional: bool,
    },
    /// The creditor urged (催办).
    Urged {
        /// Its number.
        obligation: u32,
        /// With these words.
        words: String,
    },
}

/// How a matter was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The matter.
    pub id: MatterId,
    /// Its procedure.
    pub procedure: String,
    /// The version.
    pub version: Date,
    /// Its number; given by the store when it commits.
    pub number: String,
    /// Its title.
    pub title: String,
    /// The state it starts in.
    pub state: String,
    /// The root of its family.
    pub root: MatterId,
    /// The matter it hangs under.
    pub parent: Option<MatterId>,
    /// The matter whose action opened it.
    pub origin: Option<MatterId>,
    /// Units by capacity.
    pub parties: BTreeMap<String, Vec<UnitId>>,
    /// Fields.
    pub fields: BTreeMap<String, Value>,
}

/// An act that took effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// The action.
    pub action: String,
    /// The state before.
    pub from: String,
    /// The state after.
    pub to: String,
    /// Whether that is an end.
    pub ends: bool,
    /// What was filled in.
    pub input: BTreeMap<String, Value>,
    /// Documents it made.
    pub documents: Vec<String>,
    /// Who had drafted it, when somebody else approved.
    pub drafted_by: Option<UserId>,
}

impl Matter {
    /// Opens a matter from its first event.
    #[must_use]
    pub fn opened(event: &Event, opening: &Opening) -> Self {
        Self {
            id: opening.id.clone(),
            procedure: opening.procedure.clone(),
            version: opening.version,
            number: opening.number.clone(),
            title: opening.title.clone(),
            state: opening.state.clone(),
            ended: false,
            root: opening.root.clone(),
            parent: opening.parent.clone(),
            origin: opening.origin.clone(),
            parties: opening.parties.clone(),
            fields: opening.fields.clone(),
            obligations: Vec::new(),
            proposal: None,
            documents: Vec::new(),
            reached: BTreeMap::from([(opening.state.clone(), event.at)]),
            seen_by: BTreeSet::new(),
            events: event.number,
            opened_at: event.at,
            changed_at: event.at,
        }
    }

    /// Applies what happened. Events about an obligation that does not exist change nothing.
    pub fn apply(&mut self, event: &Event) {
        self.events = event.number;
        self.changed_at = event.at;
        match &event.what {
            What::Opened(opening) => *self = Self::opened(event, opening),
            What::Proposed(proposal) => self.proposal = Some((**proposal).clone()),
            What::Approved { waits_for, role } => {
                if let Some(proposal) = &mut self.proposal {
                    proposal.approved += 1;
                    proposal.waits_for = *waits_for;
                    proposal.role = *role;
                }
            }
            What::Returned { .. } | What::TakenBack => self.proposal = None,
            What::Acted(act) => self.apply_act(event, act),
            What::Joined { party, unit } => {
                let units = self.parties.entry(party.clone()).or_default();
                if !units.contains(unit) {
                    units.push(*unit);
                }
            }
            What::Shown { units } => self.seen_by.extend(units),
            What::Started(obligation) => self.obligations.push((**obligation).clone()),
            What::Met { obligation } => {
                self.change(*obligation, |owed| owed.met_at = Some(event.at));
            }
            What::Suspended { obligation, on } => {
                self.change(*obligation, |owed| owed.suspended_on = Some(*on));
            }
            What::Resumed { obligation, excluded, due } => self.change(*obligation, |owed| {
                owed.suspended_on = None;
                owed.excluded.extend(excluded);
                owed.due = *due;
            }),
            What::Extended { obligation, by, due } => self.change(*obligation, |owed| {
                owed.extensions.push(*by);
                owed.due = *due;
            }),
            What::Ended { obligation } => {
                self.change(*obligation, |owed| owed.ended_at = Some(event.at));
            }
            What::Lapsed { obligation, .. } => {
                self.change(*obligation, |owed| owed.lapsed_at = Some(event.at));
            }
            What::Recounted { obligation, due, provisional, .. } => {
                self.change(*obligation, |owed| {
                    owed.due = *due;
                    owed.provisional = *provisional;
                });
            }
            What::Urged { obligation, .. } => {
                self.change(*obligation, |owed| owed.urged_at = Some(event.at));
            }
        }
    }

    fn apply_act(&mut self, event: &Event, act: &Act) {
        if self.proposal.as_ref().is_some_and(|drafted| drafted.action == act.action) {
            self.proposal = None;
        }
        self.state.clone_from(&act.to);
        self.ended = act.ends;
        self.fields.extend(act.input.clone());
        self.reached.entry(act.to.clone()).or_insert(event.at);
        self.documents.extend(act.documents.iter().map(|kind| Made {
            kind: kind.clone(),
            event: event.number,
            at: event.at,
        }));
    }

    fn change(&mut self, number: u32, how: impl FnOnce(&mut Obligation)) {
        let found = self.obligations.iter_mut().find(|owed| owed.number == number);
        if let Some(obligation) = found {
            how(obligation);
        }
    }

    /// The units holding a capacity.
    #[must_use]
    pub fn party(&self, party: &str) -> &[UnitId] {
        self.parties.get(party).map_or(&[], Vec::as_slice)
    }

    /// The capacities a unit holds.
    pub fn capacities(&self, unit: UnitId) -> impl Iterator<Item = &str> {
        self.parties
            .iter()
            .filter(move |(_, units)| units.contains(&unit))
            .map(|(party, _)| party.as_str())
    }

    /// Every attachment its fields name.
    pub fn files(&self) -> impl Iterator<Item = (&str, &FileRef)> {
        self.fields.iter().flat_map(|(field, value)| {
            let files: &[FileRef] = if let Value::Files(files) = value { files } else { &[] };
            files.iter().map(move |file| (field.as_str(), file))
        })
    }
}

/// A problem and everything under it: what one decision may look at and touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Family {
    matters: BTreeMap<MatterId, Matter>,
}

impl Family {
    /// The family of these matters.
    #[must_use]
    pub fn new(matters: impl IntoIterator<Item = Matter>) -> Self {
        Self { matters: matters.into_iter().map(|matter| (matter.id.clone(), matter)).collect() }
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, id: &MatterId) -> Option<&Matter> {
        self.matters.get(id)
    }

    /// All, oldest first.
    pub fn matters(&self) -> impl Iterator<Item = &Matter> {
        self.matters.values()
    }

    /// The children of a matter, and those its actions opened elsewhere in the family.
    pub fn children<'a>(&'a self, id: &'a MatterId) -> impl Iterator<Item = &'a Matter> {
        self.matters().filter(move |other| {
            other.parent.as_ref() == Some(id) || other.origin.as_ref() == Some(id)
        })
    }

    /// Applies an event to the matter it belongs to, opening it when it is new.
    pub fn apply(&mut self, id: &MatterId, event: &Event) {
        if let Some(matter) = self.matters.get_mut(id) {
            matter.apply(event);
        } else if let What::Opened(opening) = &event.what {
            self.matters.insert(id.clone(), Matter::opened(event, opening));
        }
    }
}

/// What the rules must know of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitFacts {
    /// Its id.
    pub id: UnitId,
    /// Its side.
    pub side: Side,
    /// The unit that guides it.
    pub above: Option<UnitId>,
    /// Its name.
    pub name: String,
}

/// The units and divisions the rules may ask about.
pub trait Directory {
    /// A unit.
    fn unit(&self, id: UnitId) -> Option<UnitFacts>;
    /// A unit by id, code or exact name.
    fn find(&self, text: &str) -> Option<UnitId>;
    /// A division's code by code or exact name.
    fn division(&self, text: &str) -> Option<String>;
}
