//! What the database itself keeps.

use store::{ConstraintName, Database, Engine, StoreError, migration};

use crate::world::{Place, World, each_engine, prosecutor};

#[tokio::test]
async fn what_happened_can_be_neither_changed_nor_removed() {
    each_engine(async |world| {
        world.trouble("渭河异味").await;
        for sql in [
            "update event set at = 0",
            "delete from event",
            "update admin_event set at = 0 where 1 = 0",
        ] {
            let answer = world.execute(sql, &[]).await;
            if sql.contains("1 = 0") {
                assert_eq!(answer.unwrap(), 0);
                continue;
            }
            assert!(answer.unwrap_err().is_constraint("event_append_only"), "{sql}");
        }
        assert_eq!(world.number("select count(*) from event").await, 2);
    })
    .await;
}

#[tokio::test]
async fn a_broken_rule_is_known_by_its_name_on_both_engines() {
    each_engine(async |world| {
        let scope = "insert into matter_scope (unit_id, procedure_id, matter_id) values ($1, 'p', 'm')";
        let broken = async |sql: &str, values: &[store::Value]| match world.execute(sql, values).await {
            Err(StoreError::Constraint(name)) => name.0,
            other => panic!("{sql}: {other:?}"),
        };
        assert_eq!(broken(scope, &[999.into()]).await, ConstraintName::FOREIGN_KEY);
        world.execute(scope, &[1.into()]).await.unwrap();
        assert_eq!(broken(scope, &[1.into()]).await, "matter_scope_pkey");
        let null = "insert into calendar_table (year, rows, loaded_at) values (1, null, 0)";
        assert_eq!(broken(null, &[]).await, ConstraintName::NOT_NULL);
        let unit = "insert into unit (unit_id, code, name, short_name, side, level, division_code, line, basis,
                           aliases, phone, note, active, version, created_at, changed_at)
                    values (900, $1, 'n', 'n', $2, 'county', '610305', 'gov', 'known', '[]', '', '', 1, 1, 0,
                            0)";
        assert_eq!(broken(unit, &["X".into(), "nobody".into()]).await, "unit_side");
        assert_eq!(broken(unit, &["U13".into(), "court".into()]).await, "unit_by_code");
    })
    .await;
}

#[tokio::test]
async fn migrating_twice_changes_nothing() {
    each_engine(async |world| {
        let tables = match world.database.engine() {
            Engine::Sqlite => "select name from sqlite_master order by name",
            Engine::Postgres => {
                "select cast(tablename as text) from pg_tables
                  where schemaname = current_schema() order by 1"
            }
        };
        let before = world.column(tables).await;
        assert_eq!(migration::migrate(&world.database, world.store.now()).await.unwrap(), 0);
        assert_eq!(world.column(tables).await, before);
        world
            .execute("insert into migration (number, name, taken_at) values (999, 'x', 0)", &[])
            .await
            .unwrap();
        let newer = migration::migrate(&world.database, world.store.now()).await;
        assert!(matches!(newer, Err(StoreError::TooNew { found: 999, .. })));
    })
    .await;
}

#[tokio::test]
async fn a_second_process_on_one_sqlite_file_is_told_so() {
    let place = Place::new(Engine::Sqlite).await.unwrap();
    let world = World::new(&place.url, &place.folder).await;
    let second = Database::open(&world.url).await.err().unwrap();
    assert!(matches!(second, StoreError::InUse { .. }), "{second}");
    assert!(second.to_string().contains("it.sqlite"));
    drop(world);
    place.remove().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_its_password() {
    for url in ["", "mysql://u:secret@h/d", "postgres://u:secret@h:notaport/d"] {
        let error = Database::open(url).await.err().unwrap().to_string();
        assert!(!error.contains("u:secret@h:notaport"), "{error}");
        assert!(error.contains("not the address"), "{error}");
    }
}

#[tokio::test]
async fn what_was_not_committed_never_was() {
    each_engine(async |world| {
        let mut tx = world.database.write().await.unwrap();
        tx.execute("insert into calendar_table (year, rows, loaded_at) values (1, '', 0)", &[])
            .await
            .unwrap();
        drop(tx);
        assert_eq!(world.number("select count(*) from calendar_table").await, 0);
        let mut tx = world.database.read().await.unwrap();
        let write =
            tx.execute("insert into calendar_table (year, rows, loaded_at) values (1, '', 0)", &[]);
        assert!(write.await.is_err(), "a reader cannot write");
        drop(tx);
        world.open("trouble", None, "渭河", &prosecutor(), &[], &[]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_reader_sees_one_moment() {
    each_engine(async |world| {
        let mut tx = world.database.read().await.unwrap();
        let count = "select count(*) from matter";
        assert_eq!(tx.one::<i64>(count, &[]).await.unwrap(), Some(0));
        world.trouble("渭河异味").await;
        assert_eq!(tx.one::<i64>(count, &[]).await.unwrap(), Some(0));
        drop(tx);
        assert_eq!(world.number(count).await, 1);
    })
    .await;
}
