//! Sessions: fixed, stolen, ridden; forms from elsewhere; frames; hosts.

use axum::body::Body;
use http::Method;
use procedure::definition::RoleName;
use web::{House, Settings};

use crate::matter_browser::Browser;
use crate::matter_story::BUREAU;
use crate::routes::listed;
use crate::world::{PASSWORD, World};

/// The same world, reached by HTTPS.
fn by_https(world: &mut World) {
    let settings = Settings { https: true, ..world.house.settings.clone() };
    let randomness = std::sync::Arc::new(store::randomness::SystemRandomness);
    world.house = House::new(world.store.clone(), world.people.clone(), randomness, settings);
}

#[tokio::test]
async fn a_session_that_was_laid_out_beforehand_is_not_the_one_somebody_gets() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let laid_out = "f".repeat(64);
    let mut victim = Browser::with_session(&world, &laid_out);
    let csrf = victim.get("/sign-in").await.hidden("csrf");
    let fields = [("csrf", csrf.as_str()), ("user", &login), ("password", PASSWORD)];
    let answer = victim.post("/sign-in", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.html());
    let given = answer.header("set-cookie");
    assert!(given.starts_with("liandong=") && !given.contains(&laid_out), "{given}");
    let mut attacker = Browser::with_session(&world, &laid_out);
    assert_ne!(attacker.get("/account").await.status, 200);
    // Nor does the token of the door serve once somebody is in.
    let answer = victim.post("/language", &[("csrf", &csrf), ("language", "en")]).await;
    assert_eq!(answer.status, 403);
    // Signing in anew, also as somebody else in the same browser, is another session.
    let first = given.split(';').next().unwrap().to_owned();
    let csrf = victim.csrf().await;
    let leader = world.person(BUREAU, RoleName::Leader).login_name.clone();
    let fields = [("csrf", csrf.as_str()), ("user", &leader), ("password", PASSWORD)];
    let again = victim.post("/sign-in", &fields).await;
    assert!(!again.header("set-cookie").starts_with(&first), "{}", again.header("set-cookie"));
}

#[tokio::test]
async fn cookies_cannot_be_read_by_scripts_sent_from_elsewhere_or_in_the_clear() {
    let mut world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    for https in [false, true] {
        if https {
            by_https(&mut world);
        }
        let mut browser = Browser::new(&world);
        let door = browser.get("/sign-in").await;
        let fields = [("user", login.as_str()), ("password", PASSWORD)];
        let answer = browser.send_form("/sign-in", &fields).await;
        assert_eq!(answer.status, 303, "{}", answer.html());
        let speak = browser.send_form("/language", &[("language", "en")]).await;
        let done = browser.send_form("/views", &[("name", "甲"), ("query", "q=1")]).await;
        let mut seen = 0;
        for one in [&door, &answer, &speak, &done] {
            for cookie in one.headers.get_all("set-cookie") {
                let cookie = cookie.to_str().unwrap();
                seen += 1;
                for flag in ["; HttpOnly", "; Path=/", "; SameSite="] {
                    assert!(cookie.contains(flag), "{flag}: {cookie}");
                }
                assert!(!cookie.contains("Domain="), "{cookie}");
                assert!(
                    !https || cookie.contains("; Secure") || cookie.contains("flash"),
                    "{cookie}"
                );
            }
        }
        assert!(seen >= 3, "{seen}");
        let session = answer.header("set-cookie");
        assert_eq!(session.starts_with("__Host-liandong="), https, "{session}");
        let strict = answer.header("strict-transport-security");
        assert_eq!(strict.contains("max-age=31536000"), https, "{strict}");
    }
}

#[tokio::test]
async fn every_route_that_changes_something_refuses_what_comes_from_elsewhere() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let mut asked = 0;
    for (method, path, _) in listed().into_iter().filter(|(method, ..)| method != "GET") {
        let address = crate::routes::address(&world, &path);
        let csrf = browser.csrf().await;
        let method: Method = method.parse().unwrap();
        // The token of the session cannot be had elsewhere; even with it nothing is taken from there.
        for foreign in [
            [("sec-fetch-site", "cross-site"), ("x-csrf-token", csrf.as_str())],
            [("sec-fetch-site", "same-site"), ("x-csrf-token", &csrf)],
            [("origin", "https://evil.example"), ("x-csrf-token", &csrf)],
            [("origin", "null"), ("x-csrf-token", &csrf)],
            [("origin", "http://localhost"), ("x-csrf-token", "")],
            [("content-type", "text/plain"), ("sec-fetch-site", "none")],
            [("content-type", "application/json"), ("sec-fetch-site", "none")],
        ] {
            let headers = [foreign[0], foreign[1], ("host", "liandong.example")];
            let body = Body::from(format!("csrf={csrf}&language=en"));
            let answer = browser.send(method.clone(), &address, &headers, body).await;
            assert_eq!(answer.status, 403, "{method} {path} {foreign:?}");
            asked += 1;
        }
    }
    assert!(asked > 300, "{asked}");
    assert_eq!(browser.get("/account").await.status, 200, "nobody was signed out");
}

