//! Long work (后台任务): a row that is claimed, worked on, and ends with a report.
//!
//! What a job does is the business of whoever runs it; here it has a kind, what was asked as text, a
//! state and a lease. A process [claims](Jobs::claim) a job by a conditional update, so that of several
//! only one has it; while it works it [renews](Jobs::renew) its lease; a job whose lease has run out is
//! taken up again. Only the holder of the claim can end a job, so nothing half is ever shown as done.
//!
//! Jobs live by the clock of the people, like their sessions: moving the demo's date ends no lease.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendar::Words;
use jiff::{SignedDuration, Timestamp};
use procedure::definition::RoleName;
use procedure::{Actor, UnitId, UserId};
use serde::{Deserialize, Serialize};
use tokio::fs::File;

use crate::clock::Clock;
use crate::db::{Database, Tx};
use crate::error::StoreError;
use crate::import::RowError;
use crate::journal::{AdminEntry, admin_event_append};
use crate::people::{People, powers_fetch};
use crate::role::{PlatformRole, role_id, role_read};
use crate::row::{Row, Value};
use crate::store::Store;

/// A claim that is not renewed within this time is taken over.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// Most times a job is taken up; one that brings its runner down each time is given up then.
pub const ATTEMPTS_MAX: u32 = 3;
/// Most jobs of one person that wait or run at once.
pub const JOBS_LIVE_MAX: u32 = 10;
/// Most jobs of a page of somebody's list.
pub const JOB_ROWS_MAX: u16 = 100;
/// Wrong rows kept in a report; the count is always whole.
pub const REPORT_ERRORS_MAX: usize = 200;
/// A job that is over is forgotten after this time.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 180);
/// Jobs looked at in one claim or one sweep.
const ROUND_MAX: i64 = 200;

/// Who asked, and as whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker {
    /// The person.
    pub user: UserId,
    /// The unit they act for; none for the administrators of the platform.
    pub unit: Option<UnitId>,
    /// The one role they act in; none for every role held there.
    pub role: Option<RoleName>,
}

/// What somebody may do at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Who acts; none for somebody who acts for no unit.
    pub actor: Option<Actor>,
    /// The administrator's role.
    pub platform: Option<PlatformRole>,
}

impl Right {
    /// The roles as text, to be compared later.
    #[must_use]
    pub fn roles(&self) -> BTreeSet<String> {
        roles_text(self.actor.as_ref(), self.platform)
    }
}

/// Roles as text: what a job ran with, and what whoever takes its result holds.
#[must_use]
pub fn roles_text(actor: Option<&Actor>, platform: Option<PlatformRole>) -> BTreeSet<String> {
    let posts = actor.into_iter().flat_map(|actor| &actor.roles).map(|role| role_id(*role));
    posts.chain(platform.map(PlatformRole::id)).map(str::to_owned).collect()
}

/// A job to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// What kind of work.
    pub kind: String,
    /// Who asks.
    pub asker: Asker,
    /// The language of what it makes.
    pub language: String,
    /// What is asked, as JSON.
    pub asked: String,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobState {
    /// Nobody has begun.
    Waiting,
    /// Somebody works on it.
    Running,
    /// It is done.
    Done,
    /// It could not be done.
    Failed,
    /// Whoever asked wants it no more.
    Cancelled,
}

impl JobState {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// Its id, as stored.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// What came of a job, in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// In one sentence.
    pub words: Words,
    /// Counts: what is counted, how many.
    pub counts: Vec<(Words, u64)>,
    /// Rows that are wrong, at most [`REPORT_ERRORS_MAX`].
    pub errors: Vec<RowError>,
    /// How many rows are wrong.
    pub errors_total: u64,
    /// The number under which a failure stands in the log.
    pub reference: Option<String>,
}

impl Report {
    /// One sentence and nothing else.
    #[must_use]
    pub fn of(words: Words) -> Self {
        Self { words, ..Self::default() }
    }

