//! Clocks: starting, stopping, extending and running out, each end reckoned by the calendar.

use std::collections::BTreeMap;

use calendar::{Counted, Due, Extension, Trigger};
use jiff::civil::Date;

use super::Course;
use crate::definition::{Action, Extend, ObligationKindOf, Procedure, Touch};
use crate::guard::Guard;
use crate::id::{MatterId, UnitId};
use crate::matter::{Matter, Obligation, Source, What};
use crate::refusal::Refusal;
use crate::rules::Rules;
use crate::value::Value;

impl Course<'_> {
    pub(super) fn move_clocks(&mut self, id: &MatterId, action: &Action) -> Result<(), Refusal> {
        for touch in &action.suspends {
            let (matter, on) = self.touched(id, touch)?;
            for owed in running(&matter, &touch.obligation) {
                self.push(id, What::Suspended { obligation: owed.number, on });
            }
        }
        for touch in &action.resumes {
            let (matter, on) = self.touched(id, touch)?;
            for owed in &matter.obligations {
                if let (Some(since), true) = (owed.suspended_on, owed.kind == touch.obligation) {
                    let excluded = calendar::excluded_between(since, on).ok().flatten();
                    let mut after = owed.clone();
                    after.excluded.extend(excluded);
                    let due = self.reckon(&matter, &after).map_or(owed.due, |(due, _)| due);
                    self.push(id, What::Resumed { obligation: owed.number, excluded, due });
                }
            }
        }
        for extend in &action.extends {
            let matter = self.matter(id)?;
            for owed in running(&matter, &extend.obligation) {
                let Some(by) = self.extension(&matter, owed, extend) else { continue };
                let mut after = owed.clone();
                after.extensions.push(by);
                let due = self.reckon(&matter, &after).map_or(owed.due, |(due, _)| due);
                self.push(id, What::Extended { obligation: owed.number, by, due });
            }
        }
        Ok(())
    }

    pub(super) fn touched(&self, id: &MatterId, touch: &Touch) -> Result<(Matter, Date), Refusal> {
        let matter = self.matter(id)?;
        let on = touch
            .on
            .as_ref()
            .and_then(|field| matter.fields.get(field))
            .and_then(Value::day)
            .unwrap_or(self.today);
        Ok((matter, on))
    }

    pub(super) fn extension(
        &self,
        matter: &Matter,
        owed: &Obligation,
        extend: &Extend,
    ) -> Option<Extension> {
        let Source::Limit { limit, .. } = &owed.source else { return None };
        let version = self.world.rules.law().version_on(limit, owed.trigger.date()).ok()?;
        let rule = version.extensions.get(extend.rule)?;
        let given = extend.number.as_ref().and_then(|field| match matter.fields.get(field) {
            Some(Value::Integer(number)) => u32::try_from(*number).ok(),
            _ => None,
        });
        let number = given.or(rule.number)?;
        Some(Extension { number, unit: rule.unit, effect: rule.effect })
    }

    pub(super) fn start(
        &mut self,
        id: &MatterId,
        procedure: &Procedure,
        kind: &str,
    ) -> Result<(), Refusal> {
        let Some(kind) = procedure.obligation(kind) else { return Ok(()) };
        self.end_obligations(id, |owed| owed.kind == kind.id)?;
        let matter = self.matter(id)?;
        let Some(creditor) = matter.party(&kind.creditor).first().copied() else { return Ok(()) };
        for debtor in matter.party(&kind.debtor) {
            let number = u32::try_from(self.matter(id)?.obligations.len()).unwrap_or(u32::MAX);
            if let Some(owed) = self.obligation(&matter, kind, number, *debtor, creditor) {
                self.push(id, What::Started(Box::new(owed)));
            }
        }
        Ok(())
    }

    /// The obligation that starts, or none when no limit was in force on the day it would run from.
    pub(super) fn obligation(
        &self,
        matter: &Matter,
        kind: &ObligationKindOf,
        number: u32,
        debtor: UnitId,
        creditor: UnitId,
    ) -> Option<Obligation> {
        let trigger = match kind.from.as_ref().and_then(|field| matter.fields.get(field)) {
            Some(Value::Date(day)) => Trigger::Day(*day),
            Some(Value::Instant(at)) => Trigger::Instant(*at),
            _ => Trigger::Instant(self.world.now),
        };
        let mut owed = Obligation {
            number,
            kind: kind.id.clone(),
            nature: kind.kind,
            debtor,
            creditor,
            source: Source::Stated { field: kind.until.clone().unwrap_or_default() },
            trigger,
            excluded: Vec::new(),
            extensions: Vec::new(),
            due: Due::On(self.today),
            provisional: false,
            suspended_on: None,
            met_at: None,
            lapsed_at: None,
            ended_at: None,
            urged_at: None,
        };
        let stated = kind.until.as_ref().and_then(|field| matter.fields.get(field));
        if stated.is_some_and(|value| value.day().is_some()) {
            (owed.due, owed.provisional) = self.reckon(matter, &owed)?;
            return Some(owed);
        }
        let law = self.world.rules.law();
        let fits = |when: &Option<Guard>| {
            when.as_ref().is_none_or(|when| when.holds(matter, &self.family, self.today))
        };
        kind.limit.iter().filter(|limit| fits(&limit.when)).find_map(|limit| {
            let version = law.version_on(&limit.used, trigger.date()).ok()?;
            let mut owed = owed.clone();
            owed.source = Source::Limit { limit: limit.used.clone(), version: version.from };
            (owed.due, owed.provisional) = self.reckon(matter, &owed)?;
            Some(owed)
        })
    }

    /// The end of an obligation as the calendar gives it now.
    pub(super) fn reckon(&self, matter: &Matter, owed: &Obligation) -> Option<(Due, bool)> {
        explain(self.world.rules, matter, owed).map(|found| (found.due, found.provisional))
    }

    pub(super) fn pass_time(&mut self) -> Result<(), Refusal> {
        // Earliest first, one at a time: what follows from one may end or start another.
        while let Some((id, number)) = self.next_over() {
            let matter = self.matter(&id)?;
            let Some(owed) = matter.obligations.iter().find(|owed| owed.number == number) else {
                return Ok(());
            };
            let steps = explain(self.world.rules, &matter, owed)
                .map(|deadline| deadline.steps)
                .unwrap_or_default();
            self.push(&id, What::Lapsed { obligation: number, steps });
            let procedure = self.procedure(&matter)?;
            let follows = procedure.obligation(&owed.kind).and_then(|kind| kind.on_lapse.as_ref());
            let Some(action) = follows.and_then(|action| procedure.action(action)) else {
                continue;
            };
            if action.from.contains(&matter.state)
                && self.conditions(action, &self.matter(&id)?).is_ok()
            {
                self.take_effect(&id, action, &BTreeMap::new(), None)?;
            }
        }
        Ok(())
    }

    pub(super) fn next_over(&self) -> Option<(MatterId, u32)> {
        let over = self.family.matters().flat_map(|matter| {
            matter
                .obligations
                .iter()
                .filter(|owed| owed.is_running() && owed.due.is_over(self.world.now))
                .map(|owed| (owed.ends_at(), matter.id.clone(), owed.number))
        });
        over.min().map(|(_, id, number)| (id, number))
    }

    pub(super) fn recount(&mut self) {
        let matters: Vec<_> = self.family.matters().cloned().collect();
        for matter in matters {
            for owed in
                matter.obligations.iter().filter(|owed| owed.is_running() && owed.provisional)
            {
                let Some((due, provisional)) = self.reckon(&matter, owed) else { continue };
                if due != owed.due || !provisional {
                    self.push(
                        &matter.id,
                        What::Recounted {
                            obligation: owed.number,
                            before: owed.due,
                            due,
                            provisional,
                        },
                    );
                }
            }
        }
    }
}

