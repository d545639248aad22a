//! What lists show beside a row: parties, and what runs below.

use procedure::UnitId;
use store::matter::{Filter, Page, Sort};
use store::{Engine, listed};

use crate::world::{BUREAU, PROCURATORATE, each_engine, officer, prosecutor};

#[tokio::test]
async fn a_row_knows_its_parties_and_what_runs_below() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.acknowledged(&root.matter).await;
        let quiet = world.trouble("千河采砂").await;
        let scope = world.scope(&prosecutor());
        let list = async |procedure: &str| {
            let filter = Filter { procedure: procedure.to_owned(), ..Filter::default() };
            world.store.matter_list(&scope, &filter, Sort::Newest, Page::first(10)).await.unwrap()
        };
        let troubles = list("trouble").await.rows;
        assert_eq!(troubles[0].version.to_string(), "2019-02-12");
        let beside = world.store.matter_list_beside(&scope, &troubles).await.unwrap();
        let below = beside[&root.matter].below.clone().unwrap();
        assert_eq!(below.procedure, "letter");
        assert_eq!(below.due_at.to_string(), "2026-05-06T16:00:00Z");
        assert_eq!(beside[&quiet.matter].below, None);

        let letters = list("letter").await.rows;
        let beside = world.store.matter_list_beside(&scope, &letters).await.unwrap();
        let one = &beside[&letter.matter];
        assert_eq!(one.parties["recipient"], [UnitId(BUREAU)]);
        assert_eq!(one.parties["sender"], [UnitId(PROCURATORATE)]);
        assert_eq!(one.below, None, "its own clock runs; nothing hangs below");
    })
    .await;
}

#[tokio::test]
async fn what_is_out_of_scope_stands_beside_no_row() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.letter(&root.matter).await;
        let ours = world.scope(&prosecutor());
        let filter = Filter { procedure: "letter".to_owned(), ..Filter::default() };
        let rows = world
            .store
            .matter_list(&ours, &filter, Sort::Newest, Page::first(10))
            .await
            .unwrap()
            .rows;
        let theirs = world.scope(&officer());
        let beside = world.store.matter_list_beside(&theirs, &rows).await.unwrap();
        assert!(beside[&letter.matter].parties.is_empty(), "it is not served yet");
    })
    .await;
}

#[tokio::test]
async fn what_stands_beside_a_row_is_found_from_the_row() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await.matter;
        let scope = world.scope(&prosecutor());
        let engine = world.database.engine();
        let asked = [
            listed::parties(&scope, [&root].into_iter()),
            listed::families(&scope, [&root].into_iter()),
        ];
        for (sql, values) in asked {
            let mut tx = world.database.read().await.unwrap();
            let plan = tx.rows(&format!("{}{sql}", engine.explain()), &values).await.unwrap();
            let column = if engine == Engine::Sqlite { 3 } else { 0 };
            let lines: Vec<String> = plan.iter().map(|row| row.get(column).unwrap()).collect();
            // With what is known of one matter, PostgreSQL may as well look at all of the few there are.
            let from_the_scope =
                lines.iter().any(|line| line.ends_with("s USING PRIMARY KEY (unit_id=?)"));
            assert!(!from_the_scope, "{lines:#?}");
        }
    })
    .await;
}
