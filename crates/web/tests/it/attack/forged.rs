//! Requests with more in them than a form has, and the keys of others.

use procedure::definition::RoleName;
use serde_json::json;

use crate::api::program::{PROCURATORATE, Program, problem};
use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, scope};
use crate::world::World;

/// What nobody sets by hand, by every name it might have.
const EXTRA: [(&str, &str); 24] = [
    ("state", "closed"),
    ("f.state", "closed"),
    ("holder", "J61030500"),
    ("f.holder", "J61030500"),
    ("number", "问题〔2026〕999号"),
    ("unit", "1"),
    ("unit_id", "1"),
    ("user", "1"),
    ("user_id", "1"),
    ("by", "1"),
    ("at", "2020-01-01T00:00:00Z"),
    ("now", "2020-01-01"),
    ("clock", "2020-01-01"),
    ("role", "leader"),
    ("roles", "leader"),
    ("party.admin", "J61030500"),
    ("party.intruder", "G61030507"),
    ("matter", "0190b6a0-0000-7000-8000-00000000000a"),
    ("matter_id", "0190b6a0-0000-7000-8000-00000000000a"),
    ("root", "0190b6a0-0000-7000-8000-00000000000a"),
    ("procedure", "suggestion"),
    ("seen_by", "1"),
    ("approved", "true"),
    ("f.__proto__", "x"),
];

#[tokio::test]
async fn fields_nobody_asked_for_set_nothing() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let mut fields = vec![
        ("title", "锅炉超标"),
        ("party.owner", BUREAU),
        ("party.supervisor", PROCURATORATE),
        ("f.place", "长青镇工业园"),
        ("f.division", "610305"),
        ("f.categories", "air"),
        ("f.severity", "serious"),
        ("f.source", "patrol"),
        ("f.discovered-on", "2026-03-02"),
        ("f.facts", "锅炉颗粒物排放超过标准。"),
        ("step", "confirm"),
    ];
    fields.extend(EXTRA);
    let answer = bureau.fill("/open/problem", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.html());
    let id =
        answer.location().trim_start_matches("/matters/").split('?').next().unwrap().to_owned();
    let sight = scope(&world, BUREAU, RoleName::Handler);
    let matter = world.store.matter_fetch(&sight, &id.parse().unwrap()).await.unwrap().unwrap();
    let matter = matter.seen.matter;
    assert_eq!(matter.number, "问题〔2026〕1号");
    assert_ne!(matter.state, "closed");
    assert_eq!(matter.procedure, "problem");
    assert!(
        matter
            .fields
            .keys()
            .all(|field| { !["state", "holder", "__proto__"].contains(&field.as_str()) })
    );
    let intruder = world.unit("G61030507");
    assert!(!matter.seen_by.contains(&intruder), "{:?}", matter.seen_by);
    let mut stranger = Browser::of(&world, "G61030507", RoleName::Handler).await;
    assert_eq!(stranger.get(&format!("/matters/{id}")).await.status, 404);

    // An act on another matter than the address says, a step that is not theirs to take.
    let other = world.problem(PROCURATORATE, "渗滤液外溢").await;
    let other = other.trim_start_matches("/matters/").to_owned();
    let before = world.store.matter_fetch(&sight, &other.parse().unwrap()).await.unwrap().unwrap();
    let address = format!("/matters/{id}/actions/record-progress");
    let mut fields =
        vec![("f.progress", "已清淤"), ("step", "confirm"), ("matter", other.as_str())];
    fields.extend(EXTRA);
    let answer = bureau.fill(&address, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.html());
    let untouched = world.store.matter_fetch(&sight, &other.parse().unwrap()).await.unwrap();
    assert_eq!(untouched.unwrap().seen.matter, before.seen.matter);
}

#[tokio::test]
async fn members_nobody_asked_for_set_nothing() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    for (name, value) in EXTRA {
        let mut body = problem(&world, "锅炉超标");
        if body.get(name).is_none() {
            body[name] = json!(value);
            let answer = bureau.post("/matters", body).await;
            assert!((400..500).contains(&answer.status), "{name}: {:#}", answer.body);
        }
        let mut body = problem(&world, "锅炉超标");
        body["input"][name] = json!(value);
        let answer = bureau.post("/matters", body).await;
        assert!((400..500).contains(&answer.status), "input.{name}: {:#}", answer.body);
    }
    assert!(bureau.get("/matters").await.well()["rows"].as_array().unwrap().is_empty());
    // Nor on one's own account, or as an administrator's form.
    let handler = world.person(BUREAU, RoleName::Handler);
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let fields = [("name", "x"), ("days", "30"), ("unit", "1"), ("user", "1"), ("role", "leader")];
    let answer = browser.send_form("/account/tokens", &fields).await;
    assert!(answer.status >= 400, "{}", answer.html());
    let posts = world.people.user_fetch(handler.user).await.unwrap().posts;
    assert_eq!(posts.len(), 1);
}

#[tokio::test]
async fn a_key_is_one_persons_and_stands_for_one_request() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let other = Program::of(&world, "G61030503", RoleName::Handler).await;
    let key = "the-same-key";
    let first = bureau.call("POST", "/matters").key(key).json(&problem(&world, "甲")).send().await;
    let first = first.well();
    // The same again acts once and says the same.
    let again = bureau.call("POST", "/matters").key(key).json(&problem(&world, "甲")).send().await;
    assert_eq!(again.well()["matter"], first["matter"]);
    // Another body under the key is refused.
    let changed =
        bureau.call("POST", "/matters").key(key).json(&problem(&world, "乙")).send().await;
    assert_eq!(changed.status, 409, "{:#}", changed.body);
    // Somebody else's key of the same name is another key: they learn nothing of the first.
    let theirs = other.call("POST", "/matters").key(key).json(&problem(&world, "甲")).send().await;
    let theirs = theirs.well();
    assert_ne!(theirs["matter"], first["matter"]);
    assert_eq!(other.get("/matters").await.well()["rows"].as_array().unwrap().len(), 1);
    // Keys that are none.
    for odd in ["", " ", "键", &"k".repeat(101), "a b"] {
        let call =
            bureau.call("POST", "/matters").header("idempotency-key", &web::session::escaped(odd));
        let answer = call.json(&problem(&world, "丙")).send().await;
        assert!(answer.status == 201 || (400..500).contains(&answer.status), "{odd:?}");
    }
}
