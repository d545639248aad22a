//! Sessions: opened, renewed, listed, ended.
//!
//! A session's token is 256 random bits; only its SHA-256 is stored. Its first half stays the same while
//! the session lasts and is what the forms' tokens are made from; its second half is made anew whenever
//! the person's rights change, so that a token that leaked before is worth nothing after. A session that
//! ran out is kept for a while, so that what was being filled in can still be saved as its person's
//! draft; it opens nothing any more.

use std::collections::{BTreeMap, BTreeSet};
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
use crate::lock::{Attempt, Step};
use crate::password::password_problem;
use crate::people::{Authority, People, PeopleError, PeopleRefusal};
use crate::randomness::{hex, secret};
use crate::role::{AnyRole, PlatformRole, role_id, role_read};
use crate::row::Value;
use crate::setting::{Setting, Settings};
use crate::user::{password_write, posts_fetch};

/// Most sessions a person has at once; the oldest gives way.
pub const SESSIONS_MAX: u32 = 20;
/// A session's last use is written no more often than this.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// How long a token that was renewed still counts, for requests that were on their way.
const OLD_TOKEN_LASTS: SignedDuration = SignedDuration::from_secs(30);
/// How long a session that ran out is remembered, so that what was filled in can be saved.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);
/// Longest text kept of the browser's name.
const AGENT_CHARS_MAX: usize = 200;
/// Characters of a token that stay the same while the session lasts.
const STEM_CHARS: usize = 32;

/// By which road somebody signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// By password.
    Password,
    /// By word of the identity provider.
    Provider,
    /// By one click of the demo.
    Demo,
}

impl Road {
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
            Self::Demo => "demo",
        }
    }

    pub(crate) fn read(id: &str) -> Self {
        match id {
            "provider" => Self::Provider,
            "demo" => Self::Demo,
            // The table takes no other.
            _ => Self::Password,
        }
    }
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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing its person must do or has done"
)]
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
    /// Whether the person has a second factor.
    pub has_second_factor: bool,
    /// Whether a second factor must be set up before anything else: a role asks for one.
    pub must_enrol: bool,
    /// Whether two factors were given when it was opened.
    pub is_two_factor: bool,
    /// By which road it was opened.
    pub road: Road,
    /// Whether it is to be given a new token: the person's rights were changed.
    pub is_to_renew: bool,
    /// What every form of this session carries.
    pub csrf: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends in any case.
    pub ends_at: Timestamp,
    stem: String,
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
    /// By which road.
    pub road: Road,
    /// Whether two factors were given.
    pub is_two_factor: bool,
}

/// What is known when a session is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) road: Road,
    pub(crate) two_factors: bool,
    pub(crate) address: &'a str,
    pub(crate) agent: &'a str,
}

/// The hash under which a token is stored.
pub(crate) fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// What the forms of a session carry: derived from the part of its token that stays, so that it needs
/// no place, and a form that stood open while the token was renewed is still good.
#[must_use]
pub fn csrf_of(token: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"liandong csrf 1\0");
    hash.update(stem_of(token).as_bytes());
    hex(&hash.finalize())
}

