//! What may happen, and what follows from it: pure decisions over a family of matters.
//!
//! [`decide`] answers one command, [`open`] opens a matter, [`pass_time`] records what has run out,
//! [`offers`] says what somebody may do now and why not the rest. Every decision takes the family as
//! it stands and gives back the events and the family after them; a refusal leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Counted, Due, Extension, Trigger};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::definition::{
    Action, Approval, ObligationKind, ObligationKindOf, On, Party, PartySource, Procedure,
    Relation, Side, Spawn, SpawnUnder, Take, Touch,
};
use crate::guard::{Guard, Term};
use crate::id::{MatterId, UnitId, UserId};
use crate::matter::{
    Act, Actor, By, Directory, Event, Family, Matter, Obligation, Opening, Proposal, Source, What,
};
use crate::refusal::{Refusal, Why};
use crate::rules::Rules;
use crate::value::{self, FieldError, Raw, Value};

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
    let today = calendar::local_date(world.now);
    let mut offers: Vec<_> = procedure
        .actions
        .iter()
        .filter(|action| !action.by_system())
        .map(|action| {
            let refusal = may(procedure, matter, actor, action, world.directory)
                .and_then(|()| ready(action, matter, family, today))
                .err();
            Offer { action, refusal }
        })
        .collect();
    offers
        .sort_by_key(|offer| (offer.refusal.is_some(), !offer.action.from.contains(&matter.state)));
    offers
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

/// Whether the actor may do this act in the matter's state, before anything is filled in.
fn may(
    procedure: &Procedure,
    matter: &Matter,
    actor: &Actor,
    action: &Action,
    directory: &dyn Directory,
) -> Result<(), Refusal> {
    let label = &action.name;
    if action.by_system() {
        return Err(unknown());
    }
    if matter.ended && !action.from.contains(&matter.state) {
        return Err(Refusal::new(
            Why::Ended,
            "该事项已经办结，不能再办理",
            "this matter is over; nothing more can be done in it",
        ));
    }
    if !action.by.iter().any(|party| matter.party(party).contains(&actor.unit)) {
        let names = party_names(procedure, &action.by);
        return Err(Refusal::new(
            Why::Party,
            format!("“{}”由{}办理", label.zh, names.zh),
            format!("“{}” is for the {}", label.en, names.en),
        ));
    }
    if !action.from.contains(&matter.state) {
        let now =
            procedure.state(&matter.state).map(|state| state.name.clone()).unwrap_or_default();
        return Err(Refusal::new(
            Why::State,
            format!("当前状态为“{}”，不能办理“{}”", now.zh, label.zh),
            format!("the matter is “{}”; “{}” is not possible now", now.en, label.en),
        ));
    }
    let holder = procedure.state(&matter.state).and_then(|state| state.holder.as_deref());
    let holds = holder.is_some_and(|party| matter.party(party).contains(&actor.unit));
    if !action.out_of_turn && !holds {
        let names = party_names(procedure, holder.map(str::to_owned).as_slice());
        return Err(Refusal::new(
            Why::Turn,
            format!("现由{}办理，尚未轮到贵单位", names.zh),
            format!("it is the turn of the {}", names.en),
        ));
    }
    if !actor.roles.contains(&action.role) {
        let role = role_words(action.role);
        return Err(Refusal::new(
            Why::Role,
            format!("“{}”须由{}办理", label.zh, role.zh),
            format!("“{}” needs the role {}", label.en, role.en),
        ));
    }
    if let Some(proposal) = &matter.proposal
        && (proposal.unit == actor.unit || action.to.iter().any(|to| to.used != matter.state))
        && !action.out_of_turn
    {
        let unit = directory.unit(proposal.waits_for).map(|unit| unit.name).unwrap_or_default();
        return Err(Refusal::new(
            Why::Awaiting,
            format!("已有一项拟办意见待{unit}审批，审批或收回后方可办理其他事项"),
            format!("a draft waits for approval by {unit}; approve it or take it back first"),
        ));
    }
    Ok(())
}

/// Conditions that can be judged before the form is filled in.
fn ready(action: &Action, matter: &Matter, family: &Family, today: Date) -> Result<(), Refusal> {
    let asked: BTreeSet<&String> = action.fields().collect();
    for condition in &action.guards {
        let mut waits_for_form = false;
        condition.must.terms(&mut |term| waits_for_form |= speaks_of(term, &asked));
        if !waits_for_form && !condition.must.holds(matter, family, today) {
            return Err(broken(condition));
        }
    }
    Ok(())
}

fn speaks_of(term: &Term, asked: &BTreeSet<&String>) -> bool {
    match term {
        Term::Field(id) => asked.contains(id),
        Term::Ask(_, names) => names.iter().any(|name| asked.contains(name)),
        Term::Text(_) | Term::Number(_) | Term::Truth(_) | Term::Today => false,
    }
}

fn broken(condition: &crate::definition::Condition) -> Refusal {
    Refusal {
        why: Why::Condition,
        words: condition.refusal.clone(),
        basis: condition.basis.clone(),
        fields: Vec::new(),
    }
}

