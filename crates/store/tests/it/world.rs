//! A world of its own for each test: a database, a clock, eight units and two small procedures.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{
    Actor, Command, Event, MatterId, OpenRequest, Raw, Request, Rules, Source, UnitId, UserId,
};
use store::directory::Directories;
use store::password::Passwords;
use store::randomness::SystemRandomness;
use store::vault::field::event_from_text;
use store::vault::{MasterKeys, Vault};
use store::{
    ActError, Clock, Database, Done, Engine, Key, Parts, People, Refused, Scope, Store, Value,
    migration,
};

/// 省检察院.
pub(crate) const PROVINCE_PROCURATORATE: i64 = 1;
/// 区检察院.
pub(crate) const PROCURATORATE: i64 = 3;
/// 市生态环境局.
pub(crate) const CITY_BUREAU: i64 = 12;
/// 区生态环境局.
pub(crate) const BUREAU: i64 = 13;
/// 区水利局, which nobody guides.
pub(crate) const WATER: i64 = 20;

const UNITS: [(i64, &str, &str, &str, Option<i64>); 7] = [
    (1, "陕西省人民检察院", "procuratorate", "procuratorate", None),
    (2, "宝鸡市人民检察院", "procuratorate", "procuratorate", Some(1)),
    (3, "凤翔区人民检察院", "procuratorate", "procuratorate", Some(2)),
    (12, "宝鸡市生态环境局", "government", "ecology", None),
    (13, "宝鸡市生态环境局凤翔分局", "government", "ecology", Some(12)),
    (20, "凤翔区水利局", "government", "water", None),
    (21, "宝鸡市公安局凤翔分局", "government", "police", None),
];

/// A clock that stands until it is set.
pub(crate) struct SetClock(Mutex<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl SetClock {
    pub(crate) fn set(&self, text: &str) {
        self.set_to(at(text));
    }

    pub(crate) fn set_to(&self, at: Timestamp) {
        *self.0.lock().unwrap() = at;
    }
}

pub(crate) fn at(text: &str) -> Timestamp {
    format!("{text}+08:00").parse().unwrap()
}

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: Database,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    directories: Arc<Directories>,
    rules: Rules,
}

static MADE: AtomicU32 = AtomicU32::new(0);

