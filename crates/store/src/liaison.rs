//! The liaison (联络员): exactly one a unit, on record, handed over with everything open.

use std::collections::BTreeMap;

use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{MatterId, UnitId, UserId};
use serde_json::json;

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::{Authority, People, PeopleError, PeopleRefusal, Powers, powers_fetch};
use crate::role::{
    PlatformRole, business_user_check, role_id, role_read, unit_open_check, user_role_insert,
};
use crate::row::{Row, Value};

/// Longest reason of a handover, in characters.
pub const REASON_CHARS_MAX: usize = 200;

/// A person as shown beside what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub display_name: String,
    /// Their title (职务); may be empty.
    pub title: String,
    /// Their telephone number; may be empty.
    pub phone: String,
    /// Whether the account is open.
    pub active: bool,
}

/// The columns of [`Person`], of a `user_account a`.
pub(crate) const PERSON: &str = "a.user_id, a.display_name, a.title, a.phone, a.active";

pub(crate) fn person(row: &Row, first: usize) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.get(first)?,
        display_name: row.get(first + 1)?,
        title: row.get(first + 2)?,
        phone: row.get(first + 3)?,
        active: row.get(first + 4)?,
    })
}

/// Who works at a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPeople {
    /// The liaison; none until one is appointed.
    pub liaison: Option<Person>,
    /// Everybody with a role there and their roles, by name.
    pub people: Vec<(Person, Vec<RoleName>)>,
    /// Who was liaison when, newest first.
    pub terms: Vec<LiaisonTerm>,
}

/// Who was liaison from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiaisonTerm {
    /// Who.
    pub person: Person,
    /// From when.
    pub started_at: Timestamp,
    /// Until when; none while they are.
    pub ended_at: Option<Timestamp>,
    /// Why they took the post over; empty for the first.
    pub reason: String,
}

/// What a handover moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handover {
    /// Open obligations of the unit that the new liaison answers for.
    pub obligations: u64,
    /// Matters the old liaison saw to for the unit.
    pub matters: u64,
    /// Drafts that changed hands.
    pub drafts: u64,
}

/// Most rows of people at a unit, and most terms.
const UNIT_PEOPLE_MAX: i64 = 2_000;

