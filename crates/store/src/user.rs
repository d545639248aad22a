//! Users (用户): one person's account each. Opening and closing accounts is the system
//! administrator's; passwords and roles are the security administrator's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{FieldError, UnitId, UserId};
use serde_json::json;

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::liaison::{PERSON, Person, liaison_units, person};
use crate::password::password_problem;
use crate::people::{Authority, People, PeopleError, PeopleRefusal, powers_fetch, require};
use crate::randomness::{NoRandomness, Randomness};
use crate::role::{
    PlatformRole, last_administrator_check, platform_role_insert, role_read, user_is_active,
};
use crate::row::{Row, Value};
use crate::unit::{name_problem, phone_problem};

/// Shortest login name, in characters.
pub const LOGIN_CHARS_MIN: usize = 3;
/// Longest login name, in characters.
pub const LOGIN_CHARS_MAX: usize = 40;
/// Longest name or title of a person, in characters.
pub const PERSON_NAME_CHARS_MAX: usize = 40;
/// Most users on a page of a list.
pub const USER_ROWS_MAX: u16 = 200;

/// What a form says of an account: text, unchecked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserForm {
    /// The name to sign in with; field `login_name`.
    pub login_name: String,
    /// The person's name; field `display_name`.
    pub display_name: String,
    /// Their title (职务); field `title`, may be empty.
    pub title: String,
    /// Their telephone number; field `phone`, may be empty.
    pub phone: String,
}

impl UserForm {
    fn checked(&self) -> Result<Self, PeopleError> {
        let form = Self {
            login_name: self.login_name.trim().to_lowercase(),
            display_name: self.display_name.trim().to_owned(),
            title: self.title.trim().to_owned(),
            phone: self.phone.trim().to_owned(),
        };
        let mut errors = Vec::new();
        let mut keep = |field: &str, words: Option<calendar::Words>| {
            errors.extend(words.map(|words| FieldError { field: field.to_owned(), words }));
        };
        keep("login_name", login_problem(&form.login_name));
        keep("display_name", name_problem(&form.display_name, PERSON_NAME_CHARS_MAX));
        if !form.title.is_empty() {
            keep("title", name_problem(&form.title, PERSON_NAME_CHARS_MAX));
        }
        keep("phone", phone_problem(&form.phone));
        if errors.is_empty() { Ok(form) } else { Err(PeopleError::Fields(errors)) }
    }
}

fn login_problem(login: &str) -> Option<calendar::Words> {
    let shape = (LOGIN_CHARS_MIN..=LOGIN_CHARS_MAX).contains(&login.len())
        && login.starts_with(|first: char| first.is_ascii_lowercase())
        && login.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        });
    (!shape).then(|| {
        calendar::Words::new(
            format!(
                "登录名为 {LOGIN_CHARS_MIN} 至 {LOGIN_CHARS_MAX} 位小写字母、数字、点、横线，以字母开头"
            ),
            format!(
                "{LOGIN_CHARS_MIN} to {LOGIN_CHARS_MAX} small letters, digits, dots and dashes, a letter first"
            ),
        )
    })
}

/// An account that was opened or whose password was reset.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPassword {
    /// The account.
    pub user: UserId,
    /// The password to hand to the person. Shown once and kept nowhere; must be changed at the first
    /// sign-in.
    pub password: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPassword").field("user", &self.user).finish_non_exhaustive()
    }
}

/// An account with its roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The person.
    pub person: Person,
    /// The name to sign in with.
    pub login_name: String,
    /// The administrator's role.
    pub platform: Option<PlatformRole>,
    /// Business roles by unit.
    pub posts: BTreeMap<UnitId, BTreeSet<RoleName>>,
    /// Whether the password must be changed first.
    pub must_change_password: bool,
    /// Since when the person has a second factor; none for those without.
    pub second_factor_since: Option<Timestamp>,
    /// When the account was opened.
    pub created_at: Timestamp,
    /// By whom; none for the program itself.
    pub created_by: Option<UserId>,
    /// When the person last signed in; none when never.
    pub signed_in_at: Option<Timestamp>,
    /// How often it has been changed; a change must name the version it saw.
    pub version: i64,
}

/// Which accounts to list.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Only whose name or login name contains this; empty for all.
    pub text: String,
    /// Only with a role at this unit.
    pub unit: Option<UnitId>,
    /// Only open ones, or only closed ones.
    pub active: Option<bool>,
    /// Only administrators, or only business accounts.
    pub administrators: Option<bool>,
    /// Only after this one in the order of names: the last one of the page before.
    pub after: Option<(String, UserId)>,
}

