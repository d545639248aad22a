//! Drafts: saved, read, taken away; each person's own, each unit apart.

use procedure::definition::RoleName;
use serde_json::json;

use super::program::{BUREAU, Program};
use crate::world::World;

#[tokio::test]
async fn a_draft_is_saved_read_and_taken_away() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let leader = Program::of(&world, BUREAU, RoleName::Leader).await;
    let matter = bureau.open_problem("锅炉超标").await;
    let path = format!("/drafts/act.take-on-repair@{matter}");
    assert_eq!(bureau.get(&path).await.status, 404);
    let body = json!({ "input": { "repair-by": "not yet known", "repair-goal": "达标" } });
    let saved = bureau.call("PUT", &path).json(&body).send().await.well();
    assert_eq!(saved["input"], body["input"]);
    assert_eq!(bureau.get(&path).await.well(), saved);
    assert_eq!(bureau.get("/drafts").await.well()["rows"], json!([saved]));
    assert_eq!(leader.get(&path).await.status, 404, "each person's own");

    let opening = json!({
        "title": "新问题", "parties": { "owner": BUREAU },
        "input": { "categories": ["air"], "point": { "longitude": 107.39, "latitude": 34.52 } },
    });
    let saved = bureau.call("PUT", "/drafts/open.problem").json(&opening).send().await.well();
    assert_eq!(saved["parties"], json!({ "owner": [BUREAU] }));
    assert_eq!(saved["input"]["categories"], json!(["air"]));
    assert_eq!(saved["input"]["point"], "107.39,34.52");

    let put = |path: &str, body: serde_json::Value| {
        let (bureau, path) = (bureau.clone(), path.to_owned());
        async move { bureau.call("PUT", &path).json(&body).send().await }
    };
    let wrong = put(&path, json!({ "input": { "repair-bye": "x" }, "title": "x" })).await;
    assert_eq!((wrong.status, wrong.wrong_fields()), (422, vec!["title", "repair-bye"]));
    for nowhere in
        ["/drafts/act.none@{}", "/drafts/open.none", "/drafts/act.take-on-repair", "/drafts/x"]
    {
        let answer = put(&nowhere.replace("{}", &matter), json!({})).await;
        assert_eq!(answer.status, 404, "{nowhere}");
    }
    let words =
        put(&format!("/drafts/return@{matter}"), json!({ "input": { "reason": "不全" } })).await;
    assert_eq!(words.well()["input"]["reason"], "不全");
    let large = json!({ "input": { "repair-goal": "长".repeat(200_000) } });
    assert_eq!(put(&path, large).await.status, 413);

    assert_eq!(bureau.call("DELETE", &path).send().await.status, 204);
    assert_eq!(bureau.call("DELETE", &path).send().await.status, 404);
    // An act that takes effect takes its draft away.
    put(&path, json!({ "input": { "repair-by": "2026-06-30" } })).await.well();
    bureau.act(&matter, "take-on-repair", json!({ "repair-by": "2026-06-30" })).await.well();
    assert_eq!(bureau.get(&path).await.status, 404);
}
