//! Random walks: people acting at random within the rules, for proofs that no order of acts goes wrong.
//!
//! [`walk`] opens a root and lets people of all units do whatever they may, in turn with time passing,
//! until everything is over or it has gone on long enough. At every step it checks what must hold of
//! any family; at the end, that the events alone give the same family again. A walk follows from its
//! scene, its subject and its seed alone, so that one that went astray can be walked again; what it did
//! is kept as [`Step`]s, which can be done once more through a store.
//!
//! The platform looks at the clock once a day, at the time of day the walk began. Whoever repeats the
//! steps of many walks at once must do the same: first pass time, then act.

mod chance;
mod fill;
mod heading;
mod sound;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan as _};

use self::chance::Chance;
use self::heading::Heading;
use crate::decide::{self, Command, Decision, OpenRequest, Request, World};
use crate::definition::{Action, Procedure, RoleName};
use crate::id::{MatterId, UnitId, UserId};
use crate::matter::{Actor, Directory, Event, Family, Matter};
use crate::refusal::Refusal;
use crate::rules::Rules;

/// Most turns in one walk.
pub const TURNS_MAX: usize = 80;
/// Acts tried in one matter before somebody else's turn.
const TRIES: usize = 16;
/// Matters in a family beyond which nobody opens another by hand.
const FAMILY_MAX: usize = 6;
/// Most days that pass between two turns.
const PAUSE_DAYS_MAX: usize = 24;
/// Days waited when nobody can do anything: periods end, return visits come due.
const IDLE_DAYS: usize = 200;
/// How often in a row nobody may be able to do anything before that is a dead end.
const IDLE_MAX: usize = 5;

/// Where walks take place.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The units.
    pub directory: &'a (dyn Directory + Sync),
    /// The units that may come into it; of every side the parties need, several.
    pub units: &'a [UnitId],
    /// A division, as a form would name it.
    pub division: &'a str,
    /// An attachment every unit may name, as a form would: `sha256|size|name`.
    pub file: &'a str,
    /// When the walk begins; also the time of day at which the platform looks at the clock.
    pub begins: Timestamp,
}

/// One thing that happened in a walk.
#[derive(Debug, Clone)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub did: Did,
    /// The events it made.
    pub events: Vec<(MatterId, Event)>,
    /// In words for the trail: who did what in which state.
    told: String,
}

/// What was done in a step.
#[derive(Debug, Clone)]
pub enum Did {
    /// Somebody opened a matter.
    Opened(Actor, OpenRequest),
    /// Somebody acted, approved, sent back, took back or urged.
    Acted(Actor, Request),
    /// The platform looked at the clock, and something had run out.
    TimePassed,
}

/// A walk that went well.
#[derive(Debug, Clone)]
pub struct Walked {
    /// The procedure it was about.
    pub about: String,
    /// Its seed.
    pub seed: u64,
    /// What happened, in order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub family: Family,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// A walk that went wrong: what, and how to get there again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("walk {seed} about `{about}` went astray: {what}\n{standing}\n{trail}")]
pub struct Astray {
    /// The procedure it was about.
    pub about: String,
    /// Its seed.
    pub seed: u64,
    /// What went wrong.
    pub what: String,
    /// How every matter stands, and what each action answers.
    pub standing: String,
    /// What was done until then.
    pub trail: String,
}

/// Walks at random through the rules; the matters of the procedure it is about move most.
///
/// # Errors
/// [`Astray`] when nobody can ever act again though something is open, when something holds that must
/// not, or when replaying the events gives another family.
pub fn walk(scene: Scene<'_>, about: &str, seed: u64) -> Result<Walked, Astray> {
    let mut walk = Walk::new(scene, about, seed)?;
    match walk.go() {
        Ok(()) => Ok(walk.walked()),
        Err(what) => Err(walk.astray(what)),
    }
}

impl Walked {
    /// Lets time pass until an instant, so that many walks can be compared at one moment.
    ///
    /// # Errors
    /// As [`walk`].
    pub fn rest(self, scene: Scene<'_>, until: Timestamp) -> Result<Self, Astray> {
        let mut walk = Walk::new(scene, &self.about, self.seed)?;
        (walk.now, walk.family, walk.steps) = (self.ended_at, self.family, self.steps);
        match walk.wait_until(until).and_then(|()| walk.replays()) {
            Ok(()) => Ok(walk.walked()),
            Err(what) => Err(walk.astray(what)),
        }
    }

