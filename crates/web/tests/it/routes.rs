//! Who may go where: every route × every kind of asker. A route nobody listed fails.
//!
//! [`hidden`] asks for things the asker has no right to, [`table`] writes all of it for people.

mod hidden;
mod table;

use std::collections::BTreeSet;
use std::path::Path;

use procedure::definition::RoleName;
use web::mechanism::MECHANISMS;

use crate::matter_browser::Browser;
use crate::world::World;

/// Everybody, signed in or not.
const ALL: &str = "NHLICVUSKA";
/// Whoever is signed in.
const SIGNED_IN: &str = "HLICVUSKA";
/// Whoever acts for a unit.
const AT_UNIT: &str = "HLICVU";

/// Method, address, and who may: N nobody, H handler, L leader, I liaison, C clerk, V viewer, U unit
/// administrator, S system administrator, K security administrator, A security auditor.
const ROUTES: &[(&str, &str, &str)] = &[
    ("GET", "/healthz", ALL),
    ("GET", "/static/{name}", ALL),
    ("GET", "/sign-in", ALL),
    ("POST", "/sign-in", ALL),
    ("GET", "/sign-in/code", ALL),
    ("POST", "/sign-in/code", ALL),
    ("POST", "/sign-in/code/cancel", ALL),
    ("GET", "/sign-in/provider", ALL),
    ("GET", "/sign-in/provider/return", ALL),
    ("POST", "/sign-out", SIGNED_IN),
    ("POST", "/post", SIGNED_IN),
    ("POST", "/language", ALL),
    ("POST", "/demo/sign-in", ALL),
    ("POST", "/demo/clock", ALL),
    // One's own work.
    ("GET", "/", SIGNED_IN),
    ("GET", "/lights", AT_UNIT),
    ("GET", "/work/{list}", AT_UNIT),
    ("GET", "/work/acknowledge", AT_UNIT),
    ("POST", "/work/acknowledge", AT_UNIT),
    ("GET", "/register", AT_UNIT),
    ("GET", "/register/export", AT_UNIT),
    ("POST", "/register/export", AT_UNIT),
    ("GET", "/library", AT_UNIT),
    ("GET", "/library/export", AT_UNIT),
    ("POST", "/library/export", AT_UNIT),
    ("POST", "/views", AT_UNIT),
    ("POST", "/views/delete", AT_UNIT),
    ("GET", "/search", AT_UNIT),
    ("GET", "/news", AT_UNIT),
    // One's own account.
    ("GET", "/account", SIGNED_IN),
    ("GET", "/account/password", SIGNED_IN),
    ("POST", "/account/password", SIGNED_IN),
    ("GET", "/account/second-factor", SIGNED_IN),
    ("POST", "/account/second-factor/begin", SIGNED_IN),
    ("POST", "/account/second-factor/confirm", SIGNED_IN),
    ("POST", "/account/second-factor/codes", SIGNED_IN),
    ("POST", "/account/second-factor/drop", SIGNED_IN),
    ("GET", "/account/still-here", SIGNED_IN),
    ("POST", "/account/sessions/end-others", SIGNED_IN),
    ("POST", "/account/sessions/{session}/end", SIGNED_IN),
    ("POST", "/account/tokens", SIGNED_IN),
    ("POST", "/account/tokens/{token}/revoke", SIGNED_IN),
    // What everybody signed in may know.
    ("GET", "/rules", SIGNED_IN),
    ("GET", "/rules/procedures/{procedure}", SIGNED_IN),
    ("GET", "/rules/limits", SIGNED_IN),
    ("GET", "/rules/limits/{limit}", SIGNED_IN),
    ("GET", "/rules/instruments", SIGNED_IN),
    ("GET", "/rules/instruments/{instrument}", SIGNED_IN),
    ("GET", "/rules/days/{day}", SIGNED_IN),
    ("GET", "/ledger", AT_UNIT),
    ("GET", "/ledger/keys.txt", AT_UNIT),
    ("GET", "/liaisons", SIGNED_IN),
    ("GET", "/liaisons/export", SIGNED_IN),
    ("POST", "/liaisons/export", SIGNED_IN),
    // Long work: one's own alone.
    ("GET", "/jobs", SIGNED_IN),
    ("GET", "/jobs/{job}", SIGNED_IN),
    ("GET", "/jobs/{job}/result", SIGNED_IN),
    ("POST", "/jobs/{job}/cancel", SIGNED_IN),
    ("GET", "/units/suggest", SIGNED_IN),
    ("GET", "/divisions/{division}/map", SIGNED_IN),
    ("GET", "/divisions/suggest", SIGNED_IN),
    ("GET", "/units/{unit}", SIGNED_IN),
    ("GET", "/units/{unit}/handover", "LUK"),
    ("POST", "/units/{unit}/handover", "LUK"),
    // Matters.
    // Problems are registered by handlers.
    ("GET", "/open/{procedure}", "H"),
    ("POST", "/open/{procedure}", "H"),
    ("GET", "/matters/{matter}", AT_UNIT),
    ("GET", "/matters/{matter}/chart", AT_UNIT),
    ("GET", "/matters/{matter}/seals/{field}", AT_UNIT),
    ("POST", "/matters/{matter}/seals/{field}", AT_UNIT),
    ("GET", "/matters/{matter}/openings/{number}", AT_UNIT),
    ("POST", "/matters/{matter}/openings/{number}", AT_UNIT),
    ("GET", "/matters/{matter}/proposal", AT_UNIT),
    ("POST", "/matters/{matter}/proposal", AT_UNIT),
    ("GET", "/matters/{matter}/actions/{action}", AT_UNIT),
    ("POST", "/matters/{matter}/actions/{action}", AT_UNIT),
    ("POST", "/matters/{matter}/obligations/{number}/urge", AT_UNIT),
    ("GET", "/matters/{matter}/documents/{event}/{kind}", AT_UNIT),
    ("GET", "/matters/{matter}/export", AT_UNIT),
    ("POST", "/matters/{matter}/export", AT_UNIT),
    ("GET", "/matters/{matter}/receipts/{event}", AT_UNIT),
    ("GET", "/matters/{matter}/receipts/{event}/file", AT_UNIT),
    ("POST", "/attachments", AT_UNIT),
    ("POST", "/attachments/uploads", AT_UNIT),
    ("GET", "/attachments/uploads/{upload}", AT_UNIT),
    ("PATCH", "/attachments/uploads/{upload}", AT_UNIT),
    ("DELETE", "/attachments/uploads/{upload}", AT_UNIT),
    ("GET", "/attachments/{sha256}", AT_UNIT),
    ("GET", "/attachments/{sha256}/preview", AT_UNIT),
    ("GET", "/drafts", AT_UNIT),
    ("POST", "/drafts/{kind}/{name}", AT_UNIT),
    ("POST", "/drafts/discard", AT_UNIT),
    // Administration.
    ("GET", "/admin", "USKA"),
    ("GET", "/admin/users", "SKA"),
    ("GET", "/admin/users/new", "S"),
    ("POST", "/admin/users/new", "S"),
    ("GET", "/admin/users/{user}", "SKA"),
    ("GET", "/admin/users/{user}/edit", "S"),
    ("POST", "/admin/users/{user}/edit", "S"),
    ("POST", "/admin/users/{user}/close", "S"),
    ("POST", "/admin/users/{user}/reopen", "S"),
    ("POST", "/admin/users/{user}/grant", "K"),
    ("POST", "/admin/users/{user}/revoke", "K"),
    ("POST", "/admin/users/{user}/platform-role", "K"),
    ("POST", "/admin/users/{user}/reset", "K"),
    ("POST", "/admin/users/{user}/unlock", "K"),
    ("POST", "/admin/users/{user}/second-factor", "K"),
    ("POST", "/admin/users/{user}/sessions/end", "K"),
    ("GET", "/admin/second-factor", "K"),
    ("POST", "/admin/second-factor", "K"),
    ("GET", "/admin/units", "S"),
    ("GET", "/admin/units/export", "S"),
    ("POST", "/admin/units/export", "S"),
    ("GET", "/admin/units/new", "S"),
    ("POST", "/admin/units/new", "S"),
    ("GET", "/admin/units/{unit}/edit", "S"),
    ("POST", "/admin/units/{unit}/edit", "S"),
    ("GET", "/admin/units/import", "S"),
    ("POST", "/admin/units/import", "S"),
    ("POST", "/admin/units/import/{draft}", "S"),
    ("GET", "/admin/calendar", "S"),
    ("POST", "/admin/calendar", "S"),
    ("GET", "/admin/settings", "SK"),
    ("POST", "/admin/settings", "SK"),
    ("GET", "/admin/journal", "A"),
    ("GET", "/admin/journal/export", "A"),
    ("POST", "/admin/journal/export", "A"),
];

