//! Random walks through the shipped procedures, done again on both databases: whatever people do in
//! whatever order, what is stored is what the rules alone give.
//!
//! Two ways, because each act through the store costs a commit and the writing of every read table:
//!
//! - *Step by step*: some walks about each procedure are done act by act through `open_matter`, `act` and
//!   `pass_time`, all of them at once with the clock moved from day to day. Then events, bodies, scope,
//!   obligations and kept counters are compared with what the rules alone give.
//! - *All*: the events of thousands of walks are written to both databases, read back and replayed.
//!
//! All procedures share the walks there are, so that another procedure does not make the test run longer.
//!
//! A walk that fails is named by procedure and seed, with everything that was done in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use procedure::definition::{ObligationKind, RoleName};
use procedure::matter::Standing;
use procedure::walk::{Did, Scene, Step, Walked, walk};
use procedure::{Family, MatterId, OpenRequest, Request, Rules, Source, UnitId, What};
use store::ledger::audit::{Against, audit_all};
use store::vault::field::matter_from_text;
use store::{Database, Engine};

use crate::act::consistent;
use crate::world::{Place, World, actor, at, stored_event};

/// Walks whose events are stored and replayed.
const WALKS: usize = 5_000;
/// Walks that are done act by act through the store.
const STEP_BY_STEP: usize = 52;
/// Walks whose events are written in one commit.
const CHUNK: usize = 50;

/// The rules this tree ships.
fn shipped() -> Rules {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    let mut folders = vec![root.join("procedures")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    let sources: Vec<_> = files.iter().map(|(path, text)| Source { path, text }).collect();
    let codes = Source { path: "codes.toml", text: include_str!("../../../../law/codes.toml") };
    let (law, calendar) = calendar::embedded().unwrap();
    Rules::read(&sources, codes, law, calendar).unwrap()
}

/// How many of the walks there are fall to each procedure.
fn for_each(rules: &Rules, walks: usize) -> u64 {
    u64::try_from(walks.div_ceil(rules.procedures().count())).unwrap()
}

/// The units of the world that may come into a walk.
fn units(world: &World) -> Vec<UnitId> {
    world.store.directory().all().map(|unit| unit.id).collect()
}

// ---- all ------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_walks_about_each_procedure_replay_on_both_databases() {
    let rules = shipped();
    let stage = Place::new(Engine::Sqlite).await.unwrap();
    let world = World::under(rules.clone(), &stage.url, &stage.folder).await;
    let directory = world.store.directory();
    let units = units(&world);
    let file = format!("{}|12|照片.jpg", "a".repeat(64));
    let mut engines = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(place) = Place::new(engine).await else { continue };
        let database = Database::open(&place.url).await.unwrap();
        store::migration::migrate(&database, world.store.now()).await.unwrap();
        engines.push((place, database));
    }
    for procedure in rules.procedures() {
        let seeds: Vec<u64> = (0..for_each(&rules, WALKS)).collect();
        for some in seeds.chunks(CHUNK) {
            let walk = |seed: &u64| {
                let days = i64::try_from(*seed * 41 % 3_900).unwrap();
                let begins =
                    at("2016-01-04T09:00:00") + jiff::SignedDuration::from_hours(24 * days);
                let (rules, directory, units) = (&rules, &*directory, units.as_slice());
                let scene =
                    Scene { rules, directory, units, division: "610305", file: &file, begins };
                walk(scene, &procedure.id, *seed).unwrap_or_else(|astray| panic!("{astray}"))
            };
            let (left, right) = some.split_at(some.len() / 2);
            let walks: Vec<Walked> = std::thread::scope(|scope| {
                let right = scope.spawn(|| right.iter().map(walk).collect::<Vec<_>>());
                let mut walks: Vec<_> = left.iter().map(walk).collect();
                walks.extend(right.join().unwrap());
                walks
            });
            let walks = Arc::new(walks);
            let kept = engines.iter().map(|(_, database)| {
                tokio::spawn(kept_and_replayed(database.clone(), walks.clone()))
            });
            for kept in kept.collect::<Vec<_>>() {
                kept.await.unwrap();
            }
        }
    }
    for (place, database) in engines {
        drop(database);
        place.remove().await;
    }
    world.store.close().await;
    drop(world);
    stage.remove().await;
}