    /// What was done, a line a step.
    #[must_use]
    pub fn trail(&self) -> String {
        trail(&self.steps)
    }
}

fn trail(steps: &[Step]) -> String {
    let line = |step: &Step| format!("{} {}", calendar::local_date(step.at), step.told);
    steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What somebody might do in a matter.
#[derive(Debug, Clone)]
enum Choice {
    /// Approve what waits, or send it back.
    Decide,
    /// Take back one's own draft.
    TakeBack,
    /// Urge an obligation.
    Urge(u32),
    /// Do an action, by its place in the procedure.
    Do(usize),
}

struct Walk<'a> {
    scene: Scene<'a>,
    about: &'a str,
    seed: u64,
    now: Timestamp,
    family: Family,
    steps: Vec<Step>,
    chance: Chance,
    heading: Heading<'a>,
    /// How often each action was done, by procedure and place.
    done: BTreeMap<(String, usize), usize>,
}

impl<'a> Walk<'a> {
    fn new(scene: Scene<'a>, about: &'a str, seed: u64) -> Result<Self, Astray> {
        let mut chance = Chance::new(about, seed);
        let Some(heading) = Heading::new(scene.rules, about, &mut chance) else {
            let what = "there is no such procedure".to_owned();
            let (standing, trail) = (String::new(), String::new());
            return Err(Astray { about: about.to_owned(), seed, what, standing, trail });
        };
        Ok(Self {
            scene,
            about,
            seed,
            now: scene.begins,
            family: Family::default(),
            steps: Vec::new(),
            chance,
            heading,
            done: BTreeMap::new(),
        })
    }

    fn go(&mut self) -> Result<(), String> {
        let mut idle = 0;
        self.open_root()?;
        for _ in 0..TURNS_MAX {
            self.open_something()?;
            if self.turn()? {
                idle = 0;
            } else if self.family.matters().all(|matter| matter.ended) {
                break;
            } else if idle == IDLE_MAX {
                return Err("nobody can act any more".to_owned());
            } else {
                idle += 1;
                self.wait(IDLE_DAYS)?;
            }
            // Where it waits for people, not for time, little time passes: limits run.
            let pause = match (self.waits_for_time(), self.heading.waits()) {
                (true, _) => 1,
                (false, true) => 9,
                (false, false) => 3,
            };
            if self.chance.one_in(pause) {
                let days = self.chance.below(PAUSE_DAYS_MAX + 1);
                self.wait(days)?;
            }
        }
        self.replays()
    }

    fn walked(self) -> Walked {
        Walked {
            about: self.about.to_owned(),
            seed: self.seed,
            steps: self.steps,
            family: self.family,
            ended_at: self.now,
        }
    }

    fn astray(&self, what: String) -> Astray {
        Astray {
            about: self.about.to_owned(),
            seed: self.seed,
            what,
            standing: self.standing(),
            trail: trail(&self.steps),
        }
    }

    fn world(&self) -> World<'a> {
        let Scene { rules, directory, .. } = self.scene;
        World { rules, directory, now: self.now }
    }

    fn take(&mut self, did: Did, told: String, decision: Decision) -> Result<(), String> {
        let happened: Vec<_> = decision.events.iter().map(|(_, event)| &event.what).collect();
        self.heading.look(&decision.family, &happened, &mut self.chance);
        self.family = decision.family;
        self.steps.push(Step { at: self.now, did, events: decision.events, told });
        self.sound()
    }

    // ---- opening --------------------------------------------------------------------------------

    fn open_root(&mut self) -> Result<(), String> {
        let rules = self.scene.rules;
        let roots: Vec<&Procedure> =
            rules.openable(None).filter(|root| self.heading.left(&root.id).is_some()).collect();
        let root = self.chance.pick(&roots).copied().ok_or("no root leads to the subject")?;
        // Any unit whose side fits will do; the first that does opens it.
        let unit = self.scene.units.iter().find(|unit| {
            let who = hands(**unit);
            decide::opening_refusal(self.world(), root, None, &who).is_none()
        });
        let unit = unit.copied().ok_or("no unit may open a root")?;
        match self.open(root, None, &hands(unit))? {
            None => Ok(()),
            Some(refusal) => Err(format!("a root is refused: {refusal:?}")),
        }
    }

