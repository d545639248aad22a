//! The two-sided record on both engines: every act a leaf, receipts that prove it, and what an audit and
//! the other side's witness find when somebody works on the database behind the platform's back.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use ledger::{
    Instant, Keys, Look, Proved, Purpose, Receipt, SignedCheckpoint, Signer, Verifier, Witness,
};
use procedure::MatterId;
use procedure::definition::RoleName;
use store::ledger::audit::{Against, Audit, Finding, audit, audit_all};
use store::ledger::key::{RotateError, key_changes, rotate};
use store::ledger::read_table::{SOURCES, read_tables};
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
pub(crate) fn keys() -> Keys {
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
         drop table vault_key; drop table seal_opening;
         alter table access_event drop column kind; alter table access_event drop column day;
         alter table attachment drop column taken;
         delete from migration where number in (7, 9, 10, 11)",
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
    let rules = world.store.rules();
    let found = audit_all(&world.database, Against::rules(&rules)).await.unwrap().findings;
    let tables = found
        .iter()
        .filter_map(|finding| match finding {
            Finding::ReadTable { table, .. } => Some(table.clone()),
            Finding::Counter { .. } => Some("unit_counter".to_owned()),
            Finding::Number { .. } => Some("matter_number".to_owned()),
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
        ("update matter_attachment set name = 'x.pdf'", "matter_attachment"),
        ("delete from matter_attachment", "matter_attachment"),
        (
            "insert into matter_attachment (matter_id, field, sha256, name)
             select m.matter_id, 'photos', a.sha256, 'y.pdf' from matter m cross join attachment a",
            "matter_attachment",
        ),
        ("update matter_number set last = last + 1", "matter_number"),
        ("delete from matter_number", "matter_number"),
    ];
    each_engine(async |world| {
        let (root, _) = story(world).await;
        photographed(world, &root).await;
        let rules = world.store.rules();
        let all = audit_all(&world.database, Against::rules(&rules)).await.unwrap();
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
    Box::pin(each_engine(async |world| {
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
    }))
    .await;
}

/// The same with a photograph, uploaded and named by an act; its hash.
async fn photographed(world: &World, root: &MatterId) -> String {
    let scope = world.scope(&prosecutor());
    let mut upload = world.store.attachment_begin(&scope, "现场.pdf").await.unwrap();
    upload.write(b"%PDF-1.7 ...").await.unwrap();
    let photo = upload.finish().await.unwrap();
    world.act(&prosecutor(), root, "note", &[("photos", &photo.raw())]).await.unwrap();
    photo.sha256
}

#[tokio::test]
async fn every_table_is_read_from_the_events_or_has_a_reason_not_to_be() {
    each_engine(async |world| {
        let sql = match world.database.engine() {
            Engine::Sqlite => {
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
            }
            Engine::Postgres => {
                "select cast(tablename as text) from pg_tables where schemaname = current_schema()"
            }
        };
        let there: BTreeSet<String> = world.column(sql).await.into_iter().collect();
        let sources = SOURCES.iter().map(|(table, why)| {
            assert!(why.len() > 10, "{table} needs a reason");
            (*table).to_owned()
        });
        let listed: Vec<String> = read_tables().map(str::to_owned).chain(sources).collect();
        let known: BTreeSet<String> = listed.iter().cloned().collect();
        assert_eq!(known.len(), listed.len(), "a table stands in both lists");
        assert_eq!(there, known);
    })
    .await;
}

#[tokio::test]
async fn an_attachment_whose_bytes_were_changed_or_taken_away_is_named() {
    each_engine(async |world| {
        let (root, _) = story(world).await;
        let sha256 = photographed(world, &root).await;
        let rules = world.store.rules();
        let folder = world.folder.join("files");
        let against = Against { files: Some(&folder), ..Against::rules(&rules) };
        let all = audit_all(&world.database, against).await.unwrap();
        assert_eq!((all.findings, all.files), (vec![], 1));
        let path = folder.join(&sha256[..2]).join(format!("{}.sealed", &sha256[2..]));
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[60] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let found = audit_all(&world.database, against).await.unwrap().findings;
        assert_eq!(found, [Finding::FileChanged { sha256: sha256.clone(), is_gone: false }]);
        std::fs::remove_file(&path).unwrap();
        let found = audit_all(&world.database, against).await.unwrap().findings;
        assert_eq!(found, [Finding::FileChanged { sha256, is_gone: true }]);
    })
    .await;
}

/// Another key of the same log.
fn next_signer() -> Arc<Signer> {
    let name = "liandong.example".parse().unwrap();
    Arc::new(Signer::from_pkcs8_pem(name, Purpose::Log, WITNESS_KEY).unwrap())
}

#[tokio::test]
async fn the_key_changes_in_the_log_and_whoever_had_the_first_follows() {
    each_engine(async |world| {
        let (root, letter) = story(world).await;
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { first: true, .. }));
        let scope = world.scope(&prosecutor());
        let before = world.store.receipt(&scope, &root, 1).await.unwrap().unwrap();

        let (old, new) = (signer(), next_signer());
        let index = rotate(&world.database, &old, &new, world.store.now()).await.unwrap();
        let changes = key_changes(&world.database).await.unwrap();
        assert_eq!((changes.len(), changes[0].index), (1, index));
        // Nothing is signed with the old key any more, and it changes the key no second time.
        let refused = world.store.checkpoint().await;
        assert!(matches!(refused, Err(store::StoreError::LogKeyChanged)), "{refused:?}");
        let twice = rotate(&world.database, &old, &new, world.store.now()).await;
        assert!(matches!(twice, Err(RotateError::NotInForce { .. })), "{twice:?}");
        world.store.sign_with(new.clone());
        world.act(&officer(), &letter, "reply", &[("reply", "已整改")]).await.unwrap();

        // The witness follows; receipts lead from the first key; those given before still hold.
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { first: false, .. }));
        assert_eq!(memory.log().keys().len(), 2);
        let mut late = Witness::new(signer().verifier().clone()).unwrap();
        let shown = world.store.shown(0).await.unwrap().unwrap();
        assert!(matches!(late.look(&shown, &witness(), at(world)), Ok(Look::Cosigned { .. })));
        let after = world.store.receipt(&scope, &root, 1).await.unwrap().unwrap();
        let verdict = Receipt::parse(after.to_text().unwrap().as_bytes()).unwrap();
        let verdict = verdict.verify(&keys()).unwrap();
        let id = new.verifier().id();
        assert!(verdict.proved.contains(&Proved::Followed { keys: vec![(index + 1, id)] }));
        verdict.standing.require_other_side().unwrap();
        assert_eq!(before.verify(&keys()).unwrap().standing.key, old.verifier().id());

        // The audit knows the change by the list of keys, and one that is not in the list.
        let rules = world.store.rules();
        let followed = keys().followed_to(&shown).unwrap();
        for (list, is_known) in [(&followed, true), (&keys(), false)] {
            let against = Against { keys: Some(list), ..Against::rules(&rules) };
            let found = audit_all(&world.database, against).await.unwrap().findings;
            let leaf = i64::try_from(index).unwrap();
            assert_eq!(!found.contains(&Finding::KeyChangeUntrue { leaf }), is_known, "{found:?}");
            assert_eq!(found.is_empty(), is_known, "{found:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_change_of_keys_put_into_the_log_by_hand_leads_nobody_anywhere() {
    each_engine(async |world| {
        let (root, _) = story(world).await;
        world.store.checkpoint().await.unwrap();
        let (old, new) = (signer(), next_signer());
        rotate(&world.database, &old, &new, world.store.now()).await.unwrap();
        world.store.sign_with(new);
        world.store.checkpoint().await.unwrap().unwrap();
        unlocked(world, &["ledger_leaf"]).await;
        // The old key's signature is replaced by the new one's: who does not have the old key makes none.
        let entry = world.column("select entry from ledger_leaf where kind = 'rotation'").await;
        let mut said: serde_json::Value = serde_json::from_str(&entry[0]).unwrap();
        said["old_signature"] = said["new_signature"].clone();
        let forged = serde_json::to_string(&said).unwrap();
        let sql = "update ledger_leaf set entry = $1 where kind = 'rotation'";
        assert_eq!(world.execute(sql, &[forged.into()]).await.unwrap(), 1);
        let found = audit(&world.database).await.unwrap().findings;
        assert!(matches!(found[..], [Finding::KeyChangeUntrue { .. }]), "{found:?}");
        let scope = world.scope(&prosecutor());
        let receipt = world.store.receipt(&scope, &root, 1).await.unwrap().unwrap();
        assert!(receipt.verify(&keys()).is_err());
        let shown = world.store.shown(0).await.unwrap().unwrap();
        assert!(keys().followed_to(&shown).is_err());
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        let look = memory.look(&shown, &witness(), at(world)).unwrap();
        assert!(matches!(look, Look::Refused(_)), "{look:?}");
    })
    .await;
}

#[tokio::test]
async fn checkpoints_nothing_rests_on_go_and_receipts_given_before_still_hold() {
    each_engine(async |world| {
        let (root, _) = story(world).await;
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        let scope = world.scope(&prosecutor());
        let mut receipts = Vec::new();
        let began = world.store.now();
        // Three days, four checkpoints a day an hour apart; the witness sees the second of each day.
        for day in 0..3 {
            for hour in 0..4 {
                world.clock.set_to(began + SignedDuration::from_hours(24 * day + hour));
                world.act(&prosecutor(), &root, "note", &[("place", "桥下")]).await.unwrap();
                if hour == 1 {
                    assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { .. }));
                } else {
                    world.store.checkpoint().await.unwrap().unwrap();
                }
                receipts.push(world.store.receipt(&scope, &root, 1).await.unwrap().unwrap());
            }
        }
        let all = "select count(*) from ledger_checkpoint";
        assert_eq!(world.number(all).await, 12);
        assert_eq!(world.store.checkpoint_prune().await.unwrap(), 0, "all are of the last days");
        let watch = world.store.watch().await.unwrap();
        assert_eq!(watch.waiting_since, Some(began + SignedDuration::from_hours(50)));
        assert_eq!(watch.witnessed.unwrap().checkpoint().head.size, memory.size());

        // Nine days later the first two days are thinned; the third is still whole.
        world.clock.set_to(began + SignedDuration::from_hours(24 * 9 - 1));
        assert_eq!(world.store.checkpoint_prune().await.unwrap(), 4);
        world.clock.set_to(began + SignedDuration::from_hours(24 * 30));
        assert_eq!(world.store.checkpoint_prune().await.unwrap(), 2);
        assert_eq!(world.store.checkpoint_prune().await.unwrap(), 0);
        let kept = "select count(*) from ledger_checkpoint where witnesses > 0";
        assert_eq!((world.number(all).await, world.number(kept).await), (6, 3));
        for receipt in receipts {
            let text = receipt.to_text().unwrap();
            Receipt::parse(text.as_bytes()).unwrap().verify(&keys()).unwrap();
        }
        world.store.receipt(&scope, &root, 1).await.unwrap().unwrap().verify(&keys()).unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { .. }));
        clean(world).await;
    })
    .await;
}

