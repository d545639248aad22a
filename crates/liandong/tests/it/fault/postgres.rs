//! PostgreSQL stopped and started while people work, and one that takes nothing in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{Handler, Load, audited, shown, until};
use crate::power::prepared;
use crate::program::{Program, data};

/// A PostgreSQL of its own that keeps what it has acknowledged; gone when dropped.
struct Cluster {
    _folder: tempfile::TempDir,
    folder: PathBuf,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// None where PostgreSQL's programs are not; then the test says so and is skipped.
    fn new() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("SKIPPED: no PostgreSQL is installed");
            return None;
        };
        let (kept, folder) = data();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if is_root() {
            must(Command::new("chown").arg("postgres").arg(&folder));
        }
        let cluster = Self { _folder: kept, folder, programs, port };
        must(cluster.command("initdb").args([
            "--username=liandong",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]));
        cluster.start();
        Some(cluster)
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"]);
            command.arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir("/").arg("-D").arg(self.folder.join("data"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn start(&self) {
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories={}",
            self.port,
            self.folder.display()
        );
        must(self.command("pg_ctl").args(["start", "--wait", "-o", &options]));
    }

    fn stop(&self, how: &str) {
        must(self.command("pg_ctl").args(["stop", "--wait", "-m", how]));
    }

    fn url(&self) -> String {
        format!("postgres://liandong@127.0.0.1:{}/postgres", self.port)
    }

    async fn say(&self, sql: &str) {
        let mut tx = store::Database::open(&self.url()).await.unwrap().write().await.unwrap();
        // What is said is no part of a transaction.
        tx.batch("commit").await.unwrap();
        tx.batch(sql).await.unwrap();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.command("pg_ctl").args(["stop", "-m", "immediate"]).status().ok();
    }
}

fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> =
        versions.flatten().map(|version| version.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file());
    found.sort();
    found.pop()
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    })
}

fn must(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn serve<'a>(database: &'a str, data: &Path) -> Program {
    let command: [&'a str; 5] = ["serve", "--database", database, "--log-level", "warn"];
    Program::start(&command, data)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_and_comes_back_loses_nothing_and_needs_no_restart() {
    let Some(cluster) = Cluster::new() else { return };
    let database = cluster.url();
    let token = prepared(&database).await.token;
    let (_folder, path) = data();
    let program = serve(&database, &path);
    let handler = Handler::new(&program.url, &token);
    let load = Load::begin(&handler, 20);
    // Orderly, then as a power cut would.
    for (how, more) in [("fast", 100), ("immediate", 100)] {
        until(&handler, handler.acknowledged().len() + more).await;
        cluster.stop(how);
        let http = &handler.http;
        let answer = http.get("/api/v1/matters").await.unwrap();
        assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
        assert!(answer.json()["type"].as_str().unwrap().ends_with("away"), "{answer:?}");
        assert_eq!(answer.header("retry-after"), "10");
        // What a person sees, whoever they are.
        let cookie = [("cookie", format!("liandong={}", "a".repeat(64)))];
        let cookie = [(cookie[0].0, cookie[0].1.as_str())];
        let page = http.send("GET", "/register", &cookie, "").await.unwrap();
        assert_eq!(page.status.as_u16(), 503, "{page:?}");
        assert!(page.text.contains("数据库暂时没有响应"), "{}", page.text);
        assert!(page.text.contains("再试一次") && page.text.contains("href=\"/register\""));
        assert_eq!(http.get("/healthz").await.unwrap().status.as_u16(), 503);
        // People go on trying meanwhile.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let before = handler.acknowledged();
        cluster.start();
        until(&handler, before.len() + 40).await;
        assert_eq!(http.get("/healthz").await.unwrap().status.as_u16(), 200);
        handler.finds(&before[before.len().saturating_sub(50)..]).await;
    }
    let refused = load.end().await;
    assert!(!refused.is_empty(), "nobody noticed");
    for answer in refused {
        assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
        assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
    }
    handler.finds(&handler.acknowledged()).await;
    assert!(!program.log().contains("panicked"), "{}", program.log());
    assert!(program.stop().success());
    audited(&["--database", &database, "--data", &shown(&path)]);
    once(&database, handler.acknowledged().len()).await;
}

/// Nothing was done twice: every event beside the openings has a wish of its own.
async fn once(database: &str, acknowledged: usize) {
    let database = store::Database::open(database).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let sql = "select count(*) from idempotency";
    let keys: i64 = tx.one(sql, &[]).await.unwrap().unwrap();
    let sql = "select count(*) from event where body like '%record-progress%'";
    let reports: i64 = tx.one(sql, &[]).await.unwrap().unwrap();
    let sql = "select count(*) from matter";
    let matters: i64 = tx.one(sql, &[]).await.unwrap().unwrap();
    assert_eq!(keys, i64::try_from(acknowledged).unwrap());
    assert_eq!(reports + matters, keys);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_nothing_in_is_read_and_acts_wait() {
    let Some(cluster) = Cluster::new() else { return };
    let database = cluster.url();
    let token = prepared(&database).await.token;
    let (_folder, path) = data();
    let program = serve(&database, &path);
    let handler = Handler::new(&program.url, &token);
    let matter = handler.must(&handler.opening("柳林镇污水")).await;
    // As a standby is, or a server whose keeper has stopped it from writing.
    cluster.say("alter system set default_transaction_read_only = on").await;
    cluster.say("select pg_reload_conf()").await;
    let wish = handler.progress(&matter, "已清淤");
    let answer = loop {
        let answer = handler.ask(&handler.progress(&matter, "试")).await.unwrap();
        if !answer.status.is_success() {
            break answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(answer.status.as_u16(), 503, "{answer:?}");
    assert!(answer.json()["type"].as_str().unwrap().ends_with("read-only"), "{answer:?}");
    assert_eq!(handler.ask(&wish).await.unwrap().status.as_u16(), 503);
    handler.finds(&handler.acknowledged()).await;
    cluster.say("alter system reset all").await;
    cluster.say("select pg_reload_conf()").await;
    while !handler.ask(&wish).await.unwrap().status.is_success() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    handler.finds(&handler.acknowledged()).await;
    assert!(program.stop().success());
    audited(&["--database", &database, "--data", &shown(&path)]);
}