fn may_open(
    world: World<'_>,
    procedure: &Procedure,
    parent: Option<&Matter>,
    actor: &Actor,
) -> Result<(), Refusal> {
    let label = &procedure.open.name;
    let fits = match parent {
        None => procedure.is_root(),
        Some(parent) => procedure.under.contains(&parent.procedure),
    };
    if !procedure.opened_by_people || !fits {
        return Err(unknown());
    }
    if parent.is_some_and(|parent| parent.ended) {
        return Err(Refusal::new(
            Why::Ended,
            "上级事项已经办结，不能再新增",
            "the matter above is over; nothing can be opened under it",
        ));
    }
    let opener = procedure.open.by.first().and_then(|party| procedure.parties.get(party));
    let side = world.directory.unit(actor.unit).map(|unit| unit.side);
    if let Some(party) = opener
        && party.side.is_some_and(|wanted| side != Some(wanted))
    {
        return Err(Refusal::new(
            Why::Party,
            format!("“{}”由{}办理", label.zh, party.name.zh),
            format!("“{}” is for the {}", label.en, party.name.en),
        ));
    }
    if !actor.roles.contains(&procedure.open.role) {
        let role = role_words(procedure.open.role);
        return Err(Refusal::new(
            Why::Role,
            format!("“{}”须由{}办理", label.zh, role.zh),
            format!("“{}” needs the role {}", label.en, role.en),
        ));
    }
    Ok(())
}

fn party_names(procedure: &Procedure, parties: &[String]) -> calendar::Words {
    let names: Vec<_> = parties
        .iter()
        .filter_map(|id| procedure.parties.get(id))
        .map(|party| &party.name)
        .collect();
    calendar::Words {
        zh: names.iter().map(|name| name.zh.as_str()).collect::<Vec<_>>().join("或"),
        en: names.iter().map(|name| name.en.as_str()).collect::<Vec<_>>().join(" or "),
    }
}

