//! Saved views (常用视图): a list with its filters, sort and columns under a name of one's own.

use jiff::Timestamp;
use procedure::UserId;

use crate::db::Statement;
use crate::error::StoreError;
use crate::store::Store;

/// Most views a person keeps of one list.
pub const VIEWS_MAX: i64 = 30;
/// Longest name, in characters.
pub const VIEW_NAME_CHARS_MAX: usize = 30;
/// Longest query, in bytes.
pub const VIEW_QUERY_BYTES_MAX: usize = 2_000;

/// A saved view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// What stands after the `?` of the list's address.
    pub query: String,
    /// When it was saved.
    pub saved_at: Timestamp,
}

impl Store {
    /// A person's views of one list, by name; at most [`VIEWS_MAX`], by the primary key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn view_list(&self, user: UserId, page: &str) -> Result<Vec<View>, StoreError> {
        const SQL: &str = "
            select name, query, saved_at from saved_view
             where user_id = $1 and page = $2
             order by name
             limit $3";
        let mut tx = self.read().await?;
        let rows = tx.rows(SQL, &[user.into(), page.into(), VIEWS_MAX.into()]).await?;
        rows.iter()
            .map(|row| Ok(View { name: row.get(0)?, query: row.get(1)?, saved_at: row.get(2)? }))
            .collect()
    }

    /// Saves a view over the one of the same name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn view_put(
        &self,
        user: UserId,
        page: &str,
        name: &str,
        query: &str,
    ) -> Result<(), StoreError> {
        const SQL: &str = "
            insert into saved_view (user_id, page, name, query, saved_at)
            values ($1, $2, $3, $4, $5)
            on conflict (user_id, page, name) do update
               set query = excluded.query, saved_at = excluded.saved_at";
        let values = vec![user.into(), page.into(), name.into(), query.into(), self.now().into()];
        self.write(vec![Statement { sql: SQL, values }]).await.map(drop)
    }

    /// Removes a view; one that is not there is no error.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn view_delete(
        &self,
        user: UserId,
        page: &str,
        name: &str,
    ) -> Result<(), StoreError> {
        const SQL: &str = "delete from saved_view where user_id = $1 and page = $2 and name = $3";
        let values = vec![user.into(), page.into(), name.into()];
        self.write(vec![Statement { sql: SQL, values }]).await.map(drop)
    }
}
