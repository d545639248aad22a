//! A thin layer over SQLite and PostgreSQL: one [`Database`], one kind of [`Tx`], one SQL text.
//!
//! Placeholders are `$1`, `$2` … on both. Everything happens in a transaction: [`Database::read`]
//! sees one snapshot and cannot write, [`Database::write`] may, and is undone when it is dropped
//! before [`Tx::commit`]. On SQLite there is one writer at a time, and statements run where they are
//! called, because they are short; on PostgreSQL both come from one pool.

mod checkpoint;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use futures_util::StreamExt as _;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio_postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use self::checkpoint::Checkpointer;
use crate::dialect::{self, Engine};
use crate::encryption::Address;
use crate::error::StoreError;
use crate::row::{FromValue, Row, Value};
use crate::vault::{self, Vault};

/// Readers at one time on SQLite.
const READERS_MAX: usize = 8;
/// Connections at one time on PostgreSQL.
const CONNECTIONS_MAX: usize = 16;
/// Longest a statement may run.
const STATEMENT_MAX: Duration = Duration::from_secs(30);
/// Longest a statement may wait for a lock, or a caller for a connection.
const LOCK_WAIT_MAX: Duration = Duration::from_secs(10);
/// Prepared statements kept by each SQLite connection.
const STATEMENTS_KEPT: usize = 256;

/// How PostgreSQL plans: every list is a page read through an index in its order. A plan made without
/// looking at the values (one unit sees half of everything, another nothing) sorts or hashes it all, and
/// so do plans that take a page read out of order for dear; helpers and compiled code cost more than a
/// page. Joins are done in the order they are written in, as SQLite does a `cross join`: what one unit sees
/// is guessed far too small. What the address says itself comes later and wins.
const PLANNER: &str = "-c plan_cache_mode=force_custom_plan -c join_collapse_limit=1 \
                       -c random_page_cost=1.1 -c jit=off -c max_parallel_workers_per_gather=0";

/// A database; cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
    /// Empty until [`Vault::open`].
    vault: Arc<OnceLock<Vault>>,
}

enum Inner {
    Sqlite(Sqlite),
    Postgres(Pool),
}

struct Sqlite {
    path: PathBuf,
    writer: Arc<tokio::sync::Mutex<SqliteConnection>>,
    readers: Arc<Readers>,
    permits: Arc<Semaphore>,
    /// None when it is only read from. Ends before the lock is given up.
    _checkpointer: Option<Checkpointer>,
    _lock: File,
}

#[derive(Default)]
struct Readers {
    idle: Mutex<Vec<SqliteConnection>>,
}

struct SqliteConnection {
    connection: Connection,
    /// Milliseconds since `born` at which the running statement is broken off.
    limit: Arc<AtomicU64>,
    born: Instant,
}

