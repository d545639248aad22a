//! Who may know what: tokens, scope, masks.

use procedure::definition::RoleName;
use serde_json::{Value, json};

use super::program::{BUREAU, PROCURATORATE, Program, fresh_key};
use crate::world::World;

/// A unit that has no part in anything here.
const STRANGER: &str = "G61030507";
const NOBODY: &str = "0190b6a0-0000-7000-8000-00000000000a";

#[tokio::test]
async fn only_a_good_token_opens_the_door() {
    let world = World::new("2026-03-02").await;
    let nobody = Program::without_token(&world);
    let answer = nobody.get("/me").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"liandong\"");
    let wrong = Program { token: "ld_0000".to_owned(), ..nobody.clone() };
    let answer = wrong.get("/me").await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").contains("invalid_token"));

    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let me = bureau.get("/me").await.well();
    assert_eq!((&me["unit"]["code"], &me["roles"][0]["id"]), (&json!(BUREAU), &json!("handler")));
    let by = store::Authority::Person(world.person(BUREAU, RoleName::Handler).user);
    world.people.api_token_revoke(by, me["token"].as_i64().unwrap()).await.unwrap();
    assert_eq!(bureau.get("/me").await.status, 401);

    // A session of the pages is none here.
    let cookie = nobody.call("GET", "/me").header("cookie", "liandong=0000").send().await;
    assert_eq!(cookie.status, 401);
}

#[tokio::test]
async fn what_is_out_of_scope_looks_exactly_like_what_does_not_exist() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let stranger = Program::of(&world, STRANGER, RoleName::Handler).await;
    let hidden = bureau.open_problem("锅炉超标").await;
    let body = json!({ "input": {}, "seen": 1, "reason": "x", "words": "x" });
    let gets = [
        "/matters/{}",
        "/matters/{}/events",
        "/matters/{}/access",
        "/drafts/act.take-on-repair@{}",
    ];
    let posts = [
        "/matters/{}/actions/take-on-repair",
        "/matters/{}/actions/no-such-act",
        "/matters/{}/proposal/approve",
        "/matters/{}/proposal/return",
        "/matters/{}/proposal/take-back",
        "/matters/{}/obligations/1/urge",
    ];
    for path in gets {
        alike(&stranger, "GET", path, &hidden, &Value::Null).await;
    }
    for path in posts {
        alike(&stranger, "POST", path, &hidden, &body).await;
    }
    alike(&stranger, "PUT", "/drafts/act.take-on-repair@{}", &hidden, &json!({ "input": {} }))
        .await;
    let under = |parent: &str| {
        let body = json!({
            "procedure": "clue", "parent": parent, "input": {}, "parties": { "receiver": PROCURATORATE },
        });
        let stranger = &stranger;
        async move { stranger.post("/matters", body).await }
    };
    let (there, not_there) = (under(&hidden).await, under(NOBODY).await);
    assert_eq!((there.status, &there.body), (422, &not_there.body));
    assert_eq!(there.wrong_fields(), ["parent"]);
    assert!(stranger.get("/matters").await.well()["rows"].as_array().unwrap().is_empty());
}

async fn alike(
    program: &Program<'_>,
    method: &'static str,
    path: &str,
    hidden: &str,
    body: &Value,
) {
    let ask = |id: &str| {
        let call = program.call(method, &path.replace("{}", id)).key(&fresh_key());
        if body.is_null() { call.send() } else { call.json(body).send() }
    };
    let (there, not_there) = (ask(hidden).await, ask(NOBODY).await);
    assert_eq!(there.status, 404, "{method} {path}: {:#}", there.body);
    assert_eq!(there.bytes, not_there.bytes, "{method} {path}");
    assert_eq!(there.headers, not_there.headers, "{method} {path}");
}

#[tokio::test]
async fn what_one_may_not_read_says_only_that_it_is_there() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let leader = Program::of(&world, BUREAU, RoleName::Leader).await;
    let prosecutor = Program::of(&world, PROCURATORATE, RoleName::Handler).await;
    let root = bureau.open_problem("锅炉超标").await;
    let procedure = bureau.get("/procedures/clue").await.well();
    let given = json!({
        "informant": "王某", "informant-contact": "029-00000000", "found-on": "2026-03-01",
    });
    let input = super::program::filled(&world, &procedure, "open", given);
    let clue = json!({
        "procedure": "clue", "parent": root, "parties": { "receiver": PROCURATORATE }, "input": input,
    });
    let clue = bureau.post("/matters", clue).await.well();
    let clue = clue["matter"].as_str().unwrap().to_owned();
    bureau.act(&clue, "submit", json!({})).await.well();
    leader.approve(&clue).await;

    let ours = bureau.matter(&clue).await;
    assert_eq!(ours["fields"]["informant"]["value"], "王某");
    let theirs = prosecutor.matter(&clue).await;
    assert_eq!(theirs["fields"]["informant"], json!({ "masked": true }));
    assert!(theirs["fields"]["harm"]["value"].is_string());
    let events = prosecutor.get(&format!("/matters/{clue}/events")).await;
    assert!(!String::from_utf8_lossy(&events.bytes).contains("王某"));
    let opened = &events.body["rows"][0];
    assert_eq!(opened["input"]["informant"], json!({ "masked": true }));

    // Who read it is told to those who may read it or wrote it, and to nobody else.
    let known = bureau.get(&format!("/matters/{clue}/access?limit=1")).await.well();
    let reading = &known["rows"][0];
    // What one did on a day stands together.
    assert_eq!((&reading["kind"], &reading["times"]), (&json!("read"), &json!(2)), "{known:#}");
    assert!(known["next"].is_null(), "{known:#}");
    assert_eq!(reading["fields"][0]["id"], "informant", "{known:#}");
    assert!(reading["by"]["name"].is_string() && reading["at"].is_string(), "{known:#}");
    let unknown = prosecutor.get(&format!("/matters/{clue}/access")).await.well();
    let told = unknown["rows"].to_string();
    assert!(!told.contains("\"informant\""), "{told}");

    // Whoever read it stands in the journal of access.
    let mut tx = world.store.read().await.unwrap();
    let rows = tx.rows("select fields from access_event order by fields", &[]).await.unwrap();
    let fields: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    assert!(fields.iter().any(|one| one.contains("informant")), "{fields:?}");
}
