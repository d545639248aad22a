//! A procedure that has been checked: every name in it leads somewhere.
//!
//! Only [`crate::check`] makes one, so whoever holds a [`Procedure`] need not ask again.

use std::collections::BTreeMap;
use std::fmt;

use calendar::Words;
use jiff::civil::Date;

pub use crate::file::{
    FieldKind, Format, ObligationKind, PartySource, RoleName, Side, SpawnUnder, Tier,
};
use crate::guard::Guard;
use crate::value::{LONG_TEXT_CHARS_MAX, TEXT_CHARS_MAX};

/// The party name of what happens by itself.
pub const SYSTEM: &str = "system";

/// The options of a choice.
pub type Options = Vec<Choice>;

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its id, as stored.
    pub id: String,
    /// Its words.
    pub words: Words,
}

/// A checked procedure.
#[derive(Debug, Clone)]
pub struct Procedure {
    /// Its id, e.g. `suggestion`.
    pub id: String,
    /// The day from which this version opens new matters.
    pub version: Date,
    /// Clause of the notice.
    pub clause: String,
    /// Its name.
    pub name: Words,
    /// What it is for.
    pub summary: Words,
    /// `instrument:article` it rests on.
    pub basis: Vec<String>,
    /// First part of a matter's number.
    pub number: String,
    /// Procedures that may be the parent; none means a root.
    pub under: Vec<String>,
    /// Whether people open it.
    pub opened_by_people: bool,
    /// The main road.
    pub main_path: Vec<String>,
    /// The act of opening, as an action with the id `open` and no `from`.
    pub open: Action,
    /// Capacities by id.
    pub parties: BTreeMap<String, Party>,
    /// Fields in the order written.
    pub fields: Vec<Field>,
    /// States in the order written.
    pub states: Vec<State>,
    /// Actions in the order written.
    pub actions: Vec<Action>,
    /// Obligation kinds in the order written.
    pub obligations: Vec<ObligationKindOf>,
    /// Document kinds in the order written.
    pub documents: Vec<Document>,
}

impl Procedure {
    /// The state of that id.
    #[must_use]
    pub fn state(&self, id: &str) -> Option<&State> {
        self.states.iter().find(|state| state.id == id)
    }

    /// The action of that id.
    #[must_use]
    pub fn action(&self, id: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.id == id)
    }

    /// The field of that id.
    #[must_use]
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The obligation kind of that id.
    #[must_use]
    pub fn obligation(&self, id: &str) -> Option<&ObligationKindOf> {
        self.obligations.iter().find(|owed| owed.id == id)
    }

    /// The document kind of that id.
    #[must_use]
    pub fn document(&self, id: &str) -> Option<&Document> {
        self.documents.iter().find(|document| document.id == id)
    }

    /// The parties whoever opens it is asked for: all but their own, and those that are found or join
    /// later without asking.
    pub fn asked_parties(&self) -> impl Iterator<Item = &Party> {
        let own = |party: &Party| self.open.by.contains(&party.id);
        self.parties.values().filter(move |party| party.from.is_none() && !own(party))
    }

    /// Whether its matters are roots.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.under.is_empty()
    }
}

/// A capacity.
#[derive(Debug, Clone)]
pub struct Party {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// The side it must be on.
    pub side: Option<Side>,
    /// Where the unit comes from without asking.
    pub from: Option<PartySource>,
    /// May stay empty.
    pub optional: bool,
    /// Several units may hold it.
    pub many: bool,
}

/// A field.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its id.
    pub id: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Its label.
    pub label: Words,
    /// Help; empty when none.
    pub help: Words,
    /// Articles.
    pub basis: Vec<String>,
    /// Options of a choice.
    pub options: Options,
    /// Who may read it.
    pub tier: Tier,
    /// Longest, most or largest.
    pub max: Option<i64>,
    /// Smallest number.
    pub min: Option<i64>,
    /// May lie in the future.
    pub future: bool,
    /// Not before this day.
    pub not_before: Option<Bound>,
    /// Not after this day.
    pub not_after: Option<Bound>,
    /// How a line of text is written.
    pub format: Option<Format>,
    /// The party, here or above, whose unit it usually is.
    pub usually: Option<String>,
    /// Articles are those in force on this field's day; none means the day of the act.
    pub law_on: Option<String>,
    /// Articles may also be those in force on this field's day, where it lies earlier.
    pub conduct_on: Option<String>,
}

impl Field {
    /// The longest text it takes, in characters.
    #[must_use]
    pub fn chars_max(&self) -> i64 {
        let usual = match self.kind {
            FieldKind::LongText => LONG_TEXT_CHARS_MAX,
            _ => TEXT_CHARS_MAX,
        };
        self.max.unwrap_or(usual)
    }
}

/// A day that another may not lie before, or after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bound {
    /// This day.
    Day(Date),
    /// The day another field holds.
    Field(String),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Field(id) => f.write_str(id),
        }
    }
}