impl Database {
    /// Opens `sqlite:PATH`, a path, or `postgres://…`; makes the SQLite file when it is missing.
    ///
    /// # Errors
    /// [`StoreError::Address`], [`StoreError::InUse`] when another process has the file, or what the
    /// engine says.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        Self::open_sqlite(sqlite_path(url)?)
    }

    /// The file an address names; none when it names a server.
    #[must_use]
    pub fn file_of(url: &str) -> Option<PathBuf> {
        sqlite_path(url).ok().map(Path::to_path_buf)
    }

    /// Opens a database that is there, to read from it while another process writes: for a backup.
    /// Whatever writes fails.
    ///
    /// # Errors
    /// As [`Self::open`], but never [`StoreError::InUse`].
    pub async fn open_to_read(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        let path = sqlite_path(url)?;
        let lock_path = lock_path(path);
        let lock = File::open(&lock_path).map_err(|source| StoreError::File {
            operation: "there is no database here",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::with_sqlite(path, SqliteConnection::open(path, false)?, None, lock))
    }

    fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let fail = |operation| {
            move |path: &Path, source| StoreError::File { operation, path: path.to_owned(), source }
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| fail("cannot make the folder")(folder, error))?;
        }
        let lock_path = lock_path(path);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|error| fail("cannot open the lock file")(&lock_path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { path: path.to_owned() });
            }
            Err(TryLockError::Error(error)) => {
                return Err(fail("cannot lock the database")(&lock_path, error));
            }
        }
        let mut writer = SqliteConnection::open(path, true)?;
        let checkpointer = Checkpointer::start(path, &mut writer)?;
        Ok(Self::with_sqlite(path, writer, Some(checkpointer), lock))
    }

    fn with_sqlite(
        path: &Path,
        writer: SqliteConnection,
        checkpointer: Option<Checkpointer>,
        lock: File,
    ) -> Self {
        Self {
            inner: Arc::new(Inner::Sqlite(Sqlite {
                path: path.to_owned(),
                writer: Arc::new(tokio::sync::Mutex::new(writer)),
                readers: Arc::default(),
                permits: Arc::new(Semaphore::new(READERS_MAX)),
                _checkpointer: checkpointer,
                _lock: lock,
            })),
            vault: Arc::default(),
        }
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let address = Address::parse(url)?;
        if address.is_exposed() {
            tracing::warn!("the connection to PostgreSQL is not encrypted; see sslmode=require");
        }
        let encryption = address.encryption()?;
        let mut config = address.config;
        let options = format!(
            "{PLANNER} {} -c statement_timeout={} -c lock_timeout={} \
             -c idle_in_transaction_session_timeout={} -c timezone=UTC",
            config.get_options().unwrap_or_default(),
            STATEMENT_MAX.as_millis(),
            LOCK_WAIT_MAX.as_millis(),
            STATEMENT_MAX.as_millis() * 2,
        );
        config.options(options.trim()).application_name("liandong");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(LOCK_WAIT_MAX);
        }
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match encryption {
            Some(encryption) => Manager::from_config(config, encryption, fast),
            None => Manager::from_config(config, tokio_postgres::NoTls, fast),
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS_MAX)
            .wait_timeout(Some(LOCK_WAIT_MAX))
            .runtime(deadpool_postgres::Runtime::Tokio1)
            .build()
            .map_err(|error| database_error("build the pool", error))?;
        let database = Self { inner: Arc::new(Inner::Postgres(pool)), vault: Arc::default() };
        database.rows("select 1", &[]).await?;
        Ok(database)
    }

    /// Which engine it is.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &*self.inner {
            Inner::Sqlite(_) => Engine::Sqlite,
            Inner::Postgres(_) => Engine::Postgres,
        }
    }

    /// The vault; one that seals and opens nothing until it was opened (see [`Vault::open`]).
    #[must_use]
    pub fn vault(&self) -> &Vault {
        self.vault.get().unwrap_or(&vault::CLOSED)
    }

    /// Leaves the opened vault with the database; what was left first stays.
    pub(crate) fn keep_vault(&self, vault: Vault) {
        drop(self.vault.set(vault));
    }

    /// The file, on SQLite.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => Some(&sqlite.path),
            Inner::Postgres(_) => None,
        }
    }

    /// A snapshot to read from.
    ///
    /// # Errors
    /// When no connection comes free in time, or the engine fails.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => {
                let permit =
                    tokio::time::timeout(LOCK_WAIT_MAX, sqlite.permits.clone().acquire_owned())
                        .await
                        .map_err(|_| StoreError::Timeout { operation: "begin to read".to_owned() })?
                        .map_err(|_| StoreError::Closed)?;
                let idle = lock(&sqlite.readers.idle).pop();
                let connection = match idle {
                    Some(connection) => connection,
                    None => SqliteConnection::open(&sqlite.path, false)?,
                };
                let mut tx = Tx {
                    held: Some(Held::Reader(connection, sqlite.readers.clone(), permit)),
                    begin: None,
                    done: false,
                    vault: self.vault.clone(),
                };
                tx.batch("begin").await?;
                Ok(tx)
            }
            Inner::Postgres(pool) => {
                self.begun(pool, "begin isolation level repeatable read read only").await
            }
        }
    }

    /// A transaction that may write; undone unless committed.
    ///
    /// # Errors
    /// When the writer's turn does not come in time, or the engine fails.
    pub async fn write(&self) -> Result<Tx, StoreError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => {
                let guard = tokio::time::timeout(LOCK_WAIT_MAX, sqlite.writer.clone().lock_owned())
                    .await
                    .map_err(|_| StoreError::Timeout { operation: "begin to write".to_owned() })?;
                let mut tx = Tx {
                    held: Some(Held::Writer(guard)),
                    begin: None,
                    done: false,
                    vault: self.vault.clone(),
                };
                tx.batch("begin immediate").await?;
                Ok(tx)
            }
            Inner::Postgres(pool) => self.begun(pool, "begin").await,
        }
    }

    /// One statement that reads, which is a snapshot by itself; its rows.
    ///
    /// # Errors
    /// As [`Self::read`] and [`Tx::rows`].
    pub async fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        match &*self.inner {
            Inner::Sqlite(_) => self.read().await?.rows(sql, values).await,
            Inner::Postgres(pool) => postgres_rows(&client(pool).await?, sql, values).await,
        }
    }

    async fn begun(&self, pool: &Pool, sql: &'static str) -> Result<Tx, StoreError> {
        let client = client(pool).await?;
        Ok(Tx {
            held: Some(Held::Postgres(client)),
            begin: Some(sql),
            done: false,
            vault: self.vault.clone(),
        })
    }

    /// Writes everything back into the main SQLite file; nothing to do on PostgreSQL.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        if let Inner::Sqlite(sqlite) = &*self.inner {
            let writer = sqlite.writer.lock().await;
            let sql = "pragma wal_checkpoint(truncate)";
            writer
                .connection
                .query_row(sql, [], |_| Ok(()))
                .map_err(|error| writer.error(sql, error))?;
        }
        Ok(())
    }
}