/// What must be in sight besides holding the role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// Nothing of anybody's.
    Open,
    /// The matter, for one's unit.
    Matter,
    /// The file, for one's unit.
    File,
    /// It is one's own.
    Own,
}

impl Sight {
    /// Of the address of a route: each name in braces is known here, or the tests fail.
    fn of(path: &str) -> Self {
        const NAMES: [(&str, Sight); 22] = [
            ("{matter}", Sight::Matter),
            ("{sha256}", Sight::File),
            ("{upload}", Sight::Own),
            ("{job}", Sight::Own),
            ("{session}", Sight::Own),
            ("{token}", Sight::Own),
            ("{draft}", Sight::Matter),
            ("{action}", Sight::Open),
            ("{event}", Sight::Open),
            ("{division}", Sight::Open),
            ("{field}", Sight::Open),
            ("{instrument}", Sight::Open),
            ("{kind}", Sight::Open),
            ("{limit}", Sight::Open),
            ("{list}", Sight::Open),
            ("{name}", Sight::Open),
            ("{number}", Sight::Open),
            ("{problem}", Sight::Open),
            ("{procedure}", Sight::Open),
            ("{unit}", Sight::Open),
            ("{user}", Sight::Open),
            ("{day}", Sight::Open),
        ];
        let mut sight = Self::Open;
        // What an administrator is about to import is theirs alone; other drafts are of matters.
        if path.starts_with("/admin/") && path.ends_with("/{draft}") {
            return Self::Own;
        }
        for name in path.split('/').filter_map(|part| part.split_once('{')) {
            let name = format!("{{{}", name.1.split_inclusive('}').next().unwrap());
            let known = NAMES.iter().find(|(known, _)| *known == name);
            let (_, of) = known.unwrap_or_else(|| panic!("{path}: whose is {name}?"));
            if *of != Self::Open {
                sight = *of;
            }
        }
        sight
    }

