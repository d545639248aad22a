//! Who sees what.

use procedure::definition::RoleName;
use procedure::{Command, Request, What};
use store::visibility::Seen;

use crate::world::{
    BUREAU, CITY_BUREAU, PROCURATORATE, PROVINCE_PROCURATORATE, WATER, World, actor, chief,
    each_engine, officer, prosecutor,
};

#[tokio::test]
async fn a_letter_not_yet_served_does_not_exist_for_whom_it_is_meant() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.letter(&root.matter).await;
        let (ours, theirs) = (world.scope(&prosecutor()), world.scope(&officer()));
        assert!(world.store.matter_fetch(&ours, &letter.matter).await.unwrap().is_some());
        assert!(world.store.matter_fetch(&theirs, &letter.matter).await.unwrap().is_none());
        assert!(world.store.timeline(&theirs, &letter.matter).await.unwrap().is_none());
        assert!(world.store.matter_find(&theirs, &letter.number).await.unwrap().is_none());
        let found =
            world.store.matter_search(&theirs, "渭河", store::matter::Page::first(20)).await;
        assert_eq!(found.unwrap().rows, []);

        world.served(&root.matter).await;
        let sight = world.store.matter_fetch(&theirs, &root.matter).await.unwrap().unwrap();
        let shown: Vec<_> = sight.family.iter().map(|seen| seen.matter.number.as_str()).collect();
        assert_eq!(shown, ["问题〔2026〕1号", "函〔2026〕2号"], "the first letter stays hidden");
        assert_eq!(sight.whole.matters().count(), 3);

        // Those above see what those below see; a neighbour sees nothing.
        for (unit, sees) in [(PROVINCE_PROCURATORATE, true), (CITY_BUREAU, true), (WATER, false)] {
            let scope = world.scope(&actor(9, unit, &[RoleName::Handler]));
            let sight = world.store.matter_fetch(&scope, &root.matter).await.unwrap();
            assert_eq!(sight.is_some(), sees, "{unit}");
        }
    })
    .await;
}

async fn open_with_secrets(world: &World) -> procedure::MatterId {
    let input = [("informant", "王某"), ("plan", "先取样"), ("place", "桥下")];
    let root = world.open("trouble", None, "渭河异味", &prosecutor(), &[], &input).await.unwrap();
    world.served(&root.matter).await;
    root.matter
}

#[tokio::test]
async fn hidden_fields_are_named_as_hidden() {
    each_engine(async |world| {
        let root = open_with_secrets(world).await;
        let cases: [(i64, &[RoleName], &[&str]); 6] = [
            (PROCURATORATE, &[RoleName::Handler, RoleName::Leader], &["informant"]),
            (PROCURATORATE, &[RoleName::Clerk], &["informant"]),
            (PROCURATORATE, &[RoleName::Viewer], &["informant", "plan"]),
            (PROVINCE_PROCURATORATE, &[RoleName::Leader], &["informant"]),
            (BUREAU, &[RoleName::Handler, RoleName::Leader], &["informant", "plan"]),
            (CITY_BUREAU, &[RoleName::Handler], &["informant", "plan"]),
        ];
        let rules = world.store.rules();
        for (unit, roles, hidden) in cases {
            let scope = world.scope(&actor(9, unit, roles));
            let seen = world.store.matter_fetch(&scope, &root).await.unwrap().unwrap().seen;
            assert!(seen.masked.iter().eq(hidden), "{unit} {roles:?}: {:?}", seen.masked);
            assert!(hidden.iter().all(|field| !seen.matter.fields.contains_key(*field)));
            let fields: Vec<_> = seen.fields(rules.procedure("trouble").unwrap()).collect();
            assert_eq!(fields.len(), 5, "division, categories, place, informant, plan");
            let masked = fields.iter().filter(|field| field.value == Seen::Masked).count();
            assert_eq!(masked, hidden.len());
            let timeline = world.store.timeline(&scope, &root).await.unwrap().unwrap();
            assert!(timeline[0].masked.iter().eq(hidden), "the history hides the same");
            let told = format!("{timeline:?} {seen:?}");
            assert_eq!(told.contains("王某"), !hidden.contains(&"informant"));
            assert_eq!(told.contains("先取样"), !hidden.contains(&"plan"));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_sealed_is_not_found_by_searching() {
    each_engine(async |world| {
        open_with_secrets(world).await;
        let scope = world.scope(&prosecutor());
        let page = store::matter::Page::first(20);
        assert_eq!(world.store.matter_search(&scope, "王某", page).await.unwrap().rows, []);
        assert_eq!(world.store.matter_search(&scope, "桥下", page).await.unwrap().rows.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_units_draft_is_not_known() {
    each_engine(async |world| {
        let root = world.trouble("渭河异味").await;
        let letter = world.served(&root.matter).await;
        let timeline = |actor| async move {
            let scope = world.scope(&actor);
            let events = world.store.timeline(&scope, &letter.matter).await.unwrap().unwrap();
            events.iter().any(|seen| matches!(seen.event.what, What::Proposed(_)))
        };
        assert!(timeline.clone()(prosecutor()).await);
        assert!(!timeline(officer()).await);

        let draft = world.letter(&root.matter).await;
        world.act(&prosecutor(), &draft.matter, "serve", &[("words", "机密")]).await.unwrap();
        let above = world.scope(&actor(9, PROVINCE_PROCURATORATE, &[RoleName::Leader]));
        let seen = world.store.matter_fetch(&above, &draft.matter).await.unwrap().unwrap();
        assert!(seen.seen.matter.proposal.is_none());
        let ours = world.scope(&chief());
        let seen = world.store.matter_fetch(&ours, &draft.matter).await.unwrap().unwrap();
        assert!(seen.seen.matter.proposal.is_some());
        assert_eq!(
            world.store.counters(procedure::UnitId(PROCURATORATE)).await.unwrap().to_approve,
            1
        );
        let waiting = world
            .store
            .matter_list_to_approve(&ours, store::matter::Page::first(20))
            .await
            .unwrap();
        assert_eq!(waiting[0].id, draft.matter);
        let back = Command::Return { reason: "请补充".to_owned() };
        let back = Request { matter: draft.matter.clone(), seen: None, command: back };
        world.store.act(&chief(), back, None).await.unwrap();
        assert_eq!(
            world.store.counters(procedure::UnitId(PROCURATORATE)).await.unwrap().to_approve,
            0
        );
    })
    .await;
}

#[tokio::test]
async fn reading_what_only_some_may_read_is_written_down() {
    each_engine(async |world| {
        let root = open_with_secrets(world).await;
        let scope = world.scope(&prosecutor());
        let seen = world.store.matter_fetch(&scope, &root).await.unwrap().unwrap().seen;
        let fields: Vec<_> = seen.sensitive.iter().map(String::as_str).collect();
        assert_eq!(fields, ["informant", "plan"]);
        world
            .store
            .note_access(&scope, &root, store::access::AccessKind::Read, &fields)
            .await
            .unwrap();
        assert_eq!(world.column("select fields from access_event").await, ["informant plan"]);
        let gone = world.execute("delete from access_event", &[]).await.unwrap_err();
        assert!(gone.is_constraint("access_event_append_only"));
    })
    .await;
}
