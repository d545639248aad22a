//! Signing in, sessions, and the locks that follow failures.
//!
//! A session's token is 256 random bits; only its SHA-256 is stored. Failures are counted by account
//! and by address; an unknown login name takes as long, is counted and is locked like a known one, so
//! that nothing tells which names exist.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use procedure::definition::RoleName;
use procedure::{Actor, UnitId, UserId};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::liaison::{PERSON, Person, person};
use crate::password::password_problem;
use crate::people::{Authority, People, PeopleError, PeopleRefusal};
use crate::randomness::{hex, secret};
use crate::role::{PlatformRole, role_id, role_read};
use crate::row::Value;
use crate::setting::Setting;
use crate::user::{password_write, posts_fetch};

/// Most sessions a person has at once; the oldest gives way.
pub const SESSIONS_MAX: u32 = 20;
/// A session's last use is written no more often than this.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Failures and locks are forgotten after this time without a further one.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Longest a lock lasts.
const LOCK_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Longest text kept of the browser's name.
const AGENT_CHARS_MAX: usize = 200;

/// What a person gives to sign in.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The login name.
    pub login_name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The network address it comes from.
    pub address: &'a str,
    /// What the browser calls itself.
    pub agent: &'a str,
}

/// A session that was just opened.
#[derive(Clone)]
pub struct NewSession {
    /// The token for the cookie; kept nowhere.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// A session, with what its person may do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: i64,
    /// The person.
    pub person: Person,
    /// The name they sign in with.
    pub login_name: String,
    /// The administrator's role.
    pub platform: Option<PlatformRole>,
    /// Business roles by unit.
    pub posts: BTreeMap<UnitId, BTreeSet<RoleName>>,
    /// The unit the session acts for.
    pub unit: Option<UnitId>,
    /// The one role it acts in; none for every role held there.
    pub role: Option<RoleName>,
    /// Whether the password must be changed before anything else.
    pub must_change_password: bool,
    /// What every form of this session carries.
    pub csrf: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
}

impl Session {
    /// Who acts, for `decide`; none for administrators and people without a post.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        let unit = self.unit?;
        let held = self.posts.get(&unit)?;
        let roles = match self.role {
            Some(role) => held.iter().copied().filter(|one| *one == role).collect(),
            None => held.clone(),
        };
        Some(Actor { user: self.person.id, unit, roles })
    }

    /// By whose authority this session acts on people.
    #[must_use]
    pub fn authority(&self) -> Authority {
        Authority::Person(self.person.id)
    }
}

/// One of a person's sessions, for their list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: i64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub used_at: Timestamp,
    /// From which address.
    pub address: String,
    /// With which browser.
    pub agent: String,
}

