//! Lists: what they hold, in which order, and by which index.

use jiff::civil::date;
use procedure::UnitId;
use store::Engine;
use store::matter::{Filter, Light, Page, Sort, Total};

use crate::world::{
    BUREAU, CITY_BUREAU, PROCURATORATE, WATER, World, actor, chief, each_engine, officer,
    prosecutor,
};
use procedure::definition::RoleName;

fn troubles() -> Filter {
    Filter { procedure: "trouble".to_owned(), ..Filter::default() }
}

async fn titles(world: &World, filter: &Filter, sort: Sort) -> Vec<String> {
    let scope = world.scope(&prosecutor());
    let page = Page::first(50);
    let listing = world.store.matter_list(&scope, filter, sort, page).await.unwrap();
    assert_eq!(listing.total, Total::Exactly(listing.rows.len() as u64), "{filter:?}");
    listing.rows.into_iter().map(|row| row.title).collect()
}

#[tokio::test]
async fn a_list_is_narrowed_sorted_and_counted() {
    each_engine(async |world| {
        let who = prosecutor();
        let open = async |title: &str, input: &[(&str, &str)]| {
            world.open("trouble", None, title, &who, &[], input).await.unwrap()
        };
        let first = open("渭河异味", &[("place", "卧龙寺桥")]).await;
        world.clock.set("2026-03-03T09:00:00");
        let second = open("铅锌矿尾水", &[("categories", "air"), ("division", "610302")]).await;
        world.clock.set("2026-03-04T09:00:00");
        let third = open("秦岭采石", &[("division", "610702"), ("severity", "grave")]).await;
        let letter = world.acknowledged(&second.matter).await;
        world.clock.set("2026-03-05T09:00:00");
        world.act(&who, &first.matter, "note", &[("place", "桥下")]).await.unwrap();
        world.act(&who, &third.matter, "close", &[]).await.unwrap();

        let all = troubles();
        assert_eq!(titles(world, &all, Sort::Newest).await, ["秦岭采石", "铅锌矿尾水", "渭河异味"]);
        assert_eq!(titles(world, &all, Sort::Oldest).await, ["渭河异味", "铅锌矿尾水", "秦岭采石"]);
        assert_eq!(
            titles(world, &all, Sort::Changed).await,
            ["秦岭采石", "渭河异味", "铅锌矿尾水"]
        );
        let narrowed: [(Filter, &[&str]); 13] = [
            (Filter { state: Some("found".into()), ..all.clone() }, &["铅锌矿尾水", "渭河异味"]),
            (Filter { ended: Some(true), ..all.clone() }, &["秦岭采石"]),
            (Filter { ended: Some(false), ..all.clone() }, &["铅锌矿尾水", "渭河异味"]),
            (
                Filter { division: Some("610300".into()), ..all.clone() },
                &["铅锌矿尾水", "渭河异味"],
            ),
            (Filter { division: Some("610305".into()), ..all.clone() }, &["渭河异味"]),
            (
                Filter { division: Some("610000".into()), ..all.clone() },
                &["秦岭采石", "铅锌矿尾水", "渭河异味"],
            ),
            (Filter { category: Some("air".into()), ..all.clone() }, &["铅锌矿尾水"]),
            (
                Filter { holder: Some(UnitId(PROCURATORATE)), ..all.clone() },
                &["铅锌矿尾水", "渭河异味"],
            ),
            (Filter { unit: Some(UnitId(WATER)), ..all.clone() }, &[]),
            (Filter { text: Some("尾水".into()), ..all.clone() }, &["铅锌矿尾水"]),
            (Filter { text: Some("桥".into()), ..all.clone() }, &["渭河异味"]),
            (
                Filter {
                    opened_from: Some(crate::world::at("2026-03-03T00:00:00")),
                    opened_to: Some(crate::world::at("2026-03-04T00:00:00")),
                    ..all.clone()
                },
                &["铅锌矿尾水"],
            ),
            (
                Filter {
                    state: Some("found".into()),
                    ended: Some(false),
                    category: Some("water".into()),
                    division: Some("610305".into()),
                    text: Some("渭河 异味".into()),
                    light: Some(Light::None),
                    ..all.clone()
                },
                &["渭河异味"],
            ),
        ];
        for (filter, expected) in narrowed {
            assert_eq!(titles(world, &filter, Sort::Newest).await, expected, "{filter:?}");
            // The order asked for changes nothing of what is in the list.
            for sort in [Sort::Changed, Sort::Due, Sort::Oldest] {
                let mut found = titles(world, &filter, sort).await;
                let mut expected = expected.to_vec();
                found.sort();
                expected.sort_unstable();
                assert_eq!(found, expected, "{filter:?} {sort:?}");
            }
        }
        // Children show where and what their root is.
        let letters = Filter {
            procedure: "letter".to_owned(),
            division: Some("610302".into()),
            category: Some("air".into()),
            ..Filter::default()
        };
        let scope = world.scope(&officer());
        let found = world.store.matter_list(&scope, &letters, Sort::Due, Page::first(5)).await;
        let found = found.unwrap();
        assert_eq!(found.rows.len(), 1);
        assert_eq!(found.rows[0].id, letter.matter);
        assert_eq!(found.rows[0].holder, Some(UnitId(BUREAU)));
        let exported = world.store.matter_export(&scope, &letters, None, 10).await.unwrap();
        assert_eq!(exported.len(), 1);
        let after = world.store.matter_export(&scope, &letters, Some(&letter.matter), 10).await;
        assert_eq!(after.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn lights_follow_the_clock() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        world.acknowledged(&root.matter).await;
        let letters = |light| Filter {
            procedure: "letter".to_owned(),
            light: Some(light),
            ..Filter::default()
        };
        let bureau = UnitId(BUREAU);
        for (day, light) in [
            ("2026-04-01T09:00:00", Light::OnTime),
            ("2026-05-05T09:00:00", Light::Near),
            ("2026-05-06T23:00:00", Light::Near),
            ("2026-05-07T00:00:00", Light::Overdue),
        ] {
            world.clock.set(day);
            for other in [Light::OnTime, Light::Near, Light::Overdue, Light::None] {
                let found = titles(world, &letters(other), Sort::Due).await;
                assert_eq!(found.len(), usize::from(other == light), "{day} {other:?}");
            }
            let scope = world.scope(&officer());
            let owed =
                world.store.obligation_list_owed_by_us(&scope, Page::first(5)).await.unwrap();
            assert_eq!(owed[0].light(world.store.now()), light, "{day}");
        }
        world.clock.set("2026-05-05T09:00:00");
        let units = [bureau, UnitId(WATER)];
        let lights = world.store.lights(&units).await.unwrap();
        assert_eq!(lights.len(), 1);
        assert_eq!((lights[0].unit, lights[0].owing, lights[0].near), (bureau, 1, 1));
        assert_eq!(world.store.counters(bureau).await.unwrap().near, 1);
    })
    .await;
}

#[tokio::test]
async fn the_workbench_has_its_four_lists() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let served = world.served(&root.matter).await;
        let (theirs, ours) = (world.scope(&officer()), world.scope(&prosecutor()));
        let page = Page::first(10);
        let store = &world.store;
        let waiting = store.matter_list_to_acknowledge(&theirs, page).await.unwrap();
        assert_eq!(waiting[0].id, served.matter);
        assert_eq!(store.counters(UnitId(BUREAU)).await.unwrap().to_acknowledge, 1);
        assert!(store.matter_list_to_acknowledge(&ours, page).await.unwrap().is_empty());

        world.act(&officer(), &served.matter, "acknowledge", &[]).await.unwrap();
        assert!(store.matter_list_to_acknowledge(&theirs, page).await.unwrap().is_empty());
        assert_eq!(store.matter_list_my_turn(&theirs, page).await.unwrap().len(), 1);
        let owed = store.obligation_list_owed_by_us(&theirs, page).await.unwrap();
        assert_eq!(
            (owed[0].kind.as_str(), owed[0].due.to_string().as_str()),
            ("reply", "2026-05-06")
        );
        assert_eq!(owed[0].title, "渭河异味");
        let due = store.obligation_list_owed_to_us(&ours, page).await.unwrap();
        assert_eq!(due, owed);
        assert!(store.obligation_list_owed_to_us(&theirs, page).await.unwrap().is_empty());
        let days =
            [(date(2026, 5, 1), date(2026, 5, 5), 0), (date(2026, 5, 6), date(2026, 5, 6), 1)];
        for (from, to, many) in days {
            for scope in [&ours, &theirs] {
                let found = store.obligation_list_due(scope, from, to).await.unwrap();
                assert_eq!(found.len(), many);
            }
        }
        // The root lies with us; what we sent lies with them.
        let tracked = store.matter_list_tracking(&ours, page).await.unwrap();
        assert_eq!(tracked.iter().map(|row| &row.id).collect::<Vec<_>>(), [&served.matter]);
        assert!(store.matter_list_tracking(&theirs, page).await.unwrap().is_empty());
        assert_eq!(store.counters(UnitId(PROCURATORATE)).await.unwrap().tracking, 1);

        world.act(&officer(), &served.matter, "reply", &[("reply", "已整改")]).await.unwrap();
        assert!(store.obligation_list_owed_by_us(&theirs, page).await.unwrap().is_empty());
        assert!(store.matter_list_tracking(&ours, page).await.unwrap().is_empty());
        let counters = store.counters(UnitId(PROCURATORATE)).await.unwrap();
        assert_eq!((counters.tracking, counters.owed_to_us), (0, 0));
        assert_eq!(counters.states[&("letter".to_owned(), "replied".to_owned())], 1);
        assert_eq!(counters.live.get("letter"), None);
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_overlap() {
    each_engine(async |world| {
        for n in 0..25 {
            world.trouble(&format!("渭河第{n}处")).await;
        }
        let scope = world.scope(&prosecutor());
        for sort in [Sort::Newest, Sort::Oldest, Sort::Changed, Sort::Due] {
            let mut all = Vec::new();
            for number in 1..=4 {
                let page = Page { number, rows: 10 };
                let listing =
                    world.store.matter_list(&scope, &troubles(), sort, page).await.unwrap();
                assert_eq!(listing.total, Total::Exactly(25));
                all.extend(listing.rows.into_iter().map(|row| row.id));
            }
            assert_eq!(all.len(), 25, "{sort:?}");
            all.sort();
            all.dedup();
            assert_eq!(all.len(), 25, "{sort:?}");
        }
        let stranger = world.scope(&actor(9, WATER, &[RoleName::Handler]));
        let page = Page::first(10);
        let none =
            world.store.matter_list(&stranger, &troubles(), Sort::Newest, page).await.unwrap();
        assert_eq!((none.rows.len(), none.total), (0, Total::Exactly(0)));
        let text = Filter { text: Some("渭河".into()), ..troubles() };
        let none = world.store.matter_list(&stranger, &text, Sort::Newest, page).await.unwrap();
        assert_eq!((none.rows.len(), none.total), (0, Total::Exactly(0)));
    })
    .await;
}

#[tokio::test]
async fn search_finds_two_characters_in_every_procedure() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.served(&root.matter).await;
        let scope = world.scope(&chief());
        let search = async |text: &str| {
            let found = world.store.matter_search(&scope, text, Page::first(10)).await.unwrap();
            found.rows.into_iter().map(|row| row.number).collect::<Vec<_>>()
        };
        assert_eq!(search("异味").await, [root.number.as_str()]);
        assert_eq!(search("河异").await, [root.number.as_str()]);
        assert_eq!(search("渭味").await, [""; 0]);
        assert_eq!(search("味").await, [root.number.as_str()]);
        assert_eq!(search(&letter.number).await, [letter.number.as_str()]);
        assert_eq!(search("〔").await, [""; 0]);
        assert_eq!(search("%").await, [""; 0]);
        assert_eq!(search("' or 1=1 --").await, [""; 0]);
        assert_eq!(search(&"长".repeat(5_000)).await, [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn every_list_reads_an_index() {
    each_engine(async |world| {
        if world.database.engine() != Engine::Sqlite {
            return; // PostgreSQL scans small tables, and rightly so.
        }
        world.trouble("渭河异味").await;
        let scope = world.scope(&actor(9, CITY_BUREAU, &[RoleName::Handler]));
        let found = Filter { state: Some("found".into()), ..troubles() };
        let text = Filter { text: Some("渭河".into()), ..Filter::default() };
        let filters = [
            troubles(),
            found,
            Filter { category: Some("water".into()), light: Some(Light::Near), ..troubles() },
            text,
        ];
        for filter in filters {
            for sort in [Sort::Newest, Sort::Oldest, Sort::Changed, Sort::Due] {
                let page = Page::first(20);
                let plan = world.store.matter_list_plan(&scope, &filter, sort, page).await.unwrap();
                for step in &plan {
                    assert!(!step.starts_with("SCAN") || step == "SCAN page", "{filter:?} {plan:?}");
                }
            }
        }
        let mut tx = world.database.read().await.unwrap();
        for (sql, index) in [
            (
                "select 1 from obligation where debtor_unit_id = 1 and is_open = 1 order by due_at",
                "obligation_open_by_debtor",
            ),
            (
                "select 1 from obligation where creditor_unit_id = 1 and is_open = 1 order by due_at",
                "obligation_open_by_creditor",
            ),
            (
                "select 1 from obligation where is_running = 1 and due_at <= 5",
                "obligation_next_over",
            ),
        ] {
            let plan = tx.rows(&format!("explain query plan {sql}"), &[]).await.unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get(3).unwrap()).collect();
            assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{sql}: {plan:?}");
        }
    })
    .await;
}