/// A statement with what is bound to it.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its text.
    pub sql: &'static str,
    /// What is bound to `$1`, `$2` …
    pub values: Vec<Value>,
}

impl Statement {
    /// A statement written in the code.
    #[must_use]
    pub fn new(sql: &'static str, values: Vec<Value>) -> Self {
        Self { sql, values }
    }
}

/// A transaction. Owns its connection, so that it can move between threads.
pub struct Tx {
    held: Option<Held>,
    /// What begins it on PostgreSQL, while it has not been sent: it goes out with the first statement,
    /// and is not waited for alone.
    begin: Option<&'static str>,
    done: bool,
    vault: Arc<OnceLock<Vault>>,
}

enum Held {
    Reader(SqliteConnection, Arc<Readers>, OwnedSemaphorePermit),
    Writer(OwnedMutexGuard<SqliteConnection>),
    Postgres(Object),
}

impl Tx {
    /// Which engine it runs on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match &self.held {
            Some(Held::Postgres(_)) => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// The database's vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        self.vault.get().unwrap_or(&vault::CLOSED)
    }

    /// The same, for work on another thread.
    pub(crate) fn shared_vault(&self) -> Arc<OnceLock<Vault>> {
        self.vault.clone()
    }

    /// Runs a statement; says how many rows it touched.
    ///
    /// # Errors
    /// A broken rule by its name, a timeout, or what the engine says.
    pub async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.begin().await?;
        match self.held()? {
            Run::Sqlite(sqlite) => sqlite.execute(sql, values),
            Run::Postgres(client) => {
                let failed = |error| dialect::postgres_error(sql, error);
                let statement = client.prepare_cached(sql).await.map_err(failed)?;
                client.execute_raw(&statement, values).await.map_err(failed)
            }
        }
    }

    /// Runs statements in their order; on PostgreSQL without waiting in between.
    ///
    /// # Errors
    /// As [`Self::execute`]; the first error wins.
    pub async fn execute_all(&mut self, statements: &[Statement]) -> Result<u64, StoreError> {
        self.begin().await?;
        match self.held()? {
            Run::Sqlite(sqlite) => statements.iter().try_fold(0, |sum, statement| {
                Ok(sum + sqlite.execute(statement.sql, &statement.values)?)
            }),
            Run::Postgres(client) => {
                let mut prepared = Vec::with_capacity(statements.len());
                for Statement { sql, values } in statements {
                    let failed = |error| dialect::postgres_error(sql, error);
                    prepared.push((sql, client.prepare_cached(sql).await.map_err(failed)?, values));
                }
                // Each is sent when it is first looked at, and they are looked at in their order.
                let all = prepared.iter().map(|(sql, statement, values)| async {
                    let count = client.execute_raw(statement, *values).await;
                    count.map_err(|error| dialect::postgres_error(sql, error))
                });
                let counts = futures_util::future::try_join_all(all).await?;
                Ok(counts.into_iter().sum())
            }
        }
    }

    /// Runs one statement with many lists of values, as [`Self::execute_all`].
    ///
    /// # Errors
    /// As [`Self::execute`]; the first error wins.
    pub async fn execute_many(
        &mut self,
        sql: &str,
        lists: &[Vec<Value>],
    ) -> Result<u64, StoreError> {
        self.begin().await?;
        match self.held()? {
            Run::Sqlite(sqlite) => {
                lists.iter().try_fold(0, |sum, values| Ok(sum + sqlite.execute(sql, values)?))
            }
            Run::Postgres(client) => {
                if lists.is_empty() {
                    return Ok(0);
                }
                let failed = |error| dialect::postgres_error(sql, error);
                let statement = &client.prepare_cached(sql).await.map_err(failed)?;
                let all = lists.iter().map(|values| client.execute_raw(statement, values));
                let counts = futures_util::future::try_join_all(all).await.map_err(failed)?;
                Ok(counts.into_iter().sum())
            }
        }
    }

    /// Runs a statement and gives its rows.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let first = self.begin.take();
        match self.held()? {
            Run::Sqlite(sqlite) => sqlite.rows(sql, values),
            Run::Postgres(client) => {
                let begun = async {
                    match first {
                        Some(begin) => client.batch_execute(begin).await,
                        None => Ok(()),
                    }
                };
                // What is looked at first is sent first.
                let asked = futures_util::future::join(begun, postgres_rows(client, sql, values));
                let (begun, rows) = asked.await;
                begun.map_err(|error| dialect::postgres_error(sql, error))?;
                rows
            }
        }
    }

    /// Hands each row of an answer to `see` as it comes, for answers too long to hold.
    ///
    /// # Errors
    /// As [`Self::execute`], and what `see` says; then the rest is not read.
    pub async fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        mut see: impl FnMut(&Row) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        self.begin().await?;
        match self.held()? {
            Run::Sqlite(sqlite) => sqlite.each(sql, values, &mut |row| see(&row)),
            Run::Postgres(client) => {
                let failed = |error| dialect::postgres_error(sql, error);
                let statement = client.prepare_cached(sql).await.map_err(failed)?;
                let rows = client.query_raw(&statement, values).await.map_err(failed)?;
                let mut rows = std::pin::pin!(rows);
                while let Some(row) = rows.next().await {
                    see(&postgres_row(sql, &row.map_err(failed)?)?)?;
                }
                Ok(())
            }
        }
    }

    /// The first row, when there is one.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn row(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// The first column of the first row, when there is one.
    ///
    /// # Errors
    /// As [`Self::execute`], and [`StoreError::Column`].
    pub async fn one<T: FromValue>(
        &mut self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<T>, StoreError> {
        self.row(sql, values).await?.map(|row| row.get(0)).transpose()
    }

    /// Runs several statements that take no values and give no rows.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn batch(&mut self, sql: &str) -> Result<(), StoreError> {
        self.begin().await?;
        match self.held()? {
            Run::Sqlite(sqlite) => {
                sqlite.begin_limit();
                sqlite.connection.execute_batch(sql).map_err(|error| sqlite.error(sql, error))
            }
            Run::Postgres(client) => {
                client.batch_execute(sql).await.map_err(|error| dialect::postgres_error(sql, error))
            }
        }
    }

    /// As [`Self::batch`], for as long as it takes: a migration goes through whole tables.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub(crate) async fn batch_unhurried(&mut self, sql: &str) -> Result<(), StoreError> {
        if self.engine() == Engine::Postgres {
            self.batch("set local statement_timeout = 0").await?;
            return self.batch(sql).await;
        }
        match self.held()? {
            Run::Sqlite(sqlite) => {
                sqlite.limit.store(u64::MAX, Ordering::Relaxed);
                sqlite.connection.execute_batch(sql).map_err(|error| sqlite.error(sql, error))
            }
            Run::Postgres(_) => Err(StoreError::Closed),
        }
    }

    /// Marks a place to go back to.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn savepoint(&mut self) -> Result<(), StoreError> {
        self.fixed("savepoint command").await
    }

    /// Forgets the mark and keeps what was done since.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn release(&mut self) -> Result<(), StoreError> {
        self.fixed("release savepoint command").await
    }

    /// Undoes what was done since the mark.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub async fn undo(&mut self) -> Result<(), StoreError> {
        self.fixed("rollback to savepoint command").await?;
        self.fixed("release savepoint command").await
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// When the engine cannot; then nothing was done.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        self.fixed("commit").await?;
        self.done = true;
        Ok(())
    }

    async fn fixed(&mut self, sql: &'static str) -> Result<(), StoreError> {
        self.begin().await?;
        match self.held()? {
            Run::Sqlite(sqlite) => sqlite.execute(sql, &[]).map(drop),
            Run::Postgres(client) => {
                client.batch_execute(sql).await.map_err(|error| dialect::postgres_error(sql, error))
            }
        }
    }

    /// Sends what begins it, when that has not been sent.
    async fn begin(&mut self) -> Result<(), StoreError> {
        if let Some(begin) = self.begin.take()
            && let Some(Held::Postgres(client)) = &self.held
        {
            let begun = client.batch_execute(begin).await;
            begun.map_err(|error| dialect::postgres_error(begin, error))?;
        }
        Ok(())
    }

    fn held(&mut self) -> Result<Run<'_>, StoreError> {
        match &mut self.held {
            Some(Held::Reader(connection, ..)) => Ok(Run::Sqlite(connection)),
            Some(Held::Writer(guard)) => Ok(Run::Sqlite(guard)),
            Some(Held::Postgres(client)) => Ok(Run::Postgres(client)),
            None => Err(StoreError::Closed),
        }
    }
}

