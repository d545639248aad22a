//! Backup and restore, also from one engine to the other.

use std::collections::BTreeSet;

use store::backup::{self, BackupError, LogCheck};
use store::{Database, Engine};

use crate::world::{Place, World, each_engine, officer, postgres, prosecutor};

async fn filled(world: &World) {
    let root = world.trouble("渭河异味").await;
    let letter = world.acknowledged(&root.matter).await;
    let mut upload =
        world.store.attachment_begin(&world.scope(&officer()), "报告.pdf").await.unwrap();
    upload.write(b"%PDF-1.7 report").await.unwrap();
    upload.finish().await.unwrap();
    world.clock.set("2026-05-07T09:00:00");
    world.store.pass_time().await.unwrap();
    world.act(&officer(), &letter.matter, "reply", &[("reply", "已整改")]).await.unwrap();
}

async fn counts(database: &Database) -> Vec<(&'static str, i64)> {
    let mut tx = database.read().await.unwrap();
    let mut counts = Vec::new();
    for table in backup::tables() {
        let sql = format!("select count(*) from {table}");
        counts.push((table, tx.one(&sql, &[]).await.unwrap().unwrap()));
    }
    counts
}

#[tokio::test]
async fn every_table_belongs_to_a_backup() {
    each_engine(async |world| {
        let mut tx = world.database.read().await.unwrap();
        let rows = tx.rows(world.database.engine().tables(), &[]).await.unwrap();
        let there: BTreeSet<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        let known: BTreeSet<String> = backup::tables().into_iter().map(str::to_owned).collect();
        assert_eq!(there, known);
    })
    .await;
}

#[tokio::test]
async fn a_backup_restores_on_either_engine() {
    each_engine(async |world| {
        filled(world).await;
        let into = world.folder.join("backup");
        let files = world.folder.join("files");
        let now = world.store.now();
        let made = backup::backup(&world.database, &files, &into, now).await.unwrap();
        assert_eq!((made.manifest.files.len(), made.manifest.sealed.len()), (0, 1));
        let whole = backup::verify(&into).unwrap();
        assert_eq!((&whole, 0), (&made.manifest, made.were_there));
        let again = backup::backup(&world.database, &files, &into, now).await;
        assert!(matches!(again, Err(BackupError::FolderNotEmpty { .. })));
        let check = LogCheck::With(None);
        let over = backup::restore(&into, whole.clone(), &world.database, &files, check, now).await;
        assert!(matches!(over, Err(BackupError::DatabaseNotEmpty)));

        for engine in [Engine::Sqlite, Engine::Postgres] {
            let Some(place) = Place::new(engine).await else {
                assert!(postgres().is_none());
                continue;
            };
            let database = Database::open(&place.url).await.unwrap();
            let files = place.folder.join("files");
            let restored = backup::restore(&into, whole.clone(), &database, &files, check, now);
            restored.await.unwrap();
            assert_eq!(counts(&database).await, counts(&world.database).await);
            drop(database);
            let restored = World::new(&place.url, &place.folder).await;
            crate::act::consistent(&restored).await;
            let found = store::ledger::audit::audit(&restored.database).await.unwrap();
            assert!(found.is_clean() && found.leaves > 0, "{found:?}");
            // Life goes on: numbers and keys continue.
            let next = restored.trouble("千河").await;
            assert_eq!(next.number, "问题〔2026〕2号");
            let scope = restored.scope(&prosecutor());
            restored
                .store
                .note_access(&scope, &next.matter, store::access::AccessKind::Read, &["x"])
                .await
                .unwrap();
            restored.store.close().await;
            drop(restored);
            place.remove().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_backup_that_was_changed_is_not_restored() {
    each_engine(async |world| {
        filled(world).await;
        let into = world.folder.join("backup");
        let files = world.folder.join("files");
        backup::backup(&world.database, &files, &into, world.store.now()).await.unwrap();
        let path = into.join("tables/event.jsonl");
        let whole = std::fs::read(&path).unwrap();
        let text = String::from_utf8(whole.clone()).unwrap().replace("已整改", "未整改");
        std::fs::write(&path, text).unwrap();
        let error = backup::verify(&into).unwrap_err();
        assert!(error.to_string().contains("event.jsonl"), "{error}");
        std::fs::write(&path, whole).unwrap();
        assert!(backup::verify(&into).is_ok());
        std::fs::remove_file(into.join("manifest.json")).unwrap();
        assert!(matches!(backup::verify(&into), Err(BackupError::NoManifest { .. })));
    })
    .await;
}