    /// With a count.
    #[must_use]
    pub fn count(mut self, words: Words, number: u64) -> Self {
        self.counts.push((words, number));
        self
    }

    /// With rows that are wrong.
    #[must_use]
    pub fn wrong(mut self, mut errors: Vec<RowError>) -> Self {
        self.errors_total = errors.len() as u64;
        errors.truncate(REPORT_ERRORS_MAX);
        self.errors = errors;
        self
    }
}

/// The file a job made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// Its name.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
    /// When it is deleted.
    pub expires_at: Timestamp,
    /// Where it lies; none when it has been deleted.
    place: Option<String>,
}

impl JobFile {
    /// Whether it has been deleted.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.place.is_none()
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: i64,
    /// What kind of work.
    pub kind: String,
    /// Who asked.
    pub asker: Asker,
    /// The language of what it makes.
    pub language: String,
    /// What was asked, as JSON.
    pub asked: String,
    /// Where it stands.
    pub state: JobState,
    /// How much is done.
    pub done: u64,
    /// Of how much; none when nobody knows yet.
    pub total: Option<u64>,
    /// How often it was taken up.
    pub attempts: u32,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was first begun.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// What came of it.
    pub report: Option<Report>,
    /// The roles it ran with.
    pub rights: BTreeSet<String>,
    /// What it made.
    pub file: Option<JobFile>,
}

/// A job in the hands of one runner.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The job as it was when it was claimed.
    pub job: Job,
    runner: String,
}

/// Whether a claim still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It does, or the job has just been ended by its holder.
    Held,
    /// The job was cancelled or taken over: the work is to stop.
    Lost,
}

/// A file a job has written, to be handed in with its report. It goes when it is not handed in.
#[derive(Debug)]
pub struct Written {
    folder: PathBuf,
    place: String,
    is_kept: bool,
    /// Its name when it is downloaded.
    pub name: String,
    /// Its type.
    pub media_type: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Its size.
    pub size_bytes: u64,
}

impl Written {
    /// Where to write it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.place)
    }

    /// The folder it lies in, for temporary files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.is_kept {
            // It may never have been written.
            drop(std::fs::remove_file(self.path()));
        }
    }
}

/// Why a job was not taken.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The person has as many as may wait or run at once.
    #[error("{most} jobs wait or run already")]
    TooMany {
        /// How many may.
        most: u32,
    },
    /// Something broke.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The jobs; cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    database: Database,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    runner: String,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jobs").field("runner", &self.runner).finish_non_exhaustive()
    }
}

macro_rules! columns {
    () => {
        "job_id, kind, user_id, unit_id, role, language, asked, state, done, total, attempts, \
         asked_at, started_at, finished_at, report, rights, file_name, file_place, media_type, \
         sha256, size_bytes, expires_at"
    };
}

