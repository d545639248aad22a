//! Settings of the platform that the system administrator may change while it runs.

use std::collections::BTreeMap;
use std::time::Duration;

use calendar::Words;
use serde_json::json;

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::{Authority, People, PeopleError, require};
use crate::role::PlatformRole;

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
}

impl Setting {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::SessionIdleMinutes,
        Self::SessionHours,
        Self::LockAccountAfter,
        Self::LockAddressAfter,
        Self::LockMinutes,
        Self::ResultDays,
        Self::WitnessHours,
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
            Self::WitnessHours => 24,
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
        }
    }
}

/// The settings in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<Setting, u32>);

impl Settings {
    /// One of them.
    #[must_use]
    pub fn get(&self, setting: Setting) -> u32 {
        self.0.get(&setting).copied().unwrap_or_else(|| setting.default())
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
        if let (Some(setting), Ok(value)) = (Setting::read(&name), value.parse()) {
            settings.0.insert(setting, value);
        }
    }
    Ok(settings)
}

impl People {
    /// Changes a setting; by the system administrator.
    ///
    /// # Errors
    /// [`PeopleError::Fields`] when the text is no number within the bounds.
    pub async fn setting_change(
        &self,
        by: Authority,
        setting: Setting,
        text: &str,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "
            insert into setting (name, value, changed_at) values ($1, $2, $3)
            on conflict (name) do update
               set value = excluded.value, changed_at = excluded.changed_at";
        let (least, most) = setting.bounds();
        let value: u32 =
            text.trim().parse().ok().filter(|value| (least..=most).contains(value)).ok_or_else(
                || {
                    PeopleError::field(
                        setting.id(),
                        format!("请填 {least} 至 {most} 之间的整数"),
                        format!("a whole number from {least} to {most}"),
                    )
                },
            )?;
        let at = self.now();
        let mut tx = self.database.write().await?;
        require(&mut tx, by, &[PlatformRole::SystemAdministrator]).await?;
        let before = settings_fetch(&mut tx).await?.get(setting);
        if before != value {
            tx.execute(SQL, &[setting.id().into(), value.to_string().into(), at.into()]).await?;
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
}
