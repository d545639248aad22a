//! More than is taken: bytes, parts, fields, bombs.

use std::io::Write as _;

use axum::body::Body;
use http::Method;
use procedure::definition::RoleName;
use store::import::table_read;

use crate::api::program::Program;
use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PIXEL_PNG};
use crate::world::World;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn more_bytes_than_are_taken_are_refused_wherever_they_come() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let csrf = bureau.csrf().await;
    let form = format!("csrf={csrf}&title={}", "长".repeat(MIB));
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    for address in ["/open/problem", "/language", "/drafts/open/problem", "/views", "/sign-in"] {
        let answer = bureau.send(Method::POST, address, &kind, form.clone().into()).await;
        assert_eq!(answer.status, 413, "{address}");
        // The token in a header saves nobody from the limit.
        let headers = [kind[0], ("x-csrf-token", csrf.as_str())];
        let answer = bureau.send(Method::POST, address, &headers, form.clone().into()).await;
        assert_eq!(answer.status, 413, "{address}");
    }
    let program = Program::of(&world, BUREAU, RoleName::Handler).await;
    for path in ["/matters", "/deadlines", "/exports"] {
        let call = program.call("POST", path).key("k").header("content-type", "application/json");
        let answer = call.body(vec![b'['; 3 * MIB]).send().await;
        assert_eq!(answer.status, 413, "{path}");
    }
    let call = program.call("POST", "/ledger/cosignatures").header("content-type", "text/plain");
    assert_eq!(call.body(vec![b'x'; 3 * MIB]).send().await.status, 413);
}

#[tokio::test]
async fn json_that_is_deep_or_odd_is_refused() {
    let world = World::new("2026-03-02").await;
    let program = Program::of(&world, BUREAU, RoleName::Handler).await;
    let deep = format!("{{\"input\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        deep.as_str(),
        "{\"title\":\"a\",\"title\":\"b\"}",
        "{\"title\":1e999}",
        "{\"title\":\"\\ud800\"}",
        "{\"title\":\"a\\u0000b\"}",
        "\u{feff}{}",
        "{}{}",
        "nul",
        "\u{0}",
    ] {
        let call =
            program.call("POST", "/matters").key("k").header("content-type", "application/json");
        let answer = call.body(body.as_bytes().to_vec()).send().await;
        assert!((400..500).contains(&answer.status), "{:.40}: {}", body, answer.status);
    }
}

#[tokio::test]
async fn files_that_say_one_size_and_are_another_are_refused() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let csrf = bureau.csrf().await;
    for length in
        ["18446744073709551615", "18446744073709551616", "-1", "1e3", "9999999999999", "0x10", ""]
    {
        let headers = [
            ("upload-length", length),
            ("x-csrf-token", csrf.as_str()),
            ("upload-metadata", "filename YS5wbmc="),
        ];
        let answer =
            bureau.send(Method::POST, "/attachments/uploads", &headers, Body::empty()).await;
        assert!((400..500).contains(&answer.status), "{length}: {}", answer.status);
    }
    // Ten bytes are announced; an eleventh is not taken.
    let headers = [
        ("upload-length", "10"),
        ("x-csrf-token", csrf.as_str()),
        ("upload-metadata", "filename YS5wbmc="),
    ];
    let answer = bureau.send(Method::POST, "/attachments/uploads", &headers, Body::empty()).await;
    let place = answer.location().to_owned();
    let piece = |offset: &'static str| {
        [
            ("upload-offset", offset),
            ("x-csrf-token", csrf.as_str()),
            ("content-type", "application/offset+octet-stream"),
        ]
    };
    let more = bureau.send(Method::PATCH, &place, &piece("0"), Body::from(vec![b'x'; 11])).await;
    assert!((400..500).contains(&more.status), "{}", more.status);
    for offset in ["5", "-1", "18446744073709551615", "10"] {
        let answer = bureau.send(Method::PATCH, &place, &piece(offset), Body::from("x")).await;
        assert!((400..500).contains(&answer.status), "{offset}: {}", answer.status);
    }
}

