//! Settings of the platform that may be changed while it runs: how long files are kept by the system
//! administrator, everything about signing in by the security administrator.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use calendar::Words;
use procedure::FieldError;
use serde_json::json;

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::{Authority, People, PeopleError, require};
use crate::role::{AnyRole, PlatformRole};

/// A setting: a whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Setting {
    /// After so many minutes without use a session ends.
    SessionIdleMinutes,
    /// After so many hours a session ends in any case.
    SessionHours,
    /// So many failed sign-ins lock an account.
    LockAccountAfter,
    /// So many failed sign-ins lock an address; higher, because a whole office shares one.
    LockAddressAfter,
    /// For so many minutes the first lock lasts; each further one twice as long.
    LockMinutes,
    /// After so many days the file a piece of long work made is deleted.
    ResultDays,
    /// After so many hours without a witness's signature the page of the log warns.
    WitnessHours,
    /// So many hours a seal stays open for whom it was opened.
    SealHours,
}

impl Setting {
    /// All.
    pub const ALL: [Self; 8] = [
        Self::SessionIdleMinutes,
        Self::SessionHours,
        Self::LockAccountAfter,
        Self::LockAddressAfter,
        Self::LockMinutes,
        Self::ResultDays,
        Self::WitnessHours,
        Self::SealHours,
    ];

    /// Its name, as stored and in forms.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::SessionIdleMinutes => "session-idle-minutes",
            Self::SessionHours => "session-hours",
            Self::LockAccountAfter => "lock-account-after",
            Self::LockAddressAfter => "lock-address-after",
            Self::LockMinutes => "lock-minutes",
            Self::ResultDays => "result-days",
            Self::WitnessHours => "witness-hours",
            Self::SealHours => "seal-hours",
        }
    }

    /// The setting of that name.
    #[must_use]
    pub fn read(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.id() == id)
    }

    /// Its label.
    #[must_use]
    pub fn words(self) -> Words {
        match self {
            Self::SessionIdleMinutes => {
                Words::new("无操作自动退出（分钟）", "end a session after idle minutes")
            }
            Self::SessionHours => {
                Words::new("单次登录最长时间（小时）", "longest session in hours")
            }
            Self::LockAccountAfter => {
                Words::new("同一账号连续失败锁定（次）", "failures that lock an account")
            }
            Self::LockAddressAfter => {
                Words::new("同一地址失败锁定（次）", "failures that lock an address")
            }
            Self::LockMinutes => Words::new(
                "首次锁定时长（分钟），其后逐次加倍",
                "minutes of the first lock, then doubled",
            ),
            Self::ResultDays => Words::new(
                "后台任务所生成文件的保留天数",
                "days the files made by background work are kept",
            ),
            Self::WitnessHours => Words::new(
                "对方见证多少小时没有副署即提示",
                "hours without a witness's signature before it is warned of",
            ),
            Self::SealHours => Words::new(
                "密封内容获准查阅后的开放时长（小时）",
                "hours a seal stays open once it is opened for somebody",
            ),
        }
    }

    /// What it is unless changed.
    #[must_use]
    pub fn default(self) -> u32 {
        match self {
            Self::SessionIdleMinutes => 30,
            Self::SessionHours => 12,
            Self::LockAccountAfter => 5,
            Self::LockAddressAfter => 20,
            Self::LockMinutes => 15,
            Self::ResultDays => 7,
            Self::WitnessHours | Self::SealHours => 24,
        }
    }

    /// Who changes it.
    #[must_use]
    pub fn keeper(self) -> PlatformRole {
        match self {
            Self::SessionIdleMinutes
            | Self::SessionHours
            | Self::LockAccountAfter
            | Self::LockAddressAfter
            | Self::LockMinutes
            | Self::SealHours => PlatformRole::SecurityAdministrator,
            Self::ResultDays | Self::WitnessHours => PlatformRole::SystemAdministrator,
        }
    }

    /// Smallest and largest value.
    #[must_use]
    pub fn bounds(self) -> (u32, u32) {
        match self {
            Self::SessionIdleMinutes => (5, 480),
            Self::SessionHours => (1, 24),
            Self::LockAccountAfter => (3, 10),
            Self::LockAddressAfter => (5, 1000),
            Self::LockMinutes => (1, 1440),
            Self::ResultDays => (1, 90),
            Self::WitnessHours => (1, 720),
            Self::SealHours => (1, 240),
        }
    }
}

/// The name of the setting that says which roles ask for a second factor.
pub const SECOND_FACTOR_ROLES: &str = "second-factor-roles";

/// Its label.
#[must_use]
pub fn second_factor_roles_words() -> Words {
    Words::new("须启用双因素认证的岗位", "roles that ask for a second factor")
}

/// The settings in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    numbers: BTreeMap<Setting, u32>,
    second_factor: BTreeSet<AnyRole>,
}

impl Settings {
    /// One of them.
    #[must_use]
    pub fn get(&self, setting: Setting) -> u32 {
        self.numbers.get(&setting).copied().unwrap_or_else(|| setting.default())
    }

    /// The roles whose holders must have a second factor.
    #[must_use]
    pub fn second_factor_roles(&self) -> &BTreeSet<AnyRole> {
        &self.second_factor
    }