/// The hash under which a token is stored.
pub(crate) fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// What the forms of a session carry: derived from its token, so that it needs no place.
#[must_use]
pub fn csrf_of(token: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"liandong csrf 1\0");
    hash.update(token.as_bytes());
    hex(&hash.finalize())
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same_secret(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

impl People {
    /// Signs a person in.
    ///
    /// # Errors
    /// [`PeopleRefusal::SignInWrong`], [`PeopleRefusal::SignInLocked`], or, with the right password,
    /// [`PeopleRefusal::SignInClosed`].
    pub async fn sign_in(&self, given: &SignIn<'_>) -> Result<NewSession, PeopleError> {
        const SQL: &str = "
            select user_id, password_hash, active from user_account where login_name = $1";
        let login = given.login_name.trim().to_lowercase();
        let keys = [account_key(&login), address_key(given.address)];
        let mut tx = self.database.read().await?;
        locked_check(&mut tx, &keys, self.now()).await?;
        let account = tx.row(SQL, &[(&login).into()]).await?;
        drop(tx);
        let (user, hash, active): (Option<UserId>, Option<String>, bool) = match &account {
            Some(row) => (row.get(0)?, row.get(1)?, row.get(2)?),
            None => (None, None, false),
        };
        let right = self.passwords.matches(given.password, hash.as_deref()).await?;
        let (Some(user), true) = (user, right) else {
            return Err(self.sign_in_failed(&keys, user, given.address).await?);
        };
        if !active {
            return Err(PeopleRefusal::SignInClosed.into());
        }
        let outdated = hash.is_some_and(|hash| self.passwords.is_outdated(&hash));
        let fresh = if outdated { Some(self.passwords.hash(given.password).await?) } else { None };
        let now = self.now();
        let mut tx = self.database.write().await?;
        // A guess that was being checked while the account was locked does not count, even if right.
        locked_check(&mut tx, &keys, now).await?;
        guard_open(&mut tx, &login).await?;
        if let Some(fresh) = fresh {
            let sql = "update user_account set password_hash = $2 where user_id = $1";
            tx.execute(sql, &[user.into(), fresh.into()]).await?;
        }
        let session = self.session_insert(&mut tx, user, given.address, given.agent, now).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Opens a session without a password: the demo's one-click role switch. The program calls it in
    /// demo mode only.
    ///
    /// # Errors
    /// [`PeopleError::NotFound`] when there is no open account of that name.
    pub async fn sign_in_demo(
        &self,
        login_name: &str,
        address: &str,
        agent: &str,
    ) -> Result<NewSession, PeopleError> {
        const SQL: &str = "
            select user_id from user_account where login_name = $1 and active = 1";
        let now = self.now();
        let mut tx = self.database.write().await?;
        let login = login_name.trim().to_lowercase();
        let user = tx.one(SQL, &[login.into()]).await?.ok_or(PeopleError::NotFound("user"))?;
        let session = self.session_insert(&mut tx, user, address, agent, now).await?;
        tx.commit().await?;
        Ok(session)
    }

    async fn session_insert(
        &self,
        tx: &mut Tx,
        user: UserId,
        address: &str,
        agent: &str,
        now: Timestamp,
    ) -> Result<NewSession, PeopleError> {
        const SQL: &str = "
            insert into session (token_hash, user_id, unit_id, created_at, used_at, ends_at, address,
                   agent)
            values ($1, $2, $3, $4, $4, $5, $6, $7)";
        const OLDEST: &str = "
            delete from session where session_id in (
                select session_id from session where user_id = $1
                 order by created_at desc, session_id desc limit 100 offset $2)";
        let token = secret(self.randomness.as_ref())?;
        let ends_at = later(now, self.settings().hours(Setting::SessionHours));
        let unit = posts_fetch(tx, user).await?.keys().next().copied();
        let agent: String = agent.chars().take(AGENT_CHARS_MAX).collect();
        let row: [Value; 7] = [
            token_hash(&token).into(),
            user.into(),
            unit.into(),
            now.into(),
            ends_at.into(),
            address.into(),
            agent.into(),
        ];
        tx.execute("delete from session where ends_at <= $1", &[now.into()]).await?;
        tx.execute(SQL, &row).await?;
        tx.execute(OLDEST, &[user.into(), i64::from(SESSIONS_MAX).into()]).await?;
        let signed_in = "update user_account set signed_in_at = $2 where user_id = $1";
        tx.execute(signed_in, &[user.into(), now.into()]).await?;
        admin_event_append(
            tx,
            AdminEntry {
                at: now,
                by: Authority::Person(user),
                act: AdminAct::SignedIn,
                target: Target::User(user),
                unit: None,
                detail: json!({ "address": address }),
            },
        )
        .await?;
        let session = session_row(tx, &token).await?.ok_or(PeopleError::NotFound("session"))?;
        Ok(NewSession { token, session: session.0 })
    }

    async fn sign_in_failed(
        &self,
        keys: &[String; 2],
        user: Option<UserId>,
        address: &str,
    ) -> Result<PeopleError, PeopleError> {
        let now = self.now();
        let settings = self.settings();
        let mut tx = self.database.write().await?;
        let limits = [Setting::LockAccountAfter, Setting::LockAddressAfter];
        let mut locked: Option<Timestamp> = None;
        for (key, limit) in keys.iter().zip(limits) {
            let most = i64::from(settings.get(limit));
            let first = settings.minutes(Setting::LockMinutes);
            locked = locked.max(guard_fail(&mut tx, key, most, first, now).await?);
        }
        let target = user.map_or_else(|| Target::Address(address.to_owned()), Target::User);
        let mut entry = AdminEntry {
            at: now,
            by: Authority::Program,
            act: AdminAct::SignInFailed,
            target,
            unit: None,
            detail: json!({ "address": address }),
        };
        admin_event_append(&mut tx, entry.clone()).await?;
        if let Some(until) = locked {
            entry.act = AdminAct::Locked;
            entry.detail = json!({ "address": address, "until": until });
            admin_event_append(&mut tx, entry).await?;
        }
        let forget = now.checked_sub(FORGET_AFTER).unwrap_or(Timestamp::MIN);
        let sql = "
            delete from sign_in_guard
             where failed_at < $1 and (locked_until is null or locked_until < $2)";
        tx.execute(sql, &[forget.into(), now.into()]).await?;
        tx.commit().await?;
        Ok(match locked {
            Some(until) => PeopleRefusal::SignInLocked { until }.into(),
            None => PeopleRefusal::SignInWrong.into(),
        })
    }

    /// The session of a token, when it is still good; by `session_by_token`. Its use is noted once a
    /// minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_fetch(&self, token: &str) -> Result<Option<Session>, PeopleError> {
        let now = self.now();
        let mut tx = self.database.read().await?;
        let found = session_row(&mut tx, token).await?;
        drop(tx);
        let Some((session, used_at)) = found else { return Ok(None) };
        let idle_end = later(used_at, self.settings().minutes(Setting::SessionIdleMinutes));
        // The settings may have been tightened since the session began.
        let hours_end = later(session.created_at, self.settings().hours(Setting::SessionHours));
        let over = now >= session.ends_at || now >= idle_end || now >= hours_end;
        if over || !session.person.active {
            let mut tx = self.database.write().await?;
            tx.execute("delete from session where session_id = $1", &[session.id.into()]).await?;
            tx.commit().await?;
            return Ok(None);
        }
        if now.duration_since(used_at) >= TOUCH_EVERY {
            let mut tx = self.database.write().await?;
            let sql = "update session set used_at = $2 where session_id = $1 and used_at < $2";
            tx.execute(sql, &[session.id.into(), now.into()]).await?;
            tx.commit().await?;
        }
        Ok(Some(session))
    }

    /// Lets a session act for another unit of its person, in one role held there or in all.
    ///
    /// # Errors
    /// [`PeopleRefusal::NotYourPost`].
    pub async fn session_switch(
        &self,
        session: &Session,
        unit: UnitId,
        role: Option<RoleName>,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "update session set unit_id = $2, role = $3 where session_id = $1";
        let mut tx = self.database.write().await?;
        let posts = posts_fetch(&mut tx, session.person.id).await?;
        let held = posts.get(&unit).ok_or(PeopleRefusal::NotYourPost)?;
        if role.is_some_and(|role| !held.contains(&role)) {
            return Err(PeopleRefusal::NotYourPost.into());
        }
        let row: [Value; 3] = [session.id.into(), unit.into(), role.map(role_id).into()];
        tx.execute(SQL, &row).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a session: the person signs out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, session: &Session) -> Result<(), PeopleError> {
        self.session_end(session.person.id, session.id, AdminAct::SignedOut).await
    }

    /// Ends one of the person's own sessions from another.
    ///
    /// # Errors
    /// [`PeopleError::NotFound`] when it is not theirs.
    pub async fn session_revoke(&self, user: UserId, session: i64) -> Result<(), PeopleError> {
        self.session_end(user, session, AdminAct::SessionRevoked).await
    }

    async fn session_end(
        &self,
        user: UserId,
        session: i64,
        act: AdminAct,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "delete from session where session_id = $1 and user_id = $2";
        let at = self.now();
        let mut tx = self.database.write().await?;
        if tx.execute(SQL, &[session.into(), user.into()]).await? == 0 {
            return Err(PeopleError::NotFound("session"));
        }
        let by = Authority::Person(user);
        let detail = json!({ "session": session });
        let entry = AdminEntry { at, by, act, target: Target::User(user), unit: None, detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The person's sessions that are still good, newest first; at most [`SESSIONS_MAX`], by
    /// `session_by_user`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_list(&self, user: UserId) -> Result<Vec<SessionRow>, PeopleError> {
        const SQL: &str = "
            select session_id, created_at, used_at, address, agent
              from session
             where user_id = $1 and ends_at > $2 and used_at > $3
             order by created_at desc, session_id desc
             limit $4";
        let now = self.now();
        let idle = self.settings().minutes(Setting::SessionIdleMinutes);
        let idle_since = now.checked_sub(idle).unwrap_or(Timestamp::MIN);
        let values: [Value; 4] =
            [user.into(), now.into(), idle_since.into(), i64::from(SESSIONS_MAX).into()];
        let mut tx = self.database.read().await?;
        let rows = tx.rows(SQL, &values).await?;
        rows.iter()
            .map(|row| {
                Ok(SessionRow {
                    id: row.get(0)?,
                    created_at: row.get(1)?,
                    used_at: row.get(2)?,
                    address: row.get(3)?,
                    agent: row.get(4)?,
                })
            })
            .collect()
    }

    /// A person changes their own password; their other sessions end.
    ///
    /// # Errors
    /// Fields `current` and `password`; [`PeopleRefusal::SignInLocked`] after too many wrong ones.
    pub async fn password_change(
        &self,
        session: &Session,
        current: &str,
        password: &str,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "select password_hash from user_account where user_id = $1";
        let user = session.person.id;
        let keys = [account_key(&session.login_name)];
        let mut tx = self.database.read().await?;
        locked_check(&mut tx, &keys, self.now()).await?;
        let hash: Option<String> = tx.one(SQL, &[user.into()]).await?;
        drop(tx);
        if !self.passwords.matches(current, hash.as_deref()).await? {
            let settings = self.settings();
            let most = i64::from(settings.get(Setting::LockAccountAfter));
            let first = settings.minutes(Setting::LockMinutes);
            let now = self.now();
            let mut tx = self.database.write().await?;
            let [key] = &keys;
            guard_fail(&mut tx, key, most, first, now).await?;
            tx.commit().await?;
            return Err(PeopleError::field(
                "current",
                "原密码不正确",
                "the present password is wrong",
            ));
        }
        if let Some(problem) = password_problem("password", password, &session.login_name) {
            return Err(PeopleError::Fields(vec![problem]));
        }
        if current == password {
            return Err(PeopleError::field(
                "password",
                "新密码不得与原密码相同",
                "the new password is the old one",
            ));
        }
        let fresh = self.passwords.hash(password).await?;
        let at = self.now();
        let by = session.authority();
        let mut tx = self.database.write().await?;
        password_write(&mut tx, user, &fresh, false, at).await?;
        session_end_all(&mut tx, user, Some(session.id)).await?;
        let act = AdminAct::PasswordChanged;
        let detail = json!({});
        let entry = AdminEntry { at, by, act, target: Target::User(user), unit: None, detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The session of a token and when it was last used, whether still good or not.
async fn session_row(tx: &mut Tx, token: &str) -> Result<Option<(Session, Timestamp)>, StoreError> {
    let sql = format!(
        "select {PERSON}, a.login_name, a.must_change_password, p.role,
                s.session_id, s.unit_id, s.role, s.created_at, s.ends_at, s.used_at
           from session s
           join user_account a on a.user_id = s.user_id
           left join platform_role p on p.user_id = s.user_id
          where s.token_hash = $1"
    );
    let Some(row) = tx.row(&sql, &[token_hash(token).into()]).await? else { return Ok(None) };
    let person = person(&row, 0)?;
    let posts = posts_fetch(tx, person.id).await?;
    // A post may have been taken away since the session chose it.
    let chosen: Option<UnitId> = row.get(9)?;
    let unit = chosen.filter(|unit| posts.contains_key(unit)).or(posts.keys().next().copied());
    let role = row.get::<Option<String>>(10)?.and_then(|role| role_read(&role));
    let held = unit.and_then(|unit| posts.get(&unit));
    let role = role.filter(|role| unit == chosen && held.is_some_and(|held| held.contains(role)));
    let session = Session {
        id: row.get(8)?,
        login_name: row.get(5)?,
        must_change_password: row.get(6)?,
        platform: row.get::<Option<String>>(7)?.and_then(|role| PlatformRole::read(&role)),
        posts,
        unit,
        role,
        csrf: csrf_of(token),
        created_at: row.get(11)?,
        ends_at: row.get(12)?,
        person,
    };
    Ok(Some((session, row.get(13)?)))
}

/// Ends every session of a user but one.
pub(crate) async fn session_end_all(
    tx: &mut Tx,
    user: UserId,
    but: Option<i64>,
) -> Result<(), StoreError> {
    const SQL: &str = "delete from session where user_id = $1 and session_id <> $2";
    tx.execute(SQL, &[user.into(), but.unwrap_or(0).into()]).await?;
    Ok(())
}

fn account_key(login: &str) -> String {
    // Texts of any length may be tried.
    let login: String = login.chars().take(64).collect();
    format!("account {login}")
}

/// One address of IPv4; the network of 64 bits in IPv6, because one person has all of it.
fn address_key(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(ip)) if ip.to_ipv4_mapped().is_none() => {
            let network = ip.to_bits() & !u128::from(u64::MAX);
            format!("address {}", std::net::Ipv6Addr::from_bits(network))
        }
        Ok(IpAddr::V6(ip)) => {
            let ip = ip.to_ipv4_mapped().map_or_else(String::new, |ip| ip.to_string());
            format!("address {ip}")
        }
        Ok(IpAddr::V4(ip)) => format!("address {ip}"),
        Err(_) => "address unknown".to_owned(),
    }
}

async fn locked_check(tx: &mut Tx, keys: &[String], now: Timestamp) -> Result<(), PeopleError> {
    const SQL: &str = "
        select locked_until from sign_in_guard where guard_key = $1 and locked_until > $2";
    let mut locked: Option<Timestamp> = None;
    for key in keys {
        locked = locked.max(tx.one(SQL, &[key.into(), now.into()]).await?);
    }
    match locked {
        Some(until) => Err(PeopleRefusal::SignInLocked { until }.into()),
        None => Ok(()),
    }
}

/// Forgets the failures of an account.
pub(crate) async fn guard_open(tx: &mut Tx, login: &str) -> Result<(), StoreError> {
    const SQL: &str = "delete from sign_in_guard where guard_key = $1";
    tx.execute(SQL, &[account_key(login).into()]).await?;
    Ok(())
}

/// Counts a failure; says until when it locks, when it does.
async fn guard_fail(
    tx: &mut Tx,
    key: &str,
    most: i64,
    first: Duration,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    const START: &str = "
        insert into sign_in_guard (guard_key, failures, locks, failed_at) values ($1, 0, 0, $2)
        on conflict (guard_key) do nothing";
    const HOLD: &str = "
        update sign_in_guard set failures = failures
         where guard_key = $1
        returning failures, locks, failed_at, locked_until";
    const WRITE: &str = "
        update sign_in_guard
           set failures = $2, locks = $3, failed_at = $4, locked_until = $5
         where guard_key = $1";
    tx.execute(START, &[key.into(), now.into()]).await?;
    // An update takes hold of the row, so that failures at the same instant are all counted.
    let Some(row) = tx.row(HOLD, &[key.into()]).await? else { return Ok(None) };
    let (mut failures, mut locks): (i64, i64) = (row.get(0)?, row.get(1)?);
    let (failed_at, locked_until): (Timestamp, Option<Timestamp>) = (row.get(2)?, row.get(3)?);
    if let Some(until) = locked_until.filter(|until| *until > now) {
        // Checked while another failure locked it.
        return Ok(Some(until));
    }
    if now.duration_since(failed_at) > FORGET_AFTER
        && locked_until.is_none_or(|until| now.duration_since(until) > FORGET_AFTER)
    {
        (failures, locks) = (0, 0);
    }
    failures += 1;
    let mut until = None;
    if failures >= most {
        let doubled = 1_u32.checked_shl(u32::try_from(locks).unwrap_or(u32::MAX));
        let lasts = doubled.and_then(|times| first.checked_mul(times)).unwrap_or(Duration::MAX);
        let lasts = SignedDuration::try_from(lasts).unwrap_or(LOCK_MAX).min(LOCK_MAX);
        until = Some(now.saturating_add(lasts).unwrap_or(Timestamp::MAX));
        (failures, locks) = (0, locks + 1);
    }
    let row: [Value; 5] =
        [key.into(), failures.into(), locks.into(), now.into(), until.or(locked_until).into()];
    tx.execute(WRITE, &row).await?;
    Ok(until)
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        assert_eq!(address_key("2001:db8::1"), address_key("2001:db8::ffff:1"));
        assert_ne!(address_key("2001:db8::1"), address_key("2001:db8:0:1::1"));
        assert_eq!(address_key("::ffff:10.0.0.1"), address_key("10.0.0.1"));
        assert_ne!(address_key("10.0.0.2"), address_key("10.0.0.1"));
        assert_eq!(address_key("nonsense"), "address unknown");
    }

    #[test]
    fn what_forms_carry_does_not_give_the_token_away() {
        let csrf = csrf_of("token");
        assert_eq!(csrf.len(), 64);
        assert_ne!(csrf, token_hash("token"));
        assert!(same_secret(&csrf, &csrf_of("token")));
        assert!(!same_secret(&csrf, &csrf_of("Token")));
        assert!(!same_secret(&csrf, ""));
    }
}
