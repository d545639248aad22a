//! Lists as files, made in the background, and files that come in pieces.

use procedure::definition::RoleName;
use serde_json::json;

use super::program::{BUREAU, PROCURATORATE, Program};
use crate::world::World;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

#[tokio::test]
async fn a_list_is_exported_looked_after_and_fetched() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    bureau.open_problem("锅炉超标").await;
    let body = json!({ "list": "matters", "procedure": "problem",
                       "filter": { "q": "锅炉" }, "columns": ["number", "state"] });
    let begun = bureau.post("/exports", body).await;
    let address = begun.header("location").to_owned();
    let job = begun.well();
    assert_eq!((&job["state"], job.get("result")), (&json!("waiting"), None));
    let stranger = Program::of(&world, PROCURATORATE, RoleName::Handler).await;
    assert_eq!(stranger.get(&address).await.status, 404);
    assert_eq!(bureau.get(&format!("{address}/result")).await.status, 404);
    web::job::run_waiting(&world.house).await.unwrap();
    let job = bureau.get(&address).await.well();
    assert_eq!(job["state"], "done", "{job:#}");
    let result = job["result"]["address"].as_str().unwrap();
    let file = bureau.get(result).await;
    assert_eq!((file.status, &file.bytes[..2]), (200, &b"PK"[..]));
    assert_eq!(job["result"]["size_bytes"], file.bytes.len());
    assert_eq!(stranger.get(result).await.status, 404);
    assert_eq!(bureau.get("/jobs").await.well()["rows"].as_array().unwrap().len(), 1);
    assert_eq!(bureau.call("DELETE", &address).send().await.status, 409, "it is over");

    let cancelled = bureau.post("/exports", json!({ "list": "liaisons" })).await;
    let address = cancelled.header("location").to_owned();
    for _ in 0..2 {
        assert_eq!(bureau.call("DELETE", &address).send().await.status, 204);
    }
    let wrong = json!({ "list": "matters", "procedure": "problm",
                        "filter": { "stat": "open", "q": 1 }, "columns": [1] });
    let refused = bureau.post("/exports", wrong).await;
    assert_eq!(refused.wrong_fields(), ["q", "stat", "columns", "procedure"], "{:#}", refused.body);
    assert_eq!(bureau.post("/exports", json!({ "list": "units" })).await.wrong_fields(), ["list"]);
}

#[tokio::test]
async fn a_file_comes_in_pieces() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let size = PICTURE.len().to_string();
    let begun = bureau
        .call("POST", "/attachments/uploads")
        .header("upload-length", &size)
        .header("upload-metadata", "filename 546w5Zy6LnBuZw==")
        .send()
        .await;
    let address = begun.header("location").to_owned();
    assert_eq!((begun.status, &begun.body["offset_bytes"]), (201, &json!(0)));
    let piece = |at: usize, bytes: &[u8]| {
        bureau
            .call("PATCH", &address)
            .header("content-type", "application/offset+octet-stream")
            .header("upload-offset", &at.to_string())
            .body(bytes.to_vec())
            .send()
    };
    let first = piece(0, &PICTURE[..9]).await;
    assert_eq!((first.status, first.header("upload-offset")), (204, "9"));
    assert_eq!(piece(3, &PICTURE[3..]).await.status, 409);
    assert_eq!(bureau.get(&address).await.header("upload-offset"), "9");
    let last = piece(9, &PICTURE[9..]).await;
    assert_eq!(last.status, 204);
    let file = bureau.get(last.header("location")).await;
    assert_eq!((file.status, file.bytes.as_slice()), (200, PICTURE));
    let view = bureau.get(&address).await.well();
    assert_eq!(view["attachment"]["name"], "现场.png");
    assert_eq!(view["attachment"]["sha256"], last.header("attachment-sha256"));
}
