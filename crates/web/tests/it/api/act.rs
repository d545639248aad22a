//! Acts: once however often they are sent, never on what has changed, never with input passed over.

use procedure::definition::RoleName;
use serde_json::{Value, json};

use super::program::{BUREAU, PROCURATORATE, Program, fresh_key, problem};
use crate::world::World;

const REPAIR: &str = "take-on-repair";

#[tokio::test]
async fn a_request_sent_twice_acts_once_and_is_answered_alike() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let (key, body) = (fresh_key(), problem(&world, "雍水河排污口"));
    let first = bureau.call("POST", "/matters").key(&key).json(&body).send().await;
    let second = bureau.call("POST", "/matters").key(&key).json(&body).send().await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(bureau.get("/matters").await.well()["rows"].as_array().unwrap().len(), 1);

    let matter = first.body["matter"].as_str().unwrap();
    let path = format!("/matters/{matter}/actions/{REPAIR}");
    let seen = bureau.matter(matter).await["version"].clone();
    let act = json!({ "input": { "repair-by": "2026-06-30" }, "seen": seen });
    let key = fresh_key();
    let first = bureau.call("POST", &path).key(&key).json(&act).send().await;
    let second = bureau.call("POST", &path).key(&key).json(&act).send().await;
    assert_eq!(first.well(), second.clone().well());
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.header("etag"), format!("\"{}\"", second.body["version"]));
    assert_eq!(bureau.matter(matter).await["version"], second.body["version"]);

    let other = bureau.call("POST", "/matters").key(&key).json(&body).send().await;
    assert_eq!(other.status, 409, "{:#}", other.body);
    assert_eq!(other.body["type"], "/api/v1/problems/conflict");
}

#[tokio::test]
async fn what_was_seen_before_somebody_else_acted_is_refused_and_kept() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let matter = bureau.open_problem("锅炉超标").await;
    let seen = bureau.matter(&matter).await["version"].clone();
    bureau.act(&matter, REPAIR, json!({ "repair-by": "2026-06-30" })).await.well();

    let path = format!("/matters/{matter}/actions/{REPAIR}");
    let act =
        json!({ "input": { "repair-by": "2026-07-31", "repair-goal": "达标" }, "seen": seen });
    let stale = bureau.post(&path, act).await;
    assert_eq!(stale.status, 409);
    assert_eq!(stale.body["why"], "stale");
    assert_eq!(stale.body["type"], "/api/v1/problems/stale");
    let draft = stale.body["draft"].as_str().unwrap();
    let kept = bureau.get(draft).await.well();
    assert_eq!(kept["input"], json!({ "repair-by": "2026-07-31", "repair-goal": "达标" }));

    // The same by a header, in the words of HTTP.
    let call = |tag: &str| {
        let body = json!({ "input": { "repair-by": "2026-07-31" } });
        bureau.call("POST", &path).key(&fresh_key()).header("if-match", tag).json(&body).send()
    };
    let outdated = call(&format!("\"{seen}\"")).await;
    assert_eq!((outdated.status, &outdated.body["why"]), (412, &json!("stale")));
    assert!(outdated.body["draft"].is_string());
    assert_eq!(call("W/\"7\"").await.status, 400);
    assert_eq!(call("*").await.status, 409, "no longer possible in this state");
    let nothing_seen = bureau.post(&path, json!({ "input": { "repair-by": "2026-07-31" } })).await;
    assert_eq!(nothing_seen.status, 428);
}

#[tokio::test]
async fn of_two_programs_at_the_same_instant_one_acts_and_the_other_keeps_its_draft() {
    let world = World::new("2026-03-02").await;
    let one = Program::of(&world, BUREAU, RoleName::Handler).await;
    let other = Program::of(&world, BUREAU, RoleName::Handler).await;
    for number in 1..=10 {
        let matter = one.open_problem(&format!("第{number}处")).await;
        let seen = one.matter(&matter).await["version"].clone();
        let path = format!("/matters/{matter}/actions/{REPAIR}");
        let body = |goal: &str| json!({ "input": { "repair-by": "2026-06-30", "repair-goal": goal }, "seen": seen });
        let both = tokio::join!(one.post(&path, body("甲")), other.post(&path, body("乙")));
        let (well, refused) = if both.0.status == 200 { both } else { (both.1, both.0) };
        assert_eq!((well.status, refused.status), (200, 409), "{:#}", refused.body);
        assert_eq!(refused.body["why"], "stale");
        assert!(refused.body["draft"].is_string());
        assert_eq!(one.matter(&matter).await["version"], well.body["version"]);
    }
}

#[tokio::test]
async fn the_version_may_stand_in_a_header() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let matter = bureau.open_problem("锅炉超标").await;
    let answer = bureau.get(&format!("/matters/{matter}")).await;
    let path = format!("/matters/{matter}/actions/{REPAIR}");
    let body = json!({ "input": { "repair-by": "2026-06-30" } });
    let tag = answer.header("etag").to_owned();
    let both = json!({ "input": {}, "seen": 99 });
    let both =
        bureau.call("POST", &path).key("a").header("if-match", &tag).json(&both).send().await;
    assert_eq!((both.status, both.wrong_fields()), (422, vec!["seen"]));
    let done =
        bureau.call("POST", &path).key("b").header("if-match", &tag).json(&body).send().await;
    assert_eq!(done.well()["state"], "in-repair");
}

