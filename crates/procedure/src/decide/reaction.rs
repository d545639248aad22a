//! What other matters do by themselves when one enters a state.

use std::collections::BTreeMap;

use super::Course;
use super::input::with_fields;
use crate::definition::{Action, On, Relation, Take};
use crate::id::MatterId;
use crate::matter::{By, Matter};
use crate::refusal::Refusal;
use crate::value::Value;

impl Course<'_> {
    /// System actions of related matters that wait for this matter to enter this state.
    pub(super) fn react(&mut self, id: &MatterId, state: &str) -> Result<(), Refusal> {
        let moved = self.matter(id)?;
        let related: Vec<(MatterId, Relation)> = self
            .family
            .matters()
            .filter_map(|other| {
                let above = moved.parent.as_ref() == Some(&other.id)
                    || moved.origin.as_ref() == Some(&other.id);
                let below = other.parent.as_ref() == Some(id) || other.origin.as_ref() == Some(id);
                match (above, below) {
                    (true, _) => Some((other.id.clone(), Relation::Child)),
                    (_, true) => Some((other.id.clone(), Relation::Parent)),
                    _ => None,
                }
            })
            .collect();
        for (other, relation) in related {
            self.react_one(&other, relation, id, state)?;
        }
        Ok(())
    }

    pub(super) fn react_one(
        &mut self,
        id: &MatterId,
        relation: Relation,
        moved: &MatterId,
        state: &str,
    ) -> Result<(), Refusal> {
        let (matter, moved) = (self.matter(id)?, self.matter(moved)?);
        let waits = |on: &On| {
            on.relation == relation
                && on.procedure == moved.procedure
                && on.states.iter().any(|waited| waited == state)
        };
        for action in &self.procedure(&matter)?.actions {
            if !action.on.as_ref().is_some_and(waits) || !action.from.contains(&matter.state) {
                continue;
            }
            let input = taken(action, &moved);
            if self.conditions(action, &with_fields(&matter, &input)).is_ok() {
                return self.as_system(|course| course.take_effect(id, action, &input, None));
            }
        }
        Ok(())
    }

    pub(super) fn as_system<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> T {
        let by = std::mem::replace(&mut self.by, By::SYSTEM);
        let result = act(self);
        self.by = by;
        result
    }
}

pub(super) fn taken(action: &Action, moved: &Matter) -> BTreeMap<String, Value> {
    let take = |take: &Take| match take {
        Take::Field(id) => moved.fields.get(id).cloned(),
        Take::Due(kind) => {
            let newest = moved.obligations.iter().rfind(|owed| owed.kind == *kind);
            newest.map(|owed| Value::Date(owed.due.date()))
        }
        Take::State => Some(Value::Text(moved.state.clone())),
    };
    action.take.iter().filter_map(|(field, from)| Some((field.clone(), take(from)?))).collect()
}
