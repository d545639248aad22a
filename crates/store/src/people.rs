//! The people of the platform: what every act on units, users and posts shares.
//!
//! [`People`] is the door. Every act names by whose [`Authority`] it is done, is refused in words when
//! that person may not do it, and writes one journal entry in its own transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use calendar::Words;
use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{FieldError, UnitId, UserId};

use crate::clock::Clock;
use crate::db::{Database, Tx};
use crate::directory::{Directories, Directory};
use crate::error::StoreError;
use crate::import::RowError;
use crate::password::{PasswordError, Passwords};
use crate::randomness::{NoRandomness, Randomness};
use crate::role::{PlatformRole, role_read};
use crate::row::Value;
use crate::setting::Settings;

/// The door to units, users, roles, sessions and tokens.
pub struct People {
    pub(crate) database: Database,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) passwords: Passwords,
    pub(crate) directories: Arc<Directories>,
    pub(crate) settings: RwLock<Settings>,
    directory_stamp: RwLock<(i64, i64)>,
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("People").finish_non_exhaustive()
    }
}

impl People {
    /// Opens the door on a database whose tables are there; loads the directory and the settings.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open(
        database: Database,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        passwords: Passwords,
    ) -> Result<Self, PeopleError> {
        let people = Self {
            database,
            clock,
            randomness,
            passwords,
            directories: Arc::default(),
            settings: RwLock::default(),
            directory_stamp: RwLock::new((-1, -1)),
        };
        people.refresh().await?;
        Ok(people)
    }

    /// The newest snapshot of the directory.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.directories.load()
    }

    /// Where the newest snapshot is always to be found.
    #[must_use]
    pub fn directories(&self) -> Arc<Directories> {
        Arc::clone(&self.directories)
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the directory and the settings again when another process has changed them; to be
    /// called every few seconds. Costs two short questions when nothing has changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh(&self) -> Result<(), PeopleError> {
        let mut tx = self.database.read().await?;
        let settings = crate::setting::settings_fetch(&mut tx).await?;
        let stamp = crate::unit::units_stamp(&mut tx).await?;
        if *self.directory_stamp.read().unwrap_or_else(PoisonError::into_inner) != stamp {
            let directory = Directory::new(crate::unit::unit_list_all(&mut tx).await?);
            self.directories.replace(directory);
            *self.directory_stamp.write().unwrap_or_else(PoisonError::into_inner) = stamp;
        }
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    /// Notes that something was used. A database that takes nothing in for the moment keeps nobody
    /// from reading: then it is not noted.
    pub(crate) async fn note(&self, sql: &str, values: &[Value]) -> Result<(), StoreError> {
        let noted = async {
            let mut tx = self.database.write().await?;
            tx.execute(sql, values).await?;
            tx.commit().await
        };
        match noted.await {
            Err(error) if error.outage().is_some() => {
                tracing::debug!(%error, "what was used is not noted");
                Ok(())
            }
            noted => noted,
        }
    }

    /// The present instant by the clock people live by: sessions, locks, and the journal.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// By whose authority something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// The program itself: first start, the command line of the machine, the demo.
    Program,
    /// A person who is signed in.
    Person(UserId),
}

impl Authority {
    /// The person, when it is one.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Program => None,
            Self::Person(user) => Some(user),
        }
    }
}

/// What a person may do: the roles held at this moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Powers {
    /// The administrator's role.
    pub platform: Option<PlatformRole>,
    /// Business roles by unit.
    pub posts: BTreeMap<UnitId, BTreeSet<RoleName>>,
}

impl Powers {
    /// Whether the person holds that role at that unit.
    #[must_use]
    pub fn holds(&self, unit: UnitId, role: RoleName) -> bool {
        self.posts.get(&unit).is_some_and(|roles| roles.contains(&role))
    }
}

