//! Random walks: whatever people do in whatever order, no matter gets stuck, nothing contradicts
//! itself, and the events alone give the same family again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan};
use procedure::decide::{self, World};
use procedure::definition::{Action, Field, FieldKind, RoleName, Side};
use procedure::{
    Actor, Command, Directory, Event, Family, Matter, MatterId, OpenRequest, Procedure, Raw,
    Refusal, Request, Rules, UnitId,
};

use crate::family::{Units, actor, at, ids};
use crate::files;

/// SplitMix64: enough chance for a walk, and the same walk for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

const STEPS_MAX: usize = 130;
const TRIES: usize = 16;

struct Walk<'a> {
    rules: &'a Rules,
    now: Timestamp,
    family: Family,
    events: Vec<(MatterId, Event)>,
    ids: Box<dyn FnMut() -> MatterId>,
    chance: Chance,
    trail: Vec<String>,
    /// The procedure the walk is about: its matters move more often.
    about: &'a str,
    /// How often each act was done in all walks so far.
    done: &'a mut Done,
}

/// What was done how often, by procedure and act: a walk prefers what walks before it did least,
/// or a thousand of them would mill about the entrance.
type Done = BTreeMap<(String, String), usize>;

impl<'a> Walk<'a> {
    fn new(rules: &'a Rules, about: &'a str, seed: u64, done: &'a mut Done) -> Self {
        Self {
            rules,
            now: at("2021-09-01T09:00:00"),
            family: Family::default(),
            events: Vec::new(),
            ids: Box::new(ids()),
            chance: Chance(seed),
            trail: Vec::new(),
            about,
            done,
        }
    }

