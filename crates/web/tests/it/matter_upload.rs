//! Files: taken by their content, handed out to be saved, shown only when they are pictures.

use axum::body::Body;
use axum::http::Method;
use procedure::definition::RoleName;

use crate::matter_browser::{Answer, Browser};
use crate::matter_story::{
    BUREAU, PIXEL_PNG, PROCURATORATE, act, suggestion_awaiting_reply, upload,
};
use crate::world::World;

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n";

async fn send(browser: &mut Browser, name: &str, bytes: &[u8]) -> Answer {
    let csrf = browser.get("/drafts").await.hidden("csrf");
    let name = web::session::escaped(name);
    let headers = [
        ("x-csrf-token", csrf.as_str()),
        ("x-file-name", name.as_str()),
        ("content-type", "application/octet-stream"),
        ("accept", "application/json"),
    ];
    browser.send(Method::POST, "/attachments", &headers, Body::from(bytes.to_vec())).await
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_slice(&answer.body).unwrap()
}

#[tokio::test]
async fn a_file_is_taken_with_its_fingerprint_and_handed_out_to_be_saved() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let answer = send(&mut bureau, "../../责令限产 决定书.pdf", PDF).await;
    assert_eq!(answer.status, 201, "{}", answer.html());
    let taken = json(&answer);
    assert_eq!(taken["name"], "责令限产 决定书.pdf");
    assert_eq!(taken["size"], PDF.len());
    let sha256 = taken["sha256"].as_str().unwrap().to_owned();
    assert_eq!(taken["attachment_id"], format!("{sha256}|{}|责令限产 决定书.pdf", PDF.len()));
    let file = bureau.get(&format!("/attachments/{sha256}")).await;
    assert_eq!((file.status, file.body.as_slice()), (200, PDF));
    assert!(file.header("content-disposition").starts_with("attachment; filename=\""));
    assert!(file.header("content-disposition").contains("filename*=UTF-8''%E8%B4%A3"));
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert!(file.header("content-security-policy").contains("sandbox"));
    // A letter is no picture.
    assert_eq!(bureau.get(&format!("/attachments/{sha256}/preview")).await.status, 404);
    // Whoever has no part in it does not learn that it exists.
    let mut other = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    for rest in ["", "/preview"] {
        assert_eq!(other.get(&format!("/attachments/{sha256}{rest}")).await.status, 404);
    }
    for odd in ["x", "../../etc/passwd", &sha256.to_uppercase(), &"0".repeat(64)] {
        assert_eq!(other.get(&format!("/attachments/{odd}")).await.status, 404, "{odd}");
    }
}

#[tokio::test]
async fn a_picture_is_shown_to_those_who_may_see_its_field() {
    let world = World::new("2026-03-02").await;
    let story = suggestion_awaiting_reply(&world).await;
    let picture = upload(&world, BUREAU, "整改后.png", PIXEL_PNG).await;
    act(&world, BUREAU, &story.repair, "report-done", &[("after-photos", &picture)]).await;
    let sha256 = picture.split('|').next().unwrap();
    let mut procuratorate = Browser::of(&world, PROCURATORATE, RoleName::Handler).await;
    let shown = procuratorate.get(&format!("/attachments/{sha256}/preview")).await;
    assert_eq!((shown.status, shown.header("content-type")), (200, "image/jpeg"));
    assert_eq!(shown.header("content-security-policy"), "default-src 'none'; sandbox");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    // Made anew from the pixels: nothing of the file itself.
    assert!(shown.body.starts_with(b"\xff\xd8\xff"));
    // Beside its name on the page, and to nobody who may not see the file.
    let page = procuratorate.get(&format!("/matters/{}", story.repair)).await.html();
    assert!(page.contains(&format!("<img src=\"/attachments/{sha256}/preview\"")));
    let mut stranger = Browser::of(&world, "G61030503", RoleName::Handler).await;
    assert_eq!(stranger.get(&format!("/attachments/{sha256}/preview")).await.status, 404);
}

#[tokio::test]
async fn hostile_files_are_refused_in_words() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let cases: [(&str, &[u8]); 9] = [
        ("a.exe", b"MZ\x90\0\x03"),
        ("a.html", b"<html><script>alert(1)</script>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ("a.pdf", b"<html>"),
        ("a.png", PDF),
        ("a.pdf.exe", PDF),
        ("fdp.\u{202e}exe", PDF),
        ("a", PDF),
        ("a.pdf", b""),
    ];
    for (name, bytes) in cases {
        let answer = send(&mut bureau, name, bytes).await;
        assert_eq!(answer.status, 400, "{name}: {}", answer.html());
        assert_eq!(answer.header("content-type"), "application/problem+json", "{name}");
        assert!(!json(&answer)["detail"].as_str().unwrap().is_empty(), "{name}");
    }
    let mut big = PDF.to_vec();
    big.resize(1024 * 1024 + 1, b' ');
    let answer = send(&mut bureau, "大.pdf", &big).await;
    assert_eq!(answer.status, 400);
    assert!(json(&answer)["detail"].as_str().unwrap().contains("1.0 MB"));
    // Without the session's token nothing is taken.
    let headers = [("x-file-name", "a.pdf"), ("content-type", "application/pdf")];
    let forged = bureau.send(Method::POST, "/attachments", &headers, Body::from(PDF)).await;
    assert_eq!(forged.status, 403);
}

#[tokio::test]
async fn without_a_script_files_come_with_the_form_and_stay_when_it_comes_back() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get("/open/problem").await;
    let (csrf, key) = (page.hidden("csrf"), page.hidden("key"));
    let fields =
        [("csrf", csrf.as_str()), ("key", &key), ("version", ""), ("f.place", "长青镇工业园")];
    let files: [(&str, &str, &[u8]); 3] = [
        ("u.photos", "现场.png", PIXEL_PNG),
        ("u.photos", "病毒.exe", b"MZ\x90\0"),
        ("u.photos", "", b""),
    ];
    let answer = bureau.post_files("/open/problem", &fields, &files).await;
    assert_eq!(answer.status, 422, "{}", answer.html());
    let html = answer.html();
    assert!(html.contains("长青镇工业园") && html.contains("病毒.exe"));
    assert!(html.contains("现场.png") && html.contains("SHA-256 "));
    let raw = answer.hidden("f.photos");
    assert!(raw.ends_with("|现场.png"), "{raw}");
    // It can be taken away again without a script.
    let away = [
        ("csrf", csrf.as_str()),
        ("key", &key),
        ("version", ""),
        ("f.photos", &raw),
        ("x.photos", &raw),
        ("f.place", "长青镇"),
    ];
    let answer = bureau.post("/open/problem", &away).await;
    assert!(answer.status == 422 && !answer.html().contains("现场.png"));
    // The token must be the first field.
    let fields = [("f.place", "长青镇"), ("csrf", csrf.as_str())];
    assert_eq!(bureau.post_files("/open/problem", &fields, &[]).await.status, 403);
}

#[tokio::test]
async fn too_many_files_and_too_many_words_are_refused_before_they_fill_the_house() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let page = bureau.get("/open/problem").await;
    let csrf = page.hidden("csrf");
    let files: Vec<(&str, &str, &[u8])> =
        (0..25).map(|_| ("u.photos", "a.png", PIXEL_PNG)).collect();
    let many = bureau.post_files("/open/problem", &[("csrf", &csrf)], &files).await;
    assert_eq!(many.status, 413);
    let words = "长".repeat(1024 * 1024);
    let long =
        bureau.post_files("/open/problem", &[("csrf", &csrf), ("f.facts", &words)], &[]).await;
    assert_eq!(long.status, 413);
}
