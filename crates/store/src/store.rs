//! The store as the rest of the house holds it: the database, the rules, the directory, the writer.

use ::ledger::Signer;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use calendar::{Calendar, TableError};
use jiff::Timestamp;
use procedure::{Actor, MatterId, OpenRequest, Request, Rules};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::answer::{ActError, Done, Key};
use crate::attachment::Scanner;
use crate::clock::Clock;
use crate::db::{Database, Statement, Tx};
use crate::directory::{Directories, Directory};
use crate::error::StoreError;
use crate::journal::{AdminAct, AdminEntry, Target, admin_event_append};
use crate::people::Authority;
use crate::randomness::Randomness;
use crate::row::Value;
use crate::writer::{self, Answer, Job, WAITING_MAX, Work};

/// Families looked at in one round of passing time.
const ROUND_MAX: i64 = 1_000;
/// How long the answer to a key is kept.
const KEY_KEPT_DAYS: i64 = 7;

/// What a store is made of.
pub struct Parts {
    /// The database, migrated, its vault open.
    pub database: Database,
    /// The folder of attachments.
    pub files: PathBuf,
    /// Largest attachment, in bytes.
    pub file_bytes_max: u64,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where secrets come from.
    pub randomness: Arc<dyn Randomness>,
    /// The rules the program carries; tables of holidays loaded later are laid over them.
    pub rules: Rules,
    /// The units.
    pub directories: Arc<Directories>,
    /// The log's key; without it nothing is signed, and no receipt given.
    pub signer: Option<Arc<Signer>>,
}

/// The store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    work: mpsc::Sender<Work>,
    stop: Arc<Mutex<Option<Stop>>>,
}

struct Stop {
    asked: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

/// What the writer shares with the readers.
pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) files: PathBuf,
    pub(crate) file_bytes_max: u64,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) directories: Arc<Directories>,
    pub(crate) signer: RwLock<Option<Arc<Signer>>>,
    pub(crate) leaves_no_record: AtomicBool,
    embedded: Rules,
    rules: RwLock<Arc<Rules>>,
    calendar_loaded_at: RwLock<Option<i64>>,
    pub(crate) scanner: OnceLock<Arc<dyn Scanner>>,
    /// Whose turn it is to make a preview.
    pub(crate) previews: Semaphore,
}

impl Inner {
    /// The present instant, in whole microseconds: what the database can keep.
    pub(crate) fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    pub(crate) fn rules(&self) -> Arc<Rules> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Store {
    /// Opens the store and starts its writer on a thread of its own, so that waiting for the disk
    /// keeps nobody from reading.
    ///
    /// # Errors
    /// [`StoreError::VaultClosed`], or when the database, the folder of files or the source of randomness
    /// fails.
    pub async fn open(parts: Parts) -> Result<Self, StoreError> {
        if !parts.database.vault().is_open() {
            return Err(StoreError::VaultClosed);
        }
        let folder = parts.files.join("incoming");
        tokio::fs::create_dir_all(&folder).await.map_err(|source| StoreError::File {
            operation: "cannot make the folder of attachments",
            path: folder,
            source,
        })?;
        let mut seed = [0_u8; 32];
        parts.randomness.fill(&mut seed).map_err(|error| StoreError::Database {
            operation: "get random bytes".to_owned(),
            source: Box::new(error),
        })?;
        let inner = Arc::new(Inner {
            database: parts.database,
            files: parts.files,
            file_bytes_max: parts.file_bytes_max,
            clock: parts.clock,
            randomness: parts.randomness,
            directories: parts.directories,
            signer: RwLock::new(parts.signer),
            leaves_no_record: AtomicBool::new(false),
            rules: RwLock::new(Arc::new(parts.rules.clone())),
            embedded: parts.rules,
            calendar_loaded_at: RwLock::new(None),
            scanner: OnceLock::new(),
            previews: Semaphore::new(1),
        });
        let (work, commands) = mpsc::channel(WAITING_MAX);
        let (asked, stop) = oneshot::channel::<()>();
        let (through, stopped) = oneshot::channel();
        let (shared, runtime) = (inner.clone(), tokio::runtime::Handle::current());
        std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || {
                runtime.block_on(writer::run(shared, commands, seed, stop));
                drop(through);
            })
            .map_err(|error| StoreError::Database {
                operation: "start the writer".to_owned(),
                source: Box::new(error),
            })?;
        let stop = Arc::new(Mutex::new(Some(Stop { asked, stopped })));
        let store = Self { inner, work, stop };
        store.refresh_calendar().await?;
        Ok(store)
    }

