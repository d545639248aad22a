//! Tokens for programs (接口令牌): a person's program acts for one unit with the person's roles there.
//!
//! A token is shown once; only its SHA-256 is stored. It can do no more than its person at that
//! moment, and ends with the account, the post, a password reset, or its own day.

use jiff::{SignedDuration, Timestamp};
use procedure::{Actor, UnitId, UserId};
use serde_json::json;

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::liaison::{PERSON, Person, person};
use crate::lock::{Attempt, Step};
use crate::people::{Authority, People, PeopleError, PeopleRefusal, require};
use crate::randomness::secret;
use crate::role::PlatformRole;
use crate::row::{Row, Value};
use crate::session::{Session, token_hash};
use crate::unit::name_problem;
use crate::user::posts_fetch;

/// What every token begins with, so that it is known when it is found where it should not be.
pub const TOKEN_PREFIX: &str = "ld_";
/// Most tokens of a person that are good at once.
pub const TOKENS_MAX: u32 = 20;
/// Longest a token is good, in days.
pub const TOKEN_DAYS_MAX: u32 = 366;
/// Longest name of a token, in characters.
pub const TOKEN_NAME_CHARS_MAX: usize = 40;
/// A token's last use is written no more often than this.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// A token that was just made.
#[derive(Clone)]
pub struct NewToken {
    /// Its id.
    pub id: i64,
    /// The token; shown once and kept nowhere.
    pub token: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One token, for its person's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: i64,
    /// The unit it acts for.
    pub unit: UnitId,
    /// What the person calls it.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// When it was last used, to the minute; none when never.
    pub used_at: Option<Timestamp>,
    /// When it was revoked; none while it is good.
    pub revoked_at: Option<Timestamp>,
}

/// Whom a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHolder {
    /// The token.
    pub id: i64,
    /// The person.
    pub person: Person,
    /// Who acts, for `decide`.
    pub actor: Actor,
}

/// What was asked for, checked.
struct TokenAsked<'a> {
    unit: UnitId,
    name: &'a str,
    days: u32,
}

impl<'a> TokenAsked<'a> {
    fn checked(unit: UnitId, name: &'a str, days: u32) -> Result<Self, PeopleError> {
        let name = name.trim();
        if let Some(words) = name_problem(name, TOKEN_NAME_CHARS_MAX) {
            return Err(PeopleError::field("name", words.zh, words.en));
        }
        if !(1..=TOKEN_DAYS_MAX).contains(&days) {
            return Err(PeopleError::field(
                "days",
                format!("有效期为 1 至 {TOKEN_DAYS_MAX} 天"),
                format!("from 1 to {TOKEN_DAYS_MAX} days"),
            ));
        }
        Ok(Self { unit, name, days })
    }
}

impl People {
    /// Makes a token for one of the person's units, by somebody signed in, who proves once more who they
    /// are, by a code of their second factor or else by their password: a token lasts longer than the
    /// session that made it.
    ///
    /// # Errors
    /// As [`People::api_token_create`], and field `code` or `password`;
    /// [`PeopleRefusal::SignInLocked`] after too many wrong ones.
    pub async fn api_token_create_own(
        &self,
        session: &Session,
        unit: UnitId,
        name: &str,
        days: u32,
        proof: &str,
    ) -> Result<NewToken, PeopleError> {
        let user = session.person.id;
        if !session.posts.contains_key(&unit) {
            return Err(PeopleRefusal::NotYourPost.into());
        }
        let asked = TokenAsked::checked(unit, name, days)?;
        let tx = if session.has_second_factor {
            let attempt = Attempt::signed_in(session, Step::OwnCode);
            self.code_take(&attempt, user, proof).await?
        } else {
            self.password_own(session, "password", proof).await?;
            self.database.write().await?
        };
        self.api_token_insert(tx, user, asked).await
    }

    /// Makes a token for one of the person's units.
    ///
    /// # Errors
    /// Fields `name` and `days`; [`PeopleRefusal::NotYourPost`]; [`PeopleRefusal::TooMany`].
    pub async fn api_token_create(
        &self,
        user: UserId,
        unit: UnitId,
        name: &str,
        days: u32,
    ) -> Result<NewToken, PeopleError> {
        let asked = TokenAsked::checked(unit, name, days)?;
        self.api_token_insert(self.database.write().await?, user, asked).await
    }

