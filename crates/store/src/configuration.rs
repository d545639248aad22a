//! With what the program was started: whatever differs from the start before is written into the
//! journal, so that nobody changes a setting or a rule unseen.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::{Authority, People, PeopleError};

/// Under this name the facts of the last start are kept.
const LAST_START: &str = "last-start";

impl People {
    /// Compares the facts of this start with those of the last and writes down what differs, in one
    /// entry; says how many. The first start writes all of them. Never hand over a secret.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn configuration_note(
        &self,
        facts: &BTreeMap<String, String>,
    ) -> Result<usize, PeopleError> {
        const KNOWN: &str = "select value from setting where name = $1";
        const PUT: &str = "
            insert into setting (name, value, changed_at) values ($1, $2, $3)
            on conflict (name) do update
               set value = excluded.value, changed_at = excluded.changed_at";
        let at = self.now();
        let mut tx = self.database.write().await?;
        let known: Option<String> = tx.one(KNOWN, &[LAST_START.into()]).await?;
        let known: BTreeMap<String, String> = match known {
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| StoreError::damaged("facts of the last start", error))?,
            None => BTreeMap::new(),
        };
        let differs = difference(&known, facts);
        if differs.is_empty() {
            return Ok(0);
        }
        let text = json!(facts).to_string();
        tx.execute(PUT, &[LAST_START.into(), text.into(), at.into()]).await?;
        admin_event_append(
            &mut tx,
            AdminEntry {
                at,
                by: Authority::Program,
                act: AdminAct::ConfigurationChanged,
                target: Target::Platform,
                unit: None,
                detail: json!({ "facts": differs }),
            },
        )
        .await?;
        tx.commit().await?;
        Ok(differs.len())
    }
}

/// What is new, gone or another, by name.
fn difference(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<Json> {
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| json!({ "fact": name, "before": before.get(name), "after": after.get(name) }))
        .collect()
}