    fn words(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Matter => "matter 事项",
            Self::File => "file 附件",
            Self::Own => "own 本人",
        }
    }
}

/// Every route of the pages: method, address, who may.
pub fn listed() -> Vec<(String, String, &'static str)> {
    let mut all: Vec<_> = ROUTES
        .iter()
        .map(|(method, path, may)| ((*method).to_owned(), (*path).to_owned(), *may))
        .collect();
    for mechanism in MECHANISMS {
        all.push(("GET".to_owned(), format!("/{}", mechanism.id), AT_UNIT));
        all.push(("GET".to_owned(), format!("/{}/export", mechanism.id), AT_UNIT));
        all.push(("POST".to_owned(), format!("/{}/export", mechanism.id), AT_UNIT));
    }
    all
}

/// Every source file of the crate.
pub fn sources(end: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, end: &str, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, end, found);
            } else if path.extension().is_some_and(|one| one == end) {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), end, &mut found);
    found.sort();
    found
}

/// The routes the sources register: method and address.
fn registered() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (path, text) in sources("rs") {
        if path.contains("/src/api") {
            continue; // The interface for programs has a table of its own.
        }
        for part in text.split(".route(").skip(1) {
            let mut depth = 1;
            let end = part
                .find(|one: char| {
                    depth += i32::from(one == '(') - i32::from(one == ')');
                    depth == 0
                })
                .unwrap();
            let call = &part[..end];
            let address = if call.starts_with("PASSWORD_PAGE") {
                "/account/password"
            } else if call.starts_with("RETURN_PATH") {
                "/sign-in/provider/return"
            } else if call.trim_start().starts_with('"') {
                call.split('"').nth(1).unwrap()
            } else {
                continue; // The lists of mechanisms, made from their table.
            };
            for (word, method) in
                [("get(", "GET"), ("post(", "POST"), ("patch(", "PATCH"), ("delete(", "DELETE")]
            {
                let handlers = call.split_once(',').unwrap().1;
                let is_there = handlers.match_indices(word).any(|(at, _)| {
                    !handlers[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                });
                if is_there {
                    found.insert((method.to_owned(), address.to_owned()));
                }
            }
        }
    }
    found
}