enum Run<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut Object),
}

impl Drop for Tx {
    fn drop(&mut self) {
        match self.held.take() {
            Some(Held::Reader(connection, readers, _permit)) => {
                // A connection whose transaction cannot be ended is not used again.
                if connection.end() {
                    lock(&readers.idle).push(connection);
                }
            }
            Some(Held::Writer(guard)) => {
                if !self.done && !guard.end() {
                    tracing::error!("a transaction could not be undone");
                }
            }
            Some(Held::Postgres(client)) if !self.done && self.begin.is_none() => {
                // Undone at once rather than at next use: it may hold locks.
                if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                    runtime.spawn(async move {
                        if client.batch_execute("rollback").await.is_err() {
                            drop(Object::take(client));
                        }
                    });
                } else {
                    drop(Object::take(client));
                }
            }
            Some(Held::Postgres(_)) | None => {}
        }
    }
}

impl SqliteConnection {
    fn open(path: &Path, writes: bool) -> Result<Self, StoreError> {
        let failed = |error| dialect::sqlite_error("open the database", error, |_, _| None);
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if writes {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(LOCK_WAIT_MAX).map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // `full` makes every commit reach the disk before it is answered.
        connection
            .execute_batch(
                "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; \
                 pragma recursive_triggers = on; pragma temp_store = memory; \
                 pragma cache_size = -16384; pragma mmap_size = 1073741824; \
                 pragma wal_autocheckpoint = 8000; pragma journal_size_limit = 67108864; \
                 pragma trusted_schema = off;",
            )
            .map_err(failed)?;
        let role = if writes { "pragma cache_size = -32768" } else { "pragma query_only = on" };
        connection.execute_batch(role).map_err(failed)?;
        let (born, limit) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
        let seen = limit.clone();
        connection
            .progress_handler(
                100_000,
                Some(move || millis(born.elapsed()) > seen.load(Ordering::Relaxed)),
            )
            .map_err(failed)?;
        Ok(Self { connection, limit, born })
    }

    fn begin_limit(&self) {
        let until = self.born.elapsed() + STATEMENT_MAX;
        self.limit.store(millis(until), Ordering::Relaxed);
    }

    fn execute(&self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.begin_limit();
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            bind(&mut statement, values)?;
            statement.raw_execute()
        };
        run().map(|count| count as u64).map_err(|error| self.error(sql, error))
    }

