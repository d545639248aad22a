//! A machine whose clock jumps back and forth under the running program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use jiff::Timestamp;
use procedure::What;
use store::Database;

use super::{Handler, audited, failed, settled, shown};
use crate::command::printed;
use crate::program::{Program, data};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The clock of a machine, as the program started with [`WrongClock::variables`] sees it.
struct WrongClock {
    library: String,
    file: String,
}

impl WrongClock {
    /// None where nothing can be compiled; then the test says so and is skipped.
    fn new(folder: &Path) -> Option<Self> {
        let library = folder.join("wrong-clock.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/assets/wrong-clock.c");
        let made = Command::new("cc")
            .args(["-shared", "-fPIC", "-O2", "-o"])
            .arg(&library)
            .arg(source)
            .status();
        if !made.is_ok_and(|status| status.success()) {
            println!("SKIPPED: there is no C compiler to make a wrong clock with");
            return None;
        }
        let clock = Self { library: shown(&library), file: shown(&folder.join("clock")) };
        clock.set(0, 0);
        Some(clock)
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("LD_PRELOAD", &self.library), ("WRONG_CLOCK", &self.file)]
    }

    /// Seconds by which the time of day is wrong, and by which more has passed.
    fn set(&self, of_day: i64, passed: i64) {
        // Written beside and renamed: it is read all the time.
        let beside = format!("{}.new", self.file);
        std::fs::write(&beside, format!("{of_day} {passed}\n")).unwrap();
        std::fs::rename(beside, &self.file).unwrap();
    }
}

/// Every entry of the log in its order: when, and whether a lapse.
async fn entries(data: &Path) -> Vec<(i64, bool)> {
    let database = Database::open_to_read(&shown(&data.join("liandong.db"))).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let sql = "select e.at, e.body from ledger_leaf l
                 join event e on e.matter_id = l.matter_id and e.number = l.number
                where l.kind = 'event' order by l.leaf";
    let rows = tx.rows(sql, &[]).await.unwrap();
    rows.iter()
        .map(|row| {
            let what: What = serde_json::from_str(&row.get::<String>(1).unwrap()).unwrap();
            (row.get(0).unwrap(), matches!(what, What::Lapsed { .. }))
        })
        .collect()
}

/// When each checkpoint was signed, in the order of the log.
async fn checkpoints(data: &Path) -> Vec<i64> {
    let database = Database::open_to_read(&shown(&data.join("liandong.db"))).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let sql = "select made_at from ledger_checkpoint order by size";
    let rows = tx.rows(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0).unwrap()).collect()
}

