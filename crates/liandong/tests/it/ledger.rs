//! The record of both sides with the built program: the log's keeper, the other side's witness, and
//! whoever holds a receipt or an exported matter, against a database that somebody works on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use jiff::Timestamp;
use ledger::{Keys, Name, Purpose, SignedCheckpoint, Signer};
use procedure::definition::RoleName;
use procedure::{Actor, Command, MatterId, OpenRequest, Request, Rules, Source, UnitId, UserId};
use store::password::Passwords;
use store::randomness::SystemRandomness;
use store::vault::{MasterKeys, Vault};
use store::{Clock, Database, Parts, People, Scope, Store, migration};

use crate::command::{liandong, printed, refused};

const PROCURATORATE: i64 = 3;
const BUREAU: i64 = 13;
const UNITS: [(i64, &str, &str, &str); 2] = [
    (PROCURATORATE, "凤翔区人民检察院", "procuratorate", "procuratorate"),
    (BUREAU, "宝鸡市生态环境局凤翔分局", "government", "ecology"),
];
const TROUBLE: &str = include_str!("../../../store/tests/it/trouble.toml");
const LETTER: &str = include_str!("../../../store/tests/it/letter.toml");

/// A key of the tests alone.
const LOG_KEY: &str = include_str!("../../../ledger/tests/keys/log.pem");

struct Now;

impl Clock for Now {
    fn now(&self) -> Timestamp {
        "2026-03-02T09:00:00+08:00".parse().unwrap()
    }
}

/// A platform's data with two units, as the built program finds it, and the store at work on it.
pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) store: Store,
    database: Database,
}

impl House {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("liandong-ledger-").tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir_all(data.join("ledger")).unwrap();
        let name: Name = "liandong.example".parse().unwrap();
        let signer = Signer::from_pkcs8_pem(name, Purpose::Log, LOG_KEY).unwrap();
        let keys = Keys::new("government".parse().unwrap(), signer.verifier().clone()).unwrap();
        let pem = signer.to_pkcs8_pem().unwrap();
        std::fs::write(data.join("ledger/key.pem"), pem.as_bytes()).unwrap();
        let text = keys.to_string().replace('\n', "\n# a remark of the keeper\n");
        let text = text.strip_suffix("# a remark of the keeper\n").unwrap();
        std::fs::write(data.join("ledger/keys.txt"), text).unwrap();

        // The rules of these tests, for the program to find.
        let rules = folder.path().join("rules/procedures/tests");
        std::fs::create_dir_all(&rules).unwrap();
        std::fs::write(rules.join("trouble.toml"), TROUBLE).unwrap();
        std::fs::write(rules.join("letter.toml"), LETTER).unwrap();

        let database = opened(&data).await;
        migration::migrate(&database, Now.now()).await.unwrap();
        let mut tx = database.write().await.unwrap();
        for (id, name, side, line) in UNITS {
            let sql = format!(
                "insert into unit (unit_id, code, name, short_name, side, level, division_code,
                        line, basis, aliases, phone, note, active, version, created_at, changed_at)
                 values ({id}, 'U{id}', '{name}', '{name}', '{side}', 'county', '610305', '{line}',
                         'known', '[]', '', '', 1, 1, 0, 0)"
            );
            tx.execute(&sql, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        std::fs::create_dir_all(data.join("vault")).unwrap();
        std::fs::write(data.join("vault/key"), masters().to_text().as_bytes()).unwrap();
        let store = at_work(&database, &data).await;
        Self { folder, store, database }
    }

    /// Leaves the data to the program.
    pub(crate) async fn leave(self) -> tempfile::TempDir {
        self.store.close().await;
        self.database.checkpoint().await.unwrap();
        self.folder
    }

    /// Comes back to data the program has left, with the key that lies there now.
    pub(crate) async fn back(folder: tempfile::TempDir) -> Self {
        let data = folder.path().join("data");
        let database = opened(&data).await;
        let store = at_work(&database, &data).await;
        Self { folder, store, database }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(crate) fn keys(&self) -> String {
        self.path("data/ledger/keys.txt")
    }

    /// The flags that point the program here.
    fn at(&self) -> [String; 4] {
        ["--data".to_owned(), self.path("data"), "--rules".to_owned(), self.path("rules")]
    }

    pub(crate) fn command(&self, words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).chain(self.at()).collect()
    }

