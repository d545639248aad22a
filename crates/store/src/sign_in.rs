//! Signing in: by password, with the code of a second factor after it, or by word of an identity
//! provider. The demo's switch of roles needs neither.
//!
//! Whoever gave the right password and has a second factor is **half** in: that is a state of its own
//! with a token of its own, lasts minutes and opens nothing but the page that asks for the code.

use jiff::{SignedDuration, Timestamp};
use procedure::UserId;

use crate::db::Tx;
use crate::error::StoreError;
use crate::lock::{Attempt, Step, guard_open};
use crate::people::{People, PeopleError, PeopleRefusal};
use crate::randomness::secret;
use crate::row::Value;
use crate::second_factor::second_factor_is_on;
use crate::session::{NewSession, Opening, Road, token_hash};

/// How long after the right password the code may come.
pub const HALF_MINUTES: i64 = 5;

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

/// What came of the first step.
#[derive(Clone)]
pub enum Entry {
    /// A session.
    Whole(Box<NewSession>),
    /// The code is still missing.
    Half(NewHalf),
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "Whole",
            Self::Half(_) => "Half",
        })
    }
}

/// A half sign-in that was just begun.
#[derive(Clone)]
pub struct NewHalf {
    /// The token for its cookie; kept nowhere.
    pub token: String,
}

/// Somebody whose code is still missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Half {
    /// The person.
    pub user: UserId,
    /// The name they sign in with.
    pub login_name: String,
    /// When it is too late for the code.
    pub ends_at: Timestamp,
    road: Road,
}

impl People {
    /// Signs a person in by password.
    ///
    /// # Errors
    /// [`PeopleRefusal::SignInWrong`], [`PeopleRefusal::SignInLocked`], or, with the right password,
    /// [`PeopleRefusal::SignInClosed`].
    pub async fn sign_in(&self, given: &SignIn<'_>) -> Result<Entry, PeopleError> {
        const SQL: &str = "
            select user_id, password_hash, active from user_account where login_name = $1";
        let login = given.login_name.trim().to_lowercase();
        let attempt = Attempt::at_the_door(&login, given.address, Step::Password);
        let mut tx = self.database.read().await?;
        attempt.locked_check(&mut tx, self.now()).await?;
        let account = tx.row(SQL, &[(&login).into()]).await?;
        drop(tx);
        let (user, hash, active): (Option<UserId>, Option<String>, bool) = match &account {
            Some(row) => (row.get(0)?, row.get(1)?, row.get(2)?),
            None => (None, None, false),
        };
        // An unknown name costs a hash as well.
        let right = self.passwords.matches(given.password, hash.as_deref()).await?;
        let (Some(user), true) = (user, right) else {
            let attempt = match user {
                Some(user) => attempt.of(user),
                None => attempt,
            };
            return Err(match self.attempt_failed(&attempt).await? {
                Some(until) => PeopleRefusal::SignInLocked { until },
                None => PeopleRefusal::SignInWrong,
            }
            .into());
        };
        if !active {
            return Err(PeopleRefusal::SignInClosed.into());
        }
        let outdated = hash.is_some_and(|hash| self.passwords.is_outdated(&hash));
        let fresh = if outdated { Some(self.passwords.hash(given.password).await?) } else { None };
        let now = self.now();
        let mut tx = self.database.write().await?;
        // A guess that was being checked while the account was locked does not count, even if right.
        attempt.locked_check(&mut tx, now).await?;
        if let Some(fresh) = fresh {
            let sql = "update user_account set password_hash = $2 where user_id = $1";
            tx.execute(sql, &[user.into(), fresh.into()]).await?;
        }
        let entry = if second_factor_is_on(&mut tx, user).await? {
            // The failures stay counted: whoever knows the password may still be guessing codes.
            Entry::Half(self.half_insert(&mut tx, user, Road::Password, now).await?)
        } else {
            guard_open(&mut tx, &login).await?;
            let opening = Opening {
                road: Road::Password,
                two_factors: false,
                address: given.address,
                agent: given.agent,
            };
            Entry::Whole(Box::new(self.session_insert(&mut tx, user, opening, now).await?))
        };
        tx.commit().await?;
        Ok(entry)
    }

