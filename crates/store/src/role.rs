//! Roles: what a person may do, at a unit or for the platform.
//!
//! The three administrators (三员) are three different people, hold no business roles and do not
//! grant to themselves. The tables keep this too: an account is of one kind, and roles of either
//! sort refer to an account of theirs.

use calendar::Words;
use procedure::definition::RoleName;
use procedure::{UnitId, UserId};
use serde_json::json;

use crate::db::Tx;
use crate::error::{ConstraintName, StoreError};
use crate::journal::AdminAct;
use crate::people::{Authority, People, PeopleError, PeopleRefusal, powers_fetch};
use crate::row::Value;
use crate::session::session_mark;

/// A role for the platform itself. None of them reads matters.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformRole {
    /// 系统管理员: units, accounts, settings.
    SystemAdministrator,
    /// 安全保密管理员: grants roles, resets passwords, unlocks.
    SecurityAdministrator,
    /// 安全审计员: reads the journals.
    SecurityAuditor,
}

impl PlatformRole {
    /// All.
    pub const ALL: [Self; 3] =
        [Self::SystemAdministrator, Self::SecurityAdministrator, Self::SecurityAuditor];

    /// Its id, as stored.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::SystemAdministrator => "system-administrator",
            Self::SecurityAdministrator => "security-administrator",
            Self::SecurityAuditor => "security-auditor",
        }
    }

    /// The role of that id.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// Its name.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::SystemAdministrator => Words::new("系统管理员", "system administrator"),
            Self::SecurityAdministrator => Words::new("安全保密管理员", "security administrator"),
            Self::SecurityAuditor => Words::new("安全审计员", "security auditor"),
        }
    }
}

/// Every role at a unit.
pub const ROLES: [RoleName; 6] = [
    RoleName::Handler,
    RoleName::Leader,
    RoleName::Liaison,
    RoleName::Clerk,
    RoleName::Viewer,
    RoleName::UnitAdmin,
];

/// The id of a role at a unit, as stored.
#[must_use]
pub fn role_id(role: RoleName) -> &'static str {
    match role {
        RoleName::Handler => "handler",
        RoleName::Leader => "leader",
        RoleName::Liaison => "liaison",
        RoleName::Clerk => "clerk",
        RoleName::Viewer => "viewer",
        RoleName::UnitAdmin => "unit-admin",
    }
}

/// The role at a unit of that id.
#[must_use]
pub fn role_read(id: &str) -> Option<RoleName> {
    ROLES.into_iter().find(|role| role_id(*role) == id)
}

/// The name of a role at a unit.
#[must_use]
pub fn role_words(role: RoleName) -> Words {
    match role {
        RoleName::Handler => Words::new("经办人", "handler"),
        RoleName::Leader => Words::new("审批领导", "approving leader"),
        RoleName::Liaison => Words::new("联络员", "liaison"),
        RoleName::Clerk => Words::new("内勤", "clerk"),
        RoleName::Viewer => Words::new("查阅人员", "viewer"),
        RoleName::UnitAdmin => Words::new("单位管理员", "unit administrator"),
    }
}

/// A role of either sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnyRole {
    /// One of the three administrators.
    Platform(PlatformRole),
    /// A role at a unit.
    Unit(RoleName),
}

impl AnyRole {
    /// All, the administrators first.
    pub fn all() -> impl Iterator<Item = Self> {
        let platform = PlatformRole::ALL.into_iter().map(Self::Platform);
        platform.chain(ROLES.into_iter().map(Self::Unit))
    }

    /// Its id, as stored.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Platform(role) => role.id(),
            Self::Unit(role) => role_id(role),
        }
    }

    /// The role of that id.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        Self::all().find(|role| role.id() == id)
    }

    /// Its name.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::Platform(role) => role.words(),
            Self::Unit(role) => role_words(role),
        }
    }
}