impl Jobs {
    /// The jobs of a store, by the clock of the people; `runner` is a name no other process has.
    #[must_use]
    pub fn new(store: &Store, people: &People, runner: String) -> Self {
        Self {
            database: store.database().clone(),
            folder: store.inner().files.join("results"),
            clock: Arc::clone(&people.clock),
            runner,
        }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Takes a job; says its id.
    ///
    /// # Errors
    /// [`JobError::TooMany`], or when the database fails.
    pub async fn start(&self, job: &NewJob) -> Result<i64, JobError> {
        const SQL: &str = "
            insert into job (kind, user_id, unit_id, role, language, asked, state, done, total,
                             attempts, asked_at, rights)
            values ($1, $2, $3, $4, $5, $6, 'waiting', 0, null, 0, $7, '')
            returning job_id";
        let mut tx = self.database.write().await?;
        if live_count(&mut tx, job.asker.user).await? >= JOBS_LIVE_MAX {
            return Err(JobError::TooMany { most: JOBS_LIVE_MAX });
        }
        let values: [Value; 7] = [
            (&job.kind).into(),
            job.asker.user.into(),
            job.asker.unit.into(),
            job.asker.role.map(role_id).into(),
            (&job.language).into(),
            (&job.asked).into(),
            self.now().into(),
        ];
        let id = tx.one(SQL, &values).await?;
        tx.commit().await?;
        Ok(id.unwrap_or_default())
    }

    /// Somebody's jobs before one of them, newest first, by `job_by_user`; at most `limit` and never
    /// more than [`JOB_ROWS_MAX`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(
        &self,
        user: UserId,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<Job>, StoreError> {
        const SQL: &str = concat!(
            "select ",
            columns!(),
            " from job where user_id = $1 and job_id < $2 order by job_id desc limit $3"
        );
        let values =
            [user.into(), before.unwrap_or(i64::MAX).into(), limit.min(JOB_ROWS_MAX).into()];
        self.database.read().await?.rows(SQL, &values).await?.iter().map(job).collect()
    }

    /// One of somebody's jobs; another's is as if it did not exist.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch(&self, user: UserId, id: i64) -> Result<Option<Job>, StoreError> {
        const SQL: &str =
            concat!("select ", columns!(), " from job where job_id = $1 and user_id = $2");
        let row = self.database.read().await?.row(SQL, &[id.into(), user.into()]).await?;
        row.as_ref().map(job).transpose()
    }