    async fn api_token_insert(
        &self,
        mut tx: Tx,
        user: UserId,
        asked: TokenAsked<'_>,
    ) -> Result<NewToken, PeopleError> {
        const COUNT: &str = "
            select count(*) from api_token
             where user_id = $1 and revoked_at is null and ends_at > $2";
        const SQL: &str = "
            insert into api_token (token_hash, user_id, unit_id, name, created_at, ends_at)
            values ($1, $2, $3, $4, $5, $6)
            returning api_token_id";
        let TokenAsked { unit, name, days } = asked;
        let token = format!("{TOKEN_PREFIX}{}", secret(self.randomness.as_ref())?);
        let at = self.now();
        let lasts = SignedDuration::from_hours(24 * i64::from(days));
        let ends_at = at.checked_add(lasts).unwrap_or(Timestamp::MAX);
        if !posts_fetch(&mut tx, user).await?.contains_key(&unit) {
            return Err(PeopleRefusal::NotYourPost.into());
        }
        let count: i64 = tx.one(COUNT, &[user.into(), at.into()]).await?.unwrap_or(0);
        if count >= i64::from(TOKENS_MAX) {
            return Err(PeopleRefusal::TooMany { most: TOKENS_MAX }.into());
        }
        let row: [Value; 6] = [
            token_hash(&token).into(),
            user.into(),
            unit.into(),
            name.into(),
            at.into(),
            ends_at.into(),
        ];
        let id = tx.one(SQL, &row).await?.ok_or(PeopleError::NotFound("token"))?;
        let by = Authority::Person(user);
        let act = AdminAct::TokenCreated;
        let detail = json!({ "token": id, "name": name, "until": ends_at });
        let target = Target::User(user);
        let entry = AdminEntry { at, by, act, target, unit: Some(unit), detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(NewToken { id, token })
    }

    /// Whom a token stands for, when it is still good; by `api_token_by_token`. Its use is noted once
    /// a minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_token_fetch(&self, token: &str) -> Result<Option<TokenHolder>, PeopleError> {
        if !token.starts_with(TOKEN_PREFIX) {
            return Ok(None);
        }
        let sql = format!(
            "select {PERSON}, t.api_token_id, t.unit_id, t.used_at
               from api_token t
               join user_account a on a.user_id = t.user_id
              where t.token_hash = $1 and t.revoked_at is null and t.ends_at > $2
                and a.active = 1 and a.must_change_password = 0"
        );
        let now = self.now();
        let mut tx = self.database.read().await?;
        let row = tx.row(&sql, &[token_hash(token).into(), now.into()]).await?;
        let Some(row) = row else { return Ok(None) };
        let person = person(&row, 0)?;
        let (id, unit): (i64, UnitId) = (row.get(5)?, row.get(6)?);
        let used_at: Option<Timestamp> = row.get(7)?;
        let Some(roles) = posts_fetch(&mut tx, person.id).await?.remove(&unit) else {
            return Ok(None);
        };
        drop(tx);
        if used_at.is_none_or(|used_at| now.duration_since(used_at) >= TOUCH_EVERY) {
            let sql = "update api_token set used_at = $2 where api_token_id = $1";
            self.note(sql, &[id.into(), now.into()]).await?;
        }
        let actor = Actor { user: person.id, unit, roles };
        Ok(Some(TokenHolder { id, person, actor }))
    }

    /// The person's tokens, newest first, those that are no longer good included; by
    /// `api_token_by_user`, at most 200.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn api_token_list(&self, user: UserId) -> Result<Vec<ApiToken>, PeopleError> {
        const SQL: &str = "
            select api_token_id, unit_id, name, created_at, ends_at, used_at, revoked_at
              from api_token
             where user_id = $1
             order by created_at desc, api_token_id desc
             limit 200";
        let mut tx = self.database.read().await?;
        let rows = tx.rows(SQL, &[user.into()]).await?;
        Ok(rows.iter().map(api_token).collect::<Result<_, _>>()?)
    }

    /// Revokes a token: one's own, or as security administrator anybody's.
    ///
    /// # Errors
    /// [`PeopleError::NotFound`] when it is not theirs or revoked already.
    pub async fn api_token_revoke(&self, by: Authority, token: i64) -> Result<(), PeopleError> {
        const OWNER: &str = "
            select user_id, unit_id from api_token
             where api_token_id = $1 and revoked_at is null";
        const SQL: &str = "
            update api_token set revoked_at = $2 where api_token_id = $1 and revoked_at is null";
        let at = self.now();
        let mut tx = self.database.write().await?;
        let row = tx.row(OWNER, &[token.into()]).await?.ok_or(PeopleError::NotFound("token"))?;
        let (owner, unit): (UserId, UnitId) = (row.get(0)?, row.get(1)?);
        if by.user() != Some(owner) {
            // What one may not see looks like what does not exist.
            match require(&mut tx, by, &[PlatformRole::SecurityAdministrator]).await {
                Err(PeopleError::Refused(_)) => return Err(PeopleError::NotFound("token")),
                other => other?,
            }
        }
        tx.execute(SQL, &[token.into(), at.into()]).await?;
        let act = AdminAct::TokenRevoked;
        let detail = json!({ "token": token });
        let target = Target::User(owner);
        let entry = AdminEntry { at, by, act, target, unit: Some(unit), detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn api_token(row: &Row) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.get(0)?,
        unit: row.get(1)?,
        name: row.get(2)?,
        created_at: row.get(3)?,
        ends_at: row.get(4)?,
        used_at: row.get(5)?,
        revoked_at: row.get(6)?,
    })
}

/// Revokes every token of a user.
pub(crate) async fn api_token_revoke_all(
    tx: &mut Tx,
    user: UserId,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "
        update api_token set revoked_at = $2 where user_id = $1 and revoked_at is null";
    tx.execute(SQL, &[user.into(), at.into()]).await?;
    Ok(())
}

/// Revokes the tokens of a user that act for a unit.
pub(crate) async fn api_token_revoke_at(
    tx: &mut Tx,
    user: UserId,
    unit: UnitId,
    at: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "
        update api_token set revoked_at = $3
         where user_id = $1 and unit_id = $2 and revoked_at is null";
    tx.execute(SQL, &[user.into(), unit.into(), at.into()]).await?;
    Ok(())
}
