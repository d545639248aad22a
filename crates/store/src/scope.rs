//! Who asks: what one may see depends on nothing else.

use std::collections::BTreeSet;

use procedure::definition::{RoleName, Side};
use procedure::{Actor, UnitId, UserId};

use crate::directory::Directory;

/// The line (条线) of the police.
const POLICE: &str = "police";

/// A person at a unit, as every read takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The person.
    pub user: UserId,
    /// The unit they act for now.
    pub unit: UnitId,
    /// Its side.
    pub side: Side,
    /// Whether it is the police (公安机关), who share the criminal tier with the procuratorate.
    pub police: bool,
    /// Their roles there.
    pub roles: BTreeSet<RoleName>,
}

impl Scope {
    /// What somebody may see when acting so; none when the unit is not in the directory.
    #[must_use]
    pub fn of(actor: &Actor, directory: &Directory) -> Option<Self> {
        let unit = directory.get(actor.unit)?;
        Some(Self {
            user: actor.user,
            unit: actor.unit,
            side: unit.side,
            police: unit.line == POLICE,
            roles: actor.roles.clone(),
        })
    }

    /// The same person as the rules know them.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor { user: self.user, unit: self.unit, roles: self.roles.clone() }
    }

    /// Whether they work on matters, not only read or keep the unit's people.
    #[must_use]
    pub fn works(&self) -> bool {
        [RoleName::Handler, RoleName::Leader, RoleName::Liaison, RoleName::Clerk]
            .iter()
            .any(|role| self.roles.contains(role))
    }
}