    fn rows(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut answer = Vec::new();
        self.each(sql, values, &mut |row| {
            answer.push(row);
            Ok(())
        })?;
        Ok(answer)
    }

    fn each(
        &self,
        sql: &str,
        values: &[Value],
        see: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.begin_limit();
        let failed = |error| self.error(sql, error);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        bind(&mut statement, values).map_err(failed)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failed)? {
            let values = (0..columns).map(|column| row.get(column)).collect::<Result<_, _>>();
            see(Row(values.map_err(failed)?))?;
        }
        Ok(())
    }

    /// Ends a transaction that was not committed; says whether the connection is clean.
    fn end(&self) -> bool {
        self.connection.is_autocommit() || self.execute("rollback", &[]).is_ok()
    }

    fn error(&self, sql: &str, error: rusqlite::Error) -> StoreError {
        dialect::sqlite_error(sql, error, |table, columns| self.unique_name(table, columns))
    }

    /// The name of the unique index over these columns: SQLite tells only the columns.
    fn unique_name(&self, table: &str, columns: &[&str]) -> Option<String> {
        const SQL: &str = "
            select l.name,
                   (select group_concat(i.name, ',') from
                       (select name from pragma_index_info(l.name) order by seqno) i)
              from pragma_index_list($1) l
             where l.\"unique\" = 1 and l.origin = 'c'";
        let rows = self.rows(SQL, &[table.into()]).ok()?;
        let wanted = columns.join(",");
        rows.iter().find_map(|row| {
            let found: String = row.get(1).ok()?;
            (found == wanted).then(|| row.get(0).ok()).flatten()
        })
    }
}

