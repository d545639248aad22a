//! Opening a seal (启封): who informed is read by the handler who wrote it down and by nobody else, until
//! somebody asks in their own name and with a reason, and a leader of the unit that wrote it, who is
//! another person, opens it to them for a limited time.
//!
//! Every step is an entry of the administrators' journal and so a leaf of the log; it names the matter by
//! its id and the field, and commits to the reason without telling it. Whoever works at the unit that
//! wrote the field, its custodian, is told of every step, and so is whoever asked; nobody else.

use std::collections::BTreeSet;

use calendar::Words;
use jiff::Timestamp;
use procedure::definition::{RoleName, Tier};
use procedure::{FieldError, Matter, MatterId, UnitId, UserId};
use serde_json::{Value as Json, json};

use crate::db::Tx;
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::matter::body_in_scope;
use crate::people::Authority;
use crate::row::{Row, Value};
use crate::scope::Scope;
use crate::setting::{Setting, settings_fetch};
use crate::store::Store;
use crate::vault::{Place, Vault};
use crate::visibility::{Opened, sees};

/// Most characters of a reason.
pub const REASON_CHARS_MAX: usize = 500;
/// Most applications shown of a matter, or of a unit.
pub const OPENINGS_MAX: i64 = 50;
/// Matters whose writers are named at once when the column is new.
const MATTERS_AT_ONCE: i64 = 500;

/// An application to read what is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealOpening {
    /// Its number.
    pub id: i64,
    /// The matter.
    pub matter: MatterId,
    /// The field.
    pub field: String,
    /// Who asks to read it.
    pub user: UserId,
    /// Their name.
    pub user_name: String,
    /// For which unit.
    pub unit: UnitId,
    /// The unit that wrote it, whose leaders answer.
    pub writer_unit: UnitId,
    /// Why.
    pub reason: String,
    /// When they asked.
    pub asked_at: Timestamp,
    /// What was answered; none while it waits.
    pub answer: Option<SealAnswer>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealAnswer {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: UserId,
    /// Their name.
    pub by_name: String,
    /// Until when it is open; none: it was refused.
    pub open_until: Option<Timestamp>,
    /// Why it was refused; empty when it was not.
    pub refusal: String,
}

