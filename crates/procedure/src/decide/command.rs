//! What people ask for: acting, approving, sending back, taking back, urging, opening.

use std::collections::BTreeMap;

use super::input::{read_title, with_fields, written};
use super::may::{may, may_open, role_words};
use super::{Course, OpenRequest, unknown};
use crate::definition::{Approval, ObligationKind};
use crate::id::UnitId;
use crate::matter::{Actor, Event, Matter, Opening, Proposal, What};
use crate::refusal::{Refusal, Why};
use crate::value::{FieldError, Raw};

impl Course<'_> {
    pub(super) fn act(
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

    pub(super) fn approve(&mut self, actor: &Actor, matter: &Matter) -> Result<(), Refusal> {
        let proposal = self.waiting(actor, matter)?;
        if proposal.by == actor.user {
            return Err(Refusal::new(
                Why::FourEyes,
                "拟办人不能审批自己的拟办意见",
                "whoever drafted an act may not approve it",
            ));
        }
        let procedure = self.procedure(matter)?;
        let action = procedure.action(&proposal.action).ok_or_else(unknown)?;
        if let Some(next) = action.approvals.get(proposal.approved + 1) {
            let waits_for = approver(next, matter, proposal.unit);
            self.push(&matter.id, What::Approved { waits_for, role: next.role });
            return Ok(());
        }
        let preview = with_fields(matter, &proposal.input);
        self.conditions(action, &preview)?;
        self.law_still_applies(procedure, &proposal.input, &preview)?;
        self.take_effect(&matter.id, action, &proposal.input, Some(proposal.by))
    }

    pub(super) fn send_back(
        &mut self,
        actor: &Actor,
        matter: &Matter,
        reason: &str,
    ) -> Result<(), Refusal> {
        self.waiting(actor, matter)?;
        let reason = written("reason", reason)?;
        self.push(&matter.id, What::Returned { reason });
        Ok(())
    }

    pub(super) fn waiting(&self, actor: &Actor, matter: &Matter) -> Result<Proposal, Refusal> {
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

    pub(super) fn take_back(&mut self, actor: &Actor, matter: &Matter) -> Result<(), Refusal> {
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

    pub(super) fn urge(
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

    pub(super) fn open_by_hand(
        &mut self,
        actor: &Actor,
        request: &OpenRequest,
    ) -> Result<(), Refusal> {
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
        for party in procedure.asked_parties() {
            let id = &party.id;
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
}

pub(super) fn approver(step: &Approval, matter: &Matter, acting: UnitId) -> UnitId {
    let named = step.party.as_ref().and_then(|party| matter.party(party).first());
    named.copied().unwrap_or(acting)
}
