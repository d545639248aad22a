//! Lists read on from where a page ended.

use procedure::{MatterId, UnitId};
use store::Scope;
use store::matter::keyset::Mark;
use store::matter::{Filter, Light, Sort};
use store::obligation::keyset::{Mark as OwedMark, Side};

use crate::world::{BUREAU, PROCURATORATE, WATER, World, each_engine, officer, prosecutor};

/// Every matter of a list, three a page; somebody adds one between two pages.
async fn walked(world: &World, scope: &Scope, filter: &Filter, sort: Sort) -> Vec<MatterId> {
    let (mut all, mut after): (Vec<MatterId>, Option<Mark>) = (Vec::new(), None);
    loop {
        let store = &world.store;
        let rows = store.matter_list_after(scope, filter, sort, after.as_ref(), 3).await.unwrap();
        let Some(last) = rows.last() else { return all };
        after = Some(Mark::of(last, sort));
        all.extend(rows.into_iter().map(|row| row.id));
        if all.len() < 9 {
            world.trouble("插进来的").await;
        }
    }
}

#[tokio::test]
async fn a_list_read_on_skips_nothing_and_repeats_nothing() {
    each_engine(async |world| {
        let scope = world.scope(&prosecutor());
        for sort in [Sort::Newest, Sort::Oldest, Sort::Changed, Sort::Due] {
            let mut known = Vec::new();
            for n in 0..7 {
                let root = world.trouble(&format!("渭河第{n}处")).await;
                // Letters have an end to be ordered by.
                known.push(world.acknowledged(&root.matter).await.matter);
                known.push(root.matter);
            }
            for procedure in ["", "trouble", "letter"] {
                let filter = Filter { procedure: procedure.to_owned(), ..Filter::default() };
                let mut found = walked(world, &scope, &filter, sort).await;
                let many = found.len();
                found.sort();
                found.dedup();
                assert_eq!(found.len(), many, "{sort:?} {procedure}: none twice");
                if procedure.is_empty() {
                    assert!(known.iter().all(|id| found.contains(id)), "{sort:?}: none skipped");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_of_every_procedure_is_narrowed_like_a_list_of_one() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        world.acknowledged(&root.matter).await;
        let scope = world.scope(&prosecutor());
        let filters = [
            (Filter { division: Some("610305".into()), ..Filter::default() }, 2),
            (Filter { division: Some("610300".into()), ..Filter::default() }, 2),
            (Filter { division: Some("610000".into()), ..Filter::default() }, 2),
            (Filter { division: Some("610302".into()), ..Filter::default() }, 0),
            (Filter { category: Some("water".into()), ..Filter::default() }, 2),
            (Filter { category: Some("air".into()), ..Filter::default() }, 0),
            (Filter { holder: Some(UnitId(BUREAU)), ..Filter::default() }, 1),
            (Filter { holder: Some(UnitId(PROCURATORATE)), ..Filter::default() }, 1),
            (Filter { unit: Some(UnitId(PROCURATORATE)), ..Filter::default() }, 2),
            (Filter { unit: Some(UnitId(WATER)), ..Filter::default() }, 0),
            (Filter { text: Some("异味".into()), ..Filter::default() }, 1),
            (Filter { light: Some(Light::OnTime), ..Filter::default() }, 1),
            (Filter { ended: Some(true), ..Filter::default() }, 0),
        ];
        for (filter, many) in filters {
            for sort in [Sort::Newest, Sort::Oldest, Sort::Changed, Sort::Due] {
                let store = &world.store;
                let rows = store.matter_list_after(&scope, &filter, sort, None, 50).await.unwrap();
                assert_eq!(rows.len(), many, "{filter:?} {sort:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn obligations_read_on_come_once_each_way() {
    each_engine(async |world| {
        for n in 0..5 {
            let root = world.trouble(&format!("渭河第{n}处")).await;
            world.acknowledged(&root.matter).await;
        }
        let store = &world.store;
        let (ours, theirs) = (world.scope(&prosecutor()), world.scope(&officer()));
        for (scope, side) in [(&theirs, Side::Us), (&ours, Side::Them)] {
            let (mut all, mut after): (Vec<OwedMark>, Option<OwedMark>) = (Vec::new(), None);
            loop {
                let rows =
                    store.obligation_list_after(scope, side, after.as_ref(), 2).await.unwrap();
                let Some(last) = rows.last() else { break };
                after = Some(OwedMark::of(last));
                all.extend(rows.iter().map(OwedMark::of));
            }
            assert_eq!(all.len(), 5, "{side:?}");
            let key = |mark: &OwedMark| (mark.due, mark.matter.clone(), mark.number);
            assert!(all.windows(2).all(|two| key(&two[0]) < key(&two[1])), "{side:?}");
        }
    })
    .await;
}