/// Why an application was not taken, or not answered.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no such matter, field or application for whoever asks.
    #[error("there is nothing of that kind to open")]
    NotFound,
    /// Something was filled in wrongly.
    #[error("{}: {}", .0.field, .0.words.en)]
    Field(FieldError),
    /// The rules say no.
    #[error("{}", .0.en)]
    Refused(Words),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Seals that are open to a reader now; asked of the database only when one of these matters has a
    /// sealed field. By `seal_opening_by_user`.
    pub(crate) async fn opened<'m>(
        &self,
        scope: &Scope,
        matters: impl IntoIterator<Item = &'m Matter> + Send,
    ) -> Result<Opened, StoreError> {
        const SQL: &str = "
            select matter_id, field from seal_opening
             where user_id = $1 and unit_id = $2 and open_until > $3";
        let rules = self.rules();
        let any = matters.into_iter().any(|matter| {
            let fields = rules.of(matter).map_or(&[][..], |procedure| &procedure.fields);
            fields
                .iter()
                .any(|field| field.tier == Tier::Sealed && matter.fields.contains_key(&field.id))
        });
        if !any {
            return Ok(Opened::default());
        }
        let asked = [scope.user.into(), scope.unit.into(), self.now().into()];
        let rows = self.database().rows(SQL, &asked).await?;
        let open = rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?)));
        Ok(Opened(open.collect::<Result<_, StoreError>>()?))
    }

    /// Asks to read a sealed field in one's own name; says the application's number.
    ///
    /// # Errors
    /// [`SealError`]; without a reason [`SealError::Field`].
    pub async fn seal_ask(
        &self,
        scope: &Scope,
        matter: &MatterId,
        field: &str,
        reason: &str,
    ) -> Result<i64, SealError> {
        const SQL: &str = "
            insert into seal_opening (matter_id, field, user_id, unit_id, writer_unit_id, reason, asked_at)
            values ($1, $2, $3, $4, $5, $6, $7) returning seal_opening_id";
        const WAITS: &str = "
            select 1 from seal_opening
             where matter_id = $1 and field = $2 and user_id = $3 and unit_id = $4
               and (answered_at is null or open_until > $5)";
        let reason = reason_of("reason", reason)?;
        let now = self.now();
        let mut tx = self.read().await?;
        let Some((found, provenance)) = body_in_scope(&mut tx, scope, matter).await? else {
            return Err(SealError::NotFound);
        };
        drop(tx);
        let rules = self.rules();
        let tier = rules.of(&found).and_then(|procedure| procedure.field(field)).map(|it| it.tier);
        let is_filled = found.fields.get(field).is_some_and(|value| !value.is_empty());
        if tier != Some(Tier::Sealed) || !is_filled {
            return Err(SealError::NotFound);
        }
        if !scope.works() {
            return Err(refused(
                "查阅人员、单位管理员不办理事项，不能申请查阅密封内容",
                "viewers and unit administrators do not work on matters and cannot ask to read what is sealed",
            ));
        }
        let writer = provenance.writer(field);
        let Some(writer_unit) = writer.unit else { return Err(SealError::NotFound) };
        if sees(Tier::Sealed, writer, scope, false) {
            return Err(refused(
                "该内容由您本人填写，可以直接查看",
                "you wrote this yourself and can read it",
            ));
        }
        let mut tx = self.database().write().await?;
        let key: [Value; 5] =
            [matter.into(), field.into(), scope.user.into(), scope.unit.into(), now.into()];
        if tx.row(WAITS, &key).await?.is_some() {
            return Err(refused(
                "您对该内容的申请正在等待答复，或者已获准且仍在开放时间内",
                "your application for this is waiting for its answer, or the seal is open to you still",
            ));
        }
        let sealed = seal_words(tx.vault(), matter, "reason", &reason)?;
        let row: [Value; 7] = [
            matter.into(),
            field.into(),
            scope.user.into(),
            scope.unit.into(),
            writer_unit.into(),
            sealed.into(),
            now.into(),
        ];
        let id: i64 = tx.one(SQL, &row).await?.unwrap_or_default();
        let detail = json!({ "field": field, "opening": id, "reason": mark(tx.vault(), &reason)? });
        admin_event_append(&mut tx, entry(scope, now, AdminAct::SealAsked, matter, detail)).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Opens a seal to whoever asked, for as long as [`Setting::SealHours`] says; says until when.
    ///
    /// # Errors
    /// [`SealError`]; [`SealError::Refused`] for one's own application, and for whoever is no leader of the
    /// unit that wrote the field.
    pub async fn seal_open(
        &self,
        scope: &Scope,
        matter: &MatterId,
        id: i64,
    ) -> Result<Timestamp, SealError> {
        const SQL: &str = "
            update seal_opening set answered_at = $2, answered_by = $3, open_until = $4
             where seal_opening_id = $1 and answered_at is null";
        let now = self.now();
        let found = self.seal_answerable(scope, matter, id).await?;
        let mut tx = self.database().write().await?;
        let hours = settings_fetch(&mut tx).await?.hours(Setting::SealHours);
        let until = now.checked_add(hours).unwrap_or(Timestamp::MAX);
        let values = [id.into(), now.into(), scope.user.into(), until.into()];
        if tx.execute(SQL, &values).await? == 0 {
            return Err(answered());
        }
        let detail = json!({
            "field": found.field, "opening": id, "reader": found.user, "until": until.to_string(),
        });
        admin_event_append(&mut tx, entry(scope, now, AdminAct::SealOpened, matter, detail))
            .await?;
        tx.commit().await?;
        Ok(until)
    }

    /// Keeps a seal shut, and says why.
    ///
    /// # Errors
    /// As [`Self::seal_open`]; without words [`SealError::Field`].
    pub async fn seal_keep(
        &self,
        scope: &Scope,
        matter: &MatterId,
        id: i64,
        refusal: &str,
    ) -> Result<(), SealError> {
        const SQL: &str = "
            update seal_opening set answered_at = $2, answered_by = $3, refusal = $4
             where seal_opening_id = $1 and answered_at is null";
        let refusal = reason_of("refusal", refusal)?;
        let now = self.now();
        let found = self.seal_answerable(scope, matter, id).await?;
        let mut tx = self.database().write().await?;
        let sealed = seal_words(tx.vault(), matter, "refusal", &refusal)?;
        let values = [id.into(), now.into(), scope.user.into(), sealed.into()];
        if tx.execute(SQL, &values).await? == 0 {
            return Err(answered());
        }
        let detail = json!({
            "field": found.field, "opening": id, "reader": found.user,
            "refusal": mark(tx.vault(), &refusal)?,
        });
        admin_event_append(&mut tx, entry(scope, now, AdminAct::SealKept, matter, detail)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// An application that somebody may answer.
    async fn seal_answerable(
        &self,
        scope: &Scope,
        matter: &MatterId,
        id: i64,
    ) -> Result<SealOpening, SealError> {
        let all = self.seal_list(scope, matter).await?.ok_or(SealError::NotFound)?;
        let found = all.into_iter().find(|one| one.id == id).ok_or(SealError::NotFound)?;
        if found.user == scope.user {
            return Err(refused(
                "申请人不能批准自己的申请，须由填写单位的其他审批领导答复",
                "nobody answers their own application: another leader of the unit that wrote it does",
            ));
        }
        if !may_answer(&found, scope) {
            return Err(refused(
                "须由填写单位的审批领导答复",
                "a leader of the unit that wrote it answers",
            ));
        }
        if found.answer.is_some() { Err(answered()) } else { Ok(found) }
    }

    /// The applications in a matter that a reader may know of, newest first; at most [`OPENINGS_MAX`], by
    /// `seal_opening_by_matter`. None when the matter is out of scope.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_list(
        &self,
        scope: &Scope,
        matter: &MatterId,
    ) -> Result<Option<Vec<SealOpening>>, StoreError> {
        let mut tx = self.read().await?;
        if body_in_scope(&mut tx, scope, matter).await?.is_none() {
            return Ok(None);
        }
        let sql = select("s.matter_id = $3 and (s.writer_unit_id = $1 or s.user_id = $2)");
        let values = [scope.unit.into(), scope.user.into(), matter.into(), OPENINGS_MAX.into()];
        let rows = tx.rows(&sql, &values).await?;
        let all: Vec<SealOpening> =
            rows.iter().map(|row| opening(tx.vault(), row)).collect::<Result<_, _>>()?;
        Ok(Some(all.into_iter().filter(|one| concerns(one, scope)).collect()))
    }

    /// What happened lately to what one's unit sealed, and to one's own applications, newest first; at most
    /// [`OPENINGS_MAX`], by `seal_opening_by_writer` and `seal_opening_by_user`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seal_news(&self, scope: &Scope) -> Result<Vec<SealOpening>, StoreError> {
        let mut tx = self.read().await?;
        let sql = select("s.writer_unit_id = $1 or s.user_id = $2").replace("$4", "$3");
        let values = [scope.unit.into(), scope.user.into(), OPENINGS_MAX.into()];
        let rows = tx.rows(&sql, &values).await?;
        let all: Vec<SealOpening> =
            rows.iter().map(|row| opening(tx.vault(), row)).collect::<Result<_, _>>()?;
        Ok(all.into_iter().filter(|one| concerns(one, scope)).collect())
    }
}

