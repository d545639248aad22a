//! Where a walk is heading: a thousand of them would else mill about the entrance.
//!
//! A walk about a procedure first heads for the acts that open a matter of it, then for one of its
//! actions after another, drawn at random. Distances are counted in acts over the charts of states;
//! conditions may still bar the way, and a walk strays from it often enough. Where an action is done it
//! waits for a while: for what the conditions ask, or for another matter whose moving brings it about.

use std::collections::{BTreeMap, BTreeSet};

use super::chance::Chance;
use crate::definition::{Action, Procedure};
use crate::matter::{Family, Matter, What};
use crate::rules::Rules;

/// How often an action is drawn that can be reached from where things stand, before any will do.
const DRAWS: usize = 8;

/// How long a walk waits where its goal is done, in steps, before it draws another.
const PATIENCE: usize = 24;

/// Acts to go from each state of a procedure.
type Distances<'a> = BTreeMap<&'a str, usize>;

pub(super) struct Heading<'a> {
    rules: &'a Rules,
    about: &'a Procedure,
    /// Procedures that lead to the one the walk is about, each with how many must be opened on the way.
    ways: BTreeMap<&'a str, usize>,
    /// For each of them, acts to go to the next opening; for the subject itself, to the goal.
    distances: BTreeMap<&'a str, Distances<'a>>,
    goal: &'a Action,
    /// Where the platform does the goal by itself when another matter moves: that matter's procedure, and
    /// acts to go until it does.
    awaited: Option<(&'a str, Distances<'a>)>,
    /// What the goal's conditions ask about: fields, obligations, documents.
    asked: BTreeSet<&'a str>,
    /// Steps since some matter stands where the goal is done; 0 when none does.
    waited: usize,
}

impl<'a> Heading<'a> {
    /// Where a walk about that procedure begins to head; none when there is no such procedure.
    pub(super) fn new(rules: &'a Rules, about: &str, chance: &mut Chance) -> Option<Self> {
        let about = rules.procedure(about)?;
        let goal = chance.pick(&about.actions)?;
        let ways = ways(rules, about);
        let mut distances = BTreeMap::new();
        for procedure in rules.procedures().filter(|procedure| procedure.id != about.id) {
            let Some(left) = ways.get(procedure.id.as_str()) else { continue };
            let nearer = |id: &str| ways.get(id).is_some_and(|other| other < left);
            let opening =
                |action: &&Action| action.spawns.iter().any(|spawn| nearer(&spawn.procedure));
            let opening = procedure.actions.iter().filter(opening);
            distances.insert(procedure.id.as_str(), to_reach(procedure, opening));
        }
        let (awaited, asked, waited) = (None, BTreeSet::new(), 0);
        let mut heading = Self { rules, about, ways, distances, goal, awaited, asked, waited };
        heading.head_for(goal);
        Some(heading)
    }

    fn head_for(&mut self, goal: &'a Action) {
        self.goal = goal;
        self.waited = 0;
        self.asked = goal.guards.iter().flat_map(|condition| condition.must.names()).collect();
        self.distances.insert(&self.about.id, to_reach(self.about, [goal]));
        self.awaited = goal.on.as_ref().and_then(|on| {
            let moves = self.rules.procedure(&on.procedure)?;
            let enters = |action: &&Action| action.to.iter().any(|to| on.states.contains(&to.used));
            let distances = to_reach(moves, moves.actions.iter().filter(enters));
            Some((on.procedure.as_str(), distances))
        });
    }

    /// Whether a matter stands where the goal is done.
    pub(super) fn is_there(&self, matter: &Matter) -> bool {
        matter.procedure == self.about.id && self.goal.from.contains(&matter.state)
    }

    /// Whether a walk waits where its goal is done.
    pub(super) fn waits(&self) -> bool {
        self.waited > 0
    }

    /// Whether an act changes what the goal's conditions ask about, where the goal is done.
    pub(super) fn paves(&self, matter: &Matter, action: &Action) -> bool {
        let extended = action.extends.iter().map(|extend| &extend.obligation);
        let mut changed =
            extended.chain(&action.starts).chain(&action.documents).chain(action.fields());
        self.is_there(matter) && changed.any(|name| self.asked.contains(name.as_str()))
    }