    pub(crate) async fn open(&self, title: &str, files: &[String]) -> MatterId {
        let mut input = BTreeMap::from([
            ("division".to_owned(), vec!["610305".to_owned()]),
            ("categories".to_owned(), vec!["water".to_owned()]),
            ("informant".to_owned(), vec!["王某".to_owned()]),
            ("place".to_owned(), vec!["桥下".to_owned()]),
        ]);
        if !files.is_empty() {
            input.insert("photos".to_owned(), files.to_vec());
        }
        let request = OpenRequest {
            procedure: "trouble".to_owned(),
            parent: None,
            title: title.to_owned(),
            parties: BTreeMap::new(),
            input,
        };
        self.store.open_matter(&prosecutor(), request, None).await.unwrap().matter
    }

    /// A letter to the bureau under a root, drafted, approved, served.
    pub(crate) async fn served(&self, root: &MatterId) -> MatterId {
        let request = OpenRequest {
            procedure: "letter".to_owned(),
            parent: Some(root.clone()),
            title: String::new(),
            parties: BTreeMap::from([("recipient".to_owned(), vec![BUREAU.to_string()])]),
            input: BTreeMap::new(),
        };
        let letter = self.store.open_matter(&prosecutor(), request, None).await.unwrap().matter;
        let input = BTreeMap::from([("words".to_owned(), vec!["请依法履职".to_owned()])]);
        let serve = Command::Act { action: "serve".to_owned(), input };
        for (who, command) in [(prosecutor(), serve), (chief(), Command::Approve)] {
            let request = Request { matter: letter.clone(), seen: None, command };
            self.store.act(&who, request, None).await.unwrap();
        }
        letter
    }

    pub(crate) fn scope(&self, actor: &Actor) -> Scope {
        Scope::of(actor, &self.store.directory()).unwrap()
    }

    /// A receipt as it is downloaded.
    pub(crate) async fn receipt(
        &self,
        who: &Actor,
        matter: &MatterId,
        number: u32,
        name: &str,
    ) -> String {
        let receipt = self.store.receipt(&self.scope(who), matter, number).await.unwrap().unwrap();
        let path = self.path(name);
        std::fs::write(&path, receipt.to_text().unwrap()).unwrap();
        path
    }

