//! What the reader may do now, and why not the rest.

use jiff::Timestamp;
use procedure::decide::{World, offers, opening_refusal};
use procedure::definition::ObligationKind;
use procedure::matter::Obligation;
use procedure::{Family, Matter, Procedure, Refusal};

use super::look::Look;

/// An act the reader may do now.
#[derive(Debug, Clone)]
pub(crate) struct Button {
    /// The action; empty for opening a matter.
    action: String,
    pub(crate) href: String,
    pub(crate) words: String,
    pub(crate) help: String,
    pub(crate) icon: &'static str,
    /// Whether it is what the page is for.
    pub(crate) is_primary: bool,
}

/// An act the reader may not do now, with the rule that says so.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) words: String,
    pub(crate) reason: String,
    pub(crate) cite: String,
}

/// Everything that can be done with a matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Offers {
    pub(crate) acts: Vec<Button>,
    pub(crate) opens: Vec<Button>,
    pub(crate) refused: Vec<Refused>,
}

/// What the reader may do; `whole` is the family with what the reader may not see.
pub(crate) fn all(look: &Look<'_>, whole: &Family, matter: &Matter) -> Offers {
    let world = World { rules: look.rules, directory: look.directory, now: look.now };
    let actor = look.scope.actor();
    // The rules go by everything there is, also by what the reader may not read.
    let matter = whole.get(&matter.id).unwrap_or(matter);
    let mut found = Offers::default();
    for offer in offers(world, whole, matter, &actor) {
        let action = offer.action;
        match offer.refusal {
            None => found.acts.push(Button {
                action: action.id.clone(),
                href: format!("/matters/{}/actions/{}", matter.id, action.id),
                words: look.of(&action.name),
                help: look.of(&action.help),
                icon: if action.consequential { "transfer" } else { "edit" },
                is_primary: false,
            }),
            Some(refusal) => found.refused.push(refused(look, look.of(&action.name), &refusal)),
        }
    }
    // What leads on, for whoever holds the pen, or ends our own clock is what the page is for. What
    // may be done at any time calls for nobody.
    if let Some(procedure) = look.procedure(matter) {
        let holds = look.holders(matter).contains(&look.scope.unit);
        let rank = |button: &Button| {
            let ends = ends_ours(look, procedure, matter, &button.action);
            let leads = holds && leads_on(procedure, matter, &button.action);
            (!leads, ends.is_none(), ends.unwrap_or(Timestamp::MAX))
        };
        found.acts.sort_by_key(&rank);
        if let Some(first) = found.acts.first_mut() {
            let (leads, ends, _) = rank(first);
            first.is_primary = !leads || !ends;
        }
    }
    for procedure in look.rules.openable(Some(&matter.procedure)) {
        let name = look.of(&procedure.open.name);
        match opening_refusal(world, procedure, Some(matter), &actor) {
            None => found.opens.push(Button {
                action: String::new(),
                href: format!("/open/{}?parent={}", procedure.id, matter.id),
                words: name,
                help: look.of(&procedure.open.help),
                icon: "plus",
                is_primary: false,
            }),
            Some(refusal) => found.refused.push(refused(look, name, &refusal)),
        }
    }
    found
}

/// When the open obligation of the reader's unit ends that an action meets; none when it meets none.
fn ends_ours(
    look: &Look<'_>,
    procedure: &Procedure,
    matter: &Matter,
    action: &str,
) -> Option<Timestamp> {
    let ours = matter.obligations.iter().filter(|owed| {
        owed.is_open()
            && owed.nature == ObligationKind::Obligation
            && owed.debtor == look.scope.unit
    });
    ours.filter(|owed| {
        let kind = procedure.obligation(&owed.kind);
        kind.is_some_and(|kind| kind.met_by.iter().any(|met_by| met_by == action))
    })
    .map(Obligation::ends_at)
    .min()
}

/// Whether an action leads on along the main path: further than the matter has come, or back onto the
/// path from beside it.
fn leads_on(procedure: &Procedure, matter: &Matter, action: &str) -> bool {
    let Some(action) = procedure.action(action) else { return false };
    let (here, furthest) = super::progress::furthest(procedure, matter);
    action.to.iter().any(|to| {
        let there = procedure.main_path.iter().position(|state| *state == to.used);
        match (there, furthest) {
            (Some(there), Some(furthest)) if here.is_some() => there > furthest,
            (Some(there), Some(furthest)) => there >= furthest,
            (Some(_), None) => true,
            (None, _) => false,
        }
    })
}

fn refused(look: &Look<'_>, words: String, refusal: &Refusal) -> Refused {
    Refused { words, reason: look.of(&refusal.words), cite: look.cite(&refusal.basis) }
}