impl People {
    /// Who works at a unit, by `user_role_by_unit` and `liaison_term_by_unit`. Closed accounts are
    /// left out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unit_people(&self, unit: UnitId) -> Result<UnitPeople, PeopleError> {
        let mut tx = self.database.read().await?;
        let sql = format!(
            "select {PERSON}, r.role
               from user_role r
               join user_account a on a.user_id = r.user_id
              where r.unit_id = $1 and a.active = 1
              order by a.display_name, a.user_id, r.role
              limit $2"
        );
        let mut people: Vec<(Person, Vec<RoleName>)> = Vec::new();
        for row in tx.rows(&sql, &[unit.into(), UNIT_PEOPLE_MAX.into()]).await? {
            let person = person(&row, 0)?;
            let Some(role) = role_read(&row.get::<String>(5)?) else { continue };
            match people.last_mut().filter(|(last, _)| last.id == person.id) {
                Some((_, roles)) => roles.push(role),
                None => people.push((person, vec![role])),
            }
        }
        let liaison = people
            .iter()
            .find(|(_, roles)| roles.contains(&RoleName::Liaison))
            .map(|(person, _)| person.clone());
        let sql = format!(
            "select {PERSON}, t.started_at, t.ended_at, t.reason
               from liaison_term t
               join user_account a on a.user_id = t.user_id
              where t.unit_id = $1
              order by t.started_at desc, t.liaison_term_id desc
              limit $2"
        );
        let rows = tx.rows(&sql, &[unit.into(), UNIT_PEOPLE_MAX.into()]).await?;
        let terms = rows.iter().map(liaison_term).collect::<Result<_, _>>()?;
        Ok(UnitPeople { liaison, people, terms })
    }

    /// Every liaison by unit: one row a unit at most, by `user_role_one_liaison`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn liaison_list_all(&self) -> Result<BTreeMap<UnitId, Person>, PeopleError> {
        let sql = format!(
            "select {PERSON}, r.unit_id
               from user_role r
               join user_account a on a.user_id = r.user_id
              where r.role = 'liaison'"
        );
        let mut tx = self.database.read().await?;
        let rows = tx.rows(&sql, &[]).await?;
        rows.iter().map(|row| Ok((row.get(5)?, person(row, 0)?))).collect()
    }

    /// The liaisons of some units.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn liaison_list(
        &self,
        units: &[UnitId],
    ) -> Result<BTreeMap<UnitId, Person>, PeopleError> {
        let sql = format!(
            "select {PERSON}, r.unit_id
               from user_role r
               join user_account a on a.user_id = r.user_id
              where r.role = 'liaison' and r.unit_id = $1"
        );
        let mut tx = self.database.read().await?;
        let mut liaisons = BTreeMap::new();
        for unit in units {
            if let Some(row) = tx.row(&sql, &[(*unit).into()]).await? {
                liaisons.insert(*unit, person(&row, 0)?);
            }
        }
        Ok(liaisons)
    }

    /// Hands the post of liaison over, with every open obligation of the unit, the matters the old
    /// liaison saw to and the drafts written for the unit. By a leader or administrator of the unit
    /// or by the security administrator; never to oneself.
    ///
    /// # Errors
    /// [`PeopleRefusal::NotLiaison`], [`PeopleRefusal::NotOfTheUnit`], [`PeopleRefusal::ToOneself`],
    /// [`PeopleRefusal::SeparateDuties`], or fields `to` and `reason`.
    pub async fn liaison_hand_over(
        &self,
        by: Authority,
        unit: UnitId,
        from: UserId,
        to: UserId,
        reason: &str,
    ) -> Result<Handover, PeopleError> {
        let reason = reason.trim();
        let length = reason.chars().count();
        if !(2..=REASON_CHARS_MAX).contains(&length) {
            return Err(PeopleError::field(
                "reason",
                format!("请写明交接原因（2 至 {REASON_CHARS_MAX} 字）"),
                format!("say why, in 2 to {REASON_CHARS_MAX} characters"),
            ));
        }
        if from == to {
            return Err(PeopleError::field(
                "to",
                "接任人与现任联络员为同一人",
                "the new liaison is the present one",
            ));
        }
        let at = self.now();
        let mut tx = self.database.write().await?;
        unit_authority_check(&mut tx, by, unit).await?;
        if by.user() == Some(to) {
            return Err(PeopleRefusal::ToOneself.into());
        }
        unit_open_check(&mut tx, unit).await?;
        business_user_check(&mut tx, to).await?;
        if liaison_remove(&mut tx, unit, from).await? == 0 {
            return Err(PeopleRefusal::NotLiaison.into());
        }
        user_role_insert(&mut tx, by, to, unit, RoleName::Liaison, at).await?;
        crate::session::session_mark(&mut tx, from).await?;
        crate::session::session_mark(&mut tx, to).await?;
        liaison_term_close(&mut tx, unit, at).await?;
        liaison_term_open(&mut tx, unit, to, at, reason).await?;
        let moved = Handover {
            obligations: obligation_count_open(&mut tx, unit).await?,
            matters: matter_keeper_move(&mut tx, unit, from, to, at).await?,
            drafts: draft_move(&mut tx, unit, from, to).await?,
        };
        let detail = json!({
            "from": from, "to": to, "reason": reason, "obligations": moved.obligations,
            "matters": moved.matters, "drafts": moved.drafts,
        });
        let act = AdminAct::LiaisonHandedOver;
        let entry =
            AdminEntry { at, by, act, target: Target::Unit(unit), unit: Some(unit), detail };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        Ok(moved)
    }

    /// Names the person who sees to a matter for a unit (承办人). By anybody with a role there but a
    /// viewer's; the matter is one the caller has seen.
    ///
    /// # Errors
    /// [`PeopleRefusal::NotYourPost`] for others; [`PeopleRefusal::RoleNotHeld`] when the person named
    /// has no role at the unit.
    pub async fn matter_keeper_set(
        &self,
        by: UserId,
        unit: UnitId,
        matter: &MatterId,
        keeper: UserId,
    ) -> Result<(), PeopleError> {
        const SQL: &str = "
            insert into matter_keeper (matter_id, unit_id, user_id, since_at)
            values ($1, $2, $3, $4)
            on conflict (matter_id, unit_id) do update
               set user_id = excluded.user_id, since_at = excluded.since_at";
        let at = self.now();
        let mut tx = self.database.write().await?;
        let writes = |powers: &Powers| {
            let roles = powers.posts.get(&unit);
            roles.is_some_and(|roles| roles.iter().any(|role| *role != RoleName::Viewer))
        };
        if !writes(&powers_fetch(&mut tx, by).await?) {
            return Err(PeopleRefusal::NotYourPost.into());
        }
        if !writes(&powers_fetch(&mut tx, keeper).await?) {
            return Err(PeopleRefusal::RoleNotHeld.into());
        }
        tx.execute(SQL, &[matter.into(), unit.into(), keeper.into(), at.into()]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Who sees to a matter, by unit; by `matter_keeper_pkey`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn matter_keeper_list(
        &self,
        matter: &MatterId,
    ) -> Result<BTreeMap<UnitId, Person>, PeopleError> {
        let sql = format!(
            "select {PERSON}, k.unit_id
               from matter_keeper k
               join user_account a on a.user_id = k.user_id
              where k.matter_id = $1"
        );
        let mut tx = self.database.read().await?;
        let rows = tx.rows(&sql, &[matter.into()]).await?;
        rows.iter().map(|row| Ok((row.get(5)?, person(row, 0)?))).collect()
    }
}

fn liaison_term(row: &Row) -> Result<LiaisonTerm, StoreError> {
    Ok(LiaisonTerm {
        person: person(row, 0)?,
        started_at: row.get(5)?,
        ended_at: row.get(6)?,
        reason: row.get(7)?,
    })
}

/// Refuses whoever is neither leader nor administrator of the unit nor the security administrator.
pub(crate) async fn unit_authority_check(
    tx: &mut Tx,
    by: Authority,
    unit: UnitId,
) -> Result<(), PeopleError> {
    let Authority::Person(user) = by else { return Ok(()) };
    let powers = powers_fetch(tx, user).await?;
    let allowed = powers.platform == Some(PlatformRole::SecurityAdministrator)
        || powers.holds(unit, RoleName::Leader)
        || powers.holds(unit, RoleName::UnitAdmin);
    if allowed { Ok(()) } else { Err(PeopleRefusal::NotOfTheUnit.into()) }
}

/// The liaison of a unit, by `user_role_one_liaison`.
pub(crate) async fn liaison_fetch(tx: &mut Tx, unit: UnitId) -> Result<Option<Person>, StoreError> {
    let sql = format!(
        "select {PERSON}
           from user_role r
           join user_account a on a.user_id = r.user_id
          where r.unit_id = $1 and r.role = 'liaison'"
    );
    tx.row(&sql, &[unit.into()]).await?.map(|row| person(&row, 0)).transpose()
}

/// The units a user is liaison of, by `user_role_pkey`.
pub(crate) async fn liaison_units(tx: &mut Tx, user: UserId) -> Result<Vec<String>, StoreError> {
    const SQL: &str = "
        select u.name
          from user_role r
          join unit u on u.unit_id = r.unit_id
         where r.user_id = $1 and r.role = $2
         order by u.code";
    let rows = tx.rows(SQL, &[user.into(), role_id(RoleName::Liaison).into()]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}

async fn liaison_remove(tx: &mut Tx, unit: UnitId, user: UserId) -> Result<u64, StoreError> {
    const SQL: &str = "
        delete from user_role where unit_id = $1 and user_id = $2 and role = 'liaison'";
    tx.execute(SQL, &[unit.into(), user.into()]).await
}

pub(crate) async fn liaison_term_open(
    tx: &mut Tx,
    unit: UnitId,
    user: UserId,
    at: Timestamp,
    reason: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "
        insert into liaison_term (unit_id, user_id, started_at, reason) values ($1, $2, $3, $4)";
    tx.execute(SQL, &[unit.into(), user.into(), at.into(), reason.into()]).await?;
    Ok(())
}

async fn liaison_term_close(tx: &mut Tx, unit: UnitId, at: Timestamp) -> Result<(), StoreError> {
    const SQL: &str = "
        update liaison_term set ended_at = $2 where unit_id = $1 and ended_at is null";
    tx.execute(SQL, &[unit.into(), at.into()]).await?;
    Ok(())
}

/// Open obligations a unit owes, by `obligation_open_by_debtor`.
pub(crate) async fn obligation_count_open(tx: &mut Tx, unit: UnitId) -> Result<u64, StoreError> {
    const SQL: &str = "
        select count(*) from obligation where debtor_unit_id = $1 and is_open = 1";
    Ok(tx.one(SQL, &[unit.into()]).await?.unwrap_or(0))
}

async fn matter_keeper_move(
    tx: &mut Tx,
    unit: UnitId,
    from: UserId,
    to: UserId,
    at: Timestamp,
) -> Result<u64, StoreError> {
    const SQL: &str = "
        update matter_keeper set user_id = $3, since_at = $4 where unit_id = $1 and user_id = $2";
    tx.execute(SQL, &[unit.into(), from.into(), to.into(), at.into()]).await
}

/// Moves the drafts written for a unit. A draft the new person has of the same form stays theirs,
/// and the old one stays where it was: nothing is written over.
async fn draft_move(
    tx: &mut Tx,
    unit: UnitId,
    from: UserId,
    to: UserId,
) -> Result<u64, StoreError> {
    const SQL: &str = "
        update draft set user_id = $3
         where unit_id = $1 and user_id = $2
           and not exists (select 1 from draft other
                            where other.user_id = $3 and other.form = draft.form
                              and other.matter_id = draft.matter_id)";
    let values: [Value; 3] = [unit.into(), from.into(), to.into()];
    tx.execute(SQL, &values).await
}
