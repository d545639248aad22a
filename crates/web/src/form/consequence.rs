//! What an act would bring about, in words, before it is done.

use std::collections::BTreeSet;

use procedure::matter::{Event, Obligation, What};
use procedure::{Decision, Family, Matter, MatterId, UnitId};

use crate::matter::look::Look;
use crate::matter::{People, clock};
use crate::parts::mark::{Light, end};

/// One thing that will happen.
#[derive(Debug, Clone)]
pub(crate) struct Consequence {
    pub(crate) icon: &'static str,
    pub(crate) words: String,
    pub(crate) detail: String,
    pub(crate) light: Option<Light>,
    /// It cannot be undone.
    pub(crate) is_final: bool,
}

impl Consequence {
    fn new(icon: &'static str, words: String) -> Self {
        Self { icon, words, detail: String::new(), light: None, is_final: false }
    }
}

/// Most units named in one sentence.
const UNITS_NAMED_MAX: usize = 6;

/// Everything a decision would bring about, as far as the reader may know it.
pub(crate) fn consequences(
    look: &Look<'_>,
    before: &Family,
    decision: &Decision,
    matter: &MatterId,
    people: &People,
) -> Vec<Consequence> {
    let mut found = Vec::new();
    let mut touched = BTreeSet::new();
    for (id, event) in &decision.events {
        let Some(after) = decision.family.get(id) else { continue };
        // What happens out of the reader's sight is not told here either.
        if !after.seen_by.contains(&look.scope.unit) {
            continue;
        }
        let here = id == matter;
        if let Some(number) = number_of(&event.what).filter(|_| here) {
            touched.insert(number);
        }
        found.extend(Told { look, before: before.get(id), after, here, people }.event(event));
    }
    if let (Some(old), Some(new)) = (before.get(matter), decision.family.get(matter)) {
        found.extend(handed_over(look, old, new, people));
        // Until it is approved a draft touches nothing.
        let is_drafted = new.proposal.is_some() && old.proposal != new.proposal;
        if is_drafted {
            return found;
        }
        found.extend(untouched(look, old, new, &touched));
    }
    found.push(Consequence {
        detail: look.say("form.will.final-detail"),
        is_final: true,
        ..Consequence::new("forbidden", look.say("form.will.final"))
    });
    found
}

fn number_of(what: &What) -> Option<u32> {
    match what {
        What::Started(owed) => Some(owed.number),
        What::Met { obligation }
        | What::Suspended { obligation, .. }
        | What::Resumed { obligation, .. }
        | What::Extended { obligation, .. }
        | What::Ended { obligation }
        | What::Lapsed { obligation, .. }
        | What::Recounted { obligation, .. }
        | What::Urged { obligation, .. } => Some(*obligation),
        What::Opened(_)
        | What::Proposed(_)
        | What::Approved { .. }
        | What::Returned { .. }
        | What::TakenBack
        | What::Acted(_)
        | What::Joined { .. }
        | What::Shown { .. } => None,
    }
}

/// An event being told.
struct Told<'a> {
    look: &'a Look<'a>,
    before: Option<&'a Matter>,
    after: &'a Matter,
    /// Whether it happens to the matter acted on.
    here: bool,
    people: &'a People,
}