impl People {
    /// Grants a role at a unit; by the security administrator. The role of liaison only when the
    /// unit has none; after that the post is handed over.
    ///
    /// # Errors
    /// [`PeopleRefusal::SeparateDuties`], [`PeopleRefusal::LiaisonHeld`], [`PeopleRefusal::RoleHeld`],
    /// and the others that fit.
    pub async fn role_grant(
        &self,
        by: Authority,
        user: UserId,
        unit: UnitId,
        role: RoleName,
    ) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        act.not_to_oneself(user)?;
        business_user_check(&mut act.tx, user).await?;
        unit_open_check(&mut act.tx, unit).await?;
        if powers_fetch(&mut act.tx, user).await?.holds(unit, role) {
            return Err(PeopleRefusal::RoleHeld.into());
        }
        user_role_insert(&mut act.tx, by, user, unit, role, act.at).await?;
        session_mark(&mut act.tx, user).await?;
        let done = if role == RoleName::Liaison {
            crate::liaison::liaison_term_open(&mut act.tx, unit, user, act.at, "").await?;
            AdminAct::LiaisonAppointed
        } else {
            AdminAct::RoleGranted
        };
        act.done(done, user, Some(unit), json!({ "role": role_id(role) })).await
    }

    /// Takes back a role at a unit; by the security administrator. Not that of the liaison, which
    /// is handed over.
    ///
    /// # Errors
    /// [`PeopleRefusal::LiaisonByHandover`], [`PeopleRefusal::RoleNotHeld`], and the others that fit.
    pub async fn role_revoke(
        &self,
        by: Authority,
        user: UserId,
        unit: UnitId,
        role: RoleName,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "delete from user_role where user_id = $1 and unit_id = $2 and role = $3";
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        if role == RoleName::Liaison {
            return Err(PeopleRefusal::LiaisonByHandover.into());
        }
        let key: [Value; 3] = [user.into(), unit.into(), role_id(role).into()];
        if act.tx.execute(SQL, &key).await? == 0 {
            return Err(PeopleRefusal::RoleNotHeld.into());
        }
        session_mark(&mut act.tx, user).await?;
        // A session or a token that acts for a unit where nothing is left acts for none.
        if !powers_fetch(&mut act.tx, user).await?.posts.contains_key(&unit) {
            crate::token::api_token_revoke_at(&mut act.tx, user, unit, act.at).await?;
        }
        let detail = json!({ "role": role_id(role) });
        act.done(AdminAct::RoleRevoked, user, Some(unit), detail).await
    }

    /// Grants an administrator's role; by the security administrator, and as long as there is none,
    /// by the system administrator.
    ///
    /// # Errors
    /// [`PeopleRefusal::SeparateDuties`], [`PeopleRefusal::OtherAdministrator`], and the others that
    /// fit.
    pub async fn platform_role_grant(
        &self,
        by: Authority,
        user: UserId,
        role: PlatformRole,
    ) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        let security = PlatformRole::SecurityAdministrator;
        if platform_role_count(&mut act.tx, security).await? == 0 {
            act.require(&[security, PlatformRole::SystemAdministrator]).await?;
        } else {
            act.require(&[security]).await?;
        }
        act.not_to_oneself(user)?;
        user_open_check(&mut act.tx, user).await?;
        match platform_role_fetch(&mut act.tx, user).await? {
            Some(held) if held == role => return Err(PeopleRefusal::RoleHeld.into()),
            Some(holds) => return Err(PeopleRefusal::OtherAdministrator { holds }.into()),
            None => {}
        }
        platform_role_insert(&mut act.tx, by, user, role, act.at).await?;
        session_mark(&mut act.tx, user).await?;
        act.done(AdminAct::PlatformRoleGranted, user, None, json!({ "role": role.id() })).await
    }

    /// Takes back an administrator's role; by the security administrator.
    ///
    /// # Errors
    /// [`PeopleRefusal::LastAdministrator`], [`PeopleRefusal::RoleNotHeld`], and the others that fit.
    pub async fn platform_role_revoke(
        &self,
        by: Authority,
        user: UserId,
    ) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        act.not_to_oneself(user)?;
        let role =
            platform_role_fetch(&mut act.tx, user).await?.ok_or(PeopleRefusal::RoleNotHeld)?;
        last_administrator_check(&mut act.tx, user).await?;
        act.tx.execute("delete from platform_role where user_id = $1", &[user.into()]).await?;
        act.tx
            .execute("update user_account set kind = 'business' where user_id = $1", &[user.into()])
            .await?;
        session_mark(&mut act.tx, user).await?;
        act.done(AdminAct::PlatformRoleRevoked, user, None, json!({ "role": role.id() })).await
    }
}

/// How many active people hold an administrator's role, by `platform_role_by_role`.
pub(crate) async fn platform_role_count(
    tx: &mut Tx,
    role: PlatformRole,
) -> Result<i64, StoreError> {
    const SQL: &str = "
        select count(*)
          from platform_role r
          join user_account a on a.user_id = r.user_id
         where r.role = $1 and a.active = 1";
    Ok(tx.one(SQL, &[role.id().into()]).await?.unwrap_or(0))
}

