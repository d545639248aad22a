//! The runner: takes one job after another, keeps its claim while it works, and ends it.

use std::sync::Arc;
use std::time::Duration;

use store::job::{Claim, Hold, Report};
use store::people::{Authority, PeopleError};
use store::unit::{ImportDone, ImportJob};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::ask::Ask;
use super::export;
use super::sheet::Progress;
use crate::House;
use crate::error::WebError;
use crate::message::{Language, words};

/// How often jobs of other processes, and of those that died, are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// How often progress is written down and the claim looked after.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// The claim is renewed after this time also when nothing has moved.
const RENEW_AFTER: Duration = Duration::from_secs(15);
/// How often what is over is swept away.
const SWEEP_EVERY: Duration = Duration::from_secs(10 * 60);

/// Does the long work of the house until it is told to stop; what is not done then is put back for the
/// next process. One task a process, one job at a time.
pub async fn run(house: House, mut stopped: watch::Receiver<bool>) {
    let mut swept: Option<Instant> = None;
    loop {
        if swept.is_none_or(|at| at.elapsed() >= SWEEP_EVERY) {
            sweep(&house).await;
            swept = Some(Instant::now());
        }
        let heard = house.bell.heard();
        match house.jobs.claim().await {
            Ok(Some(claim)) => {
                if work(&house, claim, &mut stopped).await == Turn::Stopped {
                    return;
                }
                continue;
            }
            Ok(None) => house.look_for_jobs().await,
            Err(error) => tracing::error!(%error, "cannot look for long work"),
        }
        tokio::select! {
            () = heard => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            // Only the word to stop is ever said, or the one who says it is gone.
            _ = stopped.changed() => return,
        }
    }
}

/// Does all that waits now, for whoever keeps no runner: tests, and tools that end when it is done.
///
/// # Errors
/// When the database cannot be asked for work.
pub async fn run_waiting(house: &House) -> Result<u64, store::StoreError> {
    let (_keeps_on, mut stopped) = watch::channel(false);
    let mut done = 0;
    while let Some(claim) = house.jobs.claim().await? {
        work(house, claim, &mut stopped).await;
        done += 1;
    }
    sweep(house).await;
    Ok(done)
}

async fn sweep(house: &House) {
    match house.jobs.sweep().await {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "results whose time was over were deleted"),
        Err(error) => tracing::error!(%error, "cannot delete results whose time is over"),
    }
    match house.store.partial_sweep().await {
        Ok(0) => {}
        Ok(files) => tracing::info!(files, "uploads nobody went on with were deleted"),
        Err(error) => tracing::error!(%error, "cannot delete uploads nobody goes on with"),
    }
}

/// How a turn of work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// With an end of the job, or without the claim.
    Over,
    /// With the word to stop.
    Stopped,
}

async fn work(house: &House, claim: Claim, stopped: &mut watch::Receiver<bool>) -> Turn {
    let id = claim.job.id;
    tracing::info!(job.id = id, job.kind = claim.job.kind, "long work begins");
    let began = Instant::now();
    let progress = Arc::new(Progress::default());
    // A task of its own: while it holds the database, its claim can still be looked after.
    let mut doing = tokio::spawn(perform(house.clone(), claim.clone(), Arc::clone(&progress)));
    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut told, mut renewed) = ((0, None), Instant::now());
    let ended = loop {
        tokio::select! {
            ended = &mut doing => break ended,
            _ = ticks.tick() => {
                let far = progress.far();
                let has_moved = far != told || renewed.elapsed() >= RENEW_AFTER;
                let hold = if has_moved {
                    house.jobs.renew(&claim, far.0, far.1).await
                } else {
                    house.jobs.held(&claim).await
                };
                match hold {
                    Ok(Hold::Held) if has_moved => (told, renewed) = (far, Instant::now()),
                    Ok(Hold::Held) => {}
                    Ok(Hold::Lost) => {
                        doing.abort();
                        drop((&mut doing).await);
                        tracing::info!(job.id = id, "long work was cancelled or taken over");
                        return Turn::Over;
                    }
                    // Tried again at the next tick; the lease is long enough for several.
                    Err(error) => tracing::warn!(%error, job.id = id, "cannot renew a claim"),
                }
            }
            _ = stopped.changed() => {
                doing.abort();
                drop((&mut doing).await);
                if let Err(error) = house.jobs.put_back(&claim).await {
                    tracing::warn!(%error, job.id = id, "a job waits for its lease to run out");
                }
                return Turn::Stopped;
            }
        }
    };
    let failure = match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(panicked) => Some(WebError::internal(panicked)),
    };
    match failure {
        None => {
            let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            tracing::info!(job.id = id, duration_ms, "long work is over");
        }
        Some(error) => give_up(house, &claim, &error).await,
    }
    Turn::Over
}

/// Ends a job that could not be done: in the words of what the rules say, or with the number under which
/// the failure stands in the log.
async fn give_up(house: &House, claim: &Claim, error: &WebError) {
    let mut report = Report::of(error.detail());
    if let WebError::Internal(cause) = error {
        let reference = house.reference();
        tracing::error!(
            reference,
            job.id = claim.job.id,
            error = cause.as_ref(),
            "long work failed"
        );
        report = Report::of(words("job.broke"));
        report.reference = Some(reference);
    }
    if let Err(error) = house.jobs.fail(claim, &report).await {
        // Its lease runs out, and it is tried again.
        tracing::error!(%error, job.id = claim.job.id, "cannot end a job");
    }
}

async fn perform(house: House, claim: Claim, progress: Arc<Progress>) -> Result<(), WebError> {
    let language = Language::read(&claim.job.language).unwrap_or_default();
    let ask: Ask = serde_json::from_str(&claim.job.asked).map_err(WebError::internal)?;
    // What may be seen is what may be seen now, not when it was asked.
    let right = export::right(&house, claim.job.asker).await?;
    match ask {
        Ask::UnitImport { draft, .. } => import(&house, &claim, draft).await,
        Ask::Bundle { matter, .. } => {
            let work = crate::ledger::bundle::work;
            Box::pin(work(&house, &claim, &matter, &right, language, &progress)).await
        }
        Ask::Matters { .. } | Ask::Liaisons { .. } | Ask::Units { .. } | Ask::Journal { .. } => {
            export::work(&house, &claim, &ask, &right, language, &progress).await
        }
    }
}

/// Writes the units of a preview, all or none; the report is written with them.
async fn import(house: &House, claim: &Claim, draft: i64) -> Result<(), WebError> {
    let by = Authority::Person(claim.job.asker.user);
    let report = |done: ImportDone| {
        Report::of(words("job.imported"))
            .count(words("job.created"), done.created as u64)
            .count(words("job.changed"), done.changed as u64)
            .count(words("job.unchanged"), done.unchanged as u64)
            .count(words("job.wrong-rows"), 0)
    };
    let job = ImportJob { claim, report: &report };
    match house.people.unit_import_as_job(by, draft, job).await {
        // Done with its report; or cancelled or taken over in the last moment, and nothing was written.
        Ok(_) | Err(PeopleError::NotFound("claim")) => Ok(()),
        Err(PeopleError::Rows(errors)) => {
            let report = Report::of(words("job.import-refused")).wrong(errors);
            house.jobs.fail(claim, &report).await?;
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}