/// A state.
#[derive(Debug, Clone)]
pub struct State {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// Who holds the pen.
    pub holder: Option<String>,
    /// The matter is over.
    pub end: bool,
    /// Why no limit runs here.
    pub no_limit: Option<Words>,
    /// Parties that must not see the matter yet.
    pub hidden_from: Vec<String>,
}

/// A condition with its refusal.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What must hold.
    pub must: Guard,
    /// What is said when it does not.
    pub refusal: Words,
    /// Articles.
    pub basis: Vec<String>,
}

/// A conditional choice of something by id.
#[derive(Debug, Clone)]
pub struct When {
    /// The condition; none means always.
    pub when: Option<Guard>,
    /// The id.
    pub used: String,
}

/// One step of approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The party whose person approves; none means the acting unit.
    pub party: Option<String>,
    /// The role.
    pub role: RoleName,
}

/// An obligation touched on a day.
#[derive(Debug, Clone)]
pub struct Touch {
    /// The obligation kind.
    pub obligation: String,
    /// The field with the day.
    pub on: Option<String>,
}

/// An extension.
#[derive(Debug, Clone)]
pub struct Extend {
    /// The obligation kind.
    pub obligation: String,
    /// Which extension rule of its limit.
    pub rule: usize,
    /// The field with the number granted.
    pub number: Option<String>,
}

/// A matter to be opened.
#[derive(Debug, Clone)]
pub struct Spawn {
    /// Its procedure.
    pub procedure: String,
    /// Where it hangs.
    pub under: SpawnUnder,
    /// Capacity there ← party or unit field here.
    pub parties: BTreeMap<String, String>,
    /// Field there ← field here.
    pub fields: BTreeMap<String, String>,
}

/// What makes the system act.
#[derive(Debug, Clone)]
pub struct On {
    /// Which relation moved.
    pub relation: Relation,
    /// Its procedure.
    pub procedure: String,
    /// The states whose entry counts.
    pub states: Vec<String>,
}

/// How two matters of a family are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It hangs under this one, or this one opened it.
    Child,
    /// This one hangs under it.
    Parent,
}

/// What a field takes from the matter that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// A field of it.
    Field(String),
    /// The day an obligation of it is due.
    Due(String),
    /// The state it entered.
    State,
}

/// An action.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// Help; empty when none.
    pub help: Words,
    /// States it is possible in.
    pub from: Vec<String>,
    /// Where it leads: the first whose condition holds; none means the state stays.
    pub to: Vec<When>,
    /// Parties that may do it.
    pub by: Vec<String>,
    /// The role.
    pub role: RoleName,
    /// Needs no pen.
    pub out_of_turn: bool,
    /// Fields that must be given.
    pub input: Vec<String>,
    /// Fields that may be given.
    pub optional: Vec<String>,
    /// Fields that must be given on a condition.
    pub required_when: Vec<When>,
    /// Steps of approval.
    pub approvals: Vec<Approval>,
    /// Conditions.
    pub guards: Vec<Condition>,
    /// Obligations that start.
    pub starts: Vec<String>,
    /// Clocks that stop.
    pub suspends: Vec<Touch>,
    /// Clocks that go on.
    pub resumes: Vec<Touch>,
    /// Extensions.
    pub extends: Vec<Extend>,
    /// Obligations that fall away.
    pub ends: Vec<String>,
    /// Matters it opens.
    pub spawns: Vec<Spawn>,
    /// Documents it makes.
    pub documents: Vec<String>,
    /// Articles.
    pub basis: Vec<String>,
    /// Passes the confirm page.
    pub consequential: bool,
    /// What makes the system do it.
    pub on: Option<On>,
    /// Field ← what the moved matter says.
    pub take: BTreeMap<String, Take>,
}

impl Action {
    /// Whether the system does it, not a person.
    #[must_use]
    pub fn by_system(&self) -> bool {
        self.by.iter().any(|party| party == SYSTEM)
    }

    /// Every field it asks for, required ones first.
    pub fn fields(&self) -> impl Iterator<Item = &String> {
        self.input.iter().chain(&self.optional)
    }
}

/// A kind of obligation.
#[derive(Debug, Clone)]
pub struct ObligationKindOf {
    /// Its id.
    pub id: String,
    /// What is owed.
    pub name: Words,
    /// Obligation or period.
    pub kind: ObligationKind,
    /// Who owes it.
    pub debtor: String,
    /// To whom.
    pub creditor: String,
    /// Limits by condition.
    pub limit: Vec<When>,
    /// The field it runs from.
    pub from: Option<String>,
    /// The field that states its end.
    pub until: Option<String>,
    /// Actions that meet it.
    pub met_by: Vec<String>,
    /// The system action that follows a lapse; none means the lapse is recorded.
    pub on_lapse: Option<String>,
    /// It stays owed when the matter ends.
    pub outlives: bool,
}

/// A kind of document.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Words,
    /// Who issues it.
    pub issuer: String,
    /// Whom it is for.
    pub recipients: Vec<String>,
    /// The field with its number.
    pub number: Option<String>,
    /// Fields that are its contents.
    pub contents: Vec<String>,
    /// Articles.
    pub basis: Vec<String>,
}