fn stem_of(token: &str) -> &str {
    token.get(..STEM_CHARS).unwrap_or(token)
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same_secret(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

impl People {
    pub(crate) async fn session_insert(
        &self,
        tx: &mut Tx,
        user: UserId,
        opening: Opening<'_>,
        now: Timestamp,
    ) -> Result<NewSession, PeopleError> {
        const SQL: &str = "
            insert into session (token_hash, old_until, is_to_renew, user_id, unit_id, road,
                   two_factors, created_at, used_at, ends_at, address, agent)
            values ($1, 0, 0, $2, $3, $4, $5, $6, $6, $7, $8, $9)";
        const OLDEST: &str = "
            delete from session where session_id in (
                select session_id from session where user_id = $1
                 order by created_at desc, session_id desc limit 100 offset $2)";
        let token = secret(self.randomness.as_ref())?;
        let ends_at = later(now, self.settings().hours(Setting::SessionHours));
        let unit = posts_fetch(tx, user).await?.keys().next().copied();
        let agent: String = opening.agent.chars().take(AGENT_CHARS_MAX).collect();
        let row: [Value; 9] = [
            token_hash(&token).into(),
            user.into(),
            unit.into(),
            opening.road.id().into(),
            opening.two_factors.into(),
            now.into(),
            ends_at.into(),
            opening.address.into(),
            agent.into(),
        ];
        let forgotten = now.checked_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
        tx.execute("delete from session where ends_at <= $1", &[forgotten.into()]).await?;
        tx.execute(SQL, &row).await?;
        tx.execute(OLDEST, &[user.into(), i64::from(SESSIONS_MAX).into()]).await?;
        let signed_in = "update user_account set signed_in_at = $2 where user_id = $1";
        tx.execute(signed_in, &[user.into(), now.into()]).await?;
        let detail = json!({
            "address": opening.address, "road": opening.road.id(), "two_factors": opening.two_factors,
        });
        admin_event_append(
            tx,
            AdminEntry {
                at: now,
                by: Authority::Person(user),
                act: AdminAct::SignedIn,
                target: Target::User(user),
                unit: None,
                detail,
            },
        )
        .await?;
        let session = self.session_row(tx, &token, now).await?;
        let (session, _) = session.ok_or(PeopleError::NotFound("session"))?;
        Ok(NewSession { token, session })
    }

    /// The session of a token, when it is still good; by `session_by_token`. Its use is noted once a
    /// minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_fetch(&self, token: &str) -> Result<Option<Session>, PeopleError> {
        // Never raised again by a setting: what has run out has.
        const OVER: &str = "
            update session set ends_at = $2 where session_id = $1 and ends_at > $2";
        let now = self.now();
        let mut tx = self.database.read().await?;
        let found = self.session_row(&mut tx, token, now).await?;
        drop(tx);
        let Some((session, used_at)) = found else { return Ok(None) };
        if self.is_over(&session, used_at, now) {
            if session.ends_at > now {
                self.note(OVER, &[session.id.into(), now.into()]).await?;
            }
            return Ok(None);
        }
        if now.duration_since(used_at) >= TOUCH_EVERY {
            let sql = "update session set used_at = $2 where session_id = $1 and used_at < $2";
            self.note(sql, &[session.id.into(), now.into()]).await?;
        }
        Ok(Some(session))
    }

    /// The session of a token that ran out within the last day, and was not ended by anybody. It opens
    /// nothing; what its person was filling in is saved as their draft, in the name of nobody else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_lapsed(&self, token: &str) -> Result<Option<Session>, PeopleError> {
        let now = self.now();
        let mut tx = self.database.read().await?;
        let found = self.session_row(&mut tx, token, now).await?;
        Ok(found.and_then(|(session, used_at)| {
            let is_lapsed = self.is_over(&session, used_at, now)
                && session.person.active
                && now.duration_since(session.ends_at) < REMEMBERED;
            is_lapsed.then_some(session)
        }))
    }

    fn is_over(&self, session: &Session, used_at: Timestamp, now: Timestamp) -> bool {
        let settings = self.settings();
        let idle_end = later(used_at, settings.minutes(Setting::SessionIdleMinutes));
        // The settings may have been tightened since the session began.
        let hours_end = later(session.created_at, settings.hours(Setting::SessionHours));
        now >= session.ends_at || now >= idle_end || now >= hours_end || !session.person.active
    }

    /// Gives a session whose rights were changed its new token; none when another request did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_renew_marked(
        &self,
        session: &Session,
    ) -> Result<Option<String>, PeopleError> {
        const SQL: &str = "
            update session
               set old_token_hash = token_hash, old_until = $3, token_hash = $2, is_to_renew = 0
             where session_id = $1 and is_to_renew = 1";
        let token = self.token_renewed(session)?;
        let until = self.now().checked_add(OLD_TOKEN_LASTS).unwrap_or(Timestamp::MAX);
        let row: [Value; 3] = [session.id.into(), token_hash(&token).into(), until.into()];
        let mut tx = self.database.write().await?;
        let renewed = tx.execute(SQL, &row).await?;
        tx.commit().await?;
        Ok((renewed > 0).then_some(token))
    }

    fn token_renewed(&self, session: &Session) -> Result<String, PeopleError> {
        let fresh = secret(self.randomness.as_ref())?;
        Ok(format!("{}{}", session.stem, fresh.get(STEM_CHARS..).unwrap_or_default()))
    }

    /// Gives a session a new token in the transaction of what its person did; the old one is worth
    /// nothing from then on.
    pub(crate) async fn session_renew(
        &self,
        tx: &mut Tx,
        session: &Session,
        two_factors: bool,
    ) -> Result<String, PeopleError> {
        const SQL: &str = "
            update session
               set token_hash = $2, old_token_hash = null, old_until = 0, is_to_renew = 0,
                   two_factors = $3
             where session_id = $1";
        let token = self.token_renewed(session)?;
        let row: [Value; 3] = [session.id.into(), token_hash(&token).into(), two_factors.into()];
        tx.execute(SQL, &row).await?;
        Ok(token)
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

    /// Ends every other session of a session's person; says how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_revoke_others(&self, session: &Session) -> Result<u64, PeopleError> {
        let user = session.person.id;
        let mut act = self.account_act(session.authority()).await?;
        let ended = session_end_all(&mut act.tx, user, Some(session.id)).await?;
        act.done(AdminAct::SessionRevoked, user, None, json!({ "sessions": ended })).await?;
        Ok(ended)
    }

    /// Ends another person's session, or all of them; by the security administrator.
    ///
    /// # Errors
    /// [`PeopleRefusal::ToOneself`], [`PeopleError::NotFound`] when there is none, and the others that
    /// fit.
    pub async fn session_end_of(
        &self,
        by: Authority,
        user: UserId,
        session: Option<i64>,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "delete from session where session_id = $1 and user_id = $2";
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        act.not_to_oneself(user)?;
        let (ended, detail) = if let Some(session) = session {
            let key = [session.into(), user.into()];
            (act.tx.execute(SQL, &key).await?, json!({ "session": session }))
        } else {
            crate::sign_in::half_end_all(&mut act.tx, user).await?;
            let ended = session_end_all(&mut act.tx, user, None).await?;
            (ended, json!({ "sessions": ended }))
        };
        if ended == 0 {
            return Err(PeopleError::NotFound("session"));
        }
        act.done(AdminAct::SessionRevoked, user, None, detail).await
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
            select session_id, created_at, used_at, address, agent, road, two_factors
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
                    road: Road::read(&row.get::<String>(5)?),
                    is_two_factor: row.get(6)?,
                })
            })
            .collect()
    }

    /// A person changes their own password; their other sessions end, and this one gets a new token.
    ///
    /// # Errors
    /// Fields `current` and `password`; [`PeopleRefusal::SignInLocked`] after too many wrong ones.
    pub async fn password_change(
        &self,
        session: &Session,
        current: &str,
        password: &str,
    ) -> Result<String, PeopleError> {
        let user = session.person.id;
        self.password_own(session, "current", current).await?;
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
        let mut act = self.account_act(session.authority()).await?;
        password_write(&mut act.tx, user, &fresh, false, act.at).await?;
        session_end_all(&mut act.tx, user, Some(session.id)).await?;
        crate::sign_in::half_end_all(&mut act.tx, user).await?;
        let token = self.session_renew(&mut act.tx, session, session.is_two_factor).await?;
        act.done(AdminAct::PasswordChanged, user, None, json!({})).await?;
        Ok(token)
    }

    /// Refuses whoever does not know their own password; the error stands at that field.
    pub(crate) async fn password_own(
        &self,
        session: &Session,
        field: &str,
        password: &str,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "select password_hash from user_account where user_id = $1";
        let attempt = Attempt::signed_in(session, Step::OwnPassword);
        let mut tx = self.database.read().await?;
        attempt.locked_check(&mut tx, self.now()).await?;
        let hash: Option<String> = tx.one(SQL, &[session.person.id.into()]).await?;
        drop(tx);
        if self.passwords.matches(password, hash.as_deref()).await? {
            return Ok(());
        }
        self.attempt_failed(&attempt).await?;
        Err(PeopleError::field(field, "原密码不正确", "the present password is wrong"))
    }

    /// The session of a token and when it was last used, whether still good or not.
    async fn session_row(
        &self,
        tx: &mut Tx,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Session, Timestamp)>, StoreError> {
        let sql = |which: &str| {
            format!(
                "select {PERSON}, a.login_name, a.must_change_password, p.role,
                        s.session_id, s.unit_id, s.role, s.created_at, s.ends_at, s.used_at,
                        s.road, s.two_factors, s.is_to_renew,
                        (select f.confirmed_at from second_factor f where f.user_id = s.user_id)
                   from session s
                   join user_account a on a.user_id = s.user_id
                   left join platform_role p on p.user_id = s.user_id
                  where {which}"
            )
        };
        let hash = token_hash(token);
        let mut row = tx.row(&sql("s.token_hash = $1"), &[(&hash).into()]).await?;
        if row.is_none() {
            let old = sql("s.old_token_hash = $1 and s.old_until > $2");
            row = tx.row(&old, &[hash.into(), now.into()]).await?;
        }
        let Some(row) = row else { return Ok(None) };
        let person = person(&row, 0)?;
        let posts = posts_fetch(tx, person.id).await?;
        // A post may have been taken away since the session chose it.
        let chosen: Option<UnitId> = row.get(9)?;
        let unit = chosen.filter(|unit| posts.contains_key(unit)).or(posts.keys().next().copied());
        let role = row.get::<Option<String>>(10)?.and_then(|role| role_read(&role));
        let held = unit.and_then(|unit| posts.get(&unit));
        let role =
            role.filter(|role| unit == chosen && held.is_some_and(|held| held.contains(role)));
        let platform = row.get::<Option<String>>(7)?.and_then(|role| PlatformRole::read(&role));
        let road = Road::read(&row.get::<String>(14)?);
        let is_two_factor: bool = row.get(15)?;
        let has_second_factor = row.get::<Option<Timestamp>>(17)?.is_some();
        let asked = asks_for_second_factor(&self.settings(), platform, &posts);
        let session = Session {
            id: row.get(8)?,
            login_name: row.get(5)?,
            // Whoever comes by the provider needs no password here, and none is asked for.
            must_change_password: row.get::<bool>(6)? && road != Road::Provider,
            has_second_factor,
            must_enrol: asked && !has_second_factor && !is_two_factor,
            is_two_factor,
            road,
            is_to_renew: row.get(16)?,
            platform,
            posts,
            unit,
            role,
            csrf: csrf_of(token),
            created_at: row.get(11)?,
            ends_at: row.get(12)?,
            person,
            stem: stem_of(token).to_owned(),
        };
        Ok(Some((session, row.get(13)?)))
    }
}

/// Whether one of these roles asks for a second factor.
fn asks_for_second_factor(
    settings: &Settings,
    platform: Option<PlatformRole>,
    posts: &BTreeMap<UnitId, BTreeSet<RoleName>>,
) -> bool {
    let held = posts.values().flatten().map(|role| AnyRole::Unit(*role));
    let mut all = held.chain(platform.map(AnyRole::Platform));
    all.any(|role| settings.second_factor_roles().contains(&role))
}

/// Has every session of a user get a new token: their rights were changed.
pub(crate) async fn session_mark(tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
    tx.execute("update session set is_to_renew = 1 where user_id = $1", &[user.into()]).await?;
    Ok(())
}

/// Ends every session of a user but one; says how many.
pub(crate) async fn session_end_all(
    tx: &mut Tx,
    user: UserId,
    but: Option<i64>,
) -> Result<u64, StoreError> {
    const SQL: &str = "delete from session where user_id = $1 and session_id <> $2";
    tx.execute(SQL, &[user.into(), but.unwrap_or(0).into()]).await
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

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