#[tokio::test]
async fn a_link_alone_changes_nothing() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    let csrf = browser.csrf().await;
    let gets: Vec<String> = listed()
        .into_iter()
        .filter(|(method, ..)| method == "GET")
        .map(|(_, path, _)| path)
        .collect();
    let mut refused = 0;
    for (_, path, _) in listed().into_iter().filter(|(method, ..)| method == "POST") {
        let address = crate::routes::address(&world, &path);
        let query = format!("?csrf={csrf}&language=en&days=7&title=x&reason=x&confirm=yes");
        let before = world.house.now();
        let answer = browser.get(&format!("{address}{query}")).await;
        if !gets.contains(&path) {
            assert!([404, 405].contains(&answer.status), "{path}: {}", answer.status);
            refused += 1;
        }
        assert_eq!(world.house.now(), before, "{path}");
    }
    assert!(refused > 10, "{refused}");
    assert_eq!(browser.get("/account").await.status, 200, "nobody was signed out");
    assert!(browser.get("/").await.html().contains("lang=\"zh-CN\""));
}

#[tokio::test]
async fn pages_are_not_framed_not_kept_and_send_no_address_out() {
    let world = World::new("2026-03-02").await;
    let place = world.problem(BUREAU, "锅炉超标").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    for page in ["/", "/account", "/register", "/search?q=x", "/nothing", "/drafts", &place] {
        let answer = browser.get(page).await;
        assert_eq!(answer.header("x-frame-options"), "DENY", "{page}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'none'"), "{page}: {policy}");
        assert!(policy.contains("form-action 'self'") && policy.contains("base-uri 'none'"));
        assert_eq!(answer.header("cache-control"), "no-store", "{page}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{page}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{page}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{page}");
    }
}

#[tokio::test]
async fn the_name_of_the_host_leads_nobody_away() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "/admin"),
        ("x-rewrite-url", "/admin"),
        ("x-http-method-override", "DELETE"),
    ] {
        let headers = [(name, value), ("x-csrf-token", "")];
        for page in ["/", "/register", "/account", "/open/problem"] {
            let answer = browser.send(Method::GET, page, &headers, Body::empty()).await;
            assert_eq!(answer.status, 200, "{name} {page}");
            assert!(!answer.html().contains("evil.example"), "{name} {page}");
        }
        let mut nobody = Browser::new(&world);
        let answer = nobody.send(Method::GET, "/register", &headers, Body::empty()).await;
        assert_eq!(answer.location(), "/sign-in?next=%2Fregister", "{name}");
    }
}

#[tokio::test]
async fn nobody_is_led_away_whatever_the_next_page_is_said_to_be() {
    let world = World::new("2026-03-02").await;
    let login = world.person(BUREAU, RoleName::Handler).login_name.clone();
    let away = [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\/evil.example",
        "https://evil.example",
        "https:evil.example",
        "HTTPS://evil.example",
        " //evil.example",
        "\t//evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/%0d%0aLocation:%20https://evil.example\r\nX: y",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "/./\\evil.example",
        "",
    ];
    for next in away {
        let fields = [("user", login.as_str()), ("password", PASSWORD), ("next", next)];
        for address in ["/sign-in", "/demo/sign-in"] {
            let mut browser = Browser::new(&world);
            stays(&browser.send_form(address, &fields).await, next);
        }
        let mut browser = Browser::of(&world, BUREAU, RoleName::Handler).await;
        let fields = [("language", "en"), ("days", "1"), ("next", next)];
        for address in ["/language", "/demo/clock"] {
            stays(&browser.send_form(address, &fields).await, next);
        }
        let query = web::session::escaped(next);
        stays(&browser.get(&format!("/sign-in?next={query}")).await, next);
    }
}

fn stays(answer: &crate::matter_browser::Answer, next: &str) {
    assert_eq!(answer.status, 303, "{next:?}: {}", answer.html());
    let place = answer.location();
    assert!(place.starts_with('/') && !place.starts_with("//"), "{next:?} leads to {place}");
    assert!(!place.contains(['\\', '\t']), "{next:?} leads to {place}");
    assert_eq!(answer.header("x"), "", "{next:?}");
}
