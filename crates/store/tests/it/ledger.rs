//! The two-sided record on both engines: every act a leaf, receipts that prove it, and what an audit and
//! the other side's witness find when somebody works on the database behind the platform's back.

use std::sync::Arc;

use ledger::{Instant, Keys, Look, Proved, Purpose, Receipt, SignedCheckpoint, Signer, Witness};
use procedure::MatterId;
use procedure::definition::RoleName;
use store::ledger::audit::{Audit, Finding, audit, audit_all};
use store::{Engine, migration};

use crate::world::{Place, World, actor, chief, each_engine, officer, prosecutor, request};

/// Keys of the tests alone, the same in each.
const LOG_KEY: &str = include_str!("../../../ledger/tests/keys/log.pem");
const WITNESS_KEY: &str = include_str!("../../../ledger/tests/keys/witness.pem");

/// The key of the log of every world.
pub(crate) fn signer() -> Arc<Signer> {
    let name = "liandong.example".parse().unwrap();
    Arc::new(Signer::from_pkcs8_pem(name, Purpose::Log, LOG_KEY).unwrap())
}

fn witness() -> Signer {
    let name = "jcy.example/witness".parse().unwrap();
    Signer::from_pkcs8_pem(name, Purpose::Witness, WITNESS_KEY).unwrap()
}

/// What everybody may know: the log's key, and the procuratorate's witness.
fn keys() -> Keys {
    Keys::new("government".parse().unwrap(), signer().verifier().clone())
        .unwrap()
        .witness("procuratorate".parse().unwrap(), witness().verifier().clone())
        .unwrap()
}

fn at(world: &World) -> Instant {
    Instant::from_micros(world.store.now().as_microsecond()).unwrap()
}

/// A problem with an informant, and a letter that was served and acknowledged.
async fn story(world: &World) -> (MatterId, MatterId) {
    let input = [("informant", "王某"), ("plan", "先取样"), ("place", "桥下")];
    let root = world.open("trouble", None, "渭河异味", &prosecutor(), &[], &input).await.unwrap();
    let letter = world.acknowledged(&root.matter).await;
    (root.matter, letter.matter)
}

async fn clean(world: &World) -> Audit {
    let found = audit(&world.database).await.unwrap();
    assert_eq!(found.findings, []);
    found
}

#[tokio::test]
async fn every_act_is_a_leaf_and_refusals_leave_none() {
    each_engine(async |world| {
        let (root, letter) = story(world).await;
        let before = clean(world).await.leaves;
        assert!(world.act(&officer(), &letter, "acknowledge", &[]).await.is_err());
        assert_eq!(clean(world).await.leaves, before);
        // Many at once share a commit; each has its own leaf.
        let acts = (0..40).map(|n| {
            let store = world.store.clone();
            let request = request(&root, None, "note", &[("place", &n.to_string())]);
            async move { store.act(&prosecutor(), request, None).await.is_ok() }
        });
        let done = futures_util::future::join_all(acts).await;
        let events = world.number("select count(*) from event").await;
        let acts = world.number("select count(*) from admin_event").await;
        let leaves = clean(world).await.leaves;
        assert_eq!(i64::try_from(leaves).unwrap(), events + acts, "{done:?}");
        assert_eq!(world.number("select count(distinct leaf) from event").await, events);
    })
    .await;
}

#[tokio::test]
async fn a_receipt_proves_what_its_holder_may_see_and_hides_the_rest() {
    each_engine(async |world| {
        let (root, _) = story(world).await;
        let (ours, theirs) = (world.scope(&prosecutor()), world.scope(&officer()));
        assert_eq!(world.store.receipt(&ours, &root, 1).await.unwrap(), None, "nothing signed yet");
        world.store.checkpoint().await.unwrap().unwrap();

        let full = world.store.receipt(&ours, &root, 1).await.unwrap().unwrap();
        let part = world.store.receipt(&theirs, &root, 1).await.unwrap().unwrap();
        for receipt in [&full, &part] {
            let read = Receipt::parse(receipt.to_text().unwrap().as_bytes()).unwrap();
            let verdict = read.verify(&keys()).unwrap();
            assert!(verdict.proved.iter().any(|it| matches!(it, Proved::Stood { .. })));
            assert!(verdict.standing.require_other_side().is_err(), "nobody has watched yet");
        }
        assert!(full.to_text().unwrap().contains("王某"));
        let part = part.to_text().unwrap();
        assert!(part.contains("桥下") && !part.contains("王某") && !part.contains("先取样"));

        let stranger = world.scope(&actor(9, crate::world::WATER, &[RoleName::Handler]));
        assert_eq!(world.store.receipt(&stranger, &root, 1).await.unwrap(), None);
        assert_eq!(world.store.receipt(&ours, &root, 999).await.unwrap(), None);
        let changed = full.to_text().unwrap().replace("桥下", "桥上");
        assert!(Receipt::parse(changed.as_bytes()).unwrap().verify(&keys()).is_err());
    })
    .await;
}

