//! The platform's own memory of its log, outside the database: whoever puts an older or another database in
//! its place has to put this file back too, and whoever keeps a copy of it elsewhere knows.

use std::path::Path;

use ledger::SignedCheckpoint;
use store::{Store, StoreError};

use super::command;
use crate::settings::Settings;

const CHECKPOINT: &str = "checkpoint.txt";

/// What came of remembering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remembered {
    /// The newest checkpoint is kept.
    Well,
    /// The log has not grown from the one that is kept: the database is another one.
    Other {
        /// The size that is kept.
        kept: u64,
        /// The size the log has.
        found: u64,
    },
}

/// The checkpoint kept outside the database; none when there is none.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn kept(settings: &Settings) -> std::io::Result<Option<SignedCheckpoint>> {
    read(&settings.ledger().join(CHECKPOINT))
}

fn read(path: &Path) -> std::io::Result<Option<SignedCheckpoint>> {
    match std::fs::read(path) {
        Ok(bytes) => SignedCheckpoint::parse(&bytes).map(Some).map_err(std::io::Error::other),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps the newest checkpoint, when the log has grown from the one that is kept.
///
/// # Errors
/// When the database or the file cannot be read or written.
pub(crate) async fn remember(settings: &Settings, store: &Store) -> Result<Remembered, StoreError> {
    let path = settings.ledger().join(CHECKPOINT);
    let failed = |source| StoreError::File {
        operation: "cannot keep the newest checkpoint",
        path: path.clone(),
        source,
    };
    let old = read(&path).map_err(failed)?;
    // Asked for after the file was read: another process may keep a newer one meanwhile.
    let Some(newest) = store.checkpoint_newest().await? else {
        let kept = old.map(|old| Remembered::Other { kept: old.checkpoint().head.size, found: 0 });
        return Ok(kept.unwrap_or(Remembered::Well));
    };
    if let Some(old) = old {
        let (kept, head) = (old.checkpoint().head, newest.checkpoint().head);
        if kept == head {
            return Ok(Remembered::Well);
        }
        let other = Remembered::Other { kept: kept.size, found: head.size };
        if kept.size >= head.size {
            return Ok(other);
        }
        let shown = store.shown(kept.size).await?;
        let has_grown = shown.is_some_and(|shown| {
            shown.consistency.verify(kept, shown.checkpoint.checkpoint().head).is_ok()
        });
        if !has_grown {
            return Ok(other);
        }
    }
    command::replace(&path, newest.to_string().as_bytes()).map_err(failed)?;
    Ok(Remembered::Well)
}
