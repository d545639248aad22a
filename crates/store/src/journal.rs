//! The administrators' journal: every act on people, units and settings, never changed, never removed.

use std::fmt::Write as _;

use calendar::Words;
use jiff::Timestamp;
use procedure::{MatterId, UnitId, UserId};

use crate::db::Tx;
use crate::error::StoreError;
use crate::ledger::Appending;
use crate::ledger::entry::HouseRow;
use crate::people::{Authority, People, PeopleError, require};
use crate::role::PlatformRole;
use crate::row::{Row, Value};

/// Most entries a page of the journal.
pub const JOURNAL_ROWS_MAX: u16 = 200;

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $zh:literal, $en:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AdminAct {
            $($(#[$doc])* $name,)+
        }

        impl AdminAct {
            /// All.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its id, as stored.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)+ }
            }

            /// Its words.
            #[must_use]
            pub fn words(self) -> Words {
                match self { $(Self::$name => Words::new($zh, $en),)+ }
            }
        }
    };
}

acts! {
    /// The first administrators were made.
    AdministratorsCreated = "administrators-created", "建立首批管理员", "first administrators created";
    /// A unit was created.
    UnitCreated = "unit-created", "新建单位", "unit created";
    /// A unit was changed.
    UnitChanged = "unit-changed", "修改单位", "unit changed";
    /// Units were imported from a file.
    UnitsImported = "units-imported", "导入单位", "units imported";
    /// An account was opened.
    UserCreated = "user-created", "新建账号", "account opened";
    /// An account's name, title or telephone was changed.
    UserChanged = "user-changed", "修改账号", "account changed";
    /// An account was closed.
    UserClosed = "user-closed", "停用账号", "account closed";
    /// An account was opened again.
    UserReopened = "user-reopened", "恢复账号", "account opened again";
    /// A role at a unit was granted.
    RoleGranted = "role-granted", "授予角色", "role granted";
    /// A role at a unit was taken back.
    RoleRevoked = "role-revoked", "收回角色", "role revoked";
    /// An administrator's role was granted.
    PlatformRoleGranted = "platform-role-granted", "授予管理员角色", "administrator's role granted";
    /// An administrator's role was taken back.
    PlatformRoleRevoked = "platform-role-revoked", "收回管理员角色", "administrator's role revoked";
    /// The first liaison of a unit was appointed.
    LiaisonAppointed = "liaison-appointed", "确定联络员", "liaison appointed";
    /// The post of liaison was handed over.
    LiaisonHandedOver = "liaison-handed-over", "联络员交接", "liaison handed over";
    /// A password was reset by the security administrator.
    PasswordReset = "password-reset", "重置密码", "password reset";
    /// A person changed their own password.
    PasswordChanged = "password-changed", "修改本人密码", "own password changed";
    /// Sign-in was locked after failures.
    Locked = "locked", "登录锁定", "sign-in locked";
    /// A lock was opened by the security administrator.
    Unlocked = "unlocked", "解除锁定", "sign-in unlocked";
    /// A person signed in.
    SignedIn = "signed-in", "登录", "signed in";
    /// Somebody failed to sign in.
    SignInFailed = "sign-in-failed", "登录失败", "sign-in failed";
    /// A person signed out.
    SignedOut = "signed-out", "退出", "signed out";
    /// A session was ended from elsewhere.
    SessionRevoked = "session-revoked", "终止会话", "session ended";
    /// A second factor was set up.
    SecondFactorSet = "second-factor-set", "启用双因素认证", "second factor set up";
    /// A person gave their own second factor up.
    SecondFactorDropped = "second-factor-dropped", "停用双因素认证", "second factor given up";
    /// A second factor was taken away by the security administrator.
    SecondFactorRemoved = "second-factor-removed", "重置双因素认证", "second factor removed";
    /// New recovery codes were made.
    RecoveryCodesMade = "recovery-codes-made", "重新生成恢复码", "recovery codes made anew";
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery-code-used", "使用恢复码", "recovery code used";
    /// A token for programs was made.
    TokenCreated = "token-created", "新建接口令牌", "token created";
    /// A token for programs was revoked.
    TokenRevoked = "token-revoked", "撤销接口令牌", "token revoked";
    /// A setting was changed.
    SettingChanged = "setting-changed", "修改设置", "setting changed";
    /// The program was started with other settings or rules than before.
    ConfigurationChanged = "configuration-changed", "启动配置变更", "started with another configuration";
    /// A year's holiday table was loaded.
    CalendarLoaded = "calendar-loaded", "载入节假日表", "holiday table loaded";
    /// A list was taken out of the platform as a file.
    ListExported = "list-exported", "导出名单或者台账", "list exported";
    /// A matter was taken out of the platform as one file.
    MatterExported = "matter-exported", "导出卷宗", "matter exported as one file";
    /// The log's key was changed, in the log itself.
    LogKeyChanged = "log-key-changed", "更换日志密钥", "log's key changed";
    /// Somebody asked to read what is sealed in a matter.
    SealAsked = "seal-asked", "申请查阅密封内容", "asked to read what is sealed";
    /// A seal was opened for somebody.
    SealOpened = "seal-opened", "批准查阅密封内容", "seal opened";
    /// A seal was not opened.
    SealKept = "seal-kept", "不批准查阅密封内容", "seal kept shut";
    /// The log goes on under another key, because the old one was lost.
    LogKeyLost = "log-key-lost", "日志密钥遗失、另起签名", "log's key lost, signing begun anew";
    /// The machine's clock had been ahead, and later entries begin at an earlier time.
    ClockSetBack = "clock-set-back", "确认时钟曾经超前，时间回拨", "clock found to have been ahead, set back";
    /// The demo's people were made.
    DemoPeopleCreated = "demo-people-created", "建立演示人员", "demo people created";
}