/// One of the first administrators.
#[derive(Debug, Clone)]
pub struct FirstAdministrator {
    /// The account.
    pub form: UserForm,
    /// The role.
    pub role: PlatformRole,
    /// The password the person chose; none for one to be made up and changed at first sign-in.
    pub password: Option<String>,
}

impl People {
    /// The first start: makes the first system administrator alone or all three administrators. There
    /// is no default account and no default password.
    ///
    /// # Errors
    /// [`PeopleRefusal::AdministratorsExist`] when the platform has one;
    /// [`PeopleRefusal::SeparateDuties`] when no system administrator is among them or a role comes
    /// twice; fields otherwise.
    pub async fn administrators_create(
        &self,
        first: &[FirstAdministrator],
    ) -> Result<Vec<NewPassword>, PeopleError> {
        let roles: BTreeSet<PlatformRole> = first.iter().map(|one| one.role).collect();
        if roles.len() != first.len() || !roles.contains(&PlatformRole::SystemAdministrator) {
            return Err(PeopleRefusal::SeparateDuties.into());
        }
        let mut accounts = Vec::new();
        for one in first {
            let form = one.form.checked()?;
            if let Some(password) = &one.password {
                let problem = password_problem("password", password, &form.login_name);
                if let Some(problem) = problem {
                    return Err(PeopleError::Fields(vec![problem]));
                }
            }
            let password = match &one.password {
                Some(password) => password.clone(),
                None => temporary_password(self.randomness.as_ref())?,
            };
            let hash = self.passwords.hash(&password).await?;
            accounts.push((form, one, password, hash));
        }
        let at = self.now();
        let by = Authority::Program;
        let mut tx = self.database.write().await?;
        if administrators_exist(&mut tx).await? {
            return Err(PeopleRefusal::AdministratorsExist.into());
        }
        first_start_mark(&mut tx, at).await?;
        let mut made = Vec::new();
        for (form, one, password, hash) in accounts {
            let must_change = one.password.is_none();
            let user = user_insert(&mut tx, by, &form, &hash, must_change, at).await?;
            platform_role_insert(&mut tx, by, user, one.role, at).await?;
            admin_event_append(
                &mut tx,
                AdminEntry {
                    at,
                    by,
                    act: AdminAct::AdministratorsCreated,
                    target: Target::User(user),
                    unit: None,
                    detail: json!({ "login_name": form.login_name, "role": one.role.id() }),
                },
            )
            .await?;
            made.push(NewPassword { user, password });
        }
        tx.commit().await?;
        Ok(made)
    }

