//! `liandong serve`: opens the house, lets people in, and closes it without losing anything.

mod connection;

use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use calendar::Words;
use jiff::SignedDuration;
use ledger::Keys;
use store::Clock as _;
use store::StoreError;
use store::ledger::last::{clock_set_back, last_recorded_at};
use store::randomness::SystemRandomness;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::clock::SteadyClock;
use crate::house::{self, House, OpenFor};
use crate::ledger::{LogKey, Remembered, remember, take_up};
use crate::output::{Failure, Terminal};
use crate::rules::RuleTexts;
use crate::settings::{ServeFlags, Settings};
use crate::tls::{Certificate, TlsListener};

/// Where `serve` keeps its data unless told otherwise.
pub(crate) const DATA: &str = "liandong-data";
/// How often it is asked which obligations have lapsed.
const LAPSES_EVERY: Duration = Duration::from_secs(30);
/// How often changes made by another process are looked for.
const REFRESH_EVERY: Duration = Duration::from_secs(5);
/// How often it is signed how far the log has come.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);
/// How often the key of the log and the list of its witnesses are read again.
const KEYS_EVERY: Duration = Duration::from_secs(5);
/// How often checkpoints that nothing rests on are forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(60 * 60);
/// How often it is looked whether the certificate was renewed.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(60);
/// How long requests that run may take to end when the program is asked to stop.
const FAREWELL_MAX: Duration = Duration::from_secs(20);

/// The arguments of `liandong serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: ServeFlags,
    /// The machine's clock was ahead and has been set right: go on although the newest entry is later
    /// than now, and write that into the journal  时钟曾经超前，现已校准
    #[arg(long)]
    clock_was_ahead: bool,
}

/// Runs it until it is asked to stop.
pub(crate) async fn run(arguments: &Arguments, terminal: Terminal) -> Result<(), Failure> {
    let settings = arguments.flags.resolve(DATA)?;
    crate::logging::start(&settings);
    let provider = crate::provider::open(&settings)?;
    let clock = Arc::new(SteadyClock::new());
    let house = house::open(&settings, clock.clone(), OpenFor::Service).await?;
    agree_with_the_log(&house, &clock, arguments.clock_was_ahead).await?;
    let exist = house.people.administrators_exist().await;
    if !exist.map_err(|error| Failure::because("读不到账号", "cannot read accounts", error))? {
        terminal.say(&Words::new(
            "还没有管理员。请先停止本程序，用 liandong admin create 建立首个管理员",
            "There is no administrator yet. Stop this and run `liandong admin create` first.",
        ));
    }
    let listening = |url: &str| {
        terminal.say(&Words::new(
            format!("联动平台已启动：{url}"),
            format!("liandong serves at {url}"),
        ));
    };
    note_configuration(&house, &settings).await?;
    let pages = web::Settings { provider, ..pages(&settings, house.keys.clone(), None) };
    until_asked_to_stop(house, &settings, pages, listening).await
}