/// Waits until the log lines say something.
async fn said(program: &Program, words: &str) {
    for _ in 0..2_000 {
        if program.log().contains(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("“{words}” was never said: {}", program.log());
}

async fn last_at(data: &Path) -> i64 {
    entries(data).await.last().unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn time_goes_on_when_the_clock_jumps_and_lapses_are_recorded_once() {
    let (_folder, path) = data();
    let Some(clock) = WrongClock::new(&path) else { return };
    let data: PathBuf = path.join("data");
    std::fs::create_dir(&data).unwrap();
    let token = settled(&data).await.token;
    let program = Program::start_with(&["serve"], &data, &clock.variables());
    let handler = Handler::new(&program.url, &token);
    let matter = handler.must(&handler.opening("柳林镇污水")).await;
    let started = last_at(&data).await;
    // Something that runs out in a month.
    let month = jiff::SignedDuration::from_hours(30 * 24);
    let due = calendar::local_date(Timestamp::from_microsecond(started).unwrap() + month);
    let repair = serde_json::json!({
        "input": { "repair-by": due.to_string(), "repair-goal": "达标排放。" },
    });
    handler
        .must(&handler.wish(&format!("/api/v1/matters/{matter}/actions/start-repair"), repair))
        .await;
    let seconds_since = |at: i64| (at - started) / 1_000_000;

    // A day back: what is done now is not earlier than what was done before.
    clock.set(-DAY, 0);
    handler.must(&handler.progress(&matter, "时钟慢了")).await;
    said(&program, "the machine's clock is behind").await;
    let since = seconds_since(last_at(&data).await);
    assert!((0..120).contains(&since), "{since} s");
    let me = handler.http.get("/api/v1/me").await.unwrap();
    assert!(me.status.is_success(), "who is signed in stays so: {me:?}");

    // Two years ahead by mistake: nothing lapses, nobody's token ends.
    clock.set(700 * DAY, 0);
    handler.must(&handler.progress(&matter, "时钟快了")).await;
    said(&program, "the machine's clock jumped ahead").await;
    // The rounds of the program come by too.
    clock.set(700 * DAY, 61);
    handler.must(&handler.progress(&matter, "时钟还快着")).await;
    let since = seconds_since(last_at(&data).await);
    assert!((60..240).contains(&since), "{since} s");
    assert!(entries(&data).await.iter().all(|(_, lapsed)| !lapsed));

    // Right again, as if nothing had been.
    clock.set(61, 61);
    handler.must(&handler.progress(&matter, "时钟准了")).await;

    // Ahead to stay: after ten minutes it is believed, what ran out has lapsed, each once.
    clock.set(400 * DAY, 61);
    handler.http.get("/healthz").await.unwrap();
    handler.ask(&handler.progress(&matter, "确实过了四百天")).await.unwrap();
    clock.set(400 * DAY, 61 + 601);
    for _ in 0..3 {
        // The token has ended by then: nobody can act, the platform records.
        let _ = handler.ask(&handler.progress(&matter, "过了")).await;
    }
    said(&program, "the clock stays ahead and is followed").await;
    said(&program, "time has passed some limits").await;
    let lapses = entries(&data).await.iter().filter(|(_, lapsed)| *lapsed).count();
    assert!(lapses > 0);
    clock.set(400 * DAY - 2 * HOUR, 61 + 1_300);
    tokio::time::sleep(Duration::from_millis(300)).await;
    clock.set(400 * DAY, 61 + 1_400);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let again = entries(&data).await;
    assert_eq!(again.iter().filter(|(_, lapsed)| *lapsed).count(), lapses, "lapsed twice");
    assert!(again.is_sorted_by_key(|(at, _)| *at), "{again:?}");
    assert!(program.stop().success());
    let signed = checkpoints(&data).await;
    assert!(signed.len() > 1 && signed.is_sorted(), "{signed:?}");
    audited(&["--data", &shown(&data)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_behind_the_log_is_noticed_at_the_start_and_a_wrong_one_is_owned_up_to() {
    let (_folder, path) = data();
    let Some(clock) = WrongClock::new(&path) else { return };
    let data: PathBuf = path.join("data");
    std::fs::create_dir(&data).unwrap();
    let token = settled(&data).await.token;
    // A machine that runs three hours ahead.
    clock.set(3 * HOUR, 0);
    let program = Program::start_with(&["serve"], &data, &clock.variables());
    let handler = Handler::new(&program.url, &token);
    let matter = handler.must(&handler.opening("柳林镇污水")).await;
    let ahead = last_at(&data).await;
    assert!(program.stop().success());

    // A few minutes behind the log it goes on from there.
    clock.set(3 * HOUR - 300, 0);
    let program = Program::start_with(&["serve"], &data, &clock.variables());
    let handler = handler.at(&program.url, &token);
    handler.must(&handler.progress(&matter, "慢五分钟")).await;
    assert!(last_at(&data).await >= ahead);
    assert!(program.stop().success());

    // Set right, it is hours behind the log: somebody must say which of the two was wrong.
    clock.set(0, 0);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data", &shown(&data)];
    let words = failed(&serve);
    assert!(
        words.contains("before the newest entry") && words.contains("--clock-was-ahead"),
        "{words}"
    );
    let program = Program::start(&["serve", "--clock-was-ahead"], &data);
    let handler = handler.at(&program.url, &token);
    handler.must(&handler.progress(&matter, "时钟已校准")).await;
    assert!(last_at(&data).await < ahead);
    assert!(program.stop().success());
    // From now on it starts as ever, everything is there, and the log says why time went back.
    let program = Program::start(&["serve"], &data);
    handler.at(&program.url, &token).finds(&handler.acknowledged()).await;
    assert!(program.stop().success());
    audited(&["--data", &shown(&data)]);
    let database = Database::open_to_read(&shown(&data.join("liandong.db"))).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let sql = "select count(*) from admin_event where what = 'clock-set-back'";
    assert_eq!(tx.one::<i64>(sql, &[]).await.unwrap(), Some(1));
    drop(printed(&["ledger", "head", "--data", &shown(&data)]));
}