    /// Works on the database as nobody should.
    async fn work_on(&self, sql: &[&str]) {
        let mut tx = self.database.write().await.unwrap();
        for table in ["event", "admin_event", "ledger_leaf", "ledger_tile"] {
            let triggers = format!(
                "drop trigger if exists {table}_no_update; drop trigger if exists {table}_no_delete"
            );
            tx.batch(&triggers).await.unwrap();
        }
        for sql in sql {
            tx.batch(sql).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

/// A master key of the tests alone.
fn masters() -> MasterKeys {
    "000102030405060708090a0b0c0d0e0f".parse().unwrap()
}

async fn opened(data: &Path) -> Database {
    Database::open(&data.join("liandong.db").display().to_string()).await.unwrap()
}

async fn at_work(database: &Database, data: &Path) -> Store {
    let random = Arc::new(SystemRandomness);
    Vault::open(database, &masters(), random, Now.now()).await.unwrap();
    let name: Name = "liandong.example".parse().unwrap();
    let pem = std::fs::read_to_string(data.join("ledger/key.pem")).unwrap();
    let signer = Signer::from_pem(name, Purpose::Log, &pem).unwrap();
    let randomness = Arc::new(SystemRandomness);
    let passwords = Passwords::cheap(randomness.clone()).unwrap();
    let clock = Arc::new(Now);
    let people = People::open(database.clone(), clock.clone(), randomness.clone(), passwords).await;
    Store::open(Parts {
        database: database.clone(),
        files: data.join("attachments"),
        file_bytes_max: 10_000_000,
        clock,
        randomness,
        rules: rules(),
        directories: people.unwrap().directories(),
        signer: Some(Arc::new(signer)),
    })
    .await
    .unwrap()
}

fn rules() -> Rules {
    let codes = Source { path: "codes.toml", text: include_str!("../../../../law/codes.toml") };
    let (law, calendar) = calendar::embedded().unwrap();
    let files = [
        Source { path: "trouble.toml", text: TROUBLE },
        Source { path: "letter.toml", text: LETTER },
    ];
    Rules::read(&files, codes, law, calendar).unwrap()
}

fn actor(user: i64, unit: i64, roles: &[RoleName]) -> Actor {
    Actor { user: UserId(user), unit: UnitId(unit), roles: roles.iter().copied().collect() }
}

pub(crate) fn prosecutor() -> Actor {
    actor(31, PROCURATORATE, &[RoleName::Handler])
}

fn chief() -> Actor {
    actor(32, PROCURATORATE, &[RoleName::Leader])
}

fn officer() -> Actor {
    actor(131, BUREAU, &[RoleName::Handler, RoleName::Liaison])
}

/// The interface for witnesses, over a real store.
async fn interface(house: &House) -> String {
    async fn shown(
        State((store, _)): State<(Store, PathBuf)>,
        Query(asked): Query<BTreeMap<String, u64>>,
    ) -> Result<String, StatusCode> {
        store.checkpoint().await.unwrap();
        let shown = store.shown(asked["size"]).await.unwrap().ok_or(StatusCode::NOT_FOUND)?;
        Ok(shown.to_text().unwrap())
    }
    async fn cosigned(State((store, keys)): State<(Store, PathBuf)>, note: String) -> StatusCode {
        let keys: Keys = std::fs::read_to_string(keys).unwrap().parse().unwrap();
        let Ok(signed) = SignedCheckpoint::parse(note.as_bytes()) else {
            return StatusCode::BAD_REQUEST;
        };
        assert!(store.cosigned(&keys, &signed).await.is_ok());
        StatusCode::NO_CONTENT
    }
    let router = Router::new()
        .route("/api/v1/ledger/shown", get(shown))
        .route("/api/v1/ledger/cosignatures", post(cosigned))
        .with_state((house.store.clone(), PathBuf::from(house.keys())));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

/// Runs the program while the interface goes on answering.
async fn beside(arguments: &[&str]) -> (i32, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
    tokio::task::spawn_blocking(move || {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = liandong(&words);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    })
    .await
    .unwrap()
}

pub(crate) fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_gives_keys_and_fingerprints_and_listens_to_witnesses_it_knows() {
    let house = House::new().await;
    let at = house.command(&["ledger", "fingerprint"]);
    let said = refused(&words(&at), 1);
    assert!(said.contains("no checkpoint yet"), "{said}");
    house.open("渭河异味", &[]).await;
    let checkpoint = house.store.checkpoint().await.unwrap().unwrap();
    let fingerprint = checkpoint.checkpoint().fingerprint().to_string();
    let said = printed(&words(&at));
    assert!(said.contains(&fingerprint) && said.contains("no witness of the other side"), "{said}");
    let mut zh = at.clone();
    zh.extend(["--lang".to_owned(), "zh".to_owned()]);
    assert!(printed(&words(&zh)).contains("尚无对方见证方副署"));
    assert_eq!(printed(&words(&house.command(&["ledger", "head"]))), checkpoint.to_string());
    let keys = std::fs::read_to_string(house.keys()).unwrap();
    assert_eq!(printed(&words(&house.command(&["ledger", "keys"]))), keys);

    let state = house.path("witness");
    let key = printed(&["witness", "init", "--name", "jcy.example", "--state", &state]);
    let key = key.trim();
    assert!(
        refused(&["witness", "init", "--name", "b", "--state", &state], 1)
            .contains("not overwritten")
    );
    let add = house.command(&["ledger", "witness", "add", "procuratorate", key]);
    assert!(printed(&words(&add)).contains("added the witness jcy.example"));
    assert!(refused(&words(&add), 1).contains("remove it first"));
    let list = house.command(&["ledger", "witness", "list"]);
    assert_eq!(printed(&words(&list)), format!("procuratorate  {key}\n"));
    let now = std::fs::read_to_string(house.keys()).unwrap();
    assert!(now.starts_with(&keys) && now.contains("# a remark"), "{now}");

    let log = keys.lines().find(|line| line.starts_with("log ")).unwrap();
    let log_key = log.split(' ').next_back().unwrap();
    let wrong = house.command(&["ledger", "witness", "add", "court", log_key]);
    assert!(refused(&words(&wrong), 2).contains("none of a witness"));
    let wrong = house.command(&["ledger", "witness", "add", "court", &key.replace("jcy", "fy")]);
    assert!(refused(&words(&wrong), 2).contains("not a witness's public key"));

    let remove = house.command(&["ledger", "witness", "remove", "jcy.example"]);
    assert!(printed(&words(&remove)).contains("removed"));
    assert_eq!(std::fs::read_to_string(house.keys()).unwrap(), keys);
    assert!(refused(&words(&remove), 1).contains("no witness `jcy.example`"));

    std::fs::write(house.keys(), format!("{keys}witness procuratorate nonsense\n")).unwrap();
    let line = keys.lines().count() + 1;
    let said = refused(&words(&list), 1);
    assert!(said.contains(&format!("keys.txt:{line}: neither `log FROM SIDE KEY`")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_side_watches_and_convicts_a_history_written_anew() {
    let house = House::new().await;
    let (url, state, keys) = (interface(&house).await, house.path("witness"), house.keys());
    let root = house.open("渭河异味", &[]).await;

    let key = printed(&["witness", "init", "--name", "jcy.example", "--state", &state]);
    let add = house.command(&["ledger", "witness", "add", "procuratorate", key.trim()]);
    printed(&words(&add));
    assert!(printed(&["witness", "show", "--state", &state]).contains("not looked yet"));
    let run = ["witness", "run", "--state", &state, "--url", &url, "--once"];
    let (code, _, said) = beside(&run).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("--log-keys"), "{said}");
    let first = [&run[..], &["--log-keys", &keys]].concat();
    let (code, said, wrong) = beside(&first).await;
    assert_eq!((code, wrong.as_str()), (0, ""), "{said}");
    assert!(said.contains("first look"), "{said}");
    assert!(printed(&words(&house.command(&["ledger", "fingerprint"]))).contains("jcy.example"));

    // The receipt says who has watched, and holds only with keys from elsewhere.
    let receipt = house.receipt(&prosecutor(), &root, 1, "receipt.json").await;
    let verify = ["verify", &receipt, "--keys", &keys, "--require-witness"];
    let said = printed(&verify);
    assert!(said.contains("receipt: HOLDS") && said.contains("the other side"), "{said}");
    assert!(said.contains("does not prove: "), "{said}");
    assert!(refused(&["verify", &receipt], 2).contains("never trusted"));
    let said = liandong(&["verify", &receipt, "--keys", &keys, "--lang", "zh"]);
    assert!(String::from_utf8(said.stdout).unwrap().contains("不证明"));
    let changed = house.path("changed.json");
    let text = std::fs::read_to_string(&receipt).unwrap();
    std::fs::write(&changed, text.replace("桥下", "桥上")).unwrap();
    let output = liandong(&["verify", &receipt, &changed, "--keys", &keys]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("changed.json: receipt: DOES NOT HOLD"), "{said}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("1 of 2 file(s)"));
    let missing = house.path("none.json");
    assert!(refused(&["verify", &missing, "--keys", &keys], 2).contains("cannot read"));

    // The log grows; what is not yet watched fails only who insists on it.
    house.served(&root).await;
    let head = house.store.checkpoint().await.unwrap().unwrap();
    let note = house.path("head.txt");
    std::fs::write(&note, head.to_string()).unwrap();
    assert!(printed(&["verify", &note, "--keys", &keys]).contains("checkpoint: HOLDS"));
    refused(&["verify", &note, "--keys", &keys, "--require-witness"], 1);
    let (code, said, _) = beside(&run).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("nothing seen before was changed"), "{said}");
    std::fs::write(&note, printed(&words(&house.command(&["ledger", "head"])))).unwrap();
    printed(&["verify", &note, "--keys", &keys, "--require-witness"]);

    // Somebody with all power over the database and the log's key writes history anew.
    house
        .work_on(&[
            "update event set body = replace(body, '桥下', '桥上')",
            "drop table ledger_leaf; drop table ledger_tile; drop table ledger_head;
             drop table ledger_checkpoint; alter table event drop column leaf;
             delete from migration where number in (7, 11)",
        ])
        .await;
    migration::migrate(&house.database, Now.now()).await.unwrap();
    let (code, _, said) = beside(&run).await;
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("ALARM") && said.contains("two histories"), "{said}");
    // It does not get used to it, and keeps the evidence once.
    assert_eq!(beside(&run).await.0, 3);
    let evidence = house.path("witness/evidence/001.json");
    let said = printed(&["verify", &evidence, "--keys", &keys]);
    assert!(said.contains("a witness's evidence: HOLDS") && said.contains("ALARM"), "{said}");
    assert!(!Path::new(&house.path("witness/evidence/002.json")).exists());
    let text = std::fs::read_to_string(&evidence).unwrap();
    std::fs::write(&changed, text.replace("time 1", "time 2")).unwrap();
    refused(&["verify", &changed, "--keys", &keys], 1);
    let other = house.path("other.json");
    std::fs::write(&other, text.replace("two-roots", "no-roots")).unwrap();
    refused(&["verify", &other, "--keys", &keys], 1);
    assert!(printed(&["witness", "show", "--state", &state]).contains("ALARM"));

    // A memory that was broken is no reason to begin anew.
    std::fs::write(house.path("witness/state.json"), "{}").unwrap();
    let (code, _, said) = beside(&first).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("put it back from your copy"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_beside_the_platform_names_what_was_changed() {
    let house = House::new().await;
    let root = house.open("渭河异味", &[]).await;
    let letter = house.served(&root).await;
    house.store.checkpoint().await.unwrap();
    let audit = house.command(&["audit"]);
    let said = printed(&words(&audit));
    assert!(said.contains("2 matter(s)") && said.contains("nothing was changed"), "{said}");

    house.work_on(&["update matter set title = '没有异味' where parent_id is null"]).await;
    let output = liandong(&words(&audit));
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("table matter: the rows of matter {root}")), "{said}");
    house.work_on(&["update event set body = replace(body, '请依法履职', '不必履职')"]).await;
    let json = house.command(&["audit", "--json"]);
    let output = liandong(&words(&json));
    assert_eq!(output.status.code(), Some(1));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = said["findings"].as_array().unwrap();
    let found = |key: &str, about: &str| {
        findings.iter().any(|it| it["finding"] == key && it["zh"].as_str().unwrap().contains(about))
    };
    assert!(found("event-changed", letter.as_str()), "{said}");
    assert!(found("read-table", "matter_body"), "{said}");
    assert!(found("read-table", root.as_str()), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_matter_is_verified_and_one_flipped_bit_anywhere_is_found() {
    let house = House::new().await;
    let keys = house.keys();
    let mut photo =
        house.store.attachment_begin(&house.scope(&prosecutor()), "现场#1.pdf").await.unwrap();
    photo.write(b"%PDF-1.7\n").await.unwrap();
    photo.write(&vec![b'x'; 150_000]).await.unwrap();
    let photo = photo.finish().await.unwrap();
    let root = house.open("渭河<b>异味", &[photo.raw()]).await;
    let letter = house.served(&root).await;

    let zip = house.path("matter.zip");
    let file = std::fs::File::create(&zip).unwrap();
    let scope = house.scope(&prosecutor());
    let (file, bundled) = house.store.bundle(&scope, &root, file).await.unwrap().unwrap();
    file.sync_all().unwrap();
    assert_eq!((bundled.attachments, bundled.withheld), (1, 0));
    let said = printed(&["verify", &zip, "--keys", &keys]);
    assert!(said.contains("exported matter: HOLDS"), "{said}");
    refused(&["verify", &zip, "--keys", &keys, "--require-witness"], 1);

    // Whoever may not know of the draft gets a bundle that says that something is kept back.
    let theirs = house.path("theirs.zip");
    let file = std::fs::File::create(&theirs).unwrap();
    let scope = house.scope(&officer());
    let (_, bundled) = house.store.bundle(&scope, &letter, file).await.unwrap().unwrap();
    assert!(bundled.withheld > 0, "{bundled:?}");
    let said = printed(&["verify", &theirs, "--keys", &keys]);
    assert!(said.contains("kept back"), "{said}");
    let stranger = house.scope(&actor(9, PROCURATORATE, &[RoleName::Handler]));
    let nobody: MatterId = "0190b3c4-0000-7000-8000-000000000001".parse().unwrap();
    assert!(house.store.bundle(&stranger, &nobody, Vec::new()).await.unwrap().is_none());

    // Unpacked it is the same; the page is plain.
    let folder = house.path("unpacked");
    unpack(&zip, &folder);
    assert!(printed(&["verify", &folder, "--keys", &keys]).contains("HOLDS"));
    let page = std::fs::read_to_string(Path::new(&folder).join("index.html")).unwrap();
    assert!(page.contains("渭河&lt;b&gt;异味") && !page.contains("<script"), "{page}");
    assert!(page.contains("现场%231.pdf"), "{page}");
    std::fs::write(Path::new(&folder).join("index.html"), page.replace("桥下", "桥上")).unwrap();
    let output = liandong(&["verify", &folder, "--keys", &keys]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("file changed: index.html"), "{said}");

    // Bits flipped in every file of it: in what stands before its bytes, in the first, the last and some
    // between; and in the archive's own lists at the end.
    let whole = std::fs::read(&zip).unwrap();
    let length = whole.len();
    let flipped = house.path("flipped.zip");
    let (places, lists) = places(&zip);
    let end = (lists..length).step_by(29).chain(length - 22..length).map(|place| (place, None));
    let mut found = std::collections::BTreeSet::new();
    for (turn, (place, file)) in places.into_iter().chain(end).enumerate() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << (turn % 8);
        std::fs::write(&flipped, &bytes).unwrap();
        let output = liandong(&["verify", &flipped, "--keys", &keys]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "byte {place} of {length}: {said}");
        assert!(said.contains("DOES NOT HOLD") && said.contains('✗'), "byte {place}: {said}");
        if let Some(file) = file {
            assert!(said.contains(&file), "byte {place} of {length} is in {file}: {said}");
            found.insert(file);
        }
    }
    let path = |name: &str| found.iter().any(|file| file.contains(name));
    for name in ["index.html", "log.json", "manifest.txt", "receipts/", "attachments/"] {
        assert!(path(name), "{name} is not among {found:?}");
    }
}

/// Places in an archive where a bit is flipped, each with the file whose bytes it is in; and where the
/// archive's own lists begin.
fn places(zip: &str) -> (Vec<(usize, Option<String>)>, usize) {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    let mut places = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index).unwrap();
        let path = file.name().unwrap().into_owned();
        let head = usize::try_from(file.header_start()).unwrap();
        let begin = usize::try_from(file.data_start().unwrap()).unwrap();
        let size = usize::try_from(file.size()).unwrap();
        places.extend((head..begin).step_by(11).map(|place| (place, None)));
        for place in [0, size / 7, size / 3, size / 2, size - size / 5, size - 1] {
            places.push((begin + place.min(size - 1), Some(path.clone())));
        }
    }
    (places, usize::try_from(archive.central_directory_start()).unwrap())
}

fn unpack(zip: &str, folder: &str) {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(zip).unwrap()).unwrap();
    archive.extract(folder).unwrap();
}
