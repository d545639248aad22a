//! Databases as every older program left them, with data, under the program of today.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use store::backup::{self, LogCheck, Manifest};
use store::{Database, Engine, migration};

use super::{at_work, audited, shown};
use crate::command::printed;
use crate::program::{Program, data};

/// The only attachment.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n of the bureau";

/// The tables of a step and their columns; none when there is no step of that number.
async fn tables_at(step: i64) -> Option<BTreeMap<String, Vec<String>>> {
    let (_folder, path) = data();
    let database = Database::open(&shown(&path.join("empty.db"))).await.unwrap();
    migration::migrate_to(&database, step, Timestamp::UNIX_EPOCH).await.unwrap();
    let mut tx = database.read().await.unwrap();
    let newest: i64 = tx.one("select max(number) from migration", &[]).await.unwrap().unwrap();
    let mut tables = BTreeMap::new();
    for row in tx.rows(Engine::Sqlite.tables(), &[]).await.unwrap() {
        let name: String = row.get(0).unwrap();
        let columns = tx.rows(Engine::Sqlite.columns(), &[name.as_str().into()]).await.unwrap();
        tables.insert(name, columns.iter().map(|row| row.get(0).unwrap()).collect());
    }
    (newest == step).then_some(tables)
}

/// The backup a program of that step would have made of the same data: the rows it kept in the columns
/// it had, in the clear before there was a vault. Says whether there was such a step.
async fn as_of_step(made: &Path, step: i64, into: &Path) -> bool {
    let text = std::fs::read_to_string(made.join("manifest.json")).unwrap();
    let mut manifest: Manifest = serde_json::from_str(&text).unwrap();
    let Some(then) = tables_at(step).await else { return false };
    let is_open = !then.contains_key("vault_key");
    std::fs::create_dir_all(into.join("tables")).unwrap();
    manifest.migration = step;
    manifest.tables.retain(|name, _| then.contains_key(name));
    for (name, table) in &mut manifest.tables {
        let had = &then[name];
        let kept: Vec<usize> =
            (0..table.columns.len()).filter(|at| had.contains(&table.columns[*at])).collect();
        let file = format!("tables/{name}.jsonl");
        let rows: String = std::fs::read_to_string(made.join(&file))
            .unwrap()
            .lines()
            .map(|line| {
                let mut row: Vec<Value> = serde_json::from_str(line).unwrap();
                for value in &mut row {
                    // Nothing but the name of the file is sealed in this story.
                    if is_open && value.as_str().is_some_and(store::vault::is_sealed) {
                        *value = "a.png".into();
                    }
                }
                let row: Vec<&Value> = kept.iter().map(|at| &row[*at]).collect();
                format!("{}\n", serde_json::to_string(&row).unwrap())
            })
            .collect();
        std::fs::write(into.join(&file), &rows).unwrap();
        table.columns = kept.iter().map(|at| table.columns[*at].clone()).collect();
        table.sha256 = Sha256::digest(&rows).iter().map(|byte| format!("{byte:02x}")).collect();
    }
    for sha256 in std::mem::take(&mut manifest.sealed).into_keys() {
        if !manifest.tables.contains_key("attachment") {
            break;
        }
        let file = format!("files/{}/{}", &sha256[..2], &sha256[2..]);
        std::fs::create_dir_all(into.join(&file).parent().unwrap()).unwrap();
        // It lay there in the clear; the programs of today read it so too.
        std::fs::write(into.join(&file), PICTURE).unwrap();
        manifest.files.insert(sha256, PICTURE.len() as u64);
    }
    let text = serde_json::to_string(&manifest).unwrap();
    std::fs::write(into.join("manifest.json"), text).unwrap();
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_step_the_data_is_from_the_program_of_today_goes_on_with_all_of_it() {
    let (_folder, path) = data();
    let from = path.join("data");
    std::fs::create_dir(&from).unwrap();
    let (program, handler, token) = at_work(&from).await;
    for place in ["柳林镇", "陈村镇", "长青镇"] {
        let matter = handler.must(&handler.opening(place)).await;
        handler.must(&handler.progress(&matter, "已清淤")).await;
    }
    let picture = handler.upload("a.png", PICTURE).await.json();
    let picture = picture["sha256"].as_str().unwrap().to_owned();
    let before = handler.http.get("/api/v1/matters?limit=50").await.unwrap().json();
    let units = handler.http.get("/api/v1/units?limit=50").await.unwrap().json();
    assert!(program.stop().success());
    let made = path.join("backup");
    printed(&["backup", &shown(&made), "--data", &shown(&from)]);

    let server = std::env::var("LIANDONG_TEST_POSTGRES").ok();
    if server.is_none() {
        println!("SKIPPED on PostgreSQL: LIANDONG_TEST_POSTGRES is not set");
    }
    for step in 1..migration::NEWEST {
        let old = path.join(format!("backup-{step}"));
        if !as_of_step(&made, step, &old).await {
            continue;
        }
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let to = path.join(format!("data-{step}-{engine:?}"));
            // The keys are kept besides the database.
            for key in ["vault/key", "ledger/key.pem", "ledger/keys.txt"] {
                std::fs::create_dir_all(to.join(key).parent().unwrap()).unwrap();
                std::fs::copy(from.join(key), to.join(key)).unwrap();
            }
            let database = match (engine, &server) {
                (Engine::Sqlite, _) => shown(&to.join("liandong.db")),
                (Engine::Postgres, None) => continue,
                (Engine::Postgres, Some(server)) => fresh(server, step).await,
            };
            let opened = Database::open(&database).await.unwrap();
            let files = to.join("attachments");
            let now = Timestamp::UNIX_EPOCH;
            let (whole, check) = (backup::verify(&old).unwrap(), LogCheck::With(None));
            let restored =
                backup::restore_as_it_was(&old, whole, &opened, &files, check, now).await;
            restored.unwrap_or_else(|error| panic!("step {step}, {engine:?}: {error:?}"));
            drop(opened);

            // The program of today starts on it, and everything is there.
            let program = Program::start(&["serve", "--database", &database], &to);
            assert!(program.log().contains("brought up to date"), "{}", program.log());
            let http = handler.at(&program.url, &token).http;
            let found = http.get("/api/v1/units?limit=50").await.unwrap().json();
            assert_eq!(found, units, "step {step}, {engine:?}");
            if step >= 2 {
                handler.at(&program.url, &token).finds(&handler.acknowledged()).await;
                let found = http.get("/api/v1/matters?limit=50").await.unwrap().json();
                assert_eq!(found, before, "step {step}, {engine:?}");
                let file = http.get(&format!("/api/v1/attachments/{picture}")).await.unwrap();
                assert!(file.status.is_success(), "step {step}, {engine:?}");
                // Life goes on.
                let later = handler.at(&program.url, &token);
                let matter = later.must(&later.opening("虢王镇")).await;
                later.must(&later.progress(&matter, "已清淤")).await;
                handler.done.lock().unwrap().retain(|done| done.matter != matter);
            }
            assert!(program.stop().success());
            audited(&["--database", &database, "--data", &shown(&to)]);
        }
    }
}

/// A database of its own on the server of the tests.
async fn fresh(server: &str, step: i64) -> String {
    let mut tx = Database::open(server).await.unwrap().write().await.unwrap();
    // A database cannot be made inside a transaction.
    tx.batch("commit").await.unwrap();
    let name = format!("upgrade_{}_{step}", std::process::id());
    tx.batch(&format!("create database {name}")).await.unwrap();
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}