/// Shows the witness the newest checkpoint and hands back what it signed.
async fn watched(world: &World, memory: &mut Witness) -> Look {
    world.store.checkpoint().await.unwrap().unwrap();
    let shown = world.store.shown(memory.size()).await.unwrap().unwrap();
    let look = memory.look(&shown, &witness(), at(world)).unwrap();
    if let Look::Cosigned { checkpoint, .. } = &look {
        let checkpoint: &SignedCheckpoint = checkpoint;
        assert!(world.store.cosigned(&keys(), checkpoint).await.unwrap());
        assert!(!world.store.cosigned(&keys(), checkpoint).await.unwrap(), "nothing new");
    }
    look
}

#[tokio::test]
async fn a_log_that_grows_is_watched_and_receipts_say_by_whom() {
    each_engine(async |world| {
        let (root, letter) = story(world).await;
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { first: true, .. }));
        let scope = world.scope(&prosecutor());
        let receipt = world.store.receipt(&scope, &root, 1).await.unwrap().unwrap();
        receipt.verify(&keys()).unwrap().standing.require_other_side().unwrap();

        world.act(&officer(), &letter, "reply", &[("reply", "已整改")]).await.unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { first: false, .. }));
        let last = world.number("select max(number) from event").await;
        let sql = "select matter_id from event order by number desc limit 1";
        let matter: MatterId = world.column(sql).await[0].parse().unwrap();
        let last = u32::try_from(last).unwrap();
        let receipt = world.store.receipt(&scope, &matter, last).await.unwrap().unwrap();
        receipt.verify(&keys()).unwrap().standing.require_other_side().unwrap();
    })
    .await;
}

