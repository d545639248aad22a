//! Who informed is read by whoever wrote it down, and by whom it is opened to.

use procedure::definition::RoleName::{Handler, Leader, Viewer};
use procedure::{Actor, MatterId, Value};
use store::seal::SealError;

use crate::world::{
    BUREAU, PROCURATORATE, PROVINCE_PROCURATORATE, WATER, World, actor, chief, each_engine,
    prosecutor,
};

const WHY: &str = "核实举报内容";

async fn told(world: &World) -> MatterId {
    let input = [("informant", "王某")];
    let root = world.open("trouble", None, "渭河异味", &prosecutor(), &[], &input).await;
    let root = root.unwrap().matter;
    world.served(&root).await;
    root
}

async fn reads(world: &World, who: &Actor, matter: &MatterId) -> bool {
    let sight = world.store.matter_fetch(&world.scope(who), matter).await.unwrap().unwrap();
    let read = sight.seen.matter.fields.get("informant") == Some(&Value::Text("王某".to_owned()));
    assert_eq!(sight.seen.masked.contains("informant"), !read);
    let events = world.store.timeline(&world.scope(who), matter).await.unwrap().unwrap();
    assert_eq!(serde_json::to_string(&events[0].event).unwrap().contains("王某"), read);
    read
}

#[tokio::test]
async fn only_whoever_wrote_it_reads_it_unasked() {
    each_engine(async |world| {
        let root = told(world).await;
        assert!(reads(world, &prosecutor(), &root).await);
        let colleague = actor(33, PROCURATORATE, &[Handler]);
        let above = actor(7, PROVINCE_PROCURATORATE, &[Handler, Leader]);
        // The same person acting for another unit is not its writer.
        let elsewhere = actor(31, PROVINCE_PROCURATORATE, &[Handler]);
        for other in [chief(), colleague, above, elsewhere, actor(131, BUREAU, &[Handler])] {
            assert!(!reads(world, &other, &root).await, "{other:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_seal_is_opened_by_another_to_the_one_who_asked_and_closes_by_itself() {
    each_engine(async |world| {
        let root = told(world).await;
        let asker = actor(33, PROCURATORATE, &[Handler]);
        let scope = world.scope(&asker);
        let id = world.store.seal_ask(&scope, &root, "informant", WHY).await.unwrap();
        let again = world.store.seal_ask(&scope, &root, "informant", WHY).await;
        assert!(matches!(again, Err(SealError::Refused(_))));
        assert!(!reads(world, &asker, &root).await);

        // Nobody who is no leader there, and not the one who asks.
        let leads = actor(33, PROCURATORATE, &[Handler, Leader]);
        for (who, is_there) in [
            (leads, true),
            (prosecutor(), true),
            (actor(7, PROVINCE_PROCURATORATE, &[Leader]), false),
            (actor(131, BUREAU, &[Leader]), false),
        ] {
            let answer = world.store.seal_open(&world.scope(&who), &root, id).await.unwrap_err();
            assert_eq!(matches!(answer, SealError::Refused(_)), is_there, "{who:?} {answer}");
        }
        let until = world.store.seal_open(&world.scope(&chief()), &root, id).await.unwrap();
        assert_eq!(until, crate::world::at("2026-03-03T09:00:00"));
        assert!(reads(world, &asker, &root).await);
        // To nobody else, the one who opened it included.
        assert!(!reads(world, &chief(), &root).await);
        let twice = world.store.seal_open(&world.scope(&chief()), &root, id).await;
        assert!(matches!(twice, Err(SealError::Refused(_))));

        let ours =
            world.store.seal_list(&world.scope(&prosecutor()), &root).await.unwrap().unwrap();
        let answer = ours[0].answer.as_ref().unwrap();
        assert_eq!((ours[0].reason.as_str(), answer.open_until), (WHY, Some(until)));
        assert_eq!(world.store.seal_news(&world.scope(&prosecutor())).await.unwrap(), ours);
        for other in [actor(131, BUREAU, &[Handler]), actor(9, PROCURATORATE, &[Viewer])] {
            let told = world.store.seal_list(&world.scope(&other), &root).await.unwrap().unwrap();
            assert_eq!(told, []);
        }
        let stranger = world.scope(&actor(9, WATER, &[Handler]));
        assert_eq!(world.store.seal_list(&stranger, &root).await.unwrap(), None);

        world.clock.set("2026-03-03T09:00:01");
        assert!(!reads(world, &asker, &root).await);

        // Each step is an entry of the journal and a leaf, and none tells the reason.
        let steps = world.column("select what from admin_event order by admin_event_id").await;
        assert_eq!(steps, ["seal-asked", "seal-opened"]);
        let details = world.column("select detail from admin_event").await.join(" ");
        assert!(!details.contains(WHY) && details.contains("informant"));
        assert!(store::ledger::audit::audit(&world.database).await.unwrap().is_clean());
    })
    .await;
}

#[tokio::test]
async fn an_application_says_why_and_so_does_a_refusal() {
    each_engine(async |world| {
        let root = told(world).await;
        let scope = world.scope(&actor(33, PROCURATORATE, &[Handler]));
        for blank in ["", "  \n"] {
            let answer = world.store.seal_ask(&scope, &root, "informant", blank).await;
            assert!(matches!(answer, Err(SealError::Field(error)) if error.field == "reason"));
        }
        for none in ["plan", "place", "no-such-field"] {
            let answer = world.store.seal_ask(&scope, &root, none, WHY).await;
            assert!(matches!(answer, Err(SealError::NotFound)), "{none}");
        }
        let own = world.store.seal_ask(&world.scope(&prosecutor()), &root, "informant", WHY).await;
        assert!(matches!(own, Err(SealError::Refused(_))));
        let viewer = world.scope(&actor(9, PROCURATORATE, &[Viewer]));
        let answer = world.store.seal_ask(&viewer, &root, "informant", WHY).await;
        assert!(matches!(answer, Err(SealError::Refused(_))));
        let stranger = world.scope(&actor(9, WATER, &[Handler]));
        let answer = world.store.seal_ask(&stranger, &root, "informant", WHY).await;
        assert!(matches!(answer, Err(SealError::NotFound)));

        let id = world.store.seal_ask(&scope, &root, "informant", WHY).await.unwrap();
        let chief = world.scope(&chief());
        let silent = world.store.seal_keep(&chief, &root, id, " ").await;
        assert!(matches!(silent, Err(SealError::Field(error)) if error.field == "refusal"));
        world.store.seal_keep(&chief, &root, id, "理由不足").await.unwrap();
        let list = world.store.seal_list(&scope, &root).await.unwrap().unwrap();
        assert_eq!(list[0].answer.as_ref().unwrap().refusal, "理由不足");
        assert!(!reads(world, &actor(33, PROCURATORATE, &[Handler]), &root).await);
        // It may be asked again.
        world.store.seal_ask(&scope, &root, "informant", WHY).await.unwrap();
    })
    .await;
}
