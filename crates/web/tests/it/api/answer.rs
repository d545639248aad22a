//! Errors, languages, the law.

use procedure::definition::RoleName;
use serde_json::json;

use super::program::{BUREAU, Program};
use crate::world::World;

#[tokio::test]
async fn every_error_is_a_problem_in_the_language_asked_for() {
    let world = World::new("2026-03-02").await;
    let english = Program::of(&world, BUREAU, RoleName::Handler).await;
    let chinese = Program { language: "zh-CN,zh;q=0.9,en;q=0.5", ..english.clone() };
    let told = english.get("/no-such-thing").await;
    assert_eq!((told.status, told.header("content-type")), (404, "application/problem+json"));
    assert_eq!(told.body["title"], "Not found");
    assert_eq!(told.header("content-language"), "en");
    let told = chinese.get("/matters/none").await;
    assert_eq!((told.status, &told.body["title"]), (404, &json!("没有找到")));
    assert_eq!(told.header("content-language"), "zh-CN");

    let told = english.call("PATCH", "/matters").send().await;
    assert_eq!(told.status, 405);
    assert!(told.header("allow").contains("POST"), "{:?}", told.headers);
    assert_eq!(told.body["type"], "/api/v1/problems/method");
    for kind in english.get("/problems").await.well().as_array().unwrap() {
        let one = english.get(kind["type"].as_str().unwrap()).await.well();
        assert_eq!(one, *kind);
    }
}

#[tokio::test]
async fn a_period_is_counted_as_the_command_line_counts_it() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let asked =
        bureau.get("/deadlines?limit=suggestion-reply-ordinary&from=2024-08-02").await.well();
    let body = json!({ "limit": "suggestion-reply-ordinary", "from": "2024-08-02" });
    let sent = bureau.call("POST", "/deadlines").json(&body).send().await.well();
    assert_eq!(asked, sent);
    assert_eq!(asked["due"], "2024-10-08");
    let (law, calendar) = calendar::embedded().unwrap();
    let day = "2024-08-02".parse().unwrap();
    let version = law.version_on("suggestion-reply-ordinary", day).unwrap();
    let counted = calendar::Counted::from_trigger(version, calendar::Trigger::Day(day));
    let deadline = calendar.deadline(&counted).unwrap();
    assert_eq!(asked, serde_json::to_value(&deadline).unwrap(), "the JSON of `liandong deadline`");

    let hours =
        bureau.get("/deadlines?limit=transfer-deliver-24h&from=2026-09-30T16:30").await.well();
    assert_eq!(hours["due"], "2026-10-01T16:30:00+08:00");
    let excluded = "limit=pil-review-admin&from=2026-05-11&exclude=2026-05-20..2026-06-30";
    let excluded = bureau.get(&format!("/deadlines?{excluded}")).await.well();
    assert_eq!(excluded["due"], "2026-07-22");
    let body = json!({
        "limit": "pil-review-admin", "from": "2026-05-11",
        "exclude": [{ "from": "2026-05-20", "until": "2026-06-30" }],
    });
    let sent = bureau.call("POST", "/deadlines").json(&body).send().await.well();
    assert_eq!(sent["due"], "2026-07-22");
    let extended =
        bureau.get("/deadlines?limit=pil-review-admin&from=2024-10-08&extend=1").await.well();
    assert_eq!(extended["due"], "2024-12-09");

    let wrong = |query: &str| {
        let (bureau, path) = (bureau.clone(), format!("/deadlines?{query}"));
        async move {
            let answer = bureau.get(&path).await;
            assert_eq!(answer.status, 422, "{path} {:#}", answer.body);
            let detail = answer.body["errors"][0]["detail"].as_str().unwrap().to_owned();
            (answer.wrong_fields().join(" "), detail)
        }
    };
    let (field, words) = wrong("limit=suggestion-replay-ordinary&from=2024-08-02").await;
    assert!(field == "limit" && words.contains("suggestion-reply-ordinary"), "{words}");
    assert_eq!(wrong("limit=suggestion-reply-ordinary&from=2024-02-30").await.0, "from");
    assert_eq!(wrong("limit=suggestion-reply-ordinary&from=20240802").await.0, "from");
    assert_eq!(wrong("limit=transfer-deliver-24h&from=2026-09-30").await.0, "from");
    let (field, words) = wrong("limit=suggestion-reply-ordinary&from=2018-02-27").await;
    assert!(field == "limit" && words.contains("suggestion-reply-pilot"), "{words}");
    assert_eq!(
        wrong("limit=pil-review-admin&from=2026-05-11&exclude=2026-05-20").await.0,
        "exclude"
    );
    assert_eq!(wrong("limit=suggestion-serve&from=2026-05-11&extend=2").await.0, "extend");
}

#[tokio::test]
async fn procedures_and_limits_are_there_in_both_languages() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    for row in bureau.get("/procedures").await.well().as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        let procedure = bureau.get(&format!("/procedures/{id}")).await.well();
        assert_eq!(procedure["name"], row["name"]);
        let english = bureau.get(&format!("/procedures/{id}/chart.svg?lang=en")).await;
        let chinese = bureau.get(&format!("/procedures/{id}/chart.svg?lang=zh")).await;
        assert_eq!(english.header("content-type"), "image/svg+xml");
        assert!(english.bytes.starts_with(b"<svg") && english.bytes != chinese.bytes);
    }
    assert_eq!(bureau.get("/procedures/none").await.status, 404);
    let limits = bureau.get("/limits").await.well();
    assert!(limits.as_array().unwrap().len() > 50);
    let one = bureau.get("/limits/suggestion-reply-ordinary").await.well();
    assert!(one["versions"][0]["period"]["zh"].as_str().unwrap().contains("个月"));
    assert_eq!(bureau.get("/limits/none").await.status, 404);
}
