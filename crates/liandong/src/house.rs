//! Opening what `serve`, `demo` and the administrator's commands stand on: rules, database, people.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use ::ledger::Keys;
use store::ledger::key::key_changes;
use store::ledger::proof::checkpoint_newest;
use store::password::Passwords;
use store::people::People;
use store::randomness::SystemRandomness;
use store::{Clock, Database, Store};

use crate::clock::SystemClock;
use crate::ledger::{self, LogKey};
use crate::output::Failure;
use crate::rules::RuleTexts;
use crate::scanner::Program;
use crate::settings::Settings;
use crate::vault;

/// The store and the people, open.
pub(crate) struct House {
    /// Matters.
    pub(crate) store: Store,
    /// Units, accounts, roles.
    pub(crate) people: Arc<People>,
    /// The database under both.
    pub(crate) database: Database,
    /// The keys of the log and of those who watch it; none for a command.
    pub(crate) keys: Option<Keys>,
}

/// What the house is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpenFor {
    /// One command on the data: it signs nothing and needs no key of the log.
    Command,
    /// Serving: how far the log has come is signed.
    Service,
    /// The demo: the same, with passwords whose hash costs next to nothing.
    Demo,
}

/// Reads the rules, opens the database, brings its tables up to date.
pub(crate) async fn open(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    purpose: OpenFor,
) -> Result<House, Failure> {
    let rules = RuleTexts::with_folder(settings.rules.as_deref())?.rules()?;
    make_private(&settings.data).map_err(|error| {
        let shown = settings.data.display();
        Failure::failed(
            format!("不能建立数据目录 {shown}：{error}"),
            format!("cannot make the data folder {shown}: {error}"),
        )
    })?;
    let database = Database::open(&settings.database()).await.map_err(unopened)?;
    let steps = store::migration::migrate(&database, clock.now()).await.map_err(unopened)?;
    if steps > 0 {
        tracing::info!(steps, "the database's tables were brought up to date");
    }
    let randomness = Arc::new(SystemRandomness);
    vault::open(settings, &database, randomness.clone(), clock.now()).await?;
    let passwords = match purpose {
        OpenFor::Command | OpenFor::Service => Passwords::new(randomness.clone()),
        OpenFor::Demo => Passwords::cheap(randomness.clone()),
    };
    let passwords = passwords
        .map_err(|error| Failure::because("不能准备口令散列", "cannot hash passwords", error))?;
    let sessions: Arc<dyn Clock> = match purpose {
        OpenFor::Command | OpenFor::Service => clock.clone(),
        // Who is signed in stays so when the demo's date is moved: sessions run by the machine's clock.
        OpenFor::Demo => Arc::new(SystemClock),
    };
    let people = People::open(database.clone(), sessions, randomness.clone(), passwords)
        .await
        .map_err(|error| Failure::because("读不到人员与单位", "cannot read the people", error))?;
    let log_key = match purpose {
        OpenFor::Command => None,
        OpenFor::Service | OpenFor::Demo => {
            let newest = checkpoint_newest(&database).await.map_err(unopened)?;
            let signed_by = newest.as_ref().map(|newest| &newest.checkpoint().origin);
            // A change of keys that a power cut broke off is finished first.
            ledger::take_up(settings, &database, clock.now()).await?;
            let changes = key_changes(&database).await.map_err(unopened)?;
            Some(LogKey::open(settings, signed_by, &changes, &*randomness)?)
        }
    };
    let store = Store::open(store::Parts {
        database: database.clone(),
        files: settings.attachments(),
        file_bytes_max: u64::from(settings.upload_mib_max) * 1024 * 1024,
        clock,
        randomness,
        rules,
        directories: people.directories(),
        signer: log_key.as_ref().map(|log| log.signer.clone()),
    })
    .await
    .map_err(unopened)?;
    if let Some(scanner) = settings.attachment_scanner.as_deref().and_then(Program::of) {
        store.scans_by(Arc::new(scanner));
    }
    Ok(House { store, people: Arc::new(people), database, keys: log_key.map(|log| log.keys) })
}

/// Makes a folder that nobody but the program's own account looks into; one that is there stays as
/// it is.
pub(crate) fn make_private(folder: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn unopened(error: store::StoreError) -> Failure {
    Failure::because("打不开数据库", "cannot open the database", error)
}