/// What a role is called.
#[must_use]
pub fn role_words(role: crate::definition::RoleName) -> calendar::Words {
    use crate::definition::RoleName;
    let (zh, en) = match role {
        RoleName::Handler => ("经办人", "handler"),
        RoleName::Leader => ("审批领导", "leader"),
        RoleName::Liaison => ("联络员", "liaison"),
        RoleName::Clerk => ("内勤", "clerk"),
        RoleName::Viewer => ("查阅人员", "viewer"),
        RoleName::UnitAdmin => ("单位管理员", "unit administrator"),
    };
    calendar::Words { zh: zh.to_owned(), en: en.to_owned() }
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

    // ---- commands of people -------------------------------------------------------------------

    fn act(
        &mut self,
        actor: &Actor,
        matter: &Matter,
        action: &str,
        input: &Raw,
    ) -> Result<(), Refusal> {
        let procedure = self.procedure(matter)?;
        let action = procedure.action(action).ok_or_else(unknown)?;
        may(procedure, matter, actor, action, self.world.directory)?;
        let input = self.read_input(procedure, action, matter, input)?;
        self.conditions(action, &with_fields(matter, &input))?;
        match action.approvals.first() {
            None => self.take_effect(&matter.id, action, &input, None),
            Some(first) => {
                let proposal = Proposal {
                    action: action.id.clone(),
                    input,
                    by: actor.user,
                    unit: actor.unit,
                    at: self.world.now,
                    approved: 0,
                    waits_for: approver(first, matter, actor.unit),
                    role: first.role,
                };
                self.push(&matter.id, What::Proposed(Box::new(proposal)));
                Ok(())
            }
        }
    }

    fn approve(&mut self, actor: &Actor, matter: &Matter) -> Result<(), Refusal> {
        let proposal = self.waiting(actor, matter)?;
        if proposal.by == actor.user {
            return Err(Refusal::new(
                Why::FourEyes,
                "拟办人不能审批自己的拟办意见",
                "whoever drafted an act may not approve it",
            ));
        }
        let action = self.procedure(matter)?.action(&proposal.action).ok_or_else(unknown)?;
        if let Some(next) = action.approvals.get(proposal.approved + 1) {
            let waits_for = approver(next, matter, proposal.unit);
            self.push(&matter.id, What::Approved { waits_for, role: next.role });
            return Ok(());
        }
        self.conditions(action, &with_fields(matter, &proposal.input))?;
        self.take_effect(&matter.id, action, &proposal.input, Some(proposal.by))
    }

    fn send_back(&mut self, actor: &Actor, matter: &Matter, reason: &str) -> Result<(), Refusal> {
        self.waiting(actor, matter)?;
        let reason = written("reason", reason)?;
        self.push(&matter.id, What::Returned { reason });
        Ok(())
    }

    fn waiting(&self, actor: &Actor, matter: &Matter) -> Result<Proposal, Refusal> {
        let proposal = matter.proposal.clone().ok_or_else(|| {
            Refusal::new(Why::NothingDrafted, "没有待审批的拟办意见", "nothing waits for approval")
        })?;
        if proposal.waits_for != actor.unit {
            let unit = self.world.directory.unit(proposal.waits_for);
            let name = unit.map(|unit| unit.name).unwrap_or_default();
            return Err(Refusal::new(
                Why::Party,
                format!("该拟办意见由{name}审批"),
                format!("this draft is for {name} to approve"),
            ));
        }
        if !actor.roles.contains(&proposal.role) {
            let role = role_words(proposal.role);
            return Err(Refusal::new(
                Why::Role,
                format!("审批须由{}办理", role.zh),
                format!("approval needs the role {}", role.en),
            ));
        }
        Ok(proposal)
    }

    fn take_back(&mut self, actor: &Actor, matter: &Matter) -> Result<(), Refusal> {
        match &matter.proposal {
            Some(proposal) if proposal.by == actor.user => {
                self.push(&matter.id, What::TakenBack);
                Ok(())
            }
            Some(_) => Err(Refusal::new(
                Why::Role,
                "只有拟办人本人可以收回",
                "only whoever drafted it may take it back",
            )),
            None => Err(Refusal::new(
                Why::NothingDrafted,
                "没有待审批的拟办意见",
                "nothing waits for approval",
            )),
        }
    }

    fn urge(
        &mut self,
        actor: &Actor,
        matter: &Matter,
        number: u32,
        words: &str,
    ) -> Result<(), Refusal> {
        let owed = matter.obligations.iter().find(|owed| owed.number == number);
        let owed = owed.ok_or_else(unknown)?;
        if owed.creditor != actor.unit {
            return Err(Refusal::new(
                Why::Party,
                "只有权利方可以催办",
                "only the unit it is owed to may urge",
            ));
        }
        if !owed.is_open() || owed.nature == ObligationKind::Period {
            return Err(Refusal::new(
                Why::State,
                "该应办事项已了结，无须催办",
                "this obligation is no longer open",
            ));
        }
        if owed.urged_at.is_some_and(|at| calendar::local_date(at) == self.today) {
            return Err(Refusal::new(
                Why::Condition,
                "今天已经催办过，请明天再催",
                "it has been urged today already",
            ));
        }
        let words = written("words", words)?;
        self.push(&matter.id, What::Urged { obligation: number, words });
        Ok(())
    }

    fn open_by_hand(&mut self, actor: &Actor, request: &OpenRequest) -> Result<(), Refusal> {
        let world = self.world;
        let procedure = world.rules.opening(&request.procedure, self.today).ok_or_else(unknown)?;
        let parent = match &request.parent {
            None => None,
            Some(id) => Some(self.matter(id)?),
        };
        may_open(world, procedure, parent.as_ref(), actor)?;
        let mut errors = Vec::new();
        let title = read_title(&request.title, parent.as_ref(), &mut errors);
        let opener = procedure.open.by.first().cloned().unwrap_or_default();
        let mut parties = BTreeMap::from([(opener.clone(), vec![actor.unit])]);
        for (id, party) in &procedure.parties {
            if *id == opener || party.from.is_some() {
                continue;
            }
            let given = request.parties.get(id).map_or(&[][..], Vec::as_slice);
            match self.read_party(party, given) {
                Ok(units) if !units.is_empty() => drop(parties.insert(id.clone(), units)),
                Ok(_) if party.optional => {}
                Ok(_) => errors.push(FieldError::new(
                    &format!("party.{id}"),
                    format!("请选择{}", party.name.zh),
                    format!("choose the {}", party.name.en),
                )),
                Err(error) => errors.push(error),
            }
        }
        let id = (self.new_id)();
        let root = parent.as_ref().map_or_else(|| id.clone(), |parent| parent.root.clone());
        let opening = Opening {
            id,
            procedure: procedure.id.clone(),
            version: procedure.version,
            number: String::new(),
            title,
            state: procedure.open.to.first().map(|to| to.used.clone()).unwrap_or_default(),
            root,
            parent: request.parent.clone(),
            origin: None,
            parties,
            fields: BTreeMap::new(),
        };
        let blank = Matter::opened(
            &Event { number: 0, at: world.now, by: self.by, what: What::TakenBack },
            &opening,
        );
        let fields = match self.read_input(procedure, &procedure.open, &blank, &request.input) {
            Ok(fields) => fields,
            Err(refusal) => {
                errors.extend(refusal.fields);
                BTreeMap::new()
            }
        };
        if !errors.is_empty() {
            return Err(Refusal::of_fields(errors));
        }
        self.conditions(&procedure.open, &with_fields(&blank, &fields))?;
        self.begin_matter(procedure, Opening { fields, ..opening })
    }

    fn read_party(&self, party: &Party, given: &[String]) -> Result<Vec<UnitId>, FieldError> {
        let field = format!("party.{}", party.id);
        let mut units = Vec::new();
        for text in given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let unit = self.world.directory.find(text).ok_or_else(|| {
                FieldError::new(
                    &field,
                    format!("没有名为“{text}”的单位，请从列表中选择"),
                    format!("there is no unit “{text}”; choose one from the list"),
                )
            })?;
            self.fits_side(party, unit)
                .map_err(|words| FieldError { field: field.clone(), words })?;
            if !units.contains(&unit) {
                units.push(unit);
            }
        }
        if units.len() > 1 && !party.many {
            return Err(FieldError::new(&field, "只能选择一个单位", "choose one unit only"));
        }
        Ok(units)
    }

    fn fits_side(&self, party: &Party, unit: UnitId) -> Result<(), calendar::Words> {
        let side = self.world.directory.unit(unit).map(|unit| unit.side);
        match party.side {
            Some(wanted) if side != Some(wanted) => {
                let (zh, en) = match wanted {
                    Side::Government => ("行政机关", "an administrative agency"),
                    Side::Procuratorate => ("检察机关", "a procuratorate"),
                    Side::Court => ("法院", "a court"),
                };
                Err(calendar::Words {
                    zh: format!("{}应为{zh}", party.name.zh),
                    en: format!("the {} must be {en}", party.name.en),
                })
            }
            _ => Ok(()),
        }
    }

    // ---- reading what was filled in -----------------------------------------------------------

    fn read_input(
        &self,
        procedure: &Procedure,
        action: &Action,
        matter: &Matter,
        raw: &Raw,
    ) -> Result<BTreeMap<String, Value>, Refusal> {
        let mut input = BTreeMap::new();
        let mut errors = Vec::new();
        for id in action.fields() {
            let Some(field) = procedure.field(id) else { continue };
            let given = raw.get(id).map_or(&[][..], Vec::as_slice);
            match value::read(field, given, self.world.directory, self.today) {
                Ok(Some(value)) => drop(input.insert(id.clone(), value)),
                // An unticked box sends nothing: that is its "no".
                Ok(None) if field.kind == crate::file::FieldKind::Boolean => {
                    input.insert(id.clone(), Value::Boolean(false));
                }
                Ok(None) if action.input.contains(id) => errors.push(missing(&field.label, id)),
                Ok(None) => {}
                Err(error) => errors.push(error),
            }
        }
        let preview = with_fields(matter, &input);
        for rule in &action.required_when {
            let needed = rule
                .when
                .as_ref()
                .is_none_or(|when| when.holds(&preview, &self.family, self.today));
            let faulty = errors.iter().any(|error| error.field == rule.used);
            if needed && !input.contains_key(&rule.used) && !faulty {
                let label = procedure.field(&rule.used).map(|field| field.label.clone());
                errors.push(missing(&label.unwrap_or_default(), &rule.used));
            }
        }
        for (id, value) in &input {
            let Some(field) = procedure.field(id) else { continue };
            let earlier = field.not_before.as_ref().and_then(|other| preview.fields.get(other));
            if let (Some(day), Some(earliest)) = (value.day(), earlier.and_then(Value::day))
                && day < earliest
            {
                errors.push(FieldError::new(
                    id,
                    format!("不能早于 {earliest}"),
                    format!("must not lie before {earliest}"),
                ));
            }
            if let (Value::Unit(unit), Some(party)) = (value, procedure.parties.get(id))
                && let Err(words) = self.fits_side(party, *unit)
            {
                errors.push(FieldError { field: id.clone(), words });
            }
        }
        if errors.is_empty() { Ok(input) } else { Err(Refusal::of_fields(errors)) }
    }

    fn conditions(&self, action: &Action, preview: &Matter) -> Result<(), Refusal> {
        let fails = |must: &Guard| !must.holds(preview, &self.family, self.today);
        match action.guards.iter().find(|condition| fails(&condition.must)) {
            Some(condition) => Err(broken(condition)),
            None => Ok(()),
        }
    }

    // ---- what follows from an act ---------------------------------------------------------------

    fn take_effect(
        &mut self,
        id: &MatterId,
        action: &'a Action,
        input: &BTreeMap<String, Value>,
        drafted_by: Option<UserId>,
    ) -> Result<(), Refusal> {
        self.cascade += 1;
        if self.cascade > CASCADE_MAX {
            return Err(Refusal::new(
                Why::Condition,
                "联动步骤过多，办理未生效，请联系系统管理员检查程序文件",
                "too many acts follow from one another; nothing was done; have the procedure files checked",
            ));
        }
        let matter = self.matter(id)?;
        let procedure = self.procedure(&matter)?;
        let preview = with_fields(&matter, input);
        let holds = |when: &Option<Guard>| {
            when.as_ref().is_none_or(|when| when.holds(&preview, &self.family, self.today))
        };
        let to = action
            .to
            .iter()
            .find(|to| holds(&to.when))
            .map_or_else(|| matter.state.clone(), |to| to.used.clone());
        let ends = procedure.state(&to).is_some_and(|state| state.end);
        let moved = to != matter.state;
        if moved && matter.proposal.as_ref().is_some_and(|drafted| drafted.action != action.id) {
            self.push(
                id,
                What::Returned {
                    reason: format!("事项已因“{}”变化，请核对后重新拟办", action.name.zh),
                },
            );
        }
        let act = Act {
            action: action.id.clone(),
            from: matter.state.clone(),
            to: to.clone(),
            ends,
            input: input.clone(),
            documents: action.documents.clone(),
            drafted_by,
        };
        self.push(id, What::Acted(Box::new(act)));
        self.join_parties(id, procedure, input)?;
        self.settle(id, procedure, action)?;
        self.move_clocks(id, action)?;
        for kind in &action.starts {
            self.start(id, procedure, kind)?;
        }
        for spawn in &action.spawns {
            self.spawn(id, spawn)?;
        }
        if ends {
            self.end_obligations(id, |_| true)?;
        }
        self.show(id)?;
        if moved { self.react(id, &to) } else { Ok(()) }
    }

    fn join_parties(
        &mut self,
        id: &MatterId,
        procedure: &Procedure,
        input: &BTreeMap<String, Value>,
    ) -> Result<(), Refusal> {
        for (field, value) in input {
            if let (Value::Unit(unit), true) = (value, procedure.parties.contains_key(field))
                && self.matter(id)?.party(field).is_empty()
            {
                self.push(id, What::Joined { party: field.clone(), unit: *unit });
            }
        }
        Ok(())
    }

    /// Obligations this action meets, and those that fall away with it.
    fn settle(
        &mut self,
        id: &MatterId,
        procedure: &Procedure,
        action: &Action,
    ) -> Result<(), Refusal> {
        let matter = self.matter(id)?;
        for owed in matter.obligations.iter().filter(|owed| owed.is_open()) {
            let Some(kind) = procedure.obligation(&owed.kind) else { continue };
            let each = procedure.parties.get(&kind.debtor).is_some_and(|party| party.many);
            let mine = !each || self.by.unit == Some(owed.debtor);
            if kind.met_by.contains(&action.id) && mine {
                self.push(id, What::Met { obligation: owed.number });
            } else if action.ends.contains(&owed.kind) {
                self.push(id, What::Ended { obligation: owed.number });
            }
        }
        Ok(())
    }

    fn end_obligations(
        &mut self,
        id: &MatterId,
        which: impl Fn(&Obligation) -> bool,
    ) -> Result<(), Refusal> {
        let matter = self.matter(id)?;
        for owed in matter.obligations.iter().filter(|owed| owed.is_open() && which(owed)) {
            self.push(id, What::Ended { obligation: owed.number });
        }
        Ok(())
    }

    fn move_clocks(&mut self, id: &MatterId, action: &Action) -> Result<(), Refusal> {
        for touch in &action.suspends {
            let (matter, on) = self.touched(id, touch)?;
            for owed in running(&matter, &touch.obligation) {
                self.push(id, What::Suspended { obligation: owed.number, on });
            }
        }
        for touch in &action.resumes {
            let (matter, on) = self.touched(id, touch)?;
            for owed in &matter.obligations {
                if let (Some(since), true) = (owed.suspended_on, owed.kind == touch.obligation) {
                    let excluded = calendar::excluded_between(since, on).ok().flatten();
                    let mut after = owed.clone();
                    after.excluded.extend(excluded);
                    let due = self.reckon(&matter, &after).map_or(owed.due, |(due, _)| due);
                    self.push(id, What::Resumed { obligation: owed.number, excluded, due });
                }
            }
        }
        for extend in &action.extends {
            let matter = self.matter(id)?;
            for owed in running(&matter, &extend.obligation) {
                let Some(by) = self.extension(&matter, owed, extend) else { continue };
                let mut after = owed.clone();
                after.extensions.push(by);
                let due = self.reckon(&matter, &after).map_or(owed.due, |(due, _)| due);
                self.push(id, What::Extended { obligation: owed.number, by, due });
            }
        }
        Ok(())
    }

    fn touched(&self, id: &MatterId, touch: &Touch) -> Result<(Matter, Date), Refusal> {
        let matter = self.matter(id)?;
        let on = touch
            .on
            .as_ref()
            .and_then(|field| matter.fields.get(field))
            .and_then(Value::day)
            .unwrap_or(self.today);
        Ok((matter, on))
    }

    fn extension(
        &self,
        matter: &Matter,
        owed: &Obligation,
        extend: &crate::definition::Extend,
    ) -> Option<Extension> {
        let Source::Limit { limit, .. } = &owed.source else { return None };
        let version = self.world.rules.law().version_on(limit, owed.trigger.date()).ok()?;
        let rule = version.extensions.get(extend.rule)?;
        let given = extend.number.as_ref().and_then(|field| match matter.fields.get(field) {
            Some(Value::Integer(number)) => u32::try_from(*number).ok(),
            _ => None,
        });
        let number = given.or(rule.number)?;
        Some(Extension { number, unit: rule.unit, effect: rule.effect })
    }

    fn start(&mut self, id: &MatterId, procedure: &Procedure, kind: &str) -> Result<(), Refusal> {
        let Some(kind) = procedure.obligation(kind) else { return Ok(()) };
        self.end_obligations(id, |owed| owed.kind == kind.id)?;
        let matter = self.matter(id)?;
        let Some(creditor) = matter.party(&kind.creditor).first().copied() else { return Ok(()) };
        for debtor in matter.party(&kind.debtor) {
            let number = u32::try_from(self.matter(id)?.obligations.len()).unwrap_or(u32::MAX);
            if let Some(owed) = self.obligation(&matter, kind, number, *debtor, creditor) {
                self.push(id, What::Started(Box::new(owed)));
            }
        }
        Ok(())
    }

    /// The obligation that starts, or none when no limit was in force on the day it would run from.
    fn obligation(
        &self,
        matter: &Matter,
        kind: &ObligationKindOf,
        number: u32,
        debtor: UnitId,
        creditor: UnitId,
    ) -> Option<Obligation> {
        let trigger = match kind.from.as_ref().and_then(|field| matter.fields.get(field)) {
            Some(Value::Date(day)) => Trigger::Day(*day),
            Some(Value::Instant(at)) => Trigger::Instant(*at),
            _ => Trigger::Instant(self.world.now),
        };
        let mut owed = Obligation {
            number,
            kind: kind.id.clone(),
            nature: kind.kind,
            debtor,
            creditor,
            source: Source::Stated { field: kind.until.clone().unwrap_or_default() },
            trigger,
            excluded: Vec::new(),
            extensions: Vec::new(),
            due: Due::On(self.today),
            provisional: false,
            suspended_on: None,
            met_at: None,
            lapsed_at: None,
            ended_at: None,
            urged_at: None,
        };
        let stated = kind.until.as_ref().and_then(|field| matter.fields.get(field));
        if stated.is_some_and(|value| value.day().is_some()) {
            (owed.due, owed.provisional) = self.reckon(matter, &owed)?;
            return Some(owed);
        }
        let law = self.world.rules.law();
        let fits = |when: &Option<Guard>| {
            when.as_ref().is_none_or(|when| when.holds(matter, &self.family, self.today))
        };
        kind.limit.iter().filter(|limit| fits(&limit.when)).find_map(|limit| {
            let version = law.version_on(&limit.used, trigger.date()).ok()?;
            let mut owed = owed.clone();
            owed.source = Source::Limit { limit: limit.used.clone(), version: version.from };
            (owed.due, owed.provisional) = self.reckon(matter, &owed)?;
            Some(owed)
        })
    }

    /// The end of an obligation as the calendar gives it now.
    fn reckon(&self, matter: &Matter, owed: &Obligation) -> Option<(Due, bool)> {
        explain(self.world.rules, matter, owed).map(|found| (found.due, found.provisional))
    }

    fn spawn(&mut self, id: &MatterId, spawn: &Spawn) -> Result<(), Refusal> {
        let matter = self.matter(id)?;
        let rules = self.world.rules;
        let procedure = rules.opening(&spawn.procedure, self.today).ok_or_else(unknown)?;
        let mut parties = BTreeMap::new();
        for (there, here) in &spawn.parties {
            let units = match matter.fields.get(here) {
                Some(Value::Unit(unit)) => vec![*unit],
                _ => matter.party(here).to_vec(),
            };
            if !units.is_empty() {
                parties.insert(there.clone(), units);
            }
        }
        let fields = spawn
            .fields
            .iter()
            .filter_map(|(there, here)| Some((there.clone(), matter.fields.get(here)?.clone())))
            .collect();
        let (parent, origin) = match spawn.under {
            SpawnUnder::This => (matter.id.clone(), None),
            SpawnUnder::Root => (matter.root.clone(), Some(matter.id.clone())),
        };
        let opening = Opening {
            id: (self.new_id)(),
            procedure: procedure.id.clone(),
            version: procedure.version,
            number: String::new(),
            title: matter.title.clone(),
            state: procedure.open.to.first().map(|to| to.used.clone()).unwrap_or_default(),
            root: matter.root.clone(),
            parent: Some(parent),
            origin,
            parties,
            fields,
        };
        self.begin_matter(procedure, opening)
    }

    /// Fills in the parties that need not be asked for, then opens the matter.
    fn begin_matter(
        &mut self,
        procedure: &'a Procedure,
        mut opening: Opening,
    ) -> Result<(), Refusal> {
        for (id, party) in &procedure.parties {
            if opening.parties.contains_key(id) {
                continue;
            }
            let found = match &party.from {
                Some(PartySource::Parent(other)) => opening
                    .parent
                    .as_ref()
                    .and_then(|parent| self.family.get(parent))
                    .map(|parent| parent.party(other).to_vec())
                    .unwrap_or_default(),
                Some(PartySource::AboveOf(other)) => opening
                    .parties
                    .get(other)
                    .and_then(|units| units.first())
                    .and_then(|unit| self.above(*unit))
                    .into_iter()
                    .collect(),
                None => Vec::new(),
            };
            if !found.is_empty() {
                opening.parties.insert(id.clone(), found);
            } else if !party.optional {
                return Err(Refusal::of_fields(vec![FieldError::new(
                    &format!("party.{id}"),
                    format!("请选择{}", party.name.zh),
                    format!("choose the {}", party.name.en),
                )]));
            }
        }
        let (id, state) = (opening.id.clone(), opening.state.clone());
        self.push(&id, What::Opened(Box::new(opening)));
        for kind in &procedure.open.starts {
            self.start(&id, procedure, kind)?;
        }
        self.show(&id)?;
        self.react(&id, &state)
    }

    fn above(&self, unit: UnitId) -> Option<UnitId> {
        let unit = self.world.directory.unit(unit)?;
        // Guidance runs within a side: a bureau's procuratorate is not the unit above it.
        let above = self.world.directory.unit(unit.above?)?;
        (above.side == unit.side).then_some(above.id)
    }

    /// Lets in the units that may see the matter from its present state on, and lets them see the
    /// problem it belongs to.
    fn show(&mut self, id: &MatterId) -> Result<(), Refusal> {
        let matter = self.matter(id)?;
        let hidden = self
            .procedure(&matter)?
            .state(&matter.state)
            .map_or(&[][..], |state| state.hidden_from.as_slice());
        let mut units = BTreeSet::new();
        for (party, members) in &matter.parties {
            if !hidden.contains(party) {
                for unit in members {
                    self.with_those_above(*unit, &mut units);
                }
            }
        }
        for seen in [Some(&matter.root), matter.parent.as_ref(), Some(&matter.id)] {
            let Some(seen) = seen.and_then(|seen| self.family.get(seen)) else { continue };
            let new: Vec<_> = units.difference(&seen.seen_by).copied().collect();
            let seen = seen.id.clone();
            if !new.is_empty() {
                self.push(&seen, What::Shown { units: new });
            }
        }
        Ok(())
    }

    fn with_those_above(&self, unit: UnitId, into: &mut BTreeSet<UnitId>) {
        let mut next = Some(unit);
        for _ in 0..LEVELS_MAX {
            let Some(unit) = next else { return };
            into.insert(unit);
            next = self.above(unit);
        }
    }

    // ---- what happens by itself -----------------------------------------------------------------

    /// System actions of related matters that wait for this matter to enter this state.
    fn react(&mut self, id: &MatterId, state: &str) -> Result<(), Refusal> {
        let moved = self.matter(id)?;
        let related: Vec<(MatterId, Relation)> = self
            .family
            .matters()
            .filter_map(|other| {
                let above = moved.parent.as_ref() == Some(&other.id)
                    || moved.origin.as_ref() == Some(&other.id);
                let below = other.parent.as_ref() == Some(id) || other.origin.as_ref() == Some(id);
                match (above, below) {
                    (true, _) => Some((other.id.clone(), Relation::Child)),
                    (_, true) => Some((other.id.clone(), Relation::Parent)),
                    _ => None,
                }
            })
            .collect();
        for (other, relation) in related {
            self.react_one(&other, relation, id, state)?;
        }
        Ok(())
    }

    fn react_one(
        &mut self,
        id: &MatterId,
        relation: Relation,
        moved: &MatterId,
        state: &str,
    ) -> Result<(), Refusal> {
        let (matter, moved) = (self.matter(id)?, self.matter(moved)?);
        let waits = |on: &On| {
            on.relation == relation
                && on.procedure == moved.procedure
                && on.states.iter().any(|waited| waited == state)
        };
        for action in &self.procedure(&matter)?.actions {
            if !action.on.as_ref().is_some_and(waits) || !action.from.contains(&matter.state) {
                continue;
            }
            let input = taken(action, &moved);
            if self.conditions(action, &with_fields(&matter, &input)).is_ok() {
                return self.as_system(|course| course.take_effect(id, action, &input, None));
            }
        }
        Ok(())
    }

    fn as_system<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let by = std::mem::replace(&mut self.by, By::SYSTEM);
        let result = act(self);
        self.by = by;
        result
    }

    fn pass_time(&mut self) -> Result<(), Refusal> {
        // Earliest first, one at a time: what follows from one may end or start another.
        while let Some((id, number)) = self.next_over() {
            let matter = self.matter(&id)?;
            let Some(owed) = matter.obligations.iter().find(|owed| owed.number == number) else {
                return Ok(());
            };
            let steps = explain(self.world.rules, &matter, owed)
                .map(|deadline| deadline.steps)
                .unwrap_or_default();
            self.push(&id, What::Lapsed { obligation: number, steps });
            let procedure = self.procedure(&matter)?;
            let follows = procedure.obligation(&owed.kind).and_then(|kind| kind.on_lapse.as_ref());
            let Some(action) = follows.and_then(|action| procedure.action(action)) else {
                continue;
            };
            if action.from.contains(&matter.state)
                && self.conditions(action, &self.matter(&id)?).is_ok()
            {
                self.take_effect(&id, action, &BTreeMap::new(), None)?;
            }
        }
        Ok(())
    }

    fn next_over(&self) -> Option<(MatterId, u32)> {
        let over = self.family.matters().flat_map(|matter| {
            matter
                .obligations
                .iter()
                .filter(|owed| owed.is_running() && owed.due.is_over(self.world.now))
                .map(|owed| (owed.ends_at(), matter.id.clone(), owed.number))
        });
        over.min().map(|(_, id, number)| (id, number))
    }

    fn recount(&mut self) {
        let matters: Vec<_> = self.family.matters().cloned().collect();
        for matter in matters {
            for owed in
                matter.obligations.iter().filter(|owed| owed.is_running() && owed.provisional)
            {
                let Some((due, provisional)) = self.reckon(&matter, owed) else { continue };
                if due != owed.due || !provisional {
                    self.push(
                        &matter.id,
                        What::Recounted {
                            obligation: owed.number,
                            before: owed.due,
                            due,
                            provisional,
                        },
                    );
                }
            }
        }
    }
}

