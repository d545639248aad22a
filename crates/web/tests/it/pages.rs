//! Key pages as they are sent, in both languages.

use procedure::definition::RoleName;

use crate::matter_browser::Browser;
use crate::world::World;

/// The part of a page that is its own, with what differs from run to run taken out.
fn own_part(html: &str) -> String {
    let (_, rest) = html.split_once("<main").unwrap();
    let main = rest.split_once("</main>").unwrap().0;
    let mut text = String::new();
    for line in main.replace("><", ">\n<").lines().filter(|line| !line.trim().is_empty()) {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

macro_rules! assert_page {
    ($name:literal, $html:expr) => {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(
            r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
            "[matter]",
        );
        settings.add_filter(r"[0-9a-f]{64}", "[secret]");
        settings.add_filter(r"\?v=[0-9a-f]{12}", "?v=[hash]");
        settings.add_filter(r"/units/\d+", "/units/[unit]");
        let part = own_part(&$html);
        settings.bind(|| insta::assert_snapshot!($name, part));
    };
}

#[tokio::test]
async fn key_pages_look_as_they_did() {
    let world = World::new("2026-03-02").await;
    world.problem("G61030501", "长青能源化工锅炉颗粒物超标").await;
    assert_page!("sign_in", Browser::new(&world).get("/sign-in").await.html());
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    assert_page!("workbench", browser.get("/").await.html());
    assert_page!("register", browser.get("/register").await.html());
    assert_page!("not_found", browser.get("/no-such-page").await.html());
    let limit = "/rules/limits/suggestion-reply-ordinary?from=2024-08-02";
    assert_page!("limit", browser.get(limit).await.html());
    browser.send_form("/language", &[("language", "en")]).await;
    assert_page!("workbench_en", browser.get("/").await.html());
    assert_page!("limit_en", browser.get(limit).await.html());
}
