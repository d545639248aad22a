//! What follows from an act at once: state, parties, obligations, child matters, who may see.

use std::collections::{BTreeMap, BTreeSet};

use super::input::with_fields;
use super::{CASCADE_MAX, Course, LEVELS_MAX, unknown};
use crate::definition::{Action, PartySource, Procedure, Spawn, SpawnUnder};
use crate::guard::Guard;
use crate::id::{MatterId, UnitId, UserId};
use crate::matter::{Act, Obligation, Opening, What};
use crate::refusal::{Refusal, Why};
use crate::value::{FieldError, Value};

impl Course<'_> {
    pub(super) fn take_effect(
        &mut self,
        id: &MatterId,
        action: &Action,
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
            let outlives = |owed: &Obligation| {
                procedure.obligation(&owed.kind).is_some_and(|kind| kind.outlives)
            };
            self.end_obligations(id, |owed| !outlives(owed))?;
        }
        self.show(id)?;
        if moved { self.react(id, &to) } else { Ok(()) }
    }

    pub(super) fn join_parties(
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
    pub(super) fn settle(
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

    pub(super) fn end_obligations(
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

    pub(super) fn spawn(&mut self, id: &MatterId, spawn: &Spawn) -> Result<(), Refusal> {
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
    pub(super) fn begin_matter(
        &mut self,
        procedure: &Procedure,
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
                // It joins when an action fills the field in.
                Some(PartySource::Field(_)) | None => Vec::new(),
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

    pub(super) fn above(&self, unit: UnitId) -> Option<UnitId> {
        let unit = self.world.directory.unit(unit)?;
        // Guidance runs within a side: a bureau's procuratorate is not the unit above it.
        let above = self.world.directory.unit(unit.above?)?;
        (above.side == unit.side).then_some(above.id)
    }

    /// Lets in the units that may see the matter from its present state on, and lets them see the
    /// problem it belongs to.
    pub(super) fn show(&mut self, id: &MatterId) -> Result<(), Refusal> {
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

    pub(super) fn with_those_above(&self, unit: UnitId, into: &mut BTreeSet<UnitId>) {
        let mut next = Some(unit);
        for _ in 0..LEVELS_MAX {
            let Some(unit) = next else { return };
            into.insert(unit);
            next = self.above(unit);
        }
    }
}