/// Writes into the journal what is set otherwise than at the last start, rules included.
async fn note_configuration(house: &House, settings: &Settings) -> Result<(), Failure> {
    let mut facts = settings.facts();
    facts.extend(RuleTexts::with_folder(settings.rules.as_deref())?.facts());
    facts.insert("program".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let differs = house.people.configuration_note(&facts).await.map_err(|error| {
        Failure::because("不能记入审计日志", "cannot write into the journal", error)
    })?;
    if differs > 0 {
        tracing::info!(differs, "the configuration differs from the last start's; see the journal");
    }
    Ok(())
}

/// How far before the newest entry of the log the machine's clock may be when the program starts.
const BEHIND_MAX: SignedDuration = SignedDuration::from_mins(10);

/// Holds the machine's clock against the newest entry of the log: time does not go back over a restart
/// either, unless the log was written by a clock that had been ahead, and somebody says so.
async fn agree_with_the_log(
    house: &House,
    clock: &SteadyClock,
    was_ahead: bool,
) -> Result<(), Failure> {
    let failed = |error| Failure::because("读不到存证日志", "cannot read the log", error);
    let last = last_recorded_at(&house.database).await.map_err(failed)?;
    let now = clock.now();
    let Some(last) = last.filter(|last| *last > now) else { return Ok(()) };
    if last.duration_since(now) <= BEHIND_MAX {
        clock.go_on_from(last);
        return Ok(());
    }
    if was_ahead {
        clock_set_back(&house.database, last, now).await.map_err(failed)?;
        tracing::warn!(%last, %now, "the clock had been ahead; this is in the journal");
        return Ok(());
    }
    Err(Failure::failed(
        format!(
            "本机时钟为 {now}，早于最近一次登记的 {last}。请校准本机时钟；如系当时时钟超前、现在准确，\
             请加 --clock-was-ahead 启动一次，回拨将记入审计日志"
        ),
        format!(
            "the machine's clock says {now}, before the newest entry of {last}; set the clock right. If it \
             was ahead then and is right now, start once with --clock-was-ahead: that is written into the \
             journal"
        ),
    ))
}

/// How the pages are set up by these settings.
pub(crate) fn pages(
    settings: &Settings,
    keys: Option<Keys>,
    demo: Option<web::Demo>,
) -> web::Settings {
    web::Settings {
        https: settings.https || settings.tls_certificate.is_some(),
        trusts_proxy: settings.trusts_proxy,
        requests_per_minute_max: NonZeroU32::new(settings.requests_per_minute_max),
        ledger_keys: keys,
        upload_bytes_max: u64::from(settings.upload_mib_max) * 1024 * 1024,
        provider: None,
        demo,
    }
}

/// Serves the pages until SIGTERM or SIGINT; then lets running requests end, commits what waits and
/// closes the database.
pub(crate) async fn until_asked_to_stop(
    house: House,
    settings: &Settings,
    pages: web::Settings,
    listening: impl FnOnce(&str),
) -> Result<(), Failure> {
    // Before anybody can know that we serve: whoever knows may at once ask us to stop.
    let mut word = WordToStop::listen()?;
    let certificate = settings.certificate()?.map(Certificate::read).transpose()?;
    let address = settings.listen;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Failure::failed(
            format!("不能监听 {address}：{error}；用 --listen 另选地址"),
            format!("cannot listen on {address}: {error}; choose another with --listen"),
        )
    })?;
    let bound = listener.local_addr().unwrap_or(address);
    if !bound.ip().is_loopback() && !pages.https {
        tracing::warn!(
            "listening beyond this machine without HTTPS; set tls-certificate and tls-key, or put a \
             TLS proxy in front and set https"
        );
    }
    let store = house.store.clone();
    let rooms = web::House::new(
        house.store.clone(),
        house.people.clone(),
        Arc::new(SystemRandomness),
        pages,
    );
    let router = web::router(rooms.clone());

    let (stop, stopped) = watch::channel(false);
    let mut beside = beside(&house, settings, certificate.clone(), &stopped);
    beside.push(keys(&house, settings, &rooms, &stopped));
    beside.push(tokio::spawn(web::job::run(rooms, stopped.clone())));
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let serving = if let Some(certificate) = certificate {
        let listener = TlsListener::new(listener, certificate)?;
        tokio::spawn(connection::serve(listener, router, stopped.clone()))
    } else {
        tokio::spawn(connection::serve(listener, router, stopped.clone()))
    };
    tracing::info!(address = %bound, scheme, "serving");
    listening(&format!("{scheme}://{bound}/"));

    word.heard().await;
    tracing::info!("asked to stop; ending what runs");
    stop.send(true).ok();
    if tokio::time::timeout(FAREWELL_MAX, serving).await.is_err() {
        tracing::warn!("some requests did not end in time and were broken off");
    }
    for task in beside {
        task.await.ok();
    }
    store.close().await;
    if let Err(error) = house.database.checkpoint().await {
        tracing::warn!(%error, "the database was closed without tidying up; nothing is lost");
    }
    tracing::info!("stopped");
    Ok(())
}