/// Writes the events of some walks, reads them back and replays them.
async fn kept_and_replayed(database: Database, walks: Arc<Vec<Walked>>) {
    const KEEP: &str = "
        insert into event (matter_id, number, at, user_id, unit_id, what, body)
        values ($1, $2, $3, $4, $5, $6, $7)";
    let mut rows = Vec::new();
    for (id, event) in walks.iter().flat_map(|walked| &walked.steps).flat_map(|step| &step.events) {
        rows.push(vec![
            id.into(),
            event.number.into(),
            event.at.into(),
            event.by.user.into(),
            event.by.unit.into(),
            "walked".into(),
            serde_json::to_string(&event.what).unwrap().into(),
        ]);
    }
    let mut tx = database.write().await.unwrap();
    assert_eq!(tx.execute_many(KEEP, &rows).await.unwrap(), rows.len() as u64);
    tx.commit().await.unwrap();
    let mut tx = database.read().await.unwrap();
    for walked in walks.iter() {
        let mut ids = walked.family.matters().map(|matter| &matter.id);
        let first = ids.next().unwrap();
        let last = ids.last().unwrap_or(first);
        let sql = "select matter_id, number, at, user_id, unit_id, body from event
                    where matter_id >= $1 and matter_id <= $2 order by matter_id, number";
        let mut again = Family::default();
        for row in tx.rows(sql, &[first.into(), last.into()]).await.unwrap() {
            let (id, event) = stored_event(database.vault(), &row);
            again.apply(&id, &event);
        }
        assert!(
            again == walked.family,
            "walk {} about `{}` is another after {:?} kept it\n{}",
            walked.seed,
            walked.about,
            database.engine(),
            walked.trail()
        );
    }
}

// ---- step by step ---------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn walks_done_act_by_act_through_the_store_end_as_the_rules_alone_end_them() {
    let rules = shipped();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(place) = Place::new(engine).await else { continue };
        let world = World::under(rules.clone(), &place.url, &place.folder).await;
        let mut courses = courses(&world, &rules).await;
        done_again(&world, &mut courses).await;
        recorded(&world, &rules).await;
        let mut families = Vec::new();
        for course in &courses {
            families.push(course.ended_alike(&world).await);
        }
        consistent(&world).await;
        rows_follow(&world, &families).await;
        world.store.close().await;
        drop(world);
        place.remove().await;
    }
}

/// A walk and how far it was done through the store.
struct Course {
    walked: Walked,
    next: usize,
    /// Ids there by ids in the walk.
    ids: BTreeMap<MatterId, MatterId>,
    engine: Engine,
}

/// Walks about every procedure, brought to one common end.
async fn courses(world: &World, rules: &Rules) -> Vec<Course> {
    let directory = world.store.directory();
    let units = units(world);
    let file = uploaded_by_all(world, &units).await;
    let begins = at("2021-06-10T09:00:00");
    let (units, directory) = (units.as_slice(), &*directory);
    let scene = Scene { rules, directory, units, division: "610305", file: &file, begins };
    let mut walks = Vec::new();
    for procedure in rules.procedures() {
        for seed in 0..for_each(rules, STEP_BY_STEP) {
            walks
                .push(walk(scene, &procedure.id, seed).unwrap_or_else(|astray| panic!("{astray}")));
        }
    }
    let end = walks.iter().map(|walked| walked.ended_at).max().unwrap();
    let course = |walked: Walked| Course {
        walked: walked.rest(scene, end).unwrap_or_else(|astray| panic!("{astray}")),
        next: 0,
        ids: BTreeMap::new(),
        engine: world.database.engine(),
    };
    walks.into_iter().map(course).collect()
}

/// A picture every unit has uploaded, as a form would name it.
async fn uploaded_by_all(world: &World, units: &[UnitId]) -> String {
    let mut raw = String::new();
    for unit in units {
        let who = actor(unit.0 * 10 + 1, unit.0, &[RoleName::Handler]);
        let mut upload =
            world.store.attachment_begin(&world.scope(&who), "报告.pdf").await.unwrap();
        upload.write(b"%PDF-1.7\nreport").await.unwrap();
        raw = upload.finish().await.unwrap().raw();
    }
    raw
}

/// Does every walk again, all at once, day by day: first time passes, then people act.
async fn done_again(world: &World, courses: &mut [Course]) {
    let days: BTreeSet<Timestamp> =
        courses.iter().flat_map(|course| &course.walked.steps).map(|step| step.at).collect();
    for day in days {
        world.clock.set_to(day);
        world.store.pass_time().await.unwrap();
        let all = courses.iter_mut().map(|course| course.day(world, day));
        futures_util::future::join_all(all).await;
    }
}

impl Course {
    async fn day(&mut self, world: &World, day: Timestamp) {
        while let Some(step) = self.walked.steps.get(self.next).filter(|step| step.at == day) {
            let step = step.clone();
            self.step(world, &step).await;
            self.next += 1;
        }
    }