/// The administrator's role of a user, closed accounts included.
pub(crate) async fn platform_role_fetch(
    tx: &mut Tx,
    user: UserId,
) -> Result<Option<PlatformRole>, StoreError> {
    const SQL: &str = "select role from platform_role where user_id = $1";
    let role: Option<String> = tx.one(SQL, &[user.into()]).await?;
    Ok(role.and_then(|role| PlatformRole::read(&role)))
}

/// Refuses when the user is the last active administrator of a kind.
pub(crate) async fn last_administrator_check(tx: &mut Tx, user: UserId) -> Result<(), PeopleError> {
    // Takes hold of every row: two administrators must not close each other at once.
    tx.execute("update platform_role set kind = kind", &[]).await?;
    if let Some(role) = platform_role_fetch(tx, user).await?
        && platform_role_count(tx, role).await? <= 1
        && user_is_active(tx, user).await? == Some(true)
    {
        return Err(PeopleRefusal::LastAdministrator { role }.into());
    }
    Ok(())
}

/// Makes an account an administrator's; the tables refuse one that holds business roles.
pub(crate) async fn platform_role_insert(
    tx: &mut Tx,
    by: Authority,
    user: UserId,
    role: PlatformRole,
    at: jiff::Timestamp,
) -> Result<(), PeopleError> {
    const KIND: &str = "update user_account set kind = 'platform' where user_id = $1";
    const SQL: &str = "
        insert into platform_role (user_id, kind, role, granted_at, granted_by_user_id)
        values ($1, 'platform', $2, $3, $4)";
    tx.execute(KIND, &[user.into()]).await.map_err(separate_duties)?;
    tx.execute(SQL, &[user.into(), role.id().into(), at.into(), by.user().into()])
        .await
        .map_err(separate_duties)?;
    Ok(())
}

/// Gives a role at a unit; the tables refuse an administrator and a second liaison.
pub(crate) async fn user_role_insert(
    tx: &mut Tx,
    by: Authority,
    user: UserId,
    unit: UnitId,
    role: RoleName,
    at: jiff::Timestamp,
) -> Result<(), PeopleError> {
    const SQL: &str = "
        insert into user_role (user_id, kind, unit_id, role, granted_at, granted_by_user_id)
        values ($1, 'business', $2, $3, $4, $5)";
    if role == RoleName::Liaison
        && let Some(held) = crate::liaison::liaison_fetch(tx, unit).await?
    {
        return Err(PeopleRefusal::LiaisonHeld { by: held.display_name }.into());
    }
    let row: [Value; 5] =
        [user.into(), unit.into(), role_id(role).into(), at.into(), by.user().into()];
    match tx.execute(SQL, &row).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_constraint("user_role_pkey") => Err(PeopleRefusal::RoleHeld.into()),
        // Somebody else appointed one at the same instant.
        Err(error) if error.is_constraint("user_role_one_liaison") => {
            Err(PeopleRefusal::Stale.into())
        }
        Err(error) => Err(separate_duties(error)),
    }
}

/// A broken reference to (user, kind) is a mix of business and administration.
fn separate_duties(error: StoreError) -> PeopleError {
    if error.is_constraint(ConstraintName::FOREIGN_KEY) {
        PeopleRefusal::SeparateDuties.into()
    } else {
        error.into()
    }
}

pub(crate) async fn user_is_active(tx: &mut Tx, user: UserId) -> Result<Option<bool>, StoreError> {
    tx.one("select active from user_account where user_id = $1", &[user.into()]).await
}

/// Refuses a user who is not there or whose account is closed.
pub(crate) async fn user_open_check(tx: &mut Tx, user: UserId) -> Result<(), PeopleError> {
    match user_is_active(tx, user).await? {
        None => Err(PeopleError::NotFound("user")),
        Some(false) => Err(PeopleRefusal::UserClosed.into()),
        Some(true) => Ok(()),
    }
}

/// Refuses also an administrator.
pub(crate) async fn business_user_check(tx: &mut Tx, user: UserId) -> Result<(), PeopleError> {
    user_open_check(tx, user).await?;
    match platform_role_fetch(tx, user).await? {
        Some(_) => Err(PeopleRefusal::SeparateDuties.into()),
        None => Ok(()),
    }
}

/// Refuses a unit that is not there or not active.
pub(crate) async fn unit_open_check(tx: &mut Tx, unit: UnitId) -> Result<(), PeopleError> {
    match tx.one("select active from unit where unit_id = $1", &[unit.into()]).await? {
        None => Err(PeopleError::NotFound("unit")),
        Some(false) => Err(PeopleRefusal::UnitClosed.into()),
        Some(true) => Ok(()),
    }
}
