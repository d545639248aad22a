//! Drafts (草稿): what somebody filled in and has not done yet, so that no word is ever lost.

use calendar::Words;
use jiff::Timestamp;
use procedure::{MatterId, Raw, UnitId, UserId};
use serde::{Deserialize, Serialize};

use crate::db::Statement;
use crate::error::StoreError;
use crate::row::{Row, Value};
use crate::store::Store;
use crate::vault::{Place, Vault};

/// Most drafts shown of one person.
pub const DRAFTS_MAX: i64 = 200;
/// Largest draft, in bytes of JSON.
pub const DRAFT_BYTES_MAX: usize = 512 * 1024;

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The form: `act/ACTION`, `open/PROCEDURE`, `return`, or `urge/OBLIGATION`.
    pub form: String,
    /// The matter acted on, or the one a new one is to hang under.
    pub matter: Option<MatterId>,
    /// The unit it was filled in for.
    pub unit: UnitId,
    /// What was filled in.
    pub body: DraftBody,
    /// Why the act was refused or sent back, when that is how it became a draft.
    pub refusal: Option<Words>,
    /// When it was saved.
    pub saved_at: Timestamp,
}

/// What was filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DraftBody {
    /// The title of a matter to be opened.
    pub title: String,
    /// Its parties.
    pub parties: Raw,
    /// Fields; a reason stands under `reason`, the words of an urging under `words`.
    pub input: Raw,
}

impl DraftBody {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let blank = |raw: &Raw| raw.values().flatten().all(|text| text.trim().is_empty());
        self.title.trim().is_empty() && blank(&self.parties) && blank(&self.input)
    }
}

const PUT: &str = "
    insert into draft (user_id, form, matter_id, unit_id, title, refusal, body, saved_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (user_id, form, matter_id) do update
       set unit_id = excluded.unit_id, title = excluded.title, refusal = excluded.refusal,
           body = excluded.body, saved_at = excluded.saved_at";
const DELETE: &str = "delete from draft where user_id = $1 and form = $2 and matter_id = $3";

/// All that was filled in is sealed: it has not been sorted by who may read it, and its writer alone may.
fn put_values(vault: &Vault, user: UserId, draft: &Draft) -> Result<Vec<Value>, StoreError> {
    let json = |error| StoreError::damaged("draft", error);
    let matter = draft.matter.as_ref();
    let seal = |column: &str, text: String| match text.as_str() {
        "" => Ok(text),
        _ => vault
            .seal(&place(user, &draft.form, matter, column), text.as_bytes())
            .map_err(|error| StoreError::damaged("draft", error)),
    };
    let refusal = match &draft.refusal {
        Some(words) => serde_json::to_string(words).map_err(json)?,
        None => String::new(),
    };
    let body = serde_json::to_string(&draft.body).map_err(json)?;
    Ok(vec![
        user.into(),
        (&draft.form).into(),
        matter_key(draft.matter.as_ref()),
        draft.unit.into(),
        seal("title", draft.body.title.clone())?.into(),
        seal("refusal", refusal)?.into(),
        seal("body", body)?.into(),
        draft.saved_at.into(),
    ])
}

fn place(user: UserId, form: &str, matter: Option<&MatterId>, column: &str) -> Place {
    let matter = matter.map_or("", MatterId::as_str);
    Place::new("draft").at(user.0).at(form).at(matter).at(column)
}

fn matter_key(matter: Option<&MatterId>) -> Value {
    matter.map_or("", MatterId::as_str).into()
}

/// The statement that keeps what a person wrote within the writer's own transaction.
pub(crate) fn keep(vault: &Vault, user: UserId, draft: &Draft) -> Result<Statement, StoreError> {
    Ok(Statement::new(PUT, put_values(vault, user, draft)?))
}

/// The statement that removes the draft of an act that took effect.
pub(crate) fn forget(user: UserId, form: &str, matter: Option<&MatterId>) -> Statement {
    Statement::new(DELETE, vec![user.into(), form.into(), matter_key(matter)])
}

impl Store {
    /// Saves a draft over the one of the same form and matter.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft_put(&self, user: UserId, draft: &Draft) -> Result<(), StoreError> {
        self.write(vec![keep(self.database().vault(), user, draft)?]).await.map(drop)
    }

    /// Removes a draft; one that is not there is no error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft_delete(
        &self,
        user: UserId,
        form: &str,
        matter: Option<&MatterId>,
    ) -> Result<(), StoreError> {
        self.write(vec![forget(user, form, matter)]).await.map(drop)
    }

    /// One draft of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft_fetch(
        &self,
        user: UserId,
        form: &str,
        matter: Option<&MatterId>,
    ) -> Result<Option<Draft>, StoreError> {
        const SQL: &str = "
            select form, matter_id, unit_id, refusal, body, saved_at from draft
             where user_id = $1 and form = $2 and matter_id = $3";
        let mut tx = self.read().await?;
        let values = [user.into(), form.into(), matter_key(matter)];
        let row = tx.row(SQL, &values).await?;
        row.map(|row| draft(tx.vault(), user, &row)).transpose()
    }

    /// The drafts of a person, newest first; at most [`DRAFTS_MAX`], by the primary key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn draft_list(&self, user: UserId) -> Result<Vec<Draft>, StoreError> {
        const SQL: &str = "
            select form, matter_id, unit_id, refusal, body, saved_at from draft
             where user_id = $1
             order by saved_at desc
             limit $2";
        let mut tx = self.read().await?;
        let rows = tx.rows(SQL, &[user.into(), DRAFTS_MAX.into()]).await?;
        rows.iter().map(|row| draft(tx.vault(), user, row)).collect()
    }
}

fn draft(vault: &Vault, user: UserId, row: &Row) -> Result<Draft, StoreError> {
    let json = |error| StoreError::damaged("draft", error);
    let (form, matter): (String, String) = (row.get(0)?, row.get(1)?);
    let matter = match matter.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|error| StoreError::damaged("id of a matter", error))?),
    };
    let open = |column: &str, text: String| {
        vault.open_column("draft", &place(user, &form, matter.as_ref(), column), text)
    };
    let refusal = open("refusal", row.get(3)?)?;
    let body = open("body", row.get(4)?)?;
    let refusal = match refusal.as_str() {
        "" => None,
        words => Some(serde_json::from_str(words).map_err(json)?),
    };
    Ok(Draft {
        form,
        matter,
        unit: row.get(2)?,
        refusal,
        body: serde_json::from_str(&body).map_err(json)?,
        saved_at: row.get(5)?,
    })
}