/// Whether somebody may answer an application, were it not their own.
#[must_use]
pub fn may_answer(opening: &SealOpening, scope: &Scope) -> bool {
    opening.writer_unit == scope.unit && scope.roles.contains(&RoleName::Leader)
}

/// The custodian, that is whoever works at the unit that wrote it, and whoever asked.
fn concerns(opening: &SealOpening, scope: &Scope) -> bool {
    (opening.writer_unit == scope.unit && scope.works())
        || (opening.user == scope.user && opening.unit == scope.unit)
}

fn refused(zh: &str, en: &str) -> SealError {
    SealError::Refused(Words::new(zh, en))
}

fn answered() -> SealError {
    refused("该申请已经答复", "this application has been answered")
}

fn reason_of(field: &str, text: &str) -> Result<String, SealError> {
    let text = text.trim();
    let wrong = |zh: String, en: String| Err(SealError::Field(FieldError::new(field, zh, en)));
    if text.is_empty() {
        return wrong("请说明理由".to_owned(), "say why".to_owned());
    }
    if text.chars().count() > REASON_CHARS_MAX {
        return wrong(
            format!("不超过 {REASON_CHARS_MAX} 字"),
            format!("at most {REASON_CHARS_MAX} characters"),
        );
    }
    Ok(text.to_owned())
}

