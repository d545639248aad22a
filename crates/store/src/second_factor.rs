//! The second factor: a code of six digits from an authenticator app (TOTP, RFC 6238), or one of ten
//! recovery codes where the telephone is not at hand.
//!
//! A code is good for its half-minute and the one before and after, and counts once: the step of time it
//! stands for is written down in the transaction of what it opens, so that neither a second request nor
//! another process takes it again. Codes are guessed at the same door as passwords and are counted with
//! them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use procedure::UserId;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Secret, Totp, TotpError};

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::lock::{Attempt, Step, guard_open};
use crate::people::{Authority, People, PeopleError, PeopleRefusal, require};
use crate::randomness::hex;
use crate::role::{AnyRole, PlatformRole};
use crate::row::Value;
use crate::session::{Session, session_end_all};
use crate::user::{secret_to_type, user_fetch};
use crate::vault::{Place, SealError};

/// How many recovery codes a person is given.
pub const RECOVERY_CODES: usize = 10;
/// Bytes of the shared secret: as many as SHA-1 gives (RFC 4226, section 4).
const SECRET_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;
/// Characters of a recovery code without its dashes.
const RECOVERY_CHARS: usize = 24;
/// How the platform is called in the authenticator app.
const ISSUER: &str = "联动";

/// Where a person stands with the second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    /// There is none.
    None,
    /// The secret was shown and a first code is awaited.
    Begun(Shared),
    /// It is asked for at every sign-in.
    On {
        /// Since when.
        since: Timestamp,
        /// Recovery codes that are still good.
        codes_left: u32,
    },
}

/// What the person's authenticator app is told.
#[derive(Clone, PartialEq, Eq)]
pub struct Shared {
    /// The secret in letters and digits, in groups of four, to be typed.
    pub words: String,
    /// The address the app reads from the picture (`otpauth://totp/…`).
    pub address: String,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

/// How many of a role's people have a second factor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// People with an open account who hold the role.
    pub people: i64,
    /// Of these, who have one.
    pub enrolled: i64,
}

/// A second factor that was just set up.
#[derive(Clone)]
pub struct NewSecondFactor {
    /// The recovery codes; shown once and kept nowhere.
    pub codes: Vec<String>,
    /// The session's new token.
    pub token: String,
}

