//! The lists of the 工作台: what each unit must do, and by which index that is found.

use procedure::definition::RoleName;
use procedure::{Actor, UnitId};
use store::Engine;
use store::matter::{MatterRow, Page};

use crate::world::{
    BUREAU, CITY_BUREAU, PROCURATORATE, WATER, World, actor, each_engine, officer, prosecutor,
};

fn page() -> Page {
    Page::first(10)
}

async fn turn(world: &World, who: &Actor) -> Vec<MatterRow> {
    world.store.matter_list_my_turn(&world.scope(who), page()).await.unwrap()
}

#[tokio::test]
async fn my_turn_shows_the_end_that_we_owe_and_no_other() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await.matter;
        let other = world.trouble("千河异味").await.matter;
        let letter = world.acknowledged(&root).await.matter;
        // The root lies with us while the bureau owes a reply; the bureau's turn has that end.
        for row in turn(world, &prosecutor()).await {
            assert!([&root, &other].contains(&&row.id));
            assert_eq!(row.due_at, None);
        }
        let theirs = turn(world, &officer()).await;
        assert_eq!(theirs.len(), 1);
        assert_eq!(theirs[0].id, letter);
        assert_eq!(theirs[0].due_at, Some(crate::world::at("2026-05-07T00:00:00")));
        // Read by anybody, the matter has its own end.
        let found = world.store.matter_find(&world.scope(&prosecutor()), &theirs[0].number).await;
        assert_eq!(found.unwrap(), Some(letter));
    })
    .await;
}

#[tokio::test]
async fn of_several_recipients_each_is_asked_until_it_has_signed() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await.matter;
        let to = [BUREAU, WATER].map(|unit| unit.to_string());
        let parties: Vec<_> = to.iter().map(|unit| ("recipient", unit.as_str())).collect();
        let sent = world.open("circular", Some(&root), "", &prosecutor(), &parties, &[]).await;
        let sent = sent.unwrap().matter;
        world.act(&prosecutor(), &sent, "send", &[]).await.unwrap();
        let water = actor(201, WATER, &[RoleName::Handler, RoleName::Liaison]);
        let marked = async |who: &Actor| {
            let listed = world.store.matter_list_to_acknowledge(&world.scope(who), page()).await;
            let counted = world.store.counters(who.unit).await.unwrap().to_acknowledge;
            let listed = listed.unwrap().len();
            assert_eq!(usize::try_from(counted).unwrap(), listed, "{who:?}");
            listed
        };
        assert_eq!((marked(&officer()).await, marked(&water).await), (1, 1));
        world.act(&officer(), &sent, "sign", &[]).await.unwrap();
        assert_eq!((marked(&officer()).await, marked(&water).await), (0, 1));
        // It has signed, and the matter still lies with it.
        assert_eq!(turn(world, &officer()).await[0].due_at, None);
        assert_eq!(turn(world, &water).await.len(), 1);
        assert!(turn(world, &water).await[0].due_at.is_some());
        world.act(&water, &sent, "sign", &[]).await.unwrap();
        assert_eq!((marked(&officer()).await, marked(&water).await), (0, 0));

        // Whoever sent it follows it until it is over.
        let ours = world.scope(&prosecutor());
        let tracked = world.store.matter_list_tracking(&ours, page()).await.unwrap();
        assert_eq!(tracked.iter().map(|row| &row.id).collect::<Vec<_>>(), [&sent]);
        world.act(&water, &sent, "finish", &[]).await.unwrap();
        assert!(world.store.matter_list_tracking(&ours, page()).await.unwrap().is_empty());
        assert_eq!(world.store.counters(UnitId(PROCURATORATE)).await.unwrap().tracking, 0);
    })
    .await;
}

#[tokio::test]
async fn each_list_of_the_workbench_goes_through_its_index_in_its_order() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await.matter;
        world.acknowledged(&root).await;
        let engine = world.database.engine();
        let words = if engine == Engine::Sqlite { 3 } else { 0 };
        let mut tx = world.database.read().await.unwrap();
        if engine == Engine::Postgres {
            // Small tables are scanned, and rightly so; asked is whether the index can serve.
            let never = "set local enable_seqscan = off; set local enable_bitmapscan = off; \
                         set local enable_sort = off";
            tx.batch(never).await.unwrap();
        }
        let lists = store::matter::WORKBENCH.into_iter().chain(store::obligation::WORKBENCH);
        for (index, sql) in lists {
            let values = [CITY_BUREAU.into(), 6.into(), 0.into()];
            let plan = tx.rows(&format!("{}{sql}", engine.explain()), &values).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get(words).unwrap()).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:#?}");
            for step in plan {
                let sorts = step.contains("TEMP B-TREE") || step.contains("Sort");
                assert!(!sorts && !step.starts_with("SCAN"), "{index}: {step}");
            }
        }
        drop(tx);
    })
    .await;
}