fn entry(
    scope: &Scope,
    at: Timestamp,
    act: AdminAct,
    matter: &MatterId,
    detail: Json,
) -> AdminEntry {
    AdminEntry {
        at,
        by: Authority::Person(scope.user),
        act,
        target: Target::Matter(matter.clone()),
        unit: Some(scope.unit),
        detail,
    }
}

fn place(matter: &str, column: &str) -> Place {
    Place::new("seal_opening").at(matter).at(column)
}

fn seal_words(
    vault: &Vault,
    matter: &MatterId,
    column: &str,
    words: &str,
) -> Result<String, StoreError> {
    vault
        .seal(&place(matter.as_str(), column), words.as_bytes())
        .map_err(|error| StoreError::damaged("application", error))
}

fn mark(vault: &Vault, words: &str) -> Result<String, StoreError> {
    vault.mark(words.as_bytes()).map_err(|error| StoreError::damaged("application", error))
}

fn select(which: &str) -> String {
    format!(
        "select s.seal_opening_id, s.matter_id, s.field, s.user_id, coalesce(u.display_name, ''),
                s.unit_id, s.writer_unit_id, s.reason, s.asked_at, s.answered_at, s.answered_by,
                coalesce(a.display_name, ''), s.open_until, coalesce(s.refusal, '')
           from seal_opening s
           left join user_account u on u.user_id = s.user_id
           left join user_account a on a.user_id = s.answered_by
          where {which}
          order by s.seal_opening_id desc
          limit $4"
    )
}

fn opening(vault: &Vault, row: &Row) -> Result<SealOpening, StoreError> {
    let matter: MatterId = row.get(1)?;
    let open = |column: &str, text: String| {
        vault.open_column("application", &place(matter.as_str(), column), text)
    };
    let answer = match (row.get::<Option<Timestamp>>(9)?, row.get::<Option<UserId>>(10)?) {
        (Some(at), Some(by)) => Some(SealAnswer {
            at,
            by,
            by_name: row.get(11)?,
            open_until: row.get(12)?,
            refusal: open("refusal", row.get(13)?)?,
        }),
        _ => None,
    };
    Ok(SealOpening {
        id: row.get(0)?,
        field: row.get(2)?,
        user: row.get(3)?,
        user_name: row.get(4)?,
        unit: row.get(5)?,
        writer_unit: row.get(6)?,
        reason: open("reason", row.get(7)?)?,
        asked_at: row.get(8)?,
        answer,
        matter,
    })
}

/// Writes into the provenance of every matter who wrote each field, as its events tell it. Part of the
/// step from which that is kept; it looks at who and at the names of fields, never at what they hold.
pub(crate) async fn name_writers(tx: &mut Tx) -> Result<(), StoreError> {
    const MATTERS: &str = "
        select matter_id, provenance from matter_body where matter_id > $1 order by matter_id limit $2";
    const EVENTS: &str = "
        select what, user_id, body from event where matter_id = $1 and what in ('opened', 'acted')
         order by number";
    const KEEP: &str = "update matter_body set provenance = $2 where matter_id = $1";
    let damaged = |error| StoreError::damaged("provenance", error);
    let mut last = String::new();
    loop {
        let rows = tx.rows(MATTERS, &[(&last).into(), MATTERS_AT_ONCE.into()]).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            last = row.get(0)?;
            let mut provenance: crate::visibility::Provenance =
                serde_json::from_str(&row.get::<String>(1)?).map_err(damaged)?;
            for event in tx.rows(EVENTS, &[(&last).into()]).await? {
                let (what, by): (String, Option<UserId>) = (event.get(0)?, event.get(1)?);
                let body: Json = serde_json::from_str(&event.get::<String>(2)?).map_err(damaged)?;
                let fields = if what == "opened" { "fields" } else { "input" };
                let drafter = body.get("drafted_by").and_then(Json::as_i64).map(UserId);
                let fields = body.get(fields).and_then(Json::as_object);
                let names: BTreeSet<&String> =
                    fields.into_iter().flat_map(|all| all.keys()).collect();
                for name in names {
                    match drafter.or(by) {
                        Some(user) => drop(provenance.by.insert(name.clone(), user)),
                        None => drop(provenance.by.remove(name)),
                    }
                }
            }
            let text = serde_json::to_string(&provenance).map_err(damaged)?;
            tx.execute(KEEP, &[(&last).into(), text.into()]).await?;
        }
    }
}