    async fn step(&mut self, world: &World, step: &Step) {
        let done = match &step.did {
            // It passed for all.
            Did::TimePassed => return self.learn(world, step).await,
            Did::Opened(who, request) => {
                let parent = request.parent.as_ref().map(|id| self.there(id));
                let request = OpenRequest { parent, ..request.clone() };
                world.store.open_matter(who, request, None).await
            }
            Did::Acted(who, request) => {
                let matter = self.there(&request.matter);
                world.store.act(who, Request { matter, ..request.clone() }, None).await
            }
        };
        let done = done.unwrap_or_else(|error| self.fail(&format!("{error:?} to {:?}", step.did)));
        let opened: Vec<_> = opened(step).cloned().collect();
        if opened.len() != done.opened.len() {
            self.fail(&format!("opened {:?} where the walk opened {opened:?}", done.opened));
        }
        self.ids.extend(opened.into_iter().zip(done.opened));
    }

    /// What was opened while time passed.
    async fn learn(&mut self, world: &World, step: &Step) {
        if opened(step).next().is_none() {
            return;
        }
        let root = self.walked.family.matters().next().unwrap().id.clone();
        let mut tx = world.database.read().await.unwrap();
        let sql = "select matter_id from matter where root_id = $1 order by matter_id";
        let rows = tx.rows(sql, &[(&self.there(&root)).into()]).await.unwrap();
        let there = rows.iter().map(|row| row.get::<MatterId>(0).unwrap());
        let here = self.walked.family.matters().map(|matter| matter.id.clone());
        self.ids.extend(here.zip(there));
    }

    fn there(&self, id: &MatterId) -> MatterId {
        let there = self.ids.get(id);
        there.cloned().unwrap_or_else(|| self.fail(&format!("{id} was never opened there")))
    }

    fn fail(&self, what: &str) -> ! {
        let Walked { about, seed, .. } = &self.walked;
        panic!("walk {seed} about `{about}` on {:?}: {what}\n{}", self.engine, self.walked.trail());
    }

    /// Its family as stored, as replayed from the stored events and as the rules alone left it are one.
    async fn ended_alike(&self, world: &World) -> Family {
        let root = self.there(&self.walked.family.matters().next().unwrap().id);
        let mut tx = world.database.read().await.unwrap();
        let sql = "select body from matter_body where root_id = $1";
        let bodies = tx.rows(sql, &[(&root).into()]).await.unwrap();
        let vault = world.database.vault();
        let body =
            |row: &store::Row| matter_from_text(vault, &row.get::<String>(0).unwrap()).unwrap();
        let stored = Family::new(bodies.iter().map(body));
        let mut replayed = Family::default();
        for matter in stored.matters() {
            let sql = "select matter_id, number, at, user_id, unit_id, body from event
                        where matter_id = $1 order by number";
            for row in tx.rows(sql, &[(&matter.id).into()]).await.unwrap() {
                let (id, event) = stored_event(vault, &row);
                replayed.apply(&id, &event);
            }
        }
        if replayed != stored {
            self.fail("the stored events give another family than the one stored");
        }
        let matters: Vec<_> = self.walked.family.matters().collect();
        let mut text = serde_json::to_string(&matters).unwrap();
        for (here, there) in &self.ids {
            text = text.replace(here.as_str(), there.as_str());
        }
        let mut alone: Vec<procedure::Matter> = serde_json::from_str(&text).unwrap();
        for matter in &mut alone {
            // Numbers are given out by the store.
            let number = stored.get(&matter.id).map(|stored| stored.number.clone());
            matter.number = number.unwrap_or_else(|| self.fail("a matter is missing"));
        }
        if Family::new(alone) != stored {
            self.fail("the store holds another family than the rules alone give");
        }
        stored
    }
}

fn opened(step: &Step) -> impl Iterator<Item = &MatterId> {
    let new = step.events.iter().filter(|(_, event)| matches!(event.what, What::Opened(_)));
    new.map(|(id, _)| id)
}