#[tokio::test]
async fn a_checkpoint_the_logs_key_did_not_sign_is_named() {
    each_engine(async |world| {
        story(world).await;
        world.store.checkpoint().await.unwrap().unwrap();
        let rules = world.store.rules();
        let list = keys();
        let against = Against { keys: Some(&list), ..Against::rules(&rules) };
        assert_eq!(audit_all(&world.database, against).await.unwrap().findings, []);
        let other: Verifier = next_signer().verifier().clone();
        let other = Keys::new("government".parse().unwrap(), other).unwrap();
        let against = Against { keys: Some(&other), ..against };
        let found = audit_all(&world.database, against).await.unwrap().findings;
        assert!(matches!(found[..], [Finding::CheckpointForged { .. }]), "{found:?}");
    })
    .await;
}

/// An older backup is put in the place of the database and the work goes on: the audit by itself finds
/// nothing, but the checkpoint kept beside the database and the witness's memory do; what was receipted
/// in between stays proved.
#[tokio::test]
async fn an_older_database_in_the_place_of_the_newer_is_found() {
    each_engine(async |world| {
        let (_, letter) = story(world).await;
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { .. }));
        let place = Place::new(world.database.engine()).await.unwrap();
        let backup = place.folder.join("backup");
        let now = world.store.now();
        store::backup::backup(&world.database, &world.folder.join("files"), &backup, now)
            .await
            .unwrap();

        let done = world.act(&officer(), &letter, "reply", &[("reply", "已整改")]).await.unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { .. }));
        let scope = world.scope(&prosecutor());
        let events = world.store.timeline(&scope, &done.matter).await.unwrap().unwrap();
        let last = events.last().unwrap().event.number;
        let receipt = world.store.receipt(&scope, &letter, last).await.unwrap().unwrap();
        let kept = world.store.checkpoint_newest().await.unwrap().unwrap();

        let older = store::Database::open(&place.url).await.unwrap();
        let files = place.folder.join("files");
        let check = store::backup::LogCheck::With(None);
        let whole = store::backup::verify(&backup).unwrap();
        store::backup::restore(&backup, whole, &older, &files, check, now).await.unwrap();
        crate::world::open_vault(&older).await;
        let rules = world.store.rules();
        let known = keys();
        let against = Against { keys: Some(&known), ..Against::rules(&rules) };
        assert_eq!(audit_all(&older, against).await.unwrap().findings, []);
        let against = Against { kept: Some(&kept), ..against };
        let size = kept.checkpoint().head.size;
        assert_eq!(
            audit_all(&older, against).await.unwrap().findings,
            [Finding::KeptUntrue { size }]
        );
        drop(older);

        let world_two = World::new(&place.url, &place.folder).await;
        let shown = world_two.store.shown(memory.size()).await.unwrap().unwrap();
        let look = memory.look(&shown, &witness(), at(world)).unwrap();
        assert!(matches!(look, Look::Behind { .. }), "{look:?}");
        // The other history grows past what the witness saw.
        for n in 0..9 {
            let words = n.to_string();
            world_two.act(&officer(), &letter, "note", &[("place", &words)]).await.ok();
            world_two.trouble("新问题").await;
        }
        let look = watched(&world_two, &mut memory).await;
        assert!(matches!(look, Look::SplitView(_)), "{look:?}");
        let found = audit_all(&world_two.database, against).await.unwrap().findings;
        assert_eq!(found, [Finding::KeptUntrue { size }]);
        receipt.verify(&keys()).unwrap();
        world_two.store.close().await;
        drop(world_two);
        place.remove().await;
    })
    .await;
}

#[tokio::test]
async fn a_leaf_that_was_changed_is_refused_by_the_witness_and_by_new_receipts() {
    each_engine(async |world| {
        let (root, _) = story(world).await;
        world.trouble("新问题").await;
        let mut memory = Witness::new(signer().verifier().clone()).unwrap();
        assert!(matches!(watched(world, &mut memory).await, Look::Cosigned { .. }));
        unlocked(world, &["ledger_leaf"]).await;
        work_on(world, "update ledger_leaf set hash = (select hash from ledger_leaf where leaf = 2) where leaf = 1").await;
        world.act(&prosecutor(), &root, "note", &[("place", "桥下")]).await.unwrap();
        let look = watched(world, &mut memory).await;
        assert!(matches!(look, Look::SplitView(_)), "{look:?}");
        // Leaf 0 is its neighbour: its proof goes through the changed one.
        let scope = world.scope(&prosecutor());
        let receipt = world.store.receipt(&scope, &root, 1).await.unwrap().unwrap();
        assert_eq!(receipt.index, 0);
        assert!(receipt.verify(&keys()).is_err());
    })
    .await;
}
