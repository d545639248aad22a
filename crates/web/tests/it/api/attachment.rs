//! Attachments: taken in as they are, named by a field, handed out to those who may.

use procedure::definition::RoleName;
use serde_json::json;

use super::program::{BUREAU, PROCURATORATE, Program, problem};
use crate::world::World;

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

#[tokio::test]
async fn a_file_is_sent_named_in_a_field_and_fetched_by_the_other_side() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let prosecutor = Program::of(&world, PROCURATORATE, RoleName::Handler).await;
    let sent = bureau
        .call("POST", "/attachments")
        .header("content-type", "image/png")
        .header("x-file-name", "%E7%8E%B0%E5%9C%BA.png")
        .body(PICTURE.to_vec())
        .send()
        .await;
    let address = sent.header("location").to_owned();
    assert_eq!(sent.status, 201);
    let file = sent.well();
    assert_eq!((&file["name"], &file["media_type"]), (&json!("现场.png"), &json!("image/png")));
    assert_eq!(prosecutor.get(&address).await.status, 404, "not yet shown to anybody");

    let mut body = problem(&world, "锅炉超标");
    body["input"]["photos"] = json!([file]);
    let done = bureau.post("/matters", body).await.well();
    let view = bureau.matter(done["matter"].as_str().unwrap()).await;
    let named = &view["fields"]["photos"]["value"][0];
    assert_eq!((&named["sha256"], &named["name"]), (&file["sha256"], &file["name"]));
    let fetched = prosecutor.get(&address).await;
    assert_eq!((fetched.status, fetched.bytes.as_slice()), (200, PICTURE));
    assert!(fetched.header("content-disposition").starts_with("attachment"));

    // Knowing a hash opens no file.
    let stranger = Program::of(&world, "G61030507", RoleName::Handler).await;
    assert_eq!(stranger.get(&address).await.status, 404);
    let mut body = problem(&world, "偷看");
    body["input"]["photos"] = json!([file]);
    let refused = stranger.post("/matters", body).await;
    assert_eq!((refused.status, refused.wrong_fields()), (422, vec!["photos"]));
}

#[tokio::test]
async fn files_that_are_not_taken_are_told_why() {
    let world = World::new("2026-03-02").await;
    let bureau = Program::of(&world, BUREAU, RoleName::Handler).await;
    let send = |name: &str, body: Vec<u8>| {
        let call = bureau.call("POST", "/attachments");
        let call = call.header("content-type", "application/octet-stream");
        call.header("x-file-name", name).body(body).send()
    };
    assert_eq!(send("a.exe", b"MZ\x90\x00".to_vec()).await.status, 415);
    assert_eq!(send("a.pdf", b"<html>".to_vec()).await.status, 415);
    assert_eq!(send("a.svg", b"<svg onload='x'>".to_vec()).await.status, 415);
    assert_eq!(send("a.png", Vec::new()).await.status, 422);
    assert_eq!(send("", PICTURE.to_vec()).await.wrong_fields(), ["x-file-name"]);
    let mut large = PICTURE.to_vec();
    large.resize(2 * 1024 * 1024, 0);
    assert_eq!(send("a.png", large).await.status, 413);
    let form = bureau
        .call("POST", "/attachments")
        .header("content-type", "multipart/form-data; boundary=x")
        .body(b"--x--".to_vec())
        .send()
        .await;
    assert_eq!(form.status, 415);
    assert_eq!(bureau.get("/attachments/no-hash").await.status, 404);
}