#[tokio::test]
async fn nothing_of_a_body_is_passed_over() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let mut body = problem(&world, "锅炉超标");
    body["tilte"] = json!("x");
    body["input"]["severty"] = json!("serious");
    body["input"]["facts"] = json!(7);
    body["input"]["categories"] = json!("air");
    body["input"]["point"] = json!([107.39, 34.52]);
    body["parties"]["ovner"] = json!(BUREAU);
    let answer = bureau.post("/matters", body).await;
    assert_eq!(answer.status, 422);
    let mut fields = answer.wrong_fields();
    fields.sort_unstable();
    assert_eq!(fields, ["categories", "facts", "party.ovner", "point", "severty", "tilte"]);
    let said = |field: &str| {
        let errors = answer.body["errors"].as_array().unwrap();
        errors.iter().find(|one| one["field"] == field).unwrap()["detail"].as_str().unwrap()
    };
    assert!(said("severty").contains("severity"), "{}", said("severty"));
    assert!(said("tilte").contains("title"), "{}", said("tilte"));
    assert!(said("party.ovner").contains("owner"), "{}", said("party.ovner"));

    // What the rules say of single fields comes in the same shape, and the input is kept.
    let mut body = problem(&world, "锅炉超标");
    body["input"]["discovered-on"] = json!("2027-01-01");
    body["input"]["division"] = json!("999999");
    let answer = bureau.post("/matters", body).await;
    assert_eq!(answer.status, 422);
    let mut fields = answer.wrong_fields();
    fields.sort_unstable();
    assert_eq!(fields, ["discovered-on", "division"]);
    assert_eq!(answer.body["draft"], "/api/v1/drafts/open.problem");

    let unknown = json!({ "procedure": "problm", "title": "x", "input": {} });
    let unknown = bureau.post("/matters", unknown).await;
    assert_eq!(unknown.wrong_fields(), ["procedure"]);
    assert!(unknown.body["errors"][0]["detail"].as_str().unwrap().contains("problem"));
}

#[tokio::test]
async fn bodies_that_are_no_json_are_told_so() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let send = |kind: &'static str, body: &str| {
        let call = bureau.call("POST", "/matters").key("k").header("content-type", kind);
        call.body(body.as_bytes().to_vec()).send()
    };
    assert_eq!(send("application/json", "{\"procedure\": ").await.status, 400);
    assert_eq!(send("application/json", "[]").await.status, 400);
    let twice = send("application/json", "{\"title\": \"a\", \"title\": \"b\"}").await;
    assert_eq!(twice.status, 400);
    assert!(twice.body["detail"].as_str().unwrap().contains("title"), "{:#}", twice.body);
    assert_eq!(send("application/x-www-form-urlencoded", "title=a").await.status, 415);
    assert_eq!(send("application/json", &"[".repeat(100_000)).await.status, 400);
    let large = format!("{{\"title\": \"{}\"}}", "a".repeat(3 * 1024 * 1024));
    assert_eq!(send("application/json", &large).await.status, 413);
    let none = bureau.call("POST", "/matters").json(&problem(&world, "x")).send().await;
    assert_eq!(none.status, 400, "a key is needed: {:#}", none.body);
}

#[tokio::test]
async fn a_draft_is_approved_sent_back_and_taken_back() {
    let world = World::new("2026-03-02").await;
    let handler = Program::of(&world, BUREAU, RoleName::Handler).await;
    let leader = Program::of(&world, BUREAU, RoleName::Leader).await;
    let root = handler.open_problem("锅炉超标").await;
    let clue = json!({
        "procedure": "clue",
        "parent": root,
        "parties": { "receiver": { "id": world.unit(PROCURATORATE).0 } },
        "input": {
            "clue-source": option(&handler, "clue", "clue-source").await,
            "found-on": "2026-03-01",
            "field": option(&handler, "clue", "field").await,
            "harm": "大气污染",
            "place": "长青镇",
        },
    });
    let clue = handler.post("/matters", clue).await.well();
    let clue = clue["matter"].as_str().unwrap().to_owned();
    handler.act(&clue, "submit", json!({})).await.well();
    let proposal = handler.matter(&clue).await["proposal"].clone();
    assert_eq!(
        (&proposal["action"]["id"], &proposal["may_approve"]),
        (&json!("submit"), &json!(false))
    );

    assert_eq!(handler.answer(&clue, "approve", json!({})).await.status, 403);
    assert_eq!(leader.answer(&clue, "return", json!({})).await.wrong_fields(), ["reason"]);
    leader.answer(&clue, "return", json!({ "reason": "请补充证据清单。" })).await.well();
    assert_eq!(leader.answer(&clue, "approve", json!({})).await.status, 409);
    handler.act(&clue, "submit", json!({})).await.well();
    assert_eq!(leader.answer(&clue, "take-back", json!({})).await.status, 403);
    handler.answer(&clue, "take-back", json!({})).await.well();
    handler.act(&clue, "submit", json!({})).await.well();
    let done = leader.answer(&clue, "approve", json!({})).await.well();
    assert_eq!(done["state"], "submitted");

    // A refusal names the rule; what the procedure does not know is not there.
    let early = handler.act(&clue, "register", json!({ "officer": "张三" })).await;
    assert_eq!((early.status, &early.body["why"]), (403, &json!("party")));
    let unknown = handler.act(&clue, "no-such-act", json!({})).await;
    assert_eq!((unknown.status, &unknown.body["why"]), (404, &json!("unknown")));
}

async fn option(program: &Program<'_>, procedure: &str, field: &str) -> Value {
    let procedure = program.get(&format!("/procedures/{procedure}")).await.well();
    let fields = procedure["fields"].as_array().unwrap();
    let field = fields.iter().find(|one| one["id"] == field).unwrap();
    field["options"][0]["id"].clone()
}
