//! What only HTTPS makes possible: cookies and a policy that bind the browser to it.

use std::sync::Arc;

use axum::http::{Method, header};
use procedure::definition::RoleName;
use store::randomness::SystemRandomness;
use web::{House, Settings};

use crate::matter_browser::{Answer, Browser};
use crate::world::{PASSWORD, World};

async fn world_by_https() -> World {
    let mut world = World::new("2026-03-02").await;
    let settings = Settings { https: true, ..world.house.settings.clone() };
    let randomness = Arc::new(SystemRandomness);
    world.house = House::new(world.store.clone(), world.people.clone(), randomness, settings);
    world
}

fn cookies(answer: &Answer) -> Vec<String> {
    let all = answer.headers.get_all(header::SET_COOKIE).iter();
    all.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_cookie_is_this_hosts_alone_and_out_of_reach_of_scripts() {
    let world = world_by_https().await;
    let login = world.person("G61030501", RoleName::Handler).login_name.clone();
    let mut browser = Browser::new(&world);
    let mut seen = cookies(&browser.get("/sign-in").await);
    let fields = [("user", login.as_str()), ("password", PASSWORD)];
    seen.extend(cookies(&browser.send_form("/sign-in", &fields).await));
    let fields = [("language", "en"), ("next", "/news")];
    seen.extend(cookies(&browser.send_form("/language", &fields).await));
    seen.extend(cookies(&browser.get("/news").await));
    let new = "凤翔的雨落在雍水河-2";
    let fields = [("current", PASSWORD), ("password", new), ("again", new)];
    seen.extend(cookies(&browser.send_form("/account/password", &fields).await));
    let home = browser.get("/").await;
    assert!(home.html().contains("The password is changed"), "told on the next page");
    for name in ["", "_visit", "_language", "_seen", "_flash"] {
        let begin = format!("__Host-liandong{name}=");
        assert!(seen.iter().any(|cookie| cookie.starts_with(&begin)), "{begin} {seen:?}");
    }
    for cookie in &seen {
        for part in ["__Host-", "; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(part), "{part}: {cookie}");
        }
        assert!(!cookie.contains("Domain="), "{cookie}");
    }
}

#[tokio::test]
async fn a_cookie_without_the_hosts_prefix_signs_nobody_in() {
    let world = world_by_https().await;
    let login = world.person("G61030501", RoleName::Handler).login_name.clone();
    let new = world.people.sign_in_demo(&login, "", "").await.unwrap();
    let mut browser = Browser::new(&world);
    let plain = format!("liandong={}", new.token);
    let answer = browser.send(Method::GET, "/", &[("cookie", plain.as_str())], "".into()).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in"));
    let bound = format!("__Host-liandong={}", new.token);
    let answer = browser.send(Method::GET, "/", &[("cookie", bound.as_str())], "".into()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn browsers_are_told_to_come_by_https_for_a_year_and_nothing_echoes() {
    let world = world_by_https().await;
    let mut browser = Browser::new(&world);
    for page in ["/sign-in", "/no-such-page", "/static/app.css", "/api/v1/me", "/healthz"] {
        let answer = browser.get(page).await;
        let policy = "max-age=31536000; includeSubDomains";
        assert_eq!(answer.header("strict-transport-security"), policy, "{page}");
    }
    for page in ["/sign-in", "/static/app.css", "/api/v1/me", "/healthz"] {
        let said = [("x-secret", "brought along")];
        let answer = browser.send(Method::TRACE, page, &said, "".into()).await;
        assert!(answer.status >= 400, "{page}: {}", answer.status);
        assert!(!answer.html().contains("brought along"), "{page}");
    }
}
