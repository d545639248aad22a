//! What people write where it becomes a header: names of files, of exports, of views.

use procedure::definition::RoleName;

use crate::matter_browser::Browser;
use crate::matter_story::{BUREAU, PIXEL_PNG, upload};
use crate::world::World;

#[tokio::test]
async fn no_name_breaks_out_of_a_header() {
    let world = World::new("2026-03-02").await;
    let mut bureau = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let names = [
        "a\"; filename=\"evil.exe.png",
        "a\r\nX-Evil: 1.png",
        "a%0d%0aX-Evil: 1.png",
        "a\u{2028}X-Evil.png",
        "回执〔2026〕“1”号.png",
        "a;b=c,d.png",
        "a\\\".png",
        "\u{1f600}.png",
    ];
    for (turn, name) in names.into_iter().enumerate() {
        let bytes = [PIXEL_PNG, &[u8::try_from(turn).unwrap()]].concat();
        let raw = upload(&world, BUREAU, name, &bytes).await;
        let sha256 = raw.split('|').next().unwrap();
        for rest in ["", "/preview"] {
            let file = bureau.get(&format!("/attachments/{sha256}{rest}")).await;
            assert_eq!(file.status, 200, "{name:?}");
            assert_eq!(file.header("x-evil"), "", "{name:?}");
            let said = file.header("content-disposition");
            assert!(said.is_ascii() && !said.contains(['\r', '\n']), "{name:?}: {said}");
            assert_eq!(said.matches("filename=").count(), usize::from(rest.is_empty()), "{said}");
            assert!(!said.contains("evil.exe\""), "{said}");
        }
    }
    // What was done is told by a cookie: with a name in it.
    let wish = [("name", "甲\r\nSet-Cookie: evil=1; x"), ("query", "q=1")];
    let done = bureau.send_form("/views", &wish).await;
    for cookie in done.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().unwrap();
        assert!(!cookie.contains("evil=1"), "{cookie}");
    }
    // Cookies of ours with something else in them.
    for cookie in [
        "liandong_flash=error.not-found%20%3Cq7x%3E%0d%0aX-Evil:%201",
        "liandong_language=../../etc/passwd",
        "liandong_seen=99999999999999999999",
        "liandong_visit=x\u{7f}",
        "liandong=%00; liandong=' or 1=1 --",
    ] {
        let headers = [("cookie", cookie)];
        let mut nobody = Browser::new(&world);
        if http::HeaderValue::from_str(cookie).is_err() {
            continue;
        }
        let page = nobody.send(http::Method::GET, "/sign-in", &headers, "".into()).await;
        assert_eq!(page.status, 200, "{cookie}");
        assert_eq!(page.header("x-evil"), "", "{cookie}");
        assert!(!page.html().contains("<q7x>"), "{cookie}");
    }
}
