//! What was acknowledged is there after the process was killed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use procedure::MatterId;
use store::{ActError, Engine, StoreError};

use crate::act::consistent;
use crate::world::{Place, World, actor, each_engine, prosecutor, request};
use procedure::definition::RoleName;

/// Names the database in the process that is to be killed.
const DATABASE: &str = "LIANDONG_TEST_CRASH_DATABASE";
const CLIENTS: usize = 200;
const ROUNDS: usize = 20;

/// Not a test by itself: what the killed process does. Every line it prints is one acknowledged act.
#[test]
#[ignore = "run by the test below in a process of its own"]
fn acts_until_it_is_killed() {
    let url = std::env::var(DATABASE).unwrap();
    let folder = std::path::PathBuf::from(&url).parent().unwrap().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new(&url, &folder).await;
        let root = world.trouble("渭河异味").await.matter;
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..CLIENTS {
            let (store, root) = (world.store.clone(), root.clone());
            clients.spawn(async move {
                for n in 0.. {
                    let place = format!("{client}-{n}");
                    let act = request(&root, None, "note", &[("place", &place)]);
                    let done = store.act(&prosecutor(), act, None).await.unwrap();
                    println!("done {root} {} {place}", done.events);
                }
            });
        }
        while clients.join_next().await.is_some() {}
    });
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed() {
    let place = Place::new(Engine::Sqlite).await.unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "crash::acts_until_it_is_killed"])
            .env(DATABASE, &place.url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut done = 0;
        for line in lines {
            let Ok(line) = line else { break };
            let Some(act) = line.rsplit_once("done ").map(|(_, act)| act.to_owned()) else {
                continue;
            };
            acknowledged.push(act);
            done += 1;
            if done == 20 + 7 * round {
                // The rest of what it printed before it died counts too: it is read to the end.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(done > 0, "round {round} never acted");
    }
    let world = World::new(&place.url, &place.folder).await;
    consistent(&world).await;
    let mut tx = world.database.read().await.unwrap();
    for act in &acknowledged {
        let mut parts = act.splitn(3, ' ');
        let matter: MatterId = parts.next().unwrap().parse().unwrap();
        let number: i64 = parts.next().unwrap().parse().unwrap();
        // The last line may be cut off.
        let Some(place) = parts.next() else { continue };
        let sql = "select body from event where matter_id = $1 and number = $2";
        let body: Option<String> = tx.one(sql, &[(&matter).into(), number.into()]).await.unwrap();
        assert!(body.is_some_and(|body| body.contains(place)), "lost: {act}");
    }
    drop(tx);
    world.store.close().await;
    drop(world);
    place.remove().await;
}

#[tokio::test]
async fn a_command_that_breaks_something_harms_no_other() {
    each_engine(async |world| {
        // The directory still knows a unit the database no longer has.
        world.execute("delete from unit where unit_id = 21", &[]).await.unwrap();
        let nobody = actor(9, 21, &[RoleName::Handler]);
        let root = world.trouble("渭河异味").await;
        let who = prosecutor();
        let broken = world.open("trouble", None, "无此单位", &nobody, &[], &[]);
        let (one, two, other) = tokio::join!(
            world.act(&who, &root.matter, "note", &[("place", "桥下")]),
            broken,
            world.act(&who, &root.matter, "note", &[("place", "桥上")]),
        );
        one.unwrap();
        other.unwrap();
        let error = two.unwrap_err();
        let foreign = matches!(&error, ActError::Store(StoreError::Constraint(name))
            if *name == store::ConstraintName::FOREIGN_KEY);
        assert!(foreign, "{error:?}");
        assert_eq!(world.number("select count(*) from matter").await, 1);
        consistent(world).await;
        assert_eq!(world.trouble("千河").await.number, "问题〔2026〕2号", "no number is lost");
    })
    .await;
}