#[test]
fn every_route_is_listed_and_every_listed_route_exists() {
    let listed: BTreeSet<_> =
        ROUTES.iter().map(|(m, p, _)| ((*m).to_owned(), (*p).to_owned())).collect();
    let registered = registered();
    let unlisted: Vec<_> = registered.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&registered).collect();
    assert!(unlisted.is_empty(), "say in ROUTES who may: {unlisted:?}");
    assert!(gone.is_empty(), "no such route: {gone:?}");
}

/// An address of that shape, of things that do not exist but the unit.
pub fn address(world: &World, path: &str) -> String {
    let unit = world.unit("J61030500").to_string();
    path.replace("{unit}", &unit)
        .replace("{division}", "610305")
        .replace("{name}", "app.css")
        .replace("{list}", "owed")
        .replace("{matter}", "0190b6a0-0000-7000-8000-00000000000a")
        .replace("{procedure}", "problem")
        .replace("{limit}", "suggestion-reply-ordinary")
        .replace("{action}", "nothing")
        .replace("{kind}", "nothing")
        .replace("{sha256}", &"0".repeat(64))
        .replace("{upload}", &"0".repeat(64))
        .replace("{job}", "999999")
        .replace("{user}", "999999")
        .replace("{number}", "1")
        .replace("{event}", "1")
        .replace("{session}", "999999")
        .replace("{token}", "999999")
        .replace("{draft}", "999999")
}

async fn asker(world: &World, who: char) -> Browser {
    let person = |role| world.person("J61030500", role).login_name.clone();
    match who {
        'H' => Browser::named(world, &person(RoleName::Handler)).await,
        'L' => Browser::named(world, &person(RoleName::Leader)).await,
        'I' => Browser::named(world, &person(RoleName::Liaison)).await,
        'C' => hidden::browser(world, "J61030500", RoleName::Clerk).await,
        'V' => hidden::browser(world, "J61030500", RoleName::Viewer).await,
        'U' => hidden::browser(world, "J61030500", RoleName::UnitAdmin).await,
        'S' => Browser::named(world, "xitong").await,
        'K' => Browser::named(world, "anquan").await,
        'A' => Browser::named(world, "shenji").await,
        _ => Browser::new(world),
    }
}