    /// Somebody opens a matter under one there is, when the procedures allow: often what leads to
    /// the subject while there is none, seldom anything.
    fn open_something(&mut self) -> Result<(), String> {
        let left = |procedure: &str| self.heading.left(procedure).unwrap_or(usize::MAX);
        let live = || self.family.matters().filter(|matter| !matter.ended);
        let nearest = live().map(|matter| left(&matter.procedure)).min().unwrap_or(usize::MAX);
        let under: Vec<(&Matter, &Procedure)> = live()
            .flat_map(|parent| {
                let rules = self.scene.rules;
                rules.openable(Some(&parent.procedure)).map(move |child| (parent, child))
            })
            .collect();
        let nearer: Vec<_> =
            under.iter().filter(|(_, child)| left(&child.id) < nearest).copied().collect();
        let among = if !nearer.is_empty() && self.chance.one_in(2) {
            nearer
        } else if self.family.matters().count() < FAMILY_MAX && self.chance.one_in(10) {
            under
        } else {
            return Ok(());
        };
        let Some((parent, procedure)) = self.chance.pick(&among).copied() else { return Ok(()) };
        let parent = parent.clone();
        let units: Vec<_> = parent.seen_by.iter().copied().collect();
        if let Some(unit) = self.chance.pick(&units) {
            self.open(procedure, Some(&parent), &hands(*unit))?;
        }
        Ok(())
    }

    fn open(
        &mut self,
        procedure: &Procedure,
        parent: Option<&Matter>,
        who: &Actor,
    ) -> Result<Option<Refusal>, String> {
        let asked: Vec<_> = procedure.asked_parties().collect();
        let mut parties = BTreeMap::new();
        for party in asked {
            if party.optional && self.chance.one_in(3) {
                continue;
            }
            if let Some(unit) = self.unit(party.side) {
                parties.insert(party.id.clone(), vec![unit.to_string()]);
            }
        }
        let request = OpenRequest {
            procedure: procedure.id.clone(),
            parent: parent.map(|parent| parent.id.clone()),
            title: "测试".to_owned(),
            parties,
            input: self.fill(procedure, &procedure.open, &BTreeMap::new()),
        };
        let (world, family) = (self.world(), self.family.clone());
        let mut ids = self.ids();
        match decide::open(world, family, who, &request, &mut ids) {
            Err(refusal) => Ok(Some(refusal)),
            Ok(decision) => {
                let told = format!("open {} by {}", procedure.id, who.unit);
                self.take(Did::Opened(who.clone(), request), told, decision)?;
                Ok(None)
            }
        }
    }

    /// Ids that no other walk gives and that sort as they were given. What a refused decision took is
    /// given again.
    fn ids(&self) -> impl FnMut() -> MatterId + use<> {
        let mut opened = self.family.matters().count();
        let (subject, seed) = (chance::hash(self.about) >> 32, self.seed & 0x0fff_ffff);
        move || {
            opened += 1;
            let (high, low) = (seed >> 12, seed & 0xfff);
            let text = format!("{subject:08x}-{high:04x}-7{low:03x}-8000-{opened:012x}");
            match text.parse() {
                Ok(id) => id,
                Err(_) => unreachable!("digits in the form of a matter's id"),
            }
        }
    }

    // ---- acting ---------------------------------------------------------------------------------

    /// One thing somebody does; `false` when nobody could do anything.
    fn turn(&mut self) -> Result<bool, String> {
        let mut live: Vec<MatterId> =
            self.family.matters().filter(|m| !m.ended).map(|m| m.id.clone()).collect();
        let mut possible = false;
        while !live.is_empty() {
            let about: Vec<usize> = (0..live.len())
                .filter(|at| live.get(*at).is_some_and(|id| self.is_about(id)))
                .collect();
            let at = match self.chance.pick(&about) {
                Some(at) if !self.chance.one_in(4) => *at,
                _ => self.chance.below(live.len()),
            };
            let id = live.swap_remove(at);
            let Some(matter) = self.family.get(&id).cloned() else { continue };
            let mut choices = self.choices(&matter)?;
            // Urging moves nothing: whoever can only urge is stuck.
            possible |= choices.iter().any(|(_, choice)| !matches!(choice, Choice::Urge(_)));
            for _ in 0..TRIES.min(choices.len()) {
                let at = self.choose(&matter, &choices);
                let (who, choice) = choices.swap_remove(at);
                match (self.attempt(&matter, &who, &choice)?, choice) {
                    (false, _) => {}
                    (true, Choice::Urge(_)) => break,
                    (true, _) => return Ok(true),
                }
            }
        }
        Ok(possible)
    }

