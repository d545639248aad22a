//! Who is told who read what only some may read.

use procedure::definition::RoleName;
use procedure::definition::RoleName::{Handler, Leader, Viewer};
use procedure::{MatterId, UserId};
use store::access::AccessKind;
use store::matter::{Page, Total};

use crate::world::{
    BUREAU, PROCURATORATE, PROVINCE_PROCURATORATE, WATER, World, actor, each_engine, officer,
    prosecutor,
};

const ACCOUNT: &str = "
    insert into user_account (user_id, login_name, display_name, title, phone, kind, password_hash,
           password_changed_at, must_change_password, active, version, created_at)
    values (31, 'zhang', '张检察官', '', '', 'business', '', 0, 0, 1, 1, 0)";

async fn told(world: &World, unit: i64, roles: &[RoleName], root: &MatterId) -> Vec<String> {
    let scope = world.scope(&actor(9, unit, roles));
    let list = world.store.access_list(&scope, root, Page::first(10)).await.unwrap().unwrap();
    assert_eq!(list.total, Total::Exactly(list.rows.len() as u64));
    let line = |row: &store::access::AccessRow| format!("{} {}", row.user, row.fields.join("+"));
    list.rows.iter().map(line).collect()
}

#[tokio::test]
async fn readings_are_told_to_whom_the_fields_concern() {
    each_engine(async |world| {
        world.execute(ACCOUNT, &[]).await.unwrap();
        let input = [("informant", "王某"), ("plan", "先取样")];
        let root = world.open("trouble", None, "渭河异味", &prosecutor(), &[], &input).await;
        let root = root.unwrap().matter;
        world.served(&root).await;
        let ours = world.scope(&prosecutor());
        world
            .store
            .note_access(&ours, &root, AccessKind::Read, &["informant", "plan"])
            .await
            .unwrap();
        world.clock.set("2026-03-03T09:00:00");
        let above = world.scope(&actor(7, PROVINCE_PROCURATORATE, &[RoleName::Leader]));
        world.store.note_access(&above, &root, AccessKind::Read, &["plan"]).await.unwrap();

        // A viewer of the unit that wrote them may not read them, but may know who did.
        for roles in [[Handler], [Viewer]] {
            let told = told(world, PROCURATORATE, &roles, &root).await;
            assert_eq!(told, ["7 plan", "31 informant+plan"]);
        }
        // Above, the plan is read; the informant is sealed, and so is who asked for the name.
        let from_above = told(world, PROVINCE_PROCURATORATE, &[Leader], &root).await;
        assert_eq!(from_above, ["7 plan", "31 plan"]);
        assert!(told(world, PROVINCE_PROCURATORATE, &[Viewer], &root).await.is_empty());
        assert!(told(world, BUREAU, &[Handler, Leader], &root).await.is_empty());

        let second = Page { number: 2, rows: 1 };
        let list = world.store.access_list(&ours, &root, second).await.unwrap().unwrap();
        assert_eq!(list.total, Total::Exactly(2));
        let [row] = &list.rows[..] else { panic!("one row a page: {:?}", list.rows) };
        assert_eq!((row.user, row.user_name.as_str()), (UserId(31), "张检察官"));
        assert_eq!((row.unit.0, row.at), (PROCURATORATE, crate::world::at("2026-03-02T09:00:00")));

        let stranger = world.scope(&actor(9, WATER, &[Handler]));
        assert_eq!(world.store.access_list(&stranger, &root, second).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_family_is_told_at_once_as_each_of_its_matters() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await.matter;
        let served = world.acknowledged(&root).await.matter;
        let hidden = world.letter(&root).await.matter;
        for (who, sees) in
            [(prosecutor(), vec![&root, &served, &hidden]), (officer(), vec![&root, &served])]
        {
            let scope = world.scope(&who);
            let told = world.store.timelines(&scope, &root).await.unwrap();
            assert_eq!(told.keys().collect::<Vec<_>>(), sees);
            for matter in sees {
                let alone = world.store.timeline(&scope, matter).await.unwrap();
                assert_eq!(told.get(matter), alone.as_ref());
            }
        }
        let stranger = world.scope(&actor(9, WATER, &[RoleName::Handler]));
        assert!(world.store.timelines(&stranger, &root).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_one_does_on_a_day_stands_together_with_how_often() {
    each_engine(async |world| {
        let input = [("informant", "王某"), ("plan", "先取样")];
        let root = world.open("trouble", None, "渭河异味", &prosecutor(), &[], &input).await;
        let root = root.unwrap().matter;
        world.served(&root).await;
        let (ours, theirs) = (world.scope(&prosecutor()), world.scope(&officer()));
        let note = async |scope, kind, fields: &[&str]| {
            world.store.note_access(scope, &root, kind, fields).await.unwrap();
        };
        for hour in ["09", "15", "23"] {
            world.clock.set(&format!("2026-03-02T{hour}:30:00"));
            note(&ours, AccessKind::Read, &["plan"]).await;
        }
        note(&ours, AccessKind::Read, &["informant", "plan"]).await;
        world.clock.set("2026-03-03T00:10:00");
        note(&ours, AccessKind::Read, &["plan"]).await;
        note(&ours, AccessKind::Document, &[]).await;
        note(&theirs, AccessKind::Receipt, &[]).await;
        // A reading of nothing that only some may read leaves nothing.
        note(&theirs, AccessKind::Read, &[]).await;
        let list = async |scope| {
            let list =
                world.store.access_list(scope, &root, Page::first(10)).await.unwrap().unwrap();
            let line = |row: &store::access::AccessRow| {
                (row.kind.id(), row.fields.join("+"), row.times, row.at)
            };
            list.rows.iter().map(line).collect::<Vec<_>>()
        };
        let at = crate::world::at;
        let told = list(&ours).await;
        assert_eq!(
            told,
            [
                ("document", String::new(), 1, at("2026-03-03T00:10:00")),
                ("read", "plan".to_owned(), 1, at("2026-03-03T00:10:00")),
                ("read", "informant+plan".to_owned(), 1, at("2026-03-02T23:30:00")),
                ("read", "plan".to_owned(), 3, at("2026-03-02T23:30:00")),
            ]
        );
        // What the other side took out is told to them alone.
        let told = list(&theirs).await;
        assert_eq!(told, [("receipt", String::new(), 1, at("2026-03-03T00:10:00"))]);
    })
    .await;
}