/// The audit computes every read table of every procedure again; and whoever did an act, whatever the act
/// and the procedure, is given a receipt for it that holds. Only what an act opened for another unit is
/// that unit's alone.
async fn recorded(world: &World, rules: &Rules) {
    let audit = audit_all(&world.database, Against::rules(rules)).await.unwrap();
    assert_eq!(audit.findings, [], "on {:?}", world.database.engine());
    world.store.checkpoint().await.unwrap().unwrap();
    let mut tx = world.database.read().await.unwrap();
    let sql = "select e.matter_id, e.number, e.user_id, e.unit_id, m.procedure_id
                 from event e join matter m on m.matter_id = e.matter_id
                where e.what in ('opened', 'proposed', 'acted') and e.user_id is not null
                  and (e.what <> 'opened' or exists (
                    select 1 from matter_scope s
                     where s.unit_id = e.unit_id and s.matter_id = e.matter_id))
                order by e.matter_id, e.number";
    let rows = tx.rows(sql, &[]).await.unwrap();
    drop(tx);
    let mut receipted = BTreeSet::new();
    for row in &rows {
        let (matter, number): (MatterId, u32) = (row.get(0).unwrap(), row.get(1).unwrap());
        let (user, unit): (i64, i64) = (row.get(2).unwrap(), row.get(3).unwrap());
        let procedure: String = row.get(4).unwrap();
        let who = actor(user, unit, &[RoleName::Handler, RoleName::Leader, RoleName::Liaison]);
        let receipt = world.store.receipt(&world.scope(&who), &matter, number).await.unwrap();
        let receipt = receipt.unwrap_or_else(|| panic!("no receipt of {number} of {procedure}"));
        let ledger::Entry::Event(said) = &receipt.entry else { panic!("an event") };
        assert_eq!((said.sequence, said.procedure.as_str()), (number, procedure.as_str()));
        if receipted.insert((procedure, said.action.as_str().to_owned())) {
            let text = receipt.to_text().unwrap();
            let read = ledger::Receipt::parse(text.as_bytes()).unwrap();
            read.verify(&crate::ledger::keys()).unwrap();
        }
    }
    let acted = |procedure: &str| {
        receipted.iter().any(|(of, act)| of == procedure && act.starts_with("acted"))
    };
    for procedure in rules.procedures() {
        assert!(acted(&procedure.id), "nobody acted on {}", procedure.id);
    }
}

/// The rows of scope and obligations are those the families give.
async fn rows_follow(world: &World, families: &[Family]) {
    let mut tx = world.database.read().await.unwrap();
    let matters = || families.iter().flat_map(Family::matters);
    let scope: BTreeSet<(i64, String, String)> = matters()
        .flat_map(|matter| {
            let row =
                |unit: &UnitId| (unit.0, matter.procedure.clone(), matter.id.as_str().to_owned());
            matter.seen_by.iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    let rows = tx.rows("select unit_id, procedure_id, matter_id from matter_scope", &[]).await;
    let kept: BTreeSet<_> = rows
        .unwrap()
        .iter()
        .map(|row| (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap()))
        .collect();
    assert_eq!(kept, scope, "scope rows differ on {:?}", world.database.engine());

    let owed: BTreeMap<(String, i64), String> = matters()
        .flat_map(|matter| {
            let row = |owed: &procedure::matter::Obligation| {
                let key = (matter.id.as_str().to_owned(), i64::from(owed.number));
                (key, told(owed))
            };
            matter.obligations.iter().map(row).collect::<Vec<_>>()
        })
        .collect();
    let sql = "
        select matter_id, number, kind, nature, debtor_unit_id, creditor_unit_id, due_on, due_at,
               standing, is_open, is_running, provisional, suspended_on, met_at, lapsed_at, ended_at,
               urged_at
          from obligation";
    let rows = tx.rows(sql, &[]).await.unwrap();
    let kept: BTreeMap<_, _> = rows
        .iter()
        .map(|row| {
            let text = |at| row.get::<String>(at).unwrap();
            let number = |at| row.get::<i64>(at).unwrap();
            let moment = |at| row.get::<Option<i64>>(at).unwrap();
            let said = format!(
                "{} {} {}->{} {} {} {} {}{}{} {:?} {:?} {:?} {:?} {:?}",
                text(2),
                text(3),
                number(4),
                number(5),
                text(6),
                number(7),
                text(8),
                number(9),
                number(10),
                number(11),
                row.get::<Option<String>>(12).unwrap(),
                moment(13),
                moment(14),
                moment(15),
                moment(16),
            );
            ((text(0), number(1)), said)
        })
        .collect();
    assert_eq!(kept, owed, "obligation rows differ on {:?}", world.database.engine());
}

/// An obligation as its row should be.
fn told(owed: &procedure::matter::Obligation) -> String {
    let nature = match owed.nature {
        ObligationKind::Obligation => "obligation",
        ObligationKind::Period => "period",
    };
    let standing = match owed.standing() {
        Standing::Running => "running",
        Standing::Suspended => "suspended",
        Standing::Met => "met",
        Standing::MetLate => "met-late",
        Standing::Lapsed => "lapsed",
        Standing::Ended => "ended",
    };
    let moment = |at: Option<Timestamp>| at.map(Timestamp::as_microsecond);
    format!(
        "{} {nature} {}->{} {} {} {standing} {}{}{} {:?} {:?} {:?} {:?} {:?}",
        owed.kind,
        owed.debtor,
        owed.creditor,
        owed.due.date(),
        owed.ends_at().as_microsecond(),
        i64::from(owed.is_open()),
        i64::from(owed.is_running()),
        i64::from(owed.provisional),
        owed.suspended_on.map(|day| day.to_string()),
        moment(owed.met_at),
        moment(owed.lapsed_at),
        moment(owed.ended_at),
        moment(owed.urged_at),
    )
}
