//! Writing the log of SQLite back into the file, beside the writer rather than in its commits.
//!
//! A commit is durable when the log is; the file follows. Where the writer does that itself, every few
//! hundred acts wait for thousands of pages. So a thread of its own copies them while the writer goes on,
//! and the writer does only the last few: the log begins anew when all of it has been copied at the moment a
//! transaction begins, and a thread beside a busy writer never comes that far.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::SqliteConnection;
use crate::error::StoreError;

/// Pages in the log not copied yet from which the thread copies them.
const BEHIND_MAX: u32 = 8_000;
/// Pages in the log from which it should begin anew.
const LOG_PAGES: u32 = 16_000;
/// The most pages the writer copies for that.
const LAST_PAGES: u32 = 1_000;
/// Pages in the log at which the writer copies them all, whatever the thread does.
const LOG_PAGES_MAX: u32 = 64_000;

/// The thread.
pub(super) struct Checkpointer {
    thread: Option<JoinHandle<()>>,
    /// Also the writer's connection has it, which may outlive this by a commit.
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    /// None once the thread is to end.
    wake: Option<SyncSender<()>>,
    /// Pages of the log that have been copied.
    copied: u32,
}

/// What the writer does after a commit.
#[derive(Debug, PartialEq, Eq)]
enum Then {
    Nothing,
    Wake,
    CopyAll,
}

impl Checkpointer {
    /// Starts the thread and has the writer tell it of each commit.
    pub(super) fn start(path: &Path, writer: &mut SqliteConnection) -> Result<Self, StoreError> {
        let (wake, woken) = sync_channel(1);
        let shared = Arc::new(Mutex::new(Shared { wake: Some(wake), copied: 0 }));
        let told = shared.clone();
        writer
            .connection
            .wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, pages| {
                let pages = u32::try_from(pages).unwrap_or(0);
                let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                match told.after(pages) {
                    Then::Nothing => {}
                    Then::Wake => {
                        // It is awake already when it cannot be told.
                        told.wake.as_ref().and_then(|wake| wake.try_send(()).ok());
                    }
                    // The commit stands whatever becomes of this: the thread may be copying just now.
                    Then::CopyAll => match log.checkpoint() {
                        Ok(()) => told.copied = pages,
                        Err(error) => tracing::debug!(%error, "the log is not copied back yet"),
                    },
                }
                Ok(())
            }))
            .map_err(|error| writer.error("wal_hook", error))?;
        let connection = SqliteConnection::open(path, true)?;
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("checkpointer".to_owned())
            .spawn(move || copy(&connection, &woken, &of_thread))
            .map_err(|source| StoreError::Database {
                operation: "start the checkpointer".to_owned(),
                source: Box::new(source),
            })?;
        Ok(Self { thread: Some(thread), shared })
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        drop(self.shared.lock().unwrap_or_else(PoisonError::into_inner).wake.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was reported there.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn after(&mut self, pages: u32) -> Then {
        if self.copied > pages {
            self.copied = 0; // The log has begun anew.
        }
        let behind = pages - self.copied;
        let is_long = pages >= LOG_PAGES;
        if pages >= LOG_PAGES_MAX || (is_long && behind <= LAST_PAGES) {
            Then::CopyAll
        } else if behind >= BEHIND_MAX || is_long {
            Then::Wake
        } else {
            Then::Nothing
        }
    }
}

/// Copies whenever it is told to, until nobody can tell it any more.
fn copy(connection: &SqliteConnection, woken: &Receiver<()>, shared: &Mutex<Shared>) {
    while woken.recv().is_ok() {
        let sql = "pragma wal_checkpoint(passive)";
        let copied = connection.connection.query_row(sql, [], |row| row.get::<_, i64>(2));
        match copied {
            Ok(pages) => {
                let copied = u32::try_from(pages).unwrap_or(0);
                shared.lock().unwrap_or_else(PoisonError::into_inner).copied = copied;
            }
            // The writer comes to it at the latest.
            Err(error) => tracing::warn!(%error, "the log could not be copied back"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_copies_only_what_little_is_left() {
        let mut shared = Shared { wake: None, copied: 0 };
        assert_eq!(shared.after(300), Then::Nothing);
        assert_eq!(shared.after(8_000), Then::Wake);
        shared.copied = 7_900;
        assert_eq!(shared.after(8_300), Then::Nothing);
        shared.copied = 12_000;
        assert_eq!(shared.after(16_200), Then::Wake, "too much is left");
        shared.copied = 16_000;
        assert_eq!(shared.after(16_400), Then::CopyAll);
        shared.copied = 16_400;
        assert_eq!(shared.after(200), Then::Nothing, "the log has begun anew");
        assert_eq!(shared.after(64_000), Then::CopyAll, "the thread does not come along");
    }
}
