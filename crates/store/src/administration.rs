//! What acts on accounts have in common: a transaction, who may, and an entry in the journal that is
//! durable with the act or not at all.

use jiff::Timestamp;
use procedure::{UnitId, UserId};

use crate::db::Tx;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::{Authority, People, PeopleError, PeopleRefusal, require};
use crate::role::PlatformRole;

/// An act on an account that has begun; undone unless it is done.
pub(crate) struct AccountAct {
    pub(crate) tx: Tx,
    pub(crate) at: Timestamp,
    by: Authority,
}

impl People {
    /// Begins an act on an account.
    pub(crate) async fn account_act(&self, by: Authority) -> Result<AccountAct, PeopleError> {
        Ok(AccountAct { at: self.now(), tx: self.database.write().await?, by })
    }
}

impl AccountAct {
    /// Refuses whoever does not hold one of these administrator's roles.
    pub(crate) async fn require(&mut self, roles: &[PlatformRole]) -> Result<(), PeopleError> {
        require(&mut self.tx, self.by, roles).await
    }

    /// Refuses what nobody does for themselves.
    pub(crate) fn not_to_oneself(&self, user: UserId) -> Result<(), PeopleError> {
        if self.by.user() == Some(user) {
            return Err(PeopleRefusal::ToOneself.into());
        }
        Ok(())
    }

    /// Writes it into the journal and makes both durable.
    pub(crate) async fn done(
        mut self,
        act: AdminAct,
        user: UserId,
        unit: Option<UnitId>,
        detail: serde_json::Value,
    ) -> Result<(), PeopleError> {
        let (at, by, target) = (self.at, self.by, Target::User(user));
        admin_event_append(&mut self.tx, AdminEntry { at, by, act, target, unit, detail }).await?;
        Ok(self.tx.commit().await?)
    }
}
