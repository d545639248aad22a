//! Long work: one runner a job, a lease that runs out, an end that is whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::Words;
use jiff::SignedDuration;
use procedure::definition::RoleName;
use procedure::{UnitId, UserId};
use store::job::{
    ATTEMPTS_MAX, Asker, Claim, Hold, JOBS_LIVE_MAX, JobError, JobState, Jobs, NewJob, Report,
};
use store::journal::{AdminAct, AdminEntry, Target};
use store::password::Passwords;
use store::people::Authority;
use store::randomness::SystemRandomness;
use store::unit::ImportJob;
use store::{People, PeopleError};
use tokio::io::AsyncReadExt as _;

use crate::world::{PROCURATORATE, World, at, each_engine};

const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);

async fn people(world: &World) -> People {
    let randomness = Arc::new(SystemRandomness);
    let passwords = Passwords::cheap(randomness.clone()).unwrap();
    People::open(world.database.clone(), world.clock.clone(), randomness, passwords).await.unwrap()
}

/// Two processes on one database.
async fn runners(world: &World) -> (Jobs, Jobs) {
    let people = people(world).await;
    let jobs = |name: &str| Jobs::new(&world.store, &people, name.to_owned());
    (jobs("first"), jobs("second"))
}

fn export(user: i64) -> NewJob {
    let unit = Some(UnitId(PROCURATORATE));
    NewJob {
        kind: "matters".to_owned(),
        asker: Asker { user: UserId(user), unit, role: Some(RoleName::Handler) },
        language: "zh".to_owned(),
        asked: "{}".to_owned(),
    }
}

fn report(text: &str) -> Report {
    Report::of(Words::new(text, text)).count(Words::new("行", "rows"), 3)
}

fn entry() -> AdminEntry {
    AdminEntry {
        at: at("2026-03-02T09:00:00"),
        by: Authority::Person(UserId(31)),
        act: AdminAct::ListExported,
        target: Target::Platform,
        unit: Some(UnitId(PROCURATORATE)),
        detail: serde_json::json!({ "rows": 3 }),
    }
}

async fn written(jobs: &Jobs, claim: &Claim, bytes: &[u8]) -> store::job::Written {
    let mut file = jobs.place(claim, "台账.xlsx", "application/x-test").unwrap();
    tokio::fs::write(file.path(), bytes).await.unwrap();
    file.sha256 = "a".repeat(64);
    file.size_bytes = bytes.len() as u64;
    file
}

