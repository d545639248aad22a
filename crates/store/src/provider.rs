//! Visits to an identity provider: what must be known again when somebody comes back from there.

use jiff::{SignedDuration, Timestamp};

use crate::people::{People, PeopleError};
use crate::randomness::secret;
use crate::row::Value;
use crate::session::{same_secret, token_hash};

/// How long somebody may stay with the provider.
const VISIT_MINUTES: i64 = 10;

/// What was sent along to the provider, or kept for the return.
#[derive(Clone, PartialEq, Eq)]
pub struct Visit {
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Proves that whoever comes back is the one who went (PKCE).
    pub verifier: String,
    /// The page of ours that was asked for.
    pub next: String,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visit").field("next", &self.next).finish_non_exhaustive()
    }
}

impl People {
    /// Remembers a visit; the token is for the visitor's cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visit_begin(&self, visit: &Visit) -> Result<String, PeopleError> {
        const SQL: &str = "
            insert into provider_visit (token_hash, state, nonce, verifier, next_page, ends_at)
            values ($1, $2, $3, $4, $5, $6)";
        let token = secret(self.randomness.as_ref())?;
        let now = self.now();
        let lasts = SignedDuration::from_mins(VISIT_MINUTES);
        let ends_at = now.checked_add(lasts).unwrap_or(Timestamp::MAX);
        let row: [Value; 6] = [
            token_hash(&token).into(),
            (&visit.state).into(),
            (&visit.nonce).into(),
            (&visit.verifier).into(),
            (&visit.next).into(),
            ends_at.into(),
        ];
        let mut tx = self.database.write().await?;
        tx.execute("delete from provider_visit where ends_at <= $1", &[now.into()]).await?;
        tx.execute(SQL, &row).await?;
        tx.commit().await?;
        Ok(token)
    }

    /// The visit that is over, once: none when it was taken before, took too long, or the state that
    /// came back is another's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn visit_take(&self, token: &str, state: &str) -> Result<Option<Visit>, PeopleError> {
        const SQL: &str = "
            delete from provider_visit
             where token_hash = $1
            returning state, nonce, verifier, next_page, ends_at";
        let mut tx = self.database.write().await?;
        let row = tx.row(SQL, &[token_hash(token).into()]).await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let visit = Visit {
            state: row.get(0)?,
            nonce: row.get(1)?,
            verifier: row.get(2)?,
            next: row.get(3)?,
        };
        let ends_at: Timestamp = row.get(4)?;
        Ok((ends_at > self.now() && same_secret(&visit.state, state)).then_some(visit))
    }
}