    fn world(&self) -> World<'a> {
        World { rules: self.rules, directory: &Units, now: self.now }
    }

    /// Everybody of a unit: one who does everything but lead, one who leads.
    fn people(unit: UnitId) -> [Actor; 2] {
        let hands = [RoleName::Handler, RoleName::Liaison, RoleName::Clerk];
        [
            actor(unit.0 * 10 + 1, unit.0, &hands),
            actor(unit.0 * 10 + 2, unit.0, &[RoleName::Leader]),
        ]
    }

    fn take(&mut self, told: &str, decision: procedure::Decision) {
        self.trail.push(format!("{} {told}", calendar::local_date(self.now)));
        self.events.extend(decision.events);
        self.family = decision.family;
    }

    fn open(
        &mut self,
        procedure: &Procedure,
        parent: Option<&MatterId>,
        who: &Actor,
    ) -> Result<(), Refusal> {
        let mut parties = BTreeMap::new();
        for (id, party) in &procedure.parties {
            if party.from.is_none() && !procedure.open.by.contains(id) {
                let unit = self.unit(party.side);
                parties.insert(id.clone(), vec![unit.to_string()]);
            }
        }
        let input = self.fill(procedure, &procedure.open, &BTreeMap::new());
        let request = OpenRequest {
            procedure: procedure.id.clone(),
            parent: parent.cloned(),
            title: "测试".to_owned(),
            parties,
            input,
        };
        let decision =
            decide::open(self.world(), self.family.clone(), who, &request, &mut self.ids)?;
        self.take(&format!("open {}", procedure.id), decision);
        Ok(())
    }

    fn unit(&mut self, side: Option<Side>) -> UnitId {
        let base = match side {
            None | Some(Side::Government) => 0,
            Some(Side::Procuratorate) => 10,
            Some(Side::Court) => 20,
        };
        UnitId(base + i64::try_from(self.chance.below(9)).unwrap() + 1)
    }

    fn fill(
        &mut self,
        procedure: &Procedure,
        action: &Action,
        known: &BTreeMap<String, procedure::Value>,
    ) -> Raw {
        let mut filled = Raw::new();
        for id in action.fields() {
            let field = procedure.field(id).unwrap();
            if action.input.contains(id) || !self.chance.one_in(3) {
                let value = self.value(procedure, field, known, &filled);
                filled.insert(id.clone(), value);
            }
        }
        filled
    }

    fn value(
        &mut self,
        procedure: &Procedure,
        field: &Field,
        known: &BTreeMap<String, procedure::Value>,
        filled: &Raw,
    ) -> Vec<String> {
        let today = calendar::local_date(self.now);
        let one = |text: &str| vec![text.to_owned()];
        match field.kind {
            FieldKind::Text | FieldKind::LongText => one("如实记录"),
            FieldKind::Boolean => one(if self.chance.one_in(3) { "true" } else { "" }),
            FieldKind::Date | FieldKind::Instant => {
                let earliest = field.not_before.as_ref().and_then(|other| {
                    let now = filled.get(other).and_then(|v| v.first()?.get(..10)?.parse().ok());
                    now.or_else(|| known.get(other)?.day())
                });
                let away =
                    i32::try_from(self.chance.below(if field.future { 60 } else { 3 })).unwrap();
                let day = if field.future { today + away.days() } else { today - away.days() };
                let day = earliest.map_or(day, |earliest| day.max(earliest));
                let time = if field.kind == FieldKind::Instant { "T08:00" } else { "" };
                one(&format!("{day}{time}"))
            }
            FieldKind::Integer => one(&field.min.unwrap_or(1).max(1).to_string()),
            FieldKind::Choice | FieldKind::Choices => {
                let chosen = self.chance.pick(&field.options).unwrap();
                one(&chosen.id)
            }
            FieldKind::Unit => {
                let side = procedure.parties.get(&field.id).and_then(|party| party.side);
                one(&self.unit(side).to_string())
            }
            FieldKind::Division => one("610305"),
            FieldKind::Point => one("107.39,34.52"),
            FieldKind::Files => one(&format!("{}|12|照片.jpg", "a".repeat(64))),
        }
    }

    /// One thing somebody does; `false` when nobody could do anything.
    fn step(&mut self) -> bool {
        let mut matters: Vec<_> = self.family.matters().filter(|m| !m.ended).cloned().collect();
        let mut tried = false;
        while !matters.is_empty() {
            let is_about = |matter: &Matter| matter.procedure == self.about;
            let above = |matter: &Matter| {
                let parent = matter.parent.as_ref().and_then(|id| self.family.get(id));
                parent.is_some_and(is_about)
            };
            let about: Vec<_> = (0..matters.len())
                .filter(|at| is_about(&matters[*at]) || above(&matters[*at]))
                .collect();
            let at = match self.chance.pick(&about).copied() {
                Some(at) if !self.chance.one_in(4) => at,
                _ => self.chance.below(matters.len()),
            };
            let matter = matters.swap_remove(at);
            let mut candidates = self.candidates(&matter);
            tried |= !candidates.is_empty();
            for _ in 0..TRIES.min(candidates.len()) {
                let at = self.choose(&matter.procedure, &candidates);
                let (who, action) = candidates.swap_remove(at);
                if self.attempt(&matter.id, &who, action.as_deref()).is_ok() {
                    return true;
                }
            }
        }
        tried
    }

    /// Mostly what was done least, sometimes anything.
    fn choose(&mut self, procedure: &str, candidates: &[(Actor, Option<String>)]) -> usize {
        let any = self.chance.below(candidates.len());
        if self.chance.one_in(4) {
            return any;
        }
        let done = |at: usize| {
            candidates[at].1.as_ref().map_or(0, |action| {
                self.done.get(&(procedure.to_owned(), action.clone())).copied().unwrap_or(0)
            })
        };
        // Starting anywhere, so that those done equally often take turns.
        let turns = (0..candidates.len()).map(|at| (at + any) % candidates.len());
        turns.min_by_key(|at| done(*at)).unwrap_or(any)
    }

    /// What people may do in a matter now; `None` stands for deciding on what waits for approval.
    fn candidates(&mut self, matter: &Matter) -> Vec<(Actor, Option<String>)> {
        let units: BTreeSet<_> = matter.parties.values().flatten().copied().collect();
        let procedure = self.rules.of(matter).unwrap();
        let (mut moving, mut staying, mut ending) = (Vec::new(), Vec::new(), Vec::new());
        for who in units.into_iter().flat_map(Self::people) {
            if matter.proposal.as_ref().is_some_and(|p| p.waits_for == who.unit) {
                moving.extend(vec![(who.clone(), None); 6]);
            }
            for offer in decide::offers(self.world(), &self.family, matter, &who) {
                if offer.refusal.is_some() {
                    continue;
                }
                let to: Vec<_> = offer.action.to.iter().map(|to| to.used.as_str()).collect();
                let ends = to.iter().any(|to| procedure.state(to).is_some_and(|to| to.end));
                let moves = to.iter().any(|to| *to != matter.state);
                let key = (matter.procedure.clone(), offer.action.id.clone());
                let into = match (moves, ends) {
                    _ if !self.done.contains_key(&key) => &mut moving,
                    (_, true) => &mut ending,
                    (true, _) => &mut moving,
                    _ => &mut staying,
                };
                into.push((who.clone(), Some(offer.action.id.clone())));
            }
        }
        // What leaves the state as it is may be done for ever, and what ends a matter ends the walk
        // too soon: others come first, except what was never done.
        if moving.is_empty() || self.chance.one_in(3) {
            moving.append(&mut staying);
        }
        if moving.is_empty() || self.chance.one_in(8) {
            moving.append(&mut ending);
        }
        moving
    }

    fn attempt(&mut self, id: &MatterId, who: &Actor, action: Option<&str>) -> Result<(), Refusal> {
        let matter = self.family.get(id).unwrap().clone();
        let procedure = self.rules.of(&matter).unwrap();
        let (told, command) = match action {
            None if self.chance.one_in(6) => {
                ("return".to_owned(), Command::Return { reason: "补充材料".to_owned() })
            }
            None => ("approve".to_owned(), Command::Approve),
            Some(action) => {
                let input = self.fill(procedure, procedure.action(action).unwrap(), &matter.fields);
                let told = format!("{} in {} by {}", action, matter.state, who.unit);
                (told, Command::Act { action: action.to_owned(), input })
            }
        };
        let request = Request { matter: id.clone(), seen: Some(matter.events), command };
        let family = self.family.clone();
        let decision = procedure::decide(self.world(), family, who, &request, &mut self.ids)?;
        self.take(&format!("{}: {told}", matter.procedure), decision);
        if let Some(action) = action {
            *self.done.entry((matter.procedure, action.to_owned())).or_default() += 1;
        }
        Ok(())
    }

    fn wait(&mut self, days: usize) {
        let hours = i64::try_from(days * 24).unwrap();
        self.now = self.now.checked_add(hours.hours()).unwrap();
        let passed = decide::pass_time(self.world(), self.family.clone(), &mut self.ids);
        if !passed.events.is_empty() {
            self.take("time passes", passed);
        }
    }

    /// Somebody opens a matter under one there is, when the procedures allow.
    fn open_something(&mut self) {
        let matters: Vec<_> = self.family.matters().cloned().collect();
        let Some(parent) = self.chance.pick(&matters).cloned() else { return };
        let under: Vec<_> = self.rules.openable(Some(&parent.procedure)).cloned().collect();
        let Some(procedure) = self.chance.pick(&under).cloned() else { return };
        let units: Vec<_> = parent.parties.values().flatten().copied().collect();
        let Some(unit) = self.chance.pick(&units).copied() else { return };
        let _ = self.open(&procedure, Some(&parent.id), &Self::people(unit)[0]);
    }

    fn go(&mut self) {
        let root = self.rules.openable(None).next().unwrap().clone();
        let opener = Self::people(UnitId(1))[0].clone();
        self.open(&root, None, &opener).unwrap();
        let mut idle = 0;
        for _ in 0..STEPS_MAX {
            if self.chance.one_in(8) && self.family.matters().count() < 6 {
                self.open_something();
            }
            if self.step() {
                idle = 0;
            } else {
                idle += 1;
                // Time may free what waits: periods end, the return visit comes due.
                self.wait(200);
                if self.family.matters().all(|matter| matter.ended) {
                    break;
                }
                assert!(idle < 6, "stuck\n{}\n{}", self.standing(), self.trail.join("\n"));
            }
            if self.chance.one_in(3) {
                let days = self.chance.below(25);
                self.wait(days);
            }
            self.sound();
        }
        self.replays();
    }

    fn standing(&self) -> String {
        let told = self.family.matters().map(|matter| {
            let units: BTreeSet<_> = matter.parties.values().flatten().copied().collect();
            let mut said = BTreeSet::new();
            for who in units.into_iter().flat_map(Self::people) {
                for offer in decide::offers(self.world(), &self.family, matter, &who) {
                    let why = offer.refusal.map_or("may".to_owned(), |refusal| refusal.words.en);
                    said.insert(format!("    {}: {why}", offer.action.id));
                }
            }
            let said: Vec<_> = said.into_iter().collect();
            format!(
                "{} {} ended={}\n{}",
                matter.procedure,
                matter.state,
                matter.ended,
                said.join("\n")
            )
        });
        told.collect::<Vec<_>>().join("\n")
    }

    /// What must hold of every matter at every moment.
    fn sound(&self) {
        for matter in self.family.matters() {
            let procedure = self.rules.of(matter).expect("its procedure exists");
            let state = procedure.state(&matter.state).expect("its state exists");
            assert_eq!(matter.ended, state.end, "{}", self.trail.join("\n"));
            let mut open = BTreeSet::new();
            for owed in matter.obligations.iter().filter(|owed| owed.is_open()) {
                assert!(!matter.ended, "{} is over but {} is owed", matter.procedure, owed.kind);
                assert!(open.insert((&owed.kind, owed.debtor)), "{} owed twice", owed.kind);
            }
            for owed in &matter.obligations {
                assert!(owed.lapsed_at.is_none_or(|at| owed.due.is_over(at)), "lapsed in time");
                assert!(Units.unit(owed.debtor).is_some() && Units.unit(owed.creditor).is_some());
            }
            let all = self.family.get(&matter.root).expect("the root is in the family");
            assert!(
                matter.seen_by.is_subset(&all.seen_by),
                "a child is seen where the root is not"
            );
        }
    }

    fn replays(&self) {
        let mut again = Family::default();
        for (id, event) in &self.events {
            let number = again.get(id).map_or(0, |matter| matter.events);
            assert_eq!(event.number, number + 1, "events are numbered without gaps");
            again.apply(id, event);
        }
        assert_eq!(again, self.family, "the events alone give the same family");
    }
}