    /// Whether a matter runs the procedure the walk is about or hangs under one that does; while there is
    /// none, whether it is the nearest to one; while one waits for another matter, whether it is that.
    fn is_about(&self, id: &MatterId) -> bool {
        if let Some(awaited) = self.heading.awaits() {
            return self.family.get(id).is_some_and(|matter| matter.procedure == awaited);
        }
        if self.heading.waits() {
            return self.family.get(id).is_some_and(|matter| self.heading.is_there(matter));
        }
        let left = |matter: &Matter| self.heading.left(&matter.procedure);
        let live = self.family.matters().filter(|matter| !matter.ended);
        let nearest = live.filter_map(left).min();
        let matter = self.family.get(id);
        let parent = matter.and_then(|matter| self.family.get(matter.parent.as_ref()?));
        matter.is_some_and(|matter| left(matter) == nearest)
            || parent.is_some_and(|parent| parent.procedure == self.about)
    }

    fn procedure(&self, matter: &Matter) -> Result<&'a Procedure, String> {
        let rules: &'a Rules = self.scene.rules;
        rules.of(matter).ok_or_else(|| format!("`{}` has no procedure", matter.procedure))
    }

    /// What people may do in a matter now.
    fn choices(&mut self, matter: &Matter) -> Result<Vec<(Actor, Choice)>, String> {
        let procedure = self.procedure(matter)?;
        let (mut moving, mut staying, mut ending) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(drafted) = &matter.proposal {
            let who = if drafted.role == RoleName::Leader { leader } else { hands };
            moving.extend(vec![(who(drafted.waits_for), Choice::Decide); 6]);
            staying.push((hands(drafted.unit), Choice::TakeBack));
        }
        for owed in matter.obligations.iter().filter(|owed| owed.is_open()) {
            staying.push((hands(owed.creditor), Choice::Urge(owed.number)));
        }
        for (at, action) in procedure.actions.iter().enumerate() {
            if action.by_system() || !action.from.contains(&matter.state) {
                continue;
            }
            let units: BTreeSet<UnitId> =
                action.by.iter().flat_map(|party| matter.party(party)).copied().collect();
            let to = || action.to.iter().map(|to| to.used.as_str());
            let ends = to().any(|to| procedure.state(to).is_some_and(|to| to.end));
            let moves = to().any(|to| to != matter.state);
            let into = match (moves, ends, self.heading.is_there(matter)) {
                _ if self.heading.nears(matter, action) => &mut moving,
                // Where the goal is done, what stays may be what it still asks for.
                (_, true, _) | (true, false, true) => &mut ending,
                (true, false, false) | (false, false, true) => &mut moving,
                (false, false, false) => &mut staying,
            };
            for unit in units {
                let who = if action.role == RoleName::Leader { leader } else { hands }(unit);
                let world = self.world();
                if decide::offer_refusal(world, &self.family, matter, action, &who).is_none() {
                    into.push((who, Choice::Do(at)));
                }
            }
        }
        // Whoever does not see a matter does nothing in it.
        for choices in [&mut moving, &mut staying, &mut ending] {
            choices.retain(|(who, _)| matter.seen_by.contains(&who.unit));
        }
        // What leaves the state as it is may be done for ever, and what ends a matter ends the walk
        // too soon: others come first, except what comes nearer to where the walk is heading.
        if moving.is_empty() || self.chance.one_in(4) {
            moving.append(&mut staying);
        }
        let moves = |(_, choice): &(Actor, Choice)| !matches!(choice, Choice::Urge(_));
        if !moving.iter().any(moves) || self.chance.one_in(8) {
            moving.append(&mut ending);
        }
        Ok(moving)
    }

    /// Mostly what comes nearer, else what paves the way, and of that what was done least; sometimes
    /// anything.
    fn choose(&mut self, matter: &Matter, choices: &[(Actor, Choice)]) -> usize {
        let any = self.chance.below(choices.len());
        if self.chance.one_in(4) {
            return any;
        }
        let actions = self.scene.rules.of(matter).map_or(&[][..], |known| &known.actions);
        let weight = |at: usize| match choices.get(at) {
            Some((_, Choice::Do(place))) => {
                let done = self.done.get(&(matter.procedure.clone(), *place));
                let action = actions.get(*place);
                let nears = action.is_some_and(|action| self.heading.nears(matter, action));
                let paves = action.is_some_and(|action| self.heading.paves(matter, action));
                (!nears, !paves, done.copied().unwrap_or(0))
            }
            _ => (false, false, 0),
        };
        // Starting anywhere, so that what weighs the same takes turns.
        let turns = (0..choices.len()).map(|at| (at + any) % choices.len());
        turns.min_by_key(|at| weight(*at)).unwrap_or(any)
    }

    fn attempt(&mut self, matter: &Matter, who: &Actor, choice: &Choice) -> Result<bool, String> {
        let procedure = self.procedure(matter)?;
        let (told, command) = match choice {
            Choice::Decide if self.chance.one_in(6) => {
                ("return".to_owned(), Command::Return { reason: "补充材料".to_owned() })
            }
            Choice::Decide => ("approve".to_owned(), Command::Approve),
            Choice::TakeBack => ("take back".to_owned(), Command::TakeBack),
            Choice::Urge(obligation) => {
                let words = "请尽快办理".to_owned();
                (format!("urge {obligation}"), Command::Urge { obligation: *obligation, words })
            }
            Choice::Do(at) => {
                let action = procedure.actions.get(*at).ok_or("no such action")?;
                let input = self.fill(procedure, action, &matter.fields);
                (action.id.clone(), Command::Act { action: action.id.clone(), input })
            }
        };
        let request = Request { matter: matter.id.clone(), seen: Some(matter.events), command };
        let (world, family) = (self.world(), self.family.clone());
        let mut ids = self.ids();
        let Ok(decision) = decide::decide(world, family, who, &request, &mut ids) else {
            return Ok(false);
        };
        if let Choice::Do(at) = choice {
            *self.done.entry((matter.procedure.clone(), *at)).or_default() += 1;
        }
        let told = format!("{}: {told} in {} by {}", matter.procedure, matter.state, who.unit);
        self.take(Did::Acted(who.clone(), request), told, decision)?;
        Ok(true)
    }

    // ---- time -----------------------------------------------------------------------------------

    /// Whether the way on from some matter of the subject is one the platform takes by itself.
    fn waits_for_time(&self) -> bool {
        self.family.matters().filter(|matter| !matter.ended).any(|matter| {
            let actions = self.scene.rules.of(matter).map_or(&[][..], |known| &known.actions);
            let by_itself = |action: &Action| {
                action.by_system()
                    && action.on.is_none()
                    && action.from.contains(&matter.state)
                    && self.heading.nears(matter, action)
            };
            matter.procedure == self.about && actions.iter().any(by_itself)
        })
    }

    fn wait(&mut self, days: usize) -> Result<(), String> {
        let hours = i64::try_from(days * 24).unwrap_or(0);
        let until = self.now.checked_add(hours.hours()).map_err(|error| error.to_string())?;
        self.wait_until(until)
    }

    /// Lets time pass, looking at the clock on every day on which something has run out.
    fn wait_until(&mut self, until: Timestamp) -> Result<(), String> {
        while let Some(morning) = self.next_over().filter(|morning| *morning <= until) {
            self.now = morning;
            let mut ids = self.ids();
            let passed = decide::pass_time(self.world(), self.family.clone(), &mut ids);
            if passed.events.is_empty() {
                return Err("what has run out was not recorded".to_owned());
            }
            self.take(Did::TimePassed, "time passes".to_owned(), passed)?;
        }
        self.now = until;
        Ok(())
    }

    /// The first look at the clock, from tomorrow on, that finds something run out.
    fn next_over(&self) -> Option<Timestamp> {
        let running = self.family.matters().flat_map(|matter| &matter.obligations);
        let first = running
            .filter(|owed| owed.is_running())
            .map(|owed| owed.due)
            .min_by_key(|due| due.ends_at())?;
        let away = first.ends_at().duration_since(self.now).as_hours().div_euclid(24).max(1);
        let morning = |day: i64| self.now.checked_add((day * 24).hours()).ok();
        (away..away + 3).filter_map(morning).find(|morning| first.is_over(*morning))
    }
}

/// Somebody of a unit who does everything but lead.
fn hands(unit: UnitId) -> Actor {
    let roles = [RoleName::Handler, RoleName::Liaison, RoleName::Clerk];
    Actor { user: UserId(unit.0 * 10 + 1), unit, roles: BTreeSet::from(roles) }
}

/// The one who leads it.
fn leader(unit: UnitId) -> Actor {
    Actor { user: UserId(unit.0 * 10 + 2), unit, roles: BTreeSet::from([RoleName::Leader]) }
}