/// The roles of a person, by `platform_role_pkey` and `user_role_pkey`; none when the account is
/// closed. One row a role.
pub(crate) async fn powers_fetch(tx: &mut Tx, user: UserId) -> Result<Powers, StoreError> {
    const PLATFORM: &str = "
        select r.role
          from platform_role r
          join user_account a on a.user_id = r.user_id
         where r.user_id = $1 and a.active = 1";
    const POSTS: &str = "
        select r.unit_id, r.role
          from user_role r
          join user_account a on a.user_id = r.user_id
          join unit u on u.unit_id = r.unit_id
         where r.user_id = $1 and a.active = 1 and u.active = 1";
    let mut powers = Powers::default();
    if let Some(role) = tx.one::<String>(PLATFORM, &[user.into()]).await? {
        powers.platform = PlatformRole::read(&role);
    }
    for row in tx.rows(POSTS, &[user.into()]).await? {
        if let Some(role) = role_read(&row.get::<String>(1)?) {
            powers.posts.entry(row.get(0)?).or_default().insert(role);
        }
    }
    Ok(powers)
}

/// Refuses whoever does not hold one of these administrator's roles.
pub(crate) async fn require(
    tx: &mut Tx,
    by: Authority,
    roles: &[PlatformRole],
) -> Result<(), PeopleError> {
    let Authority::Person(user) = by else { return Ok(()) };
    let held = powers_fetch(tx, user).await?.platform;
    if held.is_some_and(|held| roles.contains(&held)) {
        return Ok(());
    }
    Err(PeopleRefusal::NotPermitted { needs: roles.to_vec() }.into())
}

/// What can go wrong with an act on people.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// A rule says no. An answer, not a failure.
    #[error("{}", .0.words().en)]
    Refused(PeopleRefusal),
    /// Fields are missing or wrong. An answer, not a failure.
    #[error("{}", fields_en(.0))]
    Fields(Vec<FieldError>),
    /// Rows of a file are wrong. An answer, not a failure.
    #[error("{} errors in the file", .0.len())]
    Rows(Vec<RowError>),
    /// There is no such thing, or it is not for this person to see.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The machine gives no random bytes.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn fields_en(fields: &[FieldError]) -> String {
    let lines: Vec<String> =
        fields.iter().map(|error| format!("{}: {}", error.field, error.words.en)).collect();
    lines.join("; ")
}