fn results(world: &World) -> usize {
    std::fs::read_dir(world.folder.join("files/results")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn of_two_runners_one_gets_the_job() {
    each_engine(async |world| {
        let (first, second) = runners(world).await;
        for _ in 0..8 {
            first.start(&export(31)).await.unwrap();
        }
        // All at once, again and again: no job is in two hands.
        let mut seen = BTreeSet::new();
        for _ in 0..8 {
            let (one, two) = tokio::join!(first.claim(), second.claim());
            for claim in [one.unwrap(), two.unwrap()].into_iter().flatten() {
                assert!(seen.insert(claim.job.id), "job {} was claimed twice", claim.job.id);
                assert_eq!((claim.job.state, claim.job.attempts), (JobState::Running, 1));
            }
        }
        assert_eq!(seen.len(), 8);
        assert!(first.claim().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_job_whose_runner_died_is_taken_up_again_and_only_then() {
    each_engine(async |world| {
        let (first, second) = runners(world).await;
        let id = first.start(&export(31)).await.unwrap();
        let dead = first.claim().await.unwrap().unwrap();
        assert_eq!(first.renew(&dead, 40, Some(100)).await.unwrap(), Hold::Held);
        world.clock.set("2026-03-02T09:00:50");
        assert!(second.claim().await.unwrap().is_none(), "its lease has not run out");
        first.renew(&dead, 50, Some(100)).await.unwrap();
        world.clock.set("2026-03-02T09:01:40");
        assert!(second.claim().await.unwrap().is_none(), "it was renewed");
        let begun = written(&first, &dead, b"half").await;
        std::mem::forget(begun); // A killed process removes nothing.
        assert_eq!(results(world), 1);

        world.clock.set("2026-03-02T09:02:00");
        let alive = second.claim().await.unwrap().unwrap();
        assert_eq!((alive.job.id, alive.job.attempts, alive.job.done), (id, 2, 0));
        assert_eq!(results(world), 0, "what was half written is gone");
        // The first comes to and finds that the job is no longer its own.
        assert_eq!(first.renew(&dead, 60, None).await.unwrap(), Hold::Lost);
        assert!(!first.fail(&dead, &report("too late")).await.unwrap());
        let late = written(&first, &dead, b"late").await;
        let rights = BTreeSet::new();
        let kept = Some((late, WEEK));
        assert!(!first.finish(&dead, &report("late"), &rights, kept, Some(entry())).await.unwrap());
        assert_eq!(results(world), 0);
        assert_eq!(world.number("select count(*) from admin_event").await, 0);

        let file = written(&second, &alive, b"whole").await;
        let rights = BTreeSet::from(["handler".to_owned()]);
        let kept = Some((file, WEEK));
        assert!(
            second.finish(&alive, &report("完成"), &rights, kept, Some(entry())).await.unwrap()
        );
        let done = second.fetch(UserId(31), id).await.unwrap().unwrap();
        assert_eq!((done.state, &done.rights), (JobState::Done, &rights));
        assert_eq!(done.report, Some(report("完成")));
        let mut bytes = Vec::new();
        let mut file = second.open(&done).await.unwrap().unwrap();
        file.read_to_end(&mut bytes).await.unwrap();
        assert_eq!(bytes, b"whole");
        assert_eq!(world.number("select count(*) from admin_event").await, 1);
        // Its own runner is not told to stop between the end and the word of it.
        assert_eq!(second.held(&alive).await.unwrap(), Hold::Held);

        world.clock.set("2026-03-09T09:02:00");
        assert!(second.open(&done).await.unwrap().is_none(), "its time is over");
        assert_eq!(second.sweep().await.unwrap(), 1);
        let gone = second.fetch(UserId(31), id).await.unwrap().unwrap();
        assert!(gone.file.is_some_and(|file| file.is_gone()));
        assert_eq!(results(world), 0);
        world.clock.set("2026-12-02T09:00:00");
        second.sweep().await.unwrap();
        assert!(second.fetch(UserId(31), id).await.unwrap().is_none(), "and is forgotten");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_brings_every_runner_down_is_given_up() {
    each_engine(async |world| {
        let (first, second) = runners(world).await;
        let id = first.start(&export(31)).await.unwrap();
        for minute in 0..ATTEMPTS_MAX {
            world.clock.set(&format!("2026-03-02T09:0{}:00", 2 * minute));
            assert_eq!(first.claim().await.unwrap().unwrap().job.id, id);
        }
        world.clock.set("2026-03-02T09:08:00");
        assert!(second.claim().await.unwrap().is_none());
        let over = first.fetch(UserId(31), id).await.unwrap().unwrap();
        assert_eq!(over.state, JobState::Failed);
        assert!(over.report.unwrap().words.zh.contains("3次中断"));
    })
    .await;
}

#[tokio::test]
async fn a_runner_that_is_asked_to_stop_puts_its_job_back() {
    each_engine(async |world| {
        let (first, second) = runners(world).await;
        let id = first.start(&export(31)).await.unwrap();
        let claim = first.claim().await.unwrap().unwrap();
        first.put_back(&claim).await.unwrap();
        assert_eq!(first.renew(&claim, 1, None).await.unwrap(), Hold::Lost);
        let next = second.claim().await.unwrap().unwrap();
        assert_eq!((next.job.id, next.job.attempts), (id, 1), "it does not count as an attempt");
        // Putting back what is another's does nothing.
        first.put_back(&claim).await.unwrap();
        assert_eq!(second.renew(&next, 1, None).await.unwrap(), Hold::Held);
    })
    .await;
}

#[tokio::test]
async fn whoever_asked_may_cancel_and_nobody_else() {
    each_engine(async |world| {
        let (first, _) = runners(world).await;
        let id = first.start(&export(31)).await.unwrap();
        let claim = first.claim().await.unwrap().unwrap();
        assert!(!first.cancel(UserId(32), id).await.unwrap());
        assert!(first.fetch(UserId(32), id).await.unwrap().is_none());
        assert_eq!(first.count_live(UserId(31)).await.unwrap(), 1);
        assert!(first.cancel(UserId(31), id).await.unwrap());
        assert!(!first.cancel(UserId(31), id).await.unwrap(), "once is enough");
        assert_eq!(first.renew(&claim, 1, None).await.unwrap(), Hold::Lost);
        let file = written(&first, &claim, b"whole").await;
        let kept = Some((file, WEEK));
        let none = BTreeSet::new();
        assert!(!first.finish(&claim, &report("x"), &none, kept, None).await.unwrap());
        assert_eq!(results(world), 0, "nothing of it can be downloaded");
        let over = first.fetch(UserId(31), id).await.unwrap().unwrap();
        assert_eq!((over.state, over.file), (JobState::Cancelled, None));
        assert!(!first.any_live().await.unwrap());
        world.clock.set("2026-03-02T10:00:00");
        assert!(first.claim().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn nobody_fills_the_house_with_work() {
    each_engine(async |world| {
        let (first, _) = runners(world).await;
        for _ in 0..JOBS_LIVE_MAX {
            first.start(&export(31)).await.unwrap();
        }
        let refused = first.start(&export(31)).await;
        assert!(matches!(refused, Err(JobError::TooMany { most: JOBS_LIVE_MAX })));
        first.start(&export(32)).await.unwrap();
        let page = first.list(UserId(31), None, 4).await.unwrap();
        assert!(page.is_sorted_by(|a, b| a.id > b.id) && page.len() == 4);
        let next = first.list(UserId(31), Some(page[3].id), 100).await.unwrap();
        assert_eq!(next.len(), 6);
    })
    .await;
}

const UNITS: &str = "code,name,short_name,side,level,division_code,parent_code,line,basis,aliases,note\n\
    G61030599,凤翔区测试局,凤翔区测试局,government,county,610305,U12,other,known,,\n";

/// Somebody who may import: rights are looked up by the account.
async fn administrator(world: &World) -> Authority {
    let sql = "insert into user_account (user_id, login_name, display_name, title, phone, kind,
                      password_hash, password_changed_at, must_change_password, active, version,
                      created_at)
               values (7, 'xitong', '钟系统', '', '', 'platform', '', 0, 0, 1, 1, 0)";
    world.execute(sql, &[]).await.unwrap();
    // The world gave its units their keys; the database's own come after them.
    if world.database.engine() == store::Engine::Postgres {
        world
            .execute("alter table unit alter column unit_id restart with 1000", &[])
            .await
            .unwrap();
    }
    let sql = "insert into platform_role (user_id, kind, role, granted_at)
               values (7, 'platform', 'system-administrator', 0)";
    world.execute(sql, &[]).await.unwrap();
    Authority::Person(UserId(7))
}

#[tokio::test]
async fn an_import_and_the_end_of_its_job_are_one() {
    each_engine(async |world| {
        let by = administrator(world).await;
        let people = people(world).await;
        let jobs = Jobs::new(&world.store, &people, "first".to_owned());
        let asker = Asker { user: UserId(7), unit: None, role: None };
        let import = NewJob { kind: "unit-import".to_owned(), asker, ..export(7) };
        let says = |done: store::unit::ImportDone| {
            report("导入").count(Words::new("新增", "new"), done.created as u64)
        };

        let right = people.right_of(asker).await.unwrap().unwrap();
        assert_eq!(right.roles(), BTreeSet::from(["system-administrator".to_owned()]));

        // Cancelled while the rows are being written: none of them is there.
        let preview = people.unit_import_preview(by, "u.csv", UNITS.as_bytes()).await.unwrap();
        assert_eq!(preview.plan.errors, []);
        let draft = preview.draft.unwrap();
        let id = jobs.start(&import).await.unwrap();
        let claim = jobs.claim().await.unwrap().unwrap();
        jobs.cancel(UserId(7), id).await.unwrap();
        let job = ImportJob { claim: &claim, report: &says };
        let lost = people.unit_import_as_job(by, draft, job).await;
        assert!(matches!(lost, Err(PeopleError::NotFound("claim"))), "{lost:?}");
        assert_eq!(world.number("select count(*) from unit where code = 'G61030599'").await, 0);

        // The preview is still there for another try.
        let id = jobs.start(&import).await.unwrap();
        let claim = jobs.claim().await.unwrap().unwrap();
        let job = ImportJob { claim: &claim, report: &says };
        people.unit_import_as_job(by, draft, job).await.unwrap();
        assert_eq!(world.number("select count(*) from unit where code = 'G61030599'").await, 1);
        let done = jobs.fetch(UserId(7), id).await.unwrap().unwrap();
        assert_eq!(done.state, JobState::Done);
        assert_eq!(done.report.unwrap().counts[1], (Words::new("新增", "new"), 1));
    })
    .await;
}

#[tokio::test]
async fn a_right_ends_with_the_post() {
    each_engine(async |world| {
        let people = people(world).await;
        let asker = export(31).asker;
        assert!(people.right_of(asker).await.unwrap().is_none(), "no such account");
        let sql = "insert into user_account (user_id, login_name, display_name, title, phone, kind,
                          password_hash, password_changed_at, must_change_password, active, version,
                          created_at)
                   values (31, 'jb', '李检', '', '', 'business', '', 0, 0, 1, 1, 0)";
        world.execute(sql, &[]).await.unwrap();
        assert!(people.right_of(asker).await.unwrap().is_none(), "no post");
        let sql = "insert into user_role (user_id, kind, unit_id, role, granted_at)
                   values (31, 'business', 3, 'handler', 0), (31, 'business', 3, 'clerk', 0)";
        world.execute(sql, &[]).await.unwrap();
        let right = people.right_of(asker).await.unwrap().unwrap();
        assert_eq!(right.roles(), BTreeSet::from(["handler".to_owned()]), "the one role chosen");
        let all = people.right_of(Asker { role: None, ..asker }).await.unwrap().unwrap();
        assert_eq!(all.roles().len(), 2);
        world.execute("update user_account set active = 0 where user_id = 31", &[]).await.unwrap();
        assert!(people.right_of(asker).await.unwrap().is_none(), "a closed account");
    })
    .await;
}