    /// Whether the platform has an administrator: whether the first start is over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn administrators_exist(&self) -> Result<bool, PeopleError> {
        let mut tx = self.database.read().await?;
        Ok(administrators_exist(&mut tx).await?)
    }

    /// Opens an account without roles; by the system administrator.
    ///
    /// # Errors
    /// [`PeopleError::Fields`], also when the login name is taken.
    pub async fn user_create(
        &self,
        by: Authority,
        form: &UserForm,
    ) -> Result<NewPassword, PeopleError> {
        let form = form.checked()?;
        let password = temporary_password(self.randomness.as_ref())?;
        let hash = self.passwords.hash(&password).await?;
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SystemAdministrator]).await?;
        let user = user_insert(&mut act.tx, by, &form, &hash, true, act.at).await?;
        let detail = json!({ "login_name": form.login_name, "display_name": form.display_name });
        act.done(AdminAct::UserCreated, user, None, detail).await?;
        Ok(NewPassword { user, password })
    }

    /// Changes name, title and telephone; by the system administrator or an administrator of a unit
    /// where the person works. The login name stays.
    ///
    /// # Errors
    /// [`PeopleRefusal::Stale`] when `version` is not the present one, and the others that fit.
    pub async fn user_change(
        &self,
        by: Authority,
        user: UserId,
        version: i64,
        form: &UserForm,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "
            update user_account
               set display_name = $3, title = $4, phone = $5, version = version + 1
             where user_id = $1 and version = $2";
        let mut act = self.account_act(by).await?;
        let before = user_fetch(&mut act.tx, user).await?.ok_or(PeopleError::NotFound("user"))?;
        user_authority_check(&mut act.tx, by, &before).await?;
        let form = UserForm { login_name: before.login_name.clone(), ..form.clone() }.checked()?;
        let row: [Value; 5] = [
            user.into(),
            version.into(),
            (&form.display_name).into(),
            (&form.title).into(),
            (&form.phone).into(),
        ];
        if act.tx.execute(SQL, &row).await? == 0 {
            return Err(PeopleRefusal::Stale.into());
        }
        let person = &before.person;
        let detail = json!({
            "before": [person.display_name, person.title, person.phone],
            "after": [form.display_name, form.title, form.phone],
        });
        act.done(AdminAct::UserChanged, user, None, detail).await
    }

    /// Closes an account, its sessions and tokens; by the system administrator. Never deleted: what
    /// the person did keeps its name.
    ///
    /// # Errors
    /// [`PeopleRefusal::StillLiaison`], [`PeopleRefusal::LastAdministrator`],
    /// [`PeopleRefusal::ToOneself`], and the others that fit.
    pub async fn user_close(&self, by: Authority, user: UserId) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SystemAdministrator]).await?;
        act.not_to_oneself(user)?;
        match user_is_active(&mut act.tx, user).await? {
            None => return Err(PeopleError::NotFound("user")),
            Some(false) => return Err(PeopleRefusal::UserClosed.into()),
            Some(true) => {}
        }
        let units = liaison_units(&mut act.tx, user).await?;
        if !units.is_empty() {
            return Err(PeopleRefusal::StillLiaison { units }.into());
        }
        last_administrator_check(&mut act.tx, user).await?;
        user_set_active(&mut act.tx, user, false).await?;
        crate::session::session_end_all(&mut act.tx, user, None).await?;
        crate::sign_in::half_end_all(&mut act.tx, user).await?;
        crate::token::api_token_revoke_all(&mut act.tx, user, act.at).await?;
        act.done(AdminAct::UserClosed, user, None, json!({})).await
    }

    /// Opens a closed account again; by the system administrator. Its roles are as they were.
    ///
    /// # Errors
    /// As they fit.
    pub async fn user_reopen(&self, by: Authority, user: UserId) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SystemAdministrator]).await?;
        if user_is_active(&mut act.tx, user).await?.is_none() {
            return Err(PeopleError::NotFound("user"));
        }
        user_set_active(&mut act.tx, user, true).await?;
        act.done(AdminAct::UserReopened, user, None, json!({})).await
    }

    /// Gives a person a new password to be changed at the next sign-in, ends their sessions and
    /// tokens and opens their lock; by the security administrator.
    ///
    /// # Errors
    /// [`PeopleRefusal::ToOneself`], and the others that fit.
    pub async fn password_reset(
        &self,
        by: Authority,
        user: UserId,
    ) -> Result<NewPassword, PeopleError> {
        let password = temporary_password(self.randomness.as_ref())?;
        let hash = self.passwords.hash(&password).await?;
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        act.not_to_oneself(user)?;
        let account = user_fetch(&mut act.tx, user).await?.ok_or(PeopleError::NotFound("user"))?;
        password_write(&mut act.tx, user, &hash, true, act.at).await?;
        crate::session::session_end_all(&mut act.tx, user, None).await?;
        crate::sign_in::half_end_all(&mut act.tx, user).await?;
        crate::token::api_token_revoke_all(&mut act.tx, user, act.at).await?;
        crate::lock::guard_open(&mut act.tx, &account.login_name).await?;
        act.done(AdminAct::PasswordReset, user, None, json!({})).await?;
        Ok(NewPassword { user, password })
    }

    /// Opens the lock of an account after failed sign-ins; by the security administrator.
    ///
    /// # Errors
    /// As they fit.
    pub async fn user_unlock(&self, by: Authority, user: UserId) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        act.not_to_oneself(user)?;
        let account = user_fetch(&mut act.tx, user).await?.ok_or(PeopleError::NotFound("user"))?;
        crate::lock::guard_open(&mut act.tx, &account.login_name).await?;
        act.done(AdminAct::Unlocked, user, None, json!({})).await
    }

    /// An account with its roles.
    ///
    /// # Errors
    /// [`PeopleError::NotFound`].
    pub async fn user_fetch(&self, user: UserId) -> Result<User, PeopleError> {
        let mut tx = self.database.read().await?;
        user_fetch(&mut tx, user).await?.ok_or(PeopleError::NotFound("user"))
    }

    /// The account of a login name.
    ///
    /// # Errors
    /// [`PeopleError::NotFound`].
    pub async fn user_by_login(&self, login_name: &str) -> Result<User, PeopleError> {
        const SQL: &str = "select user_id from user_account where login_name = $1";
        let mut tx = self.database.read().await?;
        let login = login_name.trim().to_lowercase();
        let user: UserId =
            tx.one(SQL, &[login.into()]).await?.ok_or(PeopleError::NotFound("user"))?;
        user_fetch(&mut tx, user).await?.ok_or(PeopleError::NotFound("user"))
    }

    /// Accounts by name, for the three administrators; at most `limit` and never more than
    /// [`USER_ROWS_MAX`]; by `user_account_by_name`.
    ///
    /// # Errors
    /// [`PeopleRefusal::NotPermitted`] for others.
    pub async fn user_list(
        &self,
        by: Authority,
        filter: &UserFilter,
        limit: u16,
    ) -> Result<Vec<User>, PeopleError> {
        let mut tx = self.database.read().await?;
        require(&mut tx, by, &PlatformRole::ALL).await?;
        let (name, id) = filter.after.clone().unwrap_or((String::new(), UserId(0)));
        let mut values: Vec<Value> = vec![name.into(), id.into()];
        let mut only = String::new();
        let text = filter.text.trim().to_lowercase();
        if !text.is_empty() {
            let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            values.push(format!("%{escaped}%").into());
            let n = values.len();
            let _ = write!(
                only,
                " and (a.display_name like ${n} escape '\\' or a.login_name like ${n} escape '\\')"
            );
        }
        if let Some(unit) = filter.unit {
            values.push(unit.into());
            let _ = write!(
                only,
                " and a.user_id in (select r.user_id from user_role r where r.unit_id = ${})",
                values.len()
            );
        }
        if let Some(active) = filter.active {
            values.push(active.into());
            let _ = write!(only, " and a.active = ${}", values.len());
        }
        if let Some(administrators) = filter.administrators {
            values.push(if administrators { "platform" } else { "business" }.into());
            let _ = write!(only, " and a.kind = ${}", values.len());
        }
        values.push(limit.min(USER_ROWS_MAX).into());
        let sql = format!(
            "select {USER}
               from user_account a
               left join platform_role p on p.user_id = a.user_id
              where (a.display_name > $1 or (a.display_name = $1 and a.user_id > $2)){only}
              order by a.display_name, a.user_id
              limit ${}",
            values.len()
        );
        let rows = tx.rows(&sql, &values).await?;
        let mut users = rows.iter().map(user_row).collect::<Result<Vec<_>, _>>()?;
        for user in &mut users {
            user.posts = posts_fetch(&mut tx, user.person.id).await?;
        }
        Ok(users)
    }

    /// The people of these ids, for timelines and lists.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn person_list(
        &self,
        users: &BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, Person>, PeopleError> {
        let sql = format!("select {PERSON} from user_account a where a.user_id = $1");
        let mut tx = self.database.read().await?;
        let mut people = BTreeMap::new();
        for user in users {
            if let Some(row) = tx.row(&sql, &[(*user).into()]).await? {
                people.insert(*user, person(&row, 0)?);
            }
        }
        Ok(people)
    }
}