    /// How many of somebody's jobs wait or run, by `job_live`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_live(&self, user: UserId) -> Result<u32, StoreError> {
        live_count(&mut self.database.read().await?, user).await
    }

    /// Whether any job waits or runs, by `job_live`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn any_live(&self) -> Result<bool, StoreError> {
        const SQL: &str = "select job_id from job where finished_at is null limit 1";
        Ok(self.database.read().await?.row(SQL, &[]).await?.is_some())
    }

    /// The oldest job that waits or whose runner is gone, for this process alone; by `job_live`.
    /// A job taken up [`ATTEMPTS_MAX`] times without an end is given up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self) -> Result<Option<Claim>, StoreError> {
        const FREE: &str = "
            select job_id, attempts
              from job
             where finished_at is null and (state = 'waiting' or leased_until < $1)
             order by job_id
             limit $2";
        const CLAIM: &str = "
            update job
               set state = 'running', runner = $1, leased_until = $2, attempts = attempts + 1,
                   started_at = coalesce(started_at, $3), done = 0, total = null
             where job_id = $4 and finished_at is null
               and (state = 'waiting' or leased_until < $3)";
        const GIVE_UP: &str = "
            update job
               set state = 'failed', finished_at = $1, runner = null, leased_until = null,
                   report = $2
             where job_id = $3 and state = 'running' and leased_until < $1";
        const ONE: &str = concat!("select ", columns!(), " from job where job_id = $1");
        let now = self.now();
        // Looked for first: on SQLite whoever writes keeps the others waiting.
        let free = self.database.read().await?.rows(FREE, &[now.into(), ROUND_MAX.into()]).await?;
        for row in free {
            let (id, attempts): (i64, u32) = (row.get(0)?, row.get(1)?);
            let mut tx = self.database.write().await?;
            if attempts >= ATTEMPTS_MAX {
                let report = Report::of(Words::new(
                    format!(
                        "处理程序{attempts}次中断，本任务不再重试。没有生成任何文件，也没有写入任何内容。"
                    ),
                    format!(
                        "The work broke off {attempts} times and is not tried again. Nothing was made and nothing was written."
                    ),
                ));
                tx.execute(GIVE_UP, &[now.into(), json(&report)?.into(), id.into()]).await?;
                tx.commit().await?;
                self.clear(id);
                continue;
            }
            let until = later(now, LEASE);
            let values = [(&self.runner).into(), until.into(), now.into(), id.into()];
            if tx.execute(CLAIM, &values).await? == 0 {
                continue;
            }
            let row = tx.row(ONE, &[id.into()]).await?;
            tx.commit().await?;
            let Some(row) = row else { continue };
            // What an earlier runner had begun to write is nobody's now.
            self.clear(id);
            return Ok(Some(Claim { job: job(&row)?, runner: self.runner.clone() }));
        }
        Ok(None)
    }

    /// Says how far the work has come and keeps the claim for another [`LEASE`].
    ///
    /// # Errors
    /// When the database fails; the claim may still hold.
    pub async fn renew(
        &self,
        claim: &Claim,
        done: u64,
        total: Option<u64>,
    ) -> Result<Hold, StoreError> {
        const SQL: &str = "
            update job set done = $1, total = $2, leased_until = $3
             where job_id = $4 and runner = $5 and state = 'running'";
        let until = later(self.now(), LEASE);
        let values: [Value; 5] = [
            whole(done).into(),
            total.map(whole).into(),
            until.into(),
            claim.job.id.into(),
            (&claim.runner).into(),
        ];
        let mut tx = self.database.write().await?;
        let held = tx.execute(SQL, &values).await?;
        tx.commit().await?;
        if held > 0 { Ok(Hold::Held) } else { self.held(claim).await }
    }

    /// Whether a claim still holds.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn held(&self, claim: &Claim) -> Result<Hold, StoreError> {
        const SQL: &str = "select state, coalesce(runner, '') from job where job_id = $1";
        let row = self.database.read().await?.row(SQL, &[claim.job.id.into()]).await?;
        let Some(row) = row else { return Ok(Hold::Lost) };
        let (state, runner): (String, String) = (row.get(0)?, row.get(1)?);
        let is_ours = state == "running" && runner == claim.runner;
        // Ended a moment ago, and the one who ended it is about to say so.
        let is_ended = state == "done" || state == "failed";
        Ok(if is_ours || is_ended { Hold::Held } else { Hold::Lost })
    }

    /// Puts a job back for another runner: this one is asked to stop.
    ///
    /// # Errors
    /// When the database fails; the lease will then run out.
    pub async fn put_back(&self, claim: &Claim) -> Result<(), StoreError> {
        const SQL: &str = "
            update job
               set state = 'waiting', runner = null, leased_until = null, attempts = attempts - 1
             where job_id = $1 and runner = $2 and state = 'running'";
        let mut tx = self.database.write().await?;
        tx.execute(SQL, &[claim.job.id.into(), (&claim.runner).into()]).await?;
        tx.commit().await
    }

    /// Ends a job that could not be done; says whether the claim still held.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fail(&self, claim: &Claim, report: &Report) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let ended = end_in(&mut tx, claim, JobState::Failed, report, self.now()).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends a job that is done, with what it made and the entry in the journal, in one transaction;
    /// says whether the claim still held. When it did not, nothing is kept.
    ///
    /// # Errors
    /// When the database fails; then nothing is kept.
    pub async fn finish(
        &self,
        claim: &Claim,
        report: &Report,
        rights: &BTreeSet<String>,
        made: Option<(Written, SignedDuration)>,
        journal: Option<AdminEntry>,
    ) -> Result<bool, StoreError> {
        const FILE: &str = "
            update job
               set rights = $1, file_name = $2, file_place = $3, media_type = $4, sha256 = $5,
                   size_bytes = $6, expires_at = $7
             where job_id = $8";
        let now = self.now();
        let mut tx = self.database.write().await?;
        if !end_in(&mut tx, claim, JobState::Done, report, now).await? {
            return Ok(false);
        }
        let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
        let expires = made.as_ref().map(|(_, kept)| later(now, *kept));
        let file = made.map(|(file, _)| file);
        let one = file.as_ref();
        let values: [Value; 8] = [
            rights.join(" ").into(),
            one.map(|file| file.name.as_str()).into(),
            one.map(|file| file.place.as_str()).into(),
            one.map(|file| file.media_type.as_str()).into(),
            one.map(|file| file.sha256.as_str()).into(),
            one.map(|file| whole(file.size_bytes)).into(),
            expires.into(),
            claim.job.id.into(),
        ];
        tx.execute(FILE, &values).await?;
        if let Some(entry) = journal {
            admin_event_append(&mut tx, entry).await?;
        }
        tx.commit().await?;
        if let Some(mut file) = file {
            file.is_kept = true;
        }
        Ok(true)
    }

    /// Ends a job whoever asked wants no more; says whether it was not yet over.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cancel(&self, user: UserId, id: i64) -> Result<bool, StoreError> {
        const SQL: &str = "
            update job set state = 'cancelled', finished_at = $1, runner = null, leased_until = null
             where job_id = $2 and user_id = $3 and finished_at is null";
        let mut tx = self.database.write().await?;
        let ended = tx.execute(SQL, &[self.now().into(), id.into(), user.into()]).await?;
        tx.commit().await?;
        Ok(ended > 0)
    }

    /// Deletes results whose time is over and forgets jobs that have long been; says how many files
    /// went.
    ///
    /// # Errors
    /// When the database or the disk fails.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        const OLD: &str = "
            select job_id, file_place from job
             where file_place is not null and expires_at <= $1 limit $2";
        const GONE: &str = "update job set file_place = null where job_id = $1";
        const FORGOTTEN: &str = "select job_id from job where finished_at < $1 limit 1";
        const FORGET: &str = "delete from job where finished_at < $1 and file_place is null";
        let now = self.now();
        let old = self.database.read().await?.rows(OLD, &[now.into(), ROUND_MAX.into()]).await?;
        for row in &old {
            let (id, place): (i64, String) = (row.get(0)?, row.get(1)?);
            let path = self.folder.join(place);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed(&path, source)),
            }
            let mut tx = self.database.write().await?;
            tx.execute(GONE, &[id.into()]).await?;
            tx.commit().await?;
        }
        let before = now.checked_sub(KEPT).unwrap_or(Timestamp::UNIX_EPOCH);
        let forgotten = self.database.read().await?.row(FORGOTTEN, &[before.into()]).await?;
        if forgotten.is_some() {
            let mut tx = self.database.write().await?;
            tx.execute(FORGET, &[before.into()]).await?;
            tx.commit().await?;
        }
        Ok(old.len() as u64)
    }

    /// A place for what a job makes, in a folder that is there.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn place(
        &self,
        claim: &Claim,
        name: &str,
        media_type: &str,
    ) -> Result<Written, StoreError> {
        std::fs::create_dir_all(&self.folder).map_err(|source| failed(&self.folder, source))?;
        Ok(Written {
            folder: self.folder.clone(),
            place: format!("{}-{}-{}", claim.job.id, claim.job.attempts, self.runner),
            is_kept: false,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            sha256: String::new(),
            size_bytes: 0,
        })
    }

    /// The file of a job; none when it made none or its time is over.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn open(&self, job: &Job) -> Result<Option<File>, StoreError> {
        let Some(file) = &job.file else { return Ok(None) };
        let Some(place) = file.place.as_deref().filter(|_| file.expires_at > self.now()) else {
            return Ok(None);
        };
        let path = self.folder.join(place);
        File::open(&path).await.map(Some).map_err(|source| failed(&path, source))
    }

    /// Removes what was written for a job and never handed in.
    fn clear(&self, id: i64) {
        let Ok(all) = std::fs::read_dir(&self.folder) else { return };
        let ours = format!("{id}-");
        for entry in all.flatten() {
            if entry.file_name().to_string_lossy().starts_with(&ours) {
                drop(std::fs::remove_file(entry.path()));
            }
        }
    }
}

