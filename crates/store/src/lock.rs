//! Locks that follow failures: of an account, and of an address.
//!
//! Passwords and codes are guessed at one and the same door, so they are counted together. An unknown
//! login name is counted and locked like a known one, so that nothing tells which names exist.

use std::net::IpAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use procedure::UserId;
use serde_json::json;

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::{Authority, People, PeopleError, PeopleRefusal};
use crate::row::Value;
use crate::session::Session;
use crate::setting::Setting;

/// Failures and locks are forgotten after this time without a further one.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Longest a lock lasts.
const LOCK_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Longest login name that is counted by itself: texts of any length may be tried.
const LOGIN_CHARS_MAX: usize = 64;

/// What was asked for, as the journal names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The password, at the door.
    Password,
    /// The code, after the password.
    Code,
    /// An account for whom the provider named.
    Provider,
    /// The present password, by somebody signed in.
    OwnPassword,
    /// A code, by somebody signed in.
    OwnCode,
}

impl Step {
    fn id(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Code => "code",
            Self::Provider => "provider",
            Self::OwnPassword => "own-password",
            Self::OwnCode => "own-code",
        }
    }
}

/// Somebody who tries to prove who they are, and what their failures are counted by.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    keys: Vec<(String, Setting)>,
    user: Option<UserId>,
    address: Option<String>,
    step: Step,
}

impl Attempt {
    /// At the door: counted by account and by address.
    pub(crate) fn at_the_door(login: &str, address: &str, step: Step) -> Self {
        Self {
            keys: vec![
                (account_key(login), Setting::LockAccountAfter),
                (address_key(address), Setting::LockAddressAfter),
            ],
            user: None,
            address: Some(address.to_owned()),
            step,
        }
    }

    /// By somebody of whom no account is known: written down and not counted.
    pub(crate) fn of_nobody(address: &str, step: Step) -> Self {
        Self { keys: Vec::new(), user: None, address: Some(address.to_owned()), step }
    }

    /// By somebody signed in: counted by account.
    pub(crate) fn signed_in(session: &Session, step: Step) -> Self {
        Self {
            keys: vec![(account_key(&session.login_name), Setting::LockAccountAfter)],
            user: Some(session.person.id),
            address: None,
            step,
        }
    }

    /// The same, of an account that is known.
    pub(crate) fn of(self, user: UserId) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Refuses while the account or the address is locked.
    pub(crate) async fn locked_check(
        &self,
        tx: &mut Tx,
        now: Timestamp,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "
            select locked_until from sign_in_guard where guard_key = $1 and locked_until > $2";
        let mut locked: Option<Timestamp> = None;
        for (key, _) in &self.keys {
            locked = locked.max(tx.one(SQL, &[key.into(), now.into()]).await?);
        }
        match locked {
            Some(until) => Err(PeopleRefusal::SignInLocked { until }.into()),
            None => Ok(()),
        }
    }
}

impl People {
    /// Counts a failure and writes it into the journal; says until when it locks, when it does.
    pub(crate) async fn attempt_failed(
        &self,
        attempt: &Attempt,
    ) -> Result<Option<Timestamp>, PeopleError> {
        const FORGET: &str = "
            delete from sign_in_guard
             where failed_at < $1 and (locked_until is null or locked_until < $2)";
        let now = self.now();
        let settings = self.settings();
        let first = settings.minutes(Setting::LockMinutes);
        let mut tx = self.database.write().await?;
        let mut locked: Option<Timestamp> = None;
        for (key, limit) in &attempt.keys {
            let most = i64::from(settings.get(*limit));
            locked = locked.max(guard_fail(&mut tx, key, most, first, now).await?);
        }
        let address = attempt.address.clone();
        let nobody = || Target::Address(address.clone().unwrap_or_default());
        let mut entry = AdminEntry {
            at: now,
            by: Authority::Program,
            act: AdminAct::SignInFailed,
            target: attempt.user.map_or_else(nobody, Target::User),
            unit: None,
            detail: json!({ "address": address, "step": attempt.step.id() }),
        };
        admin_event_append(&mut tx, entry.clone()).await?;
        if let Some(until) = locked {
            entry.act = AdminAct::Locked;
            entry.detail = json!({ "address": address, "until": until });
            admin_event_append(&mut tx, entry).await?;
        }
        let forget = now.checked_sub(FORGET_AFTER).unwrap_or(Timestamp::MIN);
        tx.execute(FORGET, &[forget.into(), now.into()]).await?;
        tx.commit().await?;
        Ok(locked)
    }
}

fn account_key(login: &str) -> String {
    let login: String = login.chars().take(LOGIN_CHARS_MAX).collect();
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
}