/// The columns of [`User`], of a `user_account a` and a `platform_role p` that may be missing.
const USER: &str = "a.user_id, a.display_name, a.title, a.phone, a.active, a.login_name, p.role,
    a.must_change_password, a.created_at, a.created_by_user_id, a.signed_in_at, a.version,
    (select f.confirmed_at from second_factor f where f.user_id = a.user_id)";

fn user_row(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        person: person(row, 0)?,
        login_name: row.get(5)?,
        platform: row.get::<Option<String>>(6)?.and_then(|role| PlatformRole::read(&role)),
        posts: BTreeMap::new(),
        must_change_password: row.get(7)?,
        created_at: row.get(8)?,
        created_by: row.get(9)?,
        signed_in_at: row.get(10)?,
        version: row.get(11)?,
        second_factor_since: row.get(12)?,
    })
}

/// An account with its roles, by its key.
pub(crate) async fn user_fetch(tx: &mut Tx, user: UserId) -> Result<Option<User>, StoreError> {
    let sql = format!(
        "select {USER}
           from user_account a
           left join platform_role p on p.user_id = a.user_id
          where a.user_id = $1"
    );
    let Some(row) = tx.row(&sql, &[user.into()]).await? else { return Ok(None) };
    let mut found = user_row(&row)?;
    found.posts = posts_fetch(tx, user).await?;
    Ok(Some(found))
}

/// The business roles of a user at active units, by `user_role_pkey`.
pub(crate) async fn posts_fetch(
    tx: &mut Tx,
    user: UserId,
) -> Result<BTreeMap<UnitId, BTreeSet<RoleName>>, StoreError> {
    const SQL: &str = "
        select r.unit_id, r.role
          from user_role r
          join unit u on u.unit_id = r.unit_id
         where r.user_id = $1 and u.active = 1";
    let mut posts: BTreeMap<UnitId, BTreeSet<RoleName>> = BTreeMap::new();
    for row in tx.rows(SQL, &[user.into()]).await? {
        if let Some(role) = role_read(&row.get::<String>(1)?) {
            posts.entry(row.get(0)?).or_default().insert(role);
        }
    }
    Ok(posts)
}