/// A name nobody else uses.
pub(crate) fn fresh() -> String {
    format!("it_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn postgres() -> Option<String> {
    std::env::var("LIANDONG_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

/// Runs a test on SQLite, and on PostgreSQL when there is one.
pub(crate) async fn each_engine(test: impl AsyncFn(&World)) {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(place) = Place::new(engine).await else { continue };
        let world = World::new(&place.url, &place.folder).await;
        test(&world).await;
        world.store.close().await;
        drop(world);
        place.remove().await;
    }
}

/// Where a database lies.
pub(crate) struct Place {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    schema: Option<(String, String)>,
}

impl Place {
    pub(crate) async fn new(engine: Engine) -> Option<Self> {
        let name = fresh();
        let folder = std::env::temp_dir().join(format!("liandong-{name}"));
        std::fs::create_dir_all(&folder).unwrap();
        match engine {
            Engine::Sqlite => {
                let url = folder.join("it.sqlite").display().to_string();
                Some(Self { url, folder, schema: None })
            }
            Engine::Postgres => {
                let base = postgres()?;
                let database = Database::open(&base).await.unwrap();
                let mut tx = database.write().await.unwrap();
                tx.batch(&format!("create schema {name}")).await.unwrap();
                tx.commit().await.unwrap();
                let sign = if base.contains('?') { '&' } else { '?' };
                let url = format!("{base}{sign}options=-csearch_path%3D{name}");
                Some(Self { url, folder, schema: Some((base, name)) })
            }
        }
    }

    pub(crate) async fn remove(self) {
        if let Some((base, name)) = &self.schema {
            let database = Database::open(base).await.unwrap();
            let mut tx = database.write().await.unwrap();
            tx.batch(&format!("drop schema {name} cascade")).await.unwrap();
            tx.commit().await.unwrap();
        }
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

pub(crate) fn rules() -> Rules {
    let codes = Source { path: "codes.toml", text: include_str!("../../../../law/codes.toml") };
    let (law, calendar) = calendar::embedded().unwrap();
    let files = [
        Source { path: "trouble.toml", text: include_str!("trouble.toml") },
        Source { path: "letter.toml", text: include_str!("letter.toml") },
        Source { path: "circular.toml", text: include_str!("circular.toml") },
    ];
    Rules::read(&files, codes, law, calendar).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

impl World {
    pub(crate) async fn new(url: &str, folder: &std::path::Path) -> Self {
        Self::under(rules(), url, folder).await
    }

    /// A world under other rules than those two small procedures.
    pub(crate) async fn under(rules: Rules, url: &str, folder: &std::path::Path) -> Self {
        let database = Database::open(url).await.unwrap();
        let clock = Arc::new(SetClock(Mutex::new(at("2026-03-02T09:00:00"))));
        migration::migrate(&database, clock.now()).await.unwrap();
        open_vault(&database).await;
        let mut tx = database.write().await.unwrap();
        for (id, name, side, line, above) in UNITS {
            tx.execute(
                "insert into unit (unit_id, code, name, short_name, side, level, division_code,
                        parent_unit_id, line, basis, aliases, phone, note, active, version,
                        created_at, changed_at)
                 values ($1, $2, $3, $3, $4, 'county', '610305', $5, $6, 'known', '[]', '', '', 1,
                         1, 0, 0)
                 on conflict do nothing",
                &[
                    id.into(),
                    format!("U{id}").into(),
                    name.into(),
                    side.into(),
                    above.into(),
                    line.into(),
                ],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let randomness = Arc::new(SystemRandomness);
        let passwords = Passwords::cheap(randomness.clone()).unwrap();
        let people =
            People::open(database.clone(), clock.clone(), randomness, passwords).await.unwrap();
        let directories = people.directories();
        let mut world = Self {
            store: open(&database, &clock, &directories, folder, rules.clone()).await,
            rules,
            database,
            clock,
            url: url.to_owned(),
            folder: folder.to_owned(),
            directories,
        };
        world.store = world.another_store().await;
        world
    }

    /// Another store on the same database, as another process would have it.
    pub(crate) async fn another_store(&self) -> Store {
        open(&self.database, &self.clock, &self.directories, &self.folder, self.rules.clone()).await
    }

    pub(crate) fn scope(&self, actor: &Actor) -> Scope {
        Scope::of(actor, &self.store.directory()).unwrap()
    }

    /// A root entered by the district's procuratorate.
    pub(crate) async fn trouble(&self, title: &str) -> Done {
        self.open("trouble", None, title, &prosecutor(), &[], &[]).await.unwrap()
    }

    pub(crate) async fn open(
        &self,
        procedure: &str,
        parent: Option<&MatterId>,
        title: &str,
        actor: &Actor,
        parties: &[(&str, &str)],
        input: &[(&str, &str)],
    ) -> Result<Done, ActError> {
        let mut fields = raw(input);
        if procedure == "trouble" {
            fields.entry("division".to_owned()).or_insert_with(|| vec!["610305".to_owned()]);
            fields.entry("categories".to_owned()).or_insert_with(|| vec!["water".to_owned()]);
        }
        let request = OpenRequest {
            procedure: procedure.to_owned(),
            parent: parent.cloned(),
            title: title.to_owned(),
            parties: raw(parties),
            input: fields,
        };
        self.store.open_matter(actor, request, None).await
    }

    /// A letter from the procuratorate to the bureau under a root.
    pub(crate) async fn letter(&self, root: &MatterId) -> Done {
        let to = BUREAU.to_string();
        self.open("letter", Some(root), "", &prosecutor(), &[("recipient", &to)], &[])
            .await
            .unwrap()
    }

    /// The same, served.
    pub(crate) async fn served(&self, root: &MatterId) -> Done {
        let letter = self.letter(root).await;
        self.act(&prosecutor(), &letter.matter, "serve", &[("words", "请依法履职")]).await.unwrap();
        let request =
            Request { matter: letter.matter.clone(), seen: None, command: Command::Approve };
        self.store.act(&chief(), request, None).await.unwrap()
    }

    /// The same, acknowledged.
    pub(crate) async fn acknowledged(&self, root: &MatterId) -> Done {
        let letter = self.served(root).await;
        self.act(&officer(), &letter.matter, "acknowledge", &[]).await.unwrap()
    }

    pub(crate) async fn act(
        &self,
        actor: &Actor,
        matter: &MatterId,
        action: &str,
        input: &[(&str, &str)],
    ) -> Result<Done, ActError> {
        self.store.act(actor, request(matter, None, action, input), None).await
    }

    /// The first column of every row, as text.
    pub(crate) async fn column(&self, sql: &str) -> Vec<String> {
        let mut tx = self.database.read().await.unwrap();
        let rows = tx.rows(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let mut tx = self.database.read().await.unwrap();
        tx.one(sql, &[]).await.unwrap().unwrap()
    }

    pub(crate) async fn execute(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<u64, store::StoreError> {
        let mut tx = self.database.write().await?;
        let count = tx.execute(sql, values).await?;
        tx.commit().await?;
        Ok(count)
    }
}

async fn open(
    database: &Database,
    clock: &Arc<SetClock>,
    directories: &Arc<Directories>,
    folder: &std::path::Path,
    rules: Rules,
) -> Store {
    Store::open(Parts {
        database: database.clone(),
        files: folder.join("files"),
        file_bytes_max: 1_000_000,
        clock: clock.clone(),
        randomness: Arc::new(SystemRandomness),
        rules,
        directories: directories.clone(),
        signer: Some(crate::ledger::signer()),
    })
    .await
    .unwrap()
}

/// The master key of the tests.
pub(crate) fn masters() -> MasterKeys {
    "000102030405060708090a0b0c0d0e0f".parse().unwrap()
}

/// Opens the vault of a database that will hold matters.
pub(crate) async fn open_vault(database: &Database) {
    let now = "2026-03-02T01:00:00Z".parse().unwrap();
    Vault::open(database, &masters(), Arc::new(SystemRandomness), now).await.unwrap();
}

pub(crate) fn actor(user: i64, unit: i64, roles: &[RoleName]) -> Actor {
    let roles = roles.iter().copied().collect::<BTreeSet<_>>();
    Actor { user: UserId(user), unit: UnitId(unit), roles }
}

/// A handler of the procuratorate.
pub(crate) fn prosecutor() -> Actor {
    actor(31, PROCURATORATE, &[RoleName::Handler])
}

/// The one who approves there.
pub(crate) fn chief() -> Actor {
    actor(32, PROCURATORATE, &[RoleName::Leader])
}

/// Handler and liaison of the bureau.
pub(crate) fn officer() -> Actor {
    actor(131, BUREAU, &[RoleName::Handler, RoleName::Liaison])
}

pub(crate) fn request(
    matter: &MatterId,
    seen: Option<u32>,
    action: &str,
    input: &[(&str, &str)],
) -> Request {
    let command = Command::Act { action: action.to_owned(), input: raw(input) };
    Request { matter: matter.clone(), seen, command }
}

pub(crate) fn raw(pairs: &[(&str, &str)]) -> Raw {
    let mut raw = Raw::new();
    for (key, value) in pairs {
        raw.entry((*key).to_owned()).or_default().push((*value).to_owned());
    }
    raw
}

pub(crate) fn key(text: &str) -> Option<Key> {
    let key = Key::parse(text);
    assert!(key.is_some(), "{text} is no key");
    key
}

pub(crate) fn refused(answer: Result<Done, ActError>) -> Refused {
    match answer {
        Err(ActError::Refused(refused)) => *refused,
        other => panic!("should be refused: {other:?}"),
    }
}

/// An event from the columns matter_id, number, at, user_id, unit_id and body.
pub(crate) fn stored_event(vault: &Vault, row: &store::Row) -> (MatterId, Event) {
    let (id, number): (MatterId, u32) = (row.get(0).unwrap(), row.get(1).unwrap());
    let what = row.get::<String>(5).unwrap();
    let event = Event {
        number,
        at: row.get(2).unwrap(),
        by: procedure::By { user: row.get(3).unwrap(), unit: row.get(4).unwrap() },
        what: event_from_text(vault, id.as_str(), number, &what).unwrap(),
    };
    (id, event)
}