/// Ends a job within a transaction of the work itself, so that both happen or neither; says whether
/// the claim still held. When it did not, the transaction must not be committed.
///
/// # Errors
/// When the database fails.
pub async fn end_in(
    tx: &mut Tx,
    claim: &Claim,
    state: JobState,
    report: &Report,
    now: Timestamp,
) -> Result<bool, StoreError> {
    const SQL: &str = "
        update job
           set state = $1, finished_at = $2, report = $3, runner = null, leased_until = null
         where job_id = $4 and runner = $5 and state = 'running'";
    let values: [Value; 5] = [
        state.id().into(),
        now.into(),
        json(report)?.into(),
        claim.job.id.into(),
        (&claim.runner).into(),
    ];
    Ok(tx.execute(SQL, &values).await? > 0)
}

async fn live_count(tx: &mut Tx, user: UserId) -> Result<u32, StoreError> {
    const SQL: &str = "select count(*) from job where finished_at is null and user_id = $1";
    Ok(tx.one(SQL, &[user.into()]).await?.unwrap_or(0))
}

fn job(row: &Row) -> Result<Job, StoreError> {
    let state: String = row.get(7)?;
    let state = JobState::ALL.into_iter().find(|one| one.id() == state);
    let report: Option<String> = row.get(14)?;
    let report = report
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| StoreError::damaged("report", error))?;
    let rights: String = row.get(15)?;
    let file = match row.get::<Option<String>>(16)? {
        Some(name) => Some(JobFile {
            name,
            place: row.get(17)?,
            media_type: row.get(18)?,
            sha256: row.get(19)?,
            size_bytes: row.get(20)?,
            expires_at: row.get(21)?,
        }),
        None => None,
    };
    let role: Option<String> = row.get(4)?;
    Ok(Job {
        id: row.get(0)?,
        kind: row.get(1)?,
        asker: Asker {
            user: row.get(2)?,
            unit: row.get(3)?,
            role: role.and_then(|role| role_read(&role)),
        },
        language: row.get(5)?,
        asked: row.get(6)?,
        state: state.unwrap_or(JobState::Failed),
        done: row.get(8)?,
        total: row.get(9)?,
        attempts: row.get(10)?,
        asked_at: row.get(11)?,
        started_at: row.get(12)?,
        finished_at: row.get(13)?,
        report,
        rights: rights.split_whitespace().map(str::to_owned).collect(),
        file,
    })
}