/// Lets the database be worked on as nobody should.
async fn unlocked(world: &World, tables: &[&str]) {
    let mut tx = world.database.write().await.unwrap();
    for table in tables {
        let sql = match world.database.engine() {
            Engine::Sqlite => {
                format!("drop trigger {table}_no_update; drop trigger {table}_no_delete")
            }
            Engine::Postgres => format!("alter table {table} disable trigger user"),
        };
        tx.batch(&sql).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn work_on(world: &World, sql: &str) {
    assert!(world.execute(sql, &[]).await.unwrap() > 0, "{sql} changed nothing");
}

/// Makes a world, lets somebody work on it, and says what an audit finds.
async fn found_after(world: &World, work: &[&str]) -> Vec<Finding> {
    story(world).await;
    world.store.checkpoint().await.unwrap().unwrap();
    clean(world).await;
    let tables = ["event", "admin_event", "ledger_leaf", "ledger_tile"];
    unlocked(world, &tables).await;
    for sql in work {
        work_on(world, sql).await;
    }
    audit(&world.database).await.unwrap().findings
}

macro_rules! worked_on {
    ($($name:ident: $($sql:literal),+ => $pattern:pat,)+) => {$(
        #[tokio::test]
        async fn $name() {
            each_engine(async |world| {
                let found = found_after(world, &[$($sql),+]).await;
                assert!(found.iter().any(|finding| matches!(finding, $pattern)), "{found:?}");
                assert!(found.iter().all(|finding| !finding.words().zh.is_empty()));
            })
            .await;
        }
    )+};
}

worked_on! {
    an_event_that_was_changed_is_found:
        "update event set body = replace(body, '桥下', '桥上')" => Finding::EventChanged { .. },
    an_event_that_was_back_dated_is_found:
        "update event set at = at - 86400000000 where number = 1" => Finding::EventChanged { .. },
    an_event_put_on_somebody_else_is_found:
        "update event set user_id = 131 where user_id = 31" => Finding::EventChanged { .. },
    an_event_that_was_removed_is_found:
        "delete from event where number = 2" => Finding::EventGone { .. },
    events_that_changed_places_are_found:
        "update event set number = number + 100 where number < 3",
        "update event set number = 103 - number where number > 100" => Finding::EventChanged { .. },
    an_event_put_in_is_found:
        "insert into event (matter_id, number, at, user_id, unit_id, what, body)
         select matter_id, 999, at, user_id, unit_id, what, body from event where number = 2"
        => Finding::EventsUnlogged { number: 1.. },
    a_leaf_that_was_changed_is_found:
        "update ledger_leaf set hash = (select hash from ledger_leaf where leaf = 1) where leaf = 0"
        => Finding::CheckpointUntrue { .. },
    a_log_cut_off_at_the_end_is_found:
        "delete from ledger_leaf where leaf > 1" => Finding::CheckpointAhead { .. },
    a_head_that_was_turned_back_is_found:
        "update ledger_head set frontier = substr(frontier, 1, 0)" => Finding::HeadChanged,
}

#[tokio::test]
async fn what_the_administrators_did_is_in_the_same_log() {
    each_engine(async |world| {
        let csv = "date,kind,name\n2027-01-01,holiday,元旦\n";
        let authority = store::people::Authority::Program;
        world.store.calendar_put(csv, "2027.csv", authority).await.unwrap();
        assert!(world.number("select count(*) from ledger_leaf where kind = 'house'").await > 0);
        clean(world).await;
        unlocked(world, &["admin_event"]).await;
        work_on(world, "update admin_event set detail = replace(detail, '2027', '2028')").await;
        let found = audit(&world.database).await.unwrap().findings;
        assert!(matches!(found[..], [Finding::HouseChanged { .. }]), "{found:?}");
        work_on(world, "delete from admin_event").await;
        let found = audit(&world.database).await.unwrap().findings;
        assert!(matches!(found[..], [Finding::HouseChanged { .. }]), "{found:?}");
    })
    .await;
}

/// Takes the log away, as if the step that made it had not been taken.
async fn without_log(world: &World) {
    let mut tx = world.database.write().await.unwrap();
    tx.batch(
        "drop table ledger_leaf; drop table ledger_tile; drop table ledger_head;
         drop table ledger_checkpoint; alter table event drop column leaf;
         delete from migration where number >= 7",
    )
    .await
    .unwrap();
    if world.database.engine() == Engine::Postgres {
        tx.batch("drop function ledger_leaf_refuse; drop function ledger_tile_refuse")
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

/// An administrator with all power over the database, and the log's key, writes history anew: the
/// audit finds nothing. The other side's witness does.
#[tokio::test]
async fn a_history_written_anew_passes_the_audit_and_not_the_witness() {
    each_engine(async |world| {
        story(world).await;
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { .. }));
        let tables = ["event", "admin_event", "ledger_leaf", "ledger_tile"];
        unlocked(world, &tables).await;
        work_on(world, "update event set body = replace(body, '桥下', '桥上')").await;
        without_log(world).await;
        migration::migrate(&world.database, world.store.now()).await.unwrap();
        clean(world).await;
        let root = world.trouble("新问题").await;
        world.letter(&root.matter).await;
        let look = watched(world, &mut memory).await;
        assert!(matches!(look, Look::SplitView(..)), "{look:?}");
    })
    .await;
}

#[tokio::test]
async fn what_was_there_before_the_log_is_its_beginning() {
    each_engine(async |world| {
        let (root, _) = story(world).await;
        let events = world.number("select count(*) from event").await;
        without_log(world).await;
        migration::migrate(&world.database, world.store.now()).await.unwrap();
        assert_eq!(i64::try_from(clean(world).await.leaves).unwrap(), events);
        world.store.checkpoint().await.unwrap().unwrap();
        let scope = world.scope(&chief());
        let receipt = world.store.receipt(&scope, &root, 1).await.unwrap().unwrap();
        receipt.verify(&keys()).unwrap();
        world.trouble("新问题").await;
        assert!(clean(world).await.leaves > u64::try_from(events).unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_command_that_breaks_leaves_no_gap_in_the_log() {
    let Some(place) = Place::new(Engine::Sqlite).await else { return };
    let world = World::new(&place.url, &place.folder).await;
    let root = world.trouble("渭河异味").await;
    // A rule of the database that one command in a commit will break.
    let rule = "create trigger it_breaks before insert on event when new.body like '%坏了%'
                begin select raise(abort, 'it_breaks'); end";
    world.execute(rule, &[]).await.unwrap();
    let acts = (0..12).map(|n| {
        let words = if n == 5 { "坏了".to_owned() } else { n.to_string() };
        let (store, request) =
            (world.store.clone(), request(&root.matter, None, "note", &[("place", &words)]));
        async move { store.act(&prosecutor(), request, None).await.is_ok() }
    });
    let done = futures_util::future::join_all(acts).await;
    assert_eq!(done.iter().filter(|done| !**done).count(), 1, "{done:?}");
    let events = world.number("select count(*) from event").await;
    assert_eq!(i64::try_from(clean(&world).await.leaves).unwrap(), events);
    world.store.close().await;
    drop(world);
    place.remove().await;
}

/// What an audit of everything finds, and the tables it names.
async fn tables_found(world: &World) -> (Vec<Finding>, Vec<String>) {
    let found = audit_all(&world.database, &world.store.rules()).await.unwrap().findings;
    let tables = found
        .iter()
        .filter_map(|finding| match finding {
            Finding::ReadTable { table, .. } => Some(table.clone()),
            Finding::Counter { .. } => Some("unit_counter".to_owned()),
            _ => None,
        })
        .collect();
    (found, tables)
}

#[tokio::test]
async fn a_read_table_that_is_not_what_the_events_say_is_named() {
    let works = [
        ("update matter set title = 'x' where parent_id is null", "matter"),
        ("update matter set due_at = due_at - 1", "matter"),
        ("delete from matter_party", "matter_party"),
        ("update matter_body set body = replace(body, '桥下', '桥上')", "matter_body"),
        ("update matter_body set provenance = replace(provenance, '3', '4')", "matter_body"),
        (
            "insert into matter_scope (unit_id, procedure_id, matter_id)
             select 20, procedure_id, matter_id from matter where parent_id is null",
            "matter_scope",
        ),
        ("update obligation set due_at = due_at + 86400000000", "obligation"),
        ("delete from matter_term where term = (select min(term) from matter_term)", "matter_term"),
        (
            "insert into matter_term (term, matter_id) select 'zz', matter_id from matter",
            "matter_term",
        ),
        ("update unit_counter set number = number + 1 where name = 'turn'", "unit_counter"),
        ("delete from unit_counter where name = 'owed'", "unit_counter"),
    ];
    each_engine(async |world| {
        story(world).await;
        let all = audit_all(&world.database, &world.store.rules()).await.unwrap();
        assert_eq!((all.findings, all.matters), (vec![], 2));
        for (work, table) in works {
            let mut tx = world.database.write().await.unwrap();
            assert!(tx.execute(work, &[]).await.unwrap() > 0, "{work} changed nothing");
            tx.commit().await.unwrap();
            let (found, tables) = tables_found(world).await;
            assert!(tables.iter().any(|named| named == table), "{work}: {found:?}");
            assert!(found.iter().all(|finding| finding.words().en.contains("table ")));
        }
    })
    .await;
}

#[tokio::test]
async fn a_bundle_holds_what_its_reader_may_see() {
    each_engine(async |world| {
        let (root, letter) = story(world).await;
        for (who, matter) in [(prosecutor(), &root), (officer(), &root), (officer(), &letter)] {
            let scope = world.scope(&who);
            let (zip, bundled) =
                world.store.bundle(&scope, matter, Vec::new()).await.unwrap().unwrap();
            let text = String::from_utf8_lossy(&zip);
            assert!(
                bundled.receipts > 0
                    && text.contains("receipts/")
                    && text.contains("liandong-bundle/1")
            );
            assert_eq!(text.contains("王某"), who == prosecutor() && *matter == root);
            // Only who drafted and who approved know of a draft; the numbers of its events are told.
            assert_eq!(bundled.withheld > 0, who != prosecutor(), "{bundled:?}");
        }
        let stranger = world.scope(&actor(9, crate::world::WATER, &[RoleName::Handler]));
        assert!(world.store.bundle(&stranger, &root, Vec::new()).await.unwrap().is_none());
    })
    .await;
}