    /// The procedure whose matter must move, while some matter stands where the goal then follows.
    pub(super) fn awaits(&self) -> Option<&'a str> {
        self.awaited.as_ref().filter(|_| self.waits()).map(|(procedure, _)| *procedure)
    }

    /// Draws another goal when this one was reached by the last events, or cannot be any more.
    pub(super) fn look(&mut self, family: &Family, last: &[&What], chance: &mut Chance) {
        let done = last.iter().any(|what| match what {
            What::Acted(act) => act.action == self.goal.id,
            _ => false,
        });
        let live: Vec<&Matter> = family
            .matters()
            .filter(|matter| !matter.ended && matter.procedure == self.about.id)
            .collect();
        let is_there = live.iter().any(|matter| self.is_there(matter));
        self.waited = if is_there { self.waited + 1 } else { 0 };
        let within = |heading: &Self| {
            live.iter().any(|matter| heading.to_go(&matter.procedure, &matter.state).is_some())
        };
        if !done && self.waited <= PATIENCE && (live.is_empty() || within(self)) {
            return;
        }
        for _ in 0..DRAWS {
            if let Some(goal) = chance.pick(&self.about.actions) {
                self.head_for(goal);
            }
            if within(self) {
                return;
            }
        }
    }

    /// How many openings are left from a procedure to the subject; none when it does not lead there.
    pub(super) fn left(&self, procedure: &str) -> Option<usize> {
        self.ways.get(procedure).copied()
    }

    /// Acts to go from a state; none when it does not lead there.
    pub(super) fn to_go(&self, procedure: &str, state: &str) -> Option<usize> {
        self.distances.get(procedure)?.get(state).copied()
    }

    /// Whether an act comes nearer: it is the goal, it opens what lies on the way, or it shortens the way.
    pub(super) fn nears(&self, matter: &Matter, action: &Action) -> bool {
        if let Some((procedure, distances)) = self.awaited.as_ref().filter(|_| self.waits())
            && matter.procedure == *procedure
        {
            let to_go = |state: &str| distances.get(state).copied();
            let Some(now) = to_go(&matter.state) else { return false };
            let enters =
                |state: &String| self.goal.on.as_ref().is_some_and(|on| on.states.contains(state));
            return action
                .to
                .iter()
                .any(|to| enters(&to.used) || to_go(&to.used).is_some_and(|then| then < now));
        }
        let Some(now) = self.to_go(&matter.procedure, &matter.state) else { return false };
        if matter.procedure == self.about.id && action.id == self.goal.id {
            return true;
        }
        let left = self.left(&matter.procedure);
        let opens = action.spawns.iter().any(|spawn| self.left(&spawn.procedure) < left);
        let shortens = action.to.iter().any(|to| {
            let then = self.to_go(&matter.procedure, &to.used);
            then.is_some_and(|then| then < now)
        });
        shortens || (opens && matter.procedure != self.about.id)
    }
}

/// Procedures that lead to one by opening others, breadth first.
fn ways<'a>(rules: &'a Rules, about: &'a Procedure) -> BTreeMap<&'a str, usize> {
    let mut ways = BTreeMap::from([(about.id.as_str(), 0)]);
    for left in 1..=rules.procedures().count() {
        let nearer: BTreeSet<&str> = ways.keys().copied().collect();
        let leads = |procedure: &&Procedure| {
            let mut spawned = procedure.actions.iter().flat_map(|action| &action.spawns);
            let mut openable = rules.openable(Some(&procedure.id));
            spawned.any(|spawn| nearer.contains(spawn.procedure.as_str()))
                || openable.any(|child| nearer.contains(child.id.as_str()))
        };
        for procedure in rules.procedures().filter(leads) {
            ways.entry(&procedure.id).or_insert(left);
        }
    }
    ways
}

/// Acts to go from each state until one of these actions can be done.
fn to_reach<'a>(
    procedure: &'a Procedure,
    goals: impl IntoIterator<Item = &'a Action>,
) -> Distances<'a> {
    let mut front: BTreeSet<&str> =
        goals.into_iter().flat_map(|action| &action.from).map(String::as_str).collect();
    let mut distances = Distances::new();
    let mut away = 0;
    while !front.is_empty() {
        distances.extend(front.iter().map(|state| (*state, away)));
        let leads = |action: &&Action| action.to.iter().any(|to| front.contains(to.used.as_str()));
        let before = procedure.actions.iter().filter(leads).flat_map(|action| &action.from);
        front = before.map(String::as_str).filter(|state| !distances.contains_key(state)).collect();
        away += 1;
    }
    distances
}
