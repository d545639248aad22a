//! Who may go where: every operation × every kind of asker. One nobody listed fails.

use std::collections::BTreeSet;

use procedure::definition::RoleName;
use serde_json::{Value, json};
use store::people::PeopleRefusal;

use super::program::{BUREAU, Program, fresh_key};
use crate::routes::sources;
use crate::world::World;

/// Method, address, and what is answered to: nobody; the handler of a party; the leader of a party; the
/// handler of a unit that has no part in the matter. The request is well formed, its act is not
/// possible: whoever gets 404, 409 or 422 has come as far as that.
const ROUTES: &[(&str, &str, [u16; 4])] = &[
    ("GET", "/api/openapi.json", [200, 200, 200, 200]),
    ("GET", "/api/v1/problems", [200, 200, 200, 200]),
    ("GET", "/api/v1/problems/{problem}", [200, 200, 200, 200]),
    ("GET", "/api/v1/me", [401, 200, 200, 200]),
    ("GET", "/api/v1/sessions", [401, 200, 200, 200]),
    ("DELETE", "/api/v1/sessions/{session}", [401, 404, 404, 404]),
    ("GET", "/api/v1/units", [401, 200, 200, 200]),
    ("GET", "/api/v1/units/{unit}", [401, 200, 200, 200]),
    ("GET", "/api/v1/divisions", [401, 200, 200, 200]),
    ("GET", "/api/v1/procedures", [401, 200, 200, 200]),
    ("GET", "/api/v1/procedures/{procedure}", [401, 200, 200, 200]),
    ("GET", "/api/v1/procedures/{procedure}/chart.svg", [401, 200, 200, 200]),
    ("GET", "/api/v1/limits", [401, 200, 200, 200]),
    ("GET", "/api/v1/limits/{limit}", [401, 200, 200, 200]),
    ("GET", "/api/v1/deadlines", [401, 200, 200, 200]),
    ("POST", "/api/v1/deadlines", [401, 200, 200, 200]),
    ("GET", "/api/v1/matters", [401, 200, 200, 200]),
    // Problems are registered by handlers.
    ("POST", "/api/v1/matters", [401, 201, 403, 201]),
    ("GET", "/api/v1/matters/{matter}", [401, 200, 200, 404]),
    ("GET", "/api/v1/matters/{matter}/events", [401, 200, 200, 404]),
    ("GET", "/api/v1/matters/{matter}/access", [401, 200, 200, 404]),
    // The action is for handlers of the owner.
    ("POST", "/api/v1/matters/{matter}/actions/{action}", [401, 422, 403, 404]),
    ("POST", "/api/v1/matters/{matter}/proposal/approve", [401, 409, 409, 404]),
    ("POST", "/api/v1/matters/{matter}/proposal/return", [401, 409, 409, 404]),
    ("POST", "/api/v1/matters/{matter}/proposal/take-back", [401, 409, 409, 404]),
    ("POST", "/api/v1/matters/{matter}/obligations/{number}/urge", [401, 404, 404, 404]),
    ("GET", "/api/v1/obligations", [401, 200, 200, 200]),
    ("GET", "/api/v1/counters", [401, 200, 200, 200]),
    ("GET", "/api/v1/drafts", [401, 200, 200, 200]),
    ("PUT", "/api/v1/drafts/{draft}", [401, 200, 200, 404]),
    ("GET", "/api/v1/drafts/{draft}", [401, 200, 200, 404]),
    ("DELETE", "/api/v1/drafts/{draft}", [401, 204, 204, 404]),
    ("POST", "/api/v1/attachments", [401, 201, 201, 201]),
    ("POST", "/api/v1/attachments/uploads", [401, 201, 201, 201]),
    // Nobody has such a file on its way, nor such a piece of work.
    ("GET", "/api/v1/attachments/uploads/{upload}", [401, 404, 404, 404]),
    ("PATCH", "/api/v1/attachments/uploads/{upload}", [401, 404, 404, 404]),
    ("DELETE", "/api/v1/attachments/uploads/{upload}", [401, 404, 404, 404]),
    ("POST", "/api/v1/exports", [401, 201, 201, 201]),
    ("GET", "/api/v1/jobs", [401, 200, 200, 200]),
    ("GET", "/api/v1/jobs/{job}", [401, 404, 404, 404]),
    ("GET", "/api/v1/jobs/{job}/result", [401, 404, 404, 404]),
    ("DELETE", "/api/v1/jobs/{job}", [401, 404, 404, 404]),
    // Only the bureau's own people sent the file that is asked for.
    ("GET", "/api/v1/attachments/{sha256}", [401, 200, 200, 404]),
    ("GET", "/api/v1/matters/{matter}/receipts/{event}", [401, 200, 200, 404]),
    ("POST", "/api/v1/matters/{matter}/export", [401, 201, 201, 404]),
    // What a witness needs says nothing of any matter.
    ("GET", "/api/v1/ledger/keys", [200, 200, 200, 200]),
    ("GET", "/api/v1/ledger/checkpoint", [200, 200, 200, 200]),
    ("GET", "/api/v1/ledger/shown", [200, 200, 200, 200]),
    ("POST", "/api/v1/ledger/cosignatures", [415, 415, 415, 415]),
];

/// Method, address, and what is answered without a token.
pub fn listed() -> impl Iterator<Item = (&'static str, &'static str, u16)> {
    ROUTES.iter().map(|(method, path, [nobody, ..])| (*method, *path, *nobody))
}