fn read_title(given: &str, parent: Option<&Matter>, errors: &mut Vec<FieldError>) -> String {
    let title = given.trim();
    let title = match parent {
        Some(parent) if title.is_empty() => &parent.title,
        _ => title,
    };
    let length = title.chars().count();
    if length == 0 {
        errors.push(FieldError::new("title", "请填写标题", "give it a title"));
    } else if length > TITLE_CHARS_MAX || title.contains(char::is_control) {
        errors.push(FieldError::new(
            "title",
            format!("标题最多 {TITLE_CHARS_MAX} 字，不能换行；现有 {length} 字"),
            format!(
                "a title has at most {TITLE_CHARS_MAX} characters on one line; there are {length}"
            ),
        ));
    }
    title.to_owned()
}

fn missing(label: &calendar::Words, id: &str) -> FieldError {
    FieldError::new(id, format!("请填写“{}”", label.zh), format!("“{}” is needed", label.en))
}

fn written(field: &str, text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        let error = FieldError::new(field, "请写明理由", "say why");
        return Err(Refusal::of_fields(vec![error]));
    }
    if length > WORDS_CHARS_MAX {
        let error = FieldError::new(
            field,
            format!("最多 {WORDS_CHARS_MAX} 字，现有 {length} 字"),
            format!("at most {WORDS_CHARS_MAX} characters; there are {length}"),
        );
        return Err(Refusal::of_fields(vec![error]));
    }
    Ok(text.to_owned())
}