fn json(report: &Report) -> Result<String, StoreError> {
    serde_json::to_string(report).map_err(|error| StoreError::damaged("report", error))
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn failed(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::File { operation: "cannot keep or open a result", path: path.to_owned(), source }
}

impl People {
    /// What somebody may do at this moment, acting as they did when they asked; none when the account
    /// is closed or the post no longer theirs.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn right_of(&self, asker: Asker) -> Result<Option<Right>, StoreError> {
        const NAME: &str =
            "select display_name from user_account where user_id = $1 and active = 1";
        let mut tx = self.database.read().await?;
        let Some(name) = tx.one(NAME, &[asker.user.into()]).await? else { return Ok(None) };
        let powers = powers_fetch(&mut tx, asker.user).await?;
        let Some(unit) = asker.unit else {
            return Ok(Some(Right {
                user: asker.user,
                name,
                actor: None,
                platform: powers.platform,
            }));
        };
        let Some(held) = powers.posts.get(&unit) else { return Ok(None) };
        let roles: BTreeSet<RoleName> = match asker.role {
            Some(role) => held.iter().copied().filter(|one| *one == role).collect(),
            None => held.clone(),
        };
        if roles.is_empty() {
            return Ok(None);
        }
        let actor = Actor { user: asker.user, unit, roles };
        Ok(Some(Right { user: asker.user, name, actor: Some(actor), platform: None }))
    }

    /// Writes down that somebody took a list out of the platform.
    ///
    /// # Errors
    /// When the database fails; then the list should not be handed out.
    pub async fn journal_append(&self, entry: AdminEntry) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        admin_event_append(&mut tx, entry).await?;
        tx.commit().await
    }
}
