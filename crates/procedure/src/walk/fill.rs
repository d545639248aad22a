//! Forms filled in at random, mostly as somebody careful would.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Walk;
use crate::definition::{Action, Bound, Field, FieldKind, Format, Procedure, Side};
use crate::id::UnitId;
use crate::value::{Raw, Value};

/// How far a day that may lie ahead does.
const AHEAD_DAYS_MAX: usize = 60;
/// How far back a day that may not lies, at most.
const BACK_DAYS_MAX: usize = 3;

impl Walk<'_> {
    /// What is asked for, and most of what may be given.
    pub(super) fn fill(
        &mut self,
        procedure: &Procedure,
        action: &Action,
        known: &BTreeMap<String, Value>,
    ) -> Raw {
        let mut filled = Raw::new();
        for id in action.fields() {
            let Some(field) = procedure.field(id) else { continue };
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
        known: &BTreeMap<String, Value>,
        filled: &Raw,
    ) -> Vec<String> {
        let one = match field.kind {
            FieldKind::Text | FieldKind::LongText => match field.format {
                Some(Format::Uscc) => Some("91350100M000100Y43".to_owned()),
                None => Some("如实记录".to_owned()),
            },
            FieldKind::Boolean => Some(self.chance.one_in(3).to_string()),
            FieldKind::Date => Some(self.day(field, known, filled).to_string()),
            FieldKind::Instant => Some(format!("{}T08:00", self.day(field, known, filled))),
            FieldKind::Integer => Some(field.min.unwrap_or(1).max(1).to_string()),
            FieldKind::Choice | FieldKind::Choices => {
                self.chance.pick(&field.options).map(|option| option.id.clone())
            }
            FieldKind::Unit => {
                let side = procedure.parties.get(&field.id).and_then(|party| party.side);
                self.unit(side).map(|unit| unit.to_string())
            }
            FieldKind::Division => Some(self.scene.division.to_owned()),
            FieldKind::Point => Some("107.39,34.52".to_owned()),
            FieldKind::Files => Some(self.scene.file.to_owned()),
            // Outside the register of instruments, so that no day of the walk makes it wrong.
            FieldKind::Articles => Some("《中华人民共和国宪法》第二十六条".to_owned()),
        };
        one.into_iter().collect()
    }

    fn day(&mut self, field: &Field, known: &BTreeMap<String, Value>, filled: &Raw) -> Date {
        let today = calendar::local_date(self.now);
        let bound = |bound: &Option<Bound>| match bound {
            Some(Bound::Day(day)) => Some(*day),
            Some(Bound::Field(other)) => {
                let now =
                    filled.get(other).and_then(|given| given.first()?.get(..10)?.parse().ok());
                now.or_else(|| known.get(other)?.day())
            }
            None => None,
        };
        let (earliest, latest) = (bound(&field.not_before), bound(&field.not_after));
        let most = if field.future { AHEAD_DAYS_MAX } else { BACK_DAYS_MAX };
        let away = i64::try_from(self.chance.below(most)).unwrap_or(0);
        let day = today.saturating_add(if field.future { away.days() } else { (-away).days() });
        let day = latest.map_or(day, |latest: Date| day.min(latest));
        earliest.map_or(day, |earliest| day.max(earliest))
    }

    /// A unit of that side; of any when it does not matter.
    pub(super) fn unit(&mut self, side: Option<Side>) -> Option<UnitId> {
        let scene = self.scene;
        let fits = |unit: &&UnitId| {
            let facts = scene.directory.unit(**unit);
            facts.is_some_and(|facts| side.is_none_or(|side| facts.side == side))
        };
        let units: Vec<UnitId> = scene.units.iter().filter(fits).copied().collect();
        self.chance.pick(&units).copied()
    }
}