/// What goes on beside the pages until the program stops.
fn beside(
    house: &House,
    settings: &Settings,
    certificate: Option<Arc<Certificate>>,
    stopped: &watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
    let (people, store) = (house.people.clone(), house.store.clone());
    let lapses = {
        let store = store.clone();
        every(LAPSES_EVERY, stopped.clone(), move || {
            let store = store.clone();
            async move {
                match store.pass_time().await {
                    Ok(0) => {}
                    Ok(events) => tracing::info!(events, "time has passed some limits"),
                    Err(error) => tracing::error!(%error, "cannot record what has lapsed"),
                }
            }
        })
    };
    let signing = {
        let (store, settings) = (store.clone(), settings.clone());
        every(CHECKPOINT_EVERY, stopped.clone(), move || sign(store.clone(), settings.clone()))
    };
    let forgetting = {
        let store = store.clone();
        every(PRUNE_EVERY, stopped.clone(), move || {
            let store = store.clone();
            async move {
                match store.checkpoint_prune().await {
                    Ok(0) => {}
                    Ok(checkpoints) => {
                        tracing::info!(checkpoints, "old checkpoints were forgotten");
                    }
                    Err(error) => tracing::error!(%error, "cannot forget old checkpoints"),
                }
            }
        })
    };
    let refresh = every(REFRESH_EVERY, stopped.clone(), move || {
        let (people, store) = (people.clone(), store.clone());
        async move {
            if let Err(error) = people.refresh().await {
                tracing::error!(%error, "cannot read the directory again");
            }
            if let Err(error) = store.refresh_calendar().await {
                tracing::error!(%error, "cannot read the holiday tables again");
            }
        }
    });
    let certificates = certificate.map(|certificate| {
        every(CERTIFICATE_EVERY, stopped.clone(), move || {
            match certificate.refresh() {
                Ok(false) => {}
                Ok(true) => tracing::info!("the certificate was renewed"),
                Err(failure) => tracing::error!("{}; the old one is still shown", failure.words.en),
            }
            std::future::ready(())
        })
    });
    let mut tasks = vec![
        tokio::spawn(lapses),
        tokio::spawn(signing),
        tokio::spawn(forgetting),
        tokio::spawn(refresh),
    ];
    tasks.extend(certificates.map(tokio::spawn));
    tasks
}

/// Signs how far the log has come, and keeps it outside the database.
async fn sign(store: store::Store, settings: Settings) {
    match store.checkpoint().await {
        Ok(_) => {}
        // The new key is read within seconds.
        Err(StoreError::LogKeyChanged) => {
            tracing::warn!("the log's key was changed; the new one is not in this data folder yet");
            return;
        }
        Err(error) => tracing::error!(%error, "cannot sign how far the log has come"),
    }
    if store.signer().is_none() {
        return;
    }
    match remember(&settings, &store).await {
        Ok(Remembered::Well) => {}
        Ok(Remembered::Other { kept, found }) => tracing::error!(
            kept,
            found,
            "the log has not grown from the checkpoint kept in ledger/checkpoint.txt: another or an older \
             database was put in its place; run `liandong audit`"
        ),
        Err(error) => {
            tracing::error!(%error, "cannot keep the newest checkpoint outside the database");
        }
    }
}

/// Reads the log's key and the list of keys again when they were changed, and changes the key when a new
/// one lies ready.
fn keys(
    house: &House,
    settings: &Settings,
    rooms: &web::House,
    stopped: &watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (store, database, rooms) = (house.store.clone(), house.database.clone(), rooms.clone());
    let (settings, signs) = (settings.clone(), house.keys.is_some());
    tokio::spawn(every(KEYS_EVERY, stopped.clone(), move || {
        let (store, database) = (store.clone(), database.clone());
        let (rooms, settings) = (rooms.clone(), settings.clone());
        async move {
            if !signs {
                return;
            }
            match take_up(&settings, &database, store.now()).await {
                Ok(None) => {}
                Ok(Some(changed)) => tracing::info!(
                    key = %changed.key.id(),
                    from = changed.from,
                    "the log's key was changed"
                ),
                Err(failure) => tracing::error!("{}", failure.words.en),
            }
            match LogKey::found(&settings) {
                Ok(found) => {
                    let is_other =
                        store.signer().is_none_or(|now| now.verifier() != found.signer.verifier());
                    if rooms.read_keys(found.keys) {
                        tracing::info!("the list of keys was read again");
                    }
                    if is_other {
                        store.sign_with(found.signer);
                        sign(store, settings).await;
                    }
                }
                Err(failure) => tracing::error!("{}; the old keys go on", failure.words.en),
            }
        }
    }))
}

/// Does something again and again until the program stops; a turn that takes too long is not made
/// up for.
async fn every<Turn: Future<Output = ()> + Send>(
    pause: Duration,
    mut stopped: watch::Receiver<bool>,
    turn: impl Fn() -> Turn + Send,
) {
    let mut ticks = tokio::time::interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => turn().await,
            // Only the word to stop is ever said, or the one who says it is gone.
            _ = stopped.changed() => return,
        }
    }
}

/// The word to stop: SIGTERM or SIGINT, heard from the moment this is made.
struct WordToStop {
    terminate: Signal,
    interrupt: Signal,
}

impl WordToStop {
    fn listen() -> Result<Self, Failure> {
        let hear = |kind| {
            signal(kind)
                .map_err(|error| Failure::because("不能接收信号", "cannot hear signals", error))
        };
        Ok(Self {
            terminate: hear(SignalKind::terminate())?,
            interrupt: hear(SignalKind::interrupt())?,
        })
    }

    async fn heard(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
