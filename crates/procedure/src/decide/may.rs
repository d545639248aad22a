//! Who may do what now, and why not: everything that can be said before a form is filled in.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{World, unknown};
use crate::definition::{Action, Condition, Procedure, RoleName};
use crate::guard::Term;
use crate::matter::{Actor, Directory, Family, Matter};
use crate::refusal::{Refusal, Why};

/// Whether the actor may do this act in the matter's state, before anything is filled in.
pub(super) fn may(
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
pub(super) fn ready(
    action: &Action,
    matter: &Matter,
    family: &Family,
    today: Date,
) -> Result<(), Refusal> {
    let asked: BTreeSet<&String> = action.fields().collect();
    for condition in &action.guards {
        let mut waits_for_form = false;
        let speaks_of_form = |term: &Term| term.field().is_some_and(|id| asked.contains(id));
        condition.must.terms(&mut |term| waits_for_form |= speaks_of_form(term));
        if !waits_for_form && !condition.must.holds(matter, family, today) {
            return Err(broken(condition));
        }
    }
    Ok(())
}

pub(super) fn broken(condition: &Condition) -> Refusal {
    Refusal {
        why: Why::Condition,
        words: condition.refusal.clone(),
        basis: condition.basis.clone(),
        fields: Vec::new(),
    }
}

pub(super) fn may_open(
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

pub(super) fn party_names(procedure: &Procedure, parties: &[String]) -> calendar::Words {
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
pub fn role_words(role: RoleName) -> calendar::Words {
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