#[test]
fn every_operation_is_in_the_table() {
    let listed: BTreeSet<(String, &str)> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), *path)).collect();
    assert_eq!(listed, web::api::addresses().into_iter().collect());
}

#[tokio::test]
async fn each_asker_comes_as_far_as_the_table_says() {
    let world = World::new("2026-03-02").await;
    let askers = [
        Program::without_token(&world),
        Program::of(&world, BUREAU, RoleName::Handler).await,
        Program::of(&world, BUREAU, RoleName::Leader).await,
        Program::of(&world, "G61030507", RoleName::Handler).await,
    ];
    let matter = askers[1].open_problem("锅炉超标").await;
    let bytes = b"\x89PNG\r\n\x1a\n of the bureau";
    let sent = askers[1].call("POST", "/attachments").header("x-file-name", "a.png");
    let sha256 =
        sent.body(bytes.to_vec()).send().await.well()["sha256"].as_str().unwrap().to_owned();
    for (method, path, expected) in ROUTES {
        let seen = askers[1].matter(&matter).await["version"].clone();
        for (asker, expected) in askers.iter().zip(expected) {
            let address = path
                .replace("{problem}", "stale")
                .replace("{unit}", BUREAU)
                .replace("{procedure}", "problem")
                .replace("{limit}", "suggestion-reply-ordinary")
                .replace("{action}", "take-on-repair")
                .replace("{number}", "99")
                .replace("{draft}", &format!("act.take-on-repair@{matter}"))
                .replace("{sha256}", &sha256)
                .replace("{upload}", &"0".repeat(64))
                .replace("{job}", "999999")
                .replace("{session}", "999999")
                .replace("{event}", "1")
                .replace("{matter}", &matter);
            let query = match *path {
                "/api/v1/deadlines" if *method == "GET" => {
                    "?limit=suggestion-reply-ordinary&from=2026-03-02"
                }
                "/api/v1/divisions" => "?parent=610300",
                "/api/v1/obligations" => "?of=us",
                _ => "",
            };
            let call = asker.call(method, &format!("{address}{query}")).key(&fresh_key());
            let call = match body(path, &world, &seen) {
                _ if matches!(*method, "GET" | "DELETE") => call,
                None if path.ends_with("/uploads") => {
                    call.header("upload-length", "9").header("upload-metadata", "filename YS5wbmc=")
                }
                None if *method == "PATCH" => call
                    .header("upload-offset", "0")
                    .header("content-type", "application/offset+octet-stream")
                    .body(b"x".to_vec()),
                Some(body) => call.json(&body),
                None => call.header("x-file-name", "b.png").body(b"\x89PNG\r\n\x1a\n".to_vec()),
            };
            let answer = call.send().await;
            assert_eq!(answer.status, *expected, "{method} {path}: {:#}", answer.body);
        }
    }
}

/// What is sent to an address; nothing for the bytes of a file.
fn body(path: &str, world: &World, seen: &Value) -> Option<Value> {
    match path {
        path if path.starts_with("/api/v1/attachments") => None,
        "/api/v1/exports" => Some(json!({ "list": "liaisons" })),
        "/api/v1/matters" => Some(super::program::problem(world, "雍水河排污口")),
        "/api/v1/deadlines" => {
            Some(json!({ "limit": "suggestion-reply-ordinary", "from": "2026-03-02" }))
        }
        "/api/v1/drafts/{draft}" => Some(json!({ "input": { "repair-goal": "达标" } })),
        path if path.ends_with("/return") => Some(json!({ "reason": "不全", "seen": seen })),
        path if path.ends_with("/urge") => Some(json!({ "words": "请办理", "seen": seen })),
        path if path.ends_with("/{action}") => Some(json!({ "input": {}, "seen": seen })),
        _ => Some(json!({ "seen": seen })),
    }
}

#[tokio::test]
async fn administrators_have_no_tokens_for_matters() {
    let world = World::new("2026-03-02").await;
    for login in ["xitong", "anquan", "shenji"] {
        let user = world.people.user_by_login(login).await.unwrap().person.id;
        let made = world.people.api_token_create(user, world.unit(BUREAU), "test", 1).await;
        let refused = made.expect_err(login);
        assert!(
            matches!(refused, store::PeopleError::Refused(PeopleRefusal::NotYourPost)),
            "{refused:?}"
        );
    }
}

#[test]
fn every_key_the_api_names_has_words_and_none_stands_unused() {
    let code: String = sources("rs").into_iter().map(|(_, text)| text).collect();
    let named: BTreeSet<&str> = code
        .split('"')
        .filter(|text| text.starts_with("api.") && !text.contains(['{', ' ', ':']))
        .collect();
    let missing: Vec<_> = named.iter().filter(|key| !web::message::is_known(key)).collect();
    assert!(missing.is_empty(), "no words: {missing:?}");
    // Sections whose keys are put together are held against what there is by the tests beside them.
    let file: toml::Table = include_str!("../../../messages/zh.toml").parse().unwrap();
    let api = file["api"].as_table().unwrap();
    let unused: Vec<_> = api
        .iter()
        .filter(|(_, words)| words.is_str())
        .map(|(key, _)| format!("api.{key}"))
        .filter(|key| !named.contains(key.as_str()))
        .collect();
    assert!(unused.is_empty(), "nobody says these: {unused:?}");
}