impl From<PeopleRefusal> for PeopleError {
    fn from(refusal: PeopleRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl PeopleError {
    /// One field is wrong.
    pub(crate) fn field(field: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Fields(vec![FieldError::new(field, zh, en)])
    }

    /// What to tell the person who asked, when this is an answer; none when it is a failure.
    #[must_use]
    pub fn words(&self) -> Option<Words> {
        match self {
            Self::Refused(refusal) => Some(refusal.words()),
            Self::Fields(fields) => Some(Words::new(
                format!("有 {} 处需要修改，已填内容均已保留", fields.len()),
                format!("{} to correct; nothing you entered is lost", fields.len()),
            )),
            Self::Rows(rows) => Some(Words::new(
                format!("文件中有 {} 处错误，未导入任何内容", rows.len()),
                format!("{} errors in the file; nothing was imported", rows.len()),
            )),
            Self::NotFound(_) => Some(Words::new("没有找到", "not found")),
            Self::Password(_) | Self::Randomness(_) | Self::Store(_) => None,
        }
    }
}

/// Why the rules about people say no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeopleRefusal {
    /// The person holds none of these administrator's roles.
    NotPermitted {
        /// Any of them would do.
        needs: Vec<PlatformRole>,
    },
    /// The person neither runs this unit nor is the security administrator.
    NotOfTheUnit,
    /// Nobody grants, resets or hands over to themselves.
    ToOneself,
    /// Administrators hold no business roles, and the other way round.
    SeparateDuties,
    /// The person is an administrator of another kind already.
    OtherAdministrator {
        /// Of this kind.
        holds: PlatformRole,
    },
    /// The platform has administrators; the first start is over.
    AdministratorsExist,
    /// The last active administrator of that kind would go.
    LastAdministrator {
        /// Of this kind.
        role: PlatformRole,
    },
    /// The role is held already.
    RoleHeld,
    /// The role is not held.
    RoleNotHeld,
    /// The unit does not act on the platform any more.
    UnitClosed,
    /// The unit still owes.
    UnitOwes {
        /// So many open obligations.
        open: u64,
    },
    /// The account is closed.
    UserClosed,
    /// The unit has a liaison; a new one comes by handover.
    LiaisonHeld {
        /// The liaison's name.
        by: String,
    },
    /// The post of liaison is given up by handover only.
    LiaisonByHandover,
    /// Whoever should hand over is not the liaison any more.
    NotLiaison,
    /// The person is liaison of units and must hand over first.
    StillLiaison {
        /// Their names.
        units: Vec<String>,
    },
    /// Somebody changed it since it was looked at.
    Stale,
    /// The preview has been used, thrown away or is too old.
    PreviewGone,
    /// Login name or password is wrong.
    SignInWrong,
    /// Too many failures.
    SignInLocked {
        /// Until then.
        until: Timestamp,
    },
    /// The right password of an account that is closed.
    SignInClosed,
    /// The code came too late, or its half sign-in was used or ended.
    HalfOver,
    /// The identity provider names somebody who has no account here.
    ProviderUnknown {
        /// So it calls them.
        name: String,
    },
    /// The person has a second factor already.
    SecondFactorHeld,
    /// The person has no second factor.
    NoSecondFactor,
    /// The session or token does not act for that unit in that role.
    NotYourPost,
    /// The person has as many as there may be.
    TooMany {
        /// So many.
        most: u32,
    },
}

impl PeopleRefusal {
    /// The rule in words, and what to do.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "one table of words, a row a refusal")]
    pub fn words(&self) -> Words {
        match self {
            Self::NotPermitted { needs } => {
                let (zh, en): (Vec<String>, Vec<String>) =
                    needs.iter().map(|role| (role.words().zh, role.words().en)).unzip();
                Words::new(
                    format!("此项操作由{}办理", zh.join("或")),
                    format!("only the {} may do this", en.join(" or the ")),
                )
            }
            Self::NotOfTheUnit => Words::new(
                "此项操作由本单位审批领导、单位管理员或安全保密管理员办理",
                "only a leader or administrator of the unit or the security administrator may do this",
            ),
            Self::ToOneself => Words::new(
                "不得为本人授权、重置或交接，请由他人办理",
                "nobody does this for themselves; ask another",
            ),
            Self::SeparateDuties => Words::new(
                "管理员不得兼任业务角色，业务人员不得兼任管理员；请使用不同人员的账号",
                "administrators hold no business roles and the other way round; use another person's account",
            ),
            Self::OtherAdministrator { holds } => {
                let holds = holds.words();
                Words::new(
                    format!("该人员已是{}；三类管理员须由三人分别担任", holds.zh),
                    format!(
                        "this person is {} already; the three must be different people",
                        holds.en
                    ),
                )
            }
            Self::AdministratorsExist => Words::new(
                "平台已有管理员；此后由管理员在平台上办理",
                "the platform has administrators; from now on they do this on the platform",
            ),
            Self::LastAdministrator { role } => {
                let role = role.words();
                Words::new(
                    format!("这是最后一名{}；请先授予另一人", role.zh),
                    format!("this is the last {}; grant the role to another first", role.en),
                )
            }
            Self::RoleHeld => Words::new("该人员已有此角色", "the person holds this role already"),
            Self::RoleNotHeld => {
                Words::new("该人员没有此角色", "the person does not hold this role")
            }
            Self::UnitClosed => Words::new("该单位已停用", "the unit is not active"),
            Self::UnitOwes { open } => Words::new(
                format!("该单位还有 {open} 项应办未了，办结或移交后方可停用"),
                format!("the unit has {open} open obligations; they must end first"),
            ),
            Self::UserClosed => Words::new("该账号已停用", "the account is closed"),
            Self::LiaisonHeld { by } => Words::new(
                format!("每个单位只设一名联络员，现任为{by}；请办理交接"),
                format!("a unit has exactly one liaison, now {by}; hand the post over instead"),
            ),
            Self::LiaisonByHandover => Words::new(
                "联络员不得空缺；请通过交接更换",
                "the post of liaison may not stand empty; hand it over instead",
            ),
            Self::NotLiaison => Words::new(
                "交出人已不是该单位联络员，请刷新后再办",
                "the one to hand over is no longer the liaison; look again",
            ),
            Self::StillLiaison { units } => Words::new(
                format!("该人员仍是{}的联络员，请先办理交接", units.join("、")),
                format!("still liaison of {}; hand the post over first", units.join(", ")),
            ),
            Self::Stale => Words::new(
                "他人已先行修改，请查看最新内容后再改；已填内容均已保留",
                "somebody changed it in the meantime; look at it anew, nothing you entered is lost",
            ),
            Self::PreviewGone => Words::new(
                "该导入预览已使用或已过期，请重新上传文件",
                "this preview has been used or is too old; upload the file again",
            ),
            Self::SignInWrong => {
                Words::new("登录名或密码不正确", "the login name or the password is wrong")
            }
            Self::SignInLocked { until } => {
                let at = calendar::SHANGHAI.to_datetime(*until);
                let (zh, en) = (at.strftime("%-m月%-d日 %H:%M"), at.strftime("%Y-%m-%d %H:%M"));
                Words::new(
                    format!(
                        "登录失败次数过多，已暂时锁定，请于 {zh} 后再试，或联系安全保密管理员解锁"
                    ),
                    format!("too many failures; try after {en} or ask the security administrator"),
                )
            }
            Self::SignInClosed => Words::new(
                "该账号已停用，请联系系统管理员",
                "the account is closed; ask the system administrator",
            ),
            Self::HalfOver => Words::new(
                "输入验证码的时间已过，请重新登录",
                "it is too late for the code; sign in again",
            ),
            Self::ProviderUnknown { name } => Words::new(
                format!(
                    "统一身份认证已通过，但账号“{name}”在本平台没有对应账号，请联系系统管理员开通"
                ),
                format!(
                    "the identity provider knows you as “{name}”, who has no account here; ask the system administrator"
                ),
            ),
            Self::SecondFactorHeld => Words::new(
                "双因素认证已启用，如需更换请先停用",
                "a second factor is set up; give it up before you set up another",
            ),
            Self::NoSecondFactor => Words::new("尚未启用双因素认证", "there is no second factor"),
            Self::NotYourPost => Words::new(
                "您在该单位没有此角色，请重新选择",
                "you do not hold this role at this unit; choose again",
            ),
            Self::TooMany { most } => Words::new(
                format!("最多 {most} 个，请先撤销不用的"),
                format!("at most {most}; revoke one that is not used"),
            ),
        }
    }

