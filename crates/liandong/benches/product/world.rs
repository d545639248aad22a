//! An installation with many matters, made through the front door.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use calendar::{HOLIDAYS_CSV, INSTRUMENTS_TOML, LIMITS_TOML};
use jiff::{Timestamp, ToSpan as _};
use procedure::decide::{Command, OpenRequest, Request};
use procedure::definition::{RoleName, Side};
use procedure::value::Raw;
use procedure::{Actor, MatterId, Rules, Source};
use store::demo_people::DemoPerson;
use store::password::Passwords;
use store::people::{Authority, People};
use store::randomness::SystemRandomness;
use store::unit::UnitLevel;
use store::vault::{MasterKeys, Vault};
use store::{Clock, Database, Store};
use tokio::task::JoinSet;

use crate::measure::Spread;

include!(concat!(env!("OUT_DIR"), "/procedures.rs"));

/// Counties whose bureau and procuratorate take part.
const COUNTIES: usize = 60;
/// Matters opened at one time.
const AT_ONCE: usize = 256;

/// An open installation.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) people: Arc<People>,
    /// By county: the bureau's and the procuratorate's handlers.
    pairs: Vec<(DemoPerson, DemoPerson)>,
}

/// A matter, and one who may report progress on it.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) id: MatterId,
    /// Whether the one who reads the pages may see it.
    pub(crate) is_read: bool,
    actor: Actor,
}

struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "a bench runs in the machine's time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A database on the bench's PostgreSQL, fresh unless it was kept.
pub(crate) async fn postgres_database(server: &str, size: usize) -> String {
    const KNOWN: &str = "select 1 from pg_database where datname = $1";
    let database = Database::open(server).await.unwrap();
    let (base, _) = server.rsplit_once('/').unwrap();
    let url = format!("{base}/bench_{size}");
    let name = format!("bench_{size}");
    let known = database.read().await.unwrap().row(KNOWN, &[name.into()]).await.unwrap();
    if known.is_some() {
        return url;
    }
    let mut tx = database.write().await.unwrap();
    // A database cannot be made inside a transaction.
    tx.batch("commit").await.unwrap();
    tx.batch(&format!("create database bench_{size}")).await.unwrap();
    drop(tx);
    url
}

/// Lays the vault's keys where the program looks for them when it is started on the same folder.
fn keep(masters: &MasterKeys, folder: &Path) {
    let path = folder.join("vault/key");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, masters.to_text().as_bytes()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

impl World {
    /// The units of Shaanxi and people at some of them, no matters yet.
    pub(crate) async fn open(url: &str, folder: &Path) -> Self {
        let clock = Arc::new(MachineClock);
        let database = Database::open(url).await.unwrap();
        store::migration::migrate(&database, clock.now()).await.unwrap();
        let randomness = Arc::new(SystemRandomness);
        let masters: MasterKeys = "000102030405060708090a0b0c0d0e0f".parse().unwrap();
        keep(&masters, folder);
        Vault::open(&database, &masters, randomness.clone(), clock.now()).await.unwrap();
        let passwords = Passwords::cheap(randomness.clone()).unwrap();
        let people = People::open(database.clone(), clock.clone(), randomness.clone(), passwords);
        let people = Arc::new(people.await.unwrap());
        let units = store::unit::UNITS_CSV.as_bytes();
        people.unit_import(Authority::Program, "units.csv", units).await.unwrap();
        let store = Store::open(store::Parts {
            database,
            files: folder.join("attachments"),
            file_bytes_max: 1 << 20,
            clock,
            randomness,
            rules: rules(),
            directories: people.directories(),
            signer: None,
        });
        let store = store.await.unwrap();

        let directory = people.directory();
        let counties: Vec<_> = directory
            .all()
            .filter(|unit| unit.side == Side::Procuratorate && unit.level == UnitLevel::County)
            .filter_map(|court| {
                let bureau = directory.all().find(|unit| {
                    unit.division_code == court.division_code && unit.line == "ecology"
                })?;
                Some((bureau.id, court.id))
            })
            .take(COUNTIES)
            .collect();
        let ids: Vec<_> = counties.iter().flat_map(|(bureau, court)| [*bureau, *court]).collect();
        let handlers = people.demo_people(&ids, "correct horse battery").await.unwrap();
        let handler = |unit| handlers[&(unit, RoleName::Handler)].clone();
        let pairs =
            counties.iter().map(|(bureau, court)| (handler(*bureau), handler(*court))).collect();
        Self { store, people, pairs }
    }

    /// Opens so many problems, three quarters of them found by the procuratorate and already in
    /// repair.
    pub(crate) async fn fill(&self, size: usize) -> Vec<Opened> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (next, store) = (next.clone(), self.store.clone());
            let (pairs, directory) = (self.pairs.clone(), self.people.directory());
            workers.spawn(async move {
                let mut opened = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= size {
                        return opened;
                    }
                    // Half of all are one county's, so that its lists are long.
                    let is_read = number.is_multiple_of(2);
                    let pair = if is_read { 0 } else { 1 + number / 2 % (pairs.len() - 1) };
                    let (bureau, court) = &pairs[pair];
                    let found_by_court = is_read || number % 4 == 1;
                    let finder = if found_by_court { court } else { bureau };
                    let unit = directory.get(bureau.unit).unwrap();
                    let request = problem(number, &unit.code, &unit.division_code, store.now());
                    let done = store.open_matter(&finder.actor(), request, None).await.unwrap();
                    if found_by_court {
                        let day = calendar::local_date(store.now() + (24 * 30).hours());
                        let input = [("repair-by", day.to_string())];
                        let request = act(&done.matter, "take-on-repair", &input);
                        store.act(&bureau.actor(), request, None).await.unwrap();
                    }
                    opened.push(Opened { id: done.matter, is_read, actor: bureau.actor() });
                }
            });
        }
        let mut all: Vec<Opened> = workers.join_all().await.into_iter().flatten().collect();
        all.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
        all
    }

    /// The problems that are there already and go on being repaired, oldest first.
    pub(crate) async fn found(&self) -> Vec<Opened> {
        const SQL: &str = "
            select m.matter_id, p.unit_id, s.unit_id is not null
              from matter m
              join matter_party p on p.matter_id = m.matter_id and p.party = 'owner'
              left join matter_scope s
                on s.unit_id = $1 and s.procedure_id = m.procedure_id and s.matter_id = m.matter_id
             where m.procedure_id = 'problem'
             order by m.matter_id";
        let reader = [self.pairs[0].1.unit.into()];
        let rows = self.store.database().rows(SQL, &reader).await.unwrap();
        let pairs: BTreeMap<_, _> = self.pairs.iter().map(|pair| (pair.0.unit, pair)).collect();
        let opened = |row: &store::Row| {
            let (bureau, _) = pairs[&row.get(1).unwrap()];
            let (id, is_read) = (row.get(0).unwrap(), row.get(2).unwrap());
            Opened { id, is_read, actor: bureau.actor() }
        };
        rows.iter().map(opened).collect()
    }

    /// So many durable acts by so many clients at one time; how long each was waited for.
    pub(crate) async fn act(&self, matters: &[Opened], clients: usize, acts: usize) -> Spread {
        let next = Arc::new(AtomicUsize::new(0));
        let matters: Arc<[Opened]> = matters.into();
        let mut workers = JoinSet::new();
        for _ in 0..clients {
            let (next, store, matters) = (next.clone(), self.store.clone(), matters.clone());
            workers.spawn(async move {
                let mut times: Vec<Duration> = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= acts {
                        return times;
                    }
                    // A stride that meets every matter before it meets one again.
                    let matter = &matters[number.wrapping_mul(7919) % matters.len()];
                    let words = format!("第{number}次续报：现场已清理，排口封堵，取样送检。");
                    let request = act(&matter.id, "record-progress", &[("progress", words)]);
                    let began = Instant::now();
                    store.act(&matter.actor, request, None).await.unwrap();
                    times.push(began.elapsed());
                }
            });
        }
        Spread::of(workers.join_all().await.into_iter().flatten().collect())
    }

    /// The login name of one who sees half of all matters.
    pub(crate) fn reader(&self) -> &str {
        &self.pairs[0].1.login_name
    }

    pub(crate) async fn close(self) {
        self.store.close().await;
    }
}