impl Told<'_> {
    fn event(&self, event: &Event) -> Vec<Consequence> {
        let (look, after) = (self.look, self.after);
        let one = |icon, words| vec![Consequence::new(icon, words)];
        match &event.what {
            What::Opened(opening) => {
                let units: Vec<UnitId> = opening.parties.values().flatten().copied().collect();
                one(
                    "plus",
                    look.fill(
                        "form.will.opened",
                        &[
                            ("kind", &look.kind(after)),
                            ("title", &opening.title),
                            ("units", &self.units(&units)),
                        ],
                    ),
                )
            }
            What::Proposed(proposal) => one(
                "seal",
                look.fill(
                    "form.will.proposed",
                    &[
                        ("unit", &look.unit(proposal.waits_for)),
                        ("role", &look.role(proposal.role)),
                    ],
                ),
            ),
            What::Approved { waits_for, role } => one(
                "seal",
                look.fill(
                    "form.will.approved",
                    &[("unit", &look.unit(*waits_for)), ("role", &look.role(*role))],
                ),
            ),
            What::Acted(act) => self.acted(&act.action, &act.from, &act.to, &act.documents),
            What::Joined { party, unit } => one(
                "unit",
                look.fill(
                    "form.will.joined",
                    &[("unit", &look.unit(*unit)), ("party", &look.party(after, party))],
                ),
            ),
            What::Shown { units } => {
                let others: Vec<UnitId> =
                    units.iter().copied().filter(|unit| *unit != look.scope.unit).collect();
                if others.is_empty() || !self.here {
                    return Vec::new();
                }
                one("eye", look.fill("form.will.shown", &[("units", &self.units(&others))]))
            }
            What::Started(owed) => vec![self.started(owed)],
            What::Met { obligation } => self.on(*obligation, "form.will.met", true),
            What::Suspended { obligation, .. } => {
                self.on(*obligation, "form.will.suspended", false)
            }
            What::Resumed { obligation, .. } => self.on(*obligation, "form.will.resumed", false),
            What::Extended { obligation, .. } => self.on(*obligation, "form.will.extended", false),
            What::Ended { obligation } => self.on(*obligation, "form.will.ended", false),
            What::Lapsed { obligation, .. } => self.on(*obligation, "form.will.lapsed", false),
            // None of these follows from an act that is confirmed.
            What::Returned { .. }
            | What::TakenBack
            | What::Recounted { .. }
            | What::Urged { .. } => Vec::new(),
        }
    }

    fn acted(&self, action: &str, from: &str, to: &str, documents: &[String]) -> Vec<Consequence> {
        let (look, after) = (self.look, self.after);
        let mut found = Vec::new();
        if !self.here {
            let (name, state) = (look.action(after, action), look.state_of(after, to));
            found.push(Consequence::new(
                "tree",
                look.fill(
                    "form.will.elsewhere",
                    &[
                        ("kind", &look.kind(after)),
                        ("number", &after.number),
                        ("action", &name),
                        ("state", &state),
                    ],
                ),
            ));
            return found;
        }
        for kind in documents {
            found.push(self.document(kind));
        }
        if from != to {
            let (from, to) = (look.state_of(after, from), look.state_of(after, to));
            let words = look.fill("form.will.state", &[("from", &from), ("to", &to)]);
            found.push(Consequence::new("chart", words));
        }
        if after.ended {
            found.push(Consequence::new("done", look.say("form.will.over")));
        }
        found
    }

    fn document(&self, kind: &str) -> Consequence {
        let (look, after) = (self.look, self.after);
        let document = look.procedure(after).and_then(|procedure| procedure.document(kind));
        let recipients: Vec<UnitId> = document
            .map(|document| &document.recipients)
            .into_iter()
            .flatten()
            .flat_map(|party| after.party(party))
            .copied()
            .collect();
        let name = look.document(after, kind);
        if recipients.is_empty() {
            return Consequence::new(
                "file",
                look.fill("form.will.document", &[("document", &name)]),
            );
        }
        let words = look.fill(
            "form.will.received",
            &[("document", &name), ("units", &self.units(&recipients))],
        );
        Consequence::new("transfer", words)
    }

    fn started(&self, owed: &Obligation) -> Consequence {
        let row = clock::row(self.look, self.after, owed);
        let key = match (row.is_period, owed.debtor == owed.creditor) {
            (true, _) => "form.will.period",
            (false, true) => "form.will.started-own",
            (false, false) => "form.will.started",
        };
        Consequence {
            detail: match (row.explain.rule.as_str(), row.under.as_str()) {
                ("", under) => under.to_owned(),
                (rule, under) => format!("{rule} {under}"),
            },
            light: Some(row.light.clone()),
            ..Consequence::new(
                "clock",
                self.look.fill(
                    key,
                    &[
                        ("name", &row.name),
                        ("debtor", &row.debtor),
                        ("creditor", &row.creditor),
                        ("day", &row.due),
                    ],
                ),
            )
        }
    }

    /// Something that happens to an obligation that runs already.
    fn on(&self, number: u32, key: &str, lit: bool) -> Vec<Consequence> {
        let owed = self.after.obligations.iter().find(|owed| owed.number == number);
        let Some(owed) = owed else { return Vec::new() };
        let name = self.look.obligation(self.after, &owed.kind);
        let words = self.look.fill(
            key,
            &[
                ("name", &name),
                ("debtor", &self.look.unit_short(owed.debtor)),
                ("day", &end(owed.due)),
            ],
        );
        let light = lit.then(|| self.in_time(owed));
        vec![Consequence { light, ..Consequence::new("clock", words) }]
    }

    /// Whether what is met is met in time.
    fn in_time(&self, owed: &Obligation) -> Light {
        let was_over = self
            .before
            .and_then(|before| before.obligations.iter().find(|one| one.number == owed.number))
            .is_some_and(|one| one.lapsed_at.is_some());
        if was_over || owed.due.is_over(self.look.now) {
            Light::plain("late", self.look.say("form.will.late"))
        } else {
            Light::plain("ok", self.look.say("form.will.in-time"))
        }
    }

    /// Units by name, with their liaisons; many are counted.
    fn units(&self, units: &[UnitId]) -> String {
        let named: Vec<_> = units
            .iter()
            .take(UNITS_NAMED_MAX)
            .map(|unit| with_liaison(self.look, *unit, self.people))
            .collect();
        let mut words = named.join(self.look.comma());
        if units.len() > UNITS_NAMED_MAX {
            let more = units.len() - UNITS_NAMED_MAX;
            words.push_str(&self.look.fill("form.will.more-units", &[("number", &more)]));
        }
        words
    }
}

fn with_liaison(look: &Look<'_>, unit: UnitId, people: &People) -> String {
    let name = look.unit(unit);
    match people.liaison(look, unit) {
        liaison if liaison.is_empty() => name,
        liaison => format!("{name}{}", look.fill("matter.contact", &[("who", &liaison)])),
    }
}

/// That the pen goes to others.
fn handed_over(
    look: &Look<'_>,
    old: &Matter,
    new: &Matter,
    people: &People,
) -> Option<Consequence> {
    let (from, to) = (look.holders(old), look.holders(new));
    if to.is_empty() || from == to {
        return None;
    }
    let units: Vec<_> = to.iter().map(|unit| with_liaison(look, *unit, people)).collect();
    let words = look.fill("form.will.holder", &[("units", &units.join(look.comma()))]);
    Some(Consequence::new("unit", words))
}

/// What was owed before and goes on as it was.
fn untouched(
    look: &Look<'_>,
    old: &Matter,
    new: &Matter,
    touched: &BTreeSet<u32>,
) -> Vec<Consequence> {
    let goes_on = |owed: &&Obligation| {
        owed.is_open()
            && !touched.contains(&owed.number)
            && old.obligations.iter().any(|one| one.number == owed.number && one.is_open())
    };
    let words = |owed: &Obligation| {
        look.fill(
            "form.will.untouched",
            &[("name", &look.obligation(new, &owed.kind)), ("day", &end(owed.due))],
        )
    };
    new.obligations
        .iter()
        .filter(goes_on)
        .map(|owed| Consequence::new("clock", words(owed)))
        .collect()
}