    pub(crate) fn minutes(&self, setting: Setting) -> Duration {
        Duration::from_secs(u64::from(self.get(setting)) * 60)
    }

    pub(crate) fn hours(&self, setting: Setting) -> Duration {
        Duration::from_secs(u64::from(self.get(setting)) * 3600)
    }
}

pub(crate) async fn settings_fetch(tx: &mut Tx) -> Result<Settings, StoreError> {
    let mut settings = Settings::default();
    for row in tx.rows("select name, value from setting", &[]).await? {
        let (name, value): (String, String) = (row.get(0)?, row.get(1)?);
        if name == SECOND_FACTOR_ROLES {
            settings.second_factor = value.split(' ').filter_map(AnyRole::read).collect();
        } else if let (Some(setting), Ok(value)) = (Setting::read(&name), value.parse::<u32>()) {
            // Whatever was written past the page that checks it, no session lasts for ever.
            let (least, most) = setting.bounds();
            settings.numbers.insert(setting, value.clamp(least, most));
        }
    }
    Ok(settings)
}

const PUT: &str = "
    insert into setting (name, value, changed_at) values ($1, $2, $3)
    on conflict (name) do update
       set value = excluded.value, changed_at = excluded.changed_at";

impl People {
    /// Changes a setting; by its [`Setting::keeper`].
    ///
    /// # Errors
    /// [`PeopleError::Fields`] when the text is no number within the bounds.
    pub async fn setting_change(
        &self,
        by: Authority,
        setting: Setting,
        text: &str,
    ) -> Result<(), PeopleError> {
        self.settings_change(by, &[(setting, text)]).await
    }

    /// Changes several settings, all or none; each by its [`Setting::keeper`].
    ///
    /// # Errors
    /// [`PeopleError::Fields`], a field a setting, when a text is no number within the bounds or they
    /// contradict each other.
    pub async fn settings_change(
        &self,
        by: Authority,
        given: &[(Setting, &str)],
    ) -> Result<(), PeopleError> {
        let mut errors = Vec::new();
        let mut wanted = BTreeMap::new();
        for (setting, text) in given {
            let (least, most) = setting.bounds();
            match text.trim().parse().ok().filter(|value| (least..=most).contains(value)) {
                Some(value) => drop(wanted.insert(*setting, value)),
                None => errors.push(FieldError::new(
                    setting.id(),
                    format!("请填 {least} 至 {most} 之间的整数"),
                    format!("a whole number from {least} to {most}"),
                )),
            }
        }
        if !errors.is_empty() {
            return Err(PeopleError::Fields(errors));
        }
        let at = self.now();
        let mut tx = self.database.write().await?;
        for setting in wanted.keys() {
            require(&mut tx, by, &[setting.keeper()]).await?;
        }
        let before = settings_fetch(&mut tx).await?;
        let mut after = before.clone();
        after.numbers.extend(&wanted);
        let longest = after.get(Setting::SessionHours) * 60;
        if after.get(Setting::SessionIdleMinutes) > longest {
            return Err(PeopleError::field(
                Setting::SessionIdleMinutes.id(),
                "无操作自动退出的时间不得超过单次登录最长时间",
                "a session may not be idle for longer than it lasts",
            ));
        }
        for (setting, value) in wanted {
            let before = before.get(setting);
            if before == value {
                continue;
            }
            tx.execute(PUT, &[setting.id().into(), value.to_string().into(), at.into()]).await?;
            admin_event_append(
                &mut tx,
                AdminEntry {
                    at,
                    by,
                    act: AdminAct::SettingChanged,
                    target: Target::Setting(setting.id().to_owned()),
                    unit: None,
                    detail: json!({ "before": before, "after": value }),
                },
            )
            .await?;
        }
        tx.commit().await?;
        self.refresh().await
    }

    /// Says which roles ask for a second factor; by the security administrator. Whoever holds one and
    /// has none sets it up before anything else, also in the middle of a session.
    ///
    /// # Errors
    /// [`crate::PeopleRefusal::NotPermitted`].
    pub async fn second_factor_roles_change(
        &self,
        by: Authority,
        roles: &BTreeSet<AnyRole>,
    ) -> Result<(), PeopleError> {
        let at = self.now();
        let mut tx = self.database.write().await?;
        require(&mut tx, by, &[PlatformRole::SecurityAdministrator]).await?;
        let before = settings_fetch(&mut tx).await?.second_factor;
        if before != *roles {
            let ids = |roles: &BTreeSet<AnyRole>| -> Vec<&str> {
                roles.iter().map(|role| role.id()).collect()
            };
            let value = ids(roles).join(" ");
            tx.execute(PUT, &[SECOND_FACTOR_ROLES.into(), value.into(), at.into()]).await?;
            admin_event_append(
                &mut tx,
                AdminEntry {
                    at,
                    by,
                    act: AdminAct::SettingChanged,
                    target: Target::Setting(SECOND_FACTOR_ROLES.to_owned()),
                    unit: None,
                    detail: json!({ "roles_before": ids(&before), "roles": ids(roles) }),
                },
            )
            .await?;
        }
        tx.commit().await?;
        self.refresh().await
    }
}