fn bind(statement: &mut rusqlite::Statement<'_>, values: &[Value]) -> rusqlite::Result<()> {
    // `$2` is a name to SQLite, numbered as it comes along.
    for place in 1..=statement.parameter_count() {
        let named = statement
            .parameter_name(place)
            .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = named.and_then(|number| values.get(number.checked_sub(1)?));
        let value = value.ok_or(rusqlite::Error::InvalidParameterCount(place, values.len()))?;
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(())
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(n) => ValueRef::Integer(*n),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl rusqlite::types::FromSql for Value {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        use rusqlite::types::{FromSqlError, ValueRef};
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(n) => Ok(Self::Int(n)),
            ValueRef::Real(_) => Err(FromSqlError::InvalidType),
            ValueRef::Text(text) => String::from_utf8(text.to_vec())
                .map(Self::Text)
                .map_err(|error| FromSqlError::Other(Box::new(error))),
            ValueRef::Blob(bytes) => Ok(Self::Bytes(bytes.to_vec())),
        }
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(n) if *ty == Type::INT8 => n.to_sql(ty, out),
            Self::Int(n) if *ty == Type::INT4 => i32::try_from(*n)?.to_sql(ty, out),
            Self::Int(n) if *ty == Type::BOOL => (*n != 0).to_sql(ty, out),
            Self::Text(text)
                if [Type::TEXT, Type::VARCHAR, Type::NAME, Type::UNKNOWN].contains(ty) =>
            {
                text.to_sql(ty, out)
            }
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            other => Err(format!("{other:?} does not fit a column of type {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

async fn client(pool: &Pool) -> Result<Object, StoreError> {
    pool.get().await.map_err(|error| match error {
        deadpool_postgres::PoolError::Timeout(_) => {
            StoreError::Timeout { operation: "get a connection".to_owned() }
        }
        deadpool_postgres::PoolError::Backend(error) => dialect::postgres_error("connect", error),
        other => database_error("connect", other),
    })
}

async fn postgres_rows(
    client: &Object,
    sql: &str,
    values: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let failed = |error| dialect::postgres_error(sql, error);
    let statement = client.prepare_cached(sql).await.map_err(failed)?;
    let params: Vec<&(dyn ToSql + Sync)> =
        values.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
    let rows = client.query(&statement, &params).await.map_err(failed)?;
    rows.iter().map(|row| postgres_row(sql, row)).collect()
}

fn postgres_row(sql: &str, row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let failed = |error| dialect::postgres_error(sql, error);
    let mut values = Vec::with_capacity(row.len());
    for (place, column) in row.columns().iter().enumerate() {
        let ty = column.type_();
        let value: Value = if *ty == Type::INT8 {
            row.try_get::<_, Option<i64>>(place).map_err(failed)?.into()
        } else if *ty == Type::INT4 {
            row.try_get::<_, Option<i32>>(place).map_err(failed)?.into()
        } else if *ty == Type::BOOL {
            row.try_get::<_, Option<bool>>(place).map_err(failed)?.into()
        } else if *ty == Type::BYTEA {
            row.try_get::<_, Option<Vec<u8>>>(place).map_err(failed)?.into()
        } else {
            row.try_get::<_, Option<String>>(place).map_err(failed)?.into()
        };
        values.push(value);
    }
    Ok(Row(values))
}

fn database_error(
    operation: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError::Database { operation: operation.to_owned(), source: Box::new(error) }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The path in `sqlite:PATH` or a path as it is.
fn sqlite_path(url: &str) -> Result<&Path, StoreError> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains("://") {
        return Err(StoreError::Address { url: url.to_owned() });
    }
    Ok(Path::new(path))
}

/// The file that whoever writes holds locked.
fn lock_path(path: &Path) -> PathBuf {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    PathBuf::from(lock_path)
}

/// What a panicking reader held is only a list of connections, still good.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
