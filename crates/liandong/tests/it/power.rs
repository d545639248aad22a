//! Power cuts: whatever was acknowledged is there afterwards, and nothing is there by halves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use procedure::definition::RoleName;
use procedure::{By, Event, Family, MatterId, What};
use serde_json::{Value, json};
use store::password::Passwords;
use store::randomness::SystemRandomness;
use store::{Authority, Clock, Database, People};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::http::{Answer, Http};
use crate::program::{Program, data};

/// Clients that act at one time.
const CLIENTS: usize = 200;
/// Clients that look at one time whether everything is there.
const LOOKING: usize = 20;
/// Power cuts on SQLite, and on PostgreSQL.
const CUTS_SQLITE: usize = 20;
const CUTS_POSTGRES: usize = 5;

struct Now;

impl Clock for Now {
    #[expect(clippy::disallowed_methods, reason = "the program under test runs in this time too")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// One thing a client asked for.
#[derive(Clone)]
struct Asked {
    path: String,
    key: String,
    body: Value,
}

/// What the clients know.
#[derive(Default)]
struct Known {
    /// By key: what was acknowledged, as matter and version.
    acknowledged: BTreeMap<String, (String, u64)>,
    /// Keys acknowledged since it was last looked whether they are there.
    fresh: Vec<String>,
    /// What was asked and not answered before the power went.
    unanswered: Vec<Asked>,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_twenty_power_cuts() {
    let (_folder, path) = data();
    let database = path.join("liandong.db").display().to_string();
    survives(&path, &database, CUTS_SQLITE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_power_cuts_on_postgres() {
    let Ok(server) = std::env::var("LIANDONG_TEST_POSTGRES") else {
        println!("skipped: LIANDONG_TEST_POSTGRES is not set; run the tests by `cargo xtask test`");
        return;
    };
    let mut tx = Database::open(&server).await.unwrap().write().await.unwrap();
    // A database cannot be made inside a transaction.
    tx.batch("commit").await.unwrap();
    let name = format!("power_{}", std::process::id());
    tx.batch(&format!("create database {name}")).await.unwrap();
    let (_folder, path) = data();
    let database = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    survives(&path, &database, CUTS_POSTGRES).await;
}

async fn survives(data: &Path, database: &str, cuts: usize) {
    let token = prepared(database).await.token;
    let known = Arc::new(Mutex::new(Known::default()));
    let serve = ["serve", "--database", database, "--log-level", "warn"];
    for cut in 0..cuts {
        let program = Program::start(&serve, data);
        let http = Http::new(&program.url).with_token(&token);
        after_the_cut(&http, &known).await;

        let enough = Arc::new(Notify::new());
        let count = Arc::new(AtomicUsize::new(0));
        let mut clients = JoinSet::new();
        for client in 0..CLIENTS {
            let (http, known) = (http.clone(), known.clone());
            let (enough, count) = (enough.clone(), count.clone());
            // Each cut comes at another moment: after the first answer, or in the thick of it.
            let wanted = 1 + cut * 37;
            clients.spawn(async move {
                let answered = || {
                    if count.fetch_add(1, Ordering::SeqCst) + 1 >= wanted {
                        enough.notify_one();
                    }
                };
                until_the_cut(&http, &known, &format!("cut{cut}-client{client}"), answered).await;
            });
        }
        enough.notified().await;
        program.kill();
        clients.join_all().await;
    }
    let program = Program::start(&serve, data);
    let http = Http::new(&program.url).with_token(&token);
    after_the_cut(&http, &known).await;
    assert!(program.stop().success());
    let acknowledged = std::mem::take(&mut known.lock().unwrap().acknowledged);
    assert!(acknowledged.len() > cuts * 10, "only {} acts", acknowledged.len());
    whole(database, &acknowledged).await;
}

/// A handler of a bureau.
pub(crate) struct Prepared {
    /// A token of theirs.
    pub(crate) token: String,
    /// Their login name; the password is [`PASSWORD`].
    pub(crate) login: String,
}

/// The password of everybody.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// Units, two people and a token of one of them.
pub(crate) async fn prepared(database: &str) -> Prepared {
    let database = Database::open(database).await.unwrap();
    store::migration::migrate(&database, Now.now()).await.unwrap();
    let randomness = Arc::new(SystemRandomness);
    let passwords = Passwords::cheap(randomness.clone()).unwrap();
    let people = People::open(database, Arc::new(Now), randomness, passwords).await.unwrap();
    let units = store::unit::UNITS_CSV.as_bytes();
    people.unit_import(Authority::Program, "units.csv", units).await.unwrap();
    let bureau = people.directory().by_code("G61030501").unwrap().id;
    let made = people.demo_people(&[bureau], PASSWORD).await.unwrap();
    let handler = &made[&(bureau, RoleName::Handler)];
    let made = people.api_token_create(handler.user, bureau, "power cuts", 1).await.unwrap();
    Prepared { token: made.token, login: handler.login_name.clone() }
}

/// Opens a problem and reports progress on it, again and again, until nobody answers.
async fn until_the_cut(http: &Http, known: &Mutex<Known>, client: &str, answered: impl Fn()) {
    let mut asked = Asked {
        path: "/api/v1/matters".to_owned(),
        key: format!("{client}-open"),
        body: problem(client),
    };
    for number in 0.. {
        let Ok(answer) = ask(http, &asked).await else {
            known.lock().unwrap().unanswered.push(asked);
            return;
        };
        let matter = acknowledge(known, &asked, &answer);
        answered();
        asked = Asked {
            path: format!("/api/v1/matters/{matter}/actions/record-progress"),
            key: format!("{client}-{number}"),
            body: json!({ "input": { "progress": format!("第{number}次续报") } }),
        };
    }
}

async fn ask(http: &Http, asked: &Asked) -> Result<Answer, String> {
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", asked.key.as_str()),
        ("if-match", "*"),
    ];
    http.send("POST", &asked.path, &headers, asked.body.to_string()).await
}

fn acknowledge(known: &Mutex<Known>, asked: &Asked, answer: &Answer) -> String {
    assert!(answer.status.is_success(), "{}: {answer:?}", asked.path);
    let done = answer.json();
    let matter = done["matter"].as_str().unwrap().to_owned();
    let version = done["version"].as_u64().unwrap();
    let mut known = known.lock().unwrap();
    known.acknowledged.insert(asked.key.clone(), (matter.clone(), version));
    known.fresh.push(asked.key.clone());
    matter
}

/// Everything acknowledged is there; what was not answered is asked again under its key and takes
/// effect once.
async fn after_the_cut(http: &Http, known: &Mutex<Known>) {
    let unanswered = std::mem::take(&mut known.lock().unwrap().unanswered);
    for asked in unanswered {
        let first = ask(http, &asked).await.unwrap();
        acknowledge(known, &asked, &first);
        let again = ask(http, &asked).await.unwrap();
        assert_eq!(first.json(), again.json(), "the same key gives the same answer");
    }
    let mut matters: BTreeMap<String, u64> = BTreeMap::new();
    {
        let mut known = known.lock().unwrap();
        for key in std::mem::take(&mut known.fresh) {
            let (matter, version) = &known.acknowledged[&key];
            let newest = matters.entry(matter.clone()).or_insert(0);
            *newest = (*newest).max(*version);
        }
    }
    let matters = Arc::new(Mutex::new(matters));
    let mut looking = JoinSet::new();
    for _ in 0..LOOKING {
        let (http, matters) = (http.clone(), matters.clone());
        looking.spawn(async move {
            loop {
                let next = matters.lock().unwrap().pop_first();
                let Some((matter, version)) = next else { return };
                let answer = http.get(&format!("/api/v1/matters/{matter}")).await.unwrap();
                assert!(answer.status.is_success(), "{matter} was acknowledged and is gone");
                let found = answer.json()["version"].as_u64().unwrap();
                assert!(found >= version, "{matter} is at {found}, {version} was acknowledged");
            }
        });
    }
    looking.join_all().await;
}

/// The events alone give every matter as it stands, and each key was acted on once.
async fn whole(database: &str, acknowledged: &BTreeMap<String, (String, u64)>) {
    let database = Database::open(database).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let mut family = Family::default();
    let mut reports: BTreeMap<String, usize> = BTreeMap::new();
    let sql = "select matter_id, number, at, user_id, unit_id, body from event
                order by matter_id, number";
    for row in tx.rows(sql, &[]).await.unwrap() {
        let matter: MatterId = row.get(0).unwrap();
        let event = Event {
            number: row.get(1).unwrap(),
            at: row.get(2).unwrap(),
            by: By { user: row.get(3).unwrap(), unit: row.get(4).unwrap() },
            what: serde_json::from_str(&row.get::<String>(5).unwrap()).unwrap(),
        };
        if matches!(&event.what, What::Acted(act) if act.action == "record-progress") {
            *reports.entry(matter.as_str().to_owned()).or_default() += 1;
        }
        family.apply(&matter, &event);
    }
    let bodies = tx.rows("select body from matter_body", &[]).await.unwrap();
    let bodies =
        bodies.iter().map(|row| serde_json::from_str(&row.get::<String>(0).unwrap()).unwrap());
    assert_eq!(family, Family::new(bodies), "replaying the events gives every matter");

    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for (key, (matter, _)) in acknowledged {
        let report = usize::from(!key.ends_with("-open"));
        *asked.entry(matter).or_default() += report;
    }
    for (matter, number) in &asked {
        assert_eq!(reports.get(*matter).copied().unwrap_or(0), *number, "{matter}");
    }
    let rows = tx.rows("select matter_id, number from matter", &[]).await.unwrap();
    let ids: BTreeSet<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    let numbers: BTreeSet<String> = rows.iter().map(|row| row.get(1).unwrap()).collect();
    assert_eq!(ids.len(), asked.len(), "no matter but those that were acknowledged");
    assert_eq!(numbers.len(), rows.len(), "no number was given twice");
}

/// A problem to be opened.
pub(crate) fn problem(client: &str) -> Value {
    json!({
        "procedure": "problem",
        "title": format!("断电演练 {client}"),
        "parties": { "owner": "G61030503" },
        "input": {
            "place": "柳林镇",
            "division": "610305",
            "categories": ["water"],
            "severity": "minor",
            "source": "patrol",
            "discovered-on": "2026-01-05",
            "facts": "沿沟有污水。",
        },
    })
}
