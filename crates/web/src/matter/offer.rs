//! What the reader may do now, and why not the rest.

use jiff::Timestamp;
use procedure::decide::{World, offers, opening_refusal};
use procedure::matter::Obligation;
use procedure::{Family, Matter, Refusal};

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
            }),
            Some(refusal) => found.refused.push(refused(look, look.of(&action.name), &refusal)),
        }
    }
    let procedure = look.procedure(matter);
    // What ends the clock that runs out first is what the page is for.
    found.acts.sort_by_key(|button| {
        let meets = |owed: &&Obligation| {
            let kind = procedure.and_then(|procedure| procedure.obligation(&owed.kind));
            kind.is_some_and(|kind| kind.met_by.contains(&button.action))
        };
        let owed = matter.obligations.iter().filter(|owed| owed.is_open());
        let ends = owed.filter(meets).map(Obligation::ends_at).min();
        ends.unwrap_or(Timestamp::MAX)
    });
    for procedure in look.rules.openable(Some(&matter.procedure)) {
        let name = look.of(&procedure.open.name);
        match opening_refusal(world, procedure, Some(matter), &actor) {
            None => found.opens.push(Button {
                action: String::new(),
                href: format!("/open/{}?parent={}", procedure.id, matter.id),
                words: name,
                help: look.of(&procedure.open.help),
                icon: "plus",
            }),
            Some(refusal) => found.refused.push(refused(look, name, &refusal)),
        }
    }
    found
}

fn refused(look: &Look<'_>, words: String, refusal: &Refusal) -> Refused {
    Refused { words, reason: look.of(&refusal.words), cite: look.cite(&refusal.basis) }
}
