//! What may happen, and what follows from it: pure decisions over a family of matters.
//!
//! [`decide`] answers one command, [`open`] opens a matter, [`pass_time`] records what has run out,
//! [`offers`] says what somebody may do now and why not the rest. Every decision takes the family as
//! it stands and gives back the events and the family after them; a refusal leaves nothing behind.

mod clock;
mod command;
mod effect;
mod input;
mod may;
mod reaction;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::definition::{Action, Procedure};
use crate::id::MatterId;
use crate::matter::{Actor, By, Directory, Event, Family, Matter, What};
use crate::refusal::{Refusal, Why};
use crate::rules::Rules;
use crate::value::Raw;

pub use self::clock::explain;
pub use self::may::role_words;
use self::may::{may, may_open, ready};

/// What somebody asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Do an action of the procedure.
    Act {
        /// The action.
        action: String,
        /// What was filled in.
        input: Raw,
    },
    /// Approve what waits.
    Approve,
    /// Send back what waits.
    Return {
        /// Why.
        reason: String,
    },
    /// Take back one's own draft.
    TakeBack,
    /// Urge whoever owes an obligation (催办).
    Urge {
        /// Its number.
        obligation: u32,
        /// With these words.
        words: String,
    },
}

/// A command on a matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The matter.
    pub matter: MatterId,
    /// How many events the asker had seen; `None` for those who look before each act.
    pub seen: Option<u32>,
    /// What is asked.
    pub command: Command,
}

/// A matter to be opened by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenRequest {
    /// The procedure.
    pub procedure: String,
    /// The matter it hangs under; none for a root.
    pub parent: Option<MatterId>,
    /// Its title; empty takes the parent's.
    pub title: String,
    /// Units by capacity: id, code or exact name.
    pub parties: Raw,
    /// Fields.
    pub input: Raw,
}

/// What was decided.
#[derive(Debug, Clone)]
pub struct Decision {
    /// What happened, in order, each with the matter it happened to.
    pub events: Vec<(MatterId, Event)>,
    /// The family after it.
    pub family: Family,
}

/// An act somebody might do, and whether they may.
#[derive(Debug, Clone)]
pub struct Offer<'a> {
    /// The act.
    pub action: &'a Action,
    /// `None` when it may be done now.
    pub refusal: Option<Refusal>,
}

/// Longest reason or urging, in characters.
pub const WORDS_CHARS_MAX: usize = 2_000;
/// Longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 120;
/// Most system actions one command may set off; more means the procedures chase one another.
const CASCADE_MAX: usize = 64;
/// Longest chain of guidance above a unit.
const LEVELS_MAX: usize = 8;

/// What a decision is made with, beside the family itself.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The units.
    pub directory: &'a dyn Directory,
    /// The instant of the decision.
    pub now: Timestamp,
}

/// Answers a command.
///
/// What has run out by `now` is recorded first, so that the answer does not depend on when the
/// platform last looked at the clock.
///
/// # Errors
/// A [`Refusal`] that names the rule; the family given is then simply dropped.
pub fn decide(
    world: World<'_>,
    family: Family,
    actor: &Actor,
    request: &Request,
    new_id: &mut dyn FnMut() -> MatterId,
) -> Result<Decision, Refusal> {
    let before = family.get(&request.matter).ok_or_else(unknown)?.events;
    let mut course = Course::new(world, family, new_id);
    course.pass_time()?;
    course.by = By::from(actor);
    if request.seen.is_some_and(|seen| seen != before) {
        return Err(stale());
    }
    let matter = course.matter(&request.matter)?;
    match &request.command {
        Command::Act { action, input } => course.act(actor, &matter, action, input)?,
        Command::Approve => course.approve(actor, &matter)?,
        Command::Return { reason } => course.send_back(actor, &matter, reason)?,
        Command::TakeBack => course.take_back(actor, &matter)?,
        Command::Urge { obligation, words } => course.urge(actor, &matter, *obligation, words)?,
    }
    Ok(course.done())
}

/// Opens a matter; `family` is empty for a root.
///
/// # Errors
/// A [`Refusal`] that names the rule or the fields to mend.
pub fn open(
    world: World<'_>,
    family: Family,
    actor: &Actor,
    request: &OpenRequest,
    new_id: &mut dyn FnMut() -> MatterId,
) -> Result<Decision, Refusal> {
    let mut course = Course::new(world, family, new_id);
    course.by = By::from(actor);
    course.open_by_hand(actor, request)?;
    Ok(course.done())
}

