//! One living problem: what its people mean to do, and what comes next.
//!
//! A [`Plan`] is cast before anything happens. [`Plan::deeds`] looks at the family as it stands and lists
//! what somebody means to do, each with the instant before which they will not get to it. How long
//! people take is chance that belongs to the question, so that asking again gives the same answer.

mod case;
mod plan;
mod problem;
mod suggestion;

use jiff::Timestamp;
use jiff::civil::Date;
use procedure::definition::RoleName;
use procedure::matter::Obligation;
use procedure::{Family, Matter, MatterId, Raw, Rules, UnitId, Value};

pub(super) use self::plan::{Plan, plans};
use super::chance::Chance;

const PROBLEM: &str = "problem";
const CLUE: &str = "clue";
const CASE: &str = "administrative-public-interest-case";
const SUGGESTION: &str = "suggestion";
const ITEM: &str = "repair-item";

/// The picture before the repair, where a file is to be given.
pub(super) const BEFORE: &str = "photo:before";
/// The picture after it.
pub(super) const AFTER: &str = "photo:after";

/// Something somebody means to do.
#[derive(Debug, Clone)]
pub(super) struct Deed {
    /// Not before this instant.
    pub(super) not_before: Timestamp,
    /// Who: the unit. The role is that of the act.
    pub(super) unit: UnitId,
    /// What.
    pub(super) what: What,
}

/// What somebody means to do.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// Open a matter.
    Open {
        /// Of this procedure.
        procedure: &'static str,
        /// Under this one.
        parent: Option<MatterId>,
        /// With these parties.
        parties: Raw,
        /// Saying this; the rest is filled in.
        given: Raw,
    },
    /// Act on a matter.
    Act {
        /// The matter.
        matter: MatterId,
        /// The action.
        action: &'static str,
        /// Saying this; the rest is filled in.
        given: Raw,
    },
    /// Approve what waits, in that role.
    Approve {
        /// The matter.
        matter: MatterId,
        /// The role.
        role: RoleName,
    },
    /// Send back what waits, in that role.
    Return {
        /// The matter.
        matter: MatterId,
        /// The role.
        role: RoleName,
    },
    /// Urge whoever owes.
    Urge {
        /// The matter.
        matter: MatterId,
        /// The obligation.
        obligation: u32,
    },
}

/// How a plan sees its family now.
struct View<'a> {
    plan: &'a Plan,
    rules: &'a Rules,
    family: &'a Family,
    today: Date,
    deeds: Vec<Deed>,
}

impl Plan {
    /// What people mean to do, in no order.
    pub(super) fn deeds(
        &self,
        rules: &Rules,
        family: Option<&Family>,
        now: Timestamp,
    ) -> Vec<Deed> {
        let Some(family) = family else { return vec![self.opening()] };
        let halted = self.halt.is_some_and(|halt| family.matters().any(|one| halt.holds(one)));
        let today = calendar::local_date(now);
        let mut view = View { plan: self, rules, family, today, deeds: Vec::new() };
        for matter in family.matters() {
            if matter.proposal.is_some() {
                view.proposal(matter);
                continue;
            }
            match matter.procedure.as_str() {
                PROBLEM => view.problem(matter),
                CLUE => view.clue(matter),
                CASE => view.case(matter),
                SUGGESTION => view.suggestion(matter),
                ITEM => view.item(matter),
                _ => {}
            }
        }
        if halted {
            view.deeds.retain(Deed::is_chore);
        }
        view.deeds
    }
}

impl Deed {
    /// Whether it is done all the same where a story stops: what the procuratorate owes upward.
    fn is_chore(&self) -> bool {
        matches!(&self.what, What::Act { action: "file-upward" | "file-indictment-upward", .. })
    }
}

impl View<'_> {
    /// A leader decides on what waits; now and then it goes back.
    fn proposal(&mut self, matter: &Matter) {
        let Some(proposal) = &matter.proposal else { return };
        let at = self.later(matter, "approve", 1, 26);
        let question = format!("return {} {}", matter.procedure, matter.events);
        let back = self.chance(&question).percent(5);
        let (matter, role) = (matter.id.clone(), proposal.role);
        let what =
            if back { What::Return { matter, role } } else { What::Approve { matter, role } };
        self.deeds.push(Deed { not_before: at, unit: proposal.waits_for, what });
    }

    fn chance(&self, question: &str) -> Chance {
        Chance::about(self.plan.seed, question)
    }

    /// So many hours after the matter last changed.
    fn later(&self, matter: &Matter, question: &str, least: i64, most: i64) -> Timestamp {
        self.after(matter.changed_at, matter, question, least, most)
    }

    /// So many hours after an instant.
    fn after(
        &self,
        from: Timestamp,
        matter: &Matter,
        question: &str,
        least: i64,
        most: i64,
    ) -> Timestamp {
        let question = format!("{question} {} {}", matter.procedure, matter.events);
        let (least, most) = (self.plan.pace(least), self.plan.pace(most));
        self.chance(&question).later(from, least, most)
    }

    /// Whether the procedure has that action where the matter stands.
    fn can(&self, matter: &Matter, action: &str) -> bool {
        let action = self.rules.of(matter).and_then(|procedure| procedure.action(action));
        action.is_some_and(|action| action.from.contains(&matter.state))
    }

    fn act(
        &mut self,
        not_before: Timestamp,
        unit: UnitId,
        matter: &Matter,
        action: &'static str,
        given: &[(&str, &str)],
    ) {
        if !self.can(matter, action) {
            return;
        }
        let what = What::Act { matter: matter.id.clone(), action, given: raw(given) };
        self.deeds.push(Deed { not_before, unit, what });
    }

    fn of(&self, procedure: &str) -> impl Iterator<Item = &Matter> {
        let family = self.family;
        let procedure = procedure.to_owned();
        family.matters().filter(move |matter| matter.procedure == procedure)
    }

    /// Whether a repair item is not verified yet.
    fn items_open(&self) -> bool {
        self.of(ITEM)
            .any(|item| matches!(item.state.as_str(), "planned" | "in-repair" | "reported"))
    }

    /// Whether a repair item is not reported done yet.
    fn items_undone(&self) -> bool {
        self.of(ITEM).any(|item| matches!(item.state.as_str(), "planned" | "in-repair"))
    }

    /// The latest change anywhere in the family.
    fn changed_at(&self) -> Timestamp {
        self.family.matters().map(|matter| matter.changed_at).max().unwrap_or(Timestamp::MIN)
    }

    /// A day so many days from today.
    fn in_days(&self, days: i32) -> String {
        self.today.saturating_add(jiff::Span::new().days(days)).to_string()
    }
}

/// Fields as a form sends them.
fn raw(given: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new();
    for (field, value) in given {
        raw.entry((*field).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

fn has(matter: &Matter, field: &str) -> bool {
    matter.fields.get(field).is_some_and(|value| !value.is_empty())
}

fn day(matter: &Matter, field: &str) -> Option<Date> {
    matter.fields.get(field).and_then(Value::day)
}

/// How many documents of a kind were made.
fn made(matter: &Matter, kind: &str) -> usize {
    matter.documents.iter().filter(|made| made.kind == kind).count()
}

/// The newest obligation of a kind.
fn owed<'m>(matter: &'m Matter, kind: &str) -> Option<&'m Obligation> {
    matter.obligations.iter().rfind(|owed| owed.kind == kind)
}

/// When a state was first reached.
fn reached(matter: &Matter, state: &str) -> Timestamp {
    matter.reached.get(state).copied().unwrap_or(matter.changed_at)
}