impl People {
    /// Where a person stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn second_factor_fetch(
        &self,
        session: &Session,
    ) -> Result<SecondFactor, PeopleError> {
        const LEFT: &str = "
            select count(*) from recovery_code where user_id = $1 and used_at is null";
        let user = session.person.id;
        let mut tx = self.database.read().await?;
        Ok(match row(&mut tx, user).await? {
            None => SecondFactor::None,
            Some(Row { confirmed_at: Some(since), .. }) => {
                let left: i64 = tx.one(LEFT, &[user.into()]).await?.unwrap_or(0);
                SecondFactor::On { since, codes_left: u32::try_from(left).unwrap_or(0) }
            }
            Some(Row { secret, confirmed_at: None, .. }) => {
                let secret = self.unsealed(user, &secret)?;
                SecondFactor::Begun(shared(secret, &session.login_name)?)
            }
        })
    }

    /// Makes a secret for a person to put into their app; over one that was not confirmed.
    ///
    /// # Errors
    /// [`PeopleRefusal::SecondFactorHeld`].
    pub async fn second_factor_begin(&self, session: &Session) -> Result<(), PeopleError> {
        const SQL: &str = "
            insert into second_factor (user_id, secret, begun_at, confirmed_at, used_step)
            values ($1, $2, $3, null, 0)
            on conflict (user_id) do update
               set secret = excluded.secret, begun_at = excluded.begun_at";
        let user = session.person.id;
        let mut secret = [0_u8; SECRET_BYTES];
        self.randomness.fill(&mut secret)?;
        let sealed = self.sealed(user, &secret)?;
        let now = self.now();
        let mut tx = self.database.write().await?;
        if second_factor_is_on(&mut tx, user).await? {
            return Err(PeopleRefusal::SecondFactorHeld.into());
        }
        tx.execute(SQL, &[user.into(), sealed.into(), now.into()]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The first code is right: from now on one is asked for. The person's other sessions end, and this
    /// one gets a new token.
    ///
    /// # Errors
    /// Field `code`; [`PeopleRefusal::NoSecondFactor`] when none was begun,
    /// [`PeopleRefusal::SecondFactorHeld`], [`PeopleRefusal::SignInLocked`].
    pub async fn second_factor_confirm(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<NewSecondFactor, PeopleError> {
        const SQL: &str = "
            update second_factor set confirmed_at = $2 where user_id = $1";
        let user = session.person.id;
        let mut tx = self.database.read().await?;
        match row(&mut tx, user).await? {
            None => return Err(PeopleRefusal::NoSecondFactor.into()),
            Some(Row { confirmed_at: Some(_), .. }) => {
                return Err(PeopleRefusal::SecondFactorHeld.into());
            }
            Some(_) => drop(tx),
        }
        let attempt = Attempt::signed_in(session, Step::OwnCode);
        let mut tx = self.code_take(&attempt, user, code).await?;
        let now = self.now();
        tx.execute(SQL, &[user.into(), now.into()]).await?;
        let codes = self.recovery_codes_insert(&mut tx, user, now).await?;
        session_end_all(&mut tx, user, Some(session.id)).await?;
        guard_open(&mut tx, &session.login_name).await?;
        let token = self.session_renew(&mut tx, session, true).await?;
        note(&mut tx, session, AdminAct::SecondFactorSet, now).await?;
        tx.commit().await?;
        Ok(NewSecondFactor { codes, token })
    }

    /// Ten new recovery codes in place of the old ones.
    ///
    /// # Errors
    /// Field `code`; [`PeopleRefusal::NoSecondFactor`], [`PeopleRefusal::SignInLocked`].
    pub async fn recovery_codes_renew(
        &self,
        session: &Session,
        code: &str,
    ) -> Result<Vec<String>, PeopleError> {
        let user = session.person.id;
        if !session.has_second_factor {
            return Err(PeopleRefusal::NoSecondFactor.into());
        }
        let attempt = Attempt::signed_in(session, Step::OwnCode);
        let mut tx = self.code_take(&attempt, user, code).await?;
        let now = self.now();
        let codes = self.recovery_codes_insert(&mut tx, user, now).await?;
        note(&mut tx, session, AdminAct::RecoveryCodesMade, now).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// A person gives their second factor up, with password and code. Their other sessions end, and
    /// this one gets a new token. Where a role asks for one, another must be set up at once.
    ///
    /// # Errors
    /// Fields `password` and `code`; [`PeopleRefusal::NoSecondFactor`],
    /// [`PeopleRefusal::SignInLocked`].
    pub async fn second_factor_drop(
        &self,
        session: &Session,
        password: &str,
        code: &str,
    ) -> Result<String, PeopleError> {
        let user = session.person.id;
        if !session.has_second_factor {
            return Err(PeopleRefusal::NoSecondFactor.into());
        }
        self.password_own(session, "password", password).await?;
        let attempt = Attempt::signed_in(session, Step::OwnCode);
        let mut tx = self.code_take(&attempt, user, code).await?;
        second_factor_delete(&mut tx, user).await?;
        session_end_all(&mut tx, user, Some(session.id)).await?;
        let token = self.session_renew(&mut tx, session, false).await?;
        note(&mut tx, session, AdminAct::SecondFactorDropped, self.now()).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Takes a person's second factor away, because telephone and recovery codes are lost; by the
    /// security administrator. Their sessions end.
    ///
    /// # Errors
    /// [`PeopleRefusal::ToOneself`], [`PeopleRefusal::NoSecondFactor`], and the others that fit.
    pub async fn second_factor_remove(
        &self,
        by: Authority,
        user: UserId,
    ) -> Result<(), PeopleError> {
        let mut act = self.account_act(by).await?;
        act.require(&[PlatformRole::SecurityAdministrator]).await?;
        act.not_to_oneself(user)?;
        user_fetch(&mut act.tx, user).await?.ok_or(PeopleError::NotFound("user"))?;
        if !second_factor_is_on(&mut act.tx, user).await? {
            return Err(PeopleRefusal::NoSecondFactor.into());
        }
        second_factor_delete(&mut act.tx, user).await?;
        session_end_all(&mut act.tx, user, None).await?;
        crate::sign_in::half_end_all(&mut act.tx, user).await?;
        act.done(AdminAct::SecondFactorRemoved, user, None, json!({})).await
    }

    /// Per role, how many people hold it and how many of them have a second factor; for the security
    /// administrator. One row a role.
    ///
    /// # Errors
    /// [`PeopleRefusal::NotPermitted`] for others.
    pub async fn second_factor_standing(
        &self,
        by: Authority,
    ) -> Result<BTreeMap<AnyRole, Standing>, PeopleError> {
        const SQL: &str = "
            select r.role, count(distinct r.user_id), count(distinct f.user_id)
              from (select user_id, role from user_role
                    union all
                    select user_id, role from platform_role) r
              join user_account a on a.user_id = r.user_id and a.active = 1
              left join second_factor f
                on f.user_id = r.user_id and f.confirmed_at is not null
             group by r.role";
        let mut tx = self.database.read().await?;
        require(&mut tx, by, &[PlatformRole::SecurityAdministrator]).await?;
        let mut standing = BTreeMap::new();
        for row in tx.rows(SQL, &[]).await? {
            if let Some(role) = AnyRole::read(&row.get::<String>(0)?) {
                standing.insert(role, Standing { people: row.get(1)?, enrolled: row.get(2)? });
            }
        }
        Ok(standing)
    }

    /// Takes a code, of the app or of those for recovery, and hands on the transaction in which it is
    /// used up, for what it opens. A failure is counted and written down.
    ///
    /// # Errors
    /// Field `code`; [`PeopleRefusal::SignInLocked`].
    pub(crate) async fn code_take(
        &self,
        attempt: &Attempt,
        user: UserId,
        code: &str,
    ) -> Result<Tx, PeopleError> {
        let now = self.now();
        let code: String = code.chars().filter(|one| !one.is_whitespace() && *one != '-').collect();
        let mut tx = self.database.write().await?;
        attempt.locked_check(&mut tx, now).await?;
        let taken = if code.chars().count() == RECOVERY_CHARS {
            recovery_code_use(&mut tx, user, &code, now).await?
        } else if code.len() == DIGITS && code.bytes().all(|one| one.is_ascii_digit()) {
            self.app_code_use(&mut tx, user, &code, now).await?
        } else {
            false
        };
        if taken {
            return Ok(tx);
        }
        drop(tx);
        Err(match self.attempt_failed(attempt).await? {
            Some(until) => PeopleRefusal::SignInLocked { until }.into(),
            None => PeopleError::field(
                "code",
                "验证码不正确或已用过；请等应用显示下一个验证码再输，并确认手机时间准确",
                "the code is wrong or was used; wait for the next one and check the telephone's clock",
            ),
        })
    }

    async fn app_code_use(
        &self,
        tx: &mut Tx,
        user: UserId,
        code: &str,
        now: Timestamp,
    ) -> Result<bool, PeopleError> {
        const SQL: &str = "
            update second_factor set used_step = $2 where user_id = $1 and used_step < $2";
        let Some(known) = row(tx, user).await? else { return Ok(false) };
        let totp = totp(self.unsealed(user, &known.secret)?, "")?;
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let Some(step) = totp.check(code, seconds) else { return Ok(false) };
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        Ok(tx.execute(SQL, &[user.into(), step.into()]).await? > 0)
    }

    async fn recovery_codes_insert(
        &self,
        tx: &mut Tx,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<String>, PeopleError> {
        const SQL: &str = "
            insert into recovery_code (user_id, code_hash, made_at) values ($1, $2, $3)";
        tx.execute("delete from recovery_code where user_id = $1", &[user.into()]).await?;
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let code = secret_to_type(self.randomness.as_ref(), RECOVERY_CHARS)?;
            let hash = recovery_hash(user, &code.replace('-', ""));
            tx.execute(SQL, &[user.into(), hash.into(), now.into()]).await?;
            codes.push(code);
        }
        Ok(codes)
    }

    /// The secret as it lies in the database.
    fn sealed(&self, user: UserId, secret: &[u8]) -> Result<String, StoreError> {
        self.database.vault().seal(&place(user), secret).map_err(unopened)
    }

    /// The secret that lies so in the database.
    fn unsealed(&self, user: UserId, sealed: &str) -> Result<Vec<u8>, StoreError> {
        self.database.vault().open_sealed(&place(user), sealed).map_err(unopened)
    }
}

/// Where a person's secret lies: elsewhere it does not open.
fn place(user: UserId) -> Place {
    Place::new("second_factor").at("secret").at(user)
}

fn unopened(error: SealError) -> StoreError {
    StoreError::damaged("secret of a second factor", error)
}

struct Row {
    secret: String,
    confirmed_at: Option<Timestamp>,
}

async fn row(tx: &mut Tx, user: UserId) -> Result<Option<Row>, StoreError> {
    const SQL: &str = "select secret, confirmed_at from second_factor where user_id = $1";
    let row = tx.row(SQL, &[user.into()]).await?;
    row.map(|row| Ok(Row { secret: row.get(0)?, confirmed_at: row.get(1)? })).transpose()
}

/// Whether a user has a second factor that is confirmed.
pub(crate) async fn second_factor_is_on(tx: &mut Tx, user: UserId) -> Result<bool, StoreError> {
    Ok(row(tx, user).await?.is_some_and(|row| row.confirmed_at.is_some()))
}

async fn second_factor_delete(tx: &mut Tx, user: UserId) -> Result<(), StoreError> {
    tx.execute("delete from recovery_code where user_id = $1", &[user.into()]).await?;
    tx.execute("delete from second_factor where user_id = $1", &[user.into()]).await?;
    Ok(())
}

async fn note(
    tx: &mut Tx,
    session: &Session,
    act: AdminAct,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (by, target) = (session.authority(), Target::User(session.person.id));
    let entry = AdminEntry { at, by, act, target, unit: None, detail: json!({}) };
    admin_event_append(tx, entry).await
}

/// Uses a recovery code up and writes it into the journal, since it is out of the ordinary.
async fn recovery_code_use(
    tx: &mut Tx,
    user: UserId,
    code: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "
        update recovery_code set used_at = $3
         where user_id = $1 and code_hash = $2 and used_at is null";
    const LEFT: &str = "
        select count(*) from recovery_code where user_id = $1 and used_at is null";
    let hash = recovery_hash(user, &code.to_ascii_lowercase());
    let row: [Value; 3] = [user.into(), hash.into(), now.into()];
    if tx.execute(SQL, &row).await? == 0 {
        return Ok(false);
    }
    let left: i64 = tx.one(LEFT, &[user.into()]).await?.unwrap_or(0);
    let (by, target) = (Authority::Person(user), Target::User(user));
    let (act, detail) = (AdminAct::RecoveryCodeUsed, json!({ "left": left }));
    admin_event_append(tx, AdminEntry { at: now, by, act, target, unit: None, detail }).await?;
    Ok(true)
}

/// A recovery code has 78 bits of chance: a plain hash cannot be searched through.
fn recovery_hash(user: UserId, code: &str) -> String {
    hex(&Sha256::digest(format!("liandong recovery code 1\0{user}\0{code}")))
}

fn totp(secret: Vec<u8>, login: &str) -> Result<Totp, StoreError> {
    // SHA-1, six digits, half a minute, one step of drift: what every authenticator app can do.
    Builder::new()
        .with_secret(secret)
        .with_account_name(login)
        .with_issuer(Some(ISSUER))
        .build()
        .map_err(damaged)
}

fn shared(secret: Vec<u8>, login: &str) -> Result<Shared, StoreError> {
    let letters = Secret::from(secret.clone()).to_base32();
    let groups: Vec<&str> =
        letters.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    let address = totp(secret, login)?.to_url().map_err(damaged)?;
    Ok(Shared { words: groups.join(" "), address })
}

fn damaged(error: TotpError) -> StoreError {
    StoreError::damaged("secret of a second factor", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B, of which six digits are the last six.
        let totp = totp(b"12345678901234567890".to_vec(), "").unwrap();
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")]
        {
            assert_eq!(totp.generate(seconds).to_string(), code);
            assert_eq!(totp.check(code, seconds), Some(seconds / 30));
            assert_eq!(totp.check(code, seconds + 30), Some(seconds / 30), "a step late");
            assert_eq!(totp.check(code, seconds + 61), None);
        }
    }

    #[test]
    fn the_app_is_told_what_the_person_could_type() {
        let shared = shared(b"12345678901234567890".to_vec(), "liming").unwrap();
        assert_eq!(shared.words, "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let secret = shared.words.replace(' ', "");
        assert!(shared.address.starts_with("otpauth://totp/"), "{}", shared.address);
        assert!(shared.address.contains(&format!("secret={secret}")), "{}", shared.address);
        assert!(shared.address.contains(":liming?"), "{}", shared.address);
    }
}