    /// Signs in whom the identity provider named. `vouches`: its word counts for both factors;
    /// otherwise whoever has a second factor is still asked for the code.
    ///
    /// # Errors
    /// [`PeopleRefusal::ProviderUnknown`] when no account has that name,
    /// [`PeopleRefusal::SignInClosed`].
    pub async fn sign_in_by_provider(
        &self,
        name: &str,
        vouches: bool,
        address: &str,
        agent: &str,
    ) -> Result<Entry, PeopleError> {
        const SQL: &str = "select user_id, active from user_account where login_name = $1";
        let login = name.trim().to_lowercase();
        let now = self.now();
        let mut tx = self.database.write().await?;
        let Some(account) = tx.row(SQL, &[(&login).into()]).await? else {
            drop(tx);
            self.attempt_failed(&Attempt::of_nobody(address, Step::Provider)).await?;
            return Err(PeopleRefusal::ProviderUnknown { name: shown(name) }.into());
        };
        let (user, active): (UserId, bool) = (account.get(0)?, account.get(1)?);
        if !active {
            return Err(PeopleRefusal::SignInClosed.into());
        }
        let entry = if !vouches && second_factor_is_on(&mut tx, user).await? {
            Entry::Half(self.half_insert(&mut tx, user, Road::Provider, now).await?)
        } else {
            let opening = Opening { road: Road::Provider, two_factors: vouches, address, agent };
            Entry::Whole(Box::new(self.session_insert(&mut tx, user, opening, now).await?))
        };
        tx.commit().await?;
        Ok(entry)
    }

    async fn half_insert(
        &self,
        tx: &mut Tx,
        user: UserId,
        road: Road,
        now: Timestamp,
    ) -> Result<NewHalf, PeopleError> {
        const SQL: &str = "
            insert into sign_in_half (token_hash, user_id, road, ends_at) values ($1, $2, $3, $4)";
        tx.execute("delete from sign_in_half where ends_at <= $1", &[now.into()]).await?;
        let token = secret(self.randomness.as_ref())?;
        let lasts = SignedDuration::from_mins(HALF_MINUTES);
        let ends_at = now.checked_add(lasts).unwrap_or(Timestamp::MAX);
        let row: [Value; 4] =
            [token_hash(&token).into(), user.into(), road.id().into(), ends_at.into()];
        tx.execute(SQL, &row).await?;
        Ok(NewHalf { token })
    }

    /// Whose code is still missing, by the token of the half sign-in; none when it is too late.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn half_fetch(&self, token: &str) -> Result<Option<Half>, PeopleError> {
        let mut tx = self.database.read().await?;
        Ok(half_row(&mut tx, token, self.now()).await?)
    }

    /// The code is given: the half sign-in becomes a session.
    ///
    /// # Errors
    /// Field `code`; [`PeopleRefusal::HalfOver`], [`PeopleRefusal::SignInLocked`].
    pub async fn sign_in_finish(
        &self,
        token: &str,
        code: &str,
        address: &str,
        agent: &str,
    ) -> Result<NewSession, PeopleError> {
        let half = self.half_fetch(token).await?.ok_or(PeopleRefusal::HalfOver)?;
        let attempt = Attempt::at_the_door(&half.login_name, address, Step::Code).of(half.user);
        let mut tx = self.code_take(&attempt, half.user, code).await?;
        let now = self.now();
        // Of two requests with one half, one opens the session.
        let sql = "delete from sign_in_half where token_hash = $1";
        if tx.execute(sql, &[token_hash(token).into()]).await? == 0 {
            return Err(PeopleRefusal::HalfOver.into());
        }
        guard_open(&mut tx, &half.login_name).await?;
        let opening = Opening { road: half.road, two_factors: true, address, agent };
        let session = self.session_insert(&mut tx, half.user, opening, now).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Whoever is half in goes away again.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn half_drop(&self, token: &str) -> Result<(), PeopleError> {
        let mut tx = self.database.write().await?;
        let sql = "delete from sign_in_half where token_hash = $1";
        tx.execute(sql, &[token_hash(token).into()]).await?;
        tx.commit().await?;
        Ok(())
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
        let opening = Opening { road: Road::Demo, two_factors: false, address, agent };
        let session = self.session_insert(&mut tx, user, opening, now).await?;
        tx.commit().await?;
        Ok(session)
    }
}

/// Longest name of a provider's that is shown.
const NAME_CHARS_MAX: usize = 64;

fn shown(name: &str) -> String {
    name.chars().filter(|one| !one.is_control()).take(NAME_CHARS_MAX).collect()
}

async fn half_row(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<Half>, StoreError> {
    const SQL: &str = "
        select h.user_id, a.login_name, h.ends_at, h.road
          from sign_in_half h
          join user_account a on a.user_id = h.user_id
         where h.token_hash = $1 and h.ends_at > $2 and a.active = 1";
    let row = tx.row(SQL, &[token_hash(token).into(), now.into()]).await?;
    row.map(|row| {
        Ok(Half {
            user: row.get(0)?,
            login_name: row.get(1)?,
            ends_at: row.get(2)?,
            road: Road::read(&row.get::<String>(3)?),
        })
    })
    .transpose()
}

/// Ends every half sign-in of a user.
pub(crate) async fn half_end_all(tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
    tx.execute("delete from sign_in_half where user_id = $1", &[user.into()]).await?;
    Ok(())
}