    /// Finishes what waits and stops the writer; later acts are answered [`StoreError::Closed`].
    pub async fn close(&self) {
        let stop = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(stop) = stop {
            drop(stop.asked);
            // The sender is dropped when the writer is through: that is the message.
            drop(stop.stopped.await);
        }
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.inner.database
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// The present instant, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.now()
    }

    /// The rules, with every holiday table loaded so far.
    #[must_use]
    pub fn rules(&self) -> Arc<Rules> {
        self.inner.rules()
    }

    /// The units, as of now.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.directories.load()
    }

    /// Where the newest snapshot of the units is kept.
    #[must_use]
    pub fn directories(&self) -> &Arc<Directories> {
        &self.inner.directories
    }

    /// For the benchmark alone: from now on acts leave no leaf in the log, so that what the log costs can
    /// be told. An audit of such a database names every one of them.
    pub fn leave_no_record_while_measuring(&self, is_so: bool) {
        self.inner.leaves_no_record.store(is_so, Ordering::Relaxed);
    }

    /// A snapshot to read from.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        self.inner.database.read().await
    }

    async fn ask(&self, job: Job) -> Result<Answer, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.work.send(Work { job, reply }).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    pub(crate) async fn write(&self, statements: Vec<Statement>) -> Result<u64, StoreError> {
        Ok(self.ask(Job::Statements(statements)).await?.count())
    }

    /// Acts on a matter; answered when it is durable.
    ///
    /// # Errors
    /// [`ActError`]; a refused act keeps what was filled in as a draft.
    pub async fn act(
        &self,
        actor: &Actor,
        request: Request,
        key: Option<Key>,
    ) -> Result<Done, ActError> {
        self.ask(Job::Act { actor: actor.clone(), request, key }).await?.done()
    }

    /// Opens a matter; answered when it is durable.
    ///
    /// # Errors
    /// [`ActError`]; a refused opening keeps what was filled in as a draft.
    pub async fn open_matter(
        &self,
        actor: &Actor,
        request: OpenRequest,
        key: Option<Key>,
    ) -> Result<Done, ActError> {
        self.ask(Job::Open { actor: actor.clone(), request, key }).await?.done()
    }

    /// Records every obligation that has run out by now, and what follows; says how many events that
    /// made. For the ticker, and after the clock was moved.
    ///
    /// # Errors
    /// When the database fails; what was recorded until then stays.
    pub async fn pass_time(&self) -> Result<u64, StoreError> {
        const OLD: &str = "select user_id from idempotency where created_at < $1 limit 1";
        const FORGET: &str = "delete from idempotency where created_at < $1";
        const OVER: &str = "
            select distinct m.root_id
              from obligation o
              join matter m on m.matter_id = o.matter_id
             where o.is_running = 1 and o.due_at <= $3 and m.root_id > $1
             order by m.root_id
             limit $2";
        let now = self.now().into();
        let events = self.each_root(OVER, Some(now), |root| Job::PassTime { root }).await?;
        let kept = jiff::SignedDuration::from_hours(24 * KEY_KEPT_DAYS);
        let before = self.now().checked_sub(kept).unwrap_or(Timestamp::UNIX_EPOCH);
        // Looked for first: an empty delete would still cost a durable commit each time.
        let old = self.read().await?.row(OLD, &[before.into()]).await?;
        if old.is_some() {
            self.write(vec![Statement { sql: FORGET, values: vec![before.into()] }]).await?;
        }
        Ok(events)
    }

    /// Reckons every provisional end anew; says how many events that made.
    ///
    /// # Errors
    /// When the database fails; what was recorded until then stays.
    pub async fn recount(&self) -> Result<u64, StoreError> {
        const PROVISIONAL: &str = "
            select distinct m.root_id
              from obligation o
              join matter m on m.matter_id = o.matter_id
             where o.is_running = 1 and o.provisional = 1 and m.root_id > $1
             order by m.root_id
             limit $2";
        self.each_root(PROVISIONAL, None, |root| Job::Recount { root }).await
    }

    async fn each_root(
        &self,
        sql: &str,
        bound: Option<Value>,
        job: impl Fn(MatterId) -> Job,
    ) -> Result<u64, StoreError> {
        let (mut events, mut last) = (0, String::new());
        loop {
            let mut tx = self.read().await?;
            let mut values = vec![last.as_str().into(), ROUND_MAX.into()];
            values.extend(bound.clone());
            let rows = tx.rows(sql, &values).await?;
            drop(tx);
            let roots: Vec<MatterId> =
                rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
            let Some(newest) = roots.last() else { return Ok(events) };
            last = newest.as_str().to_owned();
            let all = roots.into_iter().map(|root| self.ask(job(root)));
            for answer in futures_util::future::join_all(all).await {
                events += answer?.count();
            }
        }
    }

    /// Loads the holidays of a year or several, with an entry in the journal, then reckons provisional
    /// ends anew; says how many changed.
    ///
    /// # Errors
    /// [`CalendarPutError::Table`] names the line that cannot be read.
    pub async fn calendar_put(
        &self,
        csv: &str,
        file: &str,
        by: Authority,
    ) -> Result<CalendarPut, CalendarPutError> {
        const SQL: &str = "
            insert into calendar_table (year, rows, loaded_by, loaded_at) values ($1, $2, $3, $4)
            on conflict (year) do update
               set rows = excluded.rows, loaded_by = excluded.loaded_by,
                   loaded_at = excluded.loaded_at";
        let calendar = Calendar::parse(csv, file)?;
        let years: Vec<i16> = calendar.years().filter(|year| calendar.has_year(*year)).collect();
        if years.is_empty() {
            return Err(CalendarPutError::NoYear);
        }
        let now = self.now();
        let mut tx = self.inner.database.write().await?;
        for year in &years {
            let row = [i64::from(*year).into(), csv.into(), by.user().into(), now.into()];
            tx.execute(SQL, &row).await?;
        }
        let entry = AdminEntry {
            at: now,
            by,
            act: AdminAct::CalendarLoaded,
            target: Target::Platform,
            unit: None,
            detail: serde_json::json!({ "file": file, "years": years }),
        };
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await?;
        self.refresh_calendar().await?;
        Ok(CalendarPut { years, recounted: self.recount().await? })
    }

    /// Takes in holiday tables another process has loaded; cheap when there are none.
    ///
    /// # Errors
    /// When the database fails or holds a table that cannot be read.
    pub async fn refresh_calendar(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        let newest: Option<Option<i64>> =
            tx.one("select max(loaded_at) from calendar_table", &[]).await?;
        let newest = newest.flatten();
        let known = *self.inner.calendar_loaded_at.read().unwrap_or_else(PoisonError::into_inner);
        if newest == known {
            return Ok(());
        }
        let rows = tx.rows("select year, rows from calendar_table order by loaded_at", &[]).await?;
        let mut calendar = self.inner.embedded.calendar().clone();
        for row in rows {
            let (year, csv): (i64, String) = (row.get(0)?, row.get(1)?);
            let table = Calendar::parse(&csv, &format!("calendar_table {year}"))
                .map_err(|error| StoreError::damaged("table of holidays", error))?;
            calendar = calendar.merged_with(table);
        }
        let rules = Arc::new(self.inner.embedded.with_calendar(calendar));
        *self.inner.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        *self.inner.calendar_loaded_at.write().unwrap_or_else(PoisonError::into_inner) = newest;
        Ok(())
    }
}

/// Holidays that were loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPut {
    /// The years.
    pub years: Vec<i16>,
    /// How many provisional ends were settled or moved.
    pub recounted: u64,
}

/// Why holidays were not loaded.
#[derive(Debug, thiserror::Error)]
pub enum CalendarPutError {
    /// A line cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// No year's table is complete: 1 January is not among the holidays.
    #[error("no year is complete: 1 January is not listed as a holiday")]
    NoYear,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