pub(super) fn running<'m>(
    matter: &'m Matter,
    kind: &'m str,
) -> impl Iterator<Item = &'m Obligation> {
    matter.obligations.iter().filter(move |owed| owed.kind == kind && owed.is_running())
}

/// How the end of an obligation is reached: every step, every holiday, every article.
///
/// `None` when the limit's version is gone or its counting fails, which checked files exclude.
#[must_use]
pub fn explain(rules: &Rules, matter: &Matter, owed: &Obligation) -> Option<calendar::Deadline> {
    match &owed.source {
        Source::Limit { limit, .. } => {
            let version = rules.law().version_on(limit, owed.trigger.date()).ok()?;
            let counted = Counted {
                version,
                trigger: owed.trigger,
                excluded: &owed.excluded,
                extensions: &owed.extensions,
            };
            rules.calendar().deadline(&counted).ok()
        }
        Source::Stated { field } => {
            let stated = match matter.fields.get(field)? {
                Value::Date(day) => Due::On(*day),
                Value::Instant(at) => Due::At(*at),
                _ => return None,
            };
            Some(stated_end(owed, stated))
        }
    }
}

/// A date people agreed on or a letter states: no limit counts it and no rest day moves it; only
/// the days its clock stood still push it back.
pub(super) fn stated_end(owed: &Obligation, stated: Due) -> calendar::Deadline {
    let still: i64 = owed
        .excluded
        .iter()
        .map(|(from, until)| i64::from(from.until(*until).map_or(0, |span| span.get_days())) + 1)
        .sum();
    let due = stated.later_by(still);
    let step = |zh: &str, en: &str, date| calendar::Step {
        words: calendar::Words { zh: zh.to_owned(), en: en.to_owned() },
        date,
    };
    let mut steps = vec![step(
        "文书载明或双方商定的期限",
        "the day stated in the document or agreed on",
        stated,
    )];
    if still > 0 {
        steps.push(step(
            &format!("扣除中止的 {still} 日"),
            &format!("{still} days do not count"),
            due,
        ));
    }
    calendar::Deadline {
        limit: String::new(),
        version: owed.trigger.date(),
        start: owed.trigger,
        raw: stated,
        due,
        due_tolerant: None,
        may_act_from: None,
        provisional: false,
        internal: false,
        steps,
        basis: Vec::new(),
    }
}