/// Records what has run out by now, and what follows from that.
#[must_use]
pub fn pass_time(
    world: World<'_>,
    family: Family,
    new_id: &mut dyn FnMut() -> MatterId,
) -> Decision {
    let untouched = family.clone();
    let mut course = Course::new(world, family, new_id);
    match course.pass_time() {
        Ok(()) => course.done(),
        // Only a cascade without end gets here; nothing is recorded rather than half of it.
        Err(_) => Decision { events: Vec::new(), family: untouched },
    }
}

/// Reckons every provisional end anew after a holiday table was loaded.
#[must_use]
pub fn recount(world: World<'_>, family: Family, new_id: &mut dyn FnMut() -> MatterId) -> Decision {
    let mut course = Course::new(world, family, new_id);
    course.recount();
    course.done()
}

/// Every act of the procedure somebody might do to a matter, those in the present state first.
#[must_use]
pub fn offers<'a>(
    world: World<'a>,
    family: &Family,
    matter: &Matter,
    actor: &Actor,
) -> Vec<Offer<'a>> {
    let Some(procedure) = world.rules.of(matter) else { return Vec::new() };
    let mut offers: Vec<_> = procedure
        .actions
        .iter()
        .filter(|action| !action.by_system())
        .map(|action| {
            let refusal = offer_refusal(world, family, matter, action, actor);
            Offer { action, refusal }
        })
        .collect();
    offers
        .sort_by_key(|offer| (offer.refusal.is_some(), !offer.action.from.contains(&matter.state)));
    offers
}

/// Why somebody may not do an act of the matter's procedure now, before anything is filled in; `None`
/// when they may.
#[must_use]
pub fn offer_refusal(
    world: World<'_>,
    family: &Family,
    matter: &Matter,
    action: &Action,
    actor: &Actor,
) -> Option<Refusal> {
    let Some(procedure) = world.rules.of(matter) else { return Some(unknown()) };
    may(procedure, matter, actor, action, world.directory)
        .and_then(|()| ready(action, matter, family, calendar::local_date(world.now)))
        .err()
}

/// Why a unit may not open a procedure here, or `None` when it may.
#[must_use]
pub fn opening_refusal(
    world: World<'_>,
    procedure: &Procedure,
    parent: Option<&Matter>,
    actor: &Actor,
) -> Option<Refusal> {
    may_open(world, procedure, parent, actor).err()
}

fn unknown() -> Refusal {
    Refusal::new(Why::Unknown, "没有这项操作", "there is no such act")
}

fn stale() -> Refusal {
    Refusal::new(
        Why::Stale,
        "您打开页面之后，该事项已被他人办理。您填写的内容已存为草稿，请核对最新情况后再办理",
        "somebody else has acted on this matter since you opened the page; what you entered is kept \
         as a draft; look at the matter again before acting",
    )
}

/// A decision in the making.
struct Course<'a> {
    world: World<'a>,
    today: Date,
    by: By,
    family: Family,
    events: Vec<(MatterId, Event)>,
    new_id: &'a mut dyn FnMut() -> MatterId,
    cascade: usize,
}

impl<'a> Course<'a> {
    fn new(world: World<'a>, family: Family, new_id: &'a mut dyn FnMut() -> MatterId) -> Self {
        let today = calendar::local_date(world.now);
        Self { world, today, by: By::SYSTEM, family, events: Vec::new(), new_id, cascade: 0 }
    }

    fn done(self) -> Decision {
        Decision { events: self.events, family: self.family }
    }

    fn matter(&self, id: &MatterId) -> Result<Matter, Refusal> {
        self.family.get(id).cloned().ok_or_else(unknown)
    }

    fn procedure(&self, matter: &Matter) -> Result<&'a Procedure, Refusal> {
        self.world.rules.of(matter).ok_or_else(unknown)
    }

    fn push(&mut self, id: &MatterId, what: What) {
        let number = self.family.get(id).map_or(0, |matter| matter.events) + 1;
        let event = Event { number, at: self.world.now, by: self.by, what };
        self.family.apply(id, &event);
        self.events.push((id.clone(), event));
    }
}