fn approver(step: &Approval, matter: &Matter, acting: UnitId) -> UnitId {
    let named = step.party.as_ref().and_then(|party| matter.party(party).first());
    named.copied().unwrap_or(acting)
}

fn with_fields(matter: &Matter, input: &BTreeMap<String, Value>) -> Matter {
    let mut preview = matter.clone();
    preview.fields.extend(input.clone());
    preview
}

fn running<'m>(matter: &'m Matter, kind: &'m str) -> impl Iterator<Item = &'m Obligation> {
    matter.obligations.iter().filter(move |owed| owed.kind == kind && owed.is_running())
}

fn taken(action: &Action, moved: &Matter) -> BTreeMap<String, Value> {
    let take = |take: &Take| match take {
        Take::Field(id) => moved.fields.get(id).cloned(),
        Take::Due(kind) => {
            let newest = moved.obligations.iter().rfind(|owed| owed.kind == *kind);
            newest.map(|owed| Value::Date(owed.due.date()))
        }
        Take::State => Some(Value::Text(moved.state.clone())),
    };
    action.take.iter().filter_map(|(field, from)| Some((field.clone(), take(from)?))).collect()
}

/// How the end of an obligation is reached: every step, every holiday, every article.
///
/// `None` when the limit's version is gone or its counting fails, which checked files exclude.
#[must_use]
pub fn explain(rules: &Rules, matter: &Matter, owed: &Obligation) -> Option<calendar::Deadline> {
    match &owed.source {
        Source::Limit { limit, .. } => {
            let version = rules.law().version_on(limit, owed.trigger.date()).ok()?;
            let counted = Counted {
                version,
                trigger: owed.trigger,
                excluded: &owed.excluded,
                extensions: &owed.extensions,
            };
            rules.calendar().deadline(&counted).ok()
        }
        Source::Stated { field } => {
            let stated = match matter.fields.get(field)? {
                Value::Date(day) => Due::On(*day),
                Value::Instant(at) => Due::At(*at),
                _ => return None,
            };
            Some(stated_end(owed, stated))
        }
    }
}

/// A date people agreed on or a letter states: no limit counts it and no rest day moves it; only
/// the days its clock stood still push it back.
fn stated_end(owed: &Obligation, stated: Due) -> calendar::Deadline {
    let still: i64 = owed
        .excluded
        .iter()
        .map(|(from, until)| i64::from(from.until(*until).map_or(0, |span| span.get_days())) + 1)
        .sum();
    let due = stated.later_by(still);
    let step = |zh: &str, en: &str, date| calendar::Step {
        words: calendar::Words { zh: zh.to_owned(), en: en.to_owned() },
        date,
    };
    let mut steps = vec![step(
        "文书载明或双方商定的期限",
        "the day stated in the document or agreed on",
        stated,
    )];
    if still > 0 {
        steps.push(step(
            &format!("扣除中止的 {still} 日"),
            &format!("{still} days do not count"),
            due,
        ));
    }
    calendar::Deadline {
        limit: String::new(),
        version: owed.trigger.date(),
        start: owed.trigger,
        raw: stated,
        due,
        due_tolerant: None,
        may_act_from: None,
        provisional: false,
        internal: false,
        steps,
        basis: Vec::new(),
    }
}