#[tokio::test]
async fn forms_of_a_million_parts_are_refused_before_they_are_read() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let csrf = bureau.csrf().await;
    let mut body =
        format!("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
    body.push_str(&"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n".repeat(200_000));
    body.push_str("--b--\r\n");
    let kind = [("content-type", "multipart/form-data; boundary=b")];
    let answer = bureau.send(Method::POST, "/open/problem", &kind, body.clone().into()).await;
    assert_eq!(answer.status, 413, "{:.300}", answer.html());
    // So are files without end.
    let file =
        "--b\r\nContent-Disposition: form-data; name=\"u.photos\"; filename=\"a.png\"\r\n\r\nx\r\n";
    let begun = format!("--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n");
    let body = format!("{begun}{}--b--\r\n", file.repeat(20_000));
    let answer = bureau.send(Method::POST, "/open/problem", &kind, body.into()).await;
    assert_eq!(answer.status, 413, "{:.300}", answer.html());
    // Odd boundaries, heads that do not end, parts that are cut off.
    for (kind, body) in [
        ("multipart/form-data", "x".to_owned()),
        ("multipart/form-data; boundary=", "x".to_owned()),
        ("multipart/form-data; boundary=b", begun.clone()),
        (
            "multipart/form-data; boundary=b",
            format!("{begun}--b\r\nContent-Disposition: form-data"),
        ),
        (
            "multipart/form-data; boundary=b",
            format!("{begun}--b\r\n{}", "a: b\r\n".repeat(100_000)),
        ),
        ("multipart/form-data; boundary=b", format!("{begun}--b\r\n\r\n\r\n--b--")),
    ] {
        let headers = [("content-type", kind)];
        let answer = bureau.send(Method::POST, "/open/problem", &headers, body.into()).await;
        assert!((400..500).contains(&answer.status), "{kind}: {}", answer.status);
    }
}

#[test]
fn a_workbook_that_lies_about_its_size_is_refused() {
    let mut bytes = Vec::new();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(&mut bytes));
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    archive.write_all(&vec![b'0'; 2 * MIB]).unwrap();
    archive.finish().unwrap();
    let at = bytes.windows(4).rposition(|some| some == b"PK\x01\x02").unwrap();
    for size in [10, 300 * 1024 * 1024, u32::MAX] {
        let mut bytes = bytes.clone();
        bytes[at + 24..at + 28].copy_from_slice(&size.to_le_bytes());
        assert!(table_read("units.xlsx", &bytes).is_err(), "{size}");
    }
}

#[tokio::test]
async fn a_picture_that_says_it_is_huge_is_handed_out_as_it_came() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let mut bomb = PIXEL_PNG.to_vec();
    bomb[16..20].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    let csrf = bureau.csrf().await;
    let headers =
        [("x-csrf-token", csrf.as_str()), ("x-file-name", "a.png"), ("accept", "application/json")];
    let answer = bureau.send(Method::POST, "/attachments", &headers, bomb.clone().into()).await;
    if answer.status == 201 {
        let taken: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let sha256 = taken["sha256"].as_str().unwrap();
        let shown = bureau.get(&format!("/attachments/{sha256}/preview")).await;
        assert!(shown.status == 404 || shown.body.len() <= bomb.len(), "{}", shown.status);
    } else {
        assert!((400..500).contains(&answer.status), "{}", answer.status);
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_packed_is_not_unpacked() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let csrf = bureau.csrf().await;
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-encoding", "gzip"),
        ("x-csrf-token", csrf.as_str()),
    ];
    let answer = bureau.send(Method::POST, "/language", &headers, "\x1f\u{8b}".into()).await;
    assert_eq!(answer.status, 400, "{}", answer.html());
}