fn walks(about: &str) {
    let rules = files::rules();
    let mut visited = BTreeSet::new();
    let mut done = Done::new();
    for seed in 0..1_000 {
        let mut walk = Walk::new(&rules, about, seed * 7_919 + 1, &mut done);
        walk.go();
        let about = walk.events.iter().filter_map(|(id, event)| {
            let matter = walk.family.get(id)?;
            let procedure::What::Acted(act) = &event.what else { return None };
            (matter.procedure == about).then(|| act.to.clone())
        });
        visited.extend(about);
    }
    let procedure = rules.procedure(about).unwrap();
    let missed: Vec<_> = procedure
        .states
        .iter()
        .filter(|state| !visited.contains(&state.id))
        .filter(|state| procedure.open.to.iter().all(|to| to.used != state.id))
        .map(|state| state.id.as_str())
        .collect();
    assert!(missed.is_empty(), "no walk through `{about}` came to {missed:?}");
}

#[test]
fn a_thousand_walks_about_problems() {
    walks("problem");
}

#[test]
fn a_thousand_walks_about_repair_items() {
    walks("repair-item");
}

#[test]
fn a_thousand_walks_about_clues() {
    walks("clue");
}

#[test]
fn a_thousand_walks_about_cases() {
    walks("administrative-public-interest-case");
}

#[test]
fn a_thousand_walks_about_suggestions() {
    walks("suggestion");
}
