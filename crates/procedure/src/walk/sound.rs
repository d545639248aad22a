//! What must hold of any family at any moment, whatever the procedures say.

use std::collections::{BTreeMap, BTreeSet};

use super::{Walk, hands, leader};
use crate::decide;
use crate::id::MatterId;
use crate::matter::{Event, Family, Matter, What};

impl Walk<'_> {
    /// Looks at what the last step touched.
    pub(super) fn sound(&self) -> Result<(), String> {
        let Some(step) = self.steps.last() else { return Ok(()) };
        for (_, event) in &step.events {
            event_is_sound(event)?;
        }
        let touched: BTreeSet<&MatterId> = step.events.iter().map(|(id, _)| id).collect();
        for id in touched {
            let matter = self.family.get(id).ok_or("an event of a matter that is none")?;
            self.matter_is_sound(matter)
                .map_err(|what| format!("{} {}: {what}", matter.procedure, matter.id))?;
        }
        Ok(())
    }

    fn matter_is_sound(&self, matter: &Matter) -> Result<(), String> {
        let procedure = self.procedure(matter)?;
        let state = procedure.state(&matter.state).ok_or("stands in no state of its procedure")?;
        if matter.ended != state.end {
            return Err(format!("ended is {} in `{}`", matter.ended, state.id));
        }
        if matter.ended && matter.proposal.is_some() {
            return Err("is over while a draft waits for approval".to_owned());
        }
        let mut open = BTreeSet::new();
        for owed in &matter.obligations {
            let outlives = procedure.obligation(&owed.kind).is_some_and(|kind| kind.outlives);
            if owed.is_open() && matter.ended && !outlives {
                return Err(format!("is over while `{}` is owed", owed.kind));
            }
            if owed.is_open() && !open.insert((&owed.kind, owed.debtor)) {
                return Err(format!("`{}` is owed twice by {}", owed.kind, owed.debtor));
            }
            if owed.lapsed_at.is_some_and(|at| !owed.due.is_over(at)) {
                return Err(format!("`{}` lapsed in time", owed.kind));
            }
            let known = |unit| self.scene.directory.unit(unit).is_some();
            if !known(owed.debtor) || !known(owed.creditor) {
                return Err(format!("`{}` binds a unit that is none", owed.kind));
            }
        }
        let root = self.family.get(&matter.root).ok_or("has no root")?;
        if !matter.seen_by.is_subset(&root.seen_by) {
            return Err("is seen where its root is not".to_owned());
        }
        Ok(())
    }

    /// The events alone give the same family, in order, each obligation lapsing once at most.
    pub(super) fn replays(&self) -> Result<(), String> {
        let mut again = Family::default();
        let mut lapsed = BTreeSet::new();
        let mut last = BTreeMap::new();
        for (id, event) in self.steps.iter().flat_map(|step| &step.events) {
            let number = again.get(id).map_or(0, |matter| matter.events);
            if event.number != number + 1 {
                return Err(format!("event {} of {id} follows event {number}", event.number));
            }
            if last.insert(id, event.at).is_some_and(|before| event.at < before) {
                return Err(format!("event {} of {id} lies before the one before", event.number));
            }
            if let What::Lapsed { obligation, .. } = event.what
                && !lapsed.insert((id, obligation))
            {
                return Err(format!("obligation {obligation} of {id} lapsed twice"));
            }
            again.apply(id, event);
        }
        if again == self.family {
            Ok(())
        } else {
            Err("the events alone give another family".to_owned())
        }
    }

    /// How every matter stands, and what every action answers to somebody.
    pub(super) fn standing(&self) -> String {
        let told = self.family.matters().map(|matter| {
            let units: BTreeSet<_> = matter.parties.values().flatten().copied().collect();
            let mut said = BTreeSet::new();
            for who in units.into_iter().flat_map(|unit| [hands(unit), leader(unit)]) {
                for offer in decide::offers(self.world(), &self.family, matter, &who) {
                    let why = offer.refusal.map_or("may".to_owned(), |refusal| refusal.words.en);
                    said.insert(format!("    {}: {why}", offer.action.id));
                }
            }
            let head = format!("{} {} ended={}", matter.procedure, matter.state, matter.ended);
            std::iter::once(head).chain(said).collect::<Vec<_>>().join("\n")
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

fn event_is_sound(event: &Event) -> Result<(), String> {
    match &event.what {
        What::Acted(act) if act.drafted_by.is_some() && act.drafted_by == event.by.user => {
            Err(format!("`{}` was approved by whoever drafted it", act.action))
        }
        What::Lapsed { .. } if event.by.user.is_some() => {
            Err("a lapse was recorded by a person".to_owned())
        }
        _ => Ok(()),
    }
}