/// Refuses whoever is neither system administrator nor administrator of a unit of the person.
async fn user_authority_check(tx: &mut Tx, by: Authority, user: &User) -> Result<(), PeopleError> {
    if let Authority::Person(actor) = by {
        let powers = powers_fetch(tx, actor).await?;
        let runs = |unit: &UnitId| powers.holds(*unit, RoleName::UnitAdmin);
        if user.platform.is_none() && user.posts.keys().any(runs) {
            return Ok(());
        }
    }
    require(tx, by, &[PlatformRole::SystemAdministrator]).await
}

async fn administrators_exist(tx: &mut Tx) -> Result<bool, StoreError> {
    const SQL: &str = "select count(*) from platform_role";
    Ok(tx.one::<i64>(SQL, &[]).await?.unwrap_or(0) > 0)
}

/// Leaves a mark that can be there only once, so that of two first starts at the same instant one
/// is refused.
async fn first_start_mark(tx: &mut Tx, at: Timestamp) -> Result<(), PeopleError> {
    const SQL: &str = "
        insert into setting (name, value, changed_at) values ('first-start', 'over', $1)";
    match tx.execute(SQL, &[at.into()]).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_constraint("setting_pkey") => {
            Err(PeopleRefusal::AdministratorsExist.into())
        }
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn user_insert(
    tx: &mut Tx,
    by: Authority,
    form: &UserForm,
    password_hash: &str,
    must_change: bool,
    at: Timestamp,
) -> Result<UserId, PeopleError> {
    const SQL: &str = "
        insert into user_account (login_name, display_name, title, phone, kind, password_hash,
               password_changed_at, must_change_password, active, version, created_at,
               created_by_user_id)
        values ($1, $2, $3, $4, 'business', $5, $6, $7, 1, 1, $6, $8)
        returning user_id";
    let row: [Value; 8] = [
        (&form.login_name).into(),
        (&form.display_name).into(),
        (&form.title).into(),
        (&form.phone).into(),
        password_hash.into(),
        at.into(),
        must_change.into(),
        by.user().into(),
    ];
    match tx.one(SQL, &row).await {
        Ok(Some(user)) => Ok(user),
        Ok(None) => Err(PeopleError::NotFound("user")),
        Err(error) if error.is_constraint("user_account_by_login") => Err(PeopleError::field(
            "login_name",
            "该登录名已被使用，请另取",
            "this login name is taken; choose another",
        )),
        Err(error) => Err(error.into()),
    }
}

async fn user_set_active(tx: &mut Tx, user: UserId, active: bool) -> Result<(), StoreError> {
    const SQL: &str = "
        update user_account set active = $2, version = version + 1 where user_id = $1";
    tx.execute(SQL, &[user.into(), active.into()]).await?;
    Ok(())
}

pub(crate) async fn password_write(
    tx: &mut Tx,
    user: UserId,
    hash: &str,
    must_change: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "
        update user_account
           set password_hash = $2, must_change_password = $3, password_changed_at = $4
         where user_id = $1";
    tx.execute(SQL, &[user.into(), hash.into(), must_change.into(), at.into()]).await?;
    Ok(())
}

/// A password a person can read off paper and type: 16 characters in four groups, 78 bits.
fn temporary_password(randomness: &dyn Randomness) -> Result<String, NoRandomness> {
    secret_to_type(randomness, 16)
}

/// So many random characters in groups of four with dashes between, to be read off paper and typed.
pub(crate) fn secret_to_type(
    randomness: &dyn Randomness,
    characters: usize,
) -> Result<String, NoRandomness> {
    /// Without letters and digits that look alike.
    const LETTERS: &[u8; 30] = b"abcdefghjkmnpqrstuvwxyz2345679";
    let length = characters + characters.saturating_sub(1) / 4;
    let mut secret = String::with_capacity(length);
    while secret.len() < length {
        let mut bytes = [0_u8; 16];
        randomness.fill(&mut bytes)?;
        for byte in bytes {
            // Bytes from 240 on would make the first letters likelier.
            let letter = (byte < 240).then(|| LETTERS.get(usize::from(byte) % LETTERS.len()));
            if let (Some(Some(letter)), true) = (letter, secret.len() < length) {
                if secret.len() % 5 == 4 {
                    secret.push('-');
                }
                secret.push(char::from(*letter));
            }
        }
    }
    Ok(secret)
}