#[tokio::test]
async fn everybody_gets_where_they_may_and_nowhere_else() {
    let world = World::new("2026-03-02").await;
    let mut wrong = Vec::new();
    for who in ALL.chars() {
        for (method, path, may) in listed() {
            let mut browser = asker(&world, who).await;
            let address = address(&world, &path);
            let answer = if method == "GET" {
                browser.get(&address).await
            } else if method != "POST" {
                let csrf = browser.csrf().await;
                let token = [("x-csrf-token", csrf.as_str()), ("upload-offset", "0")];
                browser.send(method.parse().unwrap(), &address, &token, "x".into()).await
            } else {
                browser
                    .send_form(
                        &address,
                        &[("reason", "x"), ("from", "1"), ("to", "2"), ("role", "handler")],
                    )
                    .await
            };
            let sent_away = answer.status == 303
                && answer.location().starts_with("/sign-in")
                && !path.starts_with("/sign-in")
                && !(path == "/sign-out" && who != 'N');
            let is_in = answer.status != 403 && answer.status != 401 && !sent_away;
            // Who runs no unit is told that an account is none of theirs: it does not exist.
            let hidden = path == "/admin/users/{user}/edit" && answer.status == 404;
            let may = may.contains(who);
            if (is_in != may && !hidden) || answer.status == 405 || answer.status >= 500 {
                wrong.push(format!("{who} {method} {path}: {} (may: {may})", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn nothing_changes_without_the_token_of_the_session() {
    let world = World::new("2026-03-02").await;
    let mut browser = asker(&world, 'H').await;
    let other = asker(&world, 'L').await.csrf().await;
    for (method, path, _) in listed().into_iter().filter(|(method, ..)| method == "POST") {
        let address = address(&world, &path);
        for fields in [vec![], vec![("csrf", "")], vec![("csrf", other.as_str())]] {
            let answer = browser.post(&address, &fields).await;
            assert_eq!(answer.status, 403, "{method} {path} {fields:?}");
            assert!(answer.html().contains("页面已失效"), "{path}");
        }
    }
    // Another site's form is turned away whatever it brings.
    let csrf = browser.csrf().await;
    let kind =
        [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let body = format!("csrf={csrf}&language=en");
    let answer = browser.send(http::Method::POST, "/language", &kind, body.into()).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_token_in_the_header_serves_as_well() {
    let world = World::new("2026-03-02").await;
    let mut browser = asker(&world, 'H').await;
    let csrf = browser.csrf().await;
    let kind =
        [("content-type", "application/x-www-form-urlencoded"), ("x-csrf-token", csrf.as_str())];
    let answer = browser.send(http::Method::POST, "/language", &kind, "language=en".into()).await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn every_answer_carries_the_strict_headers() {
    let world = World::new("2026-03-02").await;
    let mut browser = asker(&world, 'H').await;
    for page in ["/", "/register", "/no-such-page", "/static/app.css", "/healthz"] {
        let answer = browser.get(page).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{page}");
        for rule in ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{page}: {rule}");
        }
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{page}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{page}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{page}");
        // No other origin is ever let in.
        assert_eq!(answer.header("access-control-allow-origin"), "", "{page}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{page}");
        assert!(!answer.header("cache-control").is_empty(), "{page}");
    }
}

#[tokio::test]
async fn no_page_carries_a_script_or_a_style_of_its_own() {
    for (path, text) in sources("html") {
        for wrong in ["<style", " style=\"", " onclick=", "javascript:", "<script>"] {
            assert!(!text.contains(wrong), "{path}: {wrong}");
        }
    }
}

#[tokio::test]
async fn files_are_kept_for_ever_only_by_their_hash() {
    let world = World::new("2026-03-02").await;
    let mut browser = Browser::new(&world);
    let page = browser.get("/sign-in").await.html();
    let (_, rest) = page.split_once("href=\"/static/app.css").unwrap();
    let address = format!("/static/app.css{}", rest.split_once('"').unwrap().0);
    let kept = browser.get(&address).await;
    assert!(kept.header("cache-control").contains("immutable"));
    let checked = browser.get("/static/app.css").await;
    assert_eq!(checked.header("cache-control"), "no-cache");
    let etag = checked.header("etag").to_owned();
    let again = [("if-none-match", etag.as_str())];
    let answer = browser.send(http::Method::GET, "/static/app.css", &again, "".into()).await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
}
