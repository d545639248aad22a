//! Signing in and out, the post one acts in, the language, the demo's clock.

use procedure::definition::RoleName;

use crate::matter_browser::Browser;
use crate::world::{PASSWORD, World};

#[tokio::test]
async fn who_is_not_signed_in_goes_to_the_door_and_comes_back() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::new(&world);
    let answer = browser.get("/register?state=open").await;
    assert_eq!(
        (answer.status, answer.location()),
        (303, "/sign-in?next=%2Fregister%3Fstate%3Dopen")
    );
    let page = browser.get(answer.location()).await;
    assert!(page.html().contains("name=\"next\" value=\"/register?state=open\""));
    let login = world.person("G61030501", RoleName::Handler).login_name.clone();
    let csrf = page.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("user", login.as_str()),
        ("password", PASSWORD),
        ("next", "/register?state=open"),
    ];
    let answer = browser.post("/sign-in", &fields).await;
    assert_eq!((answer.status, answer.location()), (303, "/register?state=open"));
    assert_eq!(browser.get("/register?state=open").await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_is_told_beside_what_was_entered_and_locks_at_last() {
    let world = World::new("2026-03-02").await;
    let login = world.person("G61030501", RoleName::Handler).login_name.clone();
    let mut browser = Browser::new(&world);
    for _ in 0..5 {
        let answer = browser.send_form("/sign-in", &[("user", &login), ("password", "错")]).await;
        assert_eq!(answer.status, 422);
        assert!(answer.html().contains(&format!("value=\"{login}\"")), "the name is kept");
        assert!(answer.html().contains("role=\"alert\""));
        assert!(!answer.html().contains("value=\"错\""), "a password is never sent back");
    }
    let answer = browser.send_form("/sign-in", &[("user", &login), ("password", PASSWORD)]).await;
    assert!(answer.html().contains("锁定"), "{}", answer.html());
}

#[tokio::test]
async fn nobody_is_sent_to_another_site_after_signing_in() {
    let world = World::new("2026-03-02").await;
    let login = world.person("G61030501", RoleName::Handler).login_name.clone();
    for next in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let mut browser = Browser::new(&world);
        let fields = [("user", login.as_str()), ("password", PASSWORD), ("next", next)];
        assert_eq!(browser.send_form("/sign-in", &fields).await.location(), "/");
    }
}

#[tokio::test]
async fn a_session_that_ended_says_so_and_shows_the_way_back() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    assert_eq!(browser.get("/").await.status, 200);
    let later = world.house.now() + jiff::SignedDuration::from_hours(2);
    web::MovableClock::move_to(&*world.machine, later);
    let answer = browser.get("/register").await;
    assert_eq!(answer.status, 401);
    assert!(answer.html().contains("登录已过期"));
    assert!(answer.html().contains("/sign-in?next=%2Fregister"));
}

#[tokio::test]
async fn signing_out_ends_the_session_and_not_only_the_cookie() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let csrf = browser.csrf().await;
    let answer = browser.post("/sign-out", &[("csrf", &csrf)]).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in"));
    // Nor does the browser keep what the session saw.
    assert_eq!(answer.header("clear-site-data"), "\"cache\", \"storage\"");
    assert_eq!(browser.get("/").await.location(), "/sign-in");
}

#[tokio::test]
async fn the_language_is_remembered_and_every_page_speaks_it() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    assert!(browser.get("/").await.html().contains("lang=\"zh-CN\""));
    let answer = browser.send_form("/language", &[("language", "en"), ("next", "/register")]).await;
    assert_eq!(answer.location(), "/register");
    for page in [
        "/",
        "/lights",
        "/register",
        "/correction",
        "/notification",
        "/liaisons",
        "/rules",
        "/rules/limits",
        "/account",
        "/search?q=x",
    ] {
        let answer = browser.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.html().contains("<html lang=\"en\">"), "{page}");
        assert!(answer.html().contains("Workbench"), "{page}");
    }
    let answer = browser.send_form("/language", &[("language", "tlh")]).await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn the_demo_clock_moves_forward_only() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let answer = browser.send_form("/demo/clock", &[("to", "2026-03-02"), ("next", "/")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/"), "back to the form");
    assert_eq!(world.house.today().to_string(), "2026-03-02", "not into the past");
    let html = browser.get("/").await.html();
    assert!(
        html.contains("notice bad") && html.contains("只能向后移动") && html.contains("demo-to")
    );
    let answer = browser.send_form("/demo/clock", &[("days", "7"), ("next", "/register")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/register"));
    assert_eq!(world.house.today().to_string(), "2026-03-09");
    assert_eq!(answer.header("set-cookie"), "", "nobody is signed in anew for it");
    assert_eq!(browser.get("/register").await.status, 200, "the show goes on");
}

#[tokio::test]
async fn outside_the_demo_its_addresses_do_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(crate::world::TestClock::at("2026-03-02T09:00:00+08:00"));
    let units = crate::world::units_around("610305");
    let world = World::in_folder(folder.path(), clock, &units, false).await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/sign-in").await;
    assert!(!page.html().contains("/demo/"));
    let login = world.person("G61030501", RoleName::Handler).login_name.clone();
    assert_eq!(browser.send_form("/demo/sign-in", &[("user", &login)]).await.status, 404);
    assert_eq!(browser.send_form("/demo/clock", &[("days", "1")]).await.status, 404);
}

#[tokio::test]
async fn a_password_is_changed_with_the_old_one_and_twice_the_new_one() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let new = "凤翔的雨落在雍水河-2";
    let change = |current: &'static str, new: &'static str, again: &'static str| {
        [("current", current), ("password", new), ("again", again)]
    };
    let answer = browser.send_form("/account/password", &change("不对", new, new)).await;
    assert!(answer.status == 422 && answer.html().contains("原密码不正确"));
    let answer = browser
        .send_form("/account/password", &change(PASSWORD, new, "别的别的别的别的别的"))
        .await;
    assert!(answer.status == 422 && answer.html().contains("不一致"));
    let answer = browser.send_form("/account/password", &change(PASSWORD, "短", "短")).await;
    assert!(answer.status == 422 && answer.html().contains("至少 10 个字符"));
    let answer = browser.send_form("/account/password", &change(PASSWORD, new, new)).await;
    assert_eq!(answer.status, 303);
    assert!(browser.get("/").await.html().contains("密码已修改"), "said once");
    assert!(!browser.get("/").await.html().contains("密码已修改"), "and only once");
}

#[tokio::test]
async fn a_token_for_programs_is_shown_once() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, "G61030501", RoleName::Handler).await;
    let unit = world.unit("G61030501").to_string();
    let wrong = [("name", ""), ("unit", unit.as_str()), ("days", "30")];
    assert_eq!(browser.send_form("/account/tokens", &wrong).await.status, 422);
    let mut right = vec![("name", "执法系统对接"), ("unit", unit.as_str()), ("days", "30")];
    let refused = browser.send_form("/account/tokens", &right).await;
    assert!(refused.status == 422 && refused.html().contains("执法系统对接"), "asked who they are");
    right.push(("password", PASSWORD));
    let page = browser.send_form("/account/tokens", &right).await;
    assert!(page.status == 200 && page.html().contains("ld_"), "{}", page.html());
    let again = browser.get("/account").await.html();
    assert!(again.contains("执法系统对接") && !again.contains("ld_"));
}
