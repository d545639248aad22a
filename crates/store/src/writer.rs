//! The one writer: everything that changes goes through it.
//!
//! It takes all commands that wait, at most [`BATCH_MAX`], and makes them durable with one commit. Nobody
//! is answered before it. A refusal is an answer and undoes nothing. Should a command break something,
//! all are undone and run again, each behind a savepoint of its own, so that it harms no other; that is
//! rare enough for savepoints to be left out the first time.
//!
//! What they need is read at once and what they write is sent at once (see [`Group`]): a database over the
//! network is waited for a few times a commit, not a few times a command.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use calendar::Words;
use jiff::Timestamp;
use procedure::decide::World;
use procedure::matter::Proposal;
use procedure::{
    Actor, Command, Decision, Event, Family, FieldError, Matter, MatterId, OpenRequest, Refusal,
    Request, Rules, UserId, What, decide,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use crate::answer::{ActError, Done, DraftRef, Key, Refused};
use crate::db::{Statement, Tx};
use crate::draft::{self, Draft, DraftBody};
use crate::error::StoreError;
use crate::event;
use crate::family::{Loaded, families_lock};
use crate::ids::Ids;
use crate::ledger::Appending;
use crate::ledger::entry::MatterHead;
use crate::projection::{Counts, Projection, write_counts};
use crate::randomness::hex;
use crate::row::Value;
use crate::store::Inner;
use crate::vault::Vault;
use crate::vault::field::event_to_text;

/// Most commands in one commit.
pub const BATCH_MAX: usize = 128;
/// Most commands that may wait before callers are held back.
pub(crate) const WAITING_MAX: usize = 4_096;

/// What is asked of the writer.
pub(crate) enum Job {
    Act {
        actor: Actor,
        request: Request,
        key: Option<Key>,
    },
    Open {
        actor: Actor,
        request: OpenRequest,
        key: Option<Key>,
    },
    PassTime {
        root: MatterId,
    },
    Recount {
        root: MatterId,
    },
    /// What belongs to no matter: a draft saved, a file noted.
    Statements(Vec<Statement>),
}

/// What the writer says.
pub(crate) enum Answer {
    Done(Box<Done>),
    Refused(Box<Refused>),
    NotFound,
    KeyReused,
    Count(u64),
}

/// A job and where its answer goes.
pub(crate) struct Work {
    pub(crate) job: Job,
    pub(crate) reply: oneshot::Sender<Result<Answer, StoreError>>,
}

impl Work {
    /// The matter whose family the command needs.
    fn matter(&self) -> Option<&MatterId> {
        match &self.job {
            Job::Act { request, .. } => Some(&request.matter),
            Job::Open { request, .. } => request.parent.as_ref(),
            Job::PassTime { root } | Job::Recount { root } => Some(root),
            Job::Statements(_) => None,
        }
    }

    /// The key it must not act under twice.
    fn key(&self) -> Option<KeyOf> {
        match &self.job {
            Job::Act { actor, key, .. } | Job::Open { actor, key, .. } => {
                Some((actor.user, key.as_ref()?.as_str().to_owned()))
            }
            Job::PassTime { .. } | Job::Recount { .. } | Job::Statements(_) => None,
        }
    }
}

/// Whose key.
type KeyOf = (UserId, String);

/// What the commands of a commit have read and are about to write.
#[derive(Default)]
struct Group {
    /// Families by their root, as the commands so far leave them.
    families: BTreeMap<MatterId, Loaded>,
    /// The root of each matter in them.
    roots: BTreeMap<MatterId, MatterId>,
    /// What was answered to a key: the request's hash and the answer.
    answered: BTreeMap<KeyOf, (String, String)>,
    /// The last number given out, by first part and year.
    numbers: BTreeMap<(String, i64), i64>,
    counts: Counts,
    /// What is still to be sent, in its order.
    statements: Vec<Statement>,
    /// What is still to be appended: last, for only then is the end of the log locked.
    events: Vec<(MatterHead, Event, String)>,
    /// Whether it is measured what a commit costs without the log.
    leaves_no_record: bool,
}

impl Group {
    /// Locks and reads what these commands need.
    async fn of(tx: &mut Tx, batch: &[Work]) -> Result<Self, StoreError> {
        let mut group = Self::default();
        let matters: BTreeSet<&MatterId> = batch.iter().filter_map(Work::matter).collect();
        let matters: Vec<&MatterId> = matters.into_iter().collect();
        for (root, loaded) in families_lock(tx, &matters).await? {
            group.put(root, loaded);
        }
        let keys: Vec<KeyOf> = batch.iter().filter_map(Work::key).collect();
        for some in keys.chunks(KEYS_ASKED_MAX) {
            group.read_keys(tx, some).await?;
        }
        Ok(group)
    }

    async fn read_keys(&mut self, tx: &mut Tx, keys: &[KeyOf]) -> Result<(), StoreError> {
        let (mut either, mut values) = (Vec::new(), Vec::<Value>::new());
        let again = keys.iter().rev().take(1).cycle();
        for (user, key) in keys.iter().chain(again).take(keys.len().next_power_of_two()) {
            let place = values.len() + 1;
            either.push(format!("(user_id = ${place} and key = ${})", place + 1));
            values.extend([(*user).into(), key.into()]);
        }
        let sql = format!(
            "select user_id, key, request_hash, answer from idempotency where {}",
            either.join(" or ")
        );
        for row in tx.rows(&sql, &values).await? {
            self.answered.insert((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
        }
        Ok(())
    }

    /// Takes out the family of a matter; whoever takes it puts back what became of it.
    fn take(&mut self, matter: &MatterId) -> Option<(MatterId, Loaded)> {
        self.families.remove_entry(self.roots.get(matter)?)
    }

    /// Puts back a family nothing became of.
    fn put_back(&mut self, matter: Option<&MatterId>, loaded: Loaded) {
        if let Some(root) = matter.and_then(|matter| self.roots.get(matter)).cloned() {
            self.put(root, loaded);
        }
    }

    fn put(&mut self, root: MatterId, loaded: Loaded) {
        for matter in loaded.family.matters() {
            if !self.roots.contains_key(&matter.id) {
                self.roots.insert(matter.id.clone(), root.clone());
            }
        }
        self.families.insert(root, loaded);
    }

    /// The next number of a kind of matter in the year of the opening, e.g. `问题〔2026〕12号`. The
    /// first of a commit takes the row; the rest are counted here and written with it.
    async fn number(
        &mut self,
        tx: &mut Tx,
        prefix: &str,
        at: Timestamp,
    ) -> Result<String, StoreError> {
        const TAKE: &str = "
            insert into matter_number (prefix, year, last) values ($1, $2, 1)
            on conflict (prefix, year) do update set last = matter_number.last + 1
            returning last";
        let year = i64::from(calendar::local_date(at).year());
        let key = (prefix.to_owned(), year);
        let number = match self.numbers.get(&key) {
            Some(last) => last + 1,
            None => tx.one(TAKE, &[prefix.into(), year.into()]).await?.unwrap_or(1),
        };
        self.numbers.insert(key, number);
        Ok(format!("{prefix}〔{year}〕{number}号"))
    }

    /// Sends what is still to be sent.
    async fn send(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        const NUMBER: &str = "update matter_number set last = $3 where prefix = $1 and year = $2";
        let numbers = std::mem::take(&mut self.numbers).into_iter();
        self.statements.extend(numbers.map(|((prefix, year), last)| {
            Statement::new(NUMBER, vec![prefix.into(), year.into(), last.into()])
        }));
        let events = std::mem::take(&mut self.events);
        if !events.is_empty() {
            let mut log = if self.leaves_no_record {
                Appending::mute()
            } else {
                Appending::begin(tx).await?
            };
            event::append(&events, &mut log, &mut self.statements)?;
            self.statements.extend(log.statements());
        }
        tx.execute_all(&std::mem::take(&mut self.statements)).await.map(drop)
    }
}

/// Most keys of one question.
const KEYS_ASKED_MAX: usize = 32;

/// Takes work until every sender is gone, or until `stop` closes and what waits is done.
pub(crate) async fn run(
    inner: Arc<Inner>,
    mut work: mpsc::Receiver<Work>,
    seed: [u8; 32],
    mut stop: oneshot::Receiver<()>,
) {
    let mut writer = Writer { inner, ids: Ids::new(seed) };
    let mut stopping = false;
    loop {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        tokio::select! {
            biased;
            _ = &mut stop, if !stopping => {
                stopping = true;
                work.close();
                continue;
            }
            taken = work.recv_many(&mut batch, BATCH_MAX) => if taken == 0 { return },
        }
        writer.run_batch(batch).await;
    }
}

struct Writer {
    inner: Arc<Inner>,
    ids: Ids,
}

impl Writer {
    async fn run_batch(&mut self, batch: Vec<Work>) {
        let batch: Vec<Work> = batch.into_iter().filter(|work| !work.reply.is_closed()).collect();
        let answers = match self.commit_all(&batch).await {
            Ok(answers) => answers,
            Err(error) if batch.len() > 1 => {
                tracing::warn!(commands = batch.len(), %error, "a commit failed; one by one now");
                let mut answers = Vec::with_capacity(batch.len());
                for work in &batch {
                    answers.push(self.alone(work).await);
                }
                answers
            }
            Err(error) => vec![Err(error)],
        };
        for (work, answer) in batch.into_iter().zip(answers) {
            // Another process may have stood in the way; nothing of this command was kept.
            let answer = match answer {
                Err(StoreError::Timeout { .. }) => self.alone(&work).await,
                Err(error) if error.is_constraint("idempotency_pkey") => self.alone(&work).await,
                answer => answer,
            };
            // Whoever asked may have gone away meanwhile.
            drop(work.reply.send(answer));
        }
    }

    async fn alone(&mut self, work: &Work) -> Result<Answer, StoreError> {
        let mut answers = self.commit(std::slice::from_ref(work)).await?;
        answers.pop().unwrap_or(Err(StoreError::Closed))
    }

    /// All in one commit: first without savepoints, with them when one breaks something.
    async fn commit_all(
        &mut self,
        batch: &[Work],
    ) -> Result<Vec<Result<Answer, StoreError>>, StoreError> {
        match self.commit_together(batch).await {
            Ok(answers) => Ok(answers.into_iter().map(Ok).collect()),
            Err(error) => {
                tracing::debug!(commands = batch.len(), %error, "a command broke something");
                self.commit(batch).await
            }
        }
    }

    async fn commit_together(&mut self, batch: &[Work]) -> Result<Vec<Answer>, StoreError> {
        let mut tx = self.inner.database.write().await?;
        let mut group = Group::of(&mut tx, batch).await?;
        group.leaves_no_record = self.inner.leaves_no_record.load(Ordering::Relaxed);
        let mut answers = Vec::with_capacity(batch.len());
        for work in batch {
            answers.push(self.run(&mut tx, &mut group, &work.job).await?);
        }
        group.statements.extend(write_counts(&group.counts));
        group.send(&mut tx).await?;
        tx.commit().await?;
        Ok(answers)
    }

    /// Each behind its own savepoint.
    async fn commit(
        &mut self,
        batch: &[Work],
    ) -> Result<Vec<Result<Answer, StoreError>>, StoreError> {
        let mut tx = self.inner.database.write().await?;
        // All families at once, for they are locked in one order.
        Group::of(&mut tx, batch).await?;
        let mut counts = Counts::new();
        let mut answers = Vec::with_capacity(batch.len());
        for work in batch {
            tx.savepoint().await?;
            match self.by_savepoint(&mut tx, work).await {
                Ok((answer, change)) => {
                    tx.release().await?;
                    for (key, number) in change {
                        *counts.entry(key).or_default() += number;
                    }
                    answers.push(Ok(answer));
                }
                Err(error) => {
                    tx.undo().await?;
                    answers.push(Err(error));
                }
            }
        }
        tx.execute_all(&write_counts(&counts)).await?;
        tx.commit().await?;
        Ok(answers)
    }

    async fn by_savepoint(
        &mut self,
        tx: &mut Tx,
        work: &Work,
    ) -> Result<(Answer, Counts), StoreError> {
        let mut group = Group::of(tx, std::slice::from_ref(work)).await?;
        let answer = self.run(tx, &mut group, &work.job).await?;
        group.send(tx).await?;
        Ok((answer, group.counts))
    }

    async fn run(
        &mut self,
        tx: &mut Tx,
        group: &mut Group,
        job: &Job,
    ) -> Result<Answer, StoreError> {
        match job {
            Job::Act { actor, request, key } => {
                self.once(tx, group, actor, key.as_ref(), Asked::Act(request)).await
            }
            Job::Open { actor, request, key } => {
                self.once(tx, group, actor, key.as_ref(), Asked::Open(request)).await
            }
            Job::PassTime { root } => self.by_itself(tx, group, root, decide::pass_time).await,
            Job::Recount { root } => self.by_itself(tx, group, root, decide::recount).await,
            Job::Statements(statements) => {
                // Their count is wanted, and they come after what was asked before.
                group.send(tx).await?;
                Ok(Answer::Count(tx.execute_all(statements).await?))
            }
        }
    }

    /// Acts unless the key says it was done before.
    async fn once(
        &mut self,
        tx: &mut Tx,
        group: &mut Group,
        actor: &Actor,
        key: Option<&Key>,
        asked: Asked<'_>,
    ) -> Result<Answer, StoreError> {
        const KEEP: &str = "
            insert into idempotency (user_id, key, request_hash, answer, created_at)
            values ($1, $2, $3, $4, $5)";
        let Some(key) = key else { return self.person(tx, group, actor, asked).await };
        let filled_in = format!("{} {asked}", actor.unit);
        // Not a plain hash: whoever guesses what was filled in could prove it by one.
        let mark = tx.vault().mark(filled_in.as_bytes());
        let hash = mark.map_err(|error| StoreError::damaged("vault", error))?;
        let key = (actor.user, key.as_str().to_owned());
        if let Some((known, answer)) = group.answered.get(&key) {
            // What was answered before there was a vault has one.
            if *known != hash && *known != hex(&Sha256::digest(&filled_in)) {
                return Ok(Answer::KeyReused);
            }
            let done: Done = serde_json::from_str(answer)
                .map_err(|error| StoreError::damaged("answer", error))?;
            return Ok(Answer::Done(Box::new(Done { repeated: true, ..done })));
        }
        let answer = self.person(tx, group, actor, asked).await?;
        // A refusal is not kept: the same key may come again with the mended form.
        if let Answer::Done(done) = &answer {
            let done = serde_json::to_string(done)
                .map_err(|error| StoreError::damaged("answer", error))?;
            let row = vec![
                key.0.into(),
                (&key.1).into(),
                (&hash).into(),
                (&done).into(),
                self.inner.now().into(),
            ];
            group.statements.push(Statement::new(KEEP, row));
            group.answered.insert(key, (hash, done));
        }
        Ok(answer)
    }

    async fn person(
        &mut self,
        tx: &mut Tx,
        group: &mut Group,
        actor: &Actor,
        asked: Asked<'_>,
    ) -> Result<Answer, StoreError> {
        let before = match asked.matter() {
            None => Loaded::default(),
            Some(matter) => match group.take(matter) {
                Some((_, loaded)) if in_scope(&loaded.family, matter, actor) => loaded,
                Some((root, loaded)) => {
                    group.put(root, loaded);
                    return Ok(Answer::NotFound);
                }
                None => return Ok(Answer::NotFound),
            },
        };
        let now = self.inner.now();
        let rules = self.inner.rules();
        let decided = self.pure(&rules, now, |world, new_id| {
            let family = before.family.clone();
            match asked {
                Asked::Act(request) => decide::decide(world, family, actor, request, new_id),
                Asked::Open(request) => decide::open(world, family, actor, request, new_id),
            }
        })?;
        let decision = match decided {
            Ok(decision) => decision,
            Err(refusal) => {
                group.put_back(asked.matter(), before);
                return refuse(group, tx.vault(), actor, asked, now, refusal);
            }
        };
        if let Some(refusal) = missing_file(tx, actor, &before.family, &decision.events).await? {
            group.put_back(asked.matter(), before);
            return refuse(group, tx.vault(), actor, asked, now, refusal);
        }
        let (events, after) = write(tx, group, &rules, before, decision.events).await?;
        group.statements.push(draft::forget(actor.user, &asked.form(), asked.matter()));
        let opened: Vec<_> = opened(&events).map(|(id, _)| id.clone()).collect();
        let acted = match asked {
            Asked::Act(request) => Some(&request.matter),
            Asked::Open(_) => opened.first(),
        };
        let matter = acted.and_then(|id| after.family.get(id)).ok_or(StoreError::Closed)?;
        let done = Done {
            matter: matter.id.clone(),
            root: matter.root.clone(),
            number: matter.number.clone(),
            state: matter.state.clone(),
            events: matter.events,
            opened,
            repeated: false,
        };
        group.put(done.root.clone(), after);
        Ok(Answer::Done(Box::new(done)))
    }

    async fn by_itself(
        &mut self,
        tx: &mut Tx,
        group: &mut Group,
        root: &MatterId,
        decide: fn(World<'_>, Family, &mut dyn FnMut() -> MatterId) -> Decision,
    ) -> Result<Answer, StoreError> {
        let Some((root, before)) = group.take(root) else { return Ok(Answer::Count(0)) };
        let rules = self.inner.rules();
        let decision = self.pure(&rules, self.inner.now(), |world, new_id| {
            decide(world, before.family.clone(), new_id)
        })?;
        let (events, after) = write(tx, group, &rules, before, decision.events).await?;
        group.put(root, after);
        Ok(Answer::Count(events.len() as u64))
    }

    /// Runs the rules. Should they panic, this one command fails and the writer goes on.
    fn pure<T>(
        &mut self,
        rules: &Rules,
        now: Timestamp,
        decide: impl FnOnce(World<'_>, &mut dyn FnMut() -> MatterId) -> T,
    ) -> Result<T, StoreError> {
        let directory = self.inner.directories.load();
        let world = World { rules, directory: &*directory, now };
        let ids = &mut self.ids;
        catch_unwind(AssertUnwindSafe(|| decide(world, &mut || ids.next(now)))).map_err(|_| {
            StoreError::Database {
                operation: "decide".to_owned(),
                source: "the rules panicked; the log says where".into(),
            }
        })
    }
}

/// What a person asks for.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Act(&'a Request),
    Open(&'a OpenRequest),
}

/// As it is hashed: everything that was filled in.
impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Act(request) => write!(f, "{request:?}"),
            Self::Open(request) => write!(f, "{request:?}"),
        }
    }
}

impl<'a> Asked<'a> {
    /// The matter that must exist and be in scope.
    fn matter(self) -> Option<&'a MatterId> {
        match self {
            Self::Act(request) => Some(&request.matter),
            Self::Open(request) => request.parent.as_ref(),
        }
    }

    fn form(self) -> String {
        match self {
            Self::Open(request) => format!("open/{}", request.procedure),
            Self::Act(request) => match &request.command {
                Command::Act { action, .. } => format!("act/{action}"),
                Command::Approve => "approve".to_owned(),
                Command::Return { .. } => "return".to_owned(),
                Command::TakeBack => "take-back".to_owned(),
                Command::Urge { obligation, .. } => format!("urge/{obligation}"),
            },
        }
    }

    fn body(self) -> DraftBody {
        let one = |name: &str, text: &String| DraftBody {
            input: [(name.to_owned(), vec![text.clone()])].into(),
            ..DraftBody::default()
        };
        match self {
            Self::Open(request) => DraftBody {
                title: request.title.clone(),
                parties: request.parties.clone(),
                input: request.input.clone(),
            },
            Self::Act(request) => match &request.command {
                Command::Act { input, .. } => {
                    DraftBody { input: input.clone(), ..DraftBody::default() }
                }
                Command::Return { reason } => one("reason", reason),
                Command::Urge { words, .. } => one("words", words),
                Command::Approve | Command::TakeBack => DraftBody::default(),
            },
        }
    }
}

fn in_scope(family: &Family, matter: &MatterId, actor: &Actor) -> bool {
    family.get(matter).is_some_and(|matter| matter.seen_by.contains(&actor.unit))
}

/// What was sent back or taken back lies among its writer's drafts again, with the reason.
fn keep_returned(
    group: &mut Group,
    vault: &Vault,
    matter: &MatterId,
    proposal: &Proposal,
    event: &Event,
) -> Result<(), StoreError> {
    let why = match &event.what {
        What::Returned { reason } => {
            Some(Words::new(format!("退回：{reason}"), format!("sent back: {reason}")))
        }
        What::TakenBack => None,
        _ => return Ok(()),
    };
    let input = proposal.input.iter().map(|(id, value)| (id.clone(), value.written())).collect();
    let draft = Draft {
        form: format!("act/{}", proposal.action),
        matter: Some(matter.clone()),
        unit: proposal.unit,
        body: DraftBody { input, ..DraftBody::default() },
        refusal: why,
        saved_at: event.at,
    };
    if draft.body.is_empty() {
        return Ok(());
    }
    group.statements.push(draft::keep(vault, proposal.by, &draft)?);
    Ok(())
}

/// Keeps what was filled in and says so.
fn refuse(
    group: &mut Group,
    vault: &Vault,
    actor: &Actor,
    asked: Asked<'_>,
    now: Timestamp,
    refusal: Refusal,
) -> Result<Answer, StoreError> {
    let body = asked.body();
    let mut kept = None;
    if !body.is_empty() {
        let draft = Draft {
            form: asked.form(),
            matter: asked.matter().cloned(),
            unit: actor.unit,
            body,
            refusal: Some(refusal.in_full()),
            saved_at: now,
        };
        group.statements.push(draft::keep(vault, actor.user, &draft)?);
        kept = Some(DraftRef { form: draft.form, matter: draft.matter });
    }
    Ok(Answer::Refused(Box::new(Refused { refusal, kept })))
}

/// A file may be named by those who uploaded it, or when the family names it already: knowing a hash
/// must not open a file.
async fn missing_file(
    tx: &mut Tx,
    actor: &Actor,
    before: &Family,
    events: &[(MatterId, Event)],
) -> Result<Option<Refusal>, StoreError> {
    const SQL: &str = "
        select a.size_bytes
          from attachment a
          join attachment_upload u on u.sha256 = a.sha256
         where a.sha256 = $1 and (u.user_id = $2 or u.unit_id = $3)";
    let known: BTreeSet<&str> = before
        .matters()
        .flat_map(|matter| {
            let drafted = matter.proposal.iter().flat_map(|proposal| proposal.input.values());
            matter.fields.values().chain(drafted)
        })
        .flat_map(files)
        .map(|file| file.sha256.as_str())
        .collect();
    let mut errors = Vec::new();
    let mut asked = BTreeSet::new();
    for (_, event) in events {
        let fields = match &event.what {
            What::Opened(opening) => &opening.fields,
            What::Acted(act) => &act.input,
            What::Proposed(proposal) => &proposal.input,
            _ => continue,
        };
        for (field, value) in fields {
            for file in files(value) {
                if known.contains(file.sha256.as_str()) || !asked.insert(&file.sha256) {
                    continue;
                }
                let values = [(&file.sha256).into(), actor.user.into(), actor.unit.into()];
                if tx.one::<i64>(SQL, &values).await? != Some(file.size_bytes) {
                    errors.push(FieldError::new(
                        field,
                        format!("附件“{}”未在本单位上传，请重新上传", file.name),
                        format!("“{}” was not uploaded by your unit; upload it again", file.name),
                    ));
                }
            }
        }
    }
    Ok((!errors.is_empty()).then(|| Refusal::of_fields(errors)))
}

fn files(value: &procedure::Value) -> &[procedure::value::FileRef] {
    match value {
        procedure::Value::Files(files) => files,
        _ => &[],
    }
}

fn opened(events: &[(MatterId, Event)]) -> impl Iterator<Item = (&MatterId, &Event)> {
    events
        .iter()
        .filter(|(_, event)| matches!(event.what, What::Opened(_)))
        .map(|(id, event)| (id, event))
}

/// Numbers what was opened, appends the events, and writes what differs in the read tables.
async fn write(
    tx: &mut Tx,
    group: &mut Group,
    rules: &Rules,
    before: Loaded,
    mut events: Vec<(MatterId, Event)>,
) -> Result<(Vec<(MatterId, Event)>, Loaded), StoreError> {
    for (_, event) in &mut events {
        if let What::Opened(opening) = &mut event.what {
            let blank = Matter::opened(
                &Event { number: 0, at: event.at, by: event.by, what: What::TakenBack },
                opening,
            );
            let prefix = rules.of(&blank).map_or("", |procedure| procedure.number.as_str());
            opening.number = group.number(tx, prefix, event.at).await?;
        }
    }
    // Replayed rather than taken from the decision: what is stored is what the events say.
    let mut after = before.clone();
    let mut touched = BTreeSet::new();
    for (id, event) in &events {
        let drafted = after.family.get(id).and_then(|matter| matter.proposal.as_ref());
        if let Some(proposal) = drafted {
            keep_returned(group, tx.vault(), id, proposal, event)?;
        }
        let drafted = drafted.map(|proposal| proposal.unit);
        after.provenance.entry(id.clone()).or_default().apply(drafted, event);
        after.family.apply(id, event);
        touched.insert(id.clone());
    }
    for (id, event) in &events {
        let matter = after.family.get(id).ok_or(StoreError::Closed)?;
        let body = event_to_text(tx.vault(), rules.of(matter), id, event)?;
        group.events.push((MatterHead::of(matter), event.clone(), body));
    }
    let bodiless = |loaded: &Loaded, id: &MatterId| {
        let matter = loaded.family.get(id)?;
        let provenance = loaded.provenance.get(id).cloned().unwrap_or_default();
        Some(Projection::bodiless(rules, &loaded.family, matter, &provenance))
    };
    let mut rows = Vec::with_capacity(touched.len());
    let mut root_differs = false;
    for id in &touched {
        let Some(matter) = after.family.get(id) else { continue };
        let provenance = after.provenance.get(id).cloned().unwrap_or_default();
        let new = Projection::of(rules, tx.vault(), &after.family, matter, &provenance)?;
        let old = bodiless(&before, id);
        root_differs |= matter.id == matter.root
            && old.as_ref().is_some_and(|old| new.describes_differently(old));
        rows.push((old, new));
    }
    // When lists show the root differently, they show all under it differently.
    if root_differs {
        for matter in after.family.matters().filter(|matter| !touched.contains(&matter.id)) {
            let new = bodiless(&after, &matter.id);
            rows.extend(new.map(|new| (bodiless(&before, &matter.id), new)));
        }
    }
    for (old, new) in &rows {
        if let Some(old) = old {
            old.discount(&mut group.counts);
        }
        new.count(&mut group.counts);
        new.write(old.as_ref(), &mut group.statements);
        new.write_files(tx.vault(), old.as_ref(), &mut group.statements)?;
    }
    Ok((events, after))
}

impl Answer {
    pub(crate) fn done(self) -> Result<Done, ActError> {
        match self {
            Self::Done(done) => Ok(*done),
            Self::Refused(refused) => Err(ActError::Refused(refused)),
            Self::NotFound => Err(ActError::NotFound),
            Self::KeyReused => Err(ActError::KeyReused),
            Self::Count(_) => Err(ActError::Store(StoreError::Closed)),
        }
    }

    pub(crate) fn count(self) -> u64 {
        match self {
            Self::Count(count) => count,
            _ => 0,
        }
    }
}
