//! How punctual units were: what is kept with each act, and what an upgrade counts once.

use std::collections::BTreeMap;

use procedure::UnitId;
use store::punctuality::Punctuality;

use crate::world::{BUREAU, World, each_engine, officer};

/// The step of an upgrade that brings these counters.
const STEP: &str = include_str!("../../migrations/0006_punctuality.sql");

/// Three letters: one answered in time, one late, one not at all.
async fn three_letters(world: &World) {
    for (title, answered) in
        [("渭河异味", "2026-05-06"), ("千河采砂", "2026-05-20"), ("金陵河污水", "")]
    {
        world.clock.set("2026-03-02T09:00:00");
        let root = world.trouble(title).await;
        let letter = world.acknowledged(&root.matter).await;
        if !answered.is_empty() {
            world.clock.set(&format!("{answered}T09:00:00"));
            world.store.pass_time().await.unwrap();
            world.act(&officer(), &letter.matter, "reply", &[("reply", "已整改")]).await.unwrap();
        }
    }
    world.clock.set("2026-06-01T09:00:00");
    world.store.pass_time().await.unwrap();
}

async fn kept(world: &World, year: i16) -> BTreeMap<UnitId, Punctuality> {
    let units = [UnitId(BUREAU)];
    world.store.punctuality(&units, year).await.unwrap()
}

#[tokio::test]
async fn each_obligation_counts_once_in_time_or_late() {
    each_engine(async |world| {
        three_letters(world).await;
        let bureau = Punctuality { in_time: 1, late: 2 };
        assert_eq!(kept(world, 2026).await, BTreeMap::from([(UnitId(BUREAU), bureau)]));
        assert_eq!(kept(world, 2025).await, BTreeMap::new());
        assert!(world.store.punctuality(&[], 2026).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_counts_what_happened_before() {
    each_engine(async |world| {
        three_letters(world).await;
        let before = kept(world, 2026).await;
        for sql in [
            "delete from unit_counter where name like 'in-time/%' or name like 'late/%'",
            "drop index unit_counter_by_name",
        ] {
            world.execute(sql, &[]).await.unwrap();
        }
        assert_eq!(kept(world, 2026).await, BTreeMap::new());
        let mut tx = world.database.write().await.unwrap();
        tx.batch(&tx.engine().migration(STEP)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(kept(world, 2026).await, before);
    })
    .await;
}