    /// A short id for machines.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::NotPermitted { .. } => "not-permitted",
            Self::NotOfTheUnit => "not-of-the-unit",
            Self::ToOneself => "to-oneself",
            Self::SeparateDuties => "separate-duties",
            Self::OtherAdministrator { .. } => "other-administrator",
            Self::AdministratorsExist => "administrators-exist",
            Self::LastAdministrator { .. } => "last-administrator",
            Self::RoleHeld => "role-held",
            Self::RoleNotHeld => "role-not-held",
            Self::UnitClosed => "unit-closed",
            Self::UnitOwes { .. } => "unit-owes",
            Self::UserClosed => "user-closed",
            Self::LiaisonHeld { .. } => "liaison-held",
            Self::LiaisonByHandover => "liaison-by-handover",
            Self::NotLiaison => "not-liaison",
            Self::StillLiaison { .. } => "still-liaison",
            Self::Stale => "stale",
            Self::PreviewGone => "preview-gone",
            Self::SignInWrong => "sign-in-wrong",
            Self::SignInLocked { .. } => "sign-in-locked",
            Self::SignInClosed => "sign-in-closed",
            Self::HalfOver => "half-over",
            Self::ProviderUnknown { .. } => "provider-unknown",
            Self::SecondFactorHeld => "second-factor-held",
            Self::NoSecondFactor => "no-second-factor",
            Self::NotYourPost => "not-your-post",
            Self::TooMany { .. } => "too-many",
        }
    }
}
