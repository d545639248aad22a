//! A platform of its own for every test: an empty database, a clock that is moved, the units of
//! 凤翔 with their people, and a browser without a screen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{OpenRequest, Raw, Rules, Source, UnitId};
use store::demo_people::DemoPerson;
use store::password::Passwords;
use store::people::{Authority, People};
use store::randomness::SystemRandomness;
use store::role::PlatformRole;
use store::user::{FirstAdministrator, UserForm};
use store::vault::Vault;
use store::{Clock, Database, Store};
use web::{Demo, House, MovableClock, Settings};

/// The password of everybody in a test.
pub const PASSWORD: &str = "渭河两岸青山常在-1";

/// A clock that stands still until it is moved.
pub struct TestClock(pub AtomicI64);

impl TestClock {
    pub fn at(text: &str) -> Self {
        let at: Timestamp = text.parse().unwrap();
        Self(AtomicI64::new(at.as_microsecond()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl MovableClock for TestClock {
    fn move_to(&self, to: Timestamp) {
        self.0.fetch_max(to.as_microsecond(), Ordering::SeqCst);
    }
}

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The rules as they stand in the repository.
pub fn rules() -> Rules {
    rules_changed(|_, text| text)
}

fn rules_changed(change: impl Fn(&str, String) -> String) -> Rules {
    let root = repository();
    let mut files = Vec::new();
    let mut folders = vec![root.join("procedures")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "toml") {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                let text = change(&name, text);
                files.push((name, text));
            }
        }
    }
    files.sort();
    let sources: Vec<_> = files.iter().map(|(path, text)| Source { path, text }).collect();
    let codes = std::fs::read_to_string(root.join("law/codes.toml")).unwrap();
    let codes = Source { path: "law/codes.toml", text: &codes };
    let (law, calendar) = calendar::embedded().unwrap();
    Rules::read(&sources, codes, law, calendar).unwrap()
}

/// The rows of `units.csv` that lie in or above a county, so that a test need not load all.
pub fn units_around(county: &str) -> String {
    let all = std::fs::read_to_string(repository().join("data/units/units.csv")).unwrap();
    let city = format!("{}00", &county[..4]);
    all.lines()
        .enumerate()
        .filter(|(line, row)| {
            let division = row.split(',').nth(5).unwrap_or_default();
            *line == 0 || [county, &city, "610000"].contains(&division)
        })
        .map(|(_, row)| format!("{row}\n"))
        .collect()
}

pub struct World {
    pub house: House,
    pub people: Arc<People>,
    pub store: Store,
    /// What matters go by.
    pub clock: Arc<TestClock>,
    /// What sessions, lockouts and accounts go by, as the machine's clock in earnest.
    pub machine: Arc<TestClock>,
    pub persons: BTreeMap<(UnitId, RoleName), DemoPerson>,
    /// What everything is kept in, for tests of what happens when it breaks.
    pub database: Database,
    /// What checks passwords.
    pub passwords: Passwords,
    /// What people write into every text; none: what is lawful and means something.
    pub words: Option<&'static str>,
    _folder: Option<tempfile::TempDir>,
}

impl World {
    /// At nine in the morning of a day, with the units around 凤翔区.
    pub async fn new(day: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let units = units_around("610305");
        let clock = Arc::new(TestClock::at(&format!("{day}T09:00:00+08:00")));
        let path = folder.path().to_owned();
        Self { _folder: Some(folder), ..Self::in_folder(&path, clock, &units, true).await }
    }

    /// The same by other rules: every procedure file as a change leaves it.
    pub async fn ruled(day: &str, change: impl Fn(&str, String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let units = units_around("610305");
        let clock = Arc::new(TestClock::at(&format!("{day}T09:00:00+08:00")));
        let path = folder.path().to_owned();
        let rules = rules_changed(change);
        Self { _folder: Some(folder), ..Self::with_rules(&path, clock, &units, true, rules).await }
    }

    /// In a folder that stays.
    pub async fn in_folder(
        folder: &Path,
        clock: Arc<TestClock>,
        units: &str,
        has_demo: bool,
    ) -> Self {
        Self::with_rules(folder, clock, units, has_demo, rules()).await
    }

    async fn with_rules(
        folder: &Path,
        clock: Arc<TestClock>,
        units: &str,
        has_demo: bool,
        rules: Rules,
    ) -> Self {
        let url = format!("sqlite:{}", folder.join("test.db").display());
        Self::on(&url, folder, clock, units, has_demo, rules).await
    }

    /// On a database of its own on the PostgreSQL of the tests; none where there is none.
    pub async fn on_postgres(day: &str) -> Option<Self> {
        let Ok(server) = std::env::var("LIANDONG_TEST_POSTGRES") else {
            println!("SKIPPED: LIANDONG_TEST_POSTGRES is not set; run `cargo xtask test`");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().file_name().unwrap().to_str().unwrap();
        let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let name = format!("web_{name}");
        let mut tx = Database::open(&server).await.unwrap().write().await.unwrap();
        // A database cannot be made inside a transaction.
        tx.batch("commit").await.unwrap();
        tx.batch(&format!("create database {name}")).await.unwrap();
        drop(tx);
        let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
        let units = units_around("610305");
        let clock = Arc::new(TestClock::at(&format!("{day}T09:00:00+08:00")));
        let path = folder.path().to_owned();
        let world = Self::on(&url, &path, clock, &units, true, rules()).await;
        Some(Self { _folder: Some(folder), ..world })
    }

    async fn on(
        url: &str,
        folder: &Path,
        clock: Arc<TestClock>,
        units: &str,
        has_demo: bool,
        rules: Rules,
    ) -> Self {
        let database = Database::open(url).await.unwrap();
        store::migration::migrate(&database, clock.now()).await.unwrap();
        let randomness = Arc::new(SystemRandomness);
        let masters = "000102030405060708090a0b0c0d0e0f".parse().unwrap();
        Vault::open(&database, &masters, randomness.clone(), clock.now()).await.unwrap();
        let passwords = Passwords::cheap(randomness.clone()).unwrap();
        let machine = Arc::new(TestClock(AtomicI64::new(clock.now().as_microsecond())));
        let people =
            People::open(database.clone(), machine.clone(), randomness.clone(), passwords.clone())
                .await
                .unwrap();
        people.unit_import(Authority::Program, "units.csv", units.as_bytes()).await.unwrap();
        let people = Arc::new(people);
        let store = Store::open(store::Parts {
            database: database.clone(),
            files: folder.join("files"),
            file_bytes_max: 1024 * 1024,
            clock: clock.clone(),
            randomness: randomness.clone(),
            rules,
            directories: people.directories(),
            signer: Some(crate::receipt::signer()),
        })
        .await
        .unwrap();
        let known = [
            "J61030500",
            "J61030000",
            "G61030500",
            "G61030501",
            "G61030001",
            "G61030503",
            "G61030507",
        ];
        let directory = people.directory();
        let ids: Vec<UnitId> =
            known.iter().map(|code| directory.by_code(code).unwrap().id).collect();
        let persons = people.demo_people(&ids, PASSWORD).await.unwrap();
        let administrator = |login: &str, name: &str, role| FirstAdministrator {
            form: UserForm {
                login_name: login.to_owned(),
                display_name: name.to_owned(),
                ..UserForm::default()
            },
            role,
            password: Some(PASSWORD.to_owned()),
        };
        people
            .administrators_create(&[
                administrator("xitong", "钟系统", PlatformRole::SystemAdministrator),
                administrator("anquan", "安保密", PlatformRole::SecurityAdministrator),
                administrator("shenji", "申审计", PlatformRole::SecurityAuditor),
            ])
            .await
            .unwrap();
        let mut accounts: Vec<String> =
            persons.values().map(|person| person.login_name.clone()).collect();
        accounts.extend(["xitong", "anquan", "shenji"].map(str::to_owned));
        let demo = has_demo.then(|| Demo { clock: clock.clone(), accounts });
        let settings = Settings {
            https: false,
            trusts_proxy: false,
            upload_bytes_max: 1024 * 1024,
            ledger_keys: Some(crate::receipt::keys()),
            requests_per_minute_max: None,
            provider: None,
            demo,
        };
        let house = House::new(store.clone(), people.clone(), randomness, settings);
        Self {
            house,
            people,
            store,
            clock,
            machine,
            persons,
            database,
            passwords,
            words: None,
            _folder: None,
        }
    }

    /// The unit of that code.
    pub fn unit(&self, code: &str) -> UnitId {
        self.people.directory().by_code(code).unwrap().id
    }

    /// Somebody at a unit.
    pub fn person(&self, code: &str, role: RoleName) -> &DemoPerson {
        &self.persons[&(self.unit(code), role)]
    }

    /// Registers a problem as the handler of a unit; says its address.
    pub async fn problem(&self, code: &str, title: &str) -> String {
        let raw = |pairs: &[(&str, &str)]| -> Raw {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), vec![(*v).to_owned()])).collect()
        };
        let today = calendar::local_date(self.clock.now()).to_string();
        let request = OpenRequest {
            procedure: "problem".to_owned(),
            parent: None,
            title: title.to_owned(),
            parties: raw(&[("owner", "G61030501"), ("supervisor", "J61030500")]),
            input: raw(&[
                ("place", "长青镇工业园"),
                ("division", "610305"),
                ("categories", "air"),
                ("severity", "serious"),
                ("source", "patrol"),
                ("discovered-on", &today),
                ("facts", "锅炉颗粒物排放超过标准。"),
            ]),
        };
        let actor = self.person(code, RoleName::Handler).actor();
        let done = self.store.open_matter(&actor, request, None).await.unwrap();
        format!("/matters/{}", done.matter)
    }
}