impl AdminAct {
    /// The act of that id.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.id() == id)
    }
}

/// What an act was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The platform as a whole.
    Platform,
    /// A unit.
    Unit(UnitId),
    /// A user.
    User(UserId),
    /// A setting.
    Setting(String),
    /// A place in the network that signs in.
    Address(String),
    /// A matter, by its id alone: the administrators see none.
    Matter(MatterId),
}

impl Target {
    fn columns(&self) -> (&'static str, String) {
        match self {
            Self::Platform => ("platform", String::new()),
            Self::Unit(unit) => ("unit", unit.to_string()),
            Self::User(user) => ("user", user.to_string()),
            Self::Setting(name) => ("setting", name.clone()),
            Self::Address(address) => ("address", address.clone()),
            Self::Matter(matter) => ("matter", matter.as_str().to_owned()),
        }
    }
}

/// One entry to be written.
#[derive(Debug, Clone)]
pub struct AdminEntry {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Authority,
    /// What.
    pub act: AdminAct,
    /// To what.
    pub target: Target,
    /// For which unit, when it concerns one.
    pub unit: Option<UnitId>,
    /// The particulars. Never a password or a token.
    pub detail: serde_json::Value,
}

/// Appends an entry in the transaction of the act itself.
///
/// # Errors
/// When the database fails.
pub async fn admin_event_append(tx: &mut Tx, entry: AdminEntry) -> Result<(), StoreError> {
    const SQL: &str = "
        insert into admin_event (at, user_id, unit_id, what, target_kind, target_id, detail)
        values ($1, $2, $3, $4, $5, $6, $7) returning admin_event_id";
    let (kind, id) = entry.target.columns();
    let row = [
        entry.at.into(),
        entry.by.user().into(),
        entry.unit.into(),
        entry.act.id().into(),
        kind.into(),
        (&id).into(),
        entry.detail.to_string().into(),
    ];
    let key: Option<i64> = tx.one(SQL, &row).await?;
    let mut log = Appending::begin(tx).await?;
    log.house(&HouseRow {
        id: key.unwrap_or_default(),
        at: entry.at,
        user: entry.by.user().map(|user| user.0),
        unit: entry.unit.map(|unit| unit.0),
        what: entry.act.id().to_owned(),
        target_kind: kind.to_owned(),
        target_id: id,
        detail: entry.detail,
    })?;
    tx.execute_all(&log.statements()).await?;
    Ok(())
}

/// One entry of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct AdminEvent {
    /// Its number, rising.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// By whom; none for the program itself or nobody known.
    pub user: Option<UserId>,
    /// Their name.
    pub user_name: Option<String>,
    /// For which unit.
    pub unit: Option<UnitId>,
    /// What, an id of [`AdminAct`].
    pub what: String,
    /// To what kind of thing.
    pub target_kind: String,
    /// To which.
    pub target_id: String,
    /// The particulars.
    pub detail: serde_json::Value,
}

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct AdminEventFilter {
    /// Only this act.
    pub act: Option<AdminAct>,
    /// Only by this user.
    pub user: Option<UserId>,
    /// Only about this.
    pub target: Option<Target>,
    /// Only entries before this number: the last one of the page before.
    pub before: Option<i64>,
}

impl People {
    /// Entries of the journal, newest first; for the security auditor. At most `limit` and never more
    /// than [`JOURNAL_ROWS_MAX`]; by `admin_event_by_what`, `…_by_user`, `…_by_target` or the key.
    ///
    /// # Errors
    /// [`PeopleError::Refused`] for anybody else.
    pub async fn admin_event_list(
        &self,
        by: Authority,
        filter: &AdminEventFilter,
        limit: u16,
    ) -> Result<Vec<AdminEvent>, PeopleError> {
        let mut tx = self.database.read().await?;
        require(&mut tx, by, &[PlatformRole::SecurityAuditor]).await?;
        let mut values: Vec<Value> = vec![filter.before.unwrap_or(i64::MAX).into()];
        let mut only = String::new();
        let mut add = |column: &str, value: Value| {
            values.push(value);
            let _ = write!(only, " and e.{column} = ${}", values.len());
        };
        if let Some(act) = filter.act {
            add("what", act.id().into());
        }
        if let Some(user) = filter.user {
            add("user_id", user.into());
        }
        if let Some(target) = &filter.target {
            let (kind, id) = target.columns();
            add("target_kind", kind.into());
            add("target_id", id.into());
        }
        values.push(limit.min(JOURNAL_ROWS_MAX).into());
        let sql = format!(
            "select e.admin_event_id, e.at, e.user_id, a.display_name, e.unit_id, e.what,
                    e.target_kind, e.target_id, e.detail
               from admin_event e
               left join user_account a on a.user_id = e.user_id
              where e.admin_event_id < $1{only}
              order by e.admin_event_id desc
              limit ${}",
            values.len()
        );
        let rows = tx.rows(&sql, &values).await?;
        Ok(rows.iter().map(admin_event).collect::<Result<_, _>>()?)
    }
}

fn admin_event(row: &Row) -> Result<AdminEvent, StoreError> {
    let detail: String = row.get(8)?;
    Ok(AdminEvent {
        id: row.get(0)?,
        at: row.get(1)?,
        user: row.get(2)?,
        user_name: row.get(3)?,
        unit: row.get(4)?,
        what: row.get(5)?,
        target_kind: row.get(6)?,
        target_id: row.get(7)?,
        detail: serde_json::from_str(&detail)
            .map_err(|error| StoreError::damaged("journal entry", error))?,
    })
}