fn act(matter: &MatterId, action: &str, input: &[(&str, String)]) -> Request {
    let input =
        input.iter().map(|(field, value)| ((*field).to_owned(), vec![value.clone()])).collect();
    Request {
        matter: matter.clone(),
        seen: None,
        command: Command::Act { action: action.to_owned(), input },
    }
}

fn problem(number: usize, owner: &str, division: &str, now: Timestamp) -> OpenRequest {
    const WHAT: [&str; 4] = ["污水直排", "砂石堆场扬尘", "畜禽粪污下渗", "河道倾倒固废"];
    const CATEGORIES: [&str; 4] = ["water", "air", "soil", "solid-waste"];
    let kind = number % WHAT.len();
    let place =
        format!("{}镇第{}村", ["清水", "柳林", "长青", "槐芽"][number / 4 % 4], number % 97);
    let input: BTreeMap<&str, String> = BTreeMap::from([
        ("place", place.clone()),
        ("division", division.to_owned()),
        ("categories", CATEGORIES[kind].to_owned()),
        ("severity", "considerable".to_owned()),
        ("source", "patrol".to_owned()),
        ("discovered-on", calendar::local_date(now).to_string()),
        ("facts", format!("{place}发现{}，沿沟约{}米，影响下游农田。", WHAT[kind], number % 900)),
        ("polluter-name", format!("第{}建材有限公司", number % 3001)),
    ]);
    OpenRequest {
        procedure: "problem".to_owned(),
        parent: None,
        title: format!("{place}{}问题", WHAT[kind]),
        parties: Raw::from([("owner".to_owned(), vec![owner.to_owned()])]),
        input: input.into_iter().map(|(field, text)| (field.to_owned(), vec![text])).collect(),
    }
}

fn rules() -> Rules {
    let law = calendar::Law::parse(LIMITS_TOML, INSTRUMENTS_TOML).unwrap();
    let days = calendar::Calendar::parse(HOLIDAYS_CSV, "holidays.csv").unwrap();
    let files: Vec<Source<'_>> =
        PROCEDURES.iter().map(|(path, text)| Source { path, text }).collect();
    let codes = Source { path: "codes.toml", text: include_str!("../../../../law/codes.toml") };
    Rules::read(&files, codes, law, days).unwrap()
}
